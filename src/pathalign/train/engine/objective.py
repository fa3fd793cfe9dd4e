"""What the engine asks of whatever it trains.

An objective needs `module` and `losses`; the other protocols are hooks that it may have besides. All processes hold
the same weights and call the same methods at the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from pathalign.train.engine.alarms import Alarm
from pathalign.train.engine.randomness import StepRandom
from pathalign.train.engine.world import ALONE, World


@runtime_checkable
class Objective(Protocol):
    """What a run trains."""

    @property
    def module(self) -> nn.Module:
        """Its parameters that require a gradient are trained; its state goes into checkpoints."""

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """The parts of the loss of a step, this process's share; what all processes add up to is minimised.

        `world.share(items)` says which items of the step are this process's own; `world.mean` and `world.once` make
        shares of what belongs to items, and of what every process computes whole. The names are the same everywhere.
        Parts without gradient say that the objective has added the gradients of its share to the weights itself.
        """


@runtime_checkable
class Following(Protocol):
    """An objective with weights that follow the trained ones, as the target of a Siamese network does."""

    def after_step(self, step: int) -> None:
        """Called after the optimiser's step; the same on every process."""


@runtime_checkable
class Remembering(Protocol):
    """An objective with tensors outside of `module` that a resumed run needs."""

    def state(self) -> Mapping[str, Tensor]:
        """The tensors themselves, not copies: a checkpoint is read into them. Equal on every process."""


@runtime_checkable
class Reporting(Protocol):
    """An objective with metrics that are too slow for every step."""

    def report(self, step: int) -> Mapping[str, float]:
        """Asked at checkpoints, of every process; a pure function of weights, seed and step."""


@runtime_checkable
class Validated(Protocol):
    """An objective that can tell how good its weights are on items that it is not trained on."""

    def score(self) -> float:
        """Higher is better (recall, say); asked at checkpoints, with the averaged weights where they are averaged."""


@runtime_checkable
class Named(Protocol):
    """An objective whose items have names that a user knows: slide ids, patch numbers."""

    def items(self, step: int) -> Sequence[str]:
        """The items of a step, of all processes."""


@runtime_checkable
class Loading(Protocol):
    """An objective that knows how long it has waited for its data."""

    @property
    def waited_s(self) -> float:
        """Seconds since it was made."""


@runtime_checkable
class Watched(Protocol):
    """An objective that knows what going wrong looks like."""

    def alarms(self) -> Sequence[Alarm]:
        """Asked once, before the first step."""
