"""Area-true resampling: each pixel asked for is the mean of exactly the ground that it covers.

The one rule for sub-pixels, everywhere: pixel i of an image covers [i, i + 1) of its own frame. A pixel asked for
covers [start + i * factor, start + (i + 1) * factor) of the image that it is made from; a source pixel that lies in it
by a fraction counts by that fraction. Nothing is rounded to whole pixels but the result.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import DTypeLike

cv2.setNumThreads(1)  # one reader is one thread; readers run side by side
_WHOLE = 1e-4
"""Starts and factors this close to a whole number are whole."""


class Scratch:
    """Memory that is used again for the next patch: taken from the kernel each time, its pages cost more than the sums.

    Arrays of one name share memory, so one is not used after the next of its name is asked for.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Any] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """An array with anything in it."""
        there = self._arrays.get(name)
        if there is None or there.shape != shape:
            there = self._arrays[name] = np.empty(shape, dtype)
        return there


def source_span(start: float, count: int, factor: float) -> tuple[int, int]:
    """First source pixel and number of source pixels that `count` pixels of width `factor` from `start` on touch."""
    first = math.floor(start + _WHOLE)
    return first, max(1, math.ceil(start + count * factor - _WHOLE) - first)


def area_resample(
    image: UInt8[np.ndarray, "y x 3"],
    *,
    size_px: tuple[int, int],
    start: tuple[float, float],
    factor: float,
    out: UInt8[np.ndarray, "height width 3"] | None = None,
    scratch: Scratch | None = None,
) -> UInt8[np.ndarray, "height width 3"]:
    """`size_px` (width, height) pixels, each `factor` source pixels wide, from `start` (x, y) within `image`.

    `image` must hold the whole span; see `source_span`. They are written to `out` where it is given, which must lie in
    one piece; `scratch` is for who resamples many.
    """
    width, height = size_px
    memory = scratch or Scratch()
    if is_whole(start, factor):
        whole = round(factor)
        span = image[: height * whole, : width * whole]
        made = span if whole == 1 else cv2.resize(span, size_px, dst=out, interpolation=cv2.INTER_AREA)
    else:
        # A pixel asked for has two or three source pixels a side: sparse products, and no BLAS with threads of its own.
        rows, columns = image.shape[:2]
        flat = memory.array("flat", (rows, columns * 3), np.float32)
        np.copyto(flat, image.reshape(flat.shape))
        down = _sparse_coverage(height, start[1], factor, rows) @ flat
        turned = memory.array("turned", (columns, height, 3), np.float32)
        cv2.transpose(down.reshape(height, columns, 3), dst=turned)
        across = _sparse_coverage(width, start[0], factor, columns) @ turned.reshape(columns, height * 3)
        across += 0.5
        rounded = memory.array("rounded", (width, height, 3), np.uint8)
        np.copyto(rounded.reshape(across.shape), across, casting="unsafe")
        made = cv2.transpose(rounded, dst=out)
    if out is None or made is out:
        return made
    out[:] = made
    return out


def is_whole(start: tuple[float, float], factor: float) -> bool:
    """Whether pixels asked for are made of whole source pixels from the first one of the image on."""
    return all(abs(at) <= _WHOLE for at in start) and abs(factor - round(factor)) <= _WHOLE


def coverage(count: int, start: float, factor: float, length: int) -> Float[np.ndarray, "count length"]:
    """Share of each source pixel in each pixel asked for; rows sum to one."""
    left = start + factor * np.arange(count)[:, None]
    overlap = np.minimum(left + factor, np.arange(1, length + 1)) - np.maximum(left, np.arange(length))
    weights = overlap.clip(0)
    return weights / weights.sum(1, keepdims=True)


@lru_cache(maxsize=64)
def _sparse_coverage(count: int, start: float, factor: float, length: int) -> Any:
    """`coverage` as a sparse matrix in single precision."""
    from scipy.sparse import csr_array  # 0.1 s and 10 MB that most slides never need

    return csr_array(coverage(count, start, factor, length).astype(np.float32))
