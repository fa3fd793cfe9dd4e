"""Tiled TIFFs at the speed of the decoder: tiles are read by their index, decoded once, and kept while they are used.

Generic TIFF and BigTIFF, Aperio SVS, OME-TIFF and Philips TIFF, in interleaved 8-bit RGB. Decoding is strict: a tile
that is damaged raises, where most readers give grey or torn pixels without a word.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from pathalign.errors import UnreadableSlide
from pathalign.slides.sources.source import Level, ResolutionClaim
from pathalign.slides.sources.tiff_directory import read_header
from pathalign.slides.sources.tiff_layout import TiffLayout, tiff_layout
from pathalign.slides.sources.tile_cache import TileCache
from pathalign.slides.sources.tile_levels import DecodedLevel, decoded_levels


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
        self._cache = TileCache()
        self._means: dict[tuple[int, int], DecodedLevel] = {}

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        out = np.empty((height, width, 3), np.uint8)
        self.read_into(level, left, top, out)
        return out

    def can_average(self, level: int, mean: int) -> bool:
        """Whether `read_into` makes pixels that are the means of `mean` x `mean` of a level."""
        return self._decoded[level].can_average(mean)

    def read_into(
        self, level: int, left: int, top: int, out: UInt8[np.ndarray, "y x 3"], mean: int = 1,
        done: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        """`read`, into an array that is there and lies in one piece: its size is the rectangle's.

        With `mean` left, top and the size count pixels that are means of `mean` x `mean` pixels of the level: each tile
        is averaged once, while it is hot, and kept so. Tiles left of and above `done` (x, y) are not kept: the next one
        is decoded into memory that the processor still has at hand.
        """
        if os.getpid() != self._process:
            raise RuntimeError(
                f"{self.name} was opened in process {self._process} and is read in process {os.getpid()}: a slide that "
                "is open must not cross a fork. Open it in the process that reads it."
            )
        of = self._decoded[level] if mean == 1 else self._averaged(level, mean)
        height, width = out.shape[:2]
        if left < 0 or top < 0 or left + width > of.size_px[0] or top + height > of.size_px[1]:
            out[:] = 255
        columns = _spans(left, width, of.size_px[0], of.tile_px[0], 3)
        rows = _spans(top, height, of.size_px[1], of.tile_px[1], 1)
        if len(rows) > of.rows_kept:  # a grid in the order (y, x) comes back to as many rows of tiles
            of.rows_kept = len(rows)
            self._cache.allow(of.rows_kept * of.columns * of.tile_px[0] * of.tile_px[1] * 3)
        assert out.flags.c_contiguous, "a region is read into an array that lies in one piece"
        lines = out.reshape(height, width * 3)  # fewer and longer stretches to copy
        kept = self._cache.get
        done_columns, done_rows = done[0] // of.tile_px[0], done[1] // of.tile_px[1]
        for row, y, tile_y in rows:
            first = row * of.columns
            for column, x, tile_x in columns:
                tile = kept(of.key + first + column)
                if tile is None:
                    tile = self._decoded_tile(of, first + column)
                lines[y, x] = 255 if tile is None else tile[tile_y, tile_x]
                if row < done_rows and column < done_columns:
                    self._cache.drop(of.key + first + column)

    def scanned_tiles(self, level: int) -> Int64[np.ndarray, " tile"]:
        """The numbers of the tiles of a level that have data."""
        of = self._decoded[level]
        return np.flatnonzero((of.offsets != 0) & (of.byte_counts != 0))

    def tile_place(self, level: int, index: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of a tile of a level, as far as it lies within."""
        of = self._decoded[level]
        row, column = divmod(index, of.columns)
        left, top = column * of.tile_px[0], row * of.tile_px[1]
        return left, top, min(of.tile_px[0], of.size_px[0] - left), min(of.tile_px[1], of.size_px[1] - top)

    def close(self) -> None:
        """See `PixelSource.close`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._cache = TileCache()

    def _averaged(self, level: int, mean: int) -> DecodedLevel:
        if (level, mean) not in self._means:
            self._means[level, mean] = self._decoded[level].averaged(mean)
        return self._means[level, mean]

    def _decoded_tile(self, of: DecodedLevel, index: int) -> UInt8[np.ndarray, "y byte"] | None:
        """The lines of a tile, to be read at once and never written to; None when it was never scanned."""
        offset, count = of.offsets.item(index), of.byte_counts.item(index)
        if not offset or not count:
            return None
        data = os.pread(self._descriptor, count, offset)
        tile = self._cache.room((of.tile_px[1], of.tile_px[0] * 3))
        try:
            if len(data) != count:
                raise ValueError(f"the file ends within its {count} bytes")
            of.decode(index, data, tile.reshape(of.tile_px[1], of.tile_px[0], 3))
        except ValueError as error:
            self._cache.give_back(tile)
            row, column = divmod(index, of.columns)
            x, y = column * of.image.tile_px[0], row * of.image.tile_px[1]
            raise UnreadableSlide(
                f"{self.name} breaks in the tile at pixel ({x}, {y}) of its level {of.number} ({error}): the file is "
                "damaged. Copy it again from its source, or leave it out of slides.csv."
            ) from error
        self._cache.put(of.key + index, tile)
        return tile


@lru_cache(maxsize=4096)
def _spans(
    start: int, length: int, level_length: int, tile_length: int, channels: int
) -> tuple[tuple[int, slice, slice], ...]:
    """Along one axis, the tiles that a stretch of a level touches: number, which bytes of the stretch, of the tile.

    What of the stretch lies outside the level has no tile. A grid asks for the same stretches again and again.
    """
    spans = []
    first, last = max(start, 0), min(start + length, level_length)
    for number in range(first // tile_length, -(-last // tile_length)):
        at = number * tile_length
        begin, end = max(first, at), min(last, at + tile_length)
        if begin < end:
            of_stretch = slice((begin - start) * channels, (end - start) * channels)
            spans.append((number, of_stretch, slice((begin - at) * channels, (end - at) * channels)))
    return tuple(spans)
