"""`curate --review`: which reports a person looks at, and the page of them."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pathalign.evaluate.figures import length_histogram
from pathalign.store.artifact import written_aside
from pathalign.store.workspace import Workspace
from pathalign.text.review.page import ReviewedCase, render_review

if TYPE_CHECKING:
    from pathalign.tasks.curation import Curation

FIGURES = {"retrieval_length": "Length of retrieval texts", "generation_length": "Length of generation texts"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRequest:
    """What page is wanted."""

    path: Path | None = None
    """None: `runs/curate/review.html` of the workspace."""
    limit: int = 200
    """Reports on it."""
    seed: int = 0


@dataclass(kw_only=True)
class ReviewSample:
    """At most so many reports, whatever the number offered: those with problems first, the rest drawn by a seed.

    Which ones are drawn depends on their ids and the seed, not on the order in which they come.
    """

    limit: int
    seed: int = 0
    _kept: list[tuple[bool, int, str, ReviewedCase]] = field(default_factory=list)
    """A heap, the first to go on top."""

    def offer(self, case: ReviewedCase) -> None:
        """Keep a report, if it comes before one that is kept."""
        draw = hashlib.sha256(f"{self.seed}\0{case.case_id}".encode()).digest()
        entry = (bool(case.problems), int.from_bytes(draw[:8]), case.case_id, case)
        if len(self._kept) < self.limit:
            heapq.heappush(self._kept, entry)
        elif self.limit and entry[:3] > self._kept[0][:3]:
            heapq.heapreplace(self._kept, entry)

    def cases(self) -> list[ReviewedCase]:
        """Those with problems, then the others; each by id."""
        return [entry[3] for entry in sorted(self._kept, key=lambda entry: (not entry[0], entry[2]))]


def write_review(workspace: Workspace, request: ReviewRequest, cases: Sequence[ReviewedCase], done: Curation) -> Path:
    """Write the page, readable by its owner alone, and say where."""
    path = request.path or workspace.run_folder("curate") / "review.html"
    document = done.as_json()
    lengths: Mapping[str, Mapping[str, object]] = {name: getattr(done.statistics, name).as_json() for name in FIGURES}
    figures = {
        name: length_histogram(
            getattr(done.statistics, name).bins[: len(lengths[name]["bins"])],  # type: ignore[arg-type]
            bin_tokens=int(str(lengths[name]["bin_tokens"])),
            median_tokens=int(str(lengths[name]["median_tokens"])), title=title,
        )
        for name, title in FIGURES.items() if lengths[name]["texts"]
    }  # fmt: skip
    page = render_review(
        cases,
        title="Curated reports",
        total=done.reports,
        statistics=[
            (name.replace("_", " "), document[name])
            for name in ("reports", "parts", "slides_with_text", "corrected", "distinct_texts", "distinct_concepts")
        ],
        tables=done.statistics.tables() | {
            "Problems": sorted(done.problem_counts.items()),
            "Identifiers taken out": sorted(done.removed.items()),
        },
        figures=figures,
    )  # fmt: skip
    with written_aside(path) as aside:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            f.write(page)
    return path
