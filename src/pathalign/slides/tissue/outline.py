"""A mask as polygons along the edges of its pixels: filled again, they give the same mask, to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float

from pathalign.slides.regions.polygons import Polygon, Ring, signed_area

_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Right, down, left, up. Edges go so that tissue lies to their right hand (y points down)."""


def outline(mask: Bool[np.ndarray, "y x"], *, px0_per_px: float | int) -> list[Polygon]:
    """The islands of a mask with their holes, in level-0 pixels, by their first pixel in reading order.

    Islands that touch at a corner alone are two. Corners are where the outline turns, nowhere else.
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    outer: list[Ring | None] = [None] * count
    holes: list[list[Ring]] = [[] for _ in range(count)]
    for ring, island in _rings(mask, labels):
        if signed_area(ring) > 0:
            outer[island] = ring * px0_per_px
        else:
            holes[island].append(ring * px0_per_px)
    return [
        Polygon(rings=(ring, *holes[island]), name="Tissue") for island, ring in enumerate(outer) if ring is not None
    ]


def _rings(mask: Bool[np.ndarray, "y x"], labels: np.ndarray) -> list[tuple[Float[np.ndarray, "corner 2"], int]]:
    """Every closed line between mask and ground, and the island that it belongs to."""
    edges = _edges(mask)
    rings = []
    for start in sorted(edges, key=lambda edge: (edge[1], edge[0], edge[2])):
        if start not in edges:
            continue
        x, y, direction = start
        island = int(labels[_right_of(x, y, direction)])
        corners: list[tuple[int, int]] = []
        last = -1
        while (x, y, direction) in edges:
            edges.discard((x, y, direction))
            if direction != last:
                corners.append((x, y))
            last = direction
            x, y = x + _STEPS[direction][0], y + _STEPS[direction][1]
            # The sharpest turn to the right first, so that pixels which touch at a corner stay apart.
            direction = next((d for d in ((last + 1) % 4, last, (last + 3) % 4) if (x, y, d) in edges), direction)
        if last == start[2]:  # the walk began in the middle of a side
            corners.pop(0)
        rings.append((np.array(corners, np.float64), island))
    return rings


def _edges(mask: Bool[np.ndarray, "y x"]) -> set[tuple[int, int, int]]:
    """The sides of pixels between mask and ground, as (x, y, direction) of their first corner."""
    inside = np.pad(mask, 1)
    here = inside[1:-1, 1:-1]
    sides = (
        (here & ~inside[:-2, 1:-1], (0, 0)),  # upper side, to the right from the upper left corner
        (here & ~inside[1:-1, 2:], (1, 0)),  # right side, down
        (here & ~inside[2:, 1:-1], (1, 1)),  # lower side, to the left
        (here & ~inside[1:-1, :-2], (0, 1)),  # left side, up
    )
    found: set[tuple[int, int, int]] = set()
    for direction, (side, (dx, dy)) in enumerate(sides):
        y, x = np.nonzero(side)
        found.update(zip((x + dx).tolist(), (y + dy).tolist(), [direction] * len(x), strict=True))
    return found


def _right_of(x: int, y: int, direction: int) -> tuple[int, int]:
    """The pixel (y, x) to the right hand of an edge."""
    dx, dy = ((0, 0), (-1, 0), (-1, -1), (0, -1))[direction]
    return y + dy, x + dx
