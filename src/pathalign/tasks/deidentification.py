"""De-identification as a stage asks for it: how, with whose key, and how much was taken out."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pathalign.store.workspace import Workspace
from pathalign.text.deidentification.deidentifier import Deidentified, deidentify
from pathalign.text.deidentification.replacement import OffsetMap
from pathalign.text.deidentification.surrogates import Surrogates, Tags

_KEY_BYTES = 32


class Deidentification(StrEnum):
    """What stands in the place of an identifier."""

    TAGS = "tags"
    """ "[NAME 1]"."""
    SURROGATES = "surrogates"
    """Invented values; dates move by an offset of the patient's own."""
    OFF = "off"
    """Reports stay as they are."""


@dataclass(kw_only=True)
class ReportCleaner:
    """Takes identifiers out of reports and counts them by kind."""

    mode: Deidentification
    key: bytes = b""
    removed: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, workspace: Workspace, mode: Deidentification) -> ReportCleaner:
        """The cleaner of a workspace; surrogates come from the secret key that the workspace keeps."""
        key = _workspace_key(workspace.root) if mode is Deidentification.SURROGATES else b""
        return cls(mode=mode, key=key)

    def clean(self, report: str, *, patient: str) -> Deidentified:
        """The report without identifiers, and the way back to its own offsets."""
        if self.mode is Deidentification.OFF:
            return Deidentified(text=report, findings=(), offsets=OffsetMap(()))
        how = Tags() if self.mode is Deidentification.TAGS else Surrogates(self.key, patient)
        return deidentify(report, how)

    def count(self, cleaned: Deidentified) -> None:
        """Add what was taken out of a report."""
        self.removed.update(cleaned.counts())


def _workspace_key(root: Path) -> bytes:
    """The secret of a workspace, made at first use and readable by its owner alone."""
    path = root / "deidentification.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(_KEY_BYTES))
    return path.read_bytes()
