"""The search index: vectors of slides and texts, aligned with their ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pathalign.store.artifact import read_manifest, write_json, write_manifest, written_aside

KIND = "search index"
_REPAIR = "Run `pathalign index`."


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """Unit vectors of the aligned space. Texts stay in the catalog; an id leads there."""

    slide_ids: list[str]
    slides: Float[np.ndarray, "slide query dim"]
    text_ids: list[str]
    """For each distinct text one slide that has it."""
    texts: Float[np.ndarray, "text dim"]

    def rows_of(self, slide_ids: list[str]) -> np.ndarray:
        """Rows of slides in `slides`."""
        row = {slide_id: number for number, slide_id in enumerate(self.slide_ids)}
        return np.array([row[slide_id] for slide_id in slide_ids], dtype=np.int64)


def slide_to_text(slides: Float[np.ndarray, "slide query dim"], texts: Float[np.ndarray, "text dim"]) -> np.ndarray:
    """Similarity [slide, text]: that of the best-fitting query, as in training."""
    return np.stack([(slide @ texts.T).max(0) for slide in slides]) if len(slides) else np.zeros((0, len(texts)))


def slide_to_slide(a: Float[np.ndarray, "a query dim"], b: Float[np.ndarray, "b query dim"]) -> np.ndarray:
    """Similarity [a, b]: the mean over queries of the cosine of like queries, for each looks for its own thing."""
    return a.reshape(len(a), -1) @ b.reshape(len(b), -1).T / a.shape[1]


def write_index(
    folder: Path, index: Index, *, config: Mapping[str, Any], parents: Mapping[str, str], licence: str
) -> dict[str, Any]:
    """Write an index; the manifest last."""
    for name, vectors in (("slides", index.slides), ("texts", index.texts)):
        with written_aside(folder / f"{name}.npy") as aside, aside.open("wb") as f:
            np.save(f, vectors.astype(np.float32))
    write_json(folder / "ids.json", {"slides": index.slide_ids, "texts": index.text_ids})
    return write_manifest(folder, kind=KIND, config=config, parents=parents, licence=licence)


def read_index(folder: Path) -> tuple[Index, dict[str, Any]]:
    """The index and its manifest; vectors are memory-mapped. Raises `MissingArtifact`."""
    manifest = read_manifest(folder, kind=KIND, repair=_REPAIR)
    ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    index = Index(
        slide_ids=ids["slides"], slides=np.load(folder / "slides.npy", mmap_mode="r"),
        text_ids=ids["texts"], texts=np.load(folder / "texts.npy", mmap_mode="r"),
    )  # fmt: skip
    return index, manifest
