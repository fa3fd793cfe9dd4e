"""`add`: slides and reports into the catalog, row by row. A bad row is recorded with its line and reason."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Problem, Slide, Split
from pathalign.domain.splits import split_of_patient
from pathalign.errors import NeedsRepair
from pathalign.slides.openslide_reader import SlideReader
from pathalign.store.catalog import Catalog
from pathalign.store.tables import Row, read_rows
from pathalign.store.workspace import Workspace

_SAFE_ID = re.compile(r"[^/\\\x00-\x1f]{1,200}")


class _BadRow(Exception):
    """Why a row cannot be taken."""


@dataclass(kw_only=True)
class Registration:
    """What `add` did."""

    slides_added: int = 0
    slides_updated: int = 0
    reports_added: int = 0
    reports_unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The document of `add --json`."""
        return {
            "slides_added": self.slides_added,
            "slides_updated": self.slides_updated,
            "reports_added": self.reports_added,
            "reports_unchanged": self.reports_unchanged,
            "problems": [problem.as_json() for problem in self.problems],
        }


def add(
    workspace: Workspace, slides_table: Path, reports_table: Path | None = None, *, progress: Progress = silent
) -> Registration:
    """Register the slides and reports of two tables; known ones are updated.

    Good rows are stored whatever the bad ones are. Raises `BadTable` when a table cannot be read at all.
    """
    done = Registration()
    rows = list(read_rows(slides_table, required=("slide_id", "path")))
    reports = list(read_rows(reports_table, required=("case_id", "report"))) if reports_table else []
    with workspace.lock("catalog"), Catalog(workspace.catalog_path) as catalog, catalog.transaction():
        _add_slides(catalog, slides_table, rows, done, progress)
        if reports_table:
            _add_reports(catalog, reports_table, reports, done)
    return done


def _add_slides(catalog: Catalog, table: Path, rows: list[Row], done: Registration, progress: Progress) -> None:
    first_line: dict[str, int] = {}
    split_of = catalog.split_of_patients()
    listed = {row.cells["slide_id"] for row in rows}
    others = {slide.patient_id for slide in catalog.slides() if slide.slide_id not in listed}
    split_of = {patient: split for patient, split in split_of.items() if patient in others}
    with progress("Checking slides", len(rows)) as advance:
        for row in rows:
            with _recorded(done, table, row, "slide_id"):
                slide = _slide_of(row, table.parent, first_line, split_of)
                if slide.path is not None:
                    _check_opens(slide)
                new = catalog.put_slide(slide)
                done.slides_added += new
                done.slides_updated += not new
                split_of[slide.patient_id] = slide.split
            advance(1)


def _add_reports(catalog: Catalog, table: Path, rows: list[Row], done: Registration) -> None:
    cases = catalog.case_ids()
    first_line: dict[str, int] = {}
    for row in rows:
        with _recorded(done, table, row, "case_id"):
            case_id, report = row.cells["case_id"], row.cells["report"]
            if not case_id:
                raise _BadRow("the report has no case_id")
            if not report:
                raise _BadRow("the report is empty")
            if case_id in first_line:
                raise _BadRow(f"case_id repeats line {first_line[case_id]}; a case has one report")
            first_line[case_id] = row.line
            if case_id not in cases:
                raise _BadRow("no slide belongs to this case; add its slides, or correct the case_id")
            changed = catalog.put_report(case_id, report)
            done.reports_added += changed
            done.reports_unchanged += not changed


def _slide_of(row: Row, folder: Path, first_line: dict[str, int], split_of: dict[str, Split]) -> Slide:
    cells = row.cells
    slide_id = cells["slide_id"]
    if not slide_id:
        raise _BadRow("slide_id is empty")
    if not _SAFE_ID.fullmatch(slide_id) or slide_id.startswith("."):
        raise _BadRow("slide_id names files, so it may hold no slash, control character or leading dot")
    if slide_id in first_line:
        raise _BadRow(f"slide_id repeats line {first_line[slide_id]}; the first one is kept")
    first_line[slide_id] = row.line
    case_id = cells.get("case_id") or cells.get("patient_id") or slide_id
    patient_id = cells.get("patient_id") or case_id
    split = _split_of(cells.get("split", ""), patient_id, split_of)
    path = Path(os.path.abspath(folder / cells["path"])) if cells["path"] else None  # noqa: PTH100  links stay links
    if path is not None and not path.is_file():
        raise _BadRow(f"there is no file at its path {cells['path']} (paths are relative to the table)")
    return Slide(
        slide_id=slide_id, path=path, patient_id=patient_id, case_id=case_id, part_id=cells.get("part_id", ""),
        block_id=cells.get("block_id", ""), stain=cells.get("stain", ""), split=split,
        mpp=_mpp_of(cells.get("mpp", "")),
    )  # fmt: skip


def _split_of(text: str, patient_id: str, split_of: dict[str, Split]) -> Split:
    known = split_of.get(patient_id)
    if not text:
        return known or split_of_patient(patient_id)
    if text.lower() not in [split.value for split in Split]:
        raise _BadRow(f"split is {text!r}; expected train, val, test or nothing")
    split = Split(text.lower())
    if known is not None and known != split:
        raise _BadRow(f"the patient is in split {known} already and cannot be in {split} too; that would leak")
    return split


def _mpp_of(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise _BadRow(f"mpp is {text!r}; expected micrometres per pixel such as 0.25, or nothing") from None


def _check_opens(slide: Slide) -> None:
    assert slide.path is not None
    try:
        with SlideReader(slide.path, given_mpp=slide.mpp):
            pass
    except NeedsRepair as error:
        raise _BadRow(str(error)) from error


@contextmanager
def _recorded(done: Registration, table: Path, row: Row, key: str) -> Iterator[None]:
    """Turn a bad row into a problem with its line."""
    try:
        if row.malformed:
            raise _BadRow(row.malformed)
        yield
    except _BadRow as error:
        done.problems.append(Problem(source=table.name, line=row.line, item=row.cells.get(key, ""), reason=str(error)))
