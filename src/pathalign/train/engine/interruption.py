"""SIGTERM, as a scheduler sends it before it takes a machine away: the step is finished and kept."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interruption:
    """Within its block SIGTERM only sets `asked`; outside of the main thread signals stay as they are."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None
        self._listens = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Interruption:
        if self._listens:
            self._before = signal.signal(signal.SIGTERM, self._hear)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._listens:
            signal.signal(signal.SIGTERM, self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  what a handler is given
        self.asked = True
