"""Area-true resampling: each pixel asked for is the mean of exactly the ground that it covers.

The one rule for sub-pixels, everywhere: pixel i of an image covers [i, i + 1) of its own frame. A pixel asked for
covers [start + i * factor, start + (i + 1) * factor) of the image that it is made from; a source pixel that lies in it
by a fraction counts by that fraction. Nothing is rounded to whole pixels but the result.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

cv2.setNumThreads(1)  # one reader is one thread; readers run side by side
BLOCK = 16
"""Pixels asked for that are made by one matrix product: wide enough for the product, narrow enough to stay sparse."""
_WHOLE = 1e-4
"""Starts and factors this close to a whole number are whole."""


def source_span(start: float, count: int, factor: float) -> tuple[int, int]:
    """First source pixel and number of source pixels that `count` pixels of width `factor` from `start` on touch."""
    first = math.floor(start + _WHOLE)
    return first, max(1, math.ceil(start + count * factor - _WHOLE) - first)


def area_resample(
    image: UInt8[np.ndarray, "y x 3"], *, size_px: tuple[int, int], start: tuple[float, float], factor: float
) -> UInt8[np.ndarray, "height width 3"]:
    """`size_px` (width, height) pixels, each `factor` source pixels wide, from `start` (x, y) within `image`.

    `image` must hold the whole span; see `source_span`.
    """
    width, height = size_px
    if all(abs(at) <= _WHOLE for at in start) and abs(factor - round(factor)) <= _WHOLE:
        whole = round(factor)
        if whole == 1:
            return image
        return cv2.resize(image, size_px, interpolation=cv2.INTER_AREA)
    rows, columns = image.shape[:2]
    down = np.empty((height, columns * 3), np.float32)
    flat = image.reshape(rows, columns * 3).astype(np.float32)
    for at, first, weights in _blocks(height, start[1], factor, rows, 1):
        np.matmul(weights, flat[first : first + weights.shape[1]], out=down[at : at + len(weights)])
    out = np.empty((height, width * 3), np.float32)
    for at, first, weights in _blocks(width, start[0], factor, columns, 3):
        np.matmul(down[:, first : first + weights.shape[1]], weights.T, out=out[:, at : at + len(weights)])
    out += 0.5
    return out.clip(0, 255).astype(np.uint8).reshape(height, width, 3)


def coverage(count: int, start: float, factor: float, length: int) -> Float[np.ndarray, "count length"]:
    """Share of each source pixel in each pixel asked for; rows sum to one."""
    left = start + factor * np.arange(count)[:, None]
    overlap = np.minimum(left + factor, np.arange(1, length + 1)) - np.maximum(left, np.arange(length))
    weights = overlap.clip(0)
    return weights / weights.sum(1, keepdims=True)


@lru_cache(maxsize=64)
def _blocks(count: int, start: float, factor: float, length: int, channels: int) -> list[tuple[int, int, np.ndarray]]:
    """The non-zero blocks of `coverage`: first pixel asked for, first source pixel, weights; spread over channels."""
    weights = coverage(count, start, factor, length)
    blocks = []
    for at in range(0, count, BLOCK):
        rows = weights[at : at + BLOCK]
        used = np.flatnonzero(rows.any(0))
        part = rows[:, used[0] : used[-1] + 1]
        spread = np.kron(part, np.eye(channels)).astype(np.float32)
        blocks.append((at * channels, int(used[0]) * channels, spread))
    return blocks
