"""One slide's tissue as it is recorded: a row of numbers, and where the files lie that belong to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pathalign.domain.records import Outcome
from pathalign.slides.tissue.flags import Flag
from pathalign.store.artifact import write_json


@dataclass(frozen=True, kw_only=True, slots=True)
class TissueRow:
    """What is known of the tissue of one slide."""

    outcome: Outcome
    reason: str = ""
    area_mm2: float = 0.0
    patches: int = 0
    tissue_share: float = 0.0
    """Mean over the patches; 0 without any."""
    ink_share: float = 0.0
    """Share of the slide under ink, or black."""
    slide_mpp: float | None = None
    flags: tuple[Flag, ...] = ()
    made_from: Mapping[str, Any] = field(default_factory=dict)
    """Empty for a slide that could not be looked at."""

    @staticmethod
    def failed(outcome: Outcome, reason: str) -> TissueRow:
        """The row of a slide that could not be looked at."""
        return TissueRow(outcome=outcome, reason=reason)

    @staticmethod
    def read(path: Path) -> TissueRow | None:
        """The row in a file; None when there is none, or none that this version wrote."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return TissueRow(
                **{**found, "outcome": Outcome(found["outcome"]), "flags": tuple(map(Flag, found["flags"]))}
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Write the row; it says that picture and polygons are complete, so it comes after them."""
        write_json(path, {**self.as_json(), "made_from": dict(self.made_from)})

    def as_json(self) -> dict[str, Any]:
        """Its numbers."""
        return {
            "outcome": self.outcome.value, "reason": self.reason, "area_mm2": self.area_mm2, "patches": self.patches,
            "tissue_share": self.tissue_share, "ink_share": self.ink_share, "slide_mpp": self.slide_mpp,
            "flags": [flag.value for flag in self.flags],
        }  # fmt: skip

    def is_whole(self, folder: Path, slide_id: str, *, geojson: bool) -> bool:
        """Whether the files that belong to it are there."""
        wanted = [picture_path(folder, slide_id), *([geojson_path(folder, slide_id)] if geojson else [])]
        return all(path.is_file() for path in wanted)


def picture_path(folder: Path, slide_id: str) -> Path:
    """Where the picture of a slide lies."""
    return folder / f"{slide_id}.jpg"


def geojson_path(folder: Path, slide_id: str) -> Path:
    """Where the polygons of a slide lie."""
    return folder / f"{slide_id}.geojson"
