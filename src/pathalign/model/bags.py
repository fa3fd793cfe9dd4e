"""Bags of patch embeddings, packed one behind the other: nothing is padded, so nothing attends to padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pathalign.domain.geometry import Bag
from pathalign.store.stored_bag import StoredBag


@dataclass(frozen=True, slots=True)
class BagBatch:
    """Several slides; `patch` runs over the patches of all of them."""

    embeddings: Float[Tensor, "patch dim"]
    """In the type that they are stored in; `PatchInput` widens them, on the device."""
    xy_um: Float[Tensor, "patch 2"]
    lengths: tuple[int, ...]
    """Patches of each slide."""

    def __len__(self) -> int:
        return len(self.lengths)

    def split(self, slides: int) -> list[BagBatch]:
        """The same slides in batches of at most so many."""
        cuts = [self.lengths[start : start + slides] for start in range(0, len(self), slides)]
        patches = [sum(cut) for cut in cuts]
        parts = zip(self.embeddings.split(patches), self.xy_um.split(patches), cuts, strict=True)
        return [BagBatch(embeddings, xy_um, cut) for embeddings, xy_um, cut in parts]

    def to(self, device: torch.device) -> BagBatch:
        """The same batch on another device. From pinned memory the copy goes on while other work is begun."""
        apart = device.type == "cuda"
        return BagBatch(
            self.embeddings.to(device, non_blocking=apart), self.xy_um.to(device, non_blocking=apart), self.lengths
        )  # fmt: skip

    def pinned(self) -> BagBatch:
        """The same batch in memory that a GPU copies from by itself; there must be a GPU."""
        return BagBatch(self.embeddings.pin_memory(), self.xy_um.pin_memory(), self.lengths)


def collate(bags: Sequence[StoredBag]) -> BagBatch:
    """Pack bags to one batch. An empty bag has nothing to attend to and must be left out before.

    Half precision stays so, which is half the bytes on the way to a GPU; where bags differ the wider type serves all.
    """
    assert bags, "a batch needs a bag"
    assert all(len(bag) for bag in bags), "an empty slide reached the model; leave it out and record it as empty"
    embeddings = [bag.embeddings for bag in bags]
    half = all(rows.dtype == np.float16 for rows in embeddings)
    return BagBatch(
        torch.from_numpy(np.concatenate(embeddings, dtype=np.float16 if half else np.float32)),
        torch.from_numpy(np.concatenate([bag.xy_um for bag in bags])),
        tuple(len(bag) for bag in bags),
    )


def joined(bags: Sequence[Bag]) -> Bag:
    """The slides of a case as one bag, laid side by side so that their positions do not fall together."""
    if len(bags) == 1:
        return bags[0]
    scale = bags[0].slide_mpp
    xy_px0, shift_px0 = [], 0.0
    for bag in bags:
        own = bag.xy_px0 * (bag.slide_mpp / scale)
        own[:, 0] += shift_px0
        shift_px0 = float(own[:, 0].max(initial=shift_px0)) + 2 * bag.side_px0 * bag.slide_mpp / scale
        xy_px0.append(own)
    return Bag(
        slide_id="+".join(bag.slide_id for bag in bags),
        embeddings=np.concatenate([bag.embeddings for bag in bags]),
        xy_px0=np.rint(np.concatenate(xy_px0)).astype(np.int32),
        slide_mpp=scale,
        side_px0=bags[0].side_px0,
    )
