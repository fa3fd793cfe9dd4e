"""A whole slide, small: read in blocks, so that no pyramid is needed and memory stays small; damage does not end it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from pathalign.errors import UnreadableSlide
from pathalign.slides.slide_reader import ReadingPlan, SlideReader

BLOCK_PX = 4096
"""Side of the blocks in pixels of the level that is read."""
LEAST_BLOCK_PX = 32
"""What is damaged is narrowed down to blocks of this side: a tile of most scanners when it is decoded at an eighth."""
MOST_UNREAD = 0.25
"""A slide of which more than this cannot be read is not worth its thumbnail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thumbnail:
    """A whole slide, small."""

    rgb: UInt8[np.ndarray, "y x 3"]
    mpp: float
    """Micrometres per pixel, exactly."""
    is_read: Bool[np.ndarray, "y x"]
    """False where the file is damaged at every resolution; white there."""


def read_thumbnail(slide: SlideReader, mpp: float) -> Thumbnail:
    """The whole slide at about `mpp`.

    A block that breaks is made from the next finer level, whose bytes are others; what breaks at every level is white
    and marked. Raises `UnreadableSlide` when that is more than a quarter of the slide.
    """
    plan = slide.plan(max(mpp, slide.mpp), scaled_decode=True)
    width, height = (max(1, math.ceil(side * slide.mpp / plan.effective_mpp)) for side in slide.size_px0)
    sketch = _Sketch(slide, plan, width, height)
    block = max(16, int(BLOCK_PX / plan.factor))
    for top in range(0, height, block):
        for left in range(0, width, block):
            sketch.fill(left, top, min(block, width - left), min(block, height - top))
    return Thumbnail(rgb=sketch.rgb, mpp=plan.effective_mpp, is_read=sketch.is_read)


@dataclass
class _Sketch:
    """A thumbnail that is being filled."""

    slide: SlideReader
    plan: ReadingPlan
    width: int
    height: int
    unread_px: int = 0

    def __post_init__(self) -> None:
        self.rgb = np.full((self.height, self.width, 3), 255, np.uint8)
        self.is_read = np.ones((self.height, self.width), np.bool_)
        self.least = max(1, int(LEAST_BLOCK_PX / self.plan.factor))

    def fill(self, left: int, top: int, width: int, height: int) -> None:
        """One block; where it breaks, its quarters."""
        try:
            self._read(self.plan, left, top, width, height)
        except UnreadableSlide as error:
            if max(width, height) <= self.least:
                self._rescue(left, top, width, height, error)
                return
            half = max(self.least, -(-max(width, height) // 2))
            for y in range(top, top + height, half):
                for x in range(left, left + width, half):
                    self.fill(x, y, min(half, left + width - x), min(half, top + height - y))

    def _rescue(self, left: int, top: int, width: int, height: int, error: UnreadableSlide) -> None:
        for plan in self.slide.finer_plans(self.plan):
            try:
                self._read(plan, left, top, width, height)
            except UnreadableSlide:
                continue
            return
        self.is_read[top : top + height, left : left + width] = False
        self.unread_px += width * height
        if self.unread_px > MOST_UNREAD * self.is_read.size:
            raise error

    def _read(self, plan: ReadingPlan, left: int, top: int, width: int, height: int) -> None:
        step_px0 = plan.downsample * plan.factor
        corner = (left * step_px0, top * step_px0)
        self.rgb[top : top + height, left : left + width] = self.slide.planned_region(plan, corner, (width, height))
