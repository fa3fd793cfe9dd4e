"""One small workspace, made by the command line as a user makes it, shared by all end-to-end tests."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathalign.cli.main import main
from pathalign.testing.cohort import Cohort, make_cohort
from pathalign.testing.slides import write_pyramid

Ask = Callable[..., Any]
EMPTY = "GLASS-1"
"""A slide of the cohort without any tissue."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Several tests run at a time: threads that wait for a core only spin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """The shared workspace, never to be changed, and what it was made from."""

    root: Path
    cohort: Cohort
    steps: dict[str, str]
    """Steps of the trainings, as given to `train`."""

    def rows(self, table: str) -> list[dict[str, str]]:
        """The rows of slides.csv, reports.csv or truth.csv of the cohort."""
        with (self.cohort.root / table).open(newline="", encoding="utf-8") as f:
            return list(csv.DictReader(f))

    def copied(self, to: Path, *, without: tuple[str, ...] = ()) -> Path:
        """A copy that may be changed, without some of its folders."""
        for path in sorted(self.root.rglob("*")):
            inside = path.relative_to(self.root)
            if path.is_file() and not any(inside.is_relative_to(folder) for folder in without):
                (to / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to / inside)
        return to


def pathalign(*arguments: str | Path) -> str:
    """Run the command in a process of its own; its stdout."""
    command = [sys.executable, "-m", "pathalign", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **ONE_THREAD, "HF_HUB_OFFLINE": "1"}
    )
    assert done.returncode == 0, f"pathalign {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(autouse=True)
def one_thread_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that a test starts have one thread, as those that made the workspace had."""
    for name, value in ONE_THREAD.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The shared workspace; of several pytest processes (pytest-xdist) the first makes it and the others wait."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return make_workspace(tmp_path_factory.mktemp("chain"))
    folder = tmp_path_factory.getbasetemp().parent / "chain"  # beside the folders of all processes of this run
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "made.pickle"
        if not done.exists():
            (folder / "begun").touch(exist_ok=False)  # one that failed is not tried again
            first = make_workspace(folder)
            done.write_bytes(pickle.dumps({"root": first.root, "cohort": first.cohort, "steps": first.steps}))
        return Made(**pickle.loads(done.read_bytes()))


def make_workspace(folder: Path) -> Made:
    """init, add, curate, pretrain, embed, train retrieval, train generation, index; short trainings."""
    cohort = make_cohort(folder / "cohort", patients=12, seed=3, side_um=600)
    write_pyramid(cohort.root / "slides" / "glass.tif", np.full((600, 600, 3), 243, np.uint8), mpp=1.0)
    with cohort.slides_csv.open("a", encoding="utf-8") as f:
        f.write(f"{EMPTY},slides/glass.tif,P9999,{EMPTY},,,H&E,,test\n")
    root, steps = folder / "workspace", {"retrieval": "40", "generation": "15"}
    pathalign("init", root)
    pathalign("add", cohort.slides_csv, "--reports", cohort.reports_csv, "--strict", "-w", root)
    pathalign("curate", "-w", root)
    pathalign("pretrain", "--steps", "4", "-w", root)
    pathalign("embed", "-w", root)
    for kind, count in steps.items():
        pathalign("train", kind, "--steps", count, "-w", root)
    pathalign("index", "-w", root)
    return Made(root=root, cohort=cohort, steps=steps)


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs a verb in this process: its document, or with `as_json=False` its words, after a check of the exit code."""
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")

    def call(*arguments: str | Path, code: int = 0, as_json: bool = True) -> Any:
        with pytest.raises(SystemExit) as left:
            main([*map(str, arguments), *(["--json"] if as_json else [])])
        out, err = capfd.readouterr()
        assert int(left.value.code or 0) == code, f"{out}\n{err}"
        if not as_json:
            return out
        assert out.count("\n") == 1, "one document on one line of stdout"
        return json.loads(out)

    return call
