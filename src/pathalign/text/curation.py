"""A report as its parts, each with the two texts that the slides of the part are paired with.

Offsets are characters of the report as given. No report raises: what cannot be read is a `problem`, and the words of a
report stay out of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pathalign.text import views
from pathalign.text.diagnoses import Span
from pathalign.text.headings import SectionKind
from pathalign.text.malignancy import is_malignant
from pathalign.text.parts import PartSpan, find_parts, labels_within, listed_labels, normal_label, split_header
from pathalign.text.sections import findings_span, outline
from pathalign.text.sentences import sentences

_FIRST = ("A", "1")


@dataclass(frozen=True, kw_only=True, slots=True)
class CuratedPart:
    """The diagnosis of one part of a case."""

    label: str
    """"A", "B", "1"; "G/H" for parts diagnosed together; "" for the one unlabelled part of a report."""
    header: str
    """What was received, as written ("LUNG, RIGHT UPPER LOBE, LOBECTOMY"); "" when the part begins with a finding."""
    findings: tuple[str, ...]
    """The sentences below the header as written, without bullets and final full stops."""
    start: int
    end: int
    retrieval_text: str
    generation_text: str
    """"" when the part states nothing that a slide can show."""
    malignant: bool | None
    """None when not stated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CuratedReport:
    """What curation found in one report; without a diagnosis section `parts` is empty and `problem` says so."""

    parts: tuple[CuratedPart, ...]
    diagnosis_start: int
    diagnosis_end: int
    problem: str | None


def curate_report(report: str) -> CuratedReport:
    """Find the final diagnosis of a report and divide it into its parts."""
    found = outline(report)
    span = found.diagnosis
    if span is None:
        problem = "no diagnosis section found" if report.strip() else "the report is empty"
        return CuratedReport(parts=(), diagnosis_start=0, diagnosis_end=0, problem=problem)
    received = listed_labels(
        report, [Span(start=s.body, end=s.end) for s in found.sections if s.kind is SectionKind.SPECIMENS]
    )
    whole = PartSpan(label="", start=span.start, body=span.start, end=span.end)
    parts = tuple(_curated(report, part) for part in find_parts(report, span, received) or (whole,))
    stated = any(part.findings for part in parts)
    return CuratedReport(
        parts=parts,
        diagnosis_start=span.start,
        diagnosis_end=span.end,
        problem=None if stated else "the diagnosis section states no finding",
    )


def part_of_slide(curated: CuratedReport, part_id: str | None) -> CuratedPart | None:
    """The part that a slide shows.

    A part id finds its part whatever its spelling ("Part A", "a", "A." are equal; "G" finds "G/H"), or None when the
    report lacks it; the first letter or number is the one part of a report that labels none. Without a part id it is
    the only part, or all of them as one with the label "".
    """
    label = normal_label(part_id or "")
    if label:
        exact = [part for part in curated.parts if part.label == label]
        shared = [part for part in curated.parts if label in labels_within(part.label)]
        if label in _FIRST and [part.label for part in curated.parts] == [""]:
            return curated.parts[0]
        return next(iter(exact + shared), None)
    if len(curated.parts) <= 1:
        return next(iter(curated.parts), None)
    verdicts = {part.malignant for part in curated.parts}
    return CuratedPart(
        label="",
        header="; ".join(part.header for part in curated.parts if part.header),
        findings=tuple(finding for part in curated.parts for finding in part.findings),
        start=curated.parts[0].start,
        end=curated.parts[-1].end,
        retrieval_text=views.joined(part.retrieval_text for part in curated.parts),
        generation_text=views.joined(part.generation_text for part in curated.parts),
        malignant=True if True in verdicts else False if False in verdicts else None,
    )


def _curated(report: str, part: PartSpan) -> CuratedPart:
    """A part with its texts; comments, notes and synoptic tables below its findings are left out."""
    body = report[part.body : part.end]
    body = body[slice(*findings_span(body))]
    header, rest = split_header(body.lstrip(" \n-:."))
    header = " ".join(header.replace(". ", " ").split())  # a full stop here was a line break
    findings = sentences(rest)
    return CuratedPart(
        label=part.label,
        header=header,
        findings=findings,
        start=part.start,
        end=part.end,
        retrieval_text=views.retrieval_text(header, findings),
        generation_text=views.generation_text(header, findings),
        malignant=is_malignant(". ".join(findings)),
    )
