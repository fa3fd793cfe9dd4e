"""`classify`: zero-shot probabilities for classes that the user names in words."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pathalign.errors import BadTable, MissingArtifact, NeedsRepair, UnknownName
from pathalign.evaluate.classification import fit_temperature
from pathalign.store.catalog import Catalog
from pathalign.store.index import slide_to_text
from pathalign.store.tables import read_rows
from pathalign.store.workspace import Workspace
from pathalign.tasks.indexing import fresh_index
from pathalign.tasks.models import load_aligner, text_vectors


@dataclass(frozen=True, kw_only=True, slots=True)
class Classification:
    """Probabilities of each slide."""

    slide_ids: list[str]
    classes: list[str]
    probabilities: np.ndarray  # [slide, class]
    temperature: float
    calibrated_on: int
    """Slides whose labels set the temperature; 0 when it is the model's own."""

    def as_json(self) -> dict[str, object]:
        """The document of `classify --json`."""
        slides = [
            {
                "slide_id": slide_id,
                "probabilities": {c: round(float(p), 4) for c, p in zip(self.classes, row, strict=True)},
            }
            for slide_id, row in zip(self.slide_ids, self.probabilities, strict=True)
        ]
        return {"slides": slides, "temperature": round(self.temperature, 5), "calibrated_on": self.calibrated_on}


def classify(
    workspace: Workspace,
    classes: Mapping[str, Sequence[str]],
    *,
    slide_ids: Sequence[str] = (),
    labels: Path | None = None,
) -> Classification:
    """Zero-shot classification of slides (all that are indexed, when none is named).

    `classes` maps a class to the sentences that describe it, whose vectors are averaged. `labels`, a table with
    `slide_id` and `label`, sets the temperature so that probabilities can be believed; use slides that were not trained
    on. Without it the model's own temperature is used, which is usually too sure.
    """
    with Catalog(workspace.catalog_path) as catalog:
        index = fresh_index(workspace, catalog)
        wanted = list(slide_ids) or index.slide_ids
        for slide_id in wanted:
            catalog.slide(slide_id)
    missing = [slide_id for slide_id in wanted if slide_id not in set(index.slide_ids)]
    if missing:
        raise MissingArtifact(
            f"Slide {missing[0]} is not in the index: it has no tissue or no embeddings. "
            "See `pathalign status --problems`."
        )
    aligner = load_aligner(workspace).model
    scores = class_scores(aligner, index.slides, classes)
    names = list(classes)
    temperature, calibrated_on = aligner.temperature.item(), 0
    if labels is not None:
        rows, targets = _labelled(labels, index.slide_ids, names)
        temperature, calibrated_on = fit_temperature(scores[rows], targets), len(targets)
    chosen = scores[index.rows_of(wanted)]
    return Classification(
        slide_ids=wanted, classes=names, probabilities=softmax(chosen / temperature), temperature=temperature,
        calibrated_on=calibrated_on,
    )  # fmt: skip


def class_scores(aligner: object, slides: np.ndarray, classes: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Similarity [slide, class] to the mean vector of each class's sentences."""
    prompts = []
    for sentences in classes.values():
        mean = text_vectors(aligner, list(sentences)).mean(0)  # type: ignore[arg-type]
        prompts.append(mean / np.linalg.norm(mean))
    return slide_to_text(slides, np.stack(prompts)).astype(np.float64)


def read_classes(path: Path) -> dict[str, list[str]]:
    """Classes from a JSON object (class -> sentence or sentences) or a text file with a class on each line.

    Raises `BadTable` when it is neither, or has fewer than two classes.
    """
    if not path.is_file():
        raise BadTable(
            f"{path} does not exist. Give a file with a class on each line, or a JSON object of class -> sentences."
        )
    text = path.read_text(encoding="utf-8")
    if path.suffix.lower() == ".json":
        try:
            raw = json.loads(text)
            classes = {name: [value] if isinstance(value, str) else list(value) for name, value in raw.items()}
        except (json.JSONDecodeError, AttributeError, TypeError) as error:
            raise BadTable(f"{path.name} is not a JSON object of class -> sentences ({error}).") from error
    else:
        classes = {line.strip(): [line.strip()] for line in text.splitlines() if line.strip()}
    if len(classes) < 2 or not all(classes.values()):
        raise BadTable(
            f"{path.name} names {len(classes)} classes; classification needs at least two, each with a sentence."
        )
    return classes


def write_csv(path: Path, result: Classification) -> None:
    """Probabilities as a table."""
    with path.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows(
            [
                ["slide_id", *result.classes],
                *([i, *p] for i, p in zip(result.slide_ids, result.probabilities.round(4).tolist(), strict=True)),
            ]
        )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def _labelled(table: Path, slide_ids: list[str], classes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    row_of = {slide_id: row for row, slide_id in enumerate(slide_ids)}
    rows, targets = [], []
    for row in read_rows(table, required=("slide_id", "label")):
        label = row.cells["label"]
        if label not in classes:
            raise UnknownName(f"{table.name} line {row.line} has the label {label!r}, which is none of the classes.")
        if row.cells["slide_id"] in row_of:
            rows.append(row_of[row.cells["slide_id"]])
            targets.append(classes.index(label))
    if len(set(targets)) < 2:
        raise NeedsRepair(
            f"{table.name} labels {len(rows)} indexed slides of {len(set(targets))} classes; "
            "calibration needs two or more classes."
        )
    return np.array(rows), np.array(targets)
