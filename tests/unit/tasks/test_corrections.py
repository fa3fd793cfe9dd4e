"""Corrections by hand: out as a table, back in, and still there after the next curation."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.errors import BadTable, NeedsRepair
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.corrections import COLUMNS, export_review, take_corrections
from pathalign.tasks.curation import curate
from pathalign.tasks.deidentification import Deidentification
from pathalign.tasks.registration import add

pytestmark = pytest.mark.unit

WriteTable = Callable[..., Path]
REPORT = "FINAL DIAGNOSIS:\nA. COLON, BIOPSY:\n  - Tubular adenoma.\nB. LIVER, BIOPSY:\n  - Steatosis, with, commas.\n"


@pytest.fixture
def filled(workspace: Workspace, write_table: WriteTable) -> Workspace:
    """Slides of parts A and B, one of a part that is missing, one of a case without a report; curated."""
    rows = [("a", "C1", "A"), ("b", "C1", "B"), ("d", "C1", "D"), ("n", "C9", "")]
    slides = write_table("slides.csv", ("slide_id", "case_id", "part_id", "path"), *((*row, "") for row in rows))
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), ("C1", REPORT)))
    curate(workspace)
    return workspace


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    """The rows of an exported table, by slide."""
    if path.suffix == ".jsonl":
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    else:
        with path.open(newline="", encoding="utf-8") as f:
            records = list(csv.DictReader(f))
    return {record["slide_id"]: record for record in records}


def write_rows(path: Path, rows: dict[str, dict[str, str]]) -> Path:
    """An edited table."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.values()), encoding="utf-8")
        return path
    with path.open("w", newline="", encoding="utf-8") as f:
        table = csv.DictWriter(f, COLUMNS)
        table.writeheader()
        table.writerows(rows.values())
    return path


def texts(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Both texts of the slides that have them."""
    with Catalog(workspace.catalog_path) as catalog:
        return {text.slide_id: (text.retrieval_text, text.generation_text) for text in catalog.texts()}


@pytest.mark.parametrize("name", ["review.csv", "review.jsonl"])
def test_an_untouched_table_changes_nothing(filled: Workspace, tmp_path: Path, name: str) -> None:
    """Every slide is in it, its owner alone reads it, and taking it back stores nothing."""
    path = tmp_path / name

    assert export_review(filled, path) == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {slide: row["status"] for slide, row in rows_of(path).items()} == {
        "a": "curated", "b": "curated", "d": "no text", "n": "no text"
    }  # fmt: skip
    done = take_corrections(filled, path)
    assert (done.taken, done.reverted, done.unchanged, done.problems) == (0, 0, 4, [])


@pytest.mark.parametrize("name", ["review.csv", "review.jsonl"])
def test_what_a_person_wrote_survives_curation(filled: Workspace, tmp_path: Path, name: str) -> None:
    """It wins over the rules again and again, also for slides that rules gave no text, until it is reverted."""
    path = tmp_path / name
    export_review(filled, path)
    rows = rows_of(path)
    rows["a"]["generation_text"] = "Colon: Tubular adenoma, low grade."
    rows["d"]["retrieval_text"] = 'Skin: "Naevus",\n with commas'
    rows["n"]["retrieval_text"] = "Lung: Adenocarcinoma."

    done = take_corrections(filled, write_rows(path, rows))
    first = curate(filled)
    before = texts(filled)
    curate(filled)

    assert (done.taken, done.unchanged, done.problems) == (3, 1, [])
    assert first.corrected == 3
    assert texts(filled) == before
    assert before["a"][1] == "Colon: Tubular adenoma, low grade."
    assert before["d"] == ('Skin: "Naevus", with commas', "")
    with Catalog(filled.catalog_path) as catalog:
        assert {text.slide_id: text.malignant for text in catalog.texts()}["n"] is True
    assert not [problem for problem in first.problems if problem.item in "adn"]

    export_review(filled, path)
    rows = rows_of(path)
    assert rows["a"]["status"] == "corrected"
    rows["a"]["status"] = "revert"
    assert take_corrections(filled, write_rows(path, rows)).reverted == 1
    curate(filled)
    assert texts(filled)["a"][1] == "Colon: Tubular adenoma."


def test_a_changed_report_makes_a_correction_stale(filled: Workspace, tmp_path: Path, write_table: WriteTable) -> None:
    """It is told and exported so, its text stays, and `checked` says that it still holds."""
    path = tmp_path / "review.csv"
    export_review(filled, path)
    rows = rows_of(path)
    rows["a"]["retrieval_text"] = "Colon: Serrated lesion."
    take_corrections(filled, write_rows(path, rows))
    slides = write_table("again.csv", ("slide_id", "path", "case_id", "part_id"), ("a", "", "C1", "A"))
    add(filled, slides, write_table("reports.csv", ("case_id", "report"), ("C1", REPORT + "\nADDENDUM: More.")))

    stale = [problem.item for problem in curate(filled).problems if "changed after" in problem.reason]
    export_review(filled, path)
    rows = rows_of(path)

    assert stale == ["a"]
    assert rows["a"]["status"] == "stale"
    assert texts(filled)["a"][0] == "Colon: Serrated lesion."
    rows["a"]["status"] = "checked"
    assert take_corrections(filled, write_rows(path, rows)).taken == 1
    assert not [problem for problem in curate(filled).problems if "changed after" in problem.reason]


def test_an_old_table_is_known_for_old(filled: Workspace, tmp_path: Path, write_table: WriteTable) -> None:
    """A row that was edited while the report changed is taken, and is stale at once."""
    path = tmp_path / "review.csv"
    export_review(filled, path)
    rows = rows_of(path)
    rows["a"]["retrieval_text"] = "Colon: Serrated lesion."
    slides = write_table("again.csv", ("slide_id", "path", "case_id", "part_id"), ("a", "", "C1", "A"))
    add(filled, slides, write_table("reports.csv", ("case_id", "report"), ("C1", REPORT + "\nADDENDUM: More.")))

    take_corrections(filled, write_rows(path, rows))

    assert [p.item for p in curate(filled).problems if "changed after" in p.reason] == ["a"]


def test_bad_rows_are_recorded_with_their_line(filled: Workspace, write_table: WriteTable) -> None:
    """Unknown slides, rows without text and repeats cost themselves; no reason holds their text."""
    path = write_table(
        "review.csv", ("slide_id", "part", "retrieval_text", "generation_text"),
        ("zz", "A", "Okapi", ""), ("a", "A", "", ""), ("b", "B", "", "Okapi"), ("", "A", "Okapi", ""),
        ("d", "D", "Skin: Naevus.", ""), ("d", "D", "Okapi", ""), ("n", "", "", ""),
    )  # fmt: skip

    done = take_corrections(filled, path)

    assert (done.taken, done.unchanged) == (1, 1)
    assert [(problem.line, problem.item) for problem in done.problems] == [
        (2, "zz"),
        (3, "a"),
        (4, "b"),
        (5, ""),
        (7, "d"),
    ]
    assert not any("Okapi" in problem.reason for problem in done.problems)
    assert all(problem.source == "review.csv" for problem in done.problems)


def test_lines_that_are_no_json_cost_themselves(filled: Workspace, tmp_path: Path) -> None:
    """Half a line, a list, an object without the columns."""
    path = tmp_path / "review.jsonl"
    good = {"slide_id": "a", "retrieval_text": "Colon: Polyp.", "generation_text": None}
    path.write_text(f'{{"slide_id": "a"\n[1]\n{{"slide_id": "b"}}\n\n{json.dumps(good)}\n', encoding="utf-8")

    done = take_corrections(filled, path)

    assert done.taken == 1
    assert [problem.line for problem in done.problems] == [1, 2, 3]


@pytest.mark.parametrize(("mode", "kept"), [(Deidentification.TAGS, False), (Deidentification.OFF, True)])
def test_identifiers_written_in_are_taken_out(
    filled: Workspace, write_table: WriteTable, mode: Deidentification, kept: bool
) -> None:
    """A name or date in a correction becomes a tag, which is told; not where the user wants none taken out."""
    path = write_table(
        "review.csv", ("slide_id", "retrieval_text", "generation_text"),
        ("a", "Colon: Adenoma, discussed with Dr. Thistlewood on 03/14/2019.", "Colon: Adenoma."),
    )  # fmt: skip

    done = take_corrections(filled, path, deidentify=mode)
    curate(filled, deidentify=mode)

    assert ("Thistlewood" in texts(filled)["a"][0]) is kept
    assert ("[DATE" in texts(filled)["a"][0]) is not kept
    assert [problem.item for problem in done.problems] == ([] if kept else ["a"])


def test_a_table_of_another_kind_is_refused(filled: Workspace, tmp_path: Path, write_table: WriteTable) -> None:
    """Neither a file name that says nothing, nor a table without the columns, changes anything."""
    with pytest.raises(NeedsRepair, match=r"\.csv or \.jsonl"):
        export_review(filled, tmp_path / "review.xlsx")
    with pytest.raises(BadTable, match="retrieval_text"):
        take_corrections(filled, write_table("other.csv", ("slide_id", "text"), ("a", "b")))
    with Catalog(filled.catalog_path) as catalog:
        assert catalog.corrections_of_case("C1") == {}
