"""`pathalign embed` with reading processes, as a user runs it: killed, interrupted, broken off, in shards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

ELSE = ("embeddings", "models/retrieval", "models/generation", "index", "runs")


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell starts what it runs in the background deaf to Ctrl-C, and so would be whatever the tests start."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(root: Path, *options: str) -> subprocess.Popen[str]:
    """`embed` in a process of its own, and a group of its own, as a shell starts it."""
    command = [sys.executable, "-m", "pathalign", "embed", "--json", "-w", str(root), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def document(process: subprocess.Popen[str]) -> Any:
    """What it printed, once it has ended well."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out)


def readers(pid: int) -> list[int]:
    """Its reading processes."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child) for child in listed if b"pathalign.slides.workers" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def wait_for_readers(process: subprocess.Popen[str], root: Path) -> list[int]:
    """Its reading processes, as soon as a first slide is done."""
    while process.poll() is None:
        if (found := readers(process.pid)) and list(root.glob("embeddings/*/*.h5")):
            return found
        time.sleep(0.005)
    pytest.fail("it ended before it was seen at work")


def is_running(pid: int) -> bool:
    """Whether a process runs; one that waits to be collected does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def wait_until_gone(pids: list[int]) -> None:
    """Ten seconds are more than enough to notice that one is alone."""
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, pids))


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, by its path there; leftovers of a kill begin with a dot."""
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if not Path(name).name.startswith(".")}


def assert_same_set(made: Any, root: Path) -> None:
    """The set is that of the run which nobody disturbed."""
    expected, found = contents(made.root / "embeddings"), contents(root / "embeddings")
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "Ctrl-C"])
def test_a_stopped_run_leaves_no_process_and_goes_on(made: Any, tmp_path: Path, number: signal.Signals) -> None:
    """Killed or interrupted, its reading processes go too; run again without any, the set is that of one run."""
    root = made.copied(tmp_path / "workspace", without=ELSE)
    process = start(root, "--workers", "2")
    pids = wait_for_readers(process, root)
    process.send_signal(number)
    _, err = process.communicate()

    assert process.returncode == (-9 if number == signal.SIGKILL else 1)
    assert "Traceback" not in err
    wait_until_gone(pids)
    again = document(start(root, "--workers", "0"))
    assert again["slides_done_before"] >= 1
    assert_same_set(made, root)


def test_a_killed_reader_costs_at_most_one_slide(made: Any, tmp_path: Path) -> None:
    """The run ends well and says which slide; running again embeds it, and the set is that of one run."""
    root = made.copied(tmp_path / "workspace", without=ELSE)
    process = start(root, "--workers", "1")
    os.kill(wait_for_readers(process, root)[0], signal.SIGKILL)

    first = document(process)
    second = document(start(root))

    assert first["slides"]["failed"] <= 1
    assert all("died with signal 9" in problem["reason"] for problem in first["problems"])
    assert second["slides"]["failed"] == 0
    assert_same_set(made, root)


def test_shards_as_an_array_job(made: Any, tmp_path: Path) -> None:
    """Three jobs at once and a closing run write the set of one run."""
    root = made.copied(tmp_path / "workspace", without=ELSE)
    jobs = [start(root, "--shard", f"{index}/3") for index in (1, 2, 3)]

    shares = [document(job) for job in jobs]
    closing = document(start(root))

    assert [share["shard"] for share in shares] == ["1/3", "2/3", "3/3"]
    assert closing["slides_done_before"] == sum(sum(share["slides"].values()) for share in shares)
    assert_same_set(made, root)
