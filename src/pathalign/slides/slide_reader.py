"""A slide by micrometres: whatever reads its pixels, a region is asked for in level-0 pixels and micrometres per pixel.

It is read from the next finer level and resampled once, area-true (`resampling` has the rule for sub-pixels). What the
scanner never saw, and what lies beyond the edge, is white. Label and macro images are never opened.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import UInt8

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.colour import AS_STORED, NO_PROFILE, ToSrgb
from pathalign.slides.opening import open_source
from pathalign.slides.resampling import area_resample, source_span
from pathalign.slides.resolution import Resolution, resolve
from pathalign.slides.sources.source import PixelSource

COARSEST = 1.1
"""A slide may be this factor coarser than the patches asked of it; beyond, detail would be invented."""
AS_IT_IS = 0.02
"""A resolution within 2 % of what is asked for is taken as it is: 0.2527 mpp is what a scanner calls 0.25, and pixels
that were never resampled are worth more than the last per cent of scale. The effective resolution is recorded."""


MOST_MM2, MOST_MM = 25_600.0, 300.0
"""What is larger, or longer, is no slide: the largest glass (whole mounts, 6 x 8 inches) holds 31,000 mm², and nobody
scans its rim. At 16 mpp this is a thumbnail of 100 million pixels; a broken header must not ask for more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingPlan:
    """How pixels of a resolution are made: from which level, and how many of its pixels make one."""

    level: int
    downsample: float
    """Level-0 pixels per pixel of the level."""
    factor: float
    """Pixels of the level per pixel asked for, along a side; a whole number where that is within `AS_IT_IS`."""
    effective_mpp: float
    """The resolution that comes out."""

    @property
    def lattice_px0(self) -> int:
        """Corners at multiples of this lie on whole pixels of the level; 1 where its downsample is no whole number."""
        return int(self.downsample) if self.downsample == int(self.downsample) else 1


class SlideReader:
    """An open slide. Open one per process: handles must not cross a fork. Use it as a context manager."""

    def __init__(
        self, path: Path, *, given_mpp: float | None = None, icc: bool = False, scaled_decode: bool = False
    ) -> None:
        """Open a slide whose resolution is known; `icc` turns its colours into sRGB by its own profile, if it has one.

        `scaled_decode` lets the JPEG decoder halve (DCT scaling), where it can: faster, and up to some grey levels from
        the mean of the pixels, because it leaves the high frequencies out instead of averaging.

        Raises `UnreadableSlide` when no reader opens it, `RefusedSlide` when it is not a slide that can be read as RGB,
        and `MissingResolution` when its pixel size is not usable.
        """
        self.source: PixelSource = open_source(path)
        try:
            self.name, self._process, self._scaled_decode = path.name, os.getpid(), scaled_decode
            self.resolution: Resolution = resolve(path.name, self.source.resolution_claims, given_mpp=given_mpp)
            self.size_px0: tuple[int, int] = self.source.levels[0].size_px
            self._check_area()
            profile = self.source.icc_profile if icc else None
            self._to_srgb = ToSrgb(profile, name=path.name) if profile else None
            self.colour = self._to_srgb.record if self._to_srgb else NO_PROFILE if icc else AS_STORED
        except BaseException:
            self.source.close()
            raise

    def __enter__(self) -> SlideReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.source.close()

    @property
    def mpp(self) -> float:
        """Level-0 micrometres per pixel."""
        return self.resolution.mpp

    def _check_area(self) -> None:
        width_mm, height_mm = (side * self.mpp / 1e3 for side in self.size_px0)
        if width_mm * height_mm > MOST_MM2 or max(width_mm, height_mm) > MOST_MM:
            raise UnreadableSlide(
                f"{self.name} claims {self.size_px0[0]} x {self.size_px0[1]} pixels of {self.mpp:g} micrometres, "
                f"{width_mm:,.0f} x {height_mm:,.0f} mm; no slide is so large, so its header is broken or its "
                "resolution wrong. Copy the file again, or correct the `mpp` column."
            )

    def check_finer_than(self, mpp: float) -> None:
        """Refuse a slide that is too coarse for patches at `mpp`."""
        if self.mpp > mpp * COARSEST:
            raise RefusedSlide(
                f"{self.name} was scanned at {self.mpp:g} mpp, coarser than the {mpp:g} mpp asked for. "
                f"Leave it out, or embed the cohort with `--mpp {math.ceil(self.mpp * 100) / 100:g}` or coarser."
            )

    def plan(self, mpp: float, *, scaled_decode: bool = False) -> ReadingPlan:
        """How pixels at `mpp` are read: the coarsest level that is fine enough, then whole or fractional averaging.

        `scaled_decode` admits levels that the decoder makes by DCT scaling, as the reader's own does for all plans.
        """
        admits = scaled_decode or self._scaled_decode
        levels = [(n, lv) for n, lv in enumerate(self.source.levels) if admits or not lv.scaled_decode]
        fine = [(n, lv) for n, lv in levels if lv.downsample * self.mpp <= mpp * (1 + AS_IT_IS)] or levels[:1]
        number, level = max(fine, key=lambda pair: pair[1].downsample)
        factor = mpp / (level.downsample * self.mpp)
        whole = max(1, round(factor))
        if abs(factor / whole - 1) <= AS_IT_IS:
            factor = float(whole)
        return ReadingPlan(
            level=number, downsample=level.downsample, factor=factor,
            effective_mpp=level.downsample * self.mpp * factor,
        )  # fmt: skip

    def region(
        self, xy_px0: tuple[float | int, float | int], *, size_px: tuple[int, int], mpp: float
    ) -> UInt8[np.ndarray, "y x 3"]:
        """The pixels of a rectangle whose top-left corner is `xy_px0`, `size_px` (width, height) large at about `mpp`.

        `plan(mpp).effective_mpp` says at which resolution exactly. Corners may be fractional and may lie outside.
        Raises `UnreadableSlide` when the data is broken.
        """
        return self.planned_region(self.plan(mpp), xy_px0, size_px)

    def planned_region(
        self, plan: ReadingPlan, xy_px0: tuple[float | int, float | int], size_px: tuple[int, int]
    ) -> UInt8[np.ndarray, "y x 3"]:
        """Like `region`, of a plan that is made once for many regions."""
        if os.getpid() != self._process:
            raise RuntimeError(
                f"{self.name} was opened in process {self._process} and is read in process {os.getpid()}: a slide that "
                "is open must not cross a fork. Open it in the process that reads it."
            )
        x, y = xy_px0[0] / plan.downsample, xy_px0[1] / plan.downsample
        left, width = source_span(x, size_px[0], plan.factor)
        top, height = source_span(y, size_px[1], plan.factor)
        pixels = self.source.read(plan.level, left, top, width, height)
        out = area_resample(pixels, size_px=size_px, start=(x - left, y - top), factor=plan.factor)
        return self._to_srgb(out) if self._to_srgb else out

    def finer_plans(self, plan: ReadingPlan) -> Iterator[ReadingPlan]:
        """Plans of the same resolution from the stored levels that are finer, the coarsest of them first."""
        for number, level in reversed(list(enumerate(self.source.levels))):
            if not level.scaled_decode and level.downsample < plan.downsample:
                factor = plan.factor * plan.downsample / level.downsample
                yield replace(plan, level=number, downsample=level.downsample, factor=factor)
