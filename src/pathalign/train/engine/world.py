"""The processes of a run: one alone, or those that torchrun started. Every process holds all weights.

The convention: each process computes its *share* of a loss, and the shares add up to the loss. So gradients are added
over processes, and two processes with batch B do what one does with batch 2B.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import numpy as np
import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor

from pathalign.encoders.device import pick_device
from pathalign.errors import NeedsRepair, PathAlignError

T = TypeVar("T")
Items = TypeVar("Items", bound=Sequence[Any] | np.ndarray | Tensor)


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Which of the processes this one is, and which micro-batch of the step is meant."""

    rank: int = 0
    size: int = 1
    micro: int = 0
    micros: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where this process computes."""

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def at_micro(self, micro: int, micros: int) -> World:
        """The same process at another micro-batch of its step."""
        return replace(self, micro=micro, micros=micros)

    def share(self, items: Items) -> Items:
        """The own ones of the items of a step, in order; the shares of processes differ in length by one at most.

        Raises `NeedsRepair` when there are fewer items than shares.
        """
        return cast(Items, items[self.own(len(items))])

    def own(self, count: int) -> slice:
        """Where the own share lies among `count` items of a step."""
        if count < self.size * self.micros:
            raise NeedsRepair(
                f"A step of {count} items cannot be shared among {self.size} processes with {self.micros} "
                "micro-batches each. Start fewer processes, or use a larger batch."
            )
        both = self.together(count)
        start, stop = (both.start + (both.stop - both.start) * (self.rank + edge) // self.size for edge in (0, 1))
        return slice(start, stop)

    def together(self, count: int) -> slice:
        """Where the items of the micro-batch, of all processes, lie among those of a step: what `gather` gives."""
        return slice(*(count * (self.micro + edge) // self.micros for edge in (0, 1)))

    def gather(self, x: Float[Tensor, "own ..."]) -> Float[Tensor, "all ..."]:
        """The rows of all processes (of this micro-batch), in the order of the items; gradients flow back to all."""
        return x if self.size == 1 else _Gather.apply(x, self)

    def sum(self, x: Tensor) -> Tensor:
        """The sum of a tensor over all processes; without gradient, equal everywhere."""
        total = x.detach().clone()
        if self.size > 1:
            dist.all_reduce(total)
        return total

    def mean(self, x: Float[Tensor, ...]) -> Float[Tensor, ""]:
        """The share of the mean over all values of all processes, however many each has."""
        count = self.sum(torch.tensor(float(x.numel()), device=x.device)).clamp_min(1)
        return x.sum() / (count * self.micros)

    def once(self, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """The share of a loss that every process computes whole, from gathered rows."""
        return loss / (self.size * self.micros)

    def told(self, value: T) -> T:
        """The leading process's value, on every process; any object that can be pickled. The others wait for it."""
        if self.size == 1:
            return value
        box: list[Any] = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def led(self, action: Callable[[], T]) -> T:
        """What the leading process gets by an action that only it does; what it refuses, all refuse."""
        outcome: tuple[T | None, PathAlignError | None] = (None, None)
        if self.leads:
            try:
                outcome = action(), None
            except PathAlignError as error:
                outcome = None, error
        found, refused = self.told(outcome)
        if refused is not None:
            raise refused
        return cast(T, found)

    def wait(self) -> None:
        """Go on when every process has come here."""
        if self.size > 1:
            self.sum(torch.zeros(1, device=self.device))


ALONE = World()


class _Gather(torch.autograd.Function):
    """All-gather of rows, however many each process has; backwards the gradients of all processes are added."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, world: World) -> Tensor:
        counts = torch.zeros(world.size, dtype=torch.long, device=x.device)
        counts[world.rank] = len(x)
        counts = world.sum(counts)
        ctx.world, ctx.start, ctx.rows = world, int(counts[: world.rank].sum()), len(x)
        padded = x.new_zeros(int(counts.max()), *x.shape[1:])
        padded[: len(x)] = x.detach()
        found = [torch.empty_like(padded) for _ in range(world.size)]
        dist.all_gather(found, padded)
        return torch.cat([rows[:count] for rows, count in zip(found, counts.tolist(), strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total[ctx.start : ctx.start + ctx.rows], None


@contextmanager
def joined(device: str = "auto") -> Iterator[World]:
    """The world of this process: that of torchrun's environment, or alone and without any process group.

    `device` is `auto` (a GPU of its own where there is one), `cpu` or `cuda`; raises `NeedsRepair` for one not there.
    """
    rank, size, local = (int(os.environ.get(name, default)) for name, default in _ENVIRONMENT)
    place = pick_device(device)
    if place.type == "cuda":
        place = pick_device(f"cuda:{local}") if place.index is None else place
    if size == 1:
        yield World(device=place)
        return
    if place.type == "cuda":
        torch.cuda.set_device(place)
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo", rank=rank, world_size=size)
    try:
        yield World(rank=rank, size=size, device=place)
    finally:
        dist.destroy_process_group()


_ENVIRONMENT = (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
