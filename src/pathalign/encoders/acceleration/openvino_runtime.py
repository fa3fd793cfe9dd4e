"""OpenVINO on this machine's CPU, from a torch module or a SavedModel directly. The only module that loads it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import nn

from pathalign.encoders.acceleration.graph import NotExportable, graph_of, quiet
from pathalign.encoders.acceleration.signal_stack import kept_signal_stack
from pathalign.errors import BadModelFolder, MissingExtra

_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
"""The type of what is not quantised."""


class OpenVinoModel:
    """A module compiled for the CPU: float pixels [batch, 3, height, width] to embeddings, any batch."""

    def __init__(
        self, module: nn.Module, *, patch_px: int, precision: str, threads: int,
        quantise: Callable[[Any], Any] | None = None,
    ) -> None:  # fmt: skip
        """`quantise` turns the converted model into one of bytes. Raises `MissingExtra` and `NotExportable`."""
        model = _converted(module, patch_px)
        if quantise is not None:
            model = quantise(model)
        self._compiled = _Compiled(model, precision, threads)

    def run(self, pixels: Float[np.ndarray, "batch 3 height width"]) -> Float[np.ndarray, "batch dim"]:
        """The embeddings, in memory of their own."""
        return self._compiled.run(pixels)


class SavedModel:
    """A TensorFlow SavedModel with one input, compiled for the CPU; TensorFlow itself is not needed."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        """Raises `MissingExtra`, and `BadModelFolder` when OpenVINO cannot read the folder."""
        openvino = _openvino()
        try:
            with quiet():
                self._compiled = _Compiled(openvino.Core().read_model(str(folder)), "float32", threads)
        except RuntimeError as error:
            raise BadModelFolder(
                f"{folder.name} is damaged, or no SavedModel that OpenVINO can read. Copy the folder again."
            ) from error
        self._name = folder.name

    def run(self, pixels: Float[np.ndarray, "batch height width 3"]) -> Float[np.ndarray, "batch ..."]:
        """The first output, in memory of its own; raises `BadModelFolder` for an input that it does not take."""
        try:
            return self._compiled.run(pixels)
        except RuntimeError as error:
            raise BadModelFolder(
                f"The SavedModel in {self._name} does not take pixels of shape {list(pixels.shape)}: is it this one?"
            ) from error


class _Compiled:
    """A model on the CPU that is made, run and dropped without touching the stack of this thread's signals."""

    def __init__(self, model: Any, precision: str, threads: int) -> None:
        with kept_signal_stack():
            self._model = _openvino().Core().compile_model(model, "CPU", _options(precision, threads))

    def run(self, pixels: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """The first output, in memory of its own."""
        with kept_signal_stack():
            return np.array(self._model(pixels)[0], dtype=np.float32)

    def __del__(self) -> None:
        with kept_signal_stack():
            self.__dict__.clear()


def _options(precision: str, threads: int) -> dict[str, Any]:
    # One stream: all threads on one batch. No pinning: whoever reads slides needs a core now and then.
    return {
        "INFERENCE_PRECISION_HINT": _HINTS[precision], "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }  # fmt: skip


def version() -> str:
    """Of the installed OpenVINO; raises `MissingExtra`."""
    return str(_openvino().__version__).partition("-")[0]


def _openvino() -> Any:
    # OpenVINO reports every import and conversion to an analytics service, unless its reporter cannot be imported.
    # Nothing about this machine leaves it, so here it cannot be.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise MissingExtra("OpenVINO is not installed: `pip install 'pathalign[openvino]'`.") from error
    return openvino


def _converted(module: nn.Module, patch_px: int) -> Any:
    _openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder

    graph = graph_of(module, patch_px=patch_px)
    try:
        with quiet():
            decoder = TorchFXPythonDecoder.from_exported_program(graph)  # named, for the front end does not keep it
            frontend = FrontEndManager().load_by_framework("pytorch")
            return frontend.convert(frontend.load(decoder))
    except RuntimeError as error:  # of which OpenVINO's errors are subclasses
        raise NotExportable(
            f"{type(module).__name__} uses operators that OpenVINO does not have. Use `--runtime torch`."
        ) from error
