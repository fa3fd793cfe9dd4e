"""The trained models of a workspace, checked against the embeddings that they are to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pathalign.domain.geometry import Bag
from pathalign.encoders.device import pick_device
from pathalign.errors import BadModelFolder, MissingArtifact, StaleArtifact
from pathalign.model.aligner import Aligner
from pathalign.model.bags import collate
from pathalign.model.describer import Describer
from pathalign.model.folder import load_model, read_config
from pathalign.store.artifact import read_manifest
from pathalign.store.embeddings import embedding_path, read_bag
from pathalign.store.workspace import Workspace

BATCH = 16
"""Slides embedded at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceModel:
    """A model with the folder of embeddings that it reads."""

    model: Any
    manifest: dict[str, Any]
    embeddings: Path

    def bag(self, slide_id: str) -> Bag:
        """The embeddings of a slide; raises `MissingArtifact` when it has none or no tissue."""
        bag = read_bag(embedding_path(self.embeddings, slide_id), slide_id=slide_id)
        if not len(bag):
            raise MissingArtifact(f"Slide {slide_id} has no tissue, so there is nothing to look at.")
        return bag


def load_aligner(workspace: Workspace, *, device: str = "cpu") -> WorkspaceModel:
    """PathAlign-R of the workspace; raises `MissingArtifact` or `StaleArtifact`."""
    return _load(workspace, "retrieval", Aligner, pick_device(device))


def load_describer(workspace: Workspace, *, device: str = "cpu") -> WorkspaceModel:
    """PathAlign-G of the workspace; raises `MissingArtifact` or `StaleArtifact`."""
    return _load(workspace, "generation", Describer, pick_device(device))


def slide_vectors(aligner: Aligner, bags: Iterable[Bag]) -> Iterator[tuple[str, np.ndarray]]:
    """(slide, unit vectors [query, dim]) of bags, in their order."""
    rest = iter(bags)
    while batch := list(islice(rest, BATCH)):
        with torch.inference_mode():  # not around the `yield`: what the caller does meanwhile is its own business
            vectors = aligner.embed_slides(collate(batch).to(aligner.device)).cpu().numpy()
        yield from zip([bag.slide_id for bag in batch], vectors, strict=True)


@torch.inference_mode()
def text_vectors(aligner: Aligner, texts: list[str]) -> np.ndarray:
    """Unit vectors [text, dim]."""
    chunks = [aligner.embed_texts(texts[i : i + 64]).cpu().numpy() for i in range(0, len(texts), 64)]
    return np.concatenate([np.zeros((0, aligner.projection_dim), np.float32), *chunks])


def _load(workspace: Workspace, kind: str, expected: type, device: torch.device) -> WorkspaceModel:
    folder = workspace.model_folder(kind)
    manifest = read_manifest(folder, kind=kind, repair=f"Run `pathalign train {kind}`.")
    embeddings = workspace.embeddings_folder(read_config(folder)["embeddings"]["name"])
    current = read_manifest(embeddings, kind="patch embeddings", repair="Run `pathalign embed`.")
    trained_on = read_config(folder)["embeddings"]
    changed = [key for key, value in current["config"].items() if trained_on.get(key) != value]
    if changed:
        raise StaleArtifact(
            f"models/{kind} was trained on embeddings with another {' and '.join(changed)} than embeddings/"
            f"{embeddings.name} has now. Run `pathalign train {kind}` again."
        )
    model = load_model(folder, device=device)
    if not isinstance(model, expected):
        raise BadModelFolder(f"models/{kind} holds a {type(model).__name__}. Run `pathalign train {kind} --restart`.")
    return WorkspaceModel(model=model, manifest=manifest, embeddings=embeddings)
