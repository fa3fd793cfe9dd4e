"""The stack on which a thread hears signals, kept from libraries that swap it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager


class SignalStack(ctypes.Structure):
    """`stack_t` of sigaltstack(2)."""

    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))

    @property
    def place(self) -> tuple[int | None, int, int]:
        """Address, flags and bytes."""
        return self.address, self.flags, self.size


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """After its block this thread hears signals on the same stack as before.

    oneTBB, which OpenVINO computes with, makes a stack of its own the thread's alternate signal stack, and may leave it
    so after it has unmapped it. The next signal that Python handles then ends the process with a segmentation fault.
    Nothing is done where there is no sigaltstack.
    """
    before = signal_stack()
    try:
        yield
    finally:
        if before is not None and (after := signal_stack()) is not None and after.place != before.place:
            ctypes.CDLL(None).sigaltstack(ctypes.byref(before), None)


def signal_stack() -> SignalStack | None:
    """The alternate signal stack of the calling thread; None where the system has no such thing."""
    try:
        ask = ctypes.CDLL(None).sigaltstack
    except (AttributeError, OSError, TypeError):
        return None
    found = SignalStack()
    return found if ask(None, ctypes.byref(found)) == 0 else None
