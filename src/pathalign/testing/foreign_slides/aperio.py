"""Aperio SVS: the slide first, then a thumbnail, coarser levels, and label and macro images in strips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides.pyramid import halvings
from pathalign.testing.foreign_slides.tiff import Value, write_directories
from pathalign.testing.foreign_slides.tiff_images import DESCRIPTION, REDUCED, jpeg_level, loud_strip


def write_svs(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float | None = 0.25,
    levels: int = 2,
    tile_px: int = 240,
    rgb: bool = False,
    icc: bytes | None = None,
) -> None:
    """Write an SVS with abbreviated JPEG tiles; `rgb` is the kind without an Adobe marker."""
    height, width = image.shape[:2]
    size = f"\r\n{width}x{height} [0,0 {width}x{height}] ({tile_px}x{tile_px}) JPEG/{'RGB' if rgb else 'YCC'} Q=92"
    resolution = "" if mpp is None else f"|AppMag = 20|MPP = {mpp:.4f}"
    description = f"Aperio Image Library v12.0.15 {size}{resolution}"
    tags: dict[int, Value] = {DESCRIPTION: description, **({} if icc is None else {34675: icc})}
    pyramid = [
        jpeg_level(level, tile_px=tile_px, rgb=rgb, abbreviated=True, tags=tags) for level in halvings(image, levels)
    ]
    write_directories(
        path,
        [
            pyramid[0], loud_strip(description + "|thumbnail"), *pyramid[1:],
            loud_strip("Aperio Image Library v12.0.15 \r\nlabel 64x48", tags={REDUCED: 1}),
            loud_strip("Aperio Image Library v12.0.15 \r\nmacro 64x48", tags={REDUCED: 9}),
        ],
    )  # fmt: skip
