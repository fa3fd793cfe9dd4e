"""Tiled TIFFs at the speed of the decoder: tiles are read by their index, decoded once, and kept while they are used.

Generic TIFF and BigTIFF, Aperio SVS, OME-TIFF and Philips TIFF, in interleaved 8-bit RGB. Decoding is strict: a tile
that is damaged raises, where most readers give grey or torn pixels without a word.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from pathalign.errors import UnreadableSlide
from pathalign.slides.sources.source import Level, ResolutionClaim
from pathalign.slides.sources.tiff_directory import read_header
from pathalign.slides.sources.tiff_layout import TiffLayout, tiff_layout
from pathalign.slides.sources.tile_cache import TileCache
from pathalign.slides.sources.tile_levels import DecodedLevel, decoded_levels

CACHE_BYTES = 2**28
"""Decoded tiles that are kept: three rows of 256-px tiles of a slide that is 100,000 pixels wide, so that a grid read
in the order (y, x) decodes every tile once, also where a patch is made of 448 pixels."""


def open_tiled_tiff(path: Path) -> TiledTiffSource | None:
    """Open a tiled TIFF; None when it is not one that this source decodes, so that another may.

    Raises `UnreadableSlide` when it is one but damaged, and `RefusedSlide` when it must not be read as RGB (16 bits,
    several scenes, planes of focus, one channel, planar, palette, CMYK).
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    source = None
    try:
        file = read_header(path.name, descriptor)
        layout = tiff_layout(file) if file is not None else None
        decoded = decoded_levels(layout) if layout is not None else None
        if layout is not None and decoded is not None:
            source = TiledTiffSource(path.name, descriptor, layout, decoded)
        return source
    finally:
        if source is None:
            os.close(descriptor)


class TiledTiffSource:
    """See `PixelSource`. One process and one thread at a time use it."""

    def __init__(self, name: str, descriptor: int, layout: TiffLayout, decoded: list[DecodedLevel]) -> None:
        self.name, self.family = name, layout.family
        self._decoded = decoded
        self.decoder = " and ".join(dict.fromkeys(level.decoder for level in decoded))
        self.levels: tuple[Level, ...] = tuple(level.as_level() for level in decoded)
        self.resolution_claims: tuple[ResolutionClaim, ...] = layout.resolution_claims
        self.bounds_px0: tuple[int, int, int, int] = (0, 0, *decoded[0].size_px)
        self.icc_profile: bytes | None = layout.icc_profile
        self._descriptor, self._process = descriptor, os.getpid()
        self._cache = TileCache(CACHE_BYTES)

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        out = np.empty((height, width, 3), np.uint8)
        self.read_into(level, left, top, out)
        return out

    def read_into(self, level: int, left: int, top: int, out: UInt8[np.ndarray, "y x 3"]) -> None:
        """`read`, into an array that is there: its size is the rectangle's."""
        if os.getpid() != self._process:
            raise RuntimeError(
                f"{self.name} was opened in process {self._process} and is read in process {os.getpid()}: a slide that "
                "is open must not cross a fork. Open it in the process that reads it."
            )
        of = self._decoded[level]
        tile_width, tile_height = of.tile_px
        right, bottom = left + out.shape[1], top + out.shape[0]
        # What of the rectangle lies within the level.
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, of.size_px[0]), min(bottom, of.size_px[1])
        if (x0, y0, x1, y1) != (left, top, right, bottom):
            out[:] = 255
            if x0 >= x1 or y0 >= y1:
                return
        for row in range(y0 // tile_height, (y1 - 1) // tile_height + 1):
            tile_top = row * tile_height
            upper, lower = max(y0, tile_top), min(y1, tile_top + tile_height)
            for column in range(x0 // tile_width, (x1 - 1) // tile_width + 1):
                tile_left = column * tile_width
                start, stop = max(x0, tile_left), min(x1, tile_left + tile_width)
                part = out[upper - top : lower - top, start - left : stop - left]
                tile = self._tile(of, level, row * of.columns + column)
                if tile is None:
                    part[:] = 255
                else:
                    part[:] = tile[upper - tile_top : lower - tile_top, start - tile_left : stop - tile_left]

    def close(self) -> None:
        """See `PixelSource.close`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._cache = TileCache(CACHE_BYTES)

    def _tile(self, of: DecodedLevel, level: int, index: int) -> UInt8[np.ndarray, "y x 3"] | None:
        """A decoded tile, to be read at once and never written to; None when it was never scanned."""
        key = (level, index)
        tile = self._cache.get(key)
        if tile is not None:
            return tile
        offset, count = int(of.offsets[index]), int(of.byte_counts[index])
        if not offset or not count:
            return None
        data = os.pread(self._descriptor, count, offset)
        tile = self._cache.room((of.tile_px[1], of.tile_px[0], 3))
        try:
            if len(data) != count:
                raise ValueError(f"the file ends within its {count} bytes")
            of.decode(data, tile)
        except ValueError as error:
            self._cache.give_back(tile)
            raise UnreadableSlide(self._where(of, index, str(error))) from error
        self._cache.put(key, tile)
        return tile

    def _where(self, of: DecodedLevel, index: int, reason: str) -> str:
        row, column = divmod(index, of.columns)
        x, y = column * of.tile_px[0] * of.shrink, row * of.tile_px[1] * of.shrink
        return (
            f"{self.name} breaks in the tile at pixel ({x}, {y}) of its level {of.number} ({reason}): the file is "
            "damaged. Copy it again from its source, or leave it out of slides.csv."
        )
