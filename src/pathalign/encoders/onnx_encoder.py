"""An ONNX file of anyone's as a patch encoder, computed by ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pathalign.encoders.acceleration import onnx_runtime
from pathalign.encoders.acceleration.onnx_runtime import OnnxSession
from pathalign.encoders.device import channels_first, sent
from pathalign.encoders.exported_card import ExportedCard, check_output, file_digest
from pathalign.encoders.outside_torch import OutsideTorch
from pathalign.encoders.pooling import POOLINGS
from pathalign.encoders.torch_encoder import GreyLevels
from pathalign.errors import BadModelFolder, MissingExtra, NeedsRepair
from pathalign.slides.workers.cores import usable_cores

_TYPES: Mapping[str, tuple[torch.dtype, bool]] = {
    "tensor(float)": (torch.float32, False), "tensor(float16)": (torch.float16, False),
    "tensor(uint8)": (torch.uint8, True),
}  # fmt: skip
"""ONNX's name of an input type: torch's, and whether it is of bytes."""


class OnnxEncoder(OutsideTorch):
    """The file is loaded on first use, and again where the encoder is unpickled: `path` must be there too.

    Computes on the CPU whatever the device; embeddings are put on the device.
    """

    def __init__(self, path: Path, card: ExportedCard) -> None:
        """Raises `BadModelFolder` when the card does not fit the file, and `MissingExtra`."""
        self.path = path.resolve()
        self._facts = card
        self._session: OnnxSession | None = None
        self._pixels = GreyLevels(None, card.mean, card.std)
        self._batch, self._sides = _fitting(path, self._ready(), card)
        super().__init__(card.encoder_card(file_digest([path, *external_data(path)], card.input)))
        blank = torch.zeros(1, card.patch_px, card.patch_px, 3, dtype=torch.uint8)
        check_output(path, tuple(self._computed(blank).shape), card)

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes."""
        return {"device": "cpu", "runtime": f"onnxruntime {onnx_runtime.version()}", "precision": "as exported"}

    @torch.inference_mode()
    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """What the file makes of each patch; raises `NeedsRepair` for a side that it does not take."""
        patches = sent(patches, torch.device("cpu"))
        for side, fixed in zip(patches.shape[1:3], self._sides, strict=True):
            if fixed is not None and side != fixed:
                raise NeedsRepair(
                    f"{self.path.name} takes patches of {self._facts.patch_px} px, and these have {side}. Leave "
                    "`--patch-px` out, or export it for any size."
                )
        if not len(patches):
            return torch.zeros((0, self._card.embedding_dim), device=self._device)
        return torch.cat([self._computed(part) for part in self._parts(patches)]).to(self._device)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}

    def _ready(self) -> OnnxSession:
        if self._session is None:
            self._session = OnnxSession(self.path, threads=min(torch.get_num_threads(), usable_cores()))
        return self._session

    def _parts(self, patches: UInt8[Tensor, "batch height width 3"]) -> Iterator[UInt8[Tensor, "part height width 3"]]:
        yield from patches.split(self._batch or len(patches))

    def _computed(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch ..."]:
        """Pooled where the card says how; a file of one batch size gets the rest of its batch as black patches."""
        count = len(patches)
        if self._batch is not None and count < self._batch:
            patches = torch.cat([patches, patches.new_zeros(self._batch - count, *patches.shape[1:])])
        kind, (dtype, _) = self._facts.input, _TYPES[self._ready().input_type]
        if kind == "bytes NHWC":
            pixels = patches
        else:
            grey = channels_first(patches)
            pixels = self._pixels(grey) if kind == "normalised NCHW" else grey
        found = torch.from_numpy(self._ready().run(pixels.to(dtype).contiguous().numpy())).float()
        if found.ndim == 3 and (pool := POOLINGS.get(self._facts.pooling)) is not None:
            found = pool(found, self._facts.prefix_tokens)
        return found[:count]


def external_data(path: Path) -> list[Path]:
    """Files beside an ONNX file that hold weights of it, by name; raises `MissingExtra` without the package onnx."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtra("ONNX files are read by onnx: `pip install 'pathalign[onnx]'`.") from error
    model = onnx.load(str(path), load_external_data=False)
    graphs = [model.graph]
    places: set[str] = set()
    while graphs:
        graph = graphs.pop()
        attributes = [each for node in graph.node for each in node.attribute]
        for each in attributes:
            graphs += [*([each.g] if each.HasField("g") else []), *each.graphs]
        tensors = [*graph.initializer, *(each.t for each in attributes if each.HasField("t"))]
        places |= {entry.value for each in tensors for entry in each.external_data if entry.key == "location"}
    return [path.parent / place for place in sorted(places)]


def _fitting(path: Path, session: OnnxSession, card: ExportedCard) -> tuple[int | None, tuple[int | None, int | None]]:
    """Batch, and height and width, that the file takes (None: any); raises `BadModelFolder` for what does not fit."""
    wants_bytes = card.input == "bytes NHWC"
    shapes = list(session.inputs.values())
    shape = shapes[0]
    sides = shape[1:3] if wants_bytes else shape[2:4]
    channels = shape[-1] if wants_bytes else (*shape, None, None)[1]
    fits = (
        len(shapes) == 1 and len(shape) == 4 and channels in (3, None)
        and all(side in (card.patch_px, None) for side in sides)
        and _TYPES.get(session.input_type, (None, None))[1] is wants_bytes
    )  # fmt: skip
    if not fits:
        seen = "; ".join(f"{name} {['any' if size is None else size for size in each]}"
                         for name, each in session.inputs.items())  # fmt: skip
        raise BadModelFolder(
            f"The card of {path.name} says {card.input} at patch_px {card.patch_px}, and the file takes {seen}, the "
            f"first as {session.input_type}. Correct the card, or export it with that one input."
        )
    return shape[0], (sides[0], sides[1])
