"""Which checkpoints are kept, what stops a run and how it goes on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pathalign.errors import NotFinite, StaleArtifact, TrainingStopped
from pathalign.train.engine import ALONE, Schedule, StepRandom, World, forget_checkpoint, train

pytestmark = pytest.mark.unit

SCHEDULE = Schedule(steps=12, batch=2, peak_lr=1e-2, warmup_steps=1, checkpoint_every=2)


class Scored:
    """A weight that moves every step, with scores that are given; `seen` holds the weights that were scored."""

    def __init__(self, scores: dict[int, float] | None = None, *, nan_at: tuple[int, ...] = ()) -> None:
        torch.manual_seed(0)
        self.module = nn.Linear(3, 2)
        self.target = self.module.weight.detach().clone()
        self.seen: list[torch.Tensor] = []
        self._scores, self._step, self._nan_at = scores or {}, 0, nan_at

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
        """Falls."""
        self._step = step + 1
        scale = torch.nan if step in self._nan_at else 1.0
        return {"fit_loss": ((self.module(random.normal([0, 1], 3)) - 3) ** 2).mean() * scale}

    def after_step(self, step: int) -> None:
        """The target follows."""
        self.target.lerp_(self.module.weight.detach(), 0.5)

    def state(self) -> Mapping[str, torch.Tensor]:
        """The target is no parameter."""
        return {"target": self.target}

    def report(self, step: int) -> Mapping[str, float]:
        """How large the weight is."""
        assert not self.module.training
        return {"size": float(self.module.weight.square().sum())}

    def score(self) -> float:
        """As given."""
        assert not self.module.training
        self.seen.append(self.module.weight.detach().clone())
        return self._scores.get(self._step, 0.0)

    def items(self, step: int) -> list[str]:
        """Twelve slides."""
        return [f"s{number}" for number in range(12)]


def kept(run: Path) -> list[int]:
    """Steps of the checkpoints that are there."""
    return sorted(int(folder.name.removeprefix("step-")) for folder in (run / "checkpoints").iterdir())


def rows_of(run: Path) -> list[dict[str, Any]]:
    """The log."""
    return [json.loads(row) for row in (run / "metrics.jsonl").read_text().splitlines()]


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    """Two by default, and the best by validation however old; slow metrics and score stand in the log."""
    train(Scored({4: 0.9, 8: 0.9, 10: 0.5}), SCHEDULE, tmp_path, identity={})

    assert kept(tmp_path) == [4, 10, 12]
    scored = {row["step"]: row["score"] for row in rows_of(tmp_path) if "score" in row}
    assert scored == {2: 0.0, 4: 0.9, 6: 0.0, 8: 0.9, 10: 0.5, 12: 0.0}
    assert [row["step"] for row in rows_of(tmp_path) if "size" in row] == list(scored)
    forget_checkpoint(tmp_path)
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("kill", [None, 7])
def test_a_run_that_grows_no_better_ends_with_its_best_weights(tmp_path: Path, kill: int | None) -> None:
    """After `patience` validations without a better score; killed and resumed it does the same."""
    patient = replace(SCHEDULE, patience=2, average=0.5)
    scores = {2: 0.1, 4: 0.8, 6: 0.7, 8: 0.8, 10: 0.9}
    objective = Scored(scores)

    def interrupt(step: int, row: dict[str, float]) -> None:
        if step == kill:
            raise KeyboardInterrupt

    if kill:
        with pytest.raises(KeyboardInterrupt):
            train(Scored(scores), patient, tmp_path, identity={}, on_step=interrupt)

    train(objective, patient, tmp_path, identity={})

    assert rows_of(tmp_path)[-1]["step"] == 8
    reference = Scored()
    (tmp_path / "reference").mkdir()
    train(reference, replace(SCHEDULE, average=0.5), tmp_path / "reference", identity={})
    assert torch.equal(objective.module.weight, reference.seen[1])
    assert not torch.equal(reference.seen[1], reference.seen[2])


def test_state_beside_the_module_is_resumed(tmp_path: Path) -> None:
    """A target network outside of the module ends with the same bytes when the run was killed."""
    whole, killed = Scored(), Scored()
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    train(whole, SCHEDULE, tmp_path / "whole", identity={})

    def interrupt(step: int, row: dict[str, float]) -> None:
        if step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Scored(), SCHEDULE, tmp_path / "killed", identity={}, on_step=interrupt)
    train(killed, SCHEDULE, tmp_path / "killed", identity={})

    assert torch.equal(killed.target, whole.target)
    assert torch.equal(killed.module.weight, whole.module.weight)
    assert (tmp_path / "killed" / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()


@pytest.mark.parametrize("at", [3, 4, 12])
def test_sigterm_ends_a_run_after_its_step(tmp_path: Path, at: int) -> None:
    """The step is finished and kept, at a checkpoint or between two; run again it ends as if nothing had been."""

    def terminate(step: int, row: dict[str, float]) -> None:
        if step == at - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    whole, resumed = Scored({4: 1.0}), Scored({4: 1.0})
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    train(whole, SCHEDULE, tmp_path / "whole", identity={})

    with pytest.raises(TrainingStopped, match=f"^Stopped at step {at} of 12, .* Run the same command again"):
        train(Scored({4: 1.0}), SCHEDULE, tmp_path / "stopped", identity={}, on_step=terminate)

    assert signal.getsignal(signal.SIGTERM) == before
    assert at in kept(tmp_path / "stopped")
    seen: list[int] = []
    train(resumed, SCHEDULE, tmp_path / "stopped", identity={}, on_step=lambda step, _: seen.append(step))
    assert seen == list(range(at + 1, 13))
    assert torch.equal(resumed.module.weight, whole.module.weight)
    assert (tmp_path / "stopped" / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()


def test_a_checkpoint_of_an_earlier_version_is_refused(tmp_path: Path) -> None:
    """The one file of former runs is not guessed at; the message says what to do, and forgetting it helps."""
    run = tmp_path / "train-retrieval"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(b"whatever")

    with pytest.raises(StaleArtifact, match=r"^runs/train-retrieval holds a checkpoint\.pt, .* anew with `--restart`"):
        train(Scored(), SCHEDULE, run, identity={})

    assert (run / "checkpoint.pt").read_bytes() == b"whatever"
    forget_checkpoint(run)
    train(Scored(), SCHEDULE, run, identity={})


def test_what_a_kill_left_half_written_is_cleared(tmp_path: Path) -> None:
    """A checkpoint that was being written is no checkpoint, and is gone after the next start."""
    half = tmp_path / "checkpoints" / ".step-0000004.1.part"
    half.mkdir(parents=True)
    (half / "about.json").write_text("{")

    train(Scored(), SCHEDULE, tmp_path, identity={})

    assert not half.exists()
    assert kept(tmp_path) == [2, 10, 12]  # of equal scores the first is the best


def test_a_step_without_a_number_names_its_items(tmp_path: Path) -> None:
    """The first eight and how many more; the last checkpoint stays."""
    with pytest.raises(NotFinite, match=r"nan at step 6; .* items of that step: s0, .*, s7 and 4 more\. Low"):
        train(Scored(nan_at=(5,)), SCHEDULE, tmp_path, identity={})

    assert kept(tmp_path)[-1] == 4


def test_steps_without_a_number_are_left_out_where_the_schedule_says_so(tmp_path: Path) -> None:
    """Weights and target wait, the log says so with null; eleven in a row are too many even then."""
    lenient = replace(SCHEDULE, skip_non_finite=True)
    objective = Scored(nan_at=(3, 4))
    weights: dict[int, torch.Tensor] = {}
    (tmp_path / "some").mkdir()
    train(
        objective, lenient, tmp_path / "some", identity={},
        on_step=lambda step, _: weights.update({step: objective.module.weight.detach().clone()}),
    )  # fmt: skip

    assert torch.equal(weights[3], weights[5])
    assert not torch.equal(weights[5], weights[6])
    rows = rows_of(tmp_path / "some")
    assert [row["step"] for row in rows if row.get("skipped")] == [4, 5]
    assert rows[3]["loss"] is None
    assert rows[3]["fit_loss"] is None
    (tmp_path / "all").mkdir()
    with pytest.raises(NotFinite, match="step 11"):
        train(Scored(nan_at=tuple(range(12))), lenient, tmp_path / "all", identity={})


def test_a_gradient_without_a_number_is_met_too(tmp_path: Path) -> None:
    """A finite loss may have an infinite gradient: the square root of nothing."""

    class Root(Scored):
        def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
            return {"root": (self.module.weight * 0).square().sum().sqrt()}

    with pytest.raises(NotFinite, match="gradient became nan at step 1"):
        train(Root(), SCHEDULE, tmp_path, identity={})
