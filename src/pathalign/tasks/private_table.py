"""Tables about reports that leave the workspace: CSV or JSONL, readable by their owner alone."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pathalign.errors import NeedsRepair
from pathalign.store.artifact import written_aside


def require_table_name(path: Path) -> None:
    """Raises `NeedsRepair` for a name by which one cannot tell what to write."""
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise NeedsRepair(f"A table is exported to a file named .csv or .jsonl, not {path.name}. Rename it.")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write rows as they come; how many there were. None is an empty cell of a CSV and null of JSONL."""
    count = 0
    require_table_name(path)
    with written_aside(path) as aside:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as f:
            is_csv = path.suffix.lower() == ".csv"
            table = csv.writer(f)
            if is_csv:
                table.writerow(columns)
            for row in rows:
                if is_csv:
                    table.writerow(row)
                else:
                    f.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
                count += 1
    return count
