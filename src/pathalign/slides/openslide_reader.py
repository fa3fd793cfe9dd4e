"""Reading slides through OpenSlide: the one place that imports it.

A region is asked for in level-0 pixels and micrometres per pixel and comes back as RGB bytes. It is read from the
next finer level and resampled once with an area filter; what the scanner never saw, and what lies beyond the edge, is
white. Label and macro images are never opened.
"""

from __future__ import annotations

import math
from pathlib import Path
from types import TracebackType

import numpy as np
import openslide
from jaxtyping import UInt8
from PIL import Image

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.resolution import Resolution, resolve

COARSEST = 1.1
"""A slide may be this factor coarser than the patches asked of it; beyond, detail would be invented."""


class SlideReader:
    """An open slide. Open one per process: handles must not cross a fork. Use it as a context manager."""

    def __init__(self, path: Path, *, given_mpp: float | None = None) -> None:
        """Open a slide whose resolution is known.

        Raises `UnreadableSlide` when no reader opens it and `MissingResolution` when its pixel size is not usable.
        """
        if not path.is_file():
            raise UnreadableSlide(
                f"{path.name} is not there. Correct its `path` in slides.csv; paths are relative to it."
            )
        try:
            self._slide = openslide.OpenSlide(str(path))
        except openslide.OpenSlideError as error:
            raise UnreadableSlide(
                f"{path.name} cannot be opened as a whole-slide image ({_reason(error)}). Check that the file is "
                "complete and in a format that OpenSlide reads (SVS, NDPI, MRXS, SCN, BIF, DICOM, tiled TIFF)."
            ) from error
        try:
            self.name = path.name
            self.resolution: Resolution = resolve(path.name, self._slide.properties, given_mpp=given_mpp)
            self.size_px0: tuple[int, int] = self._slide.dimensions
            self._downsamples = tuple(self._slide.level_downsamples)
        except BaseException:
            self._slide.close()
            raise

    def __enter__(self) -> SlideReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slide.close()

    @property
    def mpp(self) -> float:
        """Level-0 micrometres per pixel."""
        return self.resolution.mpp

    @property
    def vendor(self) -> str:
        """Format family as OpenSlide names it."""
        return str(self._slide.properties.get("openslide.vendor", "unknown"))

    def check_finer_than(self, mpp: float) -> None:
        """Refuse a slide that is too coarse for patches at `mpp`."""
        if self.mpp > mpp * COARSEST:
            raise RefusedSlide(
                f"{self.name} was scanned at {self.mpp:g} mpp, coarser than the {mpp:g} mpp asked for. "
                f"Leave it out, or embed the cohort with `--mpp {math.ceil(self.mpp * 100) / 100:g}` or coarser."
            )

    def region(
        self, xy_px0: tuple[float, float], *, size_px: tuple[int, int], mpp: float
    ) -> UInt8[np.ndarray, "y x 3"]:
        """The pixels of a rectangle whose top-left corner is `xy_px0`, `size_px` (width, height) large at `mpp`.

        Corners may be fractional and may lie outside. Raises `UnreadableSlide` when the data is broken.
        """
        scale = mpp / self.mpp  # level-0 pixels per pixel asked for
        level = self._level_for(scale)
        down = self._downsamples[level]
        x, y = xy_px0[0] / down, xy_px0[1] / down
        width, height = size_px[0] * scale / down, size_px[1] * scale / down
        left, top = math.floor(x + 1e-6), math.floor(y + 1e-6)
        read_px = (math.ceil(x + width - left - 1e-6), math.ceil(y + height - top - 1e-6))
        image = self._read(left, top, level, down, read_px)
        box = (x - left, y - top, min(x - left + width, read_px[0]), min(y - top + height, read_px[1]))
        box = (max(0.0, box[0]), max(0.0, box[1]), box[2], box[3])
        if read_px != size_px or any(abs(edge - round(edge)) > 1e-3 for edge in box):
            reducing = width > size_px[0] * 1.001
            image = image.resize(size_px, Image.Resampling.BOX if reducing else Image.Resampling.BICUBIC, box=box)
        return np.asarray(image)

    def thumbnail(self, mpp: float) -> UInt8[np.ndarray, "y x 3"]:
        """The whole slide at about `mpp`, read in blocks, so that a slide without a pyramid needs little memory."""
        width, height = (max(1, math.ceil(side * self.mpp / mpp)) for side in self.size_px0)
        out = np.full((height, width, 3), 255, np.uint8)
        level_mpp = self.mpp * self._downsamples[self._level_for(mpp / self.mpp)]
        block = max(16, int(4096 * level_mpp / mpp))
        for top in range(0, height, block):
            for left in range(0, width, block):
                size = (min(block, width - left), min(block, height - top))
                corner = (left * mpp / self.mpp, top * mpp / self.mpp)
                out[top : top + size[1], left : left + size[0]] = self.region(corner, size_px=size, mpp=mpp)
        return out

    def _level_for(self, scale: float) -> int:
        """The coarsest level that is not coarser than `scale`, up to rounding of the downsamples."""
        finer = [level for level, down in enumerate(self._downsamples) if down <= scale * 1.005]
        return max(finer, key=lambda level: self._downsamples[level], default=0)

    def _read(self, left: int, top: int, level: int, down: float, size: tuple[int, int]) -> Image.Image:
        try:
            rgba = self._slide.read_region((round(left * down), round(top * down)), level, size)
        except openslide.OpenSlideError as error:
            raise UnreadableSlide(
                f"{self.name} breaks at level-0 pixel ({round(left * down)}, {round(top * down)}): {_reason(error)}. "
                "Copy the file again from its source."
            ) from error
        if rgba.getchannel("A").getextrema()[0] == 255:  # nearly always: nothing to lay on white
            return rgba.convert("RGB")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")


def library_version() -> str:
    """The version of the OpenSlide library that is loaded."""
    return str(openslide.__library_version__)


def _reason(error: Exception) -> str:
    """OpenSlide's own words, without paths."""
    return str(error).rsplit("/", 1)[-1].strip() or type(error).__name__
