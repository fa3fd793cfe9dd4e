"""One machine: reading processes beside the encoder, which computes in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float16, UInt8
from torch import Tensor

from pathalign.encoders.encoder import PatchEncoder
from pathalign.slides.slide_reading import ReadingConfig, ReadRequest
from pathalign.slides.workers.cores import usable_cores
from pathalign.slides.workers.pool import MOST_WORKERS, ReadingPool
from pathalign.tasks.collection import SlideResult, collect


def default_workers(*, on_gpu: bool) -> int:
    """One less than the cores that this process may use, for a GPU; one where the encoder itself needs the cores."""
    return max(1, min(MOST_WORKERS, usable_cores() - 1)) if on_gpu else 1


def run_locally(
    requests: Iterable[ReadRequest], encoder: PatchEncoder, reading: ReadingConfig, *, patch_px: int
) -> Iterator[SlideResult]:
    """The result of every slide, in the order in which they are done."""
    with ReadingPool(reading, patch_px=patch_px) as pool:
        # Closed here and now, not by a garbage collector later: what reads must stop when an encoder raises.
        events = pool.read(requests)
        try:
            yield from collect(
                events,
                encode=lambda rgb: half_of(encoder, rgb),
                gather=lambda parts: gathered(parts, encoder),
                computed=lambda: computed_by(encoder, reading),
            )
        finally:
            events.close()


def computed_by(encoder: PatchEncoder, reading: ReadingConfig) -> dict[str, Any]:
    """What can move the last bits of an embedding."""
    return {**encoder.computes, "batch": reading.batch}


def half_of(encoder: PatchEncoder, rgb: UInt8[np.ndarray, "batch y x 3"]) -> Tensor:
    """The embeddings of a batch in half precision, on the encoder's device, perhaps still being computed there."""
    return encoder.encode(torch.from_numpy(rgb)).half()


def gathered(parts: list[Tensor], encoder: PatchEncoder) -> Float16[np.ndarray, "patch dim"]:
    """The batches of a slide as one array."""
    if not parts:
        return np.zeros((0, encoder.card.embedding_dim), np.float16)
    return torch.cat(parts).cpu().numpy()
