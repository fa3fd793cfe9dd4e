"""One slide surveyed: its tissue, its grid, and its picture, as one event that is small enough to send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import UnreadableSlide
from pathalign.slides.fingerprint import fingerprint
from pathalign.slides.patches import lay_grid
from pathalign.slides.pictures.quality_picture import quality_picture
from pathalign.slides.regions.geojson import annotations_of_slide, feature_collection
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.slide_reading import Unchanged
from pathalign.slides.tissue.flags import flags_of
from pathalign.slides.tissue.mask import Tissue, TissueConfig, find_tissue
from pathalign.slides.tissue.outline import outline
from pathalign.slides.tissue.row import TissueRow
from pathalign.store.artifact import digest_file


@dataclass(frozen=True, kw_only=True, slots=True)
class SurveyRequest:
    """What is asked of one slide."""

    slide_id: str
    path: Path
    given_mpp: float | None
    spec: PatchSpec
    tissue: TissueConfig
    annotations: Path | None = None
    """GeoJSON of the regions that patches must lie within; None takes all tissue."""
    classes: tuple[str, ...] = ()
    """Only annotations of these classes; empty means all."""
    geojson: bool = False
    """Outline tissue and patches too."""
    config: Mapping[str, Any]
    """Everything that was asked, as it is recorded."""
    made_from: Mapping[str, Any] | None = None
    """What the row at hand was made from; when it is still true, no pixel is read."""

    @property
    def name(self) -> str:
        """The file's own name, for messages."""
        return self.path.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Surveyed:
    """What was found on a slide."""

    row: TissueRow
    picture: bytes
    """JPEG."""
    geojson: str | None
    """Tissue and patches, when they were asked for."""


def survey_slide(request: SurveyRequest) -> Surveyed | Unchanged:
    """Find the tissue of a slide, lay the grid, and draw both. Raises what opening and reading raise."""
    made_from = _identity(request)
    if request.made_from == made_from:
        return Unchanged()
    regions = annotations_of_slide(request.annotations, request.slide_id, classes=request.classes)
    with SlideReader(request.path, given_mpp=request.given_mpp) as slide:
        slide.check_finer_than(request.spec.patch_mpp)
        found = find_tissue(slide, request.tissue)
        grid = lay_grid(slide, request.spec, found, annotations=regions)
        mpp, origin_px0 = slide.mpp, slide.source.bounds_px0[:2]
    geojson = None
    if request.geojson:
        features = feature_collection(outline(found.mask, px0_per_px=found.mpp / mpp), grid, origin_px0=origin_px0)
        geojson = json.dumps(features, separators=(",", ":")) + "\n"
    return Surveyed(row=_row(found, grid, made_from), picture=quality_picture(found, grid), geojson=geojson)


def _identity(request: SurveyRequest) -> dict[str, Any]:
    """What a row depends on."""
    if not request.path.exists():
        raise UnreadableSlide(
            f"{request.name} is not there. Correct its `path` in slides.csv; paths are relative to it."
        )
    regions = request.annotations
    return {
        "config": dict(request.config), "given_mpp": request.given_mpp,
        "slide_fingerprint": fingerprint(request.path),
        "regions": digest_file(regions) if regions is not None and regions.is_file() else None,
    }  # fmt: skip


def _row(found: Tissue, grid: PatchGrid, made_from: Mapping[str, Any]) -> TissueRow:
    return TissueRow(
        outcome=Outcome.OK if len(grid) else Outcome.EMPTY,
        reason="" if len(grid) else "no patch holds enough tissue" if found.mask.any() else "no tissue found",
        area_mm2=round(found.area_mm2, 4), patches=len(grid),
        tissue_share=round(float(np.mean(grid.tissue_share)), 4) if len(grid) else 0.0,
        ink_share=round(float(found.ink.mean()), 4), slide_mpp=grid.slide_mpp, flags=flags_of(found, grid),
        made_from=made_from,
    )  # fmt: skip
