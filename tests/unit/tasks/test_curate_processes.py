"""`curate` with processes that read reports: the same catalog, in order, a few reports at a time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pathalign.domain.records import SlideText
from pathalign.errors import ReadingProcessError
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.deidentification import Deidentification, ReportCleaner
from pathalign.tasks.registration import add
from pathalign.tasks.report_reading import Registered, report_reader

pytestmark = [pytest.mark.unit, pytest.mark.slow]

WriteTable = Callable[..., Path]
KINDS = ("Tubular adenoma", "Adenocarcinoma, 2 cm", "Normal mucosa", "Okapi")


@pytest.fixture
def filled(workspace: Workspace, write_table: WriteTable) -> Workspace:
    """Sixty reports, some without a diagnosis, with a name in each."""
    numbers = range(60)
    slides = write_table("slides.csv", ("slide_id", "path", "case_id"), *((f"s{n}", "", f"C{n}") for n in numbers))
    rows = (
        (f"C{n}", f"DIAGNOSIS: Colon, biopsy: {KINDS[n % 4]}. Seen by Dr. Thistlewood on 03/{n % 28 + 1}/2019.")
        if n % 9
        else (f"C{n}", "Nothing is said.")
        for n in numbers
    )
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), *rows))
    return workspace


def told(workspace: Workspace) -> list[tuple[SlideText, object]]:
    """All texts with their provenance."""
    with Catalog(workspace.catalog_path) as catalog:
        return list(catalog.texts_with_provenance())


def test_processes_change_nothing(filled: Workspace) -> None:
    """Texts, places, counts and problems are those of one process, with surrogates too."""
    for how in (Deidentification.TAGS, Deidentification.SURROGATES):
        alone, texts = curate(filled, deidentify=how).as_json(), told(filled)
        assert curate(filled, deidentify=how, workers=2).as_json() == alone
        assert told(filled) == texts


def test_only_a_few_reports_are_taken_ahead() -> None:
    """Whatever their number: reports are asked for as answers are taken."""
    asked = 0

    def reports() -> Iterator[Registered]:
        nonlocal asked
        for number in range(10_000):
            asked += 1
            yield Registered(case_id=f"C{number}", report=f"DIAGNOSIS: Colon: Adenoma {number}.", slides=())

    cleaner = ReportCleaner(mode=Deidentification.TAGS)
    with report_reader(cleaner, workers=1) as reader:
        read = reader.read(reports(), cleaner)
        order = [next(read)[0].case_id for _ in range(40)]

    assert order == [f"C{number}" for number in range(40)]
    assert asked < 200


def test_a_killed_process_is_told() -> None:
    """With what to do; it is no hang and no half result."""
    cleaner = ReportCleaner(mode=Deidentification.TAGS)

    def reports() -> Iterator[Registered]:
        for number in range(1_000):
            if number == 600:
                for process in reader._pool._processes.values():  # type: ignore[union-attr]
                    os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
            yield Registered(case_id=f"C{number}", report="DIAGNOSIS: Colon: Adenoma.", slides=())

    with report_reader(cleaner, workers=1) as reader, pytest.raises(ReadingProcessError, match="--workers"):
        list(reader.read(reports(), cleaner))
