"""What a run changes: trained weights, the optimiser's moments, the running average."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pathalign.train.engine.schedule import Schedule
from pathalign.train.engine.world import World


@dataclass(slots=True)
class Weights:
    """The trained state of a module, by parameter name."""

    module: nn.Module
    optimizer: torch.optim.Optimizer
    trained: dict[str, nn.Parameter]
    average: dict[str, Tensor]
    """Empty where the schedule does not average."""
    beside: Mapping[str, Tensor] = field(default_factory=dict)
    """Tensors of the objective outside of the module."""

    @classmethod
    def of(cls, module: nn.Module, schedule: Schedule, beside: Mapping[str, Tensor]) -> Weights:
        """A module's weights at the start of a run, with AdamW."""
        trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
        groups = _decay_groups(list(trained.values()), schedule.weight_decay)
        optimizer = torch.optim.AdamW(groups, lr=schedule.peak_lr, betas=(0.9, 0.98))
        average = {name: p.detach().clone() for name, p in trained.items()} if schedule.average else {}
        return cls(module, optimizer, trained, average, beside)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Those that are trained."""
        return list(self.trained.values())

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a checkpoint holds, by name; one that is read into these tensors is then `taken`."""
        found = {f"module.{name}": value for name, value in trained_state(self.module).items()}
        moments = {name: self._moments(p) for name, p in self.trained.items()}
        for name, state in moments.items():
            found |= {f"optimizer.{name}.{key}": value for key, value in state.items() if key != "step"}
        # One tensor instead of one for every parameter, of which each costs as much to write as a matrix.
        found["optimizer.steps"] = torch.stack([state["step"] for state in moments.values()])
        found |= {f"average.{name}": value for name, value in self.average.items()}
        return found | {f"objective.{name}": value for name, value in self.beside.items()}

    def taken(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what was read into `tensors`, as far as it is not held there."""
        for p, steps in zip(self.parameters, tensors["optimizer.steps"], strict=True):
            self._moments(p)["step"].copy_(steps)

    def _moments(self, p: nn.Parameter) -> dict[str, Tensor]:
        """The state of AdamW for a parameter. One that has not had a gradient yet gets that of its start."""
        state: dict[str, Tensor] = self.optimizer.state[p]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        return state

    @torch.no_grad()
    def follow(self, step: int, decay: float) -> None:
        """Move the average towards the weights; early in a run it follows faster, as it has nothing to remember."""
        for name, follower in self.average.items():
            follower.lerp_(self.trained[name], 1 - min(decay, (step + 1) / (step + 10)))

    @torch.no_grad()
    def take_average(self) -> None:
        """Make the average, where there is one, the weights."""
        for name, value in self.average.items():
            self.trained[name].copy_(value)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The averaged weights, in evaluation mode, for as long as the block lasts."""
        kept = {name: self.trained[name].detach().clone() for name in self.average}
        self.take_average()
        self.module.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.module.train()
            with torch.no_grad():
                for name, value in kept.items():
                    self.trained[name].copy_(value)

    def agree(self, world: World) -> None:
        """Take the leading process's trained weights, so that all begin alike whatever they were made with."""
        if world.size > 1:
            for p in self.parameters:
                torch.distributed.broadcast(p.detach(), src=0)


def trained_state(module: nn.Module) -> dict[str, Tensor]:
    """Everything but frozen weights: those of a large language model do not belong into a checkpoint."""
    # With duplicates: a language model's head is its word embeddings under a second name.
    frozen = {name for name, p in module.named_parameters(remove_duplicate=False) if not p.requires_grad}
    return {name: value for name, value in module.state_dict().items() if name not in frozen}


def _decay_groups(trained: Sequence[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases, gains and single vectors do not."""
    return [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
