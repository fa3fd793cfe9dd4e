"""Corrections by hand: every slide's texts out as a table, and what a person changed in it back into the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathalign.domain.provenance import TextSource
from pathalign.domain.records import Correction, Problem
from pathalign.store.artifact import digest
from pathalign.store.catalog import Catalog, ReviewedText
from pathalign.store.tables import Row, read_rows
from pathalign.store.workspace import Workspace
from pathalign.tasks.deidentification import Deidentification
from pathalign.tasks.private_table import require_table_name, write_table
from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.replacement import replaced
from pathalign.text.deidentification.surrogates import Tags

COLUMNS = ("slide_id", "part", "retrieval_text", "generation_text", "status", "report", "source")
"""Of the table that is reviewed; `report` is a digest, by which a later change of the report shows, and `source` a
`TextSource`, which nobody reads back."""
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


def export_review(workspace: Workspace, path: Path) -> int:
    """Write the texts of all slides as CSV or JSONL, readable by its owner alone; how many rows it has."""
    require_table_name(path)
    with Catalog(workspace.catalog_path) as catalog:
        return write_table(path, COLUMNS, map(_row, catalog.reviewed()))


def _row(text: ReviewedText) -> tuple[str, ...]:
    now = report_digest(text.report)
    if text.corrected is not None:
        status = "corrected" if text.corrected == now else "stale"
    else:
        status = "no text" if text.retrieval_text is None else "curated"
    source = "" if text.retrieval_text is None else text.source or TextSource.UNKNOWN.value
    return text.slide_id, text.part, text.retrieval_text or "", text.generation_text or "", status, now, source


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
