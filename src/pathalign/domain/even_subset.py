"""A subset of places that is spread as evenly as the places are: systematic sampling along a Hilbert curve."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

BITS = 16
"""Cells of the curve per side, as a power of two: finer than any two patches of a slide."""


def even_subset(xy: Int[np.ndarray, "place 2"], count: int, seed: int) -> Int[np.ndarray, " kept"]:
    """Indices, rising, of `count` places (all when there are no more) that are spread evenly over them.

    Neighbours along a Hilbert curve are neighbours in the plane, so every n-th place along it leaves neither crowds nor
    gaps. The seed moves the curve and its start. Equal arguments give equal indices on every machine.
    """
    total = len(xy)
    if count >= total:
        return np.arange(total)
    if count < 1:
        raise ValueError(f"An even subset has at least 1 place, got {count}.")
    random = np.random.default_rng([seed, 16])
    low = xy.min(0).astype(np.float64)
    extent = max(float((xy.max(0) - low).max()), 1.0)
    cells = ((xy - low) / extent + random.random(2)) / 2 * (2**BITS - 1)
    order = np.lexsort((np.arange(total), hilbert_index(cells.astype(np.int64))))
    every = (np.arange(count) + random.random()) * (total / count)
    return np.sort(order[np.minimum(every.astype(np.int64), total - 1)])


def hilbert_index(cells: Int[np.ndarray, "place 2"]) -> Int[np.ndarray, " place"]:
    """Place along the Hilbert curve of each cell (x, y) of a square of 2**BITS cells (Hilbert 1891)."""
    x, y = cells[:, 0].copy(), cells[:, 1].copy()
    index = np.zeros(len(cells), np.int64)
    for bit in range(BITS - 1, -1, -1):
        side = 1 << bit
        right, lower = (x & side) > 0, (y & side) > 0
        index += side * side * ((3 * right.astype(np.int64)) ^ lower)
        flipped = ~lower & right
        x, y = np.where(flipped, side - 1 - (x & (side - 1)), x), np.where(flipped, side - 1 - (y & (side - 1)), y)
        x, y = np.where(lower, x, y) & (side - 1), np.where(lower, y, x) & (side - 1)
    return index
