"""Polygons on a slide, in level-0 pixels, and which share of each pixel of a mask they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

SAMPLES = 8
"""Points per side of a mask pixel at which a polygon is tested: every 2 um at 16 mpp."""
BAND = 64
"""Rows of the mask that are filled at once, which bounds memory."""

Ring = Float[np.ndarray, "_ 2"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Polygon:
    """A region with its holes."""

    rings: tuple[Ring, ...]
    """The outline, then the holes; x first, not closed (the last corner is joined to the first)."""
    name: str = ""
    """Its class, as a pathologist named it."""

    @property
    def area(self) -> float:
        """Area in squared pixels, holes left out."""
        outer, *holes = (abs(signed_area(ring)) for ring in self.rings)
        return outer - sum(holes)


def signed_area(ring: Ring) -> float:
    """Area within a ring by Gauss's formula; its sign tells which way round it goes."""
    x, y = ring.T.astype(np.float64)
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def coverage(polygons: Sequence[Polygon], shape: tuple[int, int], *, px0_per_px: float) -> Float[np.ndarray, "y x"]:
    """The share of each pixel of a mask that lies within any of the polygons (even-odd rule within each).

    Pixel i of the mask covers level-0 pixels [i * px0_per_px, (i + 1) * px0_per_px).
    """
    height, width = shape
    out = np.zeros(shape, np.float32)
    scaled = [[ring.astype(np.float64) / px0_per_px * SAMPLES for ring in polygon.rings] for polygon in polygons]
    for top in range(0, height, BAND):
        rows = min(BAND, height - top)
        union = np.zeros((rows * SAMPLES, width * SAMPLES), bool)
        for rings in scaled:
            _add(union, rings, top * SAMPLES)
        blocks = union.reshape(rows, SAMPLES, width, SAMPLES)
        out[top : top + rows] = blocks.mean((1, 3), dtype=np.float32)
    return out


def _add(union: Bool[np.ndarray, "y x"], rings: Sequence[Ring], top: int) -> None:
    """Set the sample points of a band, whose first row is `top`, that lie within one polygon."""
    height, width = union.shape
    low, high = rings[0].min(0), rings[0].max(0)
    first, last = max(0, int(low[1]) - top), min(height, int(high[1]) + 2 - top)
    left, right = max(0, int(low[0])), min(width, int(high[0]) + 2)
    if first >= last or left >= right:
        return
    toggles = np.zeros((last - first, right - left + 1), bool)
    for ring in rings:
        _toggle(toggles, ring, left, top + first)
    union[first:last, left:right] |= np.logical_xor.accumulate(toggles, axis=1)[:, :-1]


def _toggle(toggles: Bool[np.ndarray, "y x"], ring: Ring, left: int, top: int) -> None:
    """Flip a row where an edge crosses the line of its sample points: inside becomes outside there."""
    height, width = toggles.shape
    ends = np.roll(ring, -1, axis=0)
    reaches = (np.maximum(ring[:, 1], ends[:, 1]) > top) & (np.minimum(ring[:, 1], ends[:, 1]) < top + height)
    for (x0, y0), (x1, y1) in zip(ring[reaches].tolist(), ends[reaches].tolist(), strict=True):
        low, high = (y0, y1) if y0 <= y1 else (y1, y0)
        start, stop = max(0, int(np.ceil(low - 0.5)) - top), min(height, int(np.ceil(high - 0.5)) - top)
        if start >= stop:
            continue
        rows = np.arange(start, stop)
        x = x0 + (rows + top + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
        columns = np.clip(np.ceil(x - 0.5).astype(np.int64) - left, 0, width - 1)
        toggles[rows, columns] ^= True
