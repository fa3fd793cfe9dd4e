"""`triage`: a worklist with the most urgent slide first, from the aligned space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathalign.domain.records import Slide, Split
from pathalign.errors import MissingArtifact
from pathalign.evaluate.triage import time_to_urgent
from pathalign.model.aligner import Aligner
from pathalign.store.catalog import Catalog
from pathalign.store.index import Index, slide_to_text
from pathalign.store.workspace import Workspace
from pathalign.tasks.classification import class_scores, softmax
from pathalign.tasks.indexing import fresh_index
from pathalign.tasks.models import load_aligner, text_vectors
from pathalign.tasks.search import ranked


@dataclass(frozen=True, kw_only=True, slots=True)
class Worklist:
    """Slides by falling urgency."""

    slides: list[Slide]
    urgency: list[float]
    saved: dict[str, object] | None
    """What the order would have saved against first-in-first-out, where the reports tell which slides were urgent."""

    def as_json(self) -> dict[str, object]:
        """The document of `triage --json`."""
        rows = [
            {"rank": rank, "slide_id": slide.slide_id, "case_id": slide.case_id, "urgency": round(urgency, 4)}
            for rank, (slide, urgency) in enumerate(zip(self.slides, self.urgency, strict=True), 1)
        ]
        return {"worklist": rows, "saved": self.saved}


def triage(
    workspace: Workspace,
    *,
    split: Split | None = None,
    urgent: tuple[str, ...] = (),
    routine: tuple[str, ...] = (),
    minutes_per_slide: float = 1.0,
) -> Worklist:
    """Order the indexed slides (of one split) by urgency.

    Urgency is 0..1: how near a slide lies to the training texts that state a malignancy, against the others. With
    `urgent` and `routine` sentences it is how near it lies to the first against the second.
    """
    with Catalog(workspace.catalog_path) as catalog:
        index = fresh_index(workspace, catalog)
        aligner = load_aligner(workspace).model
        if urgent or routine:
            urgency = urgency_by_prompt(aligner, index.slides, urgent, routine)
        else:
            urgency = urgency_by_texts(aligner, catalog, index.slides)
        rows, slides = _listed(catalog, index, split)
        truth = {text.slide_id: text.malignant for text in catalog.texts()}
    known = [
        (row, truth[slide.slide_id])
        for row, slide in zip(rows, slides, strict=True)
        if truth.get(slide.slide_id) is not None
    ]
    saved = None
    if known and 0 < sum(bool(label) for _, label in known) < len(known):
        chosen = np.array([row for row, _ in known])
        saved = time_to_urgent(
            urgency[chosen], np.array([bool(label) for _, label in known]), minutes_per_slide=minutes_per_slide
        )
    scores = urgency[rows]
    order = ranked(scores, [slide.slide_id for slide in slides])
    return Worklist(slides=[slides[i] for i in order], urgency=[float(scores[i]) for i in order], saved=saved)


def urgency_by_texts(aligner: Aligner, catalog: Catalog, slides: np.ndarray) -> np.ndarray:
    """Urgency [slide]: the share of malignant texts among the training texts, weighted by their fit to the slide."""
    texts = {
        t.concept_key: t for t in catalog.texts(split=Split.TRAIN) if t.malignant is not None and t.generation_text
    }
    labels = np.array([bool(text.malignant) for text in texts.values()])
    if not labels.any() or labels.all():
        raise MissingArtifact(
            "Triage learns what is urgent from training texts that state a malignancy and others that deny it; this "
            "training split has only one kind. Say it in words: `pathalign triage --urgent TEXT --routine TEXT`."
        )
    vectors = text_vectors(aligner, [text.generation_text for text in texts.values()])
    weights = softmax(slide_to_text(slides, vectors) / aligner.temperature.item())
    # Both kinds count the same, however many texts of each the archive holds.
    urgent, calm = weights[:, labels].sum(1) / labels.sum(), weights[:, ~labels].sum(1) / (~labels).sum()
    return urgent / (urgent + calm)


def urgency_by_prompt(
    aligner: Aligner, slides: np.ndarray, urgent: tuple[str, ...], routine: tuple[str, ...]
) -> np.ndarray:
    """Urgency [slide] by sentences of the user's own; both kinds are needed."""
    if not urgent or not routine:
        raise MissingArtifact("Triage by your own words needs both `--urgent TEXT` and `--routine TEXT`.")
    scores = class_scores(aligner, slides, {"urgent": urgent, "routine": routine})
    return softmax(scores / aligner.temperature.item())[:, 0]


def _listed(catalog: Catalog, index: Index, split: Split | None) -> tuple[np.ndarray, list[Slide]]:
    row_of = {slide_id: row for row, slide_id in enumerate(index.slide_ids)}
    slides = [slide for slide in catalog.slides(split=split) if slide.slide_id in row_of]
    if not slides:
        raise MissingArtifact(f"No indexed slide belongs to the {split or 'asked'} split. Run `pathalign index`.")
    return np.array([row_of[slide.slide_id] for slide in slides]), slides
