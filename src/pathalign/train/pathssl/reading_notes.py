"""What the processes of a pre-training found out about slides and pictures when they read them.

Each process leaves a file of its own in the folder of the run, and the leading one gathers those that are there. So
none waits for one that died, and what a stopped run left is gathered when it goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pathalign.domain.records import Outcome, Problem
from pathalign.store.artifact import write_json


@dataclass(slots=True)
class ReadingNotes:
    """What became of each slide, or picture."""

    outcomes: dict[str, tuple[Outcome, str]] = field(default_factory=dict)
    """Slide or picture -> outcome and reason; ok when any reading gave a patch."""

    def add(self, outcomes: Mapping[str, tuple[Outcome, str]]) -> None:
        """Take those of another reading, which are newer; ok stays ok."""
        for name, end in outcomes.items():
            if name not in self.outcomes or self.outcomes[name][0] != Outcome.OK:
                self.outcomes[name] = end

    def leave(self, run: Path, rank: int) -> None:
        """Write them for the leading process."""
        run.mkdir(parents=True, exist_ok=True)
        write_json(run / f"read-by-{rank}.json", {name: [end.value, why] for name, (end, why) in self.outcomes.items()})

    def gather(self, run: Path) -> None:
        """Take what the processes left, and drop their files."""
        for left in sorted(run.glob("read-by-*.json")):
            outcomes = json.loads(left.read_text(encoding="utf-8"))
            self.add({name: (Outcome(end), why) for name, (end, why) in outcomes.items()})
            left.unlink()

    def problems(self, stage: str) -> list[Problem]:
        """What could not be read, and why."""
        return [
            Problem(source=stage, line=None, item=name, reason=reason)
            for name, (outcome, reason) in sorted(self.outcomes.items()) if outcome != Outcome.OK
        ]  # fmt: skip
