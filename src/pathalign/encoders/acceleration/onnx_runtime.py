"""ONNX Runtime on this machine's CPU. The only module that loads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pathalign.errors import BadModelFolder, MissingExtra


class OnnxSession:
    """An ONNX file, loaded and ready; its first input takes a batch of pixels. It cannot be pickled, its path can.

    Weights that the file keeps outside (`external data`) are read from beside it.
    """

    def __init__(self, path: Path, *, threads: int) -> None:
        """Raises `MissingExtra`, and `BadModelFolder` when the file is damaged or needs a newer runtime."""
        onnxruntime = _onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors, which raise as well
        # A pool that spins while it waits for a batch would take the core that reads the next one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        states = onnxruntime.capi.onnxruntime_pybind11_state
        self.path = path
        self._failures = (
            states.Fail, states.InvalidArgument, states.InvalidGraph, states.InvalidProtobuf, states.NoSuchFile,
            states.NotImplemented, states.RuntimeException,
        )  # fmt: skip
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except self._failures as error:
            raise BadModelFolder(
                f"{path.name} cannot be loaded by ONNX Runtime {onnxruntime.__version__} ({type(error).__name__}): the "
                "file is damaged, lacks its external data, or needs a newer runtime. Copy it again with all files "
                "beside it, or export it for an older opset."
            ) from error

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of each input by name; None where any size goes."""
        return {found.name: _sizes(found.shape) for found in self._session.get_inputs()}

    @property
    def input_type(self) -> str:
        """ONNX's name for the type of the first input, such as `tensor(float)` or `tensor(uint8)`."""
        return str(self._session.get_inputs()[0].type)

    @property
    def outputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of each output by name; None where any size goes."""
        return {found.name: _sizes(found.shape) for found in self._session.get_outputs()}

    def run(self, pixels: np.ndarray, output: str | None = None) -> Float[np.ndarray, "batch ..."]:
        """The output called `output`, or the first, for a batch of the type and shape that the first input takes.

        Raises `BadModelFolder` when the file cannot compute it.
        """
        name = output if output is not None else next(iter(self.outputs))
        try:
            return self._session.run([name], {next(iter(self.inputs)): pixels})[0]
        except self._failures as error:
            raise BadModelFolder(
                f"{self.path.name} fails on pixels of shape {list(pixels.shape)} ({type(error).__name__}). Give "
                "patches of the side that it was exported for, or export it for any batch."
            ) from error


def quantise(source: Path, target: Path) -> None:
    """Write `target`, whose products take bytes: weights by channel, activations by what each batch has of range.

    Nothing is calibrated, so nothing but the weights moves the result. Convolutions (the projection of pixels) stay.
    """
    _onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"],
        use_external_data_format=True,
    )  # fmt: skip


def version() -> str:
    """Of the installed ONNX Runtime; raises `MissingExtra`."""
    return str(_onnxruntime().__version__)


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("ONNX files are run by ONNX Runtime: `pip install 'pathalign[onnx]'`.") from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _sizes(shape: list[Any]) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) else None for size in shape)
