"""The training loop: knows nothing of slides or texts.

A step is a pure function of (seed, step, weights): the sampler counts instead of remembering, and every random number
of a step comes from generators keyed by (seed, step, item). So a run that was killed and resumed ends with the same
bytes as one that was not, and one that is resumed by another number of processes ends with the same numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pathalign.encoders.device import autocast
from pathalign.errors import NotFinite, TrainingStopped
from pathalign.store.artifact import digest
from pathalign.train.engine.checkpoint import Checkpoints, Point
from pathalign.train.engine.gradients import add_over_processes
from pathalign.train.engine.interruption import Interruption
from pathalign.train.engine.metrics import METRICS, Log
from pathalign.train.engine.objective import (
    Following,
    Named,
    Objective,
    Remembering,
    Reporting,
    Validated,
    Watched,
)
from pathalign.train.engine.randomness import StepRandom
from pathalign.train.engine.schedule import Schedule
from pathalign.train.engine.weights import Weights
from pathalign.train.engine.world import ALONE, World

KEPT = 2
"""Checkpoints kept besides the best: one more than needed, should a disk damage the last."""
MOST_SKIPPED = 10
"""Steps in a row that may be left out; after that the weights themselves are beyond repair."""
MOST_NAMED = 8


def to_stderr(text: str) -> None:
    """How an alarm is told where nobody says otherwise."""
    sys.stderr.write(text + "\n")


def train(
    objective: Objective,
    schedule: Schedule,
    run: Path,
    *,
    identity: Mapping[str, Any],
    on_step: Callable[[int, dict[str, float]], None] | None = None,
    world: World = ALONE,
    keep: int = KEPT,
    tell: Callable[[str], None] = to_stderr,
) -> None:
    """Train to the end, from the newest checkpoint in `run` if there is one; then the module holds the final weights.

    Every process of `world` calls this with an equal objective. `identity` is everything that must be equal for a
    checkpoint to be continued; another one raises `StaleArtifact`. The learning rate, loss parts and gradient norm of
    each step go to `metrics.jsonl`, and alarms to `tell` too. SIGTERM ends the run after the step that it came in, with
    a checkpoint and `TrainingStopped`. A loss or gradient that is no number raises `NotFinite`, with the names of the
    step's items, unless the schedule says to leave such steps out.
    """
    weights = Weights.of(objective.module, schedule, objective.state() if isinstance(objective, Remembering) else {})
    fingerprint = digest({"schedule": schedule.as_json(), **identity})
    checkpoints = Checkpoints(run, fingerprint, keep=keep, world=world)
    weights.agree(world)
    point = checkpoints.latest(weights)
    loop = _Loop(objective, schedule, weights, world)
    objective.module.train()
    with ExitStack() as closed:
        alarms = objective.alarms() if isinstance(objective, Watched) else ()
        log = None
        if world.leads:
            log = closed.enter_context(
                closing(Log(run / METRICS, keep_until=point.step, alarms=alarms, tell=tell))
            )  # fmt: skip
        interruption = closed.enter_context(Interruption())
        while point.step < schedule.steps and not loop.gave_up(point):
            row, skipped, stop = loop.step(point.step, interruption.asked)
            done = point.step + 1
            due = done % schedule.checkpoint_every == 0 or done == schedule.steps
            point = loop.measured(done, point, row) if due else Point(done, point.scores)
            if log:
                log.append(done, row, **({"skipped": True} if skipped else {}))
            if due or stop:
                if log:
                    log.flush()
                checkpoints.write(point, weights)
            if on_step:
                on_step(done, row)
            if stop:
                raise TrainingStopped(
                    f"Stopped at step {done} of {schedule.steps}, as the signal asked; the checkpoint holds it. "
                    "Run the same command again and it goes on from there."
                )
    if schedule.patience and point.best is not None:
        checkpoints.read(point.best, weights)
    weights.take_average()
    objective.module.eval()


@dataclass(slots=True)
class _Loop:
    objective: Objective
    schedule: Schedule
    weights: Weights
    world: World
    skipped: int = 0
    """Steps left out in a row."""

    def step(self, step: int, asked: bool) -> tuple[dict[str, float], bool, bool]:
        """One step: its row, whether it was left out, and whether any process was asked to stop."""
        schedule, weights = self.schedule, self.weights
        for group in weights.optimizer.param_groups:
            group["lr"] = schedule.lr(step)
        weights.optimizer.zero_grad(set_to_none=True)
        parts, stop = self._backward(step, asked)
        add_over_processes(weights.parameters, self.world)
        norm = nn.utils.clip_grad_norm_(weights.parameters, schedule.clip_norm).item()
        loss = math.fsum(parts.values())
        row = {"loss": loss, **parts, "lr": schedule.lr(step), "gradient_norm": norm}
        if skipped := not (math.isfinite(loss) and math.isfinite(norm)):
            self._refuse(step, loss, norm)
        else:
            weights.optimizer.step()
            self.skipped = 0
            if isinstance(self.objective, Following):
                self.objective.after_step(step)
            weights.follow(step, schedule.average)
        return row, skipped, stop

    def _backward(self, step: int, asked: bool) -> tuple[dict[str, float], bool]:
        """Gradients of the own shares of all micro-batches; the loss parts of all processes, and whether to stop."""
        random = StepRandom.at(self.schedule.seed, step)
        names: list[str] = []
        total = torch.zeros(0)
        for micro in range(self.schedule.accumulate):
            random.seed_dropout(self.world.rank, micro)
            world = self.world.at_micro(micro, self.schedule.accumulate)
            with autocast(self.weights.parameters[0].device):
                parts = self.objective.losses(step, random, world)
            names = list(parts)
            shares = torch.stack([part.float() for part in parts.values()])
            if shares.requires_grad:  # else the objective has added the gradients itself
                shares.sum().backward()
            total = shares.detach().double() + (total if micro else 0)
        flag = torch.tensor([float(asked)], dtype=torch.double, device=total.device)
        *values, stop = self.world.sum(torch.cat([total, flag])).tolist()
        return dict(zip(names, values, strict=True)), stop > 0

    def measured(self, done: int, point: Point, row: dict[str, float]) -> Point:
        """Add slow metrics and the validation score to a row, where the objective has them."""
        scores = point.scores
        if not isinstance(self.objective, Reporting | Validated):
            return Point(done, scores)
        with self.weights.averaged():
            if isinstance(self.objective, Reporting):
                row |= self.objective.report(done - 1)
            if isinstance(self.objective, Validated):
                row["score"] = self.world.told(float(self.objective.score()))
                scores = (*scores, (done, row["score"]))
        return Point(done, scores)

    def gave_up(self, point: Point) -> bool:
        """Whether the score has not grown for as long as the schedule is patient."""
        return 0 < self.schedule.patience <= point.validations_since_best

    def _refuse(self, step: int, loss: float, norm: float) -> None:
        self.skipped += 1
        if self.schedule.skip_non_finite and self.skipped <= MOST_SKIPPED:
            return
        what = f"loss became {loss}" if not math.isfinite(loss) else f"gradient became {norm}"
        raise NotFinite(
            f"The {what} at step {step + 1}; the last checkpoint is kept.{self._named(step)} "
            "Lower the learning rate with `--lr`, and check the embeddings with `pathalign status --problems`."
        )

    def _named(self, step: int) -> str:
        if not isinstance(self.objective, Named):
            return ""
        items = self.objective.items(step)
        more = f" and {len(items) - MOST_NAMED} more" if len(items) > MOST_NAMED else ""
        return f" The items of that step: {', '.join(items[:MOST_NAMED])}{more}."
