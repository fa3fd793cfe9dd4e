"""`add` goes through a table of reports row by row, and stores nothing of one that cannot be read to its end."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.errors import BadTable
from pathalign.slides.slide_reading import ReadingConfig
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.tasks.registration import add

pytestmark = [pytest.mark.unit, pytest.mark.slow]

REPORTS, CHARS = 300, 40_000
IN_PROCESS = ReadingConfig(workers=0)


def reports(path: Path) -> Path:
    """A table of twelve million characters."""
    rows = ((f"C{number}", f"DIAGNOSIS: Colon: Adenoma {number}. " + "x " * (CHARS // 2)) for number in range(REPORTS))
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([("case_id", "report"), *rows])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps({"case_id": case, "report": text}) + "\n" for case, text in rows))
    else:
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        cases, texts = zip(*rows, strict=True)
        table = pyarrow.table({"case_id": cases, "report": texts})
        parquet.write_table(table, path, row_group_size=50)
    return path


@pytest.mark.parametrize("name", ["reports.csv", "reports.jsonl", "reports.parquet"])
def test_memory_does_not_hold_the_reports(tmp_path: Path, name: str) -> None:
    """A third of the table never is in Python's memory at once."""
    slides = tmp_path / "slides.csv"
    slides.write_text("slide_id,path,case_id\n" + "".join(f"s{n},,C{n}\n" for n in range(REPORTS)))
    table = reports(tmp_path / name)
    workspace = create_workspace(tmp_path / "workspace")

    tracemalloc.start()
    try:
        done = add(workspace, slides, table, reading=IN_PROCESS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (done.slides_added, done.reports_added, done.problems) == (REPORTS, REPORTS, [])
    assert peak < REPORTS * CHARS / 3
    with Catalog(workspace.catalog_path) as catalog:
        assert sum(len(report) for _, report in catalog.reports()) > REPORTS * CHARS


def test_a_table_that_breaks_late_stores_nothing(workspace: Workspace, write_table: Callable[..., Path]) -> None:
    """Neither the reports above the break nor the slides."""
    slides = write_table("slides.csv", ("slide_id", "path", "case_id"), ("a", "", "C1"))
    table = write_table("reports.csv", ("case_id", "report"), ("C1", "DIAGNOSIS: Colon: Adenoma."))
    with table.open("ab") as f:
        f.write(b"C2,caf\xe9\n")

    with pytest.raises(BadTable, match="UTF-8"):
        add(workspace, slides, table, reading=IN_PROCESS)

    with Catalog(workspace.catalog_path) as catalog:
        assert catalog.counts()["slides"] == 0
        assert catalog.counts()["reports"] == 0
