"""A torch encoder on a GPU: precision, compilation, and the batch that its memory holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pathalign.encoders.device import GPU_BATCH, channels_first, sent
from pathalign.encoders.encoder import PatchEncoder
from pathalign.encoders.torch_encoder import TorchEncoder

_SHARE = 0.8
"""Of the memory, what a batch may need at its height: allocators waste some."""


class GpuEncoder(TorchEncoder):
    """Like the torch encoder it is made of, in a precision of choice and, if asked, compiled.

    A compiled module takes a minute or more for its first batch, and again in each process that unpickles it.
    """

    def __init__(self, encoder: TorchEncoder, *, precision: str, compiled: bool) -> None:
        super().__init__(encoder.module, encoder.card)
        self._precision = precision
        self._compiled = compiled
        if compiled:
            self.module.compile()

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes."""
        runtime = "torch, compiled" if self._compiled else "torch"
        return {"device": self.device.type, "runtime": runtime, "precision": self._precision}

    @torch.inference_mode()
    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """What the module makes of each patch, in single precision."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._precision == "bfloat16"):
            return self.module(channels_first(sent(patches, self.device))).float()


def batch_by_memory(peak_bytes: Callable[[int], int], total_bytes: int, *, most: int = GPU_BATCH) -> int:
    """The largest power of two up to `most` whose batch, by two trials, needs at most 0.8 of the memory; at least 1.

    `peak_bytes` says what a batch of so many patches needs at its height, weights and all; what grows is linear in the
    batch. `total_bytes` is what the device has, not what is free now: with another batch the last bits would move.
    """
    one, two = peak_bytes(1), peak_bytes(2)
    each = max(1, two - one)
    fits = int((_SHARE * total_bytes - one) // each) + 1
    batch = 1
    while batch * 2 <= min(most, fits):
        batch *= 2
    return batch


def gpu_batch(encoder: PatchEncoder, *, patch_px: int) -> int:
    """`batch_by_memory` of an encoder on its GPU; the default where the memory that it needs is not torch's to tell."""
    if not isinstance(encoder, TorchEncoder):
        return GPU_BATCH
    total = torch.cuda.get_device_properties(encoder.device).total_memory
    return batch_by_memory(peak_on_gpu(encoder, patch_px=patch_px), total)


def peak_on_gpu(encoder: TorchEncoder, *, patch_px: int) -> Callable[[int], int]:
    """A function that encodes a batch of blank patches and says what memory that took at its height, in bytes."""

    def peak(batch: int) -> int:
        torch.cuda.reset_peak_memory_stats(encoder.device)
        encoder.encode(torch.zeros(batch, patch_px, patch_px, 3, dtype=torch.uint8))
        return torch.cuda.max_memory_allocated(encoder.device)

    return peak
