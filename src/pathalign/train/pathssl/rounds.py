"""Batches of patches for pre-training, drawn from rounds: what a step sees is a pure function of data, seed and step.

A *round* is as many patches as fit into memory; the batches of some steps are drawn from it while the next is read. A
round is dealt into *lanes* and each rank reads its own lanes alone, so that the batch of a step is the same for every
number of ranks that divides them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import gcd
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.train.engine import batch_at


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchSupply:
    """Which patches a pre-training sees, and how many it holds at once."""

    patch_px: int = 224
    mpps: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Resolutions, in micrometres per pixel; a slide that is too coarse for one of them is seen at the others."""
    min_tissue: float = 0.25
    round_patches: int = 4096
    """Patches of a round (150 kB each at 224 px; two rounds are held while the next one is read)."""
    patches_per_visit: int = 32
    """At least so many patches are read each time that a slide is opened, as far as it goes."""
    steps_per_round: int = 128
    """A round lasts so long; the next one should have been read by then."""
    lanes: int = 8
    """Most ranks that may share the work."""

    def __post_init__(self) -> None:
        if not self.mpps or any(not 0.05 <= mpp <= 20 for mpp in self.mpps):
            raise ValueError(f"mpps must be one or more resolutions within 0.05-20, got {self.mpps}.")
        if min(self.round_patches, self.patches_per_visit, self.steps_per_round, self.lanes) < 1:
            raise ValueError("round_patches, patches_per_visit, steps_per_round and lanes must be at least 1.")

    @property
    def middle_mpp(self) -> float:
        """The resolution that an encoder's card names."""
        return sorted(self.mpps)[len(self.mpps) // 2]

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return {**asdict(self), "mpps": list(self.mpps)}


class Lane:
    """The patches of a lane, in the pieces in which they were read."""

    def __init__(self, parts: Iterable[UInt8[np.ndarray, "patch y x 3"]] = ()) -> None:
        self.parts: list[UInt8[np.ndarray, "patch y x 3"]] = []
        self._ends: list[int] = []
        for part in parts:
            self.add(part)

    def add(self, part: UInt8[np.ndarray, "patch y x 3"]) -> None:
        """Put some patches behind those that are there."""
        self.parts.append(part)
        self._ends.append(len(self) + len(part))

    def patch(self, place: int) -> UInt8[np.ndarray, "y x 3"]:
        """The patch at a place."""
        number = bisect_right(self._ends, place)
        return self.parts[number][place - self._ends[number]]  # counted from the end of its part

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0


@runtime_checkable
class RoundReader(Protocol):
    """What reads the patches of a round."""

    def read(self, number: int, *, lanes: range, of: int) -> dict[int, Lane]:
        """The lanes of round `number` that are asked for, out of `of`; always the same for the same arguments."""


class Rounds:
    """The batches of a pre-training of `steps` steps; use it as a context manager."""

    def __init__(self, reader: RoundReader, supply: PatchSupply, *, batch: int, steps: int, seed: int) -> None:
        """Nothing is read yet."""
        self._reader, self._supply, self._batch, self._seed = reader, supply, batch, seed
        self._last = (steps - 1) // supply.steps_per_round
        self._lanes = gcd(batch, supply.lanes)
        self._thread = ThreadPoolExecutor(1, "pretraining-reader")
        self._rounds: dict[int, Future[dict[int, Lane]]] = {}

    def __enter__(self) -> Rounds:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop reading ahead; what is being read is read to its end."""
        self._thread.shutdown(cancel_futures=True)
        self._rounds.clear()

    def at(self, step: int, *, rank: int = 0, ranks: int = 1) -> UInt8[Tensor, "share y x 3"]:
        """The share of this rank in the batch of a step; the shares of all ranks in their order are the batch.

        Every patch of a lane is drawn once before one is drawn again. Raises `NeedsRepair` when the lanes cannot be
        dealt to so many ranks, and `MissingArtifact` when there is not a single patch.
        """
        if self._lanes % ranks:
            raise NeedsRepair(
                f"{ranks} processes cannot share a batch of {self._batch} in {self._lanes} equal lanes. "
                "Take a power of two for both, at most 8 processes."
            )
        number, within = divmod(step, self._supply.steps_per_round)
        each, share = self._lanes // ranks, self._batch // self._lanes
        chosen: list[UInt8[np.ndarray, "y x 3"]] = []
        for lane, patches in self._round(number, range(rank * each, (rank + 1) * each)).items():
            seed = int(np.random.SeedSequence([self._seed, number, lane]).generate_state(1)[0])
            places = batch_at(within, items=len(patches), batch=share, seed=seed)
            chosen += [patches.patch(int(place)) for place in places]
        return torch.from_numpy(np.stack(chosen))

    def _round(self, number: int, lanes: range) -> Mapping[int, Lane]:
        for old in [known for known in self._rounds if known < number]:
            del self._rounds[old]
        for wanted in range(number, min(number + 1, self._last) + 1):
            if wanted not in self._rounds:
                self._rounds[wanted] = self._thread.submit(
                    read_round, self._reader, wanted, lanes=lanes, of=self._lanes
                )  # fmt: skip
        return self._rounds[number].result()


def sampled(reader: RoundReader) -> UInt8[Tensor, "patch y x 3"]:
    """All patches of the first round, in memory; raises `MissingArtifact` when there is none."""
    lane = read_round(reader, 0, lanes=range(1), of=1)[0]
    return torch.from_numpy(np.concatenate(lane.parts))


def read_round(reader: RoundReader, number: int, *, lanes: range, of: int) -> dict[int, Lane]:
    """Some lanes of a round, each with patches; raises `MissingArtifact` when there is none in the whole round.

    A lane without a single patch (few slides, and broken ones among them) is given those of the next lane that has any,
    which is read once more when it belongs to another rank, so that the batch does not depend on the number of ranks.
    """
    known = reader.read(number, lanes=lanes, of=of)
    found: dict[int, Lane] = {}
    for lane in lanes:
        for other in ((lane + ahead) % of for ahead in range(of)):
            if other not in known:
                known |= reader.read(number, lanes=range(other, other + 1), of=of)
            if len(known[other]):
                found[lane] = known[other]
                break
        else:
            raise MissingArtifact(
                "Pre-training found no patch to learn from; `pathalign status --problems` has the reasons. Add slides, "
                "or name a ready patch encoder with `pathalign embed --encoder NAME`."
            )
    return found
