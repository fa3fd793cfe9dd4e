"""The pixels of a slide's patches, in the order of its grid."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from pathalign.domain.geometry import PatchGrid
from pathalign.slides.slide_reader import SlideReader


def read_patches(slide: SlideReader, grid: PatchGrid, *, batch: int) -> Iterator[UInt8[np.ndarray, "batch y x 3"]]:
    """The pixels of a grid's patches in its order, `batch` at a time (the last one may be shorter)."""
    px = grid.spec.patch_px
    plan = slide.plan(grid.spec.patch_mpp)
    for start in range(0, len(grid), batch):
        corners = grid.xy_px0[start : start + batch].tolist()
        yield np.stack([slide.planned_region(plan, (x, y), (px, px)) for x, y in corners])
