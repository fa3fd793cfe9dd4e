"""Google's Path Foundation, a TensorFlow SavedModel, as a patch encoder; OpenVINO reads it without TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pathalign.encoders.acceleration import openvino_runtime
from pathalign.encoders.acceleration.openvino_runtime import SavedModel
from pathalign.encoders.cards import PublicCard
from pathalign.encoders.device import sent
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.outside_torch import OutsideTorch
from pathalign.errors import BadModelFolder, NeedsRepair
from pathalign.slides.workers.cores import usable_cores

_PARTS = ("saved_model.pb", "variables/variables.index")


class PathFoundation(OutsideTorch):
    """Loaded on first use, and again where the encoder is unpickled: its folder must be there too.

    Computes on the CPU whatever the device; embeddings are put on the device.
    """

    def __init__(self, folder: Path, card: EncoderCard) -> None:
        super().__init__(card)
        self._folder = folder.resolve()
        self._model: SavedModel | None = None

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes."""
        return {"device": "cpu", "runtime": f"openvino {openvino_runtime.version()}", "precision": "float32"}

    @torch.inference_mode()
    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """The model's own embedding of each patch, whose RGB it takes between 0 and 1; raises `NeedsRepair`."""
        patches, px = sent(patches, torch.device("cpu")), self._card.patch_px
        if patches.shape[1:3] != (px, px):
            raise NeedsRepair(
                f"{self._card.name} takes patches of {px} px, and these have {patches.shape[2]}. Leave "
                "`--patch-px` out."
            )
        if not len(patches):
            return torch.zeros((0, self._card.embedding_dim), device=self._device)
        found = torch.from_numpy(self._ready().run((patches.float() / 255).numpy()))
        return found.to(self._device)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}

    def _ready(self) -> SavedModel:
        if self._model is None:
            self._model = SavedModel(self._folder, threads=min(torch.get_num_threads(), usable_cores()))
        return self._model


def load_path_foundation(place: Path, card: PublicCard) -> PathFoundation:
    """The encoder in a SavedModel's folder, or beside its `saved_model.pb`.

    Raises `BadModelFolder` when the folder is incomplete or holds a model that does not fit the card, and
    `MissingExtra` without OpenVINO.
    """
    folder = place if place.is_dir() else place.parent
    missing = [part for part in _PARTS if not (folder / part).is_file()]
    if missing:
        raise BadModelFolder(
            f"{folder.name} is not the whole SavedModel of {card.name}: {' and '.join(missing)} are not there. Copy "
            f"the folder again with everything that {card.page} offers."
        )
    encoder = PathFoundation(folder, card.encoder_card(weights_digest=_digest(folder)))
    blank = torch.zeros(1, card.patch_px, card.patch_px, 3, dtype=torch.uint8)
    shape = tuple(encoder.encode(blank).shape)
    if shape != (1, card.embedding_dim):
        raise BadModelFolder(
            f"{folder.name} makes an output of shape {list(shape)} of a patch, and {card.name} one of "
            f"[1, {card.embedding_dim}]. Give the folder of {card.page}."
        )
    return encoder


def _digest(folder: Path) -> str:
    """Hash of the graph and of its variables."""
    hasher = hashlib.sha256()
    for path in (folder / "saved_model.pb", *sorted((folder / "variables").iterdir())):
        hasher.update(path.name.encode())
        with path.open("rb") as file:
            hasher.update(hashlib.file_digest(file, "sha256").digest())
    return hasher.hexdigest()[:16]
