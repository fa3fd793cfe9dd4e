"""A few tiles of a slide that is decoded directly, compared with OpenSlide when it is opened.

The direct decoder is fast because it knows what a file means: where tiles lie, which colour transform they have, what a
level's size is. Should it be wrong about a file, a handful of tiles shows it, and OpenSlide reads the slide instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pathalign.errors import NeedsRepair, UnreadableSlide
from pathalign.slides.sources.source import PixelSource
from pathalign.slides.sources.tiled_tiff import TiledTiffSource

Place = tuple[int, int, int, int]
"""Left, top, width, height in pixels of a level."""
PIXELS = 2**18
"""So many pixels are compared, four tiles of 256 px or one of 512."""
TILES = 6
"""Tiles that are tried, where some are cut by the edge or broken."""


def cross_check(source: TiledTiffSource, path: Path) -> str | None:
    """Why OpenSlide should read a slide instead; None when it agrees to the bit, or does not open the file.

    Tiles are drawn with the file's size as the seed, the same every time, among those that were scanned, from levels
    whose downsample divides both sides (of others OpenSlide makes blends). A broken tile is no reason, for reading it
    will say so; when none decodes here that does there, that is one.
    """
    from pathalign.slides.sources.openslide_source import OpenSlideSource

    try:
        peer = OpenSlideSource(path)
    except NeedsRepair:
        return None
    try:
        sizes = [level.size_px for level in peer.levels]
        if sizes[0] != source.levels[0].size_px:
            return f"OpenSlide finds {sizes[0]} pixels, not {source.levels[0].size_px}"
        compared, broken_here = 0, 0
        for level, place in _places(source, seed=path.stat().st_size):
            if compared >= PIXELS:
                break
            if level >= len(sizes) or sizes[level] != source.levels[level].size_px:
                continue
            ours, theirs = _pixels(source, level, place), _pixels(peer, level, place)
            where = f"in the tile at {place[:2]} of level {level}"
            if ours is None:
                broken_here += theirs is not None
            elif theirs is None:
                return f"OpenSlide finds broken what decodes here, {where}"
            elif not np.array_equal(ours, theirs):
                worst = int(np.abs(ours.astype(int) - theirs.astype(int)).max())
                return f"differs from OpenSlide by up to {worst} grey levels {where}"
            else:
                compared += place[2] * place[3]
        if broken_here and not compared:
            return "none of the tiles that OpenSlide decodes does here"
    finally:
        peer.close()
    return None


def _places(source: TiledTiffSource, *, seed: int) -> Iterator[tuple[int, Place]]:
    """Level and rectangle of the tiles to compare."""
    rng = np.random.default_rng([seed, *source.levels[0].size_px])
    width, height = source.levels[0].size_px
    levels = [
        number
        for number, level in enumerate(source.levels)
        if not level.scaled_decode
        and (level.size_px[0] * level.downsample, level.size_px[1] * level.downsample) == (width, height)
    ]
    for number in range(TILES):
        level = levels[number % len(levels)]
        scanned = source.scanned_tiles(level)
        if len(scanned):
            yield level, source.tile_place(level, int(rng.choice(scanned)))


def _pixels(source: PixelSource, level: int, place: Place) -> np.ndarray | None:
    """The pixels of a rectangle; None where they are broken."""
    try:
        return source.read(level, *place)
    except UnreadableSlide:
        return None
