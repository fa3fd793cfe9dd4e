"""Array jobs: each takes every N-th slide and leaves what became of them in a file of its own.

Shared file systems have no locks that SQLite can rely on, so a shard writes neither catalog nor manifest; a plain
`embed` afterwards does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pathalign.domain.records import Outcome, Slide
from pathalign.errors import NeedsRepair
from pathalign.store.artifact import write_text

_EVERY = 50
"""Slides between two writes of the file; a kill loses what became of those since, and running again finds it anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """Number `index` (from 1) of `count`."""

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise ValueError(f"A shard is I/N with 1 <= I <= N, got {self.index}/{self.count}.")

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, slides: Sequence[Slide]) -> list[Slide]:
        """Its slides: neighbours in the list, which are of one patient and one size, go to different shards."""
        return list(slides[self.index - 1 :: self.count])


def parse_shard(text: str) -> Shard:
    """`3/16`; raises `NeedsRepair` for anything else."""
    index, _, count = text.partition("/")
    try:
        return Shard(index=int(index), count=int(count))
    except ValueError as error:
        raise NeedsRepair(
            f"`--shard` takes I/N with 1 <= I <= N, such as 3/16 for the third of sixteen jobs; got {text!r}."
        ) from error


@dataclass(slots=True)
class ShardOutcomes:
    """Outcomes of one shard, as JSON lines in the folder of the set."""

    path: Path
    _lines: list[str] = field(default_factory=list)

    def put(self, slide_id: str, outcome: Outcome, reason: str) -> None:
        """Note what became of a slide."""
        self._lines.append(json.dumps({"slide_id": slide_id, "outcome": outcome.value, "reason": reason}))
        if len(self._lines) % _EVERY == 0:
            self.write()

    def write(self) -> None:
        """Write all of them, aside and renamed; nothing when there are none, as when the run was refused."""
        if self._lines:
            write_text(self.path, "".join(f"{line}\n" for line in sorted(self._lines)))


def outcomes_path(folder: Path, shard: Shard) -> Path:
    """Where the outcomes of a shard lie."""
    return folder / f"outcomes-{shard.index}-of-{shard.count}.jsonl"


def written_outcomes(folder: Path) -> list[Path]:
    """The files of all shards that have written any."""
    return sorted(folder.glob("outcomes-*-of-*.jsonl"))


def read_outcomes(path: Path) -> Iterator[tuple[str, Outcome, str]]:
    """(slide, outcome, reason) of one file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["slide_id"], Outcome(row["outcome"]), row["reason"]
