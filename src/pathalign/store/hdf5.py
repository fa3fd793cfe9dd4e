"""Reading HDF5 files that may be damaged: what the library raises then, and what a file can hold at most."""

from __future__ import annotations

import math
from typing import Any

import h5py
import numpy as np

DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises for a damaged file; it has no class of its own, and a flipped byte gave each of these in a fuzz."""
DENSEST = 1100
"""Most bytes that one stored byte can stand for: deflate ends at 1,032."""


def stored(dataset: Any) -> np.ndarray:
    """All of a dataset, once it is clear that the file holds it.

    Raises `ValueError` when the shape is larger than what is stored: a flipped byte in it asks for petabytes, and
    chunks that were never written would read as zeros.
    """
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError("no array where one was expected")
    declared, held = dataset.dtype.itemsize * math.prod(dataset.shape), dataset.id.get_storage_size()
    compressed = dataset.chunks is not None and dataset.id.get_create_plist().get_nfilters() > 0
    if declared > held * (DENSEST if compressed else 1):
        raise ValueError(f"{dataset.name} declares {declared} bytes and holds {held}")
    return np.asarray(dataset[()])


def brief(error: BaseException) -> str:
    """The first line of what the library says."""
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
