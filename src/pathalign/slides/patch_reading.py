"""The pixels of a slide's patches, in the order of its grid, each made in its place within the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Int64, UInt8

from pathalign.domain.geometry import PatchGrid
from pathalign.slides.colour import AS_STORED, NO_PROFILE
from pathalign.slides.resampling import Scratch, area_resample, source_span
from pathalign.slides.slide_reader import ReadingPlan, SlideReader


@runtime_checkable
class ReadsInto(Protocol):
    """A source that writes the pixels of a rectangle where they are wanted, without an array in between."""

    def can_average(self, level: int, mean: int) -> bool:
        """Whether it makes pixels that are the means of `mean` x `mean` of a level; always, for 1."""

    def read_into(
        self, level: int, left: int, top: int, out: UInt8[np.ndarray, "y x 3"], mean: int = 1,
        done: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        """Like `PixelSource.read`; the rectangle is as large as `out`, and counts pixels of `mean` x `mean`.

        `done` (x, y): what lies left of x and above y is hardly asked for again.
        """


_END = 2**40
"""Beyond every slide, in level-0 pixels."""
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
    done = _done(grid.xy_px0)
    for start in range(0, len(grid), batch):
        corners = grid.xy_px0[start : start + batch].tolist()
        out = into((len(corners), px, px, 3))
        for patch, (x, y), (done_x, done_y) in zip(out, corners, done[start : start + batch].tolist(), strict=True):
            patches.read(x, y, patch, done_x, done_y)
        yield out


def _done(xy_px0: Int[np.ndarray, "patch 2"]) -> Int64[np.ndarray, "patch 2"]:
    """After each patch of a grid: no later one has ground both left of this x and above this y."""
    x, y = xy_px0.T.astype(np.int64)
    following = np.append(np.stack([x, y]), [[_END], [_END]], axis=1)
    next_row = np.searchsorted(y, y, side="right")  # patches are sorted by (y, x)
    last_of_row = next_row == np.arange(1, len(y) + 1)
    return np.stack([np.where(last_of_row, _END, following[0, 1:]), following[1, next_row]], axis=1)


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

    def read(self, x_px0: int, y_px0: int, out: UInt8[np.ndarray, "y x 3"], done_x: int, done_y: int) -> None:
        """One patch; the pixels are those of `SlideReader.planned_region`. For the last two see `_done`."""
        plan, px = self._plan, self._px
        if self._direct is None:
            out[:] = self._slide.planned_region(plan, (x_px0, y_px0), (px, px))
            return
        x, y = x_px0 / plan.downsample, y_px0 / plan.downsample
        done = int(done_x / plan.downsample), int(done_y / plan.downsample)
        if self._mean:
            left_mean, top_mean = x / self._mean, y / self._mean
            if left_mean.is_integer() and top_mean.is_integer():
                done = done[0] // self._mean, done[1] // self._mean
                self._direct.read_into(plan.level, int(left_mean), int(top_mean), out, self._mean, done)
                return
        left, width = source_span(x, px, plan.factor)
        top, height = source_span(y, px, plan.factor)
        start = (x - left, y - top)
        source = self._scratch.array("source", (height, width, 3), np.uint8)
        self._direct.read_into(plan.level, left, top, source, done=done)
        area_resample(source, size_px=(px, px), start=start, factor=plan.factor, out=out, scratch=self._scratch)
