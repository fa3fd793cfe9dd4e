"""`add`: slides and reports into the catalog, row by row. A bad row is recorded with its line and reason."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Problem, Slide, Split
from pathalign.domain.splits import split_of_patient
from pathalign.slides.resolution import LEAST_MPP, MOST_MPP
from pathalign.slides.slide_opening import OpenRequest
from pathalign.slides.slide_reading import Ended, ReadingConfig
from pathalign.slides.sources.dicom_specimen import SpecimenLabels
from pathalign.slides.workers.pool import ReadingPool
from pathalign.store.catalog import Catalog
from pathalign.store.tables import Row, read_rows
from pathalign.store.workspace import Workspace
from pathalign.tasks.slide_places import ReportedCases, SlidePlaces, read_barcodes
from pathalign.text.slide_names.convention import NameConvention
from pathalign.text.stains.stain import stain_of

READ_NAMES = NameConvention()
_SAFE_ID = re.compile(r"[^/\\\x00-\x1f]{1,200}")


_SLIDE_COLUMNS = ("slide_id", "path", "patient_id", "case_id", "part_id", "block_id", "stain", "mpp", "split")
_REPORT_COLUMNS = ("case_id", "report")


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
    from_names: dict[str, dict[str, int]] = field(default_factory=dict)
    """Convention -> column -> slides whose empty cell was filled from their name, a barcode or a DICOM header."""
    notes: list[str] = field(default_factory=list)
    """What was taken, but may not be what was meant."""

    def as_json(self) -> dict[str, object]:
        """The document of `add --json`."""
        return {
            "slides_added": self.slides_added,
            "slides_updated": self.slides_updated,
            "reports_added": self.reports_added,
            "reports_unchanged": self.reports_unchanged,
            "from_names": self.from_names,
            "problems": [problem.as_json() for problem in self.problems],
            "notes": self.notes,
        }


def add(
    workspace: Workspace,
    slides_table: Path,
    reports_table: Path | None = None,
    *,
    names: NameConvention = READ_NAMES,
    barcodes_table: Path | None = None,
    reading: ReadingConfig | None = None,
    progress: Progress = silent,
) -> Registration:
    """Register the slides and reports of two tables; known ones are updated.

    Where a row gives no case, part, block or stain, they come from the barcode table, from the slide's name by `names`,
    or from its DICOM header. Good rows are stored whatever the bad ones are: with `reading.workers`, slides are opened
    in processes of their own, so that one which hangs or kills its reader is a bad row too. The table of reports is
    read twice, row by row, so that memory holds one report at a time. Raises `BadTable` when a table cannot be read at
    all, before anything is stored.
    """
    done = Registration()
    rows = list(read_rows(slides_table, required=("slide_id", "path")))
    reported_now, columns = _reported_in(reports_table) if reports_table else (set(), ())
    done.notes += _unknown_columns(slides_table, tuple(rows[0].cells) if rows else (), _SLIDE_COLUMNS)
    if reports_table:
        done.notes += _unknown_columns(reports_table, columns, _REPORT_COLUMNS)
    drafts = _drafts_of(slides_table, rows, done)
    places = SlidePlaces(convention=names)
    if barcodes_table:
        places.barcodes, bad = read_barcodes(barcodes_table)
        done.problems += bad
    labels: dict[str, SpecimenLabels] = {}
    drafts = _those_that_open(slides_table, drafts, reading or ReadingConfig(), done, progress, labels)
    with workspace.lock("catalog"), Catalog(workspace.catalog_path) as catalog, catalog.transaction():
        reported = ReportedCases.of(catalog.reported_case_ids() | reported_now)
        drafts = [
            replace(d, slide=places.fill(d.slide, d.row.cells, labels.get(d.slide.slide_id), reported)) for d in drafts
        ]
        done.from_names = {convention: dict(count) for convention, count in places.filled.items()}
        done.notes += places.notes() + _unknown_stains(drafts)
        _add_slides(catalog, slides_table, drafts, done)
        if reports_table:
            _add_reports(catalog, reports_table, done)
    return done


def _reported_in(table: Path) -> tuple[set[str], tuple[str, ...]]:
    """(the cases that a table of reports has, its columns)."""
    cases: set[str] = set()
    columns: tuple[str, ...] = ()
    for row in read_rows(table, required=_REPORT_COLUMNS):
        columns = columns or tuple(row.cells)
        cases.add(row.cells.get("case_id", ""))
    return cases - {""}, columns


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """A row that can be taken if its patient's split allows it."""

    row: Row
    slide: Slide
    split: Split | None
    """What the row itself says."""


def _unknown_stains(drafts: list[_Draft]) -> list[str]:
    """A note on stains that have no name here: their slides are taken for what the diagnosis was made on."""
    unknown = sorted({d.slide.stain for d in drafts if d.slide.stain and stain_of(d.slide.stain) is None})
    few = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
    return [f"Stains not known: {few}. `curate` takes their slides for H&E."] if unknown else []


def _unknown_columns(table: Path, columns: tuple[str, ...], known: tuple[str, ...]) -> list[str]:
    """A note on columns that nobody reads: `patientid` would put slides of one patient into two splits."""
    unknown = [name for name in columns if name and name not in known]
    return [f"{table.name}: not read: {', '.join(unknown)}. Columns that are: {', '.join(known)}."] if unknown else []


def _drafts_of(table: Path, rows: list[Row], done: Registration) -> list[_Draft]:
    first_line: dict[str, int] = {}
    drafts: list[_Draft] = []
    for row in rows:
        with _recorded(done, table, row, "slide_id"):
            drafts.append(_draft_of(row, table.parent, first_line))
    return drafts


def _those_that_open(
    table: Path,
    drafts: list[_Draft],
    reading: ReadingConfig,
    done: Registration,
    progress: Progress,
    labels: dict[str, SpecimenLabels],
) -> list[_Draft]:
    """The drafts whose slide opens, and those without pixels; `labels` takes what DICOM headers say."""
    requests = [
        OpenRequest(slide_id=draft.slide.slide_id, path=draft.slide.path, given_mpp=draft.slide.mpp)
        for draft in drafts if draft.slide.path is not None
    ]  # fmt: skip
    refused: dict[str, str] = {}
    contradicted: list[str] = []
    with progress("Checking slides", len(requests)) as advance, ReadingPool(reading, patch_px=1) as pool:
        for request, event in pool.read(requests):
            if isinstance(event, Ended):
                refused[request.slide_id] = event.reason
                advance(1)
                continue
            if event.specimen is not None:
                labels[request.slide_id] = event.specimen
            if event.disagrees_with:
                contradicted.append(f"{request.slide_id} ({event.mpp:g}, also {event.disagrees_with})")
            advance(1)
    if contradicted:
        few = ", ".join(sorted(contradicted)[:5]) + (", ..." if len(contradicted) > 5 else "")
        done.notes.append(
            f"{table.name}: resolution told in two ways, of {len(contradicted)} slide{'s' * (len(contradicted) > 1)}: "
            f"{few}. The first one counts; the `mpp` column comes before the file."
        )
    for draft in drafts:
        with _recorded(done, table, draft.row, "slide_id"):
            if reason := refused.get(draft.slide.slide_id):
                raise _BadRow(reason)
    return [draft for draft in drafts if draft.slide.slide_id not in refused]


def _add_slides(catalog: Catalog, table: Path, drafts: list[_Draft], done: Registration) -> None:
    split_of = _split_of_patients(catalog.slides(), drafts)
    for draft in drafts:
        with _recorded(done, table, draft.row, "slide_id"):
            split = split_of[draft.slide.patient_id]
            if draft.split not in (None, split):
                raise _BadRow(f"the patient is in split {split} and cannot be in {draft.split} too; that would leak")
            new = catalog.put_slide(replace(draft.slide, split=split))
            done.slides_added += new
            done.slides_updated += not new
    done.problems.sort(key=lambda problem: problem.line or 0)


def _split_of_patients(stored: list[Slide], drafts: list[_Draft]) -> dict[str, Split]:
    """The one split of every patient of the table.

    That of his slides which the table leaves as they are; else what the table says, if it says one thing; else what
    the catalog knows. Bad rows leave their slides as they are, so they cannot split a patient either.
    """
    drafted = {draft.slide.slide_id for draft in drafts}
    before = {slide.patient_id: slide.split for slide in stored}
    staying = {slide.patient_id: slide.split for slide in stored if slide.slide_id not in drafted}
    said: dict[str, list[Split]] = {}
    for draft in drafts:
        said.setdefault(draft.slide.patient_id, []).extend([draft.split] if draft.split else [])
    chosen = {}
    for patient, splits in said.items():
        agreed = splits[0] if len(set(splits)) == 1 else None
        told = staying.get(patient) or agreed or before.get(patient)
        chosen[patient] = told or (splits[0] if splits else split_of_patient(patient))
    return chosen


def _add_reports(catalog: Catalog, table: Path, done: Registration) -> None:
    cases = catalog.case_ids()
    first_line: dict[str, int] = {}
    for row in read_rows(table, required=_REPORT_COLUMNS):
        with _recorded(done, table, row, "case_id"):
            if row.malformed:
                raise _BadRow(row.malformed)
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


def _draft_of(row: Row, folder: Path, first_line: dict[str, int]) -> _Draft:
    if row.malformed:
        raise _BadRow(row.malformed)
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
    split = _split_in(cells.get("split", ""))
    path = Path(os.path.abspath(folder / cells["path"])) if cells["path"] else None  # noqa: PTH100  links stay links
    if path is not None and not os.path.exists(path):  # noqa: PTH110  False, not an error, where it may not be looked at
        raise _BadRow(f"there is no file at its path {cells['path']} (paths are relative to the table)")
    stain = stain_of(cells.get("stain", ""))
    slide = Slide(
        slide_id=slide_id, path=path, patient_id=cells.get("patient_id") or case_id, case_id=case_id,
        part_id=cells.get("part_id", ""), block_id=cells.get("block_id", ""),
        stain=stain.name if stain else cells.get("stain", ""),
        mpp=_mpp_of(cells.get("mpp", "")), split=split or Split.TRAIN,
    )  # fmt: skip
    return _Draft(row=row, slide=slide, split=split)


def _split_in(text: str) -> Split | None:
    if not text:
        return None
    if text.lower() not in [split.value for split in Split]:
        raise _BadRow(f"split is {text!r}; expected train, val, test or nothing")
    return Split(text.lower())


def _mpp_of(text: str) -> float | None:
    if not text:
        return None
    try:
        mpp = float(text)
    except ValueError:
        raise _BadRow(f"mpp is {text!r}; expected micrometres per pixel such as 0.25, or nothing") from None
    if not LEAST_MPP <= mpp <= MOST_MPP:
        raise _BadRow(
            f"mpp is {text}; expected {LEAST_MPP:g}-{MOST_MPP:g} micrometres per pixel such as 0.25, or nothing"
        )
    return mpp


@contextmanager
def _recorded(done: Registration, table: Path, row: Row, key: str) -> Iterator[None]:
    """Turn a bad row into a problem with its line."""
    try:
        yield
    except _BadRow as error:
        done.problems.append(Problem(source=table.name, line=row.line, item=row.cells.get(key, ""), reason=str(error)))
