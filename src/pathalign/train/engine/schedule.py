"""How long and how fast a run trains."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """What a run's weights depend on besides its data. BLIP-2's values are the defaults where they are known."""

    steps: int
    batch: int
    """Items of a step over all processes and micro-batches."""
    accumulate: int = 1
    """Micro-batches of a step, one after another: less memory. A contrastive loss then contrasts within each."""
    peak_lr: float = 1e-4
    final_lr: float = 1e-5
    warmup_steps: int = 20
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    checkpoint_every: int = 50
    """Slow metrics and validation, where an objective has them, happen at checkpoints too."""
    patience: int = 0
    """Validations without a better score after which the run ends with its best weights; 0 never ends early."""
    skip_non_finite: bool = False
    """A step whose loss or gradient is no number is left out instead of ending the run."""
    average: float = 0.0
    """The final weights are a running average with this decay; 0 takes those of the last step."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.average < 1:
            raise ValueError(f"average is a decay, at least 0 and below 1, got {self.average}.")
        if self.steps < 1 or self.batch < 1 or self.checkpoint_every < 1 or self.accumulate < 1:
            raise ValueError("steps, batch, accumulate and checkpoint_every must be at least 1.")
        if self.peak_lr <= 0 or self.final_lr < 0 or self.warmup_steps < 0 or self.clip_norm <= 0:
            raise ValueError("peak_lr and clip_norm must be above 0, final_lr and warmup_steps at least 0.")
        if self.patience < 0:
            raise ValueError(f"patience counts validations, 0 for never, got {self.patience}.")

    def lr(self, step: int) -> float:
        """Linear warm-up, then cosine from `peak_lr` to `final_lr`."""
        if step < self.warmup_steps:
            return self.peak_lr * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.final_lr + (self.peak_lr - self.final_lr) * (1 + math.cos(math.pi * done)) / 2

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)
