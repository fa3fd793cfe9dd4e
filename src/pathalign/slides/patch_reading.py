"""The pixels of a slide's patches, in the order of its grid, each made in its place within the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from pathalign.domain.geometry import PatchGrid
from pathalign.slides.colour import AS_STORED, NO_PROFILE
from pathalign.slides.resampling import Scratch, area_resample, source_span
from pathalign.slides.slide_reader import ReadingPlan, SlideReader


@runtime_checkable
class ReadsInto(Protocol):
    """A source that writes the pixels of a rectangle where they are wanted, without an array in between."""

    def can_average(self, level: int, mean: int) -> bool:
        """Whether it makes pixels that are the means of `mean` x `mean` of a level; always, for 1."""

    def read_into(self, level: int, left: int, top: int, out: UInt8[np.ndarray, "y x 3"], mean: int = 1) -> None:
        """Like `PixelSource.read`; the rectangle is as large as `out`, and counts pixels of `mean` x `mean`."""


Room = Callable[[tuple[int, int, int, int]], UInt8[np.ndarray, "batch y x 3"]]
"""Gives memory in one piece for a batch of that shape."""


def new_memory(shape: tuple[int, int, int, int]) -> UInt8[np.ndarray, "batch y x 3"]:
    """Memory that nobody else uses."""
    return np.empty(shape, np.uint8)


def read_patches(
    slide: SlideReader, grid: PatchGrid, *, batch: int, into: Room = new_memory
) -> Iterator[UInt8[np.ndarray, "batch y x 3"]]:
    """The pixels of a grid's patches in its order, `batch` at a time (the last one may be shorter).

    Each batch is written to the memory that `into` gives for it, and is that array. Raises `UnreadableSlide` when the
    data is broken.
    """
    px = grid.spec.patch_px
    patches = _Patches(slide, slide.plan(grid.spec.patch_mpp), px)
    for start in range(0, len(grid), batch):
        corners = grid.xy_px0[start : start + batch].tolist()
        out = into((len(corners), px, px, 3))
        for patch, (x, y) in zip(out, corners, strict=True):
            patches.read(x, y, patch)
        yield out


class _Patches:
    """Reads patches of one size by one plan."""

    def __init__(self, slide: SlideReader, plan: ReadingPlan, px: int) -> None:
        self._slide, self._plan, self._px = slide, plan, px
        source = slide.source
        as_stored = slide.colour in (AS_STORED, NO_PROFILE)
        self._direct = source if as_stored and isinstance(source, ReadsInto) else None
        whole = int(plan.factor) if plan.factor.is_integer() else 0
        self._mean = whole if self._direct and self._direct.can_average(plan.level, whole) else 0
        self._scratch = Scratch()

    def read(self, x_px0: int, y_px0: int, out: UInt8[np.ndarray, "y x 3"]) -> None:
        """One patch; the pixels are those of `SlideReader.planned_region`."""
        plan, px = self._plan, self._px
        if self._direct is None:
            out[:] = self._slide.planned_region(plan, (x_px0, y_px0), (px, px))
            return
        x, y = x_px0 / plan.downsample, y_px0 / plan.downsample
        if self._mean:
            left_mean, top_mean = x / self._mean, y / self._mean
            if left_mean.is_integer() and top_mean.is_integer():
                self._direct.read_into(plan.level, int(left_mean), int(top_mean), out, self._mean)
                return
        left, width = source_span(x, px, plan.factor)
        top, height = source_span(y, px, plan.factor)
        start = (x - left, y - top)
        source = self._scratch.array("source", (height, width, 3), np.uint8)
        self._direct.read_into(plan.level, left, top, source)
        area_resample(source, size_px=(px, px), start=start, factor=plan.factor, out=out, scratch=self._scratch)
