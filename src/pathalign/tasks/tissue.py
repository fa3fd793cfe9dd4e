"""`tissue`: where every slide has tissue, for a person to look over, before anything is embedded.

A slide's row is written after its picture, so that its existence means complete. Killed and run again, what is done and
still true is left as it is; slides that could not be read are tried again.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Outcome, Problem, Slide
from pathalign.errors import MissingArtifact, PathAlignError, UnreadableSlide
from pathalign.slides.fingerprint import fingerprint
from pathalign.slides.pictures.contact_sheet import SheetRow, contact_sheet
from pathalign.slides.regions.geojson import read_annotations
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.tissue.survey import TissueRow, look_at_tissue
from pathalign.store.artifact import MANIFEST, digest, digest_file, write_manifest, write_text
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
    redo: bool = False,
    progress: Progress = silent,
) -> Survey:
    """Find the tissue of slides (of the whole catalog, or of the slides and cases in `ids`) and write runs/tissue.

    The contact sheet and the table show every slide that was ever looked at with this configuration.
    Raises `MissingArtifact` when there is no slide with pixels.
    """
    folder = workspace.run_folder(STAGE)
    done = Survey(folder=f"runs/{STAGE}")
    with workspace.lock(STAGE), Catalog(workspace.catalog_path) as catalog:
        known = {slide.slide_id: slide for slide in catalog.slides() if slide.path is not None}
        if not known:
            raise MissingArtifact("The workspace holds no slide to look at. Run `pathalign add slides.csv` first.")
        before = catalog.outcomes(STAGE)
        asked = {s.slide_id for name in ids for s in catalog.slides_of(name)} if ids else set(known)
        (folder / MANIFEST).unlink(missing_ok=True)
        with progress("Finding tissue", len(asked & known.keys())) as advance:
            for slide_id, slide in known.items():
                row_path = folder / ROWS / f"{slide_id}.json"
                if slide_id not in asked:
                    if row_before := _row_before(row_path, config, before.get(slide_id)):
                        done.rows[slide_id] = row_before
                    continue
                row = _look(slide, config, folder, row_path, redo, done)
                done.rows[slide_id] = row
                catalog.put_outcome(STAGE, slide_id, row.outcome, row.reason)
                if row.outcome not in (Outcome.OK, Outcome.EMPTY):
                    done.problems.append(Problem(source=STAGE, line=None, item=slide_id, reason=row.reason))
                advance(1)
        _write(folder, config, done.rows)
    return done


def _look(slide: Slide, config: SurveyConfig, folder: Path, row_path: Path, redo: bool, done: Survey) -> TissueRow:
    """The row of one slide: the one at hand where it is still true, else a new one with its picture."""
    assert slide.path is not None
    try:
        regions_path = config.annotations / f"{slide.slide_id}.geojson" if config.annotations else None
        made_from = {
            "config": config.as_json(), "given_mpp": slide.mpp, "slide_fingerprint": fingerprint(slide.path),
            "regions": digest_file(regions_path) if regions_path and regions_path.is_file() else None,
        }  # fmt: skip
        if (
            not redo
            and (old := TissueRow.read(row_path))
            and old.is_of(made_from, folder, slide.slide_id, config.geojson)
        ):
            done.slides_done_before += 1
            return old
        regions = None
        if regions_path is not None:
            if not regions_path.is_file():
                raise MissingArtifact(
                    f"{slide.slide_id} has no annotations: no {regions_path.name} is in the folder of `--annotations`. "
                    "Export them, or run without that option."
                )
            regions = read_annotations(regions_path, classes=config.classes)
        row_path.unlink(missing_ok=True)
        row = look_at_tissue(
            slide.path, slide.slide_id, given_mpp=slide.mpp, spec=config.spec, tissue=config.tissue, regions=regions,
            folder=folder, geojson=config.geojson, made_from=made_from,
        )  # fmt: skip
    except MemoryError:
        row = TissueRow.failed(Outcome.FAILED, f"{slide.path.name} needs more memory than there is.")
    except (PathAlignError, OSError) as error:
        failed = isinstance(error, UnreadableSlide | OSError)
        reason = f"{slide.path.name}: {error.strerror or error}" if isinstance(error, OSError) else str(error)
        row = TissueRow.failed(Outcome.FAILED if failed else Outcome.REFUSED, reason)
    if row.made_from:
        row.write(row_path)
    else:
        row_path.unlink(missing_ok=True)
    return row


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
