"""One slide's tissue on disk: a row of numbers, a picture, and polygons for QuPath."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.records import Outcome
from pathalign.slides.patches import lay_grid
from pathalign.slides.pictures.quality_picture import quality_picture
from pathalign.slides.regions.annotations import Annotations
from pathalign.slides.regions.geojson import feature_collection
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.flags import Flag, flags_of
from pathalign.slides.tissue.mask import TissueConfig, find_tissue
from pathalign.slides.tissue.outline import outline
from pathalign.store.artifact import write_json, write_text, written_aside


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

    def is_of(self, made_from: Mapping[str, Any], folder: Path, slide_id: str, geojson: bool) -> bool:
        """Whether it is still true, and the files that belong to it are there."""
        wanted = [picture_path(folder, slide_id), *([geojson_path(folder, slide_id)] if geojson else [])]
        return dict(self.made_from) == dict(made_from) and all(path.is_file() for path in wanted)


def picture_path(folder: Path, slide_id: str) -> Path:
    """Where the picture of a slide lies."""
    return folder / f"{slide_id}.jpg"


def geojson_path(folder: Path, slide_id: str) -> Path:
    """Where the polygons of a slide lie."""
    return folder / f"{slide_id}.geojson"


def look_at_tissue(
    path: Path, slide_id: str, *, given_mpp: float | None, spec: PatchSpec, tissue: TissueConfig,
    regions: Annotations | None, folder: Path, geojson: bool, made_from: Mapping[str, Any],
) -> TissueRow:  # fmt: skip
    """Find the tissue of a slide, lay the grid, and write its picture (and polygons).

    Raises what opening and reading raise.
    """
    with SlideReader(path, given_mpp=given_mpp) as slide:
        slide.check_finer_than(spec.patch_mpp)
        found = find_tissue(slide, tissue)
        grid = lay_grid(slide, spec, found, annotations=regions)
        mpp, origin = slide.mpp, slide.source.bounds_px0[:2]
    with written_aside(picture_path(folder, slide_id)) as aside:
        aside.write_bytes(quality_picture(found, grid))
    if geojson:
        features = feature_collection(outline(found.mask, px0_per_px=found.mpp / mpp), grid, origin_px0=origin)
        write_text(geojson_path(folder, slide_id), json.dumps(features, separators=(",", ":")) + "\n")
    else:
        geojson_path(folder, slide_id).unlink(missing_ok=True)  # of an earlier run: it may not be true any more
    return TissueRow(
        outcome=Outcome.OK if len(grid) else Outcome.EMPTY,
        reason="" if len(grid) else "no patch holds enough tissue" if found.mask.any() else "no tissue found",
        area_mm2=round(found.area_mm2, 4), patches=len(grid),
        tissue_share=round(float(np.mean(grid.tissue_share)), 4) if len(grid) else 0.0,
        ink_share=round(float(found.ink.mean()), 4), slide_mpp=mpp, flags=flags_of(found, grid), made_from=made_from,
    )  # fmt: skip
