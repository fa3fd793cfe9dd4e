"""Some rows of an array that lies in a file, by memory map."""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Int, Num

MANY = 8
"""One row of so many wanted: nearly every page is touched then, and one long read is faster than a page at a time."""
PROBES = 16
"""Pages, evenly spread, that must all be in memory for an array to count as there."""
_POPULATE_READ = 22
"""MADV_POPULATE_READ (Linux 5.14 and later), which Python has no name for: read a map, and map what was read."""


def mapped_rows(
    array: Num[np.ndarray, "patch ..."], indices: Int[np.ndarray, " row"] | Sequence[int]
) -> Num[np.ndarray, "row ..."]:
    """Rows in the order asked for, as an array of its own; raises `IndexError` for one that there is not."""
    wanted = np.asarray(indices)
    if wanted.size * MANY >= len(array):
        _read_all(array)
    if wanted.dtype.kind not in "iu":  # a mask, or an empty list: what NumPy makes of it
        return np.asarray(array)[wanted]
    return np.asarray(array).take(wanted, axis=0)  # a third faster than brackets, for short rows


def _read_all(array: np.ndarray) -> None:
    """Have the kernel read the pages of an array in one go, if it has not yet. Elsewhere they come as they are used."""
    if sys.platform == "linux" and array.size and array.flags.c_contiguous:
        begin, end = array.ctypes.data, array.ctypes.data + array.nbytes
        first = begin - begin % mmap.PAGESIZE
        there = ctypes.c_ubyte()
        for page in range(first, end, -(-(end - first) // PROBES // mmap.PAGESIZE) * mmap.PAGESIZE):
            failed = _libc().mincore(ctypes.c_void_p(page), ctypes.c_size_t(1), ctypes.byref(there))
            if not failed and not there.value & 1:
                _libc().madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _POPULATE_READ)
                return


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
