"""Whether another way of computing an encoder gives the same embeddings: a fixed set of patches through both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

PATCHES = 8
EXACT_ENOUGH = 0.9998
"""Least cosine, over the patches, of embeddings with those of float32; bfloat16 of a ViT-S is near 0.9999."""
INT8_FLOOR = 0.95
"""Below this, bytes are not an approximation but another encoder. What lies above is judged by retrieval."""

Run = Callable[[Float[np.ndarray, "batch 3 height width"]], Float[np.ndarray, "batch dim"]]


def probe_patches(patch_px: int) -> UInt8[Tensor, "patch patch_px patch_px 3"]:
    """Stains of smooth random density at two scales, from a fixed seed: near enough to tissue to move every channel."""
    generator = torch.Generator().manual_seed(0)
    coarse, fine = (
        functional.interpolate(
            torch.rand(PATCHES, 2, max(2, patch_px // scale), max(2, patch_px // scale), generator=generator),
            (patch_px, patch_px), mode="bilinear",
        )
        for scale in (32, 4)
    )  # fmt: skip
    amount = 1.6 * coarse * fine  # of haematoxylin and eosin
    density = torch.einsum("bshw,sc->bhwc", amount, torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]]))
    return (255 * torch.exp(-density)).round().to(torch.uint8)


def least_cosine(wanted: Float[np.ndarray, "batch dim"], found: Float[np.ndarray, "batch dim"]) -> float:
    """The smallest of the patches' cosines; -1 where a number is not finite."""
    a, b = wanted.astype(np.float64), found.astype(np.float64)
    if not np.isfinite(b).all():
        return -1.0
    return float(((a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-30)).min())
