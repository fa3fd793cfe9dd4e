"""Several slides read at once, each by a process of its own; one that dies or hangs costs one slide."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, TypeVar

from pathalign.domain.records import Outcome
from pathalign.errors import ReadingProcessError
from pathalign.slides.slide_opening import Last, Request, events_of
from pathalign.slides.slide_reading import Ended, Pixels, ReadingConfig
from pathalign.slides.workers.messages import InSlot, Ready
from pathalign.slides.workers.worker import Worker, describe_exit

_LOOK_S = 0.5
"""How often silence is looked at; messages wake at once."""
_START_S = 60.0
"""What a process may take to start, however short the limit is for slides."""
Asked = TypeVar("Asked", bound=Request)
Heard = tuple[Worker, Any, Any]

MOST_WORKERS = 16
"""Default workers at most: a GPU is full before that, and a file server may not like more."""


class ReadingPool:
    """`config.workers` reading processes; use it as a context manager. Without workers it reads in this process.

    Not for several threads: one reads, encodes and asks for the next event.
    """

    def __init__(self, config: ReadingConfig, *, patch_px: int) -> None:
        self._config = config
        self._slot_bytes = config.batch * patch_px * patch_px * 3
        self._workers: list[Worker] = []

    def __enter__(self) -> ReadingPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)

    def close(self, *, at_once: bool) -> None:
        """Put all processes away; `at_once` does not wait for what they are doing."""
        while self._workers:
            self._workers.pop().end(at_once=at_once)

    def reading(self) -> dict[str, int]:
        """Slide -> process id, of the slides that are being read."""
        return {worker.request.slide_id: worker.pid for worker in self._workers if worker.request}

    def start_one(self) -> None:
        """Start a process and wait until it is ready; raises `ReadingProcessError` when it does not get there."""
        self._workers.append(self._start())
        while self._workers and not self._workers[-1].is_ready:
            self._listen(deque())

    def read(self, requests: Iterable[Asked]) -> Generator[tuple[Asked, Any], None, None]:
        """The events of all slides (`events_of`); those of one slide in their order, those of several interleaved.

        The last event of a slide is a `Last`. Raises `ReadingProcessError` when processes do not even start.
        """
        if not self._config.workers:
            for request in requests:
                for event in events_of(request):
                    yield request, event
            return
        try:
            yield from self._read(iter(requests), deque())
        finally:  # whoever stops in the middle must not find the rest of a slide in the next run
            for worker in [worker for worker in self._workers if worker.is_busy]:
                self._workers.remove(worker)
                worker.end(at_once=True)

    def _read(self, requests: Iterator[Asked], heard: deque[Heard]) -> Generator[tuple[Asked, Any], None, None]:
        waiting = deque(islice(requests, self._config.workers))  # a request is made when its turn comes
        while waiting or heard or any(worker.request for worker in self._workers):
            while len(self._workers) < min(self._config.workers, len(waiting) + len(self.reading())):
                self._workers.append(self._start())
            for worker in self._workers:
                if waiting and worker.is_ready and worker.request is None:
                    worker.give(waiting.popleft())
                    waiting.extend(islice(requests, 1))
            self._listen(heard)
            if heard:
                worker, request, said = heard.popleft()
                if isinstance(said, InSlot):
                    yield request, Pixels(rgb=worker.ring.batch(said.slot, said.shape))
                    worker.release(said.slot)
                else:
                    yield request, said

    def _start(self) -> Worker:
        return Worker(slot_bytes=self._slot_bytes, memory_bytes=int(self._config.memory_gib * 2**30))

    def _listen(self, heard: deque[Heard]) -> None:
        """Take in all that was said; wait for something to be said when there is nothing else to do."""
        by_channel = {worker.channel: worker for worker in self._workers}
        for channel in wait(list(by_channel), 0 if heard else _LOOK_S):
            worker = by_channel[channel]  # type: ignore[index]
            try:
                self._take(worker, heard)
            except EOFError:
                self._bury(worker, heard)
        for worker in list(self._workers):
            limit_s = self._config.timeout_s if worker.is_ready else max(_START_S, self._config.timeout_s)
            if worker.silent_s() > limit_s:
                self._give_up(worker, heard)

    def _take(self, worker: Worker, heard: deque[Heard]) -> None:
        while worker.channel.poll():
            message = worker.receive()
            if isinstance(message, Ready):
                worker.is_ready = True
                continue
            assert worker.request is not None
            heard.append((worker, worker.request, message))
            if isinstance(message, Last):
                worker.request = None

    def _bury(self, worker: Worker, heard: deque[Heard]) -> None:
        self._workers.remove(worker)
        request, worker.request = worker.request, None
        told = describe_exit(worker.end(at_once=False))
        if not worker.is_ready:
            raise ReadingProcessError(
                f"A reading process {told} before it could read anything. Run `pathalign doctor`, or use `--workers 0` "
                "to read without one."
            )
        if request is not None:
            reason = f"the reading process {told} while it read {request.name}. Copy the file again from its source."
            heard.append((worker, request, Ended(outcome=Outcome.FAILED, reason=reason)))

    def _give_up(self, worker: Worker, heard: deque[Heard]) -> None:
        self._workers.remove(worker)
        request, worker.request = worker.request, None
        worker.end(at_once=True)
        limit = self._config.timeout_s
        if request is None:
            raise ReadingProcessError(
                f"A reading process did not start within {max(_START_S, limit):g} s. Look at the load of the machine, "
                "raise `--timeout`, or use `--workers 0`."
            )
        reason = (
            f"no progress for {limit:g} s while {request.name} was read. "
            "If its storage is only slow, raise `--timeout`."
        )
        heard.append((worker, request, Ended(outcome=Outcome.TIMED_OUT, reason=reason)))
