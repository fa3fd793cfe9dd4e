"""kill -9 at any moment, then the same command again: the same bytes as one run."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

TRAINING = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from pathalign.store.workspace import open_workspace
from pathalign.train.engine import Schedule
from pathalign.train.recipes import GenerationRecipe, LanguageModelRecipe, QFormerSize, RetrievalRecipe
from pathalign.train.runs import train_generation, train_retrieval

root, kind, stage, last = sys.argv[1:]
size = QFormerSize(dim=32, layers=2, heads=2, ffn_dim=64, num_query_tokens=4, projection_dim=16, vocab=300)
schedule = Schedule(steps=20, batch=8, checkpoint_every=6, warmup_steps=3)
words = LanguageModelRecipe(dim=32, layers=1, heads=2, vocab=300, schedule=schedule)

@contextmanager
def progress(what, total):
    done = 0
    def advance(count):
        nonlocal done
        done += count
        if what == stage and done >= int(last):
            os.kill(os.getpid(), signal.SIGKILL)
    yield advance

if kind == "retrieval":
    train_retrieval(open_workspace(Path(root)), RetrievalRecipe(size=size, schedule=schedule), progress=progress)
else:
    recipe = GenerationRecipe(size=size, stage1=schedule, stage2=schedule, language_model=words)
    train_generation(open_workspace(Path(root)), recipe, progress=progress)
"""


def train(root: Path, kind: str, *, killed_in: str = "", at: int = 0) -> None:
    """Train in a process of its own, which dies by SIGKILL after step `at` of the stage `killed_in`."""
    command = [sys.executable, "-c", TRAINING, str(root), kind, killed_in, str(at)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (-signal.SIGKILL if killed_in else 0), done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, by its path there; leftovers of a kill begin with a dot."""
    found = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return {name: data for name, data in found.items() if not Path(name).name.startswith(".")}


KILLS = {
    "retrieval": [("Training PathAlign-R", 4), ("Training PathAlign-R", 15)],
    "generation": [("Language model", 15), ("PathAlign-G stage 1", 9), ("PathAlign-G stage 2", 16)],
}


@pytest.mark.parametrize("kind", KILLS)
def test_a_killed_training_ends_with_the_same_bytes(made: Any, tmp_path: Path, kind: str) -> None:
    """A training killed in every stage and resumed equals one that was not, to the last byte of weights and log."""
    whole, killed = (made.copied(tmp_path / name, without=("models", "index", "runs")) for name in ("whole", "killed"))
    train(whole, kind)

    for stage, at in KILLS[kind]:
        train(killed, kind, killed_in=stage, at=at)
        assert not (killed / "models" / kind / "manifest.json").exists()
    train(killed, kind)

    expected, found = contents(whole / "models" / kind), contents(killed / "models" / kind)
    assert sorted(found) == sorted(expected)
    assert "model.safetensors" in found
    assert [name for name in expected if found[name] != expected[name]] == []
    assert contents(killed / "runs") == contents(whole / "runs")
    assert not list((killed / "runs").rglob("*.pt")), "no checkpoint is left behind"


def test_a_killed_embed_ends_with_the_same_bytes(made: Any, tmp_path: Path) -> None:
    """`pathalign embed` killed at random moments and run again writes what one run wrote."""
    root = made.copied(
        tmp_path / "killed", without=("embeddings", "models/retrieval", "models/generation", "index", "runs")
    )
    command = [sys.executable, "-m", "pathalign", "embed", "--json", "-w", str(root)]
    moments = random.Random(7)
    kills = 0
    for _ in range(3):
        there = len(list(root.glob("embeddings/*/*.h5")))
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(list(root.glob("embeddings/*/*.h5"))) <= there:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    assert kills

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    expected, found = contents(made.root / "embeddings"), contents(root / "embeddings")
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
