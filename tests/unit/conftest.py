"""What all unit tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On models as small as these a second thread of torch only spins: twenty times the CPU, and slower."""
    torch = sys.modules.get("torch")
    if torch is None:  # a test of the lower half, alone
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
