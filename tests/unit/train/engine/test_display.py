"""Loading ahead, speed, trackers: what is around the steps."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from pathalign.errors import MissingExtra, UnknownName
from pathalign.train.engine import ALONE, Schedule, StepRandom, World, train
from pathalign.train.engine.loading import Ahead
from pathalign.train.engine.metrics import Pace, note
from pathalign.train.engine.trackers import tracked

pytestmark = pytest.mark.unit


def test_the_next_step_is_loaded_while_this_one_computes() -> None:
    """Each step once, one ahead and none after the last; what was ready is not waited for."""
    loaded: list[tuple[int, int]] = []

    def load(step: int, world: World) -> str:
        loaded.append((step, world.micro))
        return f"{step}.{world.micro}"

    ahead = Ahead(load, steps=3)
    taken = [ahead.take(step, ALONE.at_micro(micro, 2)) for step in range(3) for micro in range(2)]

    assert taken == ["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"]
    assert loaded == [(step, micro) for step in range(3) for micro in range(2)]
    assert ahead.take(1, ALONE) == "1.0"  # a resumed run begins anywhere


def test_what_loading_raises_is_raised_where_it_is_taken() -> None:
    """Not in the thread, where nobody would see it."""

    def load(step: int, world: World) -> None:
        if step == 1:
            raise OSError("gone")

    ahead = Ahead(load, steps=3)
    ahead.take(0, ALONE)

    with pytest.raises(OSError, match="gone"):
        ahead.take(1, ALONE)


class Waiting:
    """An objective that has waited as long as is said."""

    module = torch.nn.Linear(1, 1)
    waited_s = 0.0

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, torch.Tensor]:
        """Never asked."""
        raise NotImplementedError


def test_speed_and_waiting_of_the_last_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items by seconds and the share of them waited, over the last steps; the words beside the bar."""
    clock = iter([0.0, 1.0, 2.0, 4.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    objective = Waiting()
    pace = Pace(objective, 8, over=2)
    found = []
    for waited in (0.5, 0.5, 1.0):
        objective.waited_s = waited
        found.append(pace.step())

    assert found[0] == {"items_per_s": 8.0, "waiting": 0.5}
    assert found[2] == pytest.approx({"items_per_s": 16 / 3, "waiting": 0.5 / 3})
    row = {"loss": 3.0, "itc_loss": 2.0, "itm_loss": 0.5, "lr": 0.1, "gradient_norm": 1.0, "score": 0.25}
    assert note(row, found[2]) == "itc 2.000 · itm 0.500 · score 0.250 · 5.3 items/s · 17% waiting"


def test_tensorboard_holds_the_curves(tmp_path: Path) -> None:
    """Read back by TensorBoard itself: every metric at its step."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with tracked(["tensorboard"], tmp_path, {}) as track:
        track(1, {"itc_loss": 2.0})
        track(2, {"itc_loss": 1.5})

    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("itc_loss")] == [(1, 2.0), (2, 1.5)]


def test_weights_and_biases_goes_on_with_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run has the id of the first; metrics come with their step, and the session is closed."""
    said: list[Any] = []
    session = SimpleNamespace(
        log=lambda row, step: said.append((step, row)), finish=lambda: said.append("finished")
    )  # fmt: skip

    def init(**options: Any) -> Any:
        said.append(options)
        return session

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    for step in (1, 2):
        with tracked(["wandb"], tmp_path, {"lr": 1}) as track:
            track(step, {"loss": 1.0})

    first, logged, finished, second, *_ = said
    assert (logged, finished) == ((1, {"loss": 1.0}), "finished")
    assert first["id"] == second["id"]
    assert first["resume"] == "allow"
    assert first["config"] == {"lr": 1}


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_tracker_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The message has the command that installs it."""
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard" if name == "tensorboard" else name, None)

    with pytest.raises(MissingExtra, match=rf"pip install 'pathalign\[{name}\]'"), tracked([name], tmp_path, {}):
        pass
    with pytest.raises(UnknownName, match="no tracker 'mlflow'; choose from tensorboard, wandb"):
        tracked(["mlflow"], tmp_path, {}).__enter__()


def test_the_objective_of_the_documentation_trains(tmp_path: Path) -> None:
    """The example of docs/training.md is an objective, and its loss falls."""
    page = (Path(__file__).parents[4] / "docs" / "training.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], found)
    losses: list[float] = []

    train(
        found["Denoising"](), Schedule(steps=60, batch=16, peak_lr=3e-2, warmup_steps=5), tmp_path, identity={},
        on_step=lambda _, row: losses.append(row["denoising_loss"]),
    )  # fmt: skip

    assert losses[-1] < losses[0] / 3
