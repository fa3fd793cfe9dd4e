"""`describe`: diagnostic text for a slide or case, with the patches and the similar cases behind each sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from pathalign.domain.geometry import Bag
from pathalign.domain.records import Slide
from pathalign.errors import MissingArtifact
from pathalign.model.bags import collate, joined
from pathalign.model.describer import Describer
from pathalign.store.artifact import MANIFEST
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.indexing import fresh_index
from pathalign.tasks.models import WorkspaceModel, load_aligner, load_describer, slide_vectors, text_vectors
from pathalign.tasks.search import nearest_other_patients

EVIDENCE, SUPPORT, NEIGHBOURS = 5, 3, 20
LEAST_CONFIDENCE = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribedSlides:
    """What is said of a slide or case."""

    slide_ids: list[str]
    text: str
    abstained: bool
    reason: str
    confidence: float
    sentences: list[dict[str, Any]]

    def as_json(self) -> dict[str, object]:
        """The document of `describe --json`."""
        return {name: getattr(self, name) for name in self.__slots__}


def describe(
    workspace: Workspace, slide_or_case_id: str, *, least_confidence: float = LEAST_CONFIDENCE, device: str = "auto"
) -> DescribedSlides:
    """Describe a slide, or all slides of a case together.

    Abstains, with the reason, where there is no tissue or the language model is less sure than `least_confidence`
    (the geometric mean of its token probabilities). Support needs `pathalign index`; without it there is none.
    """
    with Catalog(workspace.catalog_path) as catalog:
        slides = catalog.slides_of(slide_or_case_id)
        loaded = load_describer(workspace, device=device)
        bags, empty = _bags(loaded, slides)
        ids = [slide.slide_id for slide in slides]
        if not bags:
            return _abstained(ids, f"no tissue to look at: {'; '.join(empty)}", 0.0)
        batch = collate([joined(bags)]).to(loaded.model.device)
        said = loaded.model.describe(batch)[0]
        if not said.text or said.confidence < least_confidence:
            return _abstained(ids, f"confidence {said.confidence:.2f} is below {least_confidence:.2f}", said.confidence)
        spans = sentence_spans(said.text)
        weights = loaded.model.evidence(batch, said.text, spans).cpu().numpy()
        sentences = [
            {"text": said.text[start:stop], "evidence": _evidence(bags, row), "support": []}
            for (start, stop), row in zip(spans, weights, strict=True)
        ]
        if (workspace.index_folder / MANIFEST).is_file():
            _add_support(workspace, catalog, slides, bags, sentences)
    return DescribedSlides(
        slide_ids=ids,
        text=said.text,
        abstained=False,
        reason="",
        confidence=round(said.confidence, 4),
        sentences=sentences,
    )


def describe_bags(describer: Describer, bags: list[Bag], *, batch: int = 16) -> list[str]:
    """The text of each slide alone, as `evaluate` needs it."""
    texts: list[str] = []
    for start in range(0, len(bags), batch):
        texts += [said.text for said in describer.describe(collate(bags[start : start + batch]).to(describer.device))]
    return texts


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence of a text starts and stops."""
    return [(m.start(), m.end()) for m in re.finditer(r"\S.*?(?:[.;!?](?=\s|$)|$)", text, re.DOTALL)]


def _bags(loaded: WorkspaceModel, slides: list[Slide]) -> tuple[list[Bag], list[str]]:
    bags, missing = [], []
    for slide in slides:
        try:
            bags.append(loaded.bag(slide.slide_id))
        except MissingArtifact as error:
            missing.append(str(error))
    return bags, missing


def _abstained(ids: list[str], reason: str, confidence: float) -> DescribedSlides:
    return DescribedSlides(
        slide_ids=ids, text="", abstained=True, reason=reason, confidence=round(confidence, 4), sentences=[]
    )


def _evidence(bags: list[Bag], weights: np.ndarray) -> list[dict[str, Any]]:
    """The patches with the largest weights, in the frame of their own slide."""
    places = [(bag, row) for bag in bags for row in range(len(bag))]
    largest = np.argsort(-weights, kind="stable")[:EVIDENCE]
    return [
        {
            "slide_id": places[i][0].slide_id, "xy_px0": places[i][0].xy_px0[places[i][1]].tolist(),
            "side_px0": round(places[i][0].side_px0, 3), "weight": round(float(weights[i]), 4),
        }
        for i in largest if weights[i] > 0
    ]  # fmt: skip


def _add_support(
    workspace: Workspace, catalog: Catalog, slides: list[Slide], bags: list[Bag], sentences: list[dict[str, Any]]
) -> None:
    """Cases of other patients whose slides look alike and whose texts say the like."""
    index = fresh_index(workspace, catalog)
    aligner = load_aligner(workspace).model
    (_, vector), *_ = slide_vectors(aligner, [joined(bags)])
    near = nearest_other_patients(catalog, index, vector, slides[0].patient_id, NEIGHBOURS)
    if not near:
        return
    theirs = text_vectors(aligner, [text.generation_text or text.retrieval_text for text in near])
    ours = text_vectors(aligner, [sentence["text"] for sentence in sentences])
    for sentence, scores in zip(sentences, ours @ theirs.T, strict=True):
        best = np.argsort(-scores, kind="stable")[:SUPPORT]
        sentence["support"] = [
            {"slide_id": near[i].slide_id, "text": near[i].retrieval_text, "score": round(float(scores[i]), 4)}
            for i in best
        ]
