"""What a run writes down: metrics.jsonl, a row per step; and how fast it goes."""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pathalign.store.artifact import write_text
from pathalign.train.engine.alarms import Alarm
from pathalign.train.engine.objective import Loading, Named, Objective

METRICS = "metrics.jsonl"


class Log:
    """metrics.jsonl. A resumed run drops the rows after its checkpoint and writes them again, to the same bytes."""

    def __init__(self, path: Path, *, keep_until: int, alarms: Sequence[Alarm], tell: Callable[[str], None]) -> None:
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        kept = rows[:keep_until]
        write_text(path, "".join(kept))
        self._file = path.open("a", encoding="utf-8")
        self._tell = tell
        past = [json.loads(row) for row in kept]
        told = {alarm for row in past for alarm in row.get("alarms", ())}
        self._alarms = [alarm for alarm in alarms if alarm.message not in told]
        # By metric: one of checkpoints alone is in few rows, and its window counts those.
        self._recent: dict[str, deque[dict[str, object]]] = {}
        for alarm in sorted(self._alarms, key=lambda alarm: alarm.window):
            having = [row for row in past if alarm.metric in row]
            self._recent[alarm.metric] = deque(having, maxlen=alarm.window)

    def append(self, step: int, metrics: Mapping[str, float], **facts: object) -> None:
        """A row. Numbers that JSON cannot say are null; an alarm that rings is written into it and told."""
        row: dict[str, object] = {"step": step, **{name: _said(value) for name, value in metrics.items()}, **facts}
        for metric in self._recent.keys() & row.keys():
            self._recent[metric].append(row)
        if rang := [alarm for alarm in self._alarms if alarm.heard(self._recent[alarm.metric])]:
            row["alarms"] = [alarm.message for alarm in rang]
            self._alarms = [alarm for alarm in self._alarms if alarm not in rang]
            for alarm in rang:
                self._tell(f"Step {step}: {alarm.message}")
        self._file.write(json.dumps(row) + "\n")

    def flush(self) -> None:
        """Put the rows so far on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more rows."""
        self._file.close()


class Pace:
    """How fast a run goes and how long it waits for data, over its last steps. Never part of the log: clocks differ."""

    def __init__(self, objective: Objective, batch: int, *, over: int = 20) -> None:
        """`batch` is what a step has where the objective does not name its items (a small cohort has fewer)."""
        self._objective = objective
        self._batch = len(objective.items(0)) if isinstance(objective, Named) else batch
        self._moments: deque[tuple[float, float]] = deque([self._now()], maxlen=over + 1)

    def step(self) -> dict[str, float]:
        """Call after a step: `items_per_s`, and `waiting`, a share of the time."""
        self._moments.append(self._now())
        (start, waited), (end, waited_since) = self._moments[0], self._moments[-1]
        took = max(end - start, 1e-9)
        return {
            "items_per_s": self._batch * (len(self._moments) - 1) / took,
            "waiting": (waited_since - waited) / took,
        }

    def _now(self) -> tuple[float, float]:
        return time.monotonic(), self._objective.waited_s if isinstance(self._objective, Loading) else 0.0


def note(row: Mapping[str, float], pace: Mapping[str, float]) -> str:
    """What stands beside a progress bar: parts of the loss, recall, speed, waiting."""
    shown = [name for name in row if name.endswith(("loss", "_per_token", "recall", "score")) and name != "loss"]
    parts = [f"{name.removesuffix('_loss')} {row[name]:.3f}" for name in shown or ["loss"]]
    return " · ".join([*parts, f"{pace['items_per_s']:.1f} items/s", f"{pace['waiting']:.0%} waiting"])


def _said(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
