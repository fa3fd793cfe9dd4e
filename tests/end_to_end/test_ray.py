"""`embed --engine ray` on a local cluster of several processes: the bytes of the local engine, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pathalign.store.embeddings import read_provenance

pytestmark = pytest.mark.e2e

TASK = b"ray::_embed_slide"


def test_a_cluster_writes_the_same_bytes_though_a_task_is_killed(made: Any, tmp_path: Path) -> None:
    """A task whose process dies by SIGKILL is tried again; the set equals that of one process, and stdout is JSON.

    The runtime is named: of itself a cluster computes in torch, which every node has.
    """
    root = made.copied(
        tmp_path / "ray", without=("embeddings", "models/retrieval", "models/generation", "index", "runs")
    )
    one = next((made.root / "embeddings").rglob("*.h5"))
    runtime = (read_provenance(one) or {})["computed"]["runtime"].split()[0]
    command = [sys.executable, "-m", "pathalign", "embed", "--engine", "ray", "--runtime", runtime]
    command += ["--json", "-w", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    killed = None
    while killed is None and process.poll() is None:
        killed = next(iter(tasks_of(process.pid)), None)
        time.sleep(0.01)
    if killed is None:
        pytest.fail(f"the run ended before a task of it was seen: {process.communicate()[1]}")
    os.kill(killed, signal.SIGKILL)

    out, err = process.communicate()

    assert process.returncode == 0, err
    assert json.loads(out)["slides"]["failed"] == 0
    assert out.count("\n") == 1
    expected, found = contents(made.root / "embeddings"), contents(root / "embeddings")
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tasks_of(pid: int) -> list[int]:
    """Processes below `pid` that embed a slide; Ray puts what a process does into its command line."""
    below = [pid]
    for parent in below:  # grows while it is walked
        below += [child for child, its_parent in parents().items() if its_parent == parent and child not in below]
    return [one for one in below if command_line(one).startswith(TASK)]


def parents() -> dict[int, int]:
    """Process -> its parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def command_line(pid: int) -> bytes:
    """How a process calls itself."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
