"""Titles of diagnoses: where they stand in a report, and how well the words around them make them titles.

Offsets are characters of the report as given. A title is the word "diagnosis", also as OCR misreads it, in its own
sentence; the words around it say whose diagnosis it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIAGNOSIS = re.compile(
    r"\bDI[AG]?GNOS[IE!]S?S(?:\s?\(ES\))?|\bDX\b|\b[A-Z]{0,4}(?:GNO|GNC|AGRO|GNIO|NGNO)[A-Z\d]{1,4}\b"
    r"|\bDIA[A-Z]{2}OSIS\b|\bDIAG[A-Z]{4,5}\b",
    re.IGNORECASE,
)
_HINTS = ("gno", "gnc", "gnio", "agro", "diag", "nosis", "dx")
_HINT = re.compile("|".join(_HINTS), re.IGNORECASE)
_LONGEST_START = 6
"""Letters of such a word before those of the hint."""
_EXACT = re.compile(r"DI[AG]?GNOS[IE!]S?S(?:\s?\(ES\))?|DX", re.IGNORECASE)
# A title that the first characters were cut off from ("agnosis:"), or in which some were misread ("DINGNOSIS").
_MOST_MISREAD = 2
_TITLE_END = re.compile(
    r"(?:\s*/\s*DIAGNOS[EI]S)?(?:\s+(?:BASED ON|RELATING TO|DETAILS)[^:.\n]{0,60})?"
    r"(?:\s*(?:\([^)]{0,60}\)\s*)?[:;.\-]*\s*)"
    r"(?:(?:FINAL )?DIAGNOS[IE]S\s*[:.]\s*)*(?:\(?MICROSCOPIC\)?\s*[:.]\s*)?",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"\s*[:;\n]|\s*\.(?:\s|$)|\s*-+\s|\s*\([^)]*\)\s*[:.;\n]|\s+(?:\(?A[.):]|1[.)]|PART )|\s*$|\s*/\s*DIAGNOS[EI]S\b"
    r"|\s+(?:BASED ON|RELATING TO|DETAILS)\b[^.:\n]{0,60}[:.\n]",
    re.IGNORECASE,
)
# Words that may stand before "diagnosis" in the heading that we want.
_TITLE = re.compile(
    r"final|pathologic(?:al)?|pathology|surgical|path|histolog(?:ic(?:al)?|y)|(?:histo|patho|path?o?histo|anatomo)\w*patholog\w+|"
    r"pathohistolog\w+|hist\w*patholog\w+|microscopic|anatomic(?:al)?|tissue|revised|amended|corrected|main|primary|principal|concluding|"
    r"definitive|complete|reports?|morphologic(?:al)?|interpretation|and|summary|results?|specimen|research|findings|examination"
)
_AMENDED = re.compile(r"amended|revised|corrected")
# Words that make it another diagnosis: a guess before surgery, a frozen section, a quotation, an older report.
_OTHER = re.compile(
    r"clinical|(?:pre|post)(?:op|operative)?|op|(?:intra)?operative|operation|intra|frozen|fs|quick|rapid|consult\w*|outside|"
    r"addendum|above|previous|prior|days|icd|history|admi\w+|discharge|differential|permanent|preliminary|provisional|"
    r"cytolog\w+|working|this|initial|no|of|to|indication|referr\w+|gross|secondary|supplement\w*"
)
_OLD = re.compile(r"original|previous(?:ly)?|prior|superseded|initial|issued")
_QUOTED_BEFORE = re.compile(
    r"(?:\b(?:above|the|this|of|clinical|pre-?op\w*|post-?op\w*|operative|frozen)\s*\.?)\s*$",
    re.IGNORECASE,
)
_SUPPLEMENT = re.compile(r"\bSUPPLEMENT\w* REPORT[.:]\s+$", re.IGNORECASE)
_DETAILS = re.compile(r"\s+DETAILS\b", re.IGNORECASE)
_CONTINUED = re.compile(r"\s*\(\s*cont", re.IGNORECASE)
# "Diagnosis discrepancy" is a line of the form by which a study judges a report.
_FORM_LINE = re.compile(r"[^:]{0,60}?\wiscrepan", re.IGNORECASE)
_CUT_OFF = 8
"""Characters at the top of a report that are the rest of a word cut off."""
RANK_AMENDED, RANK_FINAL, RANK_PATHOLOGIC, RANK_PLAIN, RANK_LOOSE = -1, 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Title:
    """A title of a diagnosis: where its body starts, and its rank, None for a diagnosis that is out of date."""

    start: int
    rank: int | None


def titles_of(report: str) -> list[Title]:
    """The titles of diagnoses in order, without those that are no pathologist's final ones."""
    found = []
    for match in _words_of_titles(report):
        if not _EXACT.fullmatch(match[0]) and not _is_misread(match[0]):
            continue
        rank, refused = _rank(report, match)
        if rank is None and not refused:
            continue
        after = _TITLE_END.match(report, match.end())
        found.append(Title(after.end() if after else match.end(), rank))
    return found


def _words_of_titles(report: str) -> Iterator[re.Match[str]]:
    """Words that may be "diagnosis", found by letters that all of them hold."""
    end = 0
    for hint in _places_of_hints(report):
        start = hint
        if start < end:
            continue
        while start > end and report[start - 1].isalnum() and hint - start < _LONGEST_START:
            start -= 1
        found = _DIAGNOSIS.match(report, start)
        if found is not None:
            end = found.end()
            yield found


def _places_of_hints(report: str) -> list[int]:
    low = report.lower()
    if len(low) != len(report):  # a letter that is two in small
        return [found.start() for found in _HINT.finditer(report)]
    places = []
    for hint in _HINTS:
        at = low.find(hint)
        while at >= 0:
            places.append(at)
            at = low.find(hint, at + 1)
    return sorted(places)


def _is_misread(word: str) -> bool:
    """Whether a word is "diagnosis" with at most two letters lost or misread."""
    word = word.casefold()
    if word.startswith(("diagnostic", "prognos", "ignor", "diagnose")) and word != "diagnose":
        return False
    return any(_distance(word, title) <= _MOST_MISREAD for title in ("diagnosis", "diagnoses"))


def _distance(word: str, other: str) -> int:
    """Letters to change, drop or add."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(word, 1):
        above, row[0] = row[0], at
        for to, wanted in enumerate(other, 1):
            above, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, above + (letter != wanted))
    return row[-1]


def _rank(report: str, match: re.Match[str]) -> tuple[int | None, bool]:
    """(rank, old): how well the words around "diagnosis" make a title of it; old when they make it a replaced one."""
    before = report[max(0, match.start() - 60) : match.start()]
    line = re.split(r"[.:;\n)\]>]", before)[-1]
    words = [word.casefold() for word in re.findall(r"[A-Za-z]+", line)]
    if not _FOLLOWS.match(report, match.end()) or _CONTINUED.match(report, match.end()):
        return None, False
    if _FORM_LINE.match(report, match.end()):
        return None, False
    if words and _OLD.fullmatch(words[-1]) and match[0][0].isupper():
        return None, True
    final = "final" in words
    if any(_OTHER.fullmatch(word) and not (final and word == "addendum") for word in words):
        return None, False
    if not words and _QUOTED_BEFORE.search(before.rstrip(" .\n")):
        return None, False  # "the above. Diagnosis ...": a line's end, not a sentence's
    if match[0].islower() and before.strip(" /") and line == line.lower():
        return None, False  # so is "... in rendering the. final diagnosis."
    if len(words) == 1 and len(words[0]) <= 3 and len(before) < _CUT_OFF:
        words = []  # "al Diagnosis:" at the top of a page
    own = 0
    while own < len(words) and (_TITLE.fullmatch(words[-1 - own]) or (final and words[-1 - own] == "addendum")):
        own += 1
    if own < len(words) and not (match[0].isupper() or ("final" in words[-own - 1 :] and "final" not in line)):
        return None, False  # running text: "the patient's diagnosis: ...", "rendered the final diagnosis. ..."
    titles = words[len(words) - own :]
    if not words and _SUPPLEMENT.search(before):
        return RANK_LOOSE, False  # of one part; the whole diagnosis may follow
    if any(map(_AMENDED.fullmatch, titles)):
        return RANK_AMENDED, False
    if "final" in titles:
        return RANK_FINAL, False
    if own < len(words) or _DETAILS.match(report, match.end()):
        return RANK_LOOSE, False
    return (RANK_PATHOLOGIC if titles else RANK_PLAIN), False
