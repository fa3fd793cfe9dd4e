"""What the catalog knows of a slide, and what became of it in a stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pathalign.domain.provenance import TextSource


class Split(StrEnum):
    """Which part of the cohort a patient serves; never two."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Outcome(StrEnum):
    """What became of one slide in one stage."""

    OK = "ok"
    EMPTY = "empty"
    """Opened and read, but holds no tissue: an artifact without patches."""
    REFUSED = "refused"
    """Something that the user must repair (no pixel size, not bright field, moved file)."""
    FAILED = "failed"
    """Broke while it was read, or broke the process that read it."""
    TIMED_OUT = "timed out"
    """Gave nothing for too long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slide:
    """One row of the catalog."""

    slide_id: str
    path: Path | None
    """None when the slide's embeddings are imported and its pixels are elsewhere."""
    patient_id: str
    case_id: str
    part_id: str = ""
    block_id: str = ""
    stain: str = ""
    mpp: float | None = None
    """Level-0 micrometres per pixel that the user gave; None means the file's own."""
    split: Split


@dataclass(frozen=True, kw_only=True, slots=True)
class SlideText:
    """What the curated report says of one slide."""

    slide_id: str
    case_id: str
    patient_id: str
    part: str
    retrieval_text: str
    generation_text: str
    retrieval_key: str
    """Equal for equal retrieval texts."""
    concept_key: str
    """Equal for texts that say the same of what a slide shows: these are positives of one another."""
    malignant: bool | None
    split: Split
    source: TextSource = TextSource.UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What a person wrote in the place of a slide's curated text."""

    slide_id: str
    part: str
    retrieval_text: str
    generation_text: str
    report_digest: str
    """Of the report that the person read; "" where the case had none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A row or slide that did not make it, and why. Holds identifiers of rows, never text of a report."""

    source: str
    """File name or stage."""
    line: int | None
    """Line in the file, header = 1; None where there is no file."""
    item: str
    """Slide or case."""
    reason: str

    def as_json(self) -> dict[str, object]:
        """The shape of `problems` in every `--json` document."""
        return {"source": self.source, "line": self.line, "item": self.item, "reason": self.reason}
