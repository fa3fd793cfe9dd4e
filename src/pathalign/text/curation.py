"""A report as its parts, each with the two texts that the slides of the part are paired with.

Offsets are characters of the report as given. No report raises: what cannot be read is a `problem`, and the words of a
report stay out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pathalign.text import views
from pathalign.text.diagnoses import Span, frozen_in_parts
from pathalign.text.headers import split_header
from pathalign.text.headings import Heading, SectionKind
from pathalign.text.labels import labels_within, normal_label
from pathalign.text.malignancy import are_malignant
from pathalign.text.notes import is_note
from pathalign.text.other_lists import without_label_behind
from pathalign.text.parts import PartSpan, find_parts, listed_labels
from pathalign.text.sections import Section, findings_span, further_findings, outline
from pathalign.text.sentences import sentences
from pathalign.text.statements.classification import classified
from pathalign.text.statements.statement import Dropped, Statement, ViewSentence

_MOST_HEADING_WORDS = 6

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
    statements: tuple[Statement, ...] = ()
    """The header, if any, and the findings, each with its place, its kinds and why it was dropped, if it was."""
    retrieval_sentences: tuple[ViewSentence, ...] = ()
    """`retrieval_text` by sentence, with the span of the report that each says again."""
    generation_sentences: tuple[ViewSentence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CuratedReport:
    """What curation found in one report; without a diagnosis section `parts` is empty and `problem` says so."""

    parts: tuple[CuratedPart, ...]
    diagnosis_start: int
    diagnosis_end: int
    problem: str | None
    text: str = field(default="", repr=False)
    """The report as it was given."""
    sections: tuple[Section, ...] = ()
    detail_end: int = 0
    """Where the comments and tables that follow the diagnosis end; they are no part of it, unless parts follow."""

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All statements of the report in order, those of the parts and those that stand elsewhere.

        Read on demand: the texts of slides need only those of the parts. Headings of sections are no statements.
        """
        return tuple(sorted([*self._of_parts(), *self._elsewhere()], key=lambda one: (one.start, one.end)))

    def _of_parts(self) -> Iterator[Statement]:
        for part in self.parts:
            yield from part.statements

    def _taken(self, part: CuratedPart) -> Iterator[tuple[int, int]]:
        """Stretches of a part's statements, without the comments between them."""
        start, end = part.start, part.start
        for one in part.statements:
            comment = next((s.start for s in self.sections if end < s.start <= one.start and end > part.start), None)
            if comment is not None:
                yield start, end
                start = one.start
            end = max(end, one.end)
        if part.statements:
            yield start, end

    def _said_from(self, section: Section) -> int:
        """Where a section begins to state something: below its heading, unless this is a sentence itself."""
        words = self.text[section.start : section.body].split()
        return section.start if len(words) > _MOST_HEADING_WORDS else section.body

    def _elsewhere(self) -> Iterator[Statement]:
        """Statements outside the findings of parts."""
        taken = [stretch for part in self.parts for stretch in self._taken(part)]
        bounds = [(self._said_from(section), section.end, section.kind) for section in self.sections]
        top = self.sections[0].start if self.sections else len(self.text)
        for start, end, kind in [(0, top, None), *bounds]:
            for begin, stop in _without(start, end, taken):
                inside = self.diagnosis_start <= begin < max(self.diagnosis_end, self.detail_end)
                reason = Dropped.DETAIL if inside else Dropped.ELSEWHERE
                label = next((part.label for part in self.parts if part.start <= begin < part.end), "")
                for sentence in sentences(self.text, begin, stop):
                    yield classified(sentence, section=kind, part=label, dropped=reason)


def curate_report(report: str) -> CuratedReport:
    """Find the final diagnosis of a report and divide it into its parts."""
    found = outline(report)
    span = found.diagnosis
    if span is None and is_note(report):
        return curate_note(report)
    if span is None:
        problem = "no diagnosis section found" if report.strip() else "the report is empty"
        return CuratedReport(
            parts=(), diagnosis_start=0, diagnosis_end=0, problem=problem, text=report, sections=found.sections
        )
    received = listed_labels(
        report, [Span(start=s.body, end=s.end) for s in found.sections if s.kind is SectionKind.SPECIMENS]
    )
    whole = PartSpan(label="", start=span.start, body=span.start, end=span.end)
    *spans, last = find_parts(report, span, received, found.headings) or (whole,)
    end = findings_span(report, last.body, last.end, found.headings)[1]
    below = further_findings(report, end, last.end, found.headings)
    spans.append(replace(last, end=below[-1][1] if below else end))
    parts = tuple(_curated(report, part, found.headings) for part in spans)
    stated = any(part.findings for part in parts)
    return CuratedReport(
        parts=parts,
        diagnosis_start=span.start,
        diagnosis_end=parts[-1].end,
        problem=None if stated else "the diagnosis section states no finding",
        text=report,
        sections=found.sections,
        detail_end=span.end,
    )


def curate_note(note: str) -> CuratedReport:
    """A note on one slide as a report of one part: all of it is the finding, whatever it says.

    `curate_report` takes short texts without sections for notes by itself.
    """
    part = _curated(note, PartSpan(label="", start=0, body=0, end=len(note)), (), headed=False)
    return CuratedReport(
        parts=(part,) if part.findings else (), diagnosis_start=0, diagnosis_end=len(note),
        problem=None if part.findings else "the note states nothing", text=note,
        sections=(Section(kind=SectionKind.DIAGNOSIS, start=0, body=0, end=len(note)),),
    )  # fmt: skip


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
    retrieval = views.joined(part.retrieval_sentences for part in curated.parts)
    generation = views.joined(part.generation_sentences for part in curated.parts)
    return CuratedPart(
        label="",
        header="; ".join(part.header for part in curated.parts if part.header),
        findings=tuple(finding for part in curated.parts for finding in part.findings),
        start=curated.parts[0].start,
        end=curated.parts[-1].end,
        retrieval_text=views.text_of(retrieval),
        generation_text=views.text_of(generation),
        malignant=True if True in verdicts else False if False in verdicts else None,
        statements=tuple(one for part in curated.parts for one in part.statements),
        retrieval_sentences=retrieval,
        generation_sentences=generation,
    )


def _curated(report: str, part: PartSpan, headings: Sequence[Heading], *, headed: bool = True) -> CuratedPart:
    """A part with its texts; comments, notes and synoptic tables below its header and findings are left out."""
    first, end = findings_span(report, part.body, part.end, headings) if headed else (part.body, part.end)
    body = report[first:end]
    header, rest = split_header(body.lstrip(" \n-:.")) if headed else ("", body)
    start = end - len(rest)
    start = next((final for begun, final in frozen_in_parts(report, headings) if start <= begun < final <= end), start)
    found = [classified(sentence, part=part.label) for sentence in sentences(report, start, end)]
    for begin, stop in further_findings(report, end, part.end, headings) if headed else ():
        found += [classified(sentence, part=part.label) for sentence in sentences(report, begin, stop)]
    header = without_label_behind(header) if part.body == part.start else header
    head = _header(header, part.label, report, first, start)
    generation, findings = views.generation_view(head, found)
    retrieval = views.retrieval_view(head, found)
    return CuratedPart(
        label=part.label,
        header=head.text if head else "",
        findings=tuple(one.text for one in findings),
        start=part.start,
        end=part.end,
        retrieval_text=views.text_of(retrieval),
        generation_text=views.text_of(generation),
        malignant=are_malignant(one.text for one in findings),
        statements=((head, *findings) if head else findings),
        retrieval_sentences=retrieval,
        generation_sentences=generation,
    )


def _header(header: str, label: str, report: str, start: int, end: int) -> Statement | None:
    """The header as a statement of no kind; it stands between two places of the report."""
    at = report.find(header, start, end) if header else -1
    if at < 0:
        return None
    text = " ".join(header.replace(". ", " ").split())  # a full stop here was a line break
    return Statement(start=at, end=at + len(header), text=text, kinds=(), part=label, dropped=Dropped.HEADER)


def _without(start: int, end: int, taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of a stretch without those taken, which are in order."""
    for begin, stop in taken:
        if stop <= start or begin >= end:
            continue
        if start < begin:
            yield start, begin
        start = max(start, stop)
    if start < end:
        yield start, end
