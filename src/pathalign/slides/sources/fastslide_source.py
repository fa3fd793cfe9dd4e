"""Pixels through fastslide (extra `fastslide`): Philips iSyntax, Olympus VSI, and CZI that OpenSlide refuses.

The one place that imports it. It chooses its reader by the file's name, so the name must bear the format's own ending.
Of several planes of focus the middle one is read, of several images the one that fastslide calls primary; the decoder's
name records both. It is told not to apply a colour profile.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from pathalign.errors import MissingExtra, RefusedSlide, UnreadableSlide
from pathalign.slides.sources.edges import on_white
from pathalign.slides.sources.source import Level, ResolutionClaim, levels_of

CACHE_BYTES = 64 << 20
"""Decoded tiles that an open slide keeps."""


class FastSlideSource:
    """A slide that fastslide opens."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises `MissingExtra` without fastslide, `UnreadableSlide` when it does not open the file, and `RefusedSlide`
        for 16 bits, channels that are not RGB and time series.
        """
        fastslide = _fastslide(path.name)
        self.name = path.name
        try:
            self._slide: Any = fastslide.FastSlide.from_file_path(path, cache=CACHE_BYTES)
        except (RuntimeError, OSError, ValueError) as error:
            raise UnreadableSlide(
                f"{path.name} cannot be opened by fastslide ({_reason(error)}). Check that the file is complete, has "
                "its folder beside it (VSI) and the usual ending of its name, by which fastslide goes."
            ) from error
        slide = self._slide
        if slide.dtype != "uint8" or slide.num_channels not in (3, 4) or slide.t_count > 1:
            seen = f"{slide.num_channels} channel(s) of {slide.dtype}, {slide.t_count} point(s) in time"
            self.close()
            raise RefusedSlide(
                f"{path.name} holds {seen}; PathAlign reads 8-bit colour (H&E, IHC). Export it as 8-bit RGB, or remove "
                "it from slides.csv."
            )
        self._plane = int(slide.z_count) // 2
        self.family = str(slide.format).lower()
        chosen = f", plane of focus {self._plane + 1} of {slide.z_count}" if slide.z_count > 1 else ""
        chosen += f", primary of {slide.num_images} images" if slide.num_images > 1 else ""
        self.decoder = f"fastslide {fastslide.__version__}{chosen}"
        sizes = [(int(width), int(height)) for width, height in slide.level_dimensions]
        self.levels: tuple[Level, ...] = levels_of(sizes)
        mpp_x, mpp_y = slide.mpp
        self.resolution_claims: tuple[ResolutionClaim, ...] = ()
        if mpp_x and mpp_y:  # 0.0 stands for none
            self.resolution_claims = (ResolutionClaim(source=self.family, mpp_x=float(mpp_x), mpp_y=float(mpp_y)),)
        (left, top), (width, height) = slide.bounds
        known = width > 0 and height > 0
        self.bounds_px0: tuple[int, int, int, int] = (left, top, width, height) if known else (0, 0, *sizes[0])
        self.icc_profile: bytes | None = slide.icc_profile or None

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        return on_white(
            lambda x, y, w, h: self._within(level, x, y, w, h), self.levels[level].size_px, left, top, width, height
        )

    def close(self) -> None:
        """See `PixelSource.close`."""
        self._slide.close()

    def _within(self, level: int, left: int, top: int, width: int, height: int) -> np.ndarray:
        try:
            pixels = self._slide.read_region((left, top), level, (width, height), z=self._plane).numpy()
        except (RuntimeError, OSError, ValueError) as error:
            raise UnreadableSlide(
                f"{self.name} breaks at pixel ({left}, {top}) of its level {level} ({_reason(error)}). Copy the file "
                "again from its source."
            ) from error
        if pixels.shape[2] == 3:
            return np.ascontiguousarray(pixels)
        alpha = pixels[..., 3:].astype(np.uint16)
        return ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _fastslide(name: str) -> Any:
    try:
        import fastslide
    except ImportError as error:
        raise MissingExtra(
            f"{name} may be read by fastslide, which is not installed. Run `pip install 'pathalign[fastslide]'`."
        ) from error
    return fastslide


def _reason(error: Exception) -> str:
    """The library's own words: one line, without folders."""
    return re.sub(r"\S*/", "", str(error).splitlines()[0])[:200] if str(error) else type(error).__name__
