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

from pathalign.slides.slide_opening import OpenRequest, events_of
from pathalign.slides.slide_reading import Pixels, ReadRequest
from pathalign.slides.workers.messages import InSlot, Ready, Release
from pathalign.slides.workers.ring import SLOTS, Ring

_PR_SET_PDEATHSIG = 1


def serve(owner: Connection, ring: Ring) -> None:
    """Read one slide after another until the owner closes its end."""
    free = set(range(SLOTS))
    owner.send(Ready())
    while True:
        message = owner.recv()
        if isinstance(message, Release):
            free.add(message.slot)
            continue
        assert isinstance(message, ReadRequest | OpenRequest), message
        for event in events_of(message):
            if not isinstance(event, Pixels):
                owner.send(event)
                continue
            while not free or owner.poll():
                free.add(owner.recv().slot)
            slot = min(free)
            free.remove(slot)
            ring.batch(slot, event.rgb.shape)[...] = event.rgb
            owner.send(InSlot(slot, event.rgb.shape))


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
