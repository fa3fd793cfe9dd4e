"""Bags of patch embeddings, padded side by side.

`is_patch` is True where a patch is real. A slide scores the same alone and padded beside a larger one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pathalign.domain.geometry import Bag


@dataclass(frozen=True, slots=True)
class BagBatch:
    """Several slides, padded to the largest."""

    embeddings: Float[Tensor, "batch patch dim"]
    xy_um: Float[Tensor, "batch patch 2"]
    is_patch: Bool[Tensor, "batch patch"]

    def __len__(self) -> int:
        return len(self.embeddings)

    def to(self, device: torch.device) -> BagBatch:
        """The same batch on another device."""
        return BagBatch(self.embeddings.to(device), self.xy_um.to(device), self.is_patch.to(device))


def collate(bags: Sequence[Bag]) -> BagBatch:
    """Pad bags to one batch. An empty bag has nothing to attend to and must be left out before."""
    assert bags, "a batch needs a bag"
    assert all(len(bag) for bag in bags), "an empty slide reached the model; leave it out and record it as empty"
    most = max(len(bag) for bag in bags)
    embeddings = torch.zeros(len(bags), most, bags[0].embeddings.shape[1])
    xy_um = torch.zeros(len(bags), most, 2)
    is_patch = torch.zeros(len(bags), most, dtype=torch.bool)
    for row, bag in enumerate(bags):
        embeddings[row, : len(bag)] = torch.from_numpy(bag.embeddings.astype(np.float32))
        xy_um[row, : len(bag)] = torch.from_numpy(bag.xy_um)
        is_patch[row, : len(bag)] = True
    return BagBatch(embeddings, xy_um, is_patch)


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
