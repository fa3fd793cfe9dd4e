"""Checkpoints of a run: folders `checkpoints/step-0000050/`, each complete or absent.

The tensors are in the format of `torch.distributed.checkpoint`; every process holds all of them, so the leading one
writes and each reads. `about.json` beside them says what run and step they are of.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from pathalign.errors import StaleArtifact
from pathalign.store.artifact import write_json
from pathalign.train.engine.weights import Weights
from pathalign.train.engine.world import World

FOLDER, ABOUT = "checkpoints", "about.json"
SINGLE_FILE = "checkpoint.pt"
"""What runs had before they had folders of checkpoints; it is not read any more."""
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Point:
    """How far a run has come."""

    step: int = 0
    """Steps done."""
    scores: tuple[tuple[int, float], ...] = ()
    """Step and score of every validation so far."""

    @property
    def best(self) -> int | None:
        """The step with the highest score, the earliest of equal ones."""
        return max(self.scores, key=lambda found: (found[1], -found[0]))[0] if self.scores else None

    @property
    def validations_since_best(self) -> int:
        """How many validations have not been better than the best."""
        return sum(step > (self.best or 0) for step, _ in self.scores)


class Checkpoints:
    """The checkpoints of one run; `fingerprint` says of which configuration and data."""

    def __init__(self, run: Path, fingerprint: str, *, keep: int, world: World) -> None:
        self._run, self._fingerprint, self._keep, self._world = run, fingerprint, keep, world
        if (run / SINGLE_FILE).is_file():
            raise StaleArtifact(
                f"runs/{run.name} holds a {SINGLE_FILE}, a checkpoint of an earlier version of PathAlign that this one "
                "cannot continue. Finish that run with the version that began it, or begin anew with `--restart`, "
                "which drops the checkpoint."
            )
        if world.leads:
            for part in (run / FOLDER).glob(".*.part"):  # of a process that was killed while it wrote
                shutil.rmtree(part)

    def latest(self, weights: Weights) -> Point:
        """Read the newest checkpoint into `weights`; step 0 when there is none.

        Raises `StaleArtifact` for one of another configuration or other data.
        """
        steps = self._steps()
        return self.read(steps[-1], weights) if steps else Point()

    def read(self, step: int, weights: Weights) -> Point:
        """Read the checkpoint of a step into `weights`."""
        folder = self._folder(step)
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["fingerprint"] != self._fingerprint or about["format"] != _FORMAT:
            raise StaleArtifact(
                f"runs/{self._run.name} holds a checkpoint of a run with another configuration or other data. "
                "Finish that run with its own options, or begin anew with `--restart`, which drops the checkpoint."
            )
        tensors = weights.tensors()
        with _one_process():
            load(tensors, checkpoint_id=folder, no_dist=True)
        weights.taken(tensors)
        return Point(about["step"], tuple((step, score) for step, score in about["scores"]))

    def write(self, point: Point, weights: Weights) -> None:
        """Write a checkpoint aside and rename it; then drop all but the newest ones and the best."""
        folder = self._folder(point.step)
        # One of this step is there when a signal comes at the very step of a checkpoint: it is the same.
        if self._world.leads and not folder.is_dir():
            aside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
            with _one_process():
                save(weights.tensors(), checkpoint_id=aside, no_dist=True)
            about: dict[str, Any] = {"format": _FORMAT, "fingerprint": self._fingerprint, **asdict(point)}
            write_json(aside / ABOUT, about)
            aside.rename(folder)
            kept = {*self._steps()[-self._keep :], point.best}
            for step in self._steps():
                if step not in kept:
                    shutil.rmtree(self._folder(step))
        self._world.wait()

    def _folder(self, step: int) -> Path:
        return self._run / FOLDER / f"step-{step:07d}"

    def _steps(self) -> list[int]:
        return sorted(int(folder.name.removeprefix("step-")) for folder in (self._run / FOLDER).glob("step-*"))


def forget_checkpoint(run: Path) -> None:
    """Drop the checkpoints once what was trained is saved."""
    shutil.rmtree(run / FOLDER, ignore_errors=True)
    (run / SINGLE_FILE).unlink(missing_ok=True)


class _one_process(warnings.catch_warnings):  # noqa: N801  a context manager
    """Silences torch's remark that it saves without a process group, which is what it was told to do."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.filterwarnings("ignore", message="torch.distributed is (disabled|unavailable)", category=UserWarning)
