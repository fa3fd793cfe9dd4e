"""Decoded tiles that were used last, within a bound of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
from jaxtyping import UInt8

SLAB_BYTES = 2**23
"""Tiles are cut from blocks of this size: one large block costs the kernel a few pages, each tile by itself fifty."""


class TileCache:
    """Tiles by key, least recently used out first; the memory of those that leave is used again."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._tiles: OrderedDict[Hashable, UInt8[np.ndarray, "y x 3"]] = OrderedDict()
        self._free: dict[tuple[int, ...], list[UInt8[np.ndarray, "y x 3"]]] = {}

    def get(self, key: Hashable) -> UInt8[np.ndarray, "y x 3"] | None:
        """The tile of a key, which counts as used now."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def room(self, shape: tuple[int, int, int]) -> UInt8[np.ndarray, "y x 3"]:
        """Memory for one more tile, that of the oldest one where the bound is reached; `put` it or give it back."""
        free = self._free.setdefault(shape, [])
        if free:
            return free.pop()
        size = shape[0] * shape[1] * shape[2]
        while self._tiles and self._bytes + max(size, SLAB_BYTES) > self._most_bytes:
            _, oldest = self._tiles.popitem(last=False)
            if oldest.shape == shape:
                return oldest
            self._free.setdefault(oldest.shape, []).append(oldest)
        if self._bytes + max(size, SLAB_BYTES) > self._most_bytes:  # all of it holds tiles of another shape
            self._free, self._bytes = {}, 0
            free = self._free.setdefault(shape, [])
        count = max(1, min(SLAB_BYTES, self._most_bytes) // size)
        slab = np.empty((count, *shape), np.uint8)
        self._bytes += slab.nbytes
        free.extend(slab[1:])
        return slab[0]

    def put(self, key: Hashable, tile: UInt8[np.ndarray, "y x 3"]) -> None:
        """Keep a tile that lies in memory from `room`."""
        self._tiles[key] = tile

    def give_back(self, tile: UInt8[np.ndarray, "y x 3"]) -> None:
        """Memory from `room` that came to no use."""
        self._free[tile.shape].append(tile)
