"""`curate`: reports -> parts -> the two text views of every slide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from pathalign.domain.progress import Advance, Progress, silent
from pathalign.domain.provenance import Provenance
from pathalign.domain.records import Correction, Problem, Slide
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.cohort_statistics import CohortStatistics
from pathalign.tasks.corrections import report_digest
from pathalign.tasks.deidentification import Deidentification, ReportCleaner
from pathalign.tasks.language_model.reading import ModelChoice, ModelReader, model_reader
from pathalign.tasks.language_model.usage import ModelUse
from pathalign.tasks.report_reading import Registered, ReportReader, report_reader
from pathalign.tasks.review import ReviewRequest, ReviewSample, write_review
from pathalign.tasks.sourced_text import SourcedText
from pathalign.text.curation import CuratedPart, CuratedReport, part_of_slide
from pathalign.text.deidentification.deidentifier import Deidentified
from pathalign.text.deidentification.replacement import OffsetMap
from pathalign.text.review.page import ReviewedCase, ReviewedSlide
from pathalign.text.stains.stained_text import StainedTexts

_MOST_PROBLEMS = 10_000
"""Problems that are listed one by one; beyond that they are counted."""


@dataclass(kw_only=True)
class Curation:
    """What `curate` did."""

    reports: int = 0
    parts: int = 0
    slides_with_text: int = 0
    distinct_texts: int = 0
    distinct_concepts: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    """Identifiers taken out of the reports, by kind."""
    removed_by_model: int | None = None
    """Those of them that a model found, and the rules did not or not as far; None without a model."""
    problems: list[Problem] = field(default_factory=list)
    """The first ten thousand."""
    problem_counts: Counter[str] = field(default_factory=Counter)
    """All of them, by what they are."""
    corrected: int = 0
    """Slides whose text a person wrote."""
    statistics: CohortStatistics = field(default_factory=CohortStatistics)
    language_model: ModelUse | None = None
    review: str | None = None
    """Where the page to look at is."""

    def record(self, item: str, reason: str, *, kind: str | None = None) -> str:
        """A report or slide that did not make it; `kind` is the reason without what is the item's own.

        Gives what a person reads of it beside the report.
        """
        self.problem_counts[kind or reason] += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(source="curate", line=None, item=item, reason=reason))
        return f"{item}: {reason}"

    def as_json(self) -> dict[str, object]:
        """The document of `curate --json`."""
        return {
            **vars(self),
            "problems": [problem.as_json() for problem in self.problems],
            "problem_counts": dict(sorted(self.problem_counts.items())),
            "statistics": self.statistics.as_json(),
            "language_model": self.language_model.as_json() if self.language_model else None,
        }


def curate(
    workspace: Workspace,
    *,
    deidentify: Deidentification = Deidentification.TAGS,
    identifier_model: Path | None = None,
    language_model: ModelChoice | None = None,
    review: ReviewRequest | None = None,
    workers: int = 0,
    progress: Progress = silent,
) -> Curation:
    """Curate every report of the catalog anew, in one transaction and in memory that does not grow with their number.

    Identifiers are taken out first, by rules and by the token classifier in the folder `identifier_model` if there is
    one; offsets of parts are those of the report as registered. A report whose diagnosis is
    not found, and a slide whose part the report lacks, are recorded and go without text. What a person corrected stays.
    With `workers`, so many processes of their own read reports; the catalog and the account are the same.
    """
    done = Curation()
    sample = ReviewSample(limit=review.limit, seed=review.seed) if review else None
    cleaner = ReportCleaner.of(workspace, deidentify, identifier_model)
    if language_model and deidentify is Deidentification.OFF:
        raise NeedsRepair(
            "A language model is given reports without identifiers only, and --deidentify is off. Use tags or "
            "surrogates."
        )
    with ExitStack() as stack:
        stack.enter_context(workspace.lock("catalog"))
        catalog = stack.enter_context(Catalog(workspace.catalog_path))
        reader = stack.enter_context(model_reader(workspace, language_model)) if language_model else None
        total = catalog.counts()["reports"]
        if not total:
            raise MissingArtifact(
                "The workspace holds no report to curate. Run `pathalign add slides.csv --reports reports.csv`."
            )
        reports = stack.enter_context(report_reader(cleaner, workers=workers))
        if reader:
            asking = replace(cleaner, removed=Counter())  # which counts for itself
            with progress("Asking the language model", total) as advance:
                reader.ask_for(_unread(catalog, reports, asking, reader, advance), advance)
        with catalog.transaction(), progress("Curating reports", total) as advance:
            catalog.clear_texts()
            for case in _cases(catalog, reports, cleaner):
                if reader and reader.wants(case.curated, lacks_part=case.lacks_part):
                    case = replace(case, curated=reader.read(case.cleaned.text, case.curated))
                told = _store(catalog, case, done)
                if sample:
                    sample.offer(_reviewed(case, told))
                advance(1)
            for slide, correction in catalog.corrected_without_report():
                _staleness(slide, correction, None, done)
                told_text = SourcedText.corrected(slide, correction, None)
                _put_text(catalog, told_text, OffsetMap(()), done)
            distinct = catalog.distinct_texts()
            done.distinct_texts, done.distinct_concepts = distinct["retrieval"], distinct["concept"]
            done.statistics.close(catalog)
    done.removed = dict(sorted(cleaner.removed.items()))
    done.removed_by_model = cleaner.by_model if identifier_model else None
    done.language_model = reader.use if reader else None
    if review and sample:
        done.review = str(write_review(workspace, review, sample.cases(), done))
    return done


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One report as it is curated, with its slides."""

    case_id: str
    report: str
    """As registered."""
    cleaned: Deidentified
    curated: CuratedReport
    """Offsets are those of the cleaned text."""
    slides: tuple[Slide, ...]

    @property
    def lacks_part(self) -> bool:
        """Whether a slide names a part that the report does not have."""
        return any(part_of_slide(self.curated, slide.part_id or None) is None for slide in self.slides)


def _cases(catalog: Catalog, reports: ReportReader, cleaner: ReportCleaner) -> Iterator[Case]:
    """The reports by case, as rules read them."""
    registered = (
        Registered(case_id=case_id, report=report, slides=tuple(catalog.slides_of_case(case_id)))
        for case_id, report in catalog.reports()
    )
    for one, read in reports.read(registered, cleaner):
        yield Case(
            case_id=one.case_id, report=one.report, cleaned=read.cleaned, curated=read.curated, slides=one.slides
        )


def _unread(
    catalog: Catalog, reports: ReportReader, cleaner: ReportCleaner, reader: ModelReader, advance: Advance
) -> Iterator[tuple[str, CuratedReport]]:
    """The reports that a language model is to read; the others are passed over."""
    for case in _cases(catalog, reports, cleaner):
        if reader.wants(case.curated, lacks_part=case.lacks_part):
            yield case.cleaned.text, case.curated
        else:
            advance(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What came of one report."""

    texts: dict[str, SourcedText]
    """By slide."""
    corrected: frozenset[str]
    """Slides of which a person wrote the text."""
    problems: list[str]


def _store(catalog: Catalog, case: Case, done: Curation) -> _Told:
    """Write the parts of one report and the texts of its slides, and count them."""
    curated = case.curated
    done.reports += 1
    done.parts += len(curated.parts)
    done.statistics.add_report(curated)
    catalog.put_parts(
        case.case_id,
        [(p.label, p.header, *case.cleaned.offsets.span_of_original(p.start, p.end)) for p in _distinct(curated)],
    )
    corrections = catalog.corrections_of_case(case.case_id)
    told = _Told(texts={}, corrected=frozenset(corrections), problems=[])
    stained = StainedTexts(case.cleaned.text, curated)
    if curated.problem:
        told.problems.append(done.record(case.case_id, curated.problem))
    for slide in case.slides:
        part = part_of_slide(curated, slide.part_id or None)
        views = stained.views(part, slide.stain) if part is not None and part.retrieval_text else None
        correction = corrections.get(slide.slide_id)
        if correction:
            text = SourcedText.corrected(slide, correction, views)
            problem = _staleness(slide, correction, case.report, done)
        elif part is not None and views is not None:
            text, problem = SourcedText.curated(slide, part, views), None
            if views.problem:
                problem = done.record(slide.slide_id, views.problem, kind="its text is not that of its stain")
        else:
            text, problem = None, _lack(slide, done) if curated.parts else None
        if text:
            told.texts[slide.slide_id] = text
            _put_text(catalog, text, case.cleaned.offsets, done)
        if problem:
            told.problems.append(problem)
    return told


def _put_text(catalog: Catalog, sourced: SourcedText, offsets: OffsetMap, done: Curation) -> None:
    catalog.put_text(sourced.text, sourced.in_original(offsets))
    done.slides_with_text += 1
    done.statistics.add_text(sourced.text)


def _staleness(slide: Slide, correction: Correction, report: str | None, done: Curation) -> str | None:
    """What a person wrote counts also where the report is another by now, but that is told."""
    done.corrected += 1
    if correction.report_digest == report_digest(report):
        return None
    reason = "its report changed after its text was corrected; review it and give it again, or write `revert`"
    return done.record(slide.slide_id, reason)


def _lack(slide: Slide, done: Curation) -> str:
    reason = f"the report has no part {slide.part_id!r}; correct part_id in slides.csv"
    return done.record(slide.slide_id, reason, kind="the report has no such part")


def _reviewed(case: Case, told: _Told) -> ReviewedCase:
    """A report as the page shows it."""
    slides = []
    for slide in case.slides:
        sourced = told.texts.get(slide.slide_id)
        text = sourced.text if sourced else None
        slides.append(ReviewedSlide(
            slide_id=slide.slide_id, part=text.part if text else slide.part_id,
            retrieval_text=text.retrieval_text if text else "", generation_text=text.generation_text if text else "",
            places=sourced.places if sourced else Provenance(), is_corrected=slide.slide_id in told.corrected,
        ))  # fmt: skip
    return ReviewedCase(case_id=case.case_id, curated=case.curated, slides=tuple(slides), problems=tuple(told.problems))


def _distinct(curated: CuratedReport) -> list[CuratedPart]:
    """Parts by label; a label that a report uses twice gets a number, so that none is lost."""
    seen: Counter[str] = Counter()
    parts = []
    for part in curated.parts:
        seen[part.label] += 1
        label = part.label if seen[part.label] == 1 else f"{part.label}#{seen[part.label]}"
        parts.append(replace(part, label=label))
    return parts
