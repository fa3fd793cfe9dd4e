"""`curate`: reports -> parts -> the two text views of every slide."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Problem, Slide, SlideText
from pathalign.errors import MissingArtifact
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.cohort_statistics import CohortStatistics
from pathalign.tasks.deidentification import Deidentification, ReportCleaner
from pathalign.text.curation import CuratedPart, CuratedReport, curate_report, part_of_slide
from pathalign.text.deidentification.deidentifier import Deidentified
from pathalign.text.normalise import text_key

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
    problems: list[Problem] = field(default_factory=list)
    """The first ten thousand."""
    problem_counts: Counter[str] = field(default_factory=Counter)
    """All of them, by what they are."""
    statistics: CohortStatistics = field(default_factory=CohortStatistics)

    def record(self, item: str, reason: str, *, kind: str | None = None) -> None:
        """A report or slide that did not make it; `kind` is the reason without what is the item's own."""
        self.problem_counts[kind or reason] += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(source="curate", line=None, item=item, reason=reason))

    def as_json(self) -> dict[str, object]:
        """The document of `curate --json`."""
        return {
            **vars(self),
            "problems": [problem.as_json() for problem in self.problems],
            "problem_counts": dict(sorted(self.problem_counts.items())),
            "statistics": self.statistics.as_json(),
        }


def curate(
    workspace: Workspace, *, deidentify: Deidentification = Deidentification.TAGS, progress: Progress = silent
) -> Curation:
    """Curate every report of the catalog anew, in one transaction and in memory that does not grow with their number.

    Identifiers are taken out first; offsets of parts are those of the report as registered. A report whose diagnosis is
    not found, and a slide whose part the report lacks, are recorded and go without text.
    """
    done = Curation()
    cleaner = ReportCleaner.of(workspace, deidentify)
    with workspace.lock("catalog"), Catalog(workspace.catalog_path) as catalog:
        total = catalog.counts()["reports"]
        if not total:
            raise MissingArtifact(
                "The workspace holds no report to curate. Run `pathalign add slides.csv --reports reports.csv`."
            )
        with catalog.transaction(), progress("Curating reports", total) as advance:
            catalog.clear_texts()
            for case_id, report in catalog.reports():
                slides = catalog.slides_of_case(case_id)
                cleaned = cleaner.clean(report, patient=slides[0].patient_id if slides else case_id)
                _store(catalog, case_id, cleaned, curate_report(cleaned.text), slides, done)
                advance(1)
            distinct = catalog.distinct_texts()
            done.distinct_texts, done.distinct_concepts = distinct["retrieval"], distinct["concept"]
            done.statistics.close(catalog)
    done.removed = dict(sorted(cleaner.removed.items()))
    return done


def _store(
    catalog: Catalog, case_id: str, cleaned: Deidentified, curated: CuratedReport, slides: list[Slide], done: Curation
) -> None:
    """Write the parts of one report and the texts of its slides, and count them."""
    done.reports += 1
    done.parts += len(curated.parts)
    done.statistics.add_report(curated)
    if curated.problem:
        done.record(case_id, curated.problem)
    catalog.put_parts(
        case_id,
        [(p.label, p.header, *cleaned.offsets.span_of_original(p.start, p.end)) for p in _distinct(curated)],
    )
    for slide in slides:
        text = _text_of(slide, curated, done)
        if text is not None:
            catalog.put_text(text)
            done.slides_with_text += 1
            done.statistics.add_text(text.retrieval_text, text.generation_text)


def _distinct(curated: CuratedReport) -> list[CuratedPart]:
    """Parts by label; a label that a report uses twice gets a number, so that none is lost."""
    seen: Counter[str] = Counter()
    parts = []
    for part in curated.parts:
        seen[part.label] += 1
        label = part.label if seen[part.label] == 1 else f"{part.label}#{seen[part.label]}"
        parts.append(replace(part, label=label))
    return parts


def _text_of(slide: Slide, curated: CuratedReport, done: Curation) -> SlideText | None:
    part = part_of_slide(curated, slide.part_id or None)
    if part is None or not part.retrieval_text:
        if curated.parts:
            reason = f"the report has no part {slide.part_id!r}; correct part_id in slides.csv"
            done.record(slide.slide_id, reason, kind="the report has no such part")
        return None
    return SlideText(
        slide_id=slide.slide_id, case_id=slide.case_id, patient_id=slide.patient_id, part=part.label,
        retrieval_text=part.retrieval_text, generation_text=part.generation_text,
        retrieval_key=text_key(part.retrieval_text), concept_key=text_key(part.generation_text or part.retrieval_text),
        malignant=part.malignant, split=slide.split,
    )  # fmt: skip
