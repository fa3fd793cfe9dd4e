"""What lies beyond the edge of a level is white, for sources whose library refuses to go there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

Read = Callable[[int, int, int, int], np.ndarray]
"""Left, top, width, height within the level -> its pixels [height, width, 3]."""


def on_white(
    read: Read, size_px: tuple[int, int], left: int, top: int, width: int, height: int
) -> UInt8[np.ndarray, "y x 3"]:
    """A rectangle of a level of `size_px` (width, height); `read` is asked only for what lies within."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, size_px[0]), min(top + height, size_px[1])
    if (x0, y0, x1, y1) == (left, top, left + width, top + height):
        return read(left, top, width, height)
    out = np.full((height, width, 3), 255, np.uint8)
    if x0 < x1 and y0 < y1:
        out[y0 - top : y1 - top, x0 - left : x1 - left] = read(x0, y0, x1 - x0, y1 - y0)
    return out
