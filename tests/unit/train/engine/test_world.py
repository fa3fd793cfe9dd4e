"""Two processes with half a batch each do what one does with the whole: real processes, on gloo."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peers import SCHEDULE, Disturbed, Pairs, gradients_of, primitives, stages, state_of
from torch.testing import assert_close
from two_processes import found_by_two, run_by_two

from pathalign.domain.records import SlideText
from pathalign.errors import NeedsRepair
from pathalign.train.cohort import TrainingCohort
from pathalign.train.engine import ALONE, Schedule, World, joined, train
from pathalign.train.recipes import LanguageModelRecipe, QFormerSize

pytestmark = [pytest.mark.unit, pytest.mark.slow]

STAGES = [
    "retrieval", "stage 1", "stage 1 in two phases", "stage 1 in two phases, with dropout", "stage 2", "language model",
]  # fmt: skip


def stop_at(step: int) -> Callable[[int, dict[str, float]], None]:
    """Interrupts a run after a step."""

    def on_step(done: int, row: dict[str, float]) -> None:
        if done == step:
            raise KeyboardInterrupt

    return on_step


@pytest.fixture(scope="module")
def arguments(embeddings: Path, a_text: Callable[..., SlideText]) -> dict[str, Any]:
    """What the objectives of all stages are made from: six slides, five of them in a step."""
    schedule = Schedule(steps=3, batch=5, seed=2)
    size = QFormerSize(
        dim=16, layers=2, heads=2, ffn_dim=24, num_query_tokens=3, projection_dim=8, max_text_tokens=24, vocab=80,
        dropout=0.0,
    )  # fmt: skip
    return {
        "cohort": TrainingCohort(embeddings, [a_text(number) for number in range(6)]), "size": size,
        "recipe": LanguageModelRecipe(dim=16, layers=1, heads=2, vocab=300, schedule=schedule),
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, arguments: dict[str, Any]) -> Path:
    """Where two processes have done everything that `peers` does; one run for all tests, as starting them is slow."""
    folder = tmp_path_factory.mktemp("world")
    for name in ("fresh", "resumed", "signal", "nan", "skipped"):
        (folder / name).mkdir()
    with pytest.raises(KeyboardInterrupt):
        train(Pairs(), SCHEDULE, folder / "resumed", identity={}, on_step=stop_at(6))
    (folder / "stages.pickle").write_bytes(pickle.dumps(arguments))
    run_by_two(Path(__file__).with_name("peers.py"), folder, timeout_s=120)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> list[dict[str, Any]]:
    """What each process found."""
    return found_by_two(folder)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, torch.Tensor], list[dict[str, float]]]:
    """Weights and log of the same run in one process."""
    run, objective = tmp_path_factory.mktemp("alone"), Pairs()
    train(objective, SCHEDULE, run, identity={})
    return state_of(objective), rows_of(run)


def rows_of(run: Path) -> list[dict[str, float]]:
    """The log of a run."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_helpers_of_two_processes(found: list[dict[str, Any]]) -> None:
    """Gathered rows are in order, a gradient comes back to its row from everywhere, and means weigh values alike."""
    expected = primitives(ALONE)
    both = [process["primitives"] for process in found]

    for process in both:
        assert torch.equal(process["gathered"], expected["gathered"])
        assert process["sum"] == 3
        assert process["told"] == "from 0"
        assert_close(process["mean"], expected["mean"])
    assert [len(process["gradient"]) for process in both] == [3, 4]
    assert_close(torch.cat([process["gradient"] for process in both]), expected["gradient"])


@pytest.mark.parametrize("name", ["fresh", "resumed"])
def test_two_processes_train_what_one_does(
    name: str, folder: Path, found: list[dict[str, Any]], alone: tuple[dict[str, torch.Tensor], list[dict[str, float]]]
) -> None:
    """Begun by two, or begun by one and resumed in the middle by two: equal weights and log, to 1e-6."""
    for process in found:
        for key, value in alone[0].items():
            assert_close(process[name][key], value, atol=1e-6, rtol=0)
    assert all(torch.equal(found[0][name][key], found[1][name][key]) for key in alone[0])
    rows = rows_of(folder / name)
    assert len(rows) == len(alone[1])
    for row, expected in zip(rows, alone[1], strict=True):
        assert row == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_the_gradient_of_one_process(
    stage: str, found: list[dict[str, Any]], arguments: dict[str, Any]
) -> None:
    """Loss parts and gradients of five slides on two processes are those of five slides on one, to 1e-6."""
    expected = gradients_of(stages(**arguments)[stage], ALONE, step=1, seed=2)

    for process in found:
        assert process[stage]["parts"] == pytest.approx(expected["parts"], abs=1e-5)
        scale = max(float(gradient.abs().max()) for gradient in expected["gradients"] if gradient is not None)
        assert scale > 1e-3
        for ours, theirs in zip(process[stage]["gradients"], expected["gradients"], strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                assert_close(ours, theirs, atol=1e-6 * max(1.0, scale), rtol=0)


def test_a_signal_to_one_process_stops_all_after_the_same_step(
    folder: Path, found: list[dict[str, Any]], alone: tuple[dict[str, torch.Tensor], list[dict[str, float]]]
) -> None:
    """Both leave with the same words after the step that followed it; run again, one ends with equal weights."""
    assert found[0]["signal"] == found[1]["signal"]
    assert found[0]["signal"].startswith("TrainingStopped: Stopped at step 7 of 9")
    objective, seen = Pairs(), []

    train(objective, SCHEDULE, folder / "signal", identity={}, on_step=lambda step, _: seen.append(step))

    assert seen == [8, 9]
    for key, value in alone[0].items():
        assert_close(state_of(objective)[key], value, atol=1e-6, rtol=0)


def test_a_number_that_is_none_in_one_process_is_met_by_all(found: list[dict[str, Any]], folder: Path) -> None:
    """All refuse the step, with the names of its items; or all leave it out and go on with equal weights."""
    assert found[0]["nan"] == found[1]["nan"]
    assert found[0]["nan"].startswith("NotFinite: The loss became nan at step 6; the last checkpoint is kept.")
    named = ", ".join(Disturbed().items(5))
    assert f"The items of that step: {named}." in found[0]["nan"]
    assert all(torch.equal(found[0]["skipped"][key], value) for key, value in found[1]["skipped"].items())
    assert all(value.isfinite().all() for value in found[0]["skipped"].values())
    rows = rows_of(folder / "skipped")
    assert [row["step"] for row in rows if "skipped" in row] == [6]
    assert rows[5]["loss"] is None


@pytest.mark.parametrize(("size", "micros"), [(1, 1), (2, 1), (3, 2), (1, 4)])
def test_shares_are_a_partition(size: int, micros: int) -> None:
    """Every item of a step belongs to one process and one micro-batch; lengths differ by one at most within one."""
    items = list(range(13))
    shares = [
        [World(rank=rank, size=size).at_micro(micro, micros).share(items) for rank in range(size)]
        for micro in range(micros)
    ]

    assert [i for micro in shares for share in micro for i in share] == items
    for number, micro in enumerate(shares):
        lengths = [len(share) for share in micro]
        assert max(lengths) - min(lengths) <= 1
        both = World(size=size).at_micro(number, micros).together(13)
        assert [i for share in micro for i in share] == items[both]


def test_more_processes_than_items_are_refused() -> None:
    """A process without an item would have nothing to compute; the message says what to do."""
    with pytest.raises(
        NeedsRepair, match=r"3 items cannot be shared among 4 processes with 1 micro-batches each\. Start"
    ):
        World(rank=0, size=4).share([1, 2, 3])


def test_alone_there_is_no_process_group() -> None:
    """Without torchrun's environment nothing is initialised, and the helpers need nothing."""
    with joined("cpu") as world:
        assert world == ALONE
        assert not torch.distributed.is_initialized()
        world.wait()


def test_accumulated_micro_batches_have_the_gradient_of_the_batch(tmp_path: Path) -> None:
    """A loss that is a mean over items is the same in one piece and in micro-batches of equal size."""

    class Items(Pairs):
        def losses(self, step: int, random: Any, world: World = ALONE) -> dict[str, torch.Tensor]:
            own = list(world.share(range(8)))
            return {"values": world.mean(self.module[:3](random.normal(own, 5).double()).square())}

    results = []
    for accumulate in (1, 2, 4):
        objective = Items()
        run = tmp_path / str(accumulate)
        run.mkdir()
        train(objective, replace(SCHEDULE, accumulate=accumulate, batch=8), run, identity={})
        results.append(state_of(objective))

    for other in results[1:]:
        for key, value in results[0].items():
            assert_close(other[key], value, atol=1e-9, rtol=0)
