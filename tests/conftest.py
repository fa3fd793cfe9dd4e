"""What all tests share: real data where it lies, and no network anywhere."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is first imported

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Garbage is collected only after the tests are, and what they imported is none.

    Imports make millions of objects that stay (each function of ours is wrapped, to check shapes and types); walking
    them again and again took a third of the time until the first test.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with real slides and reports (`PATHALIGN_TEST_DATA`, default ../shared/data beside the checkout).

    Missing data fails the test where it is expected to be (CI with ../shared there), and skips it elsewhere.
    """
    folder = Path(os.environ.get("PATHALIGN_TEST_DATA", ROOT.parent / "shared" / "data"))
    if (folder / "README.md").is_file():
        return folder
    if os.environ.get("CI") and (ROOT.parent / "shared").is_dir():
        pytest.fail(f"The real test data is not in {folder}; set PATHALIGN_TEST_DATA.")
    pytest.skip(f"no real test data in {folder}")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for the network fails."""

    def refuse(*_: object) -> None:
        raise AssertionError("a test tried to open a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


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
