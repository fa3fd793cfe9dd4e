"""The training loop: killed and resumed is the same as never killed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributed.checkpoint import FileSystemReader

from pathalign.errors import PathAlignError, StaleArtifact
from pathalign.train.engine import ALONE, Schedule, StepRandom, World, batch_at, forget_checkpoint, train

pytestmark = pytest.mark.unit

SCHEDULE = Schedule(steps=11, batch=3, peak_lr=1e-2, warmup_steps=2, checkpoint_every=4)


class Toy:
    """A network with dropout whose loss uses every source of chance that a step has."""

    def __init__(self, *, poison_at: int | None = None) -> None:
        torch.manual_seed(0)
        self.module = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.LayerNorm(8), nn.Linear(8, 1))
        self.module.register_module("frozen", nn.Linear(4, 4).requires_grad_(False))
        self.poison_at = poison_at
        self.batches: list[list[int]] = []

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
        """Two parts of a loss."""
        indices = batch_at(step, items=7, batch=3, seed=SCHEDULE.seed)
        self.batches.append(indices.tolist())
        x = torch.from_numpy(random.numpy.standard_normal((3, 4)).astype(np.float32))
        x = x + torch.randn(3, 4, generator=random.torch) + torch.from_numpy(indices).float()[:, None]
        out = self.module[:4](x)
        scale = math.nan if step == self.poison_at else 1.0
        return {"fit": ((out - 1) ** 2).mean() * scale, "size": out.abs().mean() * 0.1}


def state_bytes(toy: Toy) -> dict[str, bytes]:
    """All weights as bytes."""
    return {name: value.numpy().tobytes() for name, value in toy.module.state_dict().items()}


def files_of(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def run_of(tmp_path: Path, name: str) -> Path:
    """A new folder for a run."""
    (tmp_path / name).mkdir()
    return tmp_path / name


@pytest.fixture
def whole(tmp_path: Path) -> tuple[dict[str, bytes], str]:
    """Weights and log of a run that nobody disturbed."""
    toy, run = Toy(), run_of(tmp_path, "whole")
    train(toy, SCHEDULE, run, identity={"data": 1})
    return state_bytes(toy), (run / "metrics.jsonl").read_text()


@pytest.mark.parametrize("kills", [[1], [4], [6], [6, 9], [3, 7, 10], [11]])
def test_killed_and_resumed_is_bit_identical(
    tmp_path: Path, whole: tuple[dict[str, bytes], str], kills: list[int]
) -> None:
    """Interrupted at any steps, between checkpoints or on one, a run ends with the same weights and the same log."""
    run = run_of(tmp_path, "killed")
    for kill in kills:
        reached = []

        def interrupt(step: int, row: dict[str, float], at: int = kill, reached: list[int] = reached) -> None:
            reached.append(step)
            if step == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(Toy(), SCHEDULE, run, identity={"data": 1}, on_step=interrupt)
        assert reached[-1] == kill
    toy = Toy()

    train(toy, SCHEDULE, run, identity={"data": 1})

    assert state_bytes(toy) == whole[0]
    assert (run / "metrics.jsonl").read_text() == whole[1]
    assert not toy.module.training


def test_a_resumed_run_starts_at_its_checkpoint(tmp_path: Path) -> None:
    """Steps before the last checkpoint are not done again, and a finished run does nothing."""
    run = run_of(tmp_path, "r")

    def interrupt(step: int, row: dict[str, float]) -> None:
        if step == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Toy(), SCHEDULE, run, identity={}, on_step=interrupt)
    seen: list[int] = []

    train(Toy(), SCHEDULE, run, identity={}, on_step=lambda step, row: seen.append(step))
    assert seen == list(range(5, 12))
    first = Toy()
    train(first, SCHEDULE, run, identity={})
    assert first.batches == []


def test_the_random_state_outside_means_nothing(tmp_path: Path, whole: tuple[dict[str, bytes], str]) -> None:
    """Whatever was drawn before, or between two steps, a run is the same."""
    toy = Toy()
    torch.manual_seed(12345)
    torch.rand(7)
    np.random.default_rng(1).random()

    train(toy, SCHEDULE, run_of(tmp_path, "r"), identity={}, on_step=lambda *_: torch.rand(3).sum().item())

    assert state_bytes(toy) == whole[0]


@pytest.mark.parametrize("change", [{"identity": {"data": 2}}, {"schedule": replace(SCHEDULE, peak_lr=2e-2)}])
def test_another_identity_is_not_continued(tmp_path: Path, change: dict[str, object]) -> None:
    """A checkpoint of other data or another schedule is refused, with both repairs, and kept."""
    run = run_of(tmp_path, "r")
    train(Toy(), SCHEDULE, run, identity={"data": 1})
    before = files_of(run / "checkpoints")
    options = {"schedule": SCHEDULE, "identity": {"data": 1}, **change}

    with pytest.raises(StaleArtifact, match=r"^runs/r holds a checkpoint of a run with another .*`--restart`"):
        train(Toy(), options["schedule"], run, identity=options["identity"])  # type: ignore[arg-type]
    assert files_of(run / "checkpoints") == before
    forget_checkpoint(run)
    forget_checkpoint(run)
    train(Toy(), options["schedule"], run, identity=options["identity"])  # type: ignore[arg-type]


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    """The message gives the step, says that the checkpoint is kept and what to try, and the weights stay finite."""
    run, toy = run_of(tmp_path, "r"), Toy(poison_at=6)

    with pytest.raises(PathAlignError, match=r"loss became nan at step 7; the last checkpoint is kept.*`--lr`"):
        train(toy, SCHEDULE, run, identity={})

    assert all(value.isfinite().all() for value in toy.module.state_dict().values())
    assert [folder.name for folder in (run / "checkpoints").iterdir()] == ["step-0000004"]


def test_the_log_has_a_row_per_step(tmp_path: Path) -> None:
    """Step, total, parts, learning rate and gradient norm, in order; the total is the sum of the parts."""
    run = run_of(tmp_path, "r")
    train(Toy(), SCHEDULE, run, identity={})

    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]

    assert [row["step"] for row in rows] == list(range(1, 12))
    assert all(set(row) == {"step", "loss", "fit", "size", "lr", "gradient_norm"} for row in rows)
    assert all(row["loss"] == pytest.approx(row["fit"] + row["size"], abs=2e-6) for row in rows)
    assert [row["lr"] for row in rows] == [round(SCHEDULE.lr(step), 6) for step in range(11)]


def test_frozen_weights_are_neither_trained_nor_kept(tmp_path: Path) -> None:
    """What needs no gradient stays as it is and is not written into checkpoints, tied weights included."""
    toy, run = Toy(), run_of(tmp_path, "r")
    frozen = toy.module.get_submodule("frozen")
    frozen.tied = nn.Linear(4, 4, bias=False)
    frozen.tied.weight = frozen.weight  # as a language model's head is its word embeddings
    before = frozen.weight.clone()

    train(toy, SCHEDULE, run, identity={})

    assert torch.equal(frozen.weight, before)
    kept = FileSystemReader(run / "checkpoints" / "step-0000011").read_metadata().state_dict_metadata
    assert "module.0.weight" in kept
    assert [name for name in kept if "frozen" in name] == []


def test_only_matrices_decay(tmp_path: Path) -> None:
    """With no gradient to follow, weight decay shrinks matrices and leaves biases and gains."""

    class Still(Toy):
        def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
            return {"nothing": sum(p.sum() * 0 for p in self.module.parameters() if p.requires_grad)}  # type: ignore[dict-item]

    toy = Still()
    nn.init.ones_(toy.module[0].bias)
    before = {name: value.clone() for name, value in toy.module.state_dict().items()}

    train(toy, replace(SCHEDULE, weight_decay=0.5), run_of(tmp_path, "r"), identity={})

    for name, value in toy.module.state_dict().items():
        decays = value.ndim == 2 and not name.startswith("frozen")
        assert torch.equal(value, before[name]) is not decays
        assert value.abs().sum() <= before[name].abs().sum()


def test_gradients_are_clipped(tmp_path: Path) -> None:
    """The logged norm is that before clipping; the step is that of a gradient no longer than `clip_norm`."""
    steep, run = replace(SCHEDULE, clip_norm=1e-9, steps=1, weight_decay=0.0), run_of(tmp_path, "r")
    toy = Toy()
    before = {name: value.clone() for name, value in toy.module.state_dict().items()}

    train(toy, steep, run, identity={})

    assert json.loads((run / "metrics.jsonl").read_text())["gradient_norm"] > 0.01
    for name, value in toy.module.state_dict().items():
        assert (value - before[name]).abs().max() < 0.2 * steep.peak_lr


@pytest.mark.parametrize(("items", "batch"), [(7, 3), (6, 3), (5, 8), (1, 4), (100, 1)])
def test_every_epoch_visits_every_item_once(items: int, batch: int) -> None:
    """Read one after another, the batches are permutations of all items, another one each epoch."""
    steps = math.ceil(4 * items / batch)
    drawn = np.concatenate([batch_at(step, items=items, batch=batch, seed=0) for step in range(steps)])

    epochs = drawn[: 4 * items].reshape(4, items)
    assert all(sorted(epoch.tolist()) == list(range(items)) for epoch in epochs)
    assert {len(batch_at(step, items=items, batch=batch, seed=0)) for step in range(steps)} == {batch}
    if items > 4:
        assert len({tuple(epoch) for epoch in epochs.tolist()}) > 1


def test_a_batch_depends_on_seed_and_step_only() -> None:
    """Asked in any order, a step has the same batch; another seed has another."""
    forwards = [batch_at(step, items=20, batch=6, seed=1).tolist() for step in range(9)]
    backwards = [batch_at(step, items=20, batch=6, seed=1).tolist() for step in reversed(range(9))]

    assert forwards == backwards[::-1]
    assert batch_at(0, items=20, batch=6, seed=2).tolist() != forwards[0]


def test_random_numbers_of_a_step() -> None:
    """They follow from seed and step, for NumPy and for torch."""
    a, b, other = StepRandom.at(0, 5), StepRandom.at(0, 5), StepRandom.at(0, 6)

    assert a.numpy.random() == b.numpy.random() != other.numpy.random()
    assert torch.equal(torch.rand(3, generator=a.torch), torch.rand(3, generator=b.torch))


def test_the_schedule_warms_up_and_cools_down() -> None:
    """Linear to the peak, which the first step after the warm-up has, then cosine down to the final rate."""
    schedule = Schedule(steps=110, batch=1, peak_lr=1e-3, final_lr=1e-5, warmup_steps=10)

    rates = [schedule.lr(step) for step in range(111)]

    assert rates[0] == pytest.approx(1e-4)
    assert rates[9] == rates[10] == pytest.approx(1e-3)
    assert rates[60] == pytest.approx((1e-3 + 1e-5) / 2)
    assert rates[110] == pytest.approx(1e-5)
    assert rates[109] == pytest.approx(1e-5, rel=0.05)
    assert np.all(np.diff(rates[:10]) > 0)
    assert np.all(np.diff(rates[10:]) < 0)
    assert Schedule(steps=3, batch=1, warmup_steps=0, peak_lr=1.0).lr(0) == 1.0


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch": 0}, {"checkpoint_every": 0}])
def test_a_senseless_schedule_is_refused(wrong: dict[str, int]) -> None:
    """Counts below one are refused where they are given."""
    with pytest.raises(ValueError, match="must be at least 1"):
        Schedule(**{"steps": 1, "batch": 1, **wrong})


def test_an_objective_may_add_its_gradients_itself(tmp_path: Path, whole: tuple[dict[str, bytes], str]) -> None:
    """One that goes backwards piece by piece, and gives its losses without gradient, trains the same."""

    class Pieces(Toy):
        def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
            parts = super().losses(step, random, world)
            torch.stack(list(parts.values())).sum().backward()
            return {name: part.detach() for name, part in parts.items()}

    toy, run = Pieces(), run_of(tmp_path, "r")
    train(toy, SCHEDULE, run, identity={"data": 1})

    assert state_bytes(toy) == whole[0]
    assert (run / "metrics.jsonl").read_text() == whole[1]
