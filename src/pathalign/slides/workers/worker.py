"""One reading process as its owner sees it: started, given a slide, listened to, and put away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pathalign.slides.slide_opening import Request
from pathalign.slides.workers.messages import InSlot, Release
from pathalign.slides.workers.ring import SLOTS, Ring

_ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM", "VIPS_CONCURRENCY",
)  # fmt: skip
_PATIENCE_S = 10.0
"""How long a process that was told to go may take; one that hangs on a dead file server may never go."""


class Worker:
    """A reading process, its channel and its ring.

    Started by executing Python anew, never by a fork (open handles, threads and locks would come along) and not through
    `multiprocessing` (which runs the caller's main module again, torch and all).
    """

    def __init__(self, *, slot_bytes: int, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        self.ring = Ring(slot_bytes=slot_bytes)
        with theirs:
            descriptors = (theirs.fileno(), self.ring.descriptor)
            self._process = subprocess.Popen(  # noqa: S603  this interpreter, arguments that are numbers
                [sys.executable, "-m", "pathalign.slides.workers.process", *map(str, descriptors), str(slot_bytes),
                 str(memory_bytes)],
                env=_environment(), pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is for the owner, which then puts its workers away
            )  # fmt: skip
        self.ring.close_descriptor()
        self.channel = Connection(ours.detach())
        self.request: Request | None = None
        """The slide that it reads; None while it starts or waits."""
        self.is_ready = False
        self.heard = time.monotonic()
        """When it last said something, or was given something to do."""
        self._slots_lent = 0

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_busy(self) -> bool:
        """It reads a slide, or its owner still has batches of one."""
        return self.request is not None or self._slots_lent > 0

    def give(self, request: Request) -> None:
        """Have it read a slide."""
        self.request, self.heard = request, time.monotonic()
        self._send(request)

    def receive(self) -> Any:
        """The next message; `EOFError` when the process is gone."""
        try:
            message = self.channel.recv()
        except OSError as error:  # reset, or an end in the middle of a message
            raise EOFError from error
        self.heard = time.monotonic()
        self._slots_lent += isinstance(message, InSlot)
        return message

    def release(self, slot: int) -> None:
        """Give a slot back."""
        self._slots_lent -= 1
        self.heard = time.monotonic()
        self._send(Release(slot))

    def silent_s(self) -> float:
        """For how long it has said nothing although it had something to do and room to do it."""
        waits = self.is_ready and (self.request is None or self._slots_lent == SLOTS)
        return 0.0 if waits else time.monotonic() - self.heard

    def end(self, *, at_once: bool) -> int | None:
        """Put the process away; its exit code, negative for a signal, None when not even SIGKILL reaches it."""
        self.channel.close()
        if not at_once:
            try:
                return self._process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                pass
        self._process.kill()
        try:
            return self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            return None

    def _send(self, message: object) -> None:
        try:
            self.channel.send(message)
        except OSError:
            return  # it is gone; the next `receive` says so


def describe_exit(code: int | None) -> str:
    """`died with signal 9 (killed, ...)` or `ended with exit code 1 (...)`."""
    if code is None or code >= 0:
        return f"ended with exit code {code} (its message is among those above)"
    hint = {signal.SIGKILL: ", perhaps because memory ran out"}.get(signal.Signals(-code), "")
    return f"died with signal {-code} ({signal.strsignal(-code)}{hint})"


def _environment() -> dict[str, str]:
    source = str(Path(__file__).parents[3])  # as it was imported here, installed or not
    path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **dict.fromkeys(_ONE_THREAD, "1")}
