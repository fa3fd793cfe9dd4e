"""The training loop: steps, schedule, checkpoints, log. Knows nothing of slides or texts.

A step is a pure function of (seed, step, weights): the sampler counts instead of remembering, and every random number
of a step comes from generators seeded by (seed, step). So a run that was killed and resumed ends with the same bytes
as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from pathalign.errors import PathAlignError, StaleArtifact
from pathalign.store.artifact import digest, write_text, written_aside

CHECKPOINT, METRICS = "checkpoint.pt", "metrics.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """How long and how fast. BLIP-2's values are the defaults where they are known."""

    steps: int
    batch: int
    peak_lr: float = 1e-4
    final_lr: float = 1e-5
    warmup_steps: int = 20
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    checkpoint_every: int = 50
    average: float = 0.0
    """The final weights are a running average with this decay; 0 takes those of the last step."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.average < 1:
            raise ValueError(f"average is a decay, at least 0 and below 1, got {self.average}.")
        if self.steps < 1 or self.batch < 1 or self.checkpoint_every < 1:
            raise ValueError("steps, batch and checkpoint_every must be at least 1.")

    def lr(self, step: int) -> float:
        """Linear warm-up, then cosine from `peak_lr` to `final_lr`."""
        if step < self.warmup_steps:
            return self.peak_lr * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.final_lr + (self.peak_lr - self.final_lr) * (1 + math.cos(math.pi * done)) / 2

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class StepRandom:
    """The random numbers of one step."""

    numpy: np.random.Generator
    torch: torch.Generator

    @classmethod
    def at(cls, seed: int, step: int) -> StepRandom:
        """Generators that depend on nothing but (seed, step)."""
        key = int.from_bytes(hashlib.sha256(f"{seed}/{step}".encode()).digest()[:8]) >> 1
        return cls(np.random.default_rng(key), torch.Generator().manual_seed(key))


@runtime_checkable
class Objective(Protocol):
    """What a run trains."""

    @property
    def module(self) -> nn.Module:
        """Its parameters that require a gradient are trained; its state goes into checkpoints."""

    def losses(self, step: int, random: StepRandom) -> Mapping[str, Tensor]:
        """The parts of the loss of a step; their sum is minimised."""


def batch_at(step: int, *, items: int, batch: int, seed: int) -> np.ndarray:
    """Indices of the items of a step: every epoch visits all items once, in an order drawn from (seed, epoch)."""
    positions = np.arange(step * batch, (step + 1) * batch)
    drawn = []
    for epoch in np.unique(positions // items):
        order = np.random.default_rng([seed, int(epoch)]).permutation(items)
        drawn.append(order[positions[positions // items == epoch] % items])
    return np.concatenate(drawn)


def train(
    objective: Objective,
    schedule: Schedule,
    run: Path,
    *,
    identity: Mapping[str, Any],
    on_step: Callable[[int, dict[str, float]], None] | None = None,
) -> None:
    """Train to the end, from the checkpoint in `run` if there is one; on return the module holds the final weights.

    `identity` is everything that must be equal for a checkpoint to be continued; another one raises `StaleArtifact`.
    The learning rate, loss parts and gradient norm of each step go to `metrics.jsonl`.
    """
    module = objective.module
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(_decay_groups(module, schedule.weight_decay), lr=schedule.peak_lr, betas=(0.9, 0.98))
    fingerprint = digest({"schedule": schedule.as_json(), **identity})
    average = [p.detach().clone() for p in parameters]
    start = _resume(run, fingerprint, module, optimizer, average)
    module.train()
    with closing(_Log(run / METRICS, keep_until=start)) as log:
        for step in range(start, schedule.steps):
            random = StepRandom.at(schedule.seed, step)
            torch.manual_seed(int(random.torch.initial_seed()))  # dropout
            for group in optimizer.param_groups:
                group["lr"] = schedule.lr(step)
            parts = objective.losses(step, random)
            loss = torch.stack(list(parts.values())).sum()
            _check_finite(loss, step)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, schedule.clip_norm)
            optimizer.step()
            _follow(average, parameters, min(schedule.average, (step + 1) / (step + 10)))
            row = {"loss": loss.item(), **{name: part.item() for name, part in parts.items()}}
            log.append(step + 1, {**row, "lr": schedule.lr(step), "gradient_norm": norm.item()})
            if (step + 1) % schedule.checkpoint_every == 0 and step + 1 < schedule.steps:
                log.flush()
                _save(run / CHECKPOINT, fingerprint, step + 1, module, optimizer, average)
            if on_step:
                on_step(step + 1, row)
        log.flush()
    _save(run / CHECKPOINT, fingerprint, schedule.steps, module, optimizer, average)
    _follow(parameters, average, 0.0)
    module.eval()


def forget_checkpoint(run: Path) -> None:
    """Drop the checkpoint once what was trained is saved."""
    (run / CHECKPOINT).unlink(missing_ok=True)


def _decay_groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases, gains and single vectors do not."""
    trained = [p for p in module.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]


def _trained_state(module: nn.Module) -> dict[str, Tensor]:
    """Everything but frozen weights: those of a large language model do not belong into a checkpoint."""
    # With duplicates: a language model's head is its word embeddings under a second name.
    frozen = {name for name, p in module.named_parameters(remove_duplicate=False) if not p.requires_grad}
    return {name: value for name, value in module.state_dict().items() if name not in frozen}


@torch.no_grad()
def _follow(followers: list[Any], leaders: list[Any], decay: float) -> None:
    """Move each tensor towards its leader: all the way when `decay` is 0."""
    for follower, leader in zip(followers, leaders, strict=True):
        follower.lerp_(leader, 1 - decay)


def _save(
    path: Path, fingerprint: str, step: int, module: nn.Module, optimizer: torch.optim.Optimizer, average: list[Tensor]
) -> None:
    state = {
        "fingerprint": fingerprint, "step": step, "module": _trained_state(module),
        "optimizer": optimizer.state_dict(), "average": average,
    }  # fmt: skip
    with written_aside(path) as aside:
        torch.save(state, aside)


def _resume(
    run: Path, fingerprint: str, module: nn.Module, optimizer: torch.optim.Optimizer, average: list[Tensor]
) -> int:
    path = run / CHECKPOINT
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    if state["fingerprint"] != fingerprint:
        raise StaleArtifact(
            f"runs/{run.name} holds a checkpoint of a run with another configuration or other data. "
            "Finish that run with its own options, or begin anew with `--restart`, which drops the checkpoint."
        )
    module.load_state_dict(state["module"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    _follow(average, state["average"], 0.0)
    return int(state["step"])


def _check_finite(loss: Tensor, step: int) -> None:
    if not torch.isfinite(loss):
        raise PathAlignError(
            f"The loss became {loss.item()} at step {step + 1}; the last checkpoint is kept. "
            "Lower the learning rate with `--lr`, and check the embeddings with `pathalign status --problems`."
        )


class _Log:
    """metrics.jsonl: a row per step. A resumed run drops the rows after its checkpoint and writes them again."""

    def __init__(self, path: Path, *, keep_until: int) -> None:
        rows = path.read_text().splitlines(keepends=True) if path.is_file() else []
        write_text(path, "".join(rows[:keep_until]))
        self._file = path.open("a")

    def append(self, step: int, row: Mapping[str, float]) -> None:
        self._file.write(json.dumps({"step": step, **{name: round(value, 6) for name, value in row.items()}}) + "\n")

    def flush(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
