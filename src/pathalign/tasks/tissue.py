"""`tissue`: where every slide has tissue, for a person to look over, before anything is embedded.

Slides are looked at by reading processes; this one writes what they found. A slide's row is written after its picture,
so that its existence means complete. Killed and run again, what is done and still true is left as it is; slides that
could not be read are tried again.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Outcome, Problem, Slide
from pathalign.errors import MissingArtifact
from pathalign.slides.pictures.contact_sheet import SheetRow, contact_sheet
from pathalign.slides.slide_reading import Ended, ReadingConfig, Unchanged
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.tissue.row import TissueRow, geojson_path, picture_path
from pathalign.slides.tissue.survey import Surveyed, SurveyRequest
from pathalign.slides.workers.pool import ReadingPool
from pathalign.store.artifact import MANIFEST, digest, write_manifest, write_text, written_aside
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace

STAGE = "tissue"
SHEET, TABLE, ROWS = "contact-sheet.html", "tissue.csv", "rows"


@dataclass(frozen=True, kw_only=True, slots=True)
class SurveyConfig:
    """What is asked of every slide."""

    spec: PatchSpec = field(default_factory=PatchSpec)
    tissue: TissueConfig = field(default_factory=TissueConfig)
    geojson: bool = False
    """Write tissue and patches of each slide for QuPath."""
    annotations: Path | None = None
    """Folder with `<slide_id>.geojson`; patches lie within these regions. A slide without a file has none."""
    classes: tuple[str, ...] = ()
    """Only annotations of these classes; empty means all."""

    def as_json(self) -> dict[str, Any]:
        """What rows depend on, beside the slide and its annotations."""
        spec = self.spec
        return {
            "patch_px": spec.patch_px, "patch_mpp": spec.patch_mpp, "min_tissue": spec.min_tissue,
            "overlap_px": spec.overlap_px, "max_patches": spec.max_patches, "seed": spec.seed,
            "tissue": self.tissue.as_json(), "annotations": self.annotations is not None, "classes": list(self.classes),
        }  # fmt: skip


@dataclass(kw_only=True)
class Survey:
    """What `tissue` did."""

    rows: dict[str, TissueRow] = field(default_factory=dict)
    slides_done_before: int = 0
    problems: list[Problem] = field(default_factory=list)
    folder: str = ""

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many slides came out how."""
        return Counter(row.outcome for row in self.rows.values())

    def as_json(self) -> dict[str, object]:
        """The document of `tissue --json`."""
        return {
            "folder": self.folder,
            "contact_sheet": f"{self.folder}/{SHEET}",
            "slides": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "slides_done_before": self.slides_done_before,
            "tissue_mm2": round(sum(row.area_mm2 for row in self.rows.values()), 3),
            "patches": sum(row.patches for row in self.rows.values()),
            "rows": [{"slide_id": slide_id, **row.as_json()} for slide_id, row in sorted(self.rows.items())],
            "problems": [problem.as_json() for problem in self.problems],
        }


def survey_tissue(
    workspace: Workspace,
    config: SurveyConfig,
    *,
    ids: Sequence[str] = (),
    reading: ReadingConfig | None = None,
    redo: bool = False,
    progress: Progress = silent,
) -> Survey:
    """Find the tissue of slides (of the whole catalog, or of the slides and cases in `ids`) and write runs/tissue.

    The contact sheet and the table show every slide that was ever looked at with this configuration. The same bytes for
    any number of `reading.workers`; with some, a slide that hangs or kills its reader costs itself alone.
    Raises `MissingArtifact` when there is no slide with pixels.
    """
    folder = workspace.run_folder(STAGE)
    with workspace.lock(STAGE), Catalog(workspace.catalog_path) as catalog:
        known = {slide.slide_id: slide for slide in catalog.slides() if slide.path is not None}
        if not known:
            raise MissingArtifact("The workspace holds no slide to look at. Run `pathalign add slides.csv` first.")
        before = catalog.outcomes(STAGE)
        asked = {s.slide_id for name in ids for s in catalog.slides_of(name)} if ids else set(known)
        asked &= known.keys()
        (folder / MANIFEST).unlink(missing_ok=True)
        desk = _Desk(folder, config, redo=redo)
        rows = {
            slide_id: row for slide_id in known.keys() - asked
            if (row := _row_before(desk.row_path(slide_id), config, before.get(slide_id)))
        }  # fmt: skip
        requests = (desk.request(known[slide_id]) for slide_id in known if slide_id in asked)
        with progress("Finding tissue", len(asked)) as advance:
            for slide_id, row in desk.rows(requests, reading or ReadingConfig()):
                rows[slide_id] = row
                catalog.put_outcome(STAGE, slide_id, row.outcome, row.reason)
                advance(1)
        rows = {slide_id: rows[slide_id] for slide_id in known if slide_id in rows}  # whoever was done first
        _write(folder, config, rows)
    problems = [
        Problem(source=STAGE, line=None, item=slide_id, reason=row.reason) for slide_id, row in rows.items()
        if slide_id in asked and row.outcome not in (Outcome.OK, Outcome.EMPTY)
    ]  # fmt: skip
    return Survey(rows=rows, slides_done_before=desk.unchanged, problems=problems, folder=f"runs/{STAGE}")


class _Desk:
    """What is asked of each slide, and where the answers are filed."""

    def __init__(self, folder: Path, config: SurveyConfig, *, redo: bool) -> None:
        self._folder, self._config, self._redo = folder, config, redo
        self._at_hand: dict[str, TissueRow] = {}
        self.unchanged = 0

    def row_path(self, slide_id: str) -> Path:
        """Where the row of a slide lies."""
        return self._folder / ROWS / f"{slide_id}.json"

    def request(self, slide: Slide) -> SurveyRequest:
        """What is asked of a slide; with it goes what the row at hand was made from."""
        assert slide.path is not None
        config, slide_id = self._config, slide.slide_id
        if self._redo:  # stopped in the middle, it must not find the old row when it goes on
            self.row_path(slide_id).unlink(missing_ok=True)
        row = TissueRow.read(self.row_path(slide_id))
        if row and row.is_whole(self._folder, slide_id, geojson=config.geojson):
            self._at_hand[slide_id] = row
        return SurveyRequest(
            slide_id=slide_id, path=slide.path, given_mpp=slide.mpp, spec=config.spec, tissue=config.tissue,
            annotations=config.annotations / f"{slide_id}.geojson" if config.annotations else None,
            classes=config.classes, geojson=config.geojson, config=config.as_json(),
            made_from=self._at_hand[slide_id].made_from if slide_id in self._at_hand else None,
        )  # fmt: skip

    def rows(self, requests: Iterator[SurveyRequest], reading: ReadingConfig) -> Iterator[tuple[str, TissueRow]]:
        """The row of every slide, filed, in the order in which they are done."""
        with ReadingPool(reading, patch_px=1) as pool:
            for request, event in pool.read(requests):
                yield request.slide_id, self._file(request.slide_id, event)

    def _file(self, slide_id: str, event: Surveyed | Unchanged | Ended) -> TissueRow:
        if isinstance(event, Unchanged):
            self.unchanged += 1
            return self._at_hand[slide_id]
        self.row_path(slide_id).unlink(missing_ok=True)
        if isinstance(event, Ended):
            return TissueRow.failed(event.outcome, event.reason)
        with written_aside(picture_path(self._folder, slide_id)) as aside:
            aside.write_bytes(event.picture)
        if event.geojson is None:
            geojson_path(self._folder, slide_id).unlink(missing_ok=True)  # an earlier run's may not be true any more
        else:
            write_text(geojson_path(self._folder, slide_id), event.geojson)
        event.row.write(self.row_path(slide_id))
        return event.row


def _row_before(row_path: Path, config: SurveyConfig, outcome: tuple[Outcome, str] | None) -> TissueRow | None:
    """What an earlier run with this configuration found, or why it found nothing."""
    if row := TissueRow.read(row_path):
        return row if row.made_from.get("config") == config.as_json() else None
    if outcome and outcome[0] not in (Outcome.OK, Outcome.EMPTY):
        return TissueRow.failed(*outcome)
    return None


def _write(folder: Path, config: SurveyConfig, rows: dict[str, TissueRow]) -> None:
    """The page and the table of all rows, then the manifest."""
    shown = [
        SheetRow(
            slide_id=slide_id, outcome=row.outcome, reason=row.reason, area_mm2=row.area_mm2, patches=row.patches,
            tissue_share=row.tissue_share, flags=row.flags, picture=f"{slide_id}.jpg" if row.made_from else None,
        )
        for slide_id, row in rows.items()
    ]  # fmt: skip
    write_text(folder / SHEET, contact_sheet(shown))
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        ["slide_id", "outcome", "reason", "area_mm2", "patches", "tissue_share", "ink_share", "slide_mpp", "flags"]
    )
    for slide_id, row in sorted(rows.items()):
        table.writerow([
            slide_id, row.outcome.value, row.reason, row.area_mm2, row.patches, row.tissue_share, row.ink_share,
            "" if row.slide_mpp is None else row.slide_mpp, "; ".join(row.flags),
        ])  # fmt: skip
    write_text(folder / TABLE, out.getvalue())
    inputs = digest({slide_id: row.as_json() for slide_id, row in rows.items()})
    write_manifest(
        folder, kind="tissue survey", config=config.as_json(), parents={"slides": inputs}, licence="", slides=len(rows)
    )
