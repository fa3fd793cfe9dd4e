"""Directories of a TIFF from images: tiles of JPEG, and the label and macro images beside the slide."""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides import LOUD, jpeg
from pathalign.testing.foreign_slides.pyramid import tiles
from pathalign.testing.foreign_slides.tiff import Directory, Value

DESCRIPTION, SOFTWARE, XML_PACKET, REDUCED = 270, 305, 700, 254


def jpeg_level(
    image: NDArray[np.uint8],
    *,
    tile_px: int = 256,
    rgb: bool = False,
    abbreviated: bool = False,
    missing: tuple[int, ...] = (),
    padded: bool = False,
    tags: dict[int, Value] | None = None,
) -> Directory:
    """A level of JPEG tiles.

    `rgb` is Aperio's way (`jpeg.encode`); `abbreviated` puts the tables into a tag of the directory; the tiles of the
    indices `missing` are not stored; `padded` declares the size of the whole tiles, as Philips does.
    """
    streams = [jpeg.encode(tile, rgb=rgb) for tile in tiles(image, tile_px)]
    height, width = image.shape[:2]
    if padded:
        height, width = (-(-side // tile_px) * tile_px for side in (height, width))
    more = dict(tags or {})
    if abbreviated:
        pairs = [jpeg.split(stream) for stream in streams]
        more[347] = pairs[0][0]
        streams = [stream for _, stream in pairs]
    return Directory(
        tags={
            256: width, 257: height, 258: [8, 8, 8], 259: 7, 262: 2 if rgb else 6, 277: 3, 284: 1, 322: tile_px,
            323: tile_px, **({} if rgb else {530: [1, 1]}), **more,
        },
        blocks=[b"" if k in missing else stream for k, stream in enumerate(streams)],
    )  # fmt: skip


def loud_strip(description: str | None = None, *, tags: dict[int, Value] | None = None) -> Directory:
    """A label or macro image in the loud colour, as one uncompressed strip."""
    width, height = 64, 48
    more = dict(tags or {})
    if description is not None:
        more[DESCRIPTION] = description
    return Directory(
        tags={256: width, 257: height, 258: [8, 8, 8], 259: 1, 262: 2, 277: 3, 278: height, 284: 1, **more},
        blocks=[struct.pack("3B", *LOUD) * (width * height)],
        tiled=False,
    )


def resolution_tags(mpp: float) -> dict[int, Value]:
    """X and Y resolution in pixels per centimetre."""
    per_cm = Fraction(1e4 / mpp).limit_denominator(1000)
    rational = (per_cm.numerator, per_cm.denominator)
    return {282: rational, 283: rational, 296: 3}
