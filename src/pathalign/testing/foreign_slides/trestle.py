"""Trestle TIFF: tiles of level 0 overlap by what the description says, and the overlap is cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides.pyramid import halvings, overlapping_mosaic
from pathalign.testing.foreign_slides.tiff import Value, write_directories
from pathalign.testing.foreign_slides.tiff_images import DESCRIPTION, REDUCED, SOFTWARE, jpeg_level, resolution_tags


def write_trestle(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    tile_px: int = 256,
    overlap_px: int = 16,
    levels: int = 2,
) -> None:
    """Write a Trestle TIFF of as many tiles of level 0 as the image holds; neighbours share `overlap_px` pixels.

    Coarser levels are of the image itself and have no overlap.
    """
    advance = tile_px - overlap_px
    mosaic, rows, columns = overlapping_mosaic(image, tile_px, overlap_px)
    shown = image[: rows * advance + overlap_px, : columns * advance + overlap_px]
    overlaps = f"{overlap_px} {overlap_px}" + " 0 0" * (levels - 1)
    pyramid = []
    for k, level in enumerate([mosaic, *halvings(shown, levels)[1:]]):
        tags: dict[int, Value] = {
            DESCRIPTION: f"Objective Power=20;OverlapsXY={overlaps};Background Color=FFFFFF",
            SOFTWARE: "MedScan", REDUCED: min(k, 1), **resolution_tags(mpp * 2**k),
        }  # fmt: skip
        pyramid.append(jpeg_level(level, tile_px=tile_px, tags=tags))
    write_directories(path, pyramid)
