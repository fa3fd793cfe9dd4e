"""The sections of a report, and the diagnosis that holds with those that it replaces.

Offsets are characters of the report as given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pathalign.text.diagnoses import SOFT, Span, goes_on, holding, section_end, without_left_over
from pathalign.text.headers import HEADER_CHARS, Opening, opening_of
from pathalign.text.headings import DETAIL, Heading, SectionKind, headings
from pathalign.text.titles import RANK_AMENDED, titles_of

_HEADER_BELOW = re.compile(
    r"[.\n)]\s{1,3}(?=[A-Z][A-Za-z ,;/&#'\"-]{3,80}[,;(]\s?[A-Za-z -]{0,40}"
    r"(?:ectomy|biops(?:y|ies)|excision|resection|dissection)\)?\s?:\s)",
    re.IGNORECASE,
)
_TABLES = frozenset({SectionKind.SYNOPTIC})
_SHORTEST_COMMENT, _TITLE_CHARS = 30, 15
"""Characters of a comment before a part below it, and those in which the title of another diagnosis would stand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a report under one heading; `body` is where the text below the heading begins."""

    kind: SectionKind
    start: int
    body: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """The sections of a report."""

    diagnosis: Span | None
    """The body of the diagnosis that holds, comments and tables within it included; None when no title opens one."""
    superseded: tuple[Span, ...]
    """Bodies of diagnoses that the one that holds replaces."""
    sections: tuple[Section, ...]
    """All sections in order; text above the first heading belongs to none."""
    headings: tuple[Heading, ...] = ()
    """The headings between them in order, titles of diagnoses aside."""


def outline(report: str) -> Outline:
    """The sections of a report, and the diagnosis that holds.

    Diagnoses of frozen sections, of clinicians, of addenda and of older reports are refused. An amended diagnosis
    holds before a final, this before a pathologic, this before a plain one; then the first holds, unless it is printed
    again at greater length.
    """
    found = headings(report)
    titles = titles_of(report)
    current = holding(report, titles, found)
    old: list[Span] = []
    if current is not None:
        old = [
            Span(start=title.start, end=section_end(report, title.start, found))
            for title in titles
            if title.rank is None or title.rank > current[1] == RANK_AMENDED
        ]
        old = [span for span in old if span.start >= current[0].end or span.end <= current[0].start]
    span = None if current is None else current[0]
    return Outline(
        diagnosis=span, superseded=tuple(old), sections=_sections(report, span, old, found), headings=tuple(found)
    )


def diagnosis_span(report: str) -> Span | None:
    """The body of the final diagnosis, without its heading; None when no heading opens one."""
    return outline(report).diagnosis


def detail_start(found: Sequence[Heading], start: int, end: int) -> int:
    """The offset of the first comment, note or synoptic table within a stretch of a report, or its end."""
    return next((one.start for one in found if start <= one.start < end and one.kind in DETAIL), end)


def findings_span(report: str, start: int, end: int, found: Sequence[Heading]) -> tuple[int, int]:
    """Where the findings of a part stand: above its first comment or table, or else in the first that says any."""
    for heading in found:
        if heading.kind not in SOFT or not start <= heading.start < end or goes_on(report, heading, end):
            continue
        if report[start : heading.start].strip(" .:-\n"):
            end = heading.start
            break
        start = max(start, heading.body)
    return start, without_left_over(report, start, end)


def further_findings(report: str, end: int, stop: int, found: Sequence[Heading]) -> tuple[tuple[int, int], ...]:
    """Where findings go on below the comment that ends at `end` those of a part that reaches to `stop`.

    A header that names an operation and ends with a colon shows it: a part without a label. A comment may begin with
    one, and below a title it is another diagnosis.
    """
    spans: list[tuple[int, int]] = []
    while end < stop:
        below = next((one for one in found if one.start >= end and one.kind in DETAIL), None)
        if below is None or below.start >= stop or below.kind is SectionKind.SYNOPTIC:
            break
        table = next((one.start for one in found if one.start > below.start and one.kind in _TABLES), stop)
        header = next(
            (
                match
                for match in _HEADER_BELOW.finditer(report, min(below.body + _SHORTEST_COMMENT, stop), min(table, stop))
                if opening_of(report[match.end() : match.end() + HEADER_CHARS]) is Opening.OPERATION
                and "diagnos" not in report[match.start() - _TITLE_CHARS : match.start()].casefold()
            ),
            None,
        )
        if header is None:
            break
        first, end = findings_span(report, header.end(), stop, found)
        spans.append((first, end))
    return tuple(spans)


def _sections(report: str, span: Span | None, old: list[Span], found: list[Heading]) -> tuple[Section, ...]:
    """The sections between headings; the body of a diagnosis is cut by the comments and tables within it."""
    starts = [(heading.start, heading.body, heading.kind) for heading in found]
    if span is not None:
        starts = [start for start in starts if start[2] in DETAIL or not span.start <= start[0] < span.end]
        starts.append((span.start, span.start, SectionKind.DIAGNOSIS))
    starts += [(other.start, other.start, SectionKind.SUPERSEDED) for other in old]
    starts.sort()
    ends = ([start[0] for start in starts] + [len(report)])[1:]
    return tuple(
        Section(kind=kind, start=start, body=min(body, end), end=end)
        for (start, body, kind), end in zip(starts, ends, strict=True)
    )
