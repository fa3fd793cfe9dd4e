"""What a run that learns nothing looks like is told once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from pathalign.model.losses import itc_loss, itm_losses
from pathalign.train.engine import ALONE, Alarm, Schedule, StepRandom, World, train
from pathalign.train.engine.alarms import ITM_PRIOR, collapsed_entropy, collapsed_rank, itc_stuck, itm_stuck

pytestmark = pytest.mark.unit


def rows_of(name: str, values: list[float | None], *, first: int = 1) -> list[dict[str, object]]:
    """A log."""
    return [{"step": first + number, name: value} for number, value in enumerate(values)]


def test_levels_are_those_of_the_losses() -> None:
    """A matching head that looks at nothing costs 0.6365, and equal similarities cost the logarithm of the batch."""
    prior = torch.log(torch.tensor([[2 / 3, 1 / 3]])).expand(9, 2)
    assert float(itm_losses(prior, torch.arange(9) < 3).mean()) == pytest.approx(ITM_PRIOR, abs=1e-6)
    assert pytest.approx(0.6365, abs=5e-5) == ITM_PRIOR
    positive = torch.eye(6, dtype=torch.bool)
    positive[0, 3] = positive[3, 0] = True
    blind = float(itc_loss(torch.zeros(6, 6), positive, torch.tensor(0.07)))
    alarm = itc_stuck(6, window=4)
    assert alarm.low < blind < alarm.high
    assert blind == pytest.approx(math.log(6))


@pytest.mark.parametrize(
    ("alarm", "name", "stuck", "healthy"),
    [
        (itm_stuck(window=4), "itm_loss", 0.6365, 0.60),
        (itc_stuck(32, window=4), "itc_loss", math.log(32), 3.2),
        (collapsed_rank(384), "embedding_rank", 3.0, 60.0),
        (collapsed_entropy(1024), "prototype_entropy", 0.7, 6.0),
    ],
)
def test_each_alarm_rings_on_its_own_sickness(alarm: Alarm, name: str, stuck: float, healthy: float) -> None:
    """It rings when the metric stays there for its window, and not when it is healthy, too short, new or elsewhere."""
    assert alarm.heard(rows_of(name, [stuck] * 4))
    assert not alarm.heard(rows_of(name, [healthy] * 4))
    assert not alarm.heard(rows_of("another", [stuck] * 4))
    assert not alarm.heard(rows_of(name, [None] * 4))
    assert not alarm.heard(rows_of(name, [stuck] * (alarm.window - 1)))
    assert name in alarm.message


def test_steps_of_the_warm_up_do_not_count() -> None:
    """A run may begin without having learnt anything."""
    alarm = itm_stuck(window=3, after=10)

    assert not alarm.heard(rows_of("itm_loss", [0.6365] * 12))
    assert alarm.heard(rows_of("itm_loss", [0.6365] * 13))


def test_a_batch_of_one_is_not_stuck() -> None:
    """Its contrastive loss is zero, which is the logarithm of one, and that is no sickness."""
    assert not itc_stuck(1, window=3).heard(rows_of("itc_loss", [0.0] * 5))


class Blind:
    """Learns nothing: its loss is that of equal similarities."""

    def __init__(self) -> None:
        self.module = torch.nn.Linear(1, 4)
        torch.nn.init.zeros_(self.module.weight)
        torch.nn.init.zeros_(self.module.bias)

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
        """The logarithm of four, with a gradient that cancels."""
        logits = self.module(torch.ones(4, 1))
        return {"itc_loss": functional.cross_entropy(logits, torch.arange(4))}

    def alarms(self) -> list[Alarm]:
        """One that can ring, one that cannot."""
        return [itc_stuck(4, window=3, after=1), itm_stuck(window=3)]


def test_an_alarm_is_told_once_and_stands_in_the_log(tmp_path: Path) -> None:
    """It rings as soon as it can, once in a run, also in one that is killed and resumed; the log is the same."""
    schedule = Schedule(steps=9, batch=4, checkpoint_every=2)
    logs, told = [], []
    for kills in ((), (3,), (5, 7)):
        run = tmp_path / str(kills)
        run.mkdir()
        heard: list[str] = []
        for kill in kills:

            def interrupt(step: int, row: dict[str, float], at: int = kill) -> None:
                if step == at:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                train(Blind(), schedule, run, identity={}, on_step=interrupt, tell=heard.append)
        train(Blind(), schedule, run, identity={}, tell=heard.append)
        logs.append((run / "metrics.jsonl").read_text())
        told.append(heard)

    assert logs[0] == logs[1] == logs[2]
    assert [json.loads(row)["step"] for row in logs[0].splitlines() if "alarms" in row] == [4]
    message = itc_stuck(4, window=3, after=1).message
    assert all(heard == [f"Step 4: {message}"] for heard in told)


def test_without_a_listener_an_alarm_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    train(Blind(), Schedule(steps=5, batch=4), tmp_path, identity={})

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Step 4: itc_loss stays at 1.3863, the logarithm of the batch (4)")
    assert said.err.count("\n") == 1


def test_a_metric_of_checkpoints_alone_has_a_window_of_checkpoints(tmp_path: Path) -> None:
    """Slow metrics stand in few rows; three of them in a row are enough, however many rows lie between."""

    class Collapsing(Blind):
        def report(self, step: int) -> Mapping[str, float]:
            return {"embedding_rank": 1.0 if step > 4 else 90.0}

        def alarms(self) -> list[Alarm]:
            return [collapsed_rank(100, window=3)]

    heard: list[str] = []
    train(Collapsing(), Schedule(steps=20, batch=4, checkpoint_every=2), tmp_path, identity={}, tell=heard.append)

    assert [text.partition(":")[0] for text in heard] == ["Step 10"]
