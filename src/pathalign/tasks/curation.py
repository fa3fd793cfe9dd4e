"""`curate`: reports -> parts -> the two text views of every slide."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Problem, Slide, SlideText
from pathalign.errors import MissingArtifact
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.deidentification import Deidentification, ReportCleaner
from pathalign.text.concepts.key import concept_key
from pathalign.text.curation import CuratedPart, CuratedReport, curate_report, part_of_slide
from pathalign.text.normalise import text_key
from pathalign.text.stains.stained_text import StainedTexts


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

    def as_json(self) -> dict[str, object]:
        """The document of `curate --json`."""
        return {**vars(self), "problems": [problem.as_json() for problem in self.problems]}


def curate(
    workspace: Workspace, *, deidentify: Deidentification = Deidentification.TAGS, progress: Progress = silent
) -> Curation:
    """Curate every report of the catalog anew, in one transaction.

    Identifiers are taken out first; offsets of parts are those of the report as registered. A report whose diagnosis is
    not found, and a slide whose part the report lacks, are recorded and go without text.
    """
    done = Curation()
    keys, concepts = set[str](), set[str]()
    cleaner = ReportCleaner.of(workspace, deidentify)
    with workspace.lock("catalog"), Catalog(workspace.catalog_path) as catalog:
        slides_of_case: dict[str, list[Slide]] = {}
        for slide in catalog.slides():
            slides_of_case.setdefault(slide.case_id, []).append(slide)
        reports = list(catalog.reports())
        if not reports:
            raise MissingArtifact(
                "The workspace holds no report to curate. Run `pathalign add slides.csv --reports reports.csv`."
            )
        with catalog.transaction(), progress("Curating reports", len(reports)) as advance:
            catalog.clear_texts()
            for case_id, report in reports:
                patient = next((slide.patient_id for slide in slides_of_case.get(case_id, [])), case_id)
                cleaned = cleaner.clean(report, patient=patient)
                curated = curate_report(cleaned.text)
                done.reports += 1
                done.parts += len(curated.parts)
                if curated.problem:
                    done.problems.append(Problem(source="curate", line=None, item=case_id, reason=curated.problem))
                catalog.put_parts(
                    case_id,
                    [
                        (p.label, p.header, *cleaned.offsets.span_of_original(p.start, p.end))
                        for p in _distinct(curated)
                    ],
                )
                stained = StainedTexts(cleaned.text, curated)
                for slide in slides_of_case.get(case_id, []):
                    text = _text_of(slide, stained, done)
                    if text is not None:
                        catalog.put_text(text)
                        keys.add(text.retrieval_key)
                        concepts.add(text.concept_key)
                        done.slides_with_text += 1
                advance(1)
    done.distinct_texts, done.distinct_concepts = len(keys), len(concepts)
    done.removed = dict(sorted(cleaner.removed.items()))
    return done


def _distinct(curated: CuratedReport) -> list[CuratedPart]:
    """Parts by label; a label that a report uses twice gets a number, so that none is lost."""
    seen: Counter[str] = Counter()
    parts = []
    for part in curated.parts:
        seen[part.label] += 1
        label = part.label if seen[part.label] == 1 else f"{part.label}#{seen[part.label]}"
        parts.append(replace(part, label=label))
    return parts


def _text_of(slide: Slide, stained: StainedTexts, done: Curation) -> SlideText | None:
    curated = stained.curated
    part = part_of_slide(curated, slide.part_id or None)
    if part is None or not part.retrieval_text:
        if curated.parts:
            reason = f"the report has no part {slide.part_id!r}; correct part_id in slides.csv"
            done.problems.append(Problem(source="curate", line=None, item=slide.slide_id, reason=reason))
        return None
    views = stained.views(part, slide.stain)
    if views.problem:
        done.problems.append(Problem(source="curate", line=None, item=slide.slide_id, reason=views.problem))
    return SlideText(
        slide_id=slide.slide_id, case_id=slide.case_id, patient_id=slide.patient_id, part=part.label,
        retrieval_text=views.retrieval_text, generation_text=views.generation_text,
        retrieval_key=text_key(views.retrieval_text),
        concept_key=concept_key(views.generation_text or views.retrieval_text),
        malignant=part.malignant, split=slide.split,
    )  # fmt: skip
