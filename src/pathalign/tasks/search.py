"""`search`: text -> slide, slide -> slide, slide -> text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pathalign.domain.provenance import SentencePlace, TextSource
from pathalign.domain.records import Slide, SlideText
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.store.catalog import Catalog
from pathalign.store.index import Index, slide_to_slide, slide_to_text
from pathalign.store.workspace import Workspace
from pathalign.tasks.indexing import fresh_index
from pathalign.tasks.models import load_aligner, text_vectors
from pathalign.tasks.provenance import sentence_json
from pathalign.tasks.search_filters import Filters

ALL = Filters()


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One thing found."""

    rank: int
    slide_id: str
    case_id: str
    score: float
    text: str
    """The slide's retrieval text; empty when it has none."""
    source: TextSource = TextSource.UNKNOWN
    """Who made it."""
    places: tuple[SentencePlace, ...] = ()
    """Its sentences and where they stand in the report as registered; none where that was not recorded."""

    def as_json(self) -> dict[str, object]:
        """One entry of `hits`."""
        return {
            "rank": self.rank, "slide_id": self.slide_id, "case_id": self.case_id, "score": round(self.score, 6),
            "text": self.text, "source": self.source.value,
            "sentences": [sentence_json(self.text, place) for place in self.places],
        }  # fmt: skip


def search_by_text(workspace: Workspace, query: str, *, top: int = 10, where: Filters = ALL) -> list[Hit]:
    """The slides that fit a text best."""
    if not query.strip():
        raise NeedsRepair(
            'The query is empty. Write what the slide should show, such as "squamous cell carcinoma of the lung".'
        )
    with Catalog(workspace.catalog_path) as catalog:
        index = fresh_index(workspace, catalog)
        vector = text_vectors(load_aligner(workspace).model, [query])
        return _hits(catalog, index.slide_ids, slide_to_text(index.slides, vector)[:, 0], top, where)


def search_by_slide(
    workspace: Workspace, slide_id: str, *, to: str = "slides", top: int = 10, where: Filters = ALL
) -> list[Hit]:
    """The slides most like a slide (itself left out), or the texts that fit it best (`to="texts"`).

    A text stands for all slides that have it; the first of them is named.
    """
    with Catalog(workspace.catalog_path) as catalog:
        catalog.slide(slide_id)
        index = fresh_index(workspace, catalog)
        if slide_id not in index.slide_ids:
            raise MissingArtifact(
                f"Slide {slide_id} is not in the index: it has no tissue or no embeddings. "
                "See `pathalign status --problems`."
            )
        vector = index.slides[index.rows_of([slide_id])]
        if to == "texts":
            ids = _slides_with_texts(catalog, index.text_ids, where)
            return _hits(catalog, ids, slide_to_text(vector, index.texts)[0], top, where)
        scores = slide_to_slide(vector, index.slides)[0]
        others = np.array(index.slide_ids) != slide_id
        return _hits(catalog, [i for i in index.slide_ids if i != slide_id], scores[others], top, where)


def ranked(scores: np.ndarray, ids: list[str]) -> list[int]:
    """Rows by falling score; equal scores by id, so that the order never depends on the machine."""
    return sorted(range(len(ids)), key=lambda row: (-float(scores[row]), ids[row]))


def _hits(catalog: Catalog, ids: list[str], scores: np.ndarray, top: int, where: Filters) -> list[Hit]:
    slides = {slide.slide_id: slide for slide in catalog.slides()}
    texts = {text.slide_id: text for text in catalog.texts()}
    hits: list[Hit] = []
    for row in ranked(scores, ids):
        slide = slides.get(ids[row])
        if slide is None or not (where.fit_slide(slide) and where.fit_text(texts.get(slide.slide_id))):
            continue
        hits.append(_hit(catalog, len(hits) + 1, slide, float(scores[row]), texts.get(slide.slide_id)))
        if len(hits) == top:
            break
    return hits


def _slides_with_texts(catalog: Catalog, text_ids: list[str], where: Filters) -> list[str]:
    """For each text of the index the first slide that has it and fits by its columns, or else any slide that has it."""
    key_of = {text.slide_id: text.retrieval_key for text in catalog.texts()}
    fitting: dict[str, str] = {}
    for slide in catalog.slides():
        if slide.slide_id in key_of and where.fit_slide(slide):
            fitting.setdefault(key_of[slide.slide_id], slide.slide_id)
    return [fitting.get(key_of[slide_id], slide_id) for slide_id in text_ids]


def _hit(catalog: Catalog, rank: int, slide: Slide, score: float, text: SlideText | None) -> Hit:
    hit = Hit(rank=rank, slide_id=slide.slide_id, case_id=slide.case_id, score=score, text="")
    if text is None:
        return hit
    told = catalog.provenance(slide.slide_id)
    return replace(hit, text=text.retrieval_text, source=text.source, places=told.retrieval if told else ())


def nearest_other_patients(
    catalog: Catalog, index: Index, vector: np.ndarray, patient_id: str, top: int
) -> list[SlideText]:
    """The texts of the slides of other patients that are most like a slide (vectors [query, dim])."""
    texts = {text.slide_id: text for text in catalog.texts() if text.patient_id != patient_id}
    scores = slide_to_slide(vector[None], index.slides)[0]
    order = [index.slide_ids[row] for row in ranked(scores, index.slide_ids)]
    return [texts[slide_id] for slide_id in order if slide_id in texts][:top]
