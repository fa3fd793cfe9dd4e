"""Pixels through OpenSlide: the one place that imports it. Label and macro images are never opened."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import openslide
from jaxtyping import UInt8
from PIL import Image

from pathalign.errors import UnreadableSlide
from pathalign.slides.sources.source import Level, ResolutionClaim, downsamples


class OpenSlideSource:
    """A slide that OpenSlide opens."""

    def __init__(self, path: Path) -> None:
        """Open it; raises `UnreadableSlide` when OpenSlide does not."""
        self.name = path.name
        try:
            self._slide = openslide.OpenSlide(str(path))
        except openslide.OpenSlideError as error:
            raise UnreadableSlide(
                f"{path.name} cannot be opened as a whole-slide image ({_reason(error)}). Check that the file is "
                "complete and in a format that OpenSlide reads (SVS, NDPI, MRXS, SCN, BIF, DICOM, tiled TIFF)."
            ) from error
        properties = self._slide.properties
        self.family = str(properties.get("openslide.vendor", "unknown"))
        self.decoder = f"openslide {library_version()}"
        sizes = list(self._slide.level_dimensions)
        self.levels: tuple[Level, ...] = tuple(
            Level(size_px=size, downsample=down) for size, down in zip(sizes, downsamples(sizes), strict=True)
        )
        self.resolution_claims: tuple[ResolutionClaim, ...] = _claims(self.family, properties)
        edges = [int(properties.get(f"openslide.bounds-{edge}") or -1) for edge in ("x", "y", "width", "height")]
        self.bounds_px0: tuple[int, int, int, int] = (0, 0, *sizes[0])
        if min(edges) >= 0:
            self.bounds_px0 = (edges[0], edges[1], edges[2], edges[3])
        self.icc_profile: bytes | None = None

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        own = self._slide.level_downsamples[level]  # OpenSlide divides by its own figure
        corner = (math.ceil(left * own - 1e-6), math.ceil(top * own - 1e-6))
        try:
            rgba = self._slide.read_region(corner, level, (width, height))
        except openslide.OpenSlideError as error:
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


def library_version() -> str:
    """The version of the OpenSlide library that is loaded."""
    return str(openslide.__library_version__)


def _claims(family: str, properties: object) -> tuple[ResolutionClaim, ...]:
    get = properties.get  # type: ignore[attr-defined]
    try:
        mpp_x, mpp_y = float(get("openslide.mpp-x", "")), float(get("openslide.mpp-y", ""))
    except ValueError:
        return ()
    # Of a TIFF without a vendor OpenSlide passes the resolution tags on.
    source = "TIFF resolution tags" if family == "generic-tiff" else family
    return (ResolutionClaim(source=source, mpp_x=mpp_x, mpp_y=mpp_y),)


def _reason(error: Exception) -> str:
    """OpenSlide's own words, without paths."""
    return str(error).rsplit("/", 1)[-1].strip() or type(error).__name__
