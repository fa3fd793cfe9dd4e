"""What tests of texts share."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

SHORT, LONGER, FACTOR = 12_500, 4, 10
"""Characters; four times as many may take ten times as long, and squares would take sixteen times."""


@pytest.fixture
def grows_evenly() -> Callable[[Callable[[int], object]], None]:
    """Asserts that the CPU time of a reader, given how many characters to read, grows no faster than their number.

    The least of three, so that what else a machine does is no matter.
    """

    def check(read: Callable[[int], object]) -> None:
        def spent(characters: int) -> float:
            found = []
            for _ in range(3):
                begun = time.process_time()
                read(characters)
                found.append(time.process_time() - begun)
            return min(found)

        assert spent(LONGER * SHORT) < FACTOR * spent(SHORT) + 0.01  # below which the clock's ticks decide

    return check
