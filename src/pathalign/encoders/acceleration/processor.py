"""What the CPU has that moves the speed of an encoder: wide vectors, and units for bfloat16 and for bytes."""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")
_WORTH = 1.2
"""With units for it a bfloat16 product takes less than half the time of float32, without them up to 160 times that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """The features of a CPU under the kernel's names, and what a product of matrices costs on it."""

    features: frozenset[str]
    """Of those that matter here; empty where the operating system does not list them."""
    bfloat16_speed: float
    """Times the speed of float32, measured: emulated products exist, and features that a virtual machine hides."""

    @property
    def has_bfloat16(self) -> bool:
        """Whether bfloat16 is faster than float32. A list of features that names no such unit is believed."""
        listed = not self.features or bool(self.features & {"avx512_bf16", "amx_bf16", "bf16"})
        return listed and self.bfloat16_speed > _WORTH

    @property
    def has_int8(self) -> bool:
        """Whether products of bytes have a unit of their own (VNNI, AMX, or ARM's dot products)."""
        return bool(self.features & {"avx512_vnni", "avx_vnni", "amx_int8", "i8mm", "asimddp"})

    def __str__(self) -> str:
        return ", ".join(sorted(self.features)) or "features not listed"


RELEVANT = frozenset({
    "avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16", "amx_int8", "amx_tile",
    "bf16", "i8mm", "asimddp",
})  # fmt: skip


@cache
def this_processor() -> Processor:
    """The CPU of this machine, probed once in a process (some milliseconds)."""
    text = _CPUINFO.read_text(encoding="utf-8") if _CPUINFO.is_file() else ""
    ratio = _product_seconds(torch.float32) / _product_seconds(torch.bfloat16)
    return Processor(features=listed_features(text), bfloat16_speed=ratio)


def listed_features(cpuinfo: str) -> frozenset[str]:
    """The relevant features of the first CPU in the text of /proc/cpuinfo (`flags` on x86, `Features` on ARM)."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            found: Set[str] = set(value.split())
            return RELEVANT & found
    return frozenset()


def _product_seconds(dtype: torch.dtype) -> float:
    a = torch.ones(384, 384, dtype=dtype)
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return min(seconds)
