"""Data for the next step, loaded by a thread while this step computes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from pathalign.train.engine.world import World

T = TypeVar("T")


class Ahead(Generic[T]):
    """Calls `load(step, world)`, which must be a pure function, one step or micro-batch before it is asked for."""

    def __init__(self, load: Callable[[int, World], T], *, steps: int) -> None:
        self._load, self._steps = load, steps
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loading")
        self._coming: dict[tuple[int, World], Future[T]] = {}
        self.waited_s = 0.0
        """Seconds that `take` has waited."""

    def take(self, step: int, world: World) -> T:
        """What `load` gives for a step; then begins with the next. What `load` raises is raised here."""
        start = time.monotonic()
        coming = self._coming.pop((step, world), None) or self._thread.submit(self._load, step, world)
        found = coming.result()
        self.waited_s += time.monotonic() - start
        if world.micro + 1 < world.micros:
            following = step, world.at_micro(world.micro + 1, world.micros)
        else:
            following = step + 1, world.at_micro(0, world.micros)
        self._coming.clear()
        if following[0] < self._steps:
            self._coming[following] = self._thread.submit(self._load, *following)
        return found
