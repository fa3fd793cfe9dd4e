"""Slide files and fields for tests: a pyramid that OpenSlide opens, and tissue at any resolution."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pathalign.errors import NeedsRepair
from pathalign.testing.scene import draw_layer
from pathalign.testing.stain import random_stain
from pathalign.testing.texture import Number
from pathalign.testing.tiff_file import TiledLevel, write_tiff
from pathalign.testing.tissue_art import at_mpp, tissue_named

MIN_MPP, MAX_MPP = 0.01, 1000.0
"""What can be written, wider than what a reader should accept, so that tests can write bogus resolutions."""


def write_pyramid(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: Number | None,
    levels: int = 3,
    tile_px: int = 256,
    quality: int = 90,
) -> None:
    """Write an RGB image [y, x, 3] as a tiled JPEG TIFF with half-size levels, the same bytes every time.

    `mpp` (micrometres per pixel of level 0) goes into the resolution tags in pixels per centimetre; with None there
    are no such tags, and OpenSlide reports no mpp. Levels stop early when the next would be smaller than one pixel.
    Refuses an image that is not uint8 RGB, a tile whose side is no multiple of 16, an mpp outside MIN_MPP..MAX_MPP.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise NeedsRepair(f"A slide is written from uint8 [y, x, 3]; this image is {image.dtype} {list(image.shape)}.")
    if tile_px < 16 or tile_px % 16:
        raise NeedsRepair(f"TIFF tiles have sides that are multiples of 16 px, not {tile_px}. Use 256 or 512.")
    if mpp is not None:
        _check_mpp(mpp)
    write_tiff(path, _levels(image, mpp, levels, tile_px, quality))


def draw_field(kind: str, *, side_um: Number, mpp: Number, seed: int) -> NDArray[np.uint8]:
    """A square field filled with one tissue (`TISSUES` has the kinds), [side_um / mpp, side_um / mpp, 3].

    The seed and the side decide the tissue, the resolution only how it is sampled: the same seed at 0.25 and at 0.5
    shows the same cells.
    """
    tissue = tissue_named(kind)
    _check_mpp(mpp)
    rng = np.random.default_rng([seed, 7])
    side_px = math.ceil(side_um)
    ground = np.ones((side_px, side_px), np.bool_)
    layer = tissue.art(rng, ground)
    image = at_mpp(draw_layer(rng, layer, ground, random_stain(rng)), mpp)
    shown = round(side_um / mpp)
    return image[:shown, :shown]


def _check_mpp(mpp: Number) -> None:
    if not MIN_MPP <= mpp <= MAX_MPP:
        raise NeedsRepair(
            f"mpp={mpp} is no pixel size in micrometres. Use {MIN_MPP} to {MAX_MPP:g}, or None in a file."
        )


def _levels(
    image: NDArray[np.uint8], mpp: Number | None, levels: int, tile_px: int, quality: int
) -> Iterator[TiledLevel]:
    """The image and its halvings, each pixel the mean of four; an odd last row or column is dropped."""
    level = image
    for k in range(levels):
        if k:
            height, width = (side // 2 * 2 for side in level.shape[:2])
            if min(height, width) < 2:
                return
            level = np.asarray(Image.fromarray(level).reduce(2, (0, 0, width, height)))
        yield TiledLevel(
            width=level.shape[1],
            height=level.shape[0],
            tile_px=tile_px,
            mpp=None if mpp is None else float(mpp * 2**k),
            tiles=_jpeg_tiles(level, tile_px, quality),
        )


def _jpeg_tiles(pixels: NDArray[np.uint8], tile_px: int, quality: int) -> Iterator[bytes]:
    """Encoded tiles in reading order; those of the right and lower border repeat their last pixels, against ringing."""
    below, right = (-side % tile_px for side in pixels.shape[:2])
    if right or below:
        pixels = np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="edge")
    for top in range(0, pixels.shape[0], tile_px):
        for left in range(0, pixels.shape[1], tile_px):
            encoded = io.BytesIO()
            tile = Image.fromarray(pixels[top : top + tile_px, left : left + tile_px])
            tile.save(encoded, "JPEG", quality=quality, subsampling="4:2:0")
            yield encoded.getvalue()
