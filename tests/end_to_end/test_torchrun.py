"""A training that torchrun shares between two processes, as a user starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def two_processes(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`pathalign` under torchrun."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "pathalign",
        *map(str, arguments),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_two_processes_train_one_model(made: Any, tmp_path: Path) -> None:
    """One document on stdout, one log of the whole batch, one model; run again alone, it is up to date."""
    root = made.copied(tmp_path / "two", without=("models/retrieval", "models/generation", "index", "runs"))
    options = ("train", "retrieval", "--steps", "6", "--device", "cpu", "--json", "-w", root)

    done = two_processes(*options)

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["steps"] == 6
    assert done.stderr.count("Training PathAlign-R: 6 done") == 1
    rows = [json.loads(row) for row in (root / "runs/train-retrieval/metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 7))
    assert rows[-1]["itc_loss"] == pytest.approx(document["final"]["itc_loss"], abs=1e-6)
    assert (root / "models/retrieval/model.safetensors").is_file()
    assert not (root / "runs/train-retrieval/checkpoints").exists()
    again = subprocess.run([sys.executable, "-m", "pathalign", *map(str, options)], capture_output=True, check=True)
    assert json.loads(again.stdout)["up_to_date"]


def test_what_one_process_refuses_all_refuse(made: Any, tmp_path: Path) -> None:
    """A workspace without embeddings: every process gives the repair and its number, and none hangs."""
    root = made.copied(tmp_path / "none", without=("embeddings", "models", "index", "runs"))

    done = two_processes("train", "retrieval", "-w", root)

    assert done.returncode == 1
    assert "pathalign: The workspace holds no complete patch embeddings. Run `pathalign embed` first." in done.stderr
    assert done.stdout == ""


def test_two_processes_share_a_language_model(made: Any, tmp_path: Path) -> None:
    """Stage 2 before a model of which each process holds half; the folder names it and describes slides as ever."""
    root = made.copied(tmp_path / "two", without=("models/retrieval", "index", "runs"))
    llm = tmp_path / "llm"
    (root / "models/generation/language_model").rename(llm)
    options = ("train", "generation", "--llm", llm, "--steps", "4", "--device", "cpu", "--json", "-w", root)

    done = two_processes(*options, "--shard-llm")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["final"]["generation_loss"] > 0
    assert not (root / "models/generation/language_model").exists()
    slide = next(row["slide_id"] for row in made.rows("slides.csv"))
    for arguments in (("describe", slide, "--json", "-w", root), options):  # one process, with the whole model
        again = subprocess.run(
            [sys.executable, "-m", "pathalign", *map(str, arguments)], capture_output=True, check=True
        )
    assert json.loads(again.stdout)["up_to_date"]
