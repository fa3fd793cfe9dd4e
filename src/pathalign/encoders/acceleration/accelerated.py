"""A torch encoder whose embeddings another runtime or precision computes, on the CPU."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pathalign.encoders.acceleration import onnx_runtime
from pathalign.encoders.acceleration.choice import Route
from pathalign.encoders.acceleration.graph import NotExportable, quiet
from pathalign.encoders.acceleration.onnx_export import write_onnx
from pathalign.encoders.acceleration.openvino_int8 import quantiser
from pathalign.encoders.acceleration.openvino_runtime import OpenVinoModel
from pathalign.encoders.acceleration.openvino_runtime import version as openvino_version
from pathalign.encoders.acceleration.torch_bfloat16 import TorchBfloat16
from pathalign.encoders.acceleration.verification import EXACT_ENOUGH, INT8_FLOOR, Run, least_cosine, probe_patches
from pathalign.encoders.device import channels_first
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.errors import NeedsRepair
from pathalign.slides.workers.cores import usable_cores

Tell = Callable[[str], None]
_CALIBRATION_PROBE = 32
"""Patches of the calibration by which int8 is verified."""


class AcceleratedEncoder:
    """Set up and verified on first use, and again where it is unpickled; on a GPU it is the torch encoder as it is.

    A way that cannot be set up or is not exact enough is left for the next of `otherwise`, and the reason told; where
    there is none left, it raises.
    """

    def __init__(
        self, encoder: TorchEncoder, route: Route, *, patch_px: int, otherwise: Sequence[Route] = (),
        calibration: UInt8[Tensor, "patch patch_px patch_px 3"] | None = None, tell: Tell | None = None,
    ) -> None:  # fmt: skip
        assert route.precision != "int8" or route.runtime != "openvino" or calibration is not None
        assert all(other.precision != "int8" for other in otherwise), "nobody is given what they did not ask for"
        self.encoder = encoder
        self.route = route
        self.patch_px = patch_px
        self._otherwise = tuple(otherwise)
        self._calibration = calibration
        self._tell = tell
        self._run: Run | None = None
        self.cosine: float | None = None
        """Least cosine with float32 on the probe patches, once it is set up."""

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""
        return self.encoder.card

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.encoder.device

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes, which is known once it is set up: asking sets it up."""
        if self._ready() is None:
            return self.encoder.computes
        versions = {"openvino": openvino_version, "onnxruntime": onnx_runtime.version, "torch": lambda: ""}
        runtime = f"{self.route.runtime} {versions[self.route.runtime]()}".strip()
        return {"device": "cpu", "runtime": runtime, "precision": self.route.precision}

    @property
    def identity(self) -> Mapping[str, Any]:
        """What of the route makes another embedding of it, not the same in other last bits: int8, and its scales."""
        if self.route.precision != "int8":
            return {}
        scales = None if self._calibration is None else hashlib.sha256(self._calibration.numpy().tobytes()).hexdigest()
        return {"int8": {"runtime": self.route.runtime, "calibration": scales and scales[:16]}}

    def to(self, device: torch.device) -> None:
        """Move it."""
        self.encoder.to(device)

    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """What the torch encoder gives, to the precision of the route; patches of another size go through torch."""
        run = self._ready()
        if run is None or patches.shape[1:3] != (self.patch_px, self.patch_px):
            return self.encoder.encode(patches)
        return torch.from_numpy(run(_pixels(patches)))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None, "_tell": None}

    def _ready(self) -> Run | None:
        """None where torch computes: on a GPU, or after falling back."""
        while self.device.type == "cpu" and not self.route.is_plain:
            if self._run is not None:
                return self._run
            try:
                self._run = self._verified(self._built())
            except (NotExportable, NotExact) as error:
                if not self._otherwise:
                    raise
                self.route, *others = self._otherwise
                self._otherwise = tuple(others)
                if self._tell is not None:
                    self._tell(f"{error} {self.route.runtime} in {self.route.precision} is tried instead.")
        return None

    def _built(self) -> Run:
        threads = min(torch.get_num_threads(), usable_cores())
        module, precision = self.encoder.module, self.route.precision
        if self.route.runtime == "onnxruntime":
            return _onnx_session(self.encoder, self.patch_px, precision, threads)
        if self.route.runtime == "openvino":
            openvino_version()  # loads it in the one proper way, before NNCF would
            quantise = None if precision != "int8" or self._calibration is None else quantiser(self._calibration)
            return OpenVinoModel(
                module, patch_px=self.patch_px, precision=precision, threads=threads, quantise=quantise
            ).run
        return TorchBfloat16(module).run

    def _verified(self, run: Run) -> Run:
        # Scales are of tissue, and may suit it worse than what is drawn: a single patch can be far off.
        probe = probe_patches(self.patch_px) if self._calibration is None else self._calibration[:_CALIBRATION_PROBE]
        self.cosine = least_cosine(self.encoder.encode(probe).numpy(), run(_pixels(probe)))
        least = INT8_FLOOR if self.route.precision == "int8" else EXACT_ENOUGH
        if self.cosine < least:
            raise NotExact(
                f"{self.card.name} on {self.route.runtime} in {self.route.precision} must be within a cosine of "
                f"{least} of float32, and is at {self.cosine:.5f}. Use `--runtime torch --precision float32`."
            )
        return run


class NotExact(NeedsRepair):
    """A faster way whose embeddings are too far from those of float32."""


def _onnx_session(encoder: TorchEncoder, patch_px: int, precision: str, threads: int) -> Run:
    with TemporaryDirectory(prefix="pathalign-onnx-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "encoder.onnx"
        write_onnx(encoder.module, path, patch_px=patch_px)
        if precision == "int8":
            with quiet():
                onnx_runtime.quantise(path, path := Path(folder) / "int8.onnx")
        session = onnx_runtime.OnnxSession(path, threads=threads)
    if precision != "int8":
        return session.run
    # The scale of activations is that of a call: one patch a call, or its embedding would depend on its neighbours.
    return lambda pixels: np.concatenate([session.run(pixels[i : i + 1]) for i in range(len(pixels))])


def _pixels(patches: UInt8[Tensor, "batch height width 3"]) -> Float[np.ndarray, "batch 3 height width"]:
    return channels_first(patches).contiguous().numpy()
