"""A reading process: `python -m pathalign.slides.workers.process`, started by `Worker` and by nothing else.

It opens its own handles, keeps every codec to one thread (its owner set the environment before numpy was loaded), and
leaves when its owner is gone.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection

import cv2
import numpy as np
from jaxtyping import UInt8

from pathalign.slides.slide_opening import Request, events_of
from pathalign.slides.slide_reading import Pixels, ReadRequest, read_slide
from pathalign.slides.workers.messages import InSlot, Ready, Release
from pathalign.slides.workers.ring import SLOTS, Ring

_PR_SET_PDEATHSIG = 1


def serve(owner: Connection, ring: Ring) -> None:
    """Read one slide after another until the owner closes its end."""
    slots = _Slots(owner, ring)
    owner.send(Ready())
    while True:
        message = owner.recv()
        if isinstance(message, Release):
            slots.free.add(message.slot)
            continue
        assert isinstance(message, Request), message
        for event in read_slide(message, slots.room) if isinstance(message, ReadRequest) else events_of(message):
            owner.send(slots.filled(event.rgb.shape) if isinstance(event, Pixels) else event)


class _Slots:
    """The slots of the ring as the reading process sees them: it writes into one, and the owner has some."""

    def __init__(self, owner: Connection, ring: Ring) -> None:
        self._owner, self._ring = owner, ring
        self.free = set(range(SLOTS))

    def room(self, shape: tuple[int, int, int, int]) -> UInt8[np.ndarray, "batch y x 3"]:
        """A slot that nobody reads, once the owner has released one; the one that counts was asked for last."""
        while not self.free or self._owner.poll():
            self.free.add(self._owner.recv().slot)
        self._writing = min(self.free)
        return self._ring.batch(self._writing, shape)

    def filled(self, shape: tuple[int, ...]) -> InSlot:
        """Give the slot that was written to away."""
        self.free.remove(self._writing)
        return InSlot(self._writing, shape)


def main(arguments: list[str]) -> None:
    """`CHANNEL RING SLOT_BYTES MEMORY_BYTES`: two inherited descriptors and two sizes."""
    channel, descriptor, slot_bytes, memory_bytes = map(int, arguments)
    if sys.platform == "linux":  # even when it hangs within a codec it does not outlive its owner
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The heap, not the address space: readers map files that are larger than any memory.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold pixels of a patient
    cv2.setNumThreads(1)
    try:
        serve(Connection(channel), Ring(slot_bytes=slot_bytes, descriptor=descriptor))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the owner is gone or wants no more; nothing here needs to be put away


if __name__ == "__main__":
    main(sys.argv[1:])
