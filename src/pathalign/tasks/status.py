"""`status`: what the workspace holds, what is missing, and the command that comes next."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathalign.domain.records import Slide
from pathalign.store.artifact import MANIFEST
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace

_CHAIN = (
    ("embeddings", "pathalign embed"),
    ("retrieval model", "pathalign train retrieval"),
    ("generation model", "pathalign train generation"),
    ("index", "pathalign index"),
    ("evaluation", "pathalign evaluate"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """A workspace at a glance."""

    root: Path
    counts: dict[str, int]
    splits: dict[str, int]
    artifacts: dict[str, str | None]
    """The id of each complete artifact; None where it is missing."""
    outcomes: dict[str, int]
    """How many slides ended how in `embed`, or in `import-embeddings` where they were not embedded."""
    next_step: str | None
    slides: list[Slide]
    problems: list[dict[str, Any]]

    def as_json(self) -> dict[str, object]:
        """The document of `status --json`."""
        return {
            "workspace": str(self.root), "counts": self.counts, "splits": self.splits, "artifacts": self.artifacts,
            "embed": self.outcomes, "next": self.next_step, "problems": self.problems,
            "slides": [{"slide_id": s.slide_id, "case_id": s.case_id, "split": s.split.value} for s in self.slides],
        }  # fmt: skip


def read_status(workspace: Workspace) -> Status:
    """Look at a workspace without changing it."""
    with Catalog(workspace.catalog_path) as catalog:
        counts, slides, outcomes = (
            catalog.counts(),
            catalog.slides(),
            {**catalog.outcomes("import-embeddings"), **catalog.outcomes("embed")},
        )
        seen = {**catalog.outcomes("pretrain"), **outcomes}  # what `embed` found is newer
    sets = sorted((workspace.root / "embeddings").glob(f"*/{MANIFEST}"))
    artifacts = {
        "embeddings": _id(sets[0]) if sets else None,
        "retrieval model": _id(workspace.model_folder("retrieval") / MANIFEST),
        "generation model": _id(workspace.model_folder("generation") / MANIFEST),
        "index": _id(workspace.index_folder / MANIFEST),
        "evaluation": _id(workspace.run_folder("evaluate-test") / MANIFEST),
    }
    problems = [
        {"slide_id": slide_id, "outcome": outcome.value, "reason": reason}
        for slide_id, (outcome, reason) in seen.items() if outcome != "ok" or reason
    ]  # fmt: skip
    return Status(
        root=workspace.root, counts=counts, splits=dict(Counter(slide.split.value for slide in slides)),
        artifacts=artifacts, outcomes=dict(Counter(outcome.value for outcome, _ in outcomes.values())),
        next_step=_next(counts, artifacts, slides), slides=slides, problems=problems,
    )  # fmt: skip


def _next(counts: dict[str, int], artifacts: dict[str, str | None], slides: list[Slide]) -> str | None:
    if not counts["slides"]:
        return "pathalign add SLIDES.csv --reports REPORTS.csv"
    if counts["reports"] and not counts["texts"]:
        return "pathalign curate"
    if artifacts["embeddings"] is None and not any(slide.path for slide in slides):
        return "pathalign import-embeddings DIR"
    return next((command for name, command in _CHAIN if artifacts[name] is None), None)


def _id(manifest: Path) -> str | None:
    return str(json.loads(manifest.read_text(encoding="utf-8"))["id"]) if manifest.is_file() else None
