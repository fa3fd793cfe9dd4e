"""Decoded tiles that were used last, within a bound of bytes.

The bound is as tight as the reading allows: tiles that stay within the processor's own cache are decoded and copied a
third faster than tiles spread over hundreds of megabytes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
from jaxtyping import UInt8

LEAST_BYTES = 2**24
"""What may always be kept."""
MOST_BYTES = 2**28
"""What may be kept at most: three rows of 256-px tiles of a slide that is 100,000 pixels wide."""
SLAB_BYTES = 2**23
"""Tiles are cut from blocks of this size: one large block costs the kernel a few pages, each tile by itself fifty."""


class TileCache:
    """Tiles by key, least recently used out first; the memory of those that leave is used again."""

    def __init__(self) -> None:
        self._allowed = LEAST_BYTES
        self._bytes = 0
        self._tiles: OrderedDict[Hashable, UInt8[np.ndarray, "y byte"]] = OrderedDict()
        self._free: dict[tuple[int, ...], list[UInt8[np.ndarray, "y byte"]]] = {}

    def allow(self, size: int) -> None:
        """Raise the bound to what a way of reading needs in order to decode no tile twice, up to `MOST_BYTES`."""
        self._allowed = max(self._allowed, min(size + SLAB_BYTES, MOST_BYTES))

    def get(self, key: Hashable) -> UInt8[np.ndarray, "y byte"] | None:
        """The tile of a key, which counts as used now."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def room(self, shape: tuple[int, int]) -> UInt8[np.ndarray, "y byte"]:
        """Memory for one more tile, that of the oldest one where the bound is reached; `put` it or give it back."""
        free = self._free.setdefault(shape, [])
        if free:
            return free.pop()
        size = shape[0] * shape[1]
        while self._tiles and self._bytes + max(size, SLAB_BYTES) > self._allowed:
            _, oldest = self._tiles.popitem(last=False)
            if oldest.shape == shape:
                return oldest
            self._free.setdefault(oldest.shape, []).append(oldest)
        if self._bytes + max(size, SLAB_BYTES) > self._allowed:  # all of it holds tiles of another shape
            self._free, self._bytes = {}, 0
            free = self._free.setdefault(shape, [])
        count = max(1, SLAB_BYTES // size)
        slab = beside_alignment(count * size).reshape(count, *shape)
        self._bytes += slab.nbytes
        free.extend(slab[1:])
        return slab[0]

    def put(self, key: Hashable, tile: UInt8[np.ndarray, "y byte"]) -> None:
        """Keep a tile that lies in memory from `room`."""
        self._tiles[key] = tile

    def drop(self, key: Hashable) -> None:
        """Forget a tile that nobody asks for any more; its memory is the first to be used again."""
        tile = self._tiles.pop(key, None)
        if tile is not None:
            self.give_back(tile)

    def give_back(self, tile: UInt8[np.ndarray, "y byte"]) -> None:
        """Memory from `room` that came to no use."""
        self._free[tile.shape].append(tile)


def beside_alignment(size: int) -> UInt8[np.ndarray, " byte"]:
    """Memory to decode into: it starts 16 bytes beside a multiple of 32.

    Where rows lie at multiples of 32 bytes, libjpeg-turbo writes past the processor's cache, and the tile has to come
    back from main memory when it is copied or averaged a moment later.
    """
    block = np.empty(size + 32, np.uint8)
    start = (16 - block.ctypes.data) % 32
    return block[start : start + size]
