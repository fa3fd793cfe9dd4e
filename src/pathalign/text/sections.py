"""The sections of a report, and the diagnosis that holds with those that it replaces.

Offsets are characters of the report as given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathalign.text.diagnoses import SOFT, Span, goes_on, holding, section_end, without_left_over
from pathalign.text.headings import DETAIL, Heading, SectionKind, headings
from pathalign.text.titles import RANK_AMENDED, titles_of


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
