"""Pixels through OpenSlide: the one place that imports it. Label and macro images are never opened.

Sub-pixels. A corner is given to OpenSlide in level-0 pixels and divided by the level's downsample. Where that is a
whole number every level pixel is hit exactly. Where it is not (2.0005 where an odd row was dropped), OpenSlide averages
its two axes and blends neighbours; the corner is then off by at most half a level-0 pixel, which nothing can better
from outside. Tiled TIFF, where such levels are common, is therefore read by the direct decoder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openslide
from jaxtyping import UInt8
from PIL import Image

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.sources.source import Level, ResolutionClaim, downsamples

CACHE_BYTES = 64 << 20
"""Decoded tiles that an open slide keeps: two rows of 512-px tiles of a slide 40,000 px wide."""
_UM_PER_UNIT = {"inch": 25_400.0, "centimeter": 10_000.0}


class OpenSlideSource:
    """A slide that OpenSlide opens."""

    def __init__(self, path: Path) -> None:
        """Open it; raises `UnreadableSlide` when OpenSlide does not, `RefusedSlide` for one level of a DICOM series."""
        self.name, self._path = path.name, path
        self._slide = self._opened()
        properties = self._slide.properties
        self.family = str(properties.get("openslide.vendor", "unknown"))
        self.decoder = f"openslide {library_version()}"
        self.levels: tuple[Level, ...] = _levels(self._slide)
        self.resolution_claims: tuple[ResolutionClaim, ...] = _claims(self.family, properties)
        edges = [int(properties.get(f"openslide.bounds-{edge}", -1)) for edge in ("x", "y", "width", "height")]
        self.bounds_px0: tuple[int, int, int, int] = (0, 0, *self.levels[0].size_px)
        if min(edges) >= 0:
            self.bounds_px0 = (edges[0], edges[1], edges[2], edges[3])
        # An empty region decodes nothing and bears the profile, whose bytes OpenSlide gives nowhere else.
        self.icc_profile: bytes | None = self._slide.read_region((0, 0), 0, (0, 0)).info.get("icc_profile")
        self._refuse_what_it_would_bend(properties)

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        own = self._slide.level_downsamples[level]
        corner = (math.floor(left * own + 0.5), math.floor(top * own + 0.5))
        try:
            rgba = self._slide.read_region(corner, level, (width, height))
        except openslide.OpenSlideError as error:
            self._slide.close()
            self._slide = self._opened()  # after its first error a handle refuses whatever is sound
            raise UnreadableSlide(
                f"{self.name} breaks at level-0 pixel ({corner[0]}, {corner[1]}): {_reason(error)}. "
                "Copy the file again from its source."
            ) from error
        if rgba.getchannel("A").getextrema()[0] == 255:  # nearly always: nothing to lay on white
            return np.asarray(rgba.convert("RGB"))
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))

    def close(self) -> None:
        """See `PixelSource.close`."""
        self._slide.close()

    def _opened(self) -> openslide.OpenSlide:
        try:
            slide = openslide.OpenSlide(self._path)
            slide.set_cache(openslide.OpenSlideCache(CACHE_BYTES))
        except openslide.OpenSlideError as error:
            raise UnreadableSlide(
                f"{self.name} cannot be opened as a whole-slide image ({_reason(error)}). Check that the file is "
                "complete and a whole-slide image (SVS, NDPI, MRXS, SCN, BIF, DICOM, OME-TIFF, tiled TIFF ...; "
                "docs/formats.md lists what is read)."
            ) from error
        return slide

    def _refuse_what_it_would_bend(self, properties: Mapping[str, str]) -> None:
        """What OpenSlide opens and PathAlign must not read."""
        refusal = ""
        width, height = self.levels[0].size_px
        # Its pixels were made from finer ones, and the finer ones are not there.
        if properties.get("dicom.ImageType[3]") == "RESAMPLED":
            self.decoder += ", of a series whose finest level was resampled"
            if len(self.levels) == 1:
                refusal = (
                    f"{self.name} is one low-resolution level ({width} x {height} pixels) of a DICOM series, and the "
                    "rest of the series is not in its folder. Copy all files of the series there; name any one of them."
                )
        # Of 16 bits OpenSlide shows the upper eight, which is nearly black where a camera fills twelve.
        if properties.get("zeiss.Information.Image.PixelType", "").lower() == "bgr48":
            refusal = f"{self.name} has 16 bits a channel; PathAlign reads 8-bit colour. Export it as 8-bit RGB."
        if refusal:
            self.close()
            raise RefusedSlide(refusal)


def library_version() -> str:
    """The version of the OpenSlide library that is loaded."""
    return str(openslide.__library_version__)


def _levels(slide: openslide.OpenSlide) -> tuple[Level, ...]:
    """Levels with the downsample that the rounding of their sizes explains, or OpenSlide's own where that is whole."""
    sizes = list(slide.level_dimensions)
    return tuple(
        Level(size_px=size, downsample=own if own == int(own) else ours)
        for size, own, ours in zip(sizes, slide.level_downsamples, downsamples(sizes), strict=True)
    )


def _claims(family: str, properties: Mapping[str, str]) -> tuple[ResolutionClaim, ...]:
    """What the vendor's part of the file says, then its TIFF tags."""
    claims = []
    vendor = _pair(properties, "openslide.mpp-x", "openslide.mpp-y")
    if vendor and family != "generic-tiff":  # of a TIFF without a vendor OpenSlide passes the tags on
        claims.append(ResolutionClaim(source=family, mpp_x=vendor[0], mpp_y=vendor[1]))
    tags = _pair(properties, "tiff.XResolution", "tiff.YResolution")
    unit = _UM_PER_UNIT.get(properties.get("tiff.ResolutionUnit", ""))
    if tags and unit and min(tags) > 0:
        claims.append(ResolutionClaim(source="TIFF resolution tags", mpp_x=unit / tags[0], mpp_y=unit / tags[1]))
    return tuple(claims)


def _pair(properties: Mapping[str, str], x: str, y: str) -> tuple[float, float] | None:
    try:
        return float(properties.get(x, "")), float(properties.get(y, ""))
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    """OpenSlide's own words, without paths."""
    return str(error).rsplit("/", 1)[-1].strip() or type(error).__name__
