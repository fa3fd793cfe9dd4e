"""Which of the diagnoses of a report holds, and where it ends.

Offsets are characters of the report as given. Amended diagnoses win over final ones, these over plain ones; without any
title (`titles`) a conclusion, a check list or the header of a part may open one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pathalign.text.headers import HEADER_CHARS, Opening, opening_of
from pathalign.text.headings import DETAIL, Heading, SectionKind, is_bare_specimen, is_page_foot
from pathalign.text.labels import begins, kind_of, marks, places
from pathalign.text.malignancy import is_malignant
from pathalign.text.titles import RANK_LOOSE, Title

# What may stand at the end of a diagnosis and is none: a field without value, who signs, the head of the next page.
_LEFT_OVER = re.compile(
    r"\W*(?:\(?(?:suggestion|\w+ by(?=:)|interpret\w+ by|participated in \w+|prepar\w*|sign(?:ed|ature)\b.{0,30}"
    r"|(?:case|slides?|material)s? (?:was )?(?:reviewed|discussed)(?: by| with)?|pathologists?|reporting|seen with"
    r"|authori[sz]ed by|reported b[yv]|(?:final )?report signed(?: on)?"
    r"|professional|date \w+|\w+ date(?=:)|page\b[\s\w/:]{0,12}|continued on next pag\w|pesel|gender: [mf]|m\.? ?d"
    r"|photograph\w*.{0,20}|(?-i:(?:F(?:INAL|inal) )?D(?:IAGNOSIS|iagnosis))"
    r"|end of (?:diagnosis|report|previous.{0,20})|service|facility|entered|result(?:ed|s)?|clinic code|admit date"
    r"|disch date|room #?|dr|pas\.? ?[\d,]*(?: spc-\w+)?|spc-\w+|cpt(?: codes?)?:?[\s\dx,]*|88\d{3}[\s\dx,]*"
    r"|(?:\w+ )?specimen #|intradepartmental consult\w*.{0,24})\W*|(?:\d{1,2}|[IJ])?,?[^\w%)]*)",
    re.IGNORECASE,
)
_LEFT_OVER_CHARS = 60
# Columns of a form that stand where its diagnosis was left out.
_COLUMNS = re.compile(r"\W*(?:Comme(?:nts?)?\W{1,2}(?:nts\W)?\s*)?Tumou?r (?:Features|Extent)\s*:", re.IGNORECASE)
_SHEET = "Year of Sample Collection"
"""The field below the diagnosis of a biobank's data sheet."""
# Other titles that a diagnosis may have, the best first, each with what its body must not begin with.
_UNTITLED = tuple(
    re.compile(rf"(?:^|[\n.:;)\]]\s{{0,3}}(?:--?\s*)?)(?:{words})", re.IGNORECASE)
    for words in (
        r"PROCEDURE:\s*[AS]PDX\s*[:.]\s*",
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
    ("APDX", "SPDX"),
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
_COLON_NEAR = re.compile(r"[^:.;]{3,60}:")
# What shows that a diagnosis goes on below the foot of a page or a disclaimer: a part, an item, an operation.
_PART_AFTER = re.compile(r"[.:;\n)]\s{1,3}(?:PART \d|\d{1,2}[.)]|\(?[B-Z][.):])\s{0,2}(?:SP:\s?)?[A-Z][A-Za-z]{3}")
_ITEM_AFTER = re.compile(
    r"[.\n]\s{1,3}(?:--?\s?[A-Z]|[A-Z][A-Z ,&/()#\d-]{5,80}(?:ECTOMY|BIOPSY|EXCISION|DISSECTION|RESECTION)[.:])"
)

# A gross description without its heading: "1). The specimen is received fresh, labeled ...".
_GROSS_UNTITLED = re.compile(
    r"(?<=[.:)\n,] )(?:\(?(?:[A-Z]|\d{1,2})[).:]{1,2} {0,2})?"
    r"(?:(?:The )?specimens? (?:(?:(?:is|are|was|were) )?(?:received|submitted) (?:fresh|in\b|entirely|as |is\b)|"
    r"consists? of (?:an? |one |two |multiple |the )|weighs |(?:is |was )?labell?ed with the (?:patient|name))"
    r"|Received (?:fresh|in formalin)[^.]{0,60}(?:label| is an? |designated)"
    r"|(?:Part|Specimen) (?:# ?)?[A-Z\d]{1,2},? (?:is |was )?(?:received|labell?ed) (?:fresh|in |with |as )"
    r"|Received (?:is|are) (?:an? |one |two |multiple |specimen))",
    re.IGNORECASE,
)
_HEADER_END = 6
"""Characters in which the colon of a part's header stands."""
_FINAL_BELOW = re.compile(r"[^:]{4,60}:.{0,400}?\bFINAL DIAGNOSIS\s*:\s*", re.IGNORECASE | re.DOTALL)
_GROSS_HINTS = ("eceived", "pecimen", "PECIMEN", "ECEIVED")
_FOOT_CHARS = 500
"""Characters within which findings go on below the foot of a page."""
_SHORTEST_BODY = 12
"""Characters; a heading with less below it is a form's empty field, or one heading printed twice."""
_SHORT_REPORT = 900
"""A report of at most so many characters without any heading is its diagnosis, when it states a tumour."""
_PREAMBLE = 250
"""Characters of a form's fields that may stand before a diagnosis without a title."""
_FORM_CHARS, _FORM_LINES = 160, 8
"""So many lines of fewer than two words on average within so many characters are a form's."""
_SCATTERED_LINES = 4
_FEWEST_LISTED, _LATEST_FIRST, _MOST_RUNS = 2, 3, 8
"""Parts that show a diagnosis without a title, the last label that may be their first, lists that are looked at."""
_MOST_STATED = 0.8
"""Share of the parts of a list without operations that state what was found."""
_SAME_BEGINNING = 24
"""Letters by which a diagnosis that is printed twice is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A half-open range of characters of the report."""

    start: int
    end: int


SOFT = DETAIL | {SectionKind.DISCLAIMER}


def holding(report: str, titles: list[Title], found: list[Heading]) -> tuple[Span, int] | None:
    """The body of the diagnosis that holds, with the rank of its title; None when the report has none."""
    best: tuple[Span, int] | None = None
    scattered: tuple[Span, int] | None = None
    inner = {end for _, end in frozen_in_parts(report, found)}
    outer = [title for title in titles if title.rank is not None and title.start not in inner]
    for title in sorted(outer, key=lambda title: title.rank or 0):
        span = Span(start=title.start, end=section_end(report, title.start, found))
        sheet = report.find(_SHEET, span.start, span.end)
        span = span if sheet < 0 else Span(start=span.start, end=sheet)
        # An empty field's title is followed by the next: "Diagnosis details: Comments: STOMACH CHECKLIST: ...".
        above = report[span.start : next((one.start for one in found if one.start >= span.start), span.end)]
        if _is_empty(report[span.start : span.end]) or (title.rank == RANK_LOOSE and _is_empty(above)):
            continue
        table = next((one for one in found if one.start >= span.start and one.kind is SectionKind.SYNOPTIC), None)
        if table is not None and table.start < span.end and _is_scattered(report[span.start : table.start]):
            scattered = scattered or (span, title.rank or 0)
            continue
        if best is None or (title.rank == best[1] and _printed_again(report, best[0], span)):
            best = (span, title.rank or 0)
    best = best or _untitled(report, found)
    if best is None or best[1] == RANK_LOOSE:
        # "Interpretation:" below a list of parts is that of a test.
        listed = _listed(report, found, end=len(report) if best is None else best[0].start)
        best = best if listed is None else listed
    return best or _headed(report, found) or scattered


def frozen_in_parts(report: str, found: Sequence[Heading]) -> tuple[tuple[int, int], ...]:
    """Stretches from the title of a frozen section below a part's header to behind the title of its final diagnosis.

    "LEFT URETER (A): FROZEN SECTION DIAGNOSIS: ... FINAL DIAGNOSIS: ..."
    """
    stretches = []
    for heading in found:
        if heading.kind is not SectionKind.INTRAOPERATIVE:
            continue
        if report[max(0, heading.start - _HEADER_END) : heading.start].rstrip(" .\n").endswith(":"):
            final = _FINAL_BELOW.match(report, heading.start)
            if final is not None:
                stretches.append((heading.start, final.end()))
    return tuple(stretches)


def _is_empty(body: str) -> bool:
    """Whether a body says nothing, or is a form that lost its layout ("Procedure. Primary. Grade.")."""
    if len(body.strip(" .:-\n")) < _SHORTEST_BODY:
        return True
    head = body[:_FORM_CHARS]
    lines = [line for line in head.split(". ") if line.strip(" .")]
    return len(lines) >= _FORM_LINES and ":" not in head and len(head.split()) < 2 * len(lines)


def _is_scattered(body: str) -> bool:
    """Whether what stands above the next heading is broken titles of a form: "Comme. Case ID. is. nts. ion."."""
    lines = [line for line in body.split(". ") if line.strip(" .")]
    scattered = len(lines) >= _SCATTERED_LINES and len(body.split()) < 2 * len(lines)
    return (scattered or _COLUMNS.match(body) is not None) and is_malignant(body) is None


def _printed_again(report: str, first: Span, second: Span) -> bool:
    """Whether the second diagnosis begins like the first and says more."""
    one, two = (re.sub(r"\W", "", report[span.start : span.end]).casefold() for span in (first, second))
    return len(two) > len(one) and one[:_SAME_BEGINNING] == two[:_SAME_BEGINNING]


def _untitled(report: str, found: list[Heading]) -> tuple[Span, int] | None:
    """A diagnosis with a title of another kind: "Conclusion:", a check list."""
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
                "PDX" in match[0]
                or _FIELD.match(body)
                or _BEGINS_WITH_PART.match(body)
                or _STAGED.search(body)
                or is_malignant(body) is not None
            ):
                return span, RANK_LOOSE
    return None


def _listed(report: str, found: list[Heading], end: int) -> tuple[Span, int] | None:
    """A diagnosis before `end` that only its parts show: labels in order, each with an operation and what was found.

    Without operations a list must begin with the first label, and nearly every part with a header and a colon; nearly
    every one must state what was found.
    """
    runs: list[list[re.Match[str]]] = []
    latest: dict[str, list[re.Match[str]]] = {}
    """The list of each kind of labels that was met last; others may stand within its parts."""
    operations: dict[int, bool] = {}
    for mark in marks(report):
        if mark.start() >= end:
            break
        if not begins(mark, report):
            continue
        opening = opening_of(report[mark.end() : mark.end() + HEADER_CHARS])
        if opening < Opening.SPECIMEN:
            continue
        before = latest.get(kind_of(mark))
        if before and places(mark)[0] - places(before[-1])[1] in (1, 2):
            before.append(mark)
        elif places(mark)[0] <= _LATEST_FIRST:
            runs.append([mark])
            latest[kind_of(mark)] = runs[-1]
        else:
            continue
        operations[mark.start()] = opening is Opening.OPERATION
    best: tuple[int, int, int] | None = None
    for run in sorted(runs, key=len, reverse=True)[:_MOST_RUNS]:
        if len(run) < _FEWEST_LISTED or not (least := _least_stated(report, run, operations)):
            continue
        ends = [mark.start() for mark in run[1:]] + [min(end, section_end(report, run[-1].end(), found))]
        stated = sum(is_malignant(report[mark.end() : end]) is not None for mark, end in zip(run, ends, strict=True))
        if stated >= least and (best is None or stated > best[0]):
            best = (stated, run[0].start(), ends[-1])
    return None if best is None else (Span(start=best[1], end=best[2]), RANK_LOOSE)


def _least_stated(report: str, run: list[re.Match[str]], operations: dict[int, bool]) -> float:
    """How many parts of a list must state what was found for a diagnosis; 0 where none would do."""
    if sum(operations[mark.start()] for mark in run) >= max(_FEWEST_LISTED, len(run) / 2):
        return len(run) / 2
    headed = sum(_COLON_NEAR.match(report, mark.end()) is not None for mark in run)
    return _MOST_STATED * len(run) if places(run[0])[0] == 1 and headed >= _MOST_STATED * len(run) else 0.0


def _headed(report: str, found: list[Heading]) -> tuple[Span, int] | None:
    """A diagnosis that the first header of a report shows, or a report of a few words."""
    if (
        _BEGINS_WITH_LABEL.match(report)
        and is_malignant(report[: (first := section_end(report, 0, found))]) is not None
    ):
        return Span(start=0, end=first), RANK_LOOSE
    top = next((heading.start for heading in found if heading.kind not in SOFT), len(report))
    for sentence in _SENTENCE.finditer(report, 0, min(_PREAMBLE, top)):
        first = section_end(report, sentence.end(), found)
        if (
            _BEGINS_WITH_PART.match(report, sentence.end(), first)
            and is_malignant(report[sentence.end() : first]) is not None
        ):
            return Span(start=sentence.end(), end=first), RANK_LOOSE
    divided = any(heading.kind is not SectionKind.ADMINISTRATIVE for heading in found)
    if len(report) <= _SHORT_REPORT and not divided and is_malignant(report):
        return Span(start=0, end=section_end(report, 0, found)), RANK_LOOSE
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
    after: int | None = None
    within = {begun for begun, _ in frozen_in_parts(report, found)}
    part: int | None = start
    """Where a part begins below the disclaimers met so far; None when none does."""
    for heading in found:
        if heading.start < start or heading.kind in DETAIL or heading.start in within:
            continue
        if is_bare_specimen(report, heading) and heading.start - start < _SHORTEST_BODY:
            continue
        if heading.kind is SectionKind.DISCLAIMER:
            if after is None:
                below = (one.start for one in found if one.start > heading.start and one.kind not in SOFT)
                after = next(below, len(report))
            if part is not None and part <= heading.start:
                next_part = _PART_AFTER.search(report, heading.start, after)
                part = next_part.start() if next_part else None
            if part is not None or goes_on(report, heading, after):
                continue
        return heading.start
    return len(report)


def goes_on(report: str, heading: Heading, end: int) -> bool:
    """Whether the findings above the foot of a page go on below it, before `end`."""
    return (
        is_page_foot(report, heading)
        and _ITEM_AFTER.search(report, heading.start, min(end, heading.start + _FOOT_CHARS)) is not None
    )


def without_left_over(report: str, start: int, end: int) -> int:
    """The end of findings without what is left over below them: fields without a value, words of signatures."""
    while True:
        bottom = end
        while bottom > start and report[bottom - 1].isspace():
            bottom -= 1
        top = max(start, bottom - _LEFT_OVER_CHARS)
        cut = max(report.rfind(". ", top, bottom - 1) + 2, report.rfind("\n", top, bottom) + 1)
        if report.endswith(":", top, bottom):
            cut = max(cut, report.rfind(": ", top, bottom - 1) + 2)
        if cut <= top or not _LEFT_OVER.fullmatch(report, cut, bottom):
            return end
        end = cut
