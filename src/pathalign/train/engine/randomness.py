"""The random numbers of a step: a pure function of seed and step, and of the item where they belong to one.

Numbers that are drawn from `numpy` or `torch` depend on how many were drawn before, so they suit what every process
draws alike. Whatever belongs to an item (its augmentation, its crops, its text view) is drawn from `item`: the same
numbers whichever process, worker or place in the batch the item has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, device


@dataclass(frozen=True, slots=True)
class StepRandom:
    """The random numbers of one step."""

    numpy: np.random.Generator
    torch: Generator
    seed: int = 0
    step: int = 0

    @classmethod
    def at(cls, seed: int, step: int) -> StepRandom:
        """Generators that depend on nothing but (seed, step)."""
        key = _key(seed, step)
        return cls(np.random.default_rng(key), Generator().manual_seed(key), seed, step)

    def on(self, place: device) -> Generator:
        """`torch`, or a new generator on a device that cannot draw from that of the CPU."""
        if place.type == "cpu":
            return self.torch
        return Generator(place).manual_seed(self.torch.initial_seed())

    def item(self, item: int, stream: int = 0) -> np.random.Generator:
        """A generator of its own for an item, by counter (Philox; Salmon et al. 2011): key (seed, step), counter item.

        Asked twice it starts twice; another `stream` is independent. Items are numbered from 0.
        """
        philox = np.random.Philox(key=_key(self.seed, self.step), counter=[0, 0, item, stream])
        return np.random.Generator(philox)

    def uniform(self, items: Sequence[int] | np.ndarray, *shape: int, stream: int = 0) -> Float[Tensor, item * shape]:
        """Uniform in [0, 1), `shape` for each item."""
        drawn = [self.item(int(i), stream).random(shape, dtype=np.float32) for i in items]
        return torch.from_numpy(np.stack(drawn)) if drawn else torch.empty(0, *shape)

    def normal(self, items: Sequence[int] | np.ndarray, *shape: int, stream: int = 0) -> Float[Tensor, item * shape]:
        """Standard normal, `shape` for each item."""
        drawn = [self.item(int(i), stream).standard_normal(shape, dtype=np.float32) for i in items]
        return torch.from_numpy(np.stack(drawn)) if drawn else torch.empty(0, *shape)

    def seed_dropout_from(self, item: int) -> None:
        """Seed torch's own generators for a group of items that begins with an item, whichever process has the group.

        The same group draws the same masks everywhere; where groups are other ones, the masks are.
        """
        torch.manual_seed(_key(self.seed, self.step, f"/from {item}"))

    def seed_dropout(self, rank: int = 0, micro: int = 0) -> None:
        """Seed torch's own generators, from which dropout draws; every process and micro-batch has other masks."""
        place = f"/{rank}/{micro}" if rank or micro else ""
        torch.manual_seed(_key(self.seed, self.step, place))


def _key(seed: int, step: int, place: str = "") -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{step}{place}".encode()).digest()[:8]) >> 1
