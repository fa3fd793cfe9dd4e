"""Shared memory that batches of patches pass through: a few slots of one size, so memory does not grow with a slide.

It has no name in any file system: when its last user is gone, however that died, so is the memory.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile

import numpy as np
from jaxtyping import UInt8

SLOTS = 8
"""Batches that a reading process may be ahead: some hundred patches, while it finds the tissue of the next slide."""


class Ring:
    """`SLOTS` slots of `slot_bytes` bytes behind a file descriptor that another process can be given."""

    def __init__(self, *, slot_bytes: int, descriptor: int | None = None) -> None:
        """Make one, or map the one behind `descriptor`, which another process made."""
        self.slot_bytes = slot_bytes
        size = SLOTS * slot_bytes
        self.descriptor = _nameless(size) if descriptor is None else descriptor
        self._map = mmap.mmap(self.descriptor, size)

    def batch(self, slot: int, shape: tuple[int, ...]) -> UInt8[np.ndarray, "batch y x 3"]:
        """A view of one slot as a batch of that shape; refused when it does not fit."""
        size = int(np.prod(shape))
        assert size <= self.slot_bytes, f"a batch of {size} bytes for slots of {self.slot_bytes}"
        return np.frombuffer(self._map, np.uint8, count=size, offset=slot * self.slot_bytes).reshape(shape)

    def close_descriptor(self) -> None:
        """Let go of the descriptor; the mapping stays as long as an array looks at it."""
        os.close(self.descriptor)


def _nameless(size: int) -> int:
    if sys.platform == "linux":
        descriptor = os.memfd_create("pathalign-patches")
    else:
        with tempfile.TemporaryFile() as f:  # unlinked as soon as it is made
            descriptor = os.dup(f.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
