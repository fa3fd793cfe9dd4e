"""Where the sentences of slides' texts stand in their reports: stored, exported, kept true."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.domain.provenance import TextSource
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.corrections import export_review, take_corrections
from pathalign.tasks.curation import curate
from pathalign.tasks.deidentification import Deidentification
from pathalign.tasks.provenance import COLUMNS, export_provenance
from pathalign.tasks.registration import add

pytestmark = pytest.mark.unit

WriteTable = Callable[..., Path]
REPORT = (
    "Patient: Jane Q. Thistlewood\nFINAL DIAGNOSIS:\nA. COLON, BIOPSY, seen by Dr. Thistlewood:\n"
    "  - Tubular adenoma, 4 mm.\nB. LIVER, BIOPSY:\n  - Macrovesicular steatosis.\n"
)


@pytest.fixture
def filled(workspace: Workspace, write_table: WriteTable) -> Workspace:
    """A slide of each part, one of both, and one of a part that is missing."""
    rows = [("a", "C1", "A"), ("b", "C1", "B"), ("both", "C1", ""), ("d", "C1", "D")]
    slides = write_table("slides.csv", ("slide_id", "case_id", "part_id", "path"), *((*row, "") for row in rows))
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), ("C1", REPORT)))
    return workspace


@pytest.mark.parametrize("how", list(Deidentification))
def test_places_are_those_of_the_report_as_registered(filled: Workspace, how: Deidentification) -> None:
    """Whatever stands in the place of identifiers, the sentence is found where the hospital wrote it."""
    curate(filled, deidentify=how)

    with Catalog(filled.catalog_path) as catalog:
        text = next(text for text in catalog.texts() if text.slide_id == "a")
        told = catalog.provenance("a")
        assert catalog.provenance("d") is None
    assert told is not None
    assert text.source is TextSource.RULES
    adenoma = told.generation[-1]
    assert text.generation_text[adenoma.start : adenoma.end] == "Tubular adenoma."
    assert REPORT[adenoma.report_start : adenoma.report_end] == "Tubular adenoma, 4 mm."[:-1]
    assert REPORT[told.retrieval[0].report_start :].startswith("COLON, BIOPSY")


@pytest.mark.parametrize("name", ["told.csv", "told.jsonl"])
def test_every_sentence_has_a_row(filled: Workspace, tmp_path: Path, name: str) -> None:
    """In order; joined they are the texts. The owner alone reads the table."""
    curate(filled)
    path = tmp_path / name

    count = export_provenance(filled, path)

    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
    else:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == count
    assert tuple(rows[0]) == COLUMNS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Catalog(filled.catalog_path) as catalog:
        for text in catalog.texts():
            for view in ("retrieval", "generation"):
                said = [row["text"] for row in rows if (row["slide_id"], row["view"]) == (text.slide_id, view)]
                assert " ".join(said) == getattr(text, f"{view}_text")
    for row in rows:
        if row["text"] == "Macrovesicular steatosis.":
            assert "steatosis" in REPORT[int(row["report_start"]) : int(row["report_end"])]
            assert row["source"] == "rules"


def test_what_a_person_wrote_is_told(filled: Workspace, tmp_path: Path) -> None:
    """The text is a correction; the sentence that was left alone keeps its place, the new one has none."""
    curate(filled)
    path = tmp_path / "review.csv"
    export_review(filled, path)
    table = path.read_text(encoding="utf-8")
    assert ",rules\n" in table.replace("\r", "")
    path.write_text(table.replace("Liver: Macrovesicular steatosis.", "Liver: Macrovesicular steatosis. Fibrosis.", 1))
    take_corrections(filled, path)

    done = curate(filled)

    with Catalog(filled.catalog_path) as catalog:
        sources = {text.slide_id: text.source for text in catalog.texts()}
        told = catalog.provenance("b")
    assert sources == {"a": TextSource.RULES, "b": TextSource.CORRECTION, "both": TextSource.RULES}
    assert done.statistics.as_json()["texts_from"] == {"correction": 1, "rules": 2}
    assert told is not None
    assert [place.source for place in told.generation] == [TextSource.RULES] * 2 + [TextSource.CORRECTION]
    assert told.generation[-1].report_start is None
    export_review(filled, path)
    assert ",correction" in path.read_text(encoding="utf-8")


def test_places_of_a_report_that_changed_are_forgotten(filled: Workspace, write_table: WriteTable) -> None:
    """They would point anywhere; the repair is named, and works."""
    curate(filled)
    slides = write_table("slides.csv", ("slide_id", "path", "case_id", "part_id"), ("a", "", "C1", "A"))
    add(filled, slides, write_table("reports.csv", ("case_id", "report"), ("C1", f"Once more.\n{REPORT}")))

    with Catalog(filled.catalog_path) as catalog:
        assert catalog.provenance("b") is None
    with pytest.raises(MissingArtifact, match="pathalign curate"):
        export_provenance(filled, filled.root / "told.csv")
    assert not (filled.root / "told.csv").exists()
    curate(filled)
    assert export_provenance(filled, filled.root / "told.csv") > 0


def test_a_workspace_of_before_is_read_and_repaired(filled: Workspace) -> None:
    """Without the table texts are read, also where nothing may be written; what is missing names its repair."""
    curate(filled)
    with Catalog(filled.catalog_path) as catalog:
        before = [text.retrieval_text for text in catalog.texts()]
    db = sqlite3.connect(filled.catalog_path)
    db.execute("DROP TABLE provenance")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()

    with Catalog(filled.catalog_path, read_only=True) as catalog:
        assert [text.retrieval_text for text in catalog.texts()] == before
        assert {text.source for text in catalog.texts()} == {TextSource.UNKNOWN}
        assert catalog.provenance("a") is None
    with pytest.raises(MissingArtifact, match="older version"):
        export_provenance(filled, filled.root / "told.csv")
    export_review(filled, filled.root / "review.csv")
    assert "not recorded" in (filled.root / "review.csv").read_text(encoding="utf-8")
    curate(filled)
    assert export_provenance(filled, filled.root / "told.csv") > 0


def test_a_text_that_goes_takes_its_places_along(filled: Workspace) -> None:
    """A slide that moved to another part has neither."""
    curate(filled)
    with Catalog(filled.catalog_path) as catalog:
        slide = next(slide for slide in catalog.slides() if slide.slide_id == "a")
        catalog.put_slide(type(slide)(**{**{n: getattr(slide, n) for n in slide.__slots__}, "part_id": "B"}))
        assert catalog.provenance("a") is None
        assert catalog.provenance("b") is not None


def test_the_name_of_the_table_says_its_form(filled: Workspace) -> None:
    """Anything but CSV and JSONL is refused."""
    with pytest.raises(NeedsRepair, match=r"\.jsonl"):
        export_provenance(filled, filled.root / "told.txt")
