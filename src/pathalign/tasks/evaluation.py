"""`evaluate`: every metric on held-out patients, with confidence intervals, beside baselines that know nothing."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.domain.geometry import Bag
from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import SlideText, Split
from pathalign.domain.splits import check_no_leak
from pathalign.encoders.device import pick_device
from pathalign.errors import MissingArtifact
from pathalign.evaluate import figures
from pathalign.evaluate.bootstrap import Estimate, mean_by_patient
from pathalign.evaluate.classification import classification_metrics, confusion
from pathalign.evaluate.generation import agreement, generation_items, generation_scores
from pathalign.evaluate.report import render_report
from pathalign.evaluate.retrieval import chance_metrics, retrieval_metrics
from pathalign.evaluate.triage import time_to_urgent, triage_metrics
from pathalign.model.aligner import Aligner
from pathalign.store.artifact import MANIFEST, software, write_json, write_manifest, write_text
from pathalign.store.catalog import Catalog
from pathalign.store.index import Index, slide_to_slide, slide_to_text
from pathalign.store.workspace import Workspace
from pathalign.tasks.classification import class_scores, softmax
from pathalign.tasks.description import describe_bags
from pathalign.tasks.indexing import fresh_index
from pathalign.tasks.models import load_aligner, load_describer
from pathalign.tasks.triage import urgency_by_texts
from pathalign.text.malignancy import is_malignant

Metrics = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What `evaluate` measured and where it wrote it."""

    results: Metrics
    folder: Path

    def as_json(self) -> dict[str, object]:
        """The document of `evaluate --json`."""
        return {**self.results, "report": str(self.folder / "report.html")}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    """The held-out slides that have tissue and text, with everything that the metrics share."""

    texts: list[SlideText]
    patients: list[str]
    slides: np.ndarray  # [slide, query, dim]
    gallery: list[SlideText]  # one slide of each distinct text
    gallery_vectors: np.ndarray  # [text, dim]
    other_patient: np.ndarray  # [slide] row of a slide of another patient: the shuffled image


def evaluate(
    workspace: Workspace, *, split: Split = Split.TEST, device: str = "auto", progress: Progress = silent, seed: int = 0
) -> Evaluation:
    """Measure the workspace's models on one split; write results.json, slides.csv, figures and one HTML report.

    Retrieval, triage and classification need the retrieval model and the index; generation is measured when there is a
    generation model. Equal texts count as hits, and a slide is never compared with another of its own patient.
    """
    pick_device(device)  # a wrong one is refused before anything is measured
    with Catalog(workspace.catalog_path) as catalog:
        check_no_leak((slide.patient_id, slide.split) for slide in catalog.slides())
        index = fresh_index(workspace, catalog)
        aligner = load_aligner(workspace).model
        held = _hold_out(catalog, index, split, seed)
        train = catalog.texts(split=Split.TRAIN)
        urgency = urgency_by_texts(aligner, catalog, index.slides)[index.rows_of([t.slide_id for t in held.texts])]
    results: Metrics = {"split": split.value, "counts": _counts(held), "baselines": {}}
    drawn: dict[str, str] = {}
    with workspace.lock("evaluate"), progress("Measuring", 4) as advance:
        _measure_retrieval(held, results, drawn)
        advance(1)
        _measure_triage(held, urgency, results, drawn)
        advance(1)
        _measure_classification(held, aligner, train, results, drawn)
        advance(1)
        generated = _measure_generation(workspace, held, index, train, results, device)
        advance(1)
        folder = workspace.run_folder(f"evaluate-{split.value}")
        _write(folder, held, urgency, generated, results, drawn, workspace)
    return Evaluation(results=results, folder=folder)


def _hold_out(catalog: Catalog, index: Index, split: Split, seed: int) -> _Held:
    texts = [t for t in catalog.texts(split=split) if t.slide_id in set(index.slide_ids)]
    patients = [text.patient_id for text in texts]
    if len(set(patients)) < 2:
        raise MissingArtifact(
            f"Evaluation needs slides with text of at least two patients in the {split} split; "
            f"there are {len(set(patients))}. Add more, or correct the `split` column of slides.csv."
        )
    first = {text.retrieval_key: text for text in reversed(texts)}
    gallery = [text for text in texts if first[text.retrieval_key] is text]
    vectors = {slide_id: row for row, slide_id in enumerate(index.text_ids)}
    by_key = {text.retrieval_key: vectors[text.slide_id] for text in catalog.texts() if text.slide_id in vectors}
    return _Held(
        texts=texts, patients=patients, slides=np.array(index.slides[index.rows_of([t.slide_id for t in texts])]),
        gallery=gallery, gallery_vectors=np.array(index.texts[[by_key[t.retrieval_key] for t in gallery]]),
        other_patient=_other_patients(patients, seed),
    )  # fmt: skip


def _other_patients(patients: Sequence[str], seed: int) -> np.ndarray:
    """For each slide the row of a slide of another patient, drawn at random."""
    random, names = np.random.default_rng(seed), np.array(patients)
    return np.array([random.choice(np.flatnonzero(names != name)) for name in patients])


def _counts(held: _Held) -> Metrics:
    return {"slides": len(held.texts), "patients": len(set(held.patients)), "texts": len(held.gallery)}


def _equal(rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Whether keys are equal: [row, column]."""
    return np.array(rows)[:, None] == np.array(columns)[None, :]


def _measure_retrieval(held: _Held, results: Metrics, drawn: dict[str, str]) -> None:
    texts, shuffled = held.texts, held.slides[held.other_patient]
    other = np.array(held.patients)[:, None] != np.array(held.patients)[None, :]
    of_slides, of_texts = ([text.retrieval_key for text in some] for some in (texts, held.gallery))
    concepts = [text.concept_key for text in texts]  # another patient's slide is a hit when it shows the same
    cases = {
        "slide_to_text": (slide_to_text, held.gallery_vectors, _equal(of_slides, of_texts), held.patients, None),
        "text_to_slide": (
            lambda slides, vectors: slide_to_text(slides, vectors).T, held.gallery_vectors,
            _equal(of_texts, of_slides), [text.patient_id for text in held.gallery], None,
        ),
        "slide_to_slide": (slide_to_slide, held.slides, _equal(concepts, concepts), held.patients, other),
    }  # fmt: skip
    found: Metrics = {}
    chance: Metrics = {}
    blind: Metrics = {}
    for name, (similarity, against, is_hit, patients, allowed) in cases.items():
        found[name] = retrieval_metrics(similarity(held.slides, against), is_hit, patients, allowed=allowed)
        chance[name] = chance_metrics(is_hit, allowed, patients, (1, 5, 10))
        blind[name] = retrieval_metrics(similarity(shuffled, against), is_hit, patients, allowed=allowed)
        bars = {"PathAlign": found[name], "chance": chance[name], "shuffled images": blind[name]}
        recalls = ["recall@1", "recall@5", "recall@10"]
        drawn[f"retrieval_{name}"] = figures.recall_bars(bars, title=name.replace("_", " "), metrics=recalls)
    results["retrieval"] = _json(found)
    results["baselines"]["chance"] = {"retrieval": _json(chance)}
    results["baselines"]["shuffled_images"] = {"retrieval": _json(blind)}


def _measure_triage(held: _Held, urgency: np.ndarray, results: Metrics, drawn: dict[str, str]) -> None:
    known = np.array([text.malignant is not None for text in held.texts])
    labels = np.array([bool(text.malignant) for text in held.texts])[known]
    if labels.all() or not labels.any():
        return  # the page says that the split holds only one kind
    patients = [patient for patient, is_known in zip(held.patients, known, strict=True) if is_known]
    blind = urgency[held.other_patient][known]
    results["triage"] = _json(triage_metrics(urgency[known], labels, patients))
    results["triage"]["time_to_urgent"] = time_to_urgent(urgency[known], labels)
    results["baselines"]["chance"]["triage"] = {"auroc": {"value": 0.5, "ci95": [0.5, 0.5], "n": len(labels)}}
    results["baselines"]["shuffled_images"]["triage"] = _json(triage_metrics(blind, labels, patients))
    drawn["triage_roc"] = figures.roc_figure(
        {"PathAlign": (urgency[known], labels), "shuffled images": (blind, labels)}, title="Malignant or not"
    )
    drawn["triage_queue"] = figures.queue_figure(urgency[known], labels, title="Malignant slides found while reading")


def _measure_classification(
    held: _Held, aligner: Aligner, train: list[SlideText], results: Metrics, drawn: dict[str, str]
) -> None:
    """Zero-shot: the organ that the header of the part names, among those that the training split has."""
    organs = sorted({organ for text in train if (organ := organ_of_text(text.generation_text))})
    told = [organ_of_text(text.generation_text) for text in held.texts]
    rows = np.array([row for row, organ in enumerate(told) if organ in organs], dtype=np.int64)
    if len(organs) < 2 or not len(rows):
        return
    labels = np.array([organs.index(told[row] or "") for row in rows])
    patients = [held.patients[row] for row in rows]
    scores = class_scores(aligner, held.slides, {organ: [organ] for organ in organs}) / aligner.temperature.item()
    blind = scores[held.other_patient]
    results["classification"] = {"organ": _json(classification_metrics(softmax(scores[rows]), labels, patients))}
    results["baselines"]["shuffled_images"]["classification"] = {
        "organ": _json(classification_metrics(softmax(blind[rows]), labels, patients))
    }
    drawn["classification_organ"] = figures.confusion_figure(
        confusion(softmax(scores[rows]), labels), organs, title="Organ, zero-shot"
    )


def _measure_generation(
    workspace: Workspace, held: _Held, index: Index, train: list[SlideText], results: Metrics, device: str
) -> list[str] | None:
    if not (workspace.model_folder("generation") / MANIFEST).is_file():
        return None
    loaded = load_describer(workspace, device=device)
    bags: list[Bag] = [loaded.bag(text.slide_id) for text in held.texts]
    generated = describe_bags(loaded.model, bags)
    truth = [text.generation_text for text in held.texts]
    common = Counter(text.generation_text for text in train if text.generation_text)
    constant = min(common, key=lambda text: (-common[text], text))
    usable = [text for text in train if text.slide_id in set(index.slide_ids) and text.generation_text]
    theirs = np.array(index.slides[index.rows_of([text.slide_id for text in usable])])
    nearest = [usable[row].generation_text for row in slide_to_slide(held.slides, theirs).argmax(1)]
    results["generation"] = _generation_metrics(generated, held, truth)
    results["baselines"]["constant_text"] = {"generation": _generation_metrics([constant] * len(truth), held, truth)}
    results["baselines"]["nearest_neighbour"] = {"generation": _generation_metrics(nearest, held, truth)}
    blind = [generated[row] for row in held.other_patient]
    results["baselines"]["shuffled_images"]["generation"] = _generation_metrics(blind, held, truth)
    return generated


def _generation_metrics(generated: list[str], held: _Held, truth: list[str]) -> Metrics:
    patients = held.patients
    scores = generation_scores(generated, truth, patients)
    organs = [organ_of_text(text) for text in truth]
    scores["organ_right"] = agreement([organ_of_text(text) for text in generated], organs, patients)
    malignant = [text.malignant for text in held.texts]
    scores["malignancy_right"] = agreement([is_malignant(text) for text in generated], malignant, patients)
    has_number = np.array([any(c.isdigit() for c in text) for text in generated], dtype=np.float64)
    scores["says_a_number"] = mean_by_patient(has_number, patients)
    return _json(scores)


def organ_of_text(text: str) -> str | None:
    """The organ that opens a generation text ("Lung: ..."), or None when it names none."""
    organ, colon, _ = text.partition(":")
    return organ.strip() if colon and len(organ) < 40 and "." not in organ else None


def _json(metrics: Mapping[str, Any]) -> Metrics:
    return {name: value.as_json() if isinstance(value, Estimate) else _json(value) for name, value in metrics.items()}


def _write(
    folder: Path, held: _Held, urgency: np.ndarray, generated: list[str] | None, results: Metrics,
    drawn: dict[str, str], workspace: Workspace,
) -> None:  # fmt: skip
    """The manifest last; figures also as files of their own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nearest = slide_to_text(held.slides, held.gallery_vectors).argmax(1)
    items = generation_items(generated, [text.generation_text for text in held.texts]) if generated else {}
    with (folder / "slides.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(["slide_id", "top_text_of_slide", "urgency", "malignant", "generated_text", *items])
        for row, text in enumerate(held.texts):
            values = [f"{values[row]:.4f}" for values in items.values()]
            said = generated[row] if generated else ""
            top = held.gallery[nearest[row]].slide_id
            writer.writerow([text.slide_id, top, f"{urgency[row]:.4f}", text.malignant, said, *values])
    for name, svg in drawn.items():
        write_text(folder / "figures" / f"{name}.svg", svg)
    parents = {name: _id(workspace, name) for name in ("retrieval", "generation")}
    provenance = {"models": {k: v for k, v in parents.items() if v}, "software": software()}
    title = f"PathAlign on the {results['split']} split"
    write_text(folder / "report.html", render_report(results, drawn, title=title, provenance=provenance))
    write_json(folder / "results.json", results)
    write_manifest(
        folder, kind="evaluation", config={"split": results["split"]}, parents=provenance["models"], licence=""
    )


def _id(workspace: Workspace, kind: str) -> str:
    path = workspace.model_folder(kind) / MANIFEST
    return str(json.loads(path.read_text(encoding="utf-8"))["id"]) if path.is_file() else ""
