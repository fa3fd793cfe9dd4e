"""Products of bytes for OpenVINO, with scales from patches. The only module that loads NNCF, which finds the scales."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from jaxtyping import UInt8
from torch import Tensor

from pathalign.encoders.acceleration.graph import quiet
from pathalign.encoders.device import channels_first
from pathalign.errors import MissingExtra

_BATCH = 8


def quantiser(patches: UInt8[Tensor, "patch height width 3"]) -> Callable[[Any], Any]:
    """From an OpenVINO model to one that multiplies bytes, calibrated on `patches`; the same patches, the same model.

    SmoothQuant first, since a few channels of a transformer are far larger than the rest (Xiao et al. 2023).
    Raises `MissingExtra`. Import OpenVINO before.
    """
    try:
        import nncf
    except ImportError as error:
        raise MissingExtra("int8 on OpenVINO needs NNCF: `pip install 'pathalign[openvino]'`.") from error
    batches = [channels_first(some).contiguous().numpy() for some in patches.split(_BATCH)]

    def quantise(model: Any) -> Any:
        nncf.set_log_level(logging.ERROR)
        with quiet(), redirect_stdout(io.StringIO()):  # its progress bars, and stdout is for one document
            return nncf.quantize(
                model, nncf.Dataset(batches), model_type=nncf.ModelType.TRANSFORMER,
                preset=nncf.QuantizationPreset.MIXED, subset_size=len(batches),
            )  # fmt: skip

    return quantise
