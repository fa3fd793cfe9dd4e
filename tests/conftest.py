"""What all tests share: real data where it lies, and no network anywhere."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is first imported

ROOT = Path(__file__).parents[1]


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
