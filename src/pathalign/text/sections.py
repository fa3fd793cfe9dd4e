"""Where the final diagnosis of a report stands: headings, and the span that they open and close.

Offsets are characters of the report as given. Reports come with line breaks, or, as the cleaned TCGA ones, with every
line break turned into ". ", so a heading is known by what stands before it (a line or sentence end), its words, and
what follows it (a colon, a full stop, a line end).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIAGNOSIS = re.compile(r"\bDI[AG]?GNOS[IE!]S(?:\s?\(ES\))?|\bDX\b", re.IGNORECASE)
_FALLBACK = re.compile(
    r"(?:^|[\n.:;)]\s{0,3})(?:PROCEDURE:\s*SPDX|PRIMARY SITE\s*:[^.:\n]{0,60}|PATH(?:OLOGY)? REPORT|"
    r"(?:FINAL |PATHOLOG\w+ |DIAGNOSTIC )?(?:IMPRESSION|INTERPRETATION|CONCLUSIONS?|OPINION)|"
    r"(?:FINAL )?(?:SURGICAL PATHOLOGY|HISTOPATHOLOGY) REPORT|[A-Z]+(?: TISSUE)? CHECKLIST)\s*[:.\n]",
    re.IGNORECASE,
)
_BEGINS_WITH_PART = re.compile(
    r"\W*[A-Z][\w ,/&-]{3,100}(?:\w*ectomy|biopsy|resection|excision)[\w ,]{0,40}:", re.IGNORECASE
)
_TITLE_END = re.compile(r"(?:\s*(?:\([^)]{0,40}\)\s*)?[:.\-]*\s*)(?:(?:FINAL )?DIAGNOS[IE]S\s*[:.]\s*)*", re.IGNORECASE)
# Words that may stand before "diagnosis" in the heading that we want.
_TITLE = re.compile(
    r"final|pathologic(?:al)?|pathology|surgical|path|histologic(?:al)?|histopathologic(?:al)?|microscopic|anatomic(?:al)?|"
    r"tissue|revised|amended|corrected|main|principal|definitive|complete|reports?|morphologic(?:al)?|interpretation|and|"
    r"summary|results?|specimen"
)
# Words that make it another diagnosis: a guess before surgery, a frozen section, a quotation, an older report.
_OTHER = re.compile(
    r"clinical|(?:pre|post)(?:op|operative)?|op|(?:intra)?operative|operation|intra|frozen|fs|quick|rapid|consult\w*|outside|"
    r"addendum|above|previous|prior|days|icd|history|admi\w+|discharge|differential|permanent|preliminary|provisional|"
    r"cytolog\w+|working|this|initial|no|of|to|indication|referr\w+|gross"
)
_QUOTED_BEFORE = re.compile(
    r"\b(?:above|the|this|previous|of|no|clinical|pre-?op\w*|post-?op\w*|operative|frozen)\s*\.?\s*$", re.IGNORECASE
)

_HARD = (
    r"GROSS(?: (?:DESCRIPTION|EXAMINATION|SPECIMEN|FINDINGS|PATHOLOGY|AND MICROSCOPIC)[^.:\n]{0,30})?"
    r"|(?:MACROSCOP|MICROSCOP)(?:IC|Y|ICAL)(?: (?:DESCRIPTION|EXAMINATION|FINDINGS))?"
    r"|CLINICAL (?:HISTORY|INFORMATION|DATA|DIAGNOS[IE]S|NOTES?|DETAILS|IMPRESSION|SUMMARY|FINDINGS)[^.:\n]{0,40}"
    r"|(?:PATIENT |RELEVANT )?HISTORY(?: OF PRESENT ILLNESS)?|PATIENT INFORMATION|(?:PRE|POST)-?\s?OP[^.:\n]{0,30}"
    r"|(?:START OF )?ADDENDUM[^.:\n]{0,40}|ADDENDA|PROCEDURES?/ADDENDA|SUPPLEMENTAL? REPORT"
    r"|INTRA-?\s?OPERATIVE[^.:\n]{0,40}|FS/DX"
    r"|(?:FROZEN|QUICK) SECTION(?:\(?S\)?)?(?: (?:DIAGNOS[IE]S|REPORT|CONSULTATION)[^.:\n]{0,20})?"
    r"|SPECIMEN(?:S|\(S\))?(?: (?:SUBMITTED|RECEIVED|INFORMATION|DATA|SOURCE)[^.:\n]{0,30})?"
    r"|SOURCE OF (?:SPECIMEN|TISSUE)[^.:\n]{0,10}|(?:TISSUE|MATERIALS?) (?:SUBMITTED|RECEIVED)"
    r"|OPERATI(?:VE FINDINGS|ON|VE PROCEDURE)|SECTION CODE|INK CODE|(?:BLOCK|CASSETTE) SUMMARY|SUMMARY OF SECTIONS"
    r"|SNOMED[^.:\n]{0,20}|ICD-?\d*[^.:\n]{0,20}|PATHOLOGISTS?|PRINTED|PERFORMED BY"
    r"|PERMANENT (?:SECTION )?DIAGNOS[IE]S|DIAGNOSIS DETAILS"
)
_SIGNATURE = (
    r"I,? (?:HEREBY )?(?:ATTEST|CERTIFY)|MY SIGNATURE|BY THIS SIGNATURE|ELECTRONICALLY SIGNED|ENTIRE REPORT"
    r"|REPORT ELECTRONICALLY|DICTATED|REVIEWED AND APPROVED|(?:SOME|THESE) TESTS|THIS TEST|\*{3,}|END OF REPORT"
    r"|I HAVE (?:PERSONALLY )?REVIEWED"
)
_DETAIL = (
    r"COMMENTS?|NOTES?|SYNOPTIC[^.:\n]{0,40}|SUMMARY(?: OF FINDINGS)?|ANCILLARY STUDIES|[A-Z ]{0,30}CHECKLIST"
    r"|(?:CASE|TUMOU?R|STAGING|PATHOLOG\w+)(?: \w+)? (?:SYNOPSIS|SUMMARY|STAGING)[^.:\n]{0,40}"
    r"|CAP (?:TEMPLATE|CHECKLIST|SYNOPTIC|CANCER|PROTOCOL)[^.:\n]{0,60}|(?:P?TNM|AJCC)[^.:\n]{0,40}"
    r"|IMMUNOHISTOCHEM[^.:\n]{0,40}|SPECIAL (?:STAINS?|STUDIES)[^.:\n]{0,20}|SURGICAL PATHOLOGY CANCER[^.:\n]{0,40}"
)
_BEFORE = r"(?:^|[\n.:;)\]]\s{0,3}[-*#]?\s{0,2})"
_HARD_HEADING = re.compile(rf"{_BEFORE}(?P<at>(?:{_HARD})\s{{0,2}}(?:[:.\n]|\(|-\s)|(?:{_SIGNATURE})\b)", re.IGNORECASE)
_DETAIL_HEADING = re.compile(rf"{_BEFORE}(?P<at>(?:{_DETAIL})\s{{0,2}}(?:[:.\n]|-\s))", re.IGNORECASE)
_SPECIMEN_NUMBER = re.compile(r"SPECIMENS?\s*[(:.\-]*\s*[#(]?\s*(?:\d{1,2}|[A-Z])\s*[:.)]", re.IGNORECASE)

_SHORTEST_BODY = 12
"""Characters; a heading with less below it is a form's empty field, or one heading printed twice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A half-open range of characters of the report."""

    start: int
    end: int


def diagnosis_span(report: str) -> Span | None:
    """The body of the final diagnosis, without its heading; None when no heading opens one.

    Diagnoses of frozen sections, of clinicians, of addenda and of older reports are refused. The best title wins
    ("final" before "pathologic" before a bare "diagnosis"), then the first.
    """
    for start in (start for starts in (_titled, _untitled) for start in starts(report)):
        span = Span(start=start, end=section_end(report, start))
        if len(report[span.start : span.end].strip(" .:-\n")) >= _SHORTEST_BODY:
            return span
    return None


def section_end(report: str, start: int) -> int:
    """The offset at which the next section of the report begins, or its length."""
    at = max(0, start - 3)  # what stands before a heading that follows at once
    while found := _HARD_HEADING.search(report, at):
        # "Specimen #1:" heads a part of the diagnosis, not the list of what was received.
        if found.start("at") >= start and not _SPECIMEN_NUMBER.match(report, found.start("at")):
            return found.start("at")
        at = found.start("at") + 1
    return len(report)


def detail_start(text: str) -> int:
    """The offset of the first comment, note or synoptic table within a text, or its length."""
    found = _DETAIL_HEADING.search(text)
    return found.start("at") if found else len(text)


def _untitled(report: str) -> list[int]:
    """Where a diagnosis may begin in a report that has no such title: "Impression:", a checklist, a part's header."""
    found = [match.end() for match in _FALLBACK.finditer(report)]
    return [*found, 0] if _BEGINS_WITH_PART.match(report) else found


def _titled(report: str) -> list[int]:
    """The start of the body below each heading that may open the final diagnosis, the best title first."""
    found: list[tuple[int, int]] = []
    for match in _DIAGNOSIS.finditer(report):
        rank = _rank(report, match)
        if rank is not None:
            after = _TITLE_END.match(report, match.end())
            found.append((rank, after.end() if after else match.end()))
    return [start for _, start in sorted(found)]


def _rank(report: str, match: re.Match[str]) -> int | None:
    """How well the words around "diagnosis" make a title of it; None when they make it something else."""
    before = report[max(0, match.start() - 60) : match.start()]
    line = re.split(r"[.:;\n)\]]", before)[-1]
    words = [word.casefold() for word in re.findall(r"[A-Za-z]+", line)]
    follows = report[match.end() : match.end() + 30]
    if not re.match(r"\s*[:\n]|\s*\.(?:\s|$)|\s*-+\s|\s*\([^)]*\)\s*[:.\n]|\s+(?:\(?A[.)]|1[.)]|PART )|\s*$", follows):
        return None
    if any(map(_OTHER.fullmatch, words)) or (not words and _QUOTED_BEFORE.search(before.rstrip(" .\n"))):
        return None
    own = 0
    while own < len(words) and _TITLE.fullmatch(words[-1 - own]):
        own += 1
    if own < len(words) and not (match[0].isupper() or "final" in words[-own - 1 :]):
        return None  # running text: "the patient's diagnosis: ..."
    titles = words[len(words) - own :]
    if "final" in titles:
        return 0
    if own < len(words):
        return 3
    return 1 if titles else 2
