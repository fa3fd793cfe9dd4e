"""Answers of a language model, kept so that none is asked for twice; in one SQLite file, readable by its owner alone.

An answer quotes a report from which identifiers were removed. Deleting the file forgets all answers, and costs no more
than asking again.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

_TABLE = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT, WITHOUT ROWID"


class AnswerCache:
    """One connection; each answer is stored as soon as it is put, so that a kill loses none."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(_TABLE)

    def close(self) -> None:
        """End the connection."""
        self._db.close()

    def get(self, key: str) -> dict[str, Any] | None:
        """The answer of a key; None when it was not asked for yet."""
        row = self._db.execute("SELECT answer FROM answers WHERE key = ?", [key]).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def put(self, key: str, answer: dict[str, Any]) -> None:
        """Store an answer, in the place of an older one."""
        self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", [key, json.dumps(answer, ensure_ascii=False)])
