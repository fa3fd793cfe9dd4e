"""Reports read by rules, in this process or in several: the same result in the same order, a few reports at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait

from pathalign.domain.records import Slide
from pathalign.errors import ReadingProcessError
from pathalign.tasks.deidentification import ReportCleaner
from pathalign.text.curation import CuratedReport, curate_report
from pathalign.text.deidentification.deidentifier import Deidentified

_CHUNK = 16
"""Reports that go to a process at once: fewer cost more than they are worth."""
_AHEAD = 3
"""Chunks for each process that wait or are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A report as the catalog has it, with its slides."""

    case_id: str
    report: str
    slides: tuple[Slide, ...]

    @property
    def patient(self) -> str:
        """Whose report it is: equal originals of one patient get equal surrogates."""
        return self.slides[0].patient_id if self.slides else self.case_id


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What rules made of a report."""

    cleaned: Deidentified
    curated: CuratedReport
    """Offsets are those of the cleaned text."""


class ReportReader:
    """Reads reports, with the processes of a pool or without."""

    def __init__(self, pool: ProcessPoolExecutor | None = None, workers: int = 0) -> None:
        self._pool, self._workers = pool, workers

    def read(self, reports: Iterable[Registered], cleaner: ReportCleaner) -> Iterator[tuple[Registered, ReadReport]]:
        """Each report with what rules read, in order; `cleaner` counts the identifiers, and is that of the pool.

        Raises `ReadingProcessError` when a process that reads dies.
        """
        here = ((one, _read(cleaner, one)) for one in reports)
        for one, read in self._in_pool(self._pool, reports) if self._pool else here:
            cleaner.count(read.cleaned)
            yield one, read

    def _in_pool(
        self, pool: ProcessPoolExecutor, reports: Iterable[Registered]
    ) -> Iterator[tuple[Registered, ReadReport]]:
        rest = iter(reports)
        waiting: deque[tuple[list[Registered], Future[list[ReadReport]]]] = deque()
        try:
            while True:
                while len(waiting) < _AHEAD * self._workers and (chunk := list(islice(rest, _CHUNK))):
                    waiting.append((chunk, pool.submit(_read_chunk, chunk)))
                if not waiting:
                    return
                chunk, future = waiting.popleft()
                yield from zip(chunk, future.result(), strict=True)
        except BrokenProcessPool as error:
            raise ReadingProcessError(
                "A process that reads reports was killed, perhaps for want of memory. Nothing was changed. Run the "
                "same command again with fewer --workers; 0 reads in this process."
            ) from error


@contextmanager
def report_reader(cleaner: ReportCleaner, *, workers: int) -> Iterator[ReportReader]:
    """The reader; with `workers` in so many processes of their own."""
    if not workers:
        yield ReportReader()
        return
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(cleaner,)
    )
    try:
        yield ReportReader(pool, workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _read(cleaner: ReportCleaner, one: Registered) -> ReadReport:
    cleaned = cleaner.clean(one.report, patient=one.patient)
    return ReadReport(cleaned, curate_report(cleaned.text))


_cleaner: ReportCleaner | None = None
"""Of a process that reads."""


def _begin(cleaner: ReportCleaner) -> None:
    """Make this process one that reads, until its parent ends, in whatever way."""
    global _cleaner
    _cleaner = cleaner
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel, os._exit), daemon=True).start()


def _end_with(sentinel: int, end: Callable[[int], None]) -> None:
    wait([sentinel])
    end(1)


def _read_chunk(chunk: list[Registered]) -> list[ReadReport]:
    assert _cleaner is not None
    return [_read(_cleaner, one) for one in chunk]
