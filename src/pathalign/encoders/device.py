"""Where an encoder computes, and how bytes get there."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pathalign.errors import NeedsRepair

CPU_BATCH, GPU_BATCH = 16, 128
"""Patches per call of an encoder; of more the products of a layer leave a CPU's cache (`make bench-encode`)."""


def pick_device(name: str) -> torch.device:
    """`auto` (a GPU if there is one), `cpu`, `cuda` or `cuda:1`; raises `NeedsRepair` for one that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdigit()) or (kind == "cpu" and number):
        raise NeedsRepair(f"There is no device {name!r}. Give `auto`, `cpu`, `cuda` or `cuda:N`.")
    if kind == "cuda" and int(number or 0) >= (torch.cuda.device_count() if torch.cuda.is_available() else 0):
        raise NeedsRepair(
            f"This machine, with this build of torch, has no device {name}. `pathalign doctor` says what it has; "
            "`--device auto` takes what is there."
        )
    return torch.device(name)


def precision(device: torch.device) -> str:
    """What `autocast` computes in there, for the provenance."""
    return "bfloat16" if device.type == "cuda" else "float32"


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 on CUDA; on a CPU it is often slower than float32, so there it is float32."""
    return torch.autocast("cuda", dtype=torch.bfloat16, enabled=device.type == "cuda")


def sent(patches: UInt8[Tensor, "batch height width 3"], device: torch.device) -> UInt8[Tensor, "batch height width 3"]:
    """The batch on the device, as bytes: a quarter of what floats would take on the way.

    Raises `TypeError` for anything but bytes: whether floats lie between 0 and 1 or 255 is not to be guessed.
    """
    if patches.dtype != torch.uint8:
        raise TypeError(f"Patches are RGB bytes, uint8, but these are {patches.dtype}. Give grey levels as they are.")
    if patches.device == device:
        return patches
    return patches.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else patches.to(device)


def channels_first(patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch 3 height width"]:
    """Grey levels 0-255 as floats, for a projection into which the normalisation is folded."""
    return patches.permute(0, 3, 1, 2).float()
