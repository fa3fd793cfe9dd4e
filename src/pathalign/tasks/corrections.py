"""Corrections by hand: every slide's texts out as a table, and what a person changed in it back into the catalog."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathalign.domain.records import Correction, Problem, Slide, SlideText
from pathalign.errors import NeedsRepair
from pathalign.store.artifact import digest, written_aside
from pathalign.store.catalog import Catalog, ReviewedText
from pathalign.store.tables import Row, read_rows
from pathalign.store.workspace import Workspace
from pathalign.tasks.deidentification import Deidentification
from pathalign.text.concepts.key import concept_key
from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.replacement import replaced
from pathalign.text.deidentification.surrogates import Tags
from pathalign.text.malignancy import is_malignant
from pathalign.text.normalise import text_key

COLUMNS = ("slide_id", "part", "retrieval_text", "generation_text", "status", "report")
"""Of the table that is reviewed; `report` is a digest, by which a later change of the report shows."""
REVERT, CHECKED = "revert", "checked"
"""What a person may write as status: back to what is curated; right as it stands."""


@dataclass(kw_only=True)
class Corrected:
    """What became of the rows of a table of corrections."""

    taken: int = 0
    reverted: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """`corrections` in the document of `curate --json`."""
        return {**vars(self), "problems": [problem.as_json() for problem in self.problems]}


def report_digest(report: str | None) -> str:
    """By which the report that a correction was made for is known again; "" for no report."""
    return "" if report is None else digest(report)


def require_table_name(path: Path) -> None:
    """Raises `NeedsRepair` for a name by which one cannot tell what to write."""
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise NeedsRepair(f"A review is exported to a file named .csv or .jsonl, not {path.name}. Rename it.")


def export_review(workspace: Workspace, path: Path) -> int:
    """Write the texts of all slides as CSV or JSONL, readable by its owner alone; how many rows it has."""
    count = 0
    require_table_name(path)
    with Catalog(workspace.catalog_path) as catalog, written_aside(path) as aside:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as f:
            table = csv.writer(f)
            if path.suffix.lower() == ".csv":
                table.writerow(COLUMNS)
            for text in catalog.reviewed():
                row = _row(text)
                if path.suffix.lower() == ".csv":
                    table.writerow(row)
                else:
                    f.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")
                count += 1
    return count


def _row(text: ReviewedText) -> tuple[str, ...]:
    now = report_digest(text.report)
    if text.corrected is not None:
        status = "corrected" if text.corrected == now else "stale"
    else:
        status = "no text" if text.retrieval_text is None else "curated"
    return text.slide_id, text.part, text.retrieval_text or "", text.generation_text or "", status, now


def take_corrections(
    workspace: Workspace, path: Path, *, deidentify: Deidentification = Deidentification.TAGS
) -> Corrected:
    """Store the rows of a reviewed table that differ from what is curated, or whose status says so.

    A row that cannot be taken is recorded with its line. Identifiers that a person wrote in are taken out, and told.
    Raises `BadTable` when the table cannot be read at all.
    """
    done = Corrected()
    first_line: dict[str, int] = {}
    with workspace.lock("catalog"), Catalog(workspace.catalog_path) as catalog, catalog.transaction():
        for row in read_rows(path, required=("slide_id", "retrieval_text", "generation_text")):
            for reason in _take(catalog, row, first_line, deidentify, done):
                item = row.cells.get("slide_id", "")
                done.problems.append(Problem(source=path.name, line=row.line, item=item, reason=reason))
    return done


def corrected_text(slide: Slide, correction: Correction) -> SlideText:
    """The text of a slide as a person wrote it."""
    retrieval, generation = correction.retrieval_text, correction.generation_text
    return SlideText(
        slide_id=slide.slide_id, case_id=slide.case_id, patient_id=slide.patient_id, part=correction.part,
        retrieval_text=retrieval, generation_text=generation, retrieval_key=text_key(retrieval),
        concept_key=concept_key(generation or retrieval), malignant=is_malignant(retrieval), split=slide.split,
    )  # fmt: skip


def _take(
    catalog: Catalog, row: Row, first_line: dict[str, int], deidentify: Deidentification, done: Corrected
) -> Iterator[str]:
    """Store what one row says; gives what is wrong with it."""
    slide_id, status = row.cells.get("slide_id", ""), row.cells.get("status", "").lower()
    found = next(catalog.reviewed(slide_id), None) if slide_id else None
    retrieval, generation = (
        " ".join(row.cells.get(f"{view}_text", "").split()) for view in ("retrieval", "generation")
    )
    if row.malformed or found is None:
        yield row.malformed or f"the catalog has no slide {slide_id!r}; correct slide_id, or add the slide first"
    elif slide_id in first_line:
        yield f"slide_id repeats line {first_line[slide_id]}; a slide has one text"
    elif status == REVERT:
        first_line[slide_id] = row.line
        was = catalog.drop_correction(slide_id)
        done.reverted, done.unchanged = done.reverted + was, done.unchanged + (not was)
    elif not retrieval and (generation or found.retrieval_text or status == CHECKED):
        yield f"retrieval_text is empty; write it, or write `{REVERT}` as status to go back to what is curated"
    else:
        first_line[slide_id] = row.line
        retrieval, said = _without_new_identifiers(retrieval, found.retrieval_text or "", deidentify)
        generation, also_said = _without_new_identifiers(generation, found.generation_text or "", deidentify)
        part = row.cells.get("part", found.part)
        now = (part, retrieval, generation)
        if status != CHECKED and now == (found.part, *map(_line, (found.retrieval_text, found.generation_text))):
            done.unchanged += 1
        else:
            done.taken += 1
            read = row.cells.get("report") or report_digest(found.report)
            catalog.put_correction(Correction(
                slide_id=slide_id, part=part, retrieval_text=retrieval, generation_text=generation, report_digest=read
            ))  # fmt: skip
        if kinds := sorted({*said, *also_said}):
            yield f"identifiers were taken out of it ({', '.join(kinds)}); see that it still says what it should"


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _without_new_identifiers(text: str, before: str, deidentify: Deidentification) -> tuple[str, list[str]]:
    """(text, kinds of what was taken out): identifiers that the text did not hold before it was edited."""
    if deidentify is Deidentification.OFF or text == before:
        return text, []
    found = [finding for finding in find_identifiers(text) if text[finding.start : finding.end] not in before]
    tags = Tags()
    spans = [
        (f.start, f.end, tags.make(f.kind, text[f.start : f.end], number)) for number, f in enumerate(found, start=1)
    ]
    return replaced(text, spans)[0], [finding.kind.value for finding in found]
