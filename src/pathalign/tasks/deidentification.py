"""De-identification as a stage asks for it: how, with whose key, and how much was taken out."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pathalign.errors import NeedsRepair
from pathalign.store.workspace import Workspace
from pathalign.text.deidentification.deidentifier import Deidentified, deidentify
from pathalign.text.deidentification.replacement import OffsetMap
from pathalign.text.deidentification.surrogates import Surrogates, Tags
from pathalign.text.deidentification.tagged import MODEL

if TYPE_CHECKING:
    from pathalign.model.identifier_tagger import IdentifierTagger

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
    model: Path | None = None
    """The folder of a token classifier that finds identifiers beside the rules; each process loads it for itself."""
    removed: Counter[str] = field(default_factory=Counter)
    by_model: int = 0
    """Identifiers that the model found, and the rules did not or not as far."""

    @classmethod
    def of(cls, workspace: Workspace, mode: Deidentification, model: Path | None = None) -> ReportCleaner:
        """The cleaner of a workspace; surrogates come from the secret key that the workspace keeps.

        Raises `UnknownName` or `BadModelFolder` where the model cannot be used, and `NeedsRepair` where there is one
        and nothing is to be taken out.
        """
        if model and mode is Deidentification.OFF:
            raise NeedsRepair("A model is to find identifiers, and --deidentify is off. Use tags or surrogates.")
        if model:
            _tagger(model)
        key = _workspace_key(workspace.root) if mode is Deidentification.SURROGATES else b""
        return cls(mode=mode, key=key, model=model)

    def clean(self, report: str, *, patient: str) -> Deidentified:
        """The report without identifiers, and the way back to its own offsets."""
        if self.mode is Deidentification.OFF:
            return Deidentified(text=report, findings=(), offsets=OffsetMap(()))
        how = Tags() if self.mode is Deidentification.TAGS else Surrogates(self.key, patient)
        return deidentify(report, how, tagged=_tagger(self.model).tag(report) if self.model else ())

    def count(self, cleaned: Deidentified) -> None:
        """Add what was taken out of a report."""
        self.removed.update(cleaned.counts())
        self.by_model += sum(finding.rule == MODEL for finding in cleaned.findings)


@cache
def _tagger(folder: Path) -> IdentifierTagger:
    """The model of this process; torch is loaded only where there is one."""
    from pathalign.model.identifier_tagger import IdentifierTagger

    return IdentifierTagger.load(folder)


def _workspace_key(root: Path) -> bytes:
    """The secret of a workspace, made at first use and readable by its owner alone."""
    path = root / "deidentification.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(_KEY_BYTES))
    return path.read_bytes()
