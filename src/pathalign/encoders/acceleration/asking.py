"""From what a user asks of an encoder (device, runtime, precision, compiled) to an encoder that does it."""

from __future__ import annotations

import os
from collections.abc import Callable

from jaxtyping import UInt8
from torch import Tensor, nn

from pathalign.encoders.acceleration.accelerated import AcceleratedEncoder, Tell
from pathalign.encoders.acceleration.choice import Precision, Runtime, choose, in_its_place, installed_runtimes
from pathalign.encoders.acceleration.gpu import GpuEncoder
from pathalign.encoders.acceleration.processor import this_processor
from pathalign.encoders.encoder import PatchEncoder
from pathalign.encoders.texture import TextureStatistics
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.errors import NeedsRepair

Calibrate = Callable[[], UInt8[Tensor, "patch patch_px patch_px 3"]]


def accelerated(
    encoder: PatchEncoder, *, patch_px: int, runtime: Runtime | None = None, precision: Precision | None = None,
    compiled: bool = False, calibrate: Calibrate | None = None, tell: Tell | None = None,
) -> PatchEncoder:  # fmt: skip
    """`encoder`, computing as is asked, or the fastest way that is exact enough where None is (see `choose`).

    `calibrate` gives patches of tissue, and is called where int8 needs them. What `tell` is told is for people.
    Raises `MissingExtra` for what is not installed and `NeedsRepair` for what the device or the encoder cannot do.
    """
    asked = runtime is not None or precision is not None or compiled
    if not isinstance(encoder, TorchEncoder):
        if asked:
            raise NeedsRepair(
                f"{encoder.card.name} brings its own runtime ({encoder.computes.get('runtime', 'unknown')}), and "
                "`--runtime`, `--precision` and `--compile` are for encoders that are torch modules. Leave them out."
            )
        return encoder
    if encoder.device.type != "cpu":
        return _on_gpu(encoder, runtime, precision, compiled=compiled)
    if compiled:
        raise NeedsRepair("`--compile` gains nothing on a CPU. Leave it out, or use `--runtime openvino`.")
    installed = installed_runtimes()
    route = choose(
        this_processor(), installed, runtime=runtime, precision=precision,
        weight_bytes=weight_bytes(encoder.module), memory_bytes=_memory_bytes(),
        has_statistics=any(isinstance(part, TextureStatistics) for part in encoder.module.modules()),
    )  # fmt: skip
    if route.is_plain:
        return encoder
    calibration = None
    if route.precision == "int8" and route.runtime == "openvino":
        if calibrate is None:
            raise NeedsRepair("int8 on OpenVINO needs patches to calibrate on. Use `--runtime onnxruntime`.")
        calibration = calibrate()
    # What nobody asked for may be left; what was asked for is done or refused.
    otherwise = () if asked else in_its_place(route, installed)
    return AcceleratedEncoder(
        encoder, route, patch_px=patch_px, otherwise=otherwise, calibration=calibration, tell=tell
    )


def _on_gpu(
    encoder: TorchEncoder, runtime: Runtime | None, precision: Precision | None, *, compiled: bool
) -> PatchEncoder:
    if runtime not in (None, "torch") or precision == "int8":
        raise NeedsRepair(
            f"On a GPU torch computes, in bfloat16 or float32; {runtime or 'torch'} in {precision or 'bfloat16'} is "
            "for CPUs. Leave the option out, or give `--device cpu`."
        )
    if precision in (None, "bfloat16") and not compiled:
        return encoder
    return GpuEncoder(encoder, precision=precision or "bfloat16", compiled=compiled)


def weight_bytes(module: nn.Module) -> int:
    """What the parameters of a module take in memory."""
    return sum(weight.numel() * weight.element_size() for weight in module.parameters())


def _memory_bytes() -> int | None:
    """Of the machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # Windows has no `sysconf`
        return None
