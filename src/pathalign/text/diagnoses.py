"""Titles of diagnoses, and which of a report's diagnoses holds.

Offsets are characters of the report as given. A title is the word "diagnosis", also as OCR misreads it, in its own
sentence; the words around it say whose diagnosis it is. Amended diagnoses win over final ones, these over plain ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pathalign.text.headings import DETAIL, Heading, SectionKind, is_bare_specimen
from pathalign.text.malignancy import is_malignant

_DIAGNOSIS = re.compile(
    r"\bDI[AG]?GNOS[IE!]S?S(?:\s?\(ES\))?|\bDX\b|\b[A-Z]{0,4}(?:GNO|GNC|AGRO|GNIO|NGNO)[A-Z]{1,4}\b", re.IGNORECASE
)
_HINTS = ("gno", "gnc", "gnio", "agro", "dx")
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
    r"pathohistolog\w+|hist\w*patholog\w+|microscopic|anatomic(?:al)?|tissue|revised|amended|corrected|main|primary|principal|"
    r"definitive|complete|reports?|morphologic(?:al)?|interpretation|and|summary|results?|specimen|research|findings|examination"
)
_AMENDED = re.compile(r"amended|revised|corrected")
# Words that make it another diagnosis: a guess before surgery, a frozen section, a quotation, an older report.
_OTHER = re.compile(
    r"clinical|(?:pre|post)(?:op|operative)?|op|(?:intra)?operative|operation|intra|frozen|fs|quick|rapid|consult\w*|outside|"
    r"addendum|above|previous|prior|days|icd|history|admi\w+|discharge|differential|permanent|preliminary|provisional|"
    r"cytolog\w+|working|this|initial|no|of|to|indication|referr\w+|gross|secondary|supplement\w*"
)
_OLD = re.compile(r"original|previous|prior|superseded|initial")
_QUOTED_BEFORE = re.compile(
    r"(?:\b(?:above|the|this|of|clinical|pre-?op\w*|post-?op\w*|operative|frozen)\s*\.?)\s*$",
    re.IGNORECASE,
)
# Other titles that a diagnosis may have, the best first, each with what its body must not begin with.
_UNTITLED = tuple(
    re.compile(rf"(?:^|[\n.:;)\]]\s{{0,3}}(?:--?\s*)?)(?:{words})", re.IGNORECASE)
    for words in (
        r"PROCEDURE:\s*SPDX\s*[:.]\s*",
        r"(?:FINAL |PATHOLOG\w+ |DIAGNOSTIC )?(?:IMPRESSION|INTERPRETATION|CONCLUSIONS?|OPINION|SUMMARY)"
        r"(?:\s*-\s*SPECIMENS? [\d &,A-Z-]{1,8})?\s*[:.\n]\s*(?:-+\s*)?",
        r"(?:ANATOMO-?PATHOLOGIC(?:AL)? )?DIAGNOSTIC\s*[:.]\s*",
        r"PRIMARY SITE\s*:[^.:\n]{0,60}[:.\n]\s*|(?:SUMMARY PATHOLOGY|FINAL SURGICAL PATHOLOGY|SURGICAL PATHOLOGY|"
        r"HISTOPATHOLOGY) REPORT\s*[:.\n]\s*",
        r"(?:PATH(?:OLOGY)? REPORTS?\s*[:.]?\s*)?(?:[A-Z&]+,? ){0,4}(?:TISSUE|TUMOU?R|THYROID|NECK)\.? CHECKLIST"
        r"(?:\s+\w+ \w+ NOS [\d/]+)?\s*[:.\n]\s*",
    )
)
_UNTITLED_HINTS = (
    ("SPDX",),
    ("IMPRESSION", "INTERPRETATION", "CONCLUSION", "OPINION", "SUMMARY"),
    ("DIAGNOSTIC",),
    ("PRIMARY SITE", "REPORT"),
    ("CHECKLIST",),
)
"""Of each of these one word stands in a report that has such a title: a cheap test before the patterns."""
_NOT_FINDINGS = re.compile(
    r"\W*(?:\d{1,2}[A-Z]?|[A-Z]\d{1,2})\s*(?:to|through|and|,|-)\s|[^.]{0,50}\b(?:cassettes?|sections?|blocks?)\b",
    re.IGNORECASE,
)
_BEGINS_WITH_PART = re.compile(
    r"\W*(?:[A-Z]\W{1,3})?[A-Z][\w ,;/&()#-]{3,120}?(?:\w*ectomy|\w*tomy|biopsy|resection|excision|dissection)\b"
    r"[\w ,/()]{0,40}(?::|\.?\s+-\s|\.\s+-?[A-Z]{3})",
    re.IGNORECASE,
)
_BEGINS_WITH_LABEL = re.compile(r"\W{0,3}A(?:,? ?(?:-|and|&) ?[B-Z])?[).:]\s+[A-Z][\w ,-]{3,80}[:.]")
_FIELD = re.compile(r"(?:Specimen|Histologic(?:al)?|Tumou?r) (?:type|site|size)\s*:", re.IGNORECASE)
_STAGED = re.compile(r"\b[yr]?pT(?:[0-4][a-d]?|is)\b")
_SENTENCE = re.compile(r"^|[.:\n]\s+")
_DETAILS = re.compile(r"\s+DETAILS\b", re.IGNORECASE)
_CONTINUED = re.compile(r"\s*\(\s*cont", re.IGNORECASE)
# "Diagnosis discrepancy" is a line of the form by which a study judges a report.
_FORM_LINE = re.compile(r"[^:]{0,60}?\wiscrepan", re.IGNORECASE)

_PART_AFTER = re.compile(r"[.:;\n)]\s{1,3}(?:PART \d|\d{1,2}[.)]|\(?[B-Z][.):])\s{0,2}(?:SP:\s?)?[A-Z][A-Za-z]{3}")

# A gross description without its heading: "1). The specimen is received fresh, labeled ...".
_GROSS_UNTITLED = re.compile(
    r"(?<=[.:)\n,] )(?:\(?(?:[A-Z]|\d{1,2})[).:]{1,2} {0,2})?"
    r"(?:(?:The )?specimens? (?:(?:(?:is|are|was|were) )?(?:received|submitted) (?:fresh|in\b|entirely|as |is\b)|"
    r"consists? of (?:an? |one |two |multiple |the )|weighs |(?:is |was )?labell?ed with the (?:patient|name))"
    r"|Received (?:fresh|in formalin)[^.]{0,60}(?:label| is an? |designated)"
    r"|Received (?:is|are) (?:an? |one |two |multiple |specimen))",
    re.IGNORECASE,
)
_GROSS_HINTS = ("eceived", "pecimen", "PECIMEN", "ECEIVED")
_SHORTEST_BODY = 12
"""Characters; a heading with less below it is a form's empty field, or one heading printed twice."""
_SHORT_REPORT = 900
"""A report of at most so many characters without any heading is its diagnosis, when it states a tumour."""
_CUT_OFF = 8
"""Characters at the top of a report that are the rest of a word cut off."""
_PREAMBLE = 250
"""Characters of a form's fields that may stand before a diagnosis without a title."""
_FORM_CHARS, _FORM_LINES = 160, 8
"""So many lines of fewer than two words on average within so many characters are a form's."""
_SAME_BEGINNING = 24
"""Letters by which a diagnosis that is printed twice is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A half-open range of characters of the report."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Title:
    """A title of a diagnosis: where its body starts, and its rank, None for a diagnosis that is out of date."""

    start: int
    rank: int | None


SOFT = DETAIL | {SectionKind.DISCLAIMER}
RANK_AMENDED, _RANK_FINAL, _RANK_PATHOLOGIC, _RANK_PLAIN, _RANK_LOOSE = -1, 0, 1, 2, 3


def titled(report: str, titles: list[Title], found: list[Heading]) -> tuple[Span, int] | None:
    """The body below the best title, with its rank."""
    best: tuple[Span, int] | None = None
    for title in sorted((title for title in titles if title.rank is not None), key=lambda title: title.rank or 0):
        span = Span(start=title.start, end=section_end(report, title.start, found))
        # An empty field's title is followed by the next: "Diagnosis details: Comments: STOMACH CHECKLIST: ...".
        above = next((heading.start for heading in found if heading.start >= span.start), span.end)
        if _is_empty(report[span.start : span.end]) or (
            title.rank == _RANK_LOOSE and _is_empty(report[span.start : above])
        ):
            continue
        if best is None or (title.rank == best[1] and _printed_again(report, best[0], span)):
            best = (span, title.rank or 0)
    return best


def _is_empty(body: str) -> bool:
    """Whether a body says nothing, or is a form that lost its layout ("Procedure. Primary. Grade.")."""
    if len(body.strip(" .:-\n")) < _SHORTEST_BODY:
        return True
    head = body[:_FORM_CHARS]
    lines = [line for line in head.split(". ") if line.strip(" .")]
    return len(lines) >= _FORM_LINES and ":" not in head and len(head.split()) < 2 * len(lines)


def _printed_again(report: str, first: Span, second: Span) -> bool:
    """Whether the second diagnosis begins like the first and says more."""
    one, two = (re.sub(r"\W", "", report[span.start : span.end]).casefold() for span in (first, second))
    return len(two) > len(one) and one[:_SAME_BEGINNING] == two[:_SAME_BEGINNING]


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
    if not words and (_QUOTED_BEFORE.search(before.rstrip(" .\n")) or (before.strip() and match[0].islower())):
        return None, False  # "the above. Diagnosis ...": a line's end, not a sentence's
    if len(words) == 1 and len(words[0]) <= 3 and len(before) < _CUT_OFF:
        words = []  # "al Diagnosis:" at the top of a page
    own = 0
    while own < len(words) and (_TITLE.fullmatch(words[-1 - own]) or (final and words[-1 - own] == "addendum")):
        own += 1
    if own < len(words) and not (match[0].isupper() or "final" in words[-own - 1 :]):
        return None, False  # running text: "the patient's diagnosis: ..."
    titles = words[len(words) - own :]
    if any(map(_AMENDED.fullmatch, titles)):
        return RANK_AMENDED, False
    if "final" in titles:
        return _RANK_FINAL, False
    if own < len(words) or _DETAILS.match(report, match.end()):
        return _RANK_LOOSE, False
    return (_RANK_PATHOLOGIC if titles else _RANK_PLAIN), False


def untitled(report: str, found: list[Heading]) -> tuple[Span, int] | None:
    """A diagnosis that has no such title: "Conclusion:", a check list, a part's header, a report of a few words."""
    capitals = report.upper()
    for pattern, hints in zip(_UNTITLED, _UNTITLED_HINTS, strict=True):
        if not any(map(capitals.__contains__, hints)):
            continue
        for match in pattern.finditer(report):
            span = Span(start=match.end(), end=section_end(report, match.end(), found))
            body = report[span.start : span.end]
            if _is_empty(body) or ("summary" in match[0].casefold() and _NOT_FINDINGS.match(body)):
                continue
            if (
                _FIELD.match(body)
                or _BEGINS_WITH_PART.match(body)
                or _STAGED.search(body)
                or is_malignant(body) is not None
            ):
                return span, _RANK_LOOSE
    top = next((heading.start for heading in found if heading.kind not in SOFT), len(report))
    for sentence in _SENTENCE.finditer(report, 0, min(_PREAMBLE, top)):
        first = section_end(report, sentence.end(), found)
        if (
            _BEGINS_WITH_PART.match(report, sentence.end(), first)
            and is_malignant(report[sentence.end() : first]) is not None
        ):
            return Span(start=sentence.end(), end=first), _RANK_LOOSE
    if (
        _BEGINS_WITH_LABEL.match(report)
        and is_malignant(report[: (first := section_end(report, 0, found))]) is not None
    ):
        return Span(start=0, end=first), _RANK_LOOSE
    divided = any(heading.kind is not SectionKind.ADMINISTRATIVE for heading in found)
    if len(report) <= _SHORT_REPORT and not divided and is_malignant(report):
        return Span(start=0, end=first), _RANK_LOOSE
    return None


def section_end(report: str, start: int, found: list[Heading]) -> int:
    """The offset at which the next section of the report begins, with or without a heading, or its length."""
    end = _heading_after(report, start, found)
    body = report[start:end]
    if any(map(body.__contains__, _GROSS_HINTS)):
        gross = _GROSS_UNTITLED.search(report, start + _SHORTEST_BODY, end)
        return gross.start() if gross else end
    return end


def _heading_after(report: str, start: int, found: list[Heading]) -> int:
    for heading in found:
        if heading.start < start or heading.kind in DETAIL:
            continue
        if is_bare_specimen(report, heading) and heading.start - start < _SHORTEST_BODY:
            continue
        if heading.kind is SectionKind.DISCLAIMER:
            after = next(
                (other.start for other in found if other.start > heading.start and other.kind not in SOFT), None
            )
            if _PART_AFTER.search(report, heading.start, len(report) if after is None else after):
                continue
        return heading.start
    return len(report)
