"""Whether a ring crosses itself."""

from __future__ import annotations

import numpy as np

from pathalign.slides.regions.polygons import Ring

CHUNK = 512
"""Edges that are compared with all others at once: bounds memory for outlines of many thousand corners."""


def crossing(ring: Ring) -> tuple[float, float] | None:
    """A place where two edges of a ring cross properly (not only touch), or None.

    Edges are sorted by their left end, so each is compared only with those that begin before it ends.
    """
    start, end = ring, np.roll(ring, -1, axis=0)
    left, right = np.minimum(start, end), np.maximum(start, end)
    order = np.argsort(left[:, 0], kind="stable")
    start, end, left, right = start[order], end[order], left[order], right[order]
    reach = np.searchsorted(left[:, 0], right[:, 0], side="left")
    for first in range(0, len(start), CHUNK):
        edges = np.arange(first, min(first + CHUNK, len(start)))
        counts = np.maximum(reach[edges] - edges - 1, 0)
        a = np.repeat(edges, counts)
        b = a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)
        near = (left[a, 1] < right[b, 1]) & (left[b, 1] < right[a, 1])
        a, b = a[near], b[near]
        sides = _side(start[a], end[a], start[b]) * _side(start[a], end[a], end[b])
        others = _side(start[b], end[b], start[a]) * _side(start[b], end[b], end[a])
        hit = np.flatnonzero((sides < 0) & (others < 0))
        if len(hit):
            return _meeting(*(ends[pair[hit[0]]] for pair in (a, b) for ends in (start, end)))
    return None


def _side(start: np.ndarray, end: np.ndarray, point: np.ndarray) -> np.ndarray:
    """On which side of a line a point lies."""
    along, away = end - start, point - start
    return np.asarray(np.sign(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]))


def _meeting(p: np.ndarray, q: np.ndarray, r: np.ndarray, s: np.ndarray) -> tuple[float, float]:
    along, across = q - p, s - r
    share = ((r - p)[0] * across[1] - (r - p)[1] * across[0]) / (along[0] * across[1] - along[1] * across[0])
    x, y = p + share * along
    return float(x), float(y)
