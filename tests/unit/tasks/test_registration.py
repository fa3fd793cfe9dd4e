"""`add`: bad rows are told with line and reason, good ones are stored."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.domain.records import Split
from pathalign.domain.splits import split_of_patient
from pathalign.errors import BadTable, MissingExtra
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.registration import Registration, add

pytestmark = pytest.mark.unit

WriteTable = Callable[..., Path]
HEADER = ("slide_id", "path", "patient_id", "case_id", "part_id", "mpp", "split")
SECRET = "zebra-striped carcinoma"
REPORT = f"FINAL DIAGNOSIS:\nA. LUNG, BIOPSY:\n  - Adenocarcinoma, {SECRET}.\nB. COLON, BIOPSY:\n  - Benign mucosa.\n"


def told(done: Registration) -> list[tuple[int | None, str]]:
    """(line, item) of each problem."""
    return [(problem.line, problem.item) for problem in done.problems]


def stored(workspace: Workspace) -> dict[str, Split]:
    """Slide -> split of the catalog."""
    with Catalog(workspace.catalog_path) as catalog:
        return {slide.slide_id: slide.split for slide in catalog.slides()}


def test_each_bad_row_has_its_line_and_reason(workspace: Workspace, slides: Path, write_table: WriteTable) -> None:
    """Whatever is wrong with a row, the others are stored; lines count from the header, which is line 1."""
    bad = {
        3: (("gone", "slides/gone.tif"), "no file at its path slides/gone.tif"),
        4: (("words", "slides/words.tif"), "cannot be opened"),
        5: (("good-1", "slides/two.tif"), "repeats line 2"),
        6: (("untagged", "slides/untagged.tif"), "Add an `mpp` column"),
        7: (("bogus", "slides/bogus.tif"), "outside 0.05-20"),
        8: (("text", "slides/one.tif", "P8", "", "", "fine"), "mpp is 'fine'"),
        9: (("far", "slides/one.tif", "P9", "", "", "352.8"), "0.05-20"),
        10: (("nan", "", "P10", "", "", "nan"), "0.05-20"),
        11: (("split", "slides/one.tif", "P11", "", "", "", "training"), "split is 'training'"),
        12: (("leak", "slides/one.tif", "P1", "", "", "", "test"), "split train and cannot be in test"),
        13: (("wide", "slides/one.tif", *[""] * 5, "a cell too many"), "8 cells, the header has 7"),
        14: (("", "slides/one.tif"), "slide_id is empty"),
        15: (("../../outside", "slides/one.tif"), "no slash"),
        16: ((".hidden", "slides/one.tif"), "leading dot"),
        17: (("folder", "slides"), "a folder without DICOM files"),
    }
    table = write_table(
        "slides.csv", HEADER, ("good-1", "slides/one.tif", "P1", "", "", "", "train"),
        *(row for row, _ in bad.values()), ("good-2", "slides/untagged.tif", "P2", "", "", "0.5", "TEST"),
    )  # fmt: skip

    done = add(workspace, table)

    assert told(done) == [(line, row[0]) for line, (row, _) in bad.items()]
    for problem in done.problems:
        assert problem.source == "slides.csv"
        assert bad[problem.line or 0][1] in problem.reason
    assert (done.slides_added, done.slides_updated) == (2, 0)
    assert stored(workspace) == {"good-1": Split.TRAIN, "good-2": Split.TEST}


def test_bad_reports_are_told_without_their_text(workspace: Workspace, write_table: WriteTable) -> None:
    """A report that cannot be taken is named by line and case; nothing of its text is in the message."""
    slides = write_table("slides.csv", ("slide_id", "path", "case_id"), ("s1", "", "C1"), ("s2", "", "C2"))
    reports = write_table(
        "reports.csv", ("case_id", "report"), ("C1", REPORT), ("", REPORT), ("C9", REPORT), ("C1", REPORT),
        ("C2", "  "), ("C2", REPORT, SECRET), ("C2", "DIAGNOSIS: Lung, biopsy: Benign."),
    )  # fmt: skip

    done = add(workspace, slides, reports)

    # The report takes six lines of the file; a row is at the first of its lines.
    first = [2, 2 + 6, 2 + 12, 2 + 18, 2 + 24, 2 + 25]
    assert told(done) == list(zip(first[1:], ["", "C9", "C1", "C2", "C2"], strict=True))
    for problem, reason in zip(
        done.problems, ["no case_id", "no slide belongs", "repeats line 2", "empty", "3 cells"], strict=True
    ):
        assert reason in problem.reason
        assert "zebra" not in problem.reason
    assert done.reports_added == 2


def test_again_means_update(workspace: Workspace, slides: Path, write_table: WriteTable) -> None:
    """The same tables change nothing, others replace what they name and leave the rest."""
    header = ("slide_id", "path", "case_id", "part_id", "mpp")
    table = write_table("slides.csv", header, ("s1", "", "C1", "A", ""), ("s2", "slides/one.tif", "C1", "B", ""))
    reports = write_table("reports.csv", ("case_id", "report"), ("C1", REPORT))
    add(workspace, table, reports)
    curate(workspace)

    again = add(workspace, table, reports)
    changed = add(workspace, write_table("more.csv", header, ("s1", "", "C1", "B", "0.5"), ("s3", "", "C3", "", "")))

    assert (again.slides_added, again.slides_updated, again.reports_added, again.reports_unchanged) == (0, 2, 0, 1)
    assert (changed.slides_added, changed.slides_updated, changed.problems) == (1, 1, [])
    with Catalog(workspace.catalog_path) as catalog:
        assert [(s.slide_id, s.part_id, s.mpp) for s in catalog.slides()] == [
            ("s1", "B", 0.5),
            ("s2", "B", None),
            ("s3", "", None),
        ]
        assert [text.slide_id for text in catalog.texts()] == ["s2"], "the text of part A is no longer that of s1"


def test_a_bad_row_leaves_the_stored_slide(workspace: Workspace, slides: Path, write_table: WriteTable) -> None:
    """An update that is refused does not take away what was right before."""
    header = ("slide_id", "path", "split")
    add(workspace, write_table("slides.csv", header, ("s1", "slides/one.tif", "train")))

    add(workspace, write_table("slides.csv", header, ("s1", "slides/gone.tif", "test")))

    with Catalog(workspace.catalog_path) as catalog:
        assert catalog.slide("s1").path == slides / "one.tif"
        assert catalog.slide("s1").split == Split.TRAIN


SPLIT_HEADER = ("slide_id", "path", "patient_id", "split")


def test_a_patient_of_the_catalog_stays_in_his_split(workspace: Workspace, write_table: WriteTable) -> None:
    """New slides of a known patient take his split, and another split is refused."""
    add(workspace, write_table("slides.csv", SPLIT_HEADER, ("s1", "", "P1", "test")))

    done = add(workspace, write_table("more.csv", SPLIT_HEADER, ("s2", "", "P1", "train"), ("s3", "", "P1", "")))

    assert told(done) == [(2, "s2")]
    assert stored(workspace) == {"s1": Split.TEST, "s3": Split.TEST}


def test_a_patient_moves_as_a_whole(workspace: Workspace, write_table: WriteTable) -> None:
    """A table that names all slides of a patient may give them another split."""
    add(workspace, write_table("slides.csv", SPLIT_HEADER, ("s1", "", "P1", "test"), ("s2", "", "P1", "test")))

    done = add(workspace, write_table("slides.csv", SPLIT_HEADER, ("s1", "", "P1", "val"), ("s2", "", "P1", "val")))

    assert done.problems == []
    assert stored(workspace) == {"s1": Split.VAL, "s2": Split.VAL}


@pytest.mark.parametrize(
    "rows",
    [
        [("s2", "", "P1", "test"), ("s1", "slides/gone.tif", "P1", "test")],
        [("s2", "", "P1", "test"), ("s1", "", "P1", "nonsense")],
        [("s2", "", "P1", "test"), ("s1", "", "P1", "train")],
        [("s1", "", "P1", "test"), ("s2", "", "P1", "train")],
    ],
)
def test_no_mix_of_good_and_bad_rows_splits_a_patient(
    workspace: Workspace, write_table: WriteTable, rows: list[tuple[str, ...]]
) -> None:
    """A slide whose row is refused keeps its split, and so does its patient."""
    add(workspace, write_table("slides.csv", SPLIT_HEADER, ("s1", "", "P1", "train")))

    done = add(workspace, write_table("slides.csv", SPLIT_HEADER, *rows))

    assert len(done.problems) >= 1
    assert set(stored(workspace).values()) == {Split.TRAIN}


def test_a_table_without_splits_keeps_those_known(workspace: Workspace, write_table: WriteTable) -> None:
    """Without a split column new patients are divided by a hash, known ones stay."""
    other = next(split for split in Split if split != split_of_patient("P1"))
    add(workspace, write_table("slides.csv", SPLIT_HEADER, ("s1", "", "P1", other.value)))

    add(workspace, write_table("slides.csv", SPLIT_HEADER[:3], ("s1", "", "P1"), ("s2", "", "P2")))

    assert stored(workspace) == {"s1": other, "s2": split_of_patient("P2")}


def test_a_slide_without_ids_is_its_own_case_and_patient(workspace: Workspace, write_table: WriteTable) -> None:
    """case_id falls back to patient_id and then to slide_id, patient_id to case_id."""
    header = ("slide_id", "path", "patient_id", "case_id")
    add(workspace, write_table("slides.csv", header, ("a", "", "", ""), ("b", "", "P", ""), ("c", "", "", "C")))

    with Catalog(workspace.catalog_path) as catalog:
        assert [(s.case_id, s.patient_id) for s in catalog.slides()] == [("a", "a"), ("P", "P"), ("C", "C")]


def test_a_missing_column_is_named(workspace: Workspace, write_table: WriteTable) -> None:
    """A table that cannot be used at all is refused as a whole, with the column that it lacks."""
    good = write_table("slides.csv", ("slide_id", "path", "case_id"), ("s1", "", "C1"))

    with pytest.raises(BadTable, match="needs the column path"):
        add(workspace, write_table("bad.csv", ("slide_id", "file"), ("s1", "x")))
    with pytest.raises(BadTable, match="needs the column report"):
        add(workspace, good, write_table("reports.csv", ("case_id", "text"), ("C1", REPORT)))
    assert stored(workspace) == {}, "nothing is stored when one of the tables is unusable"


def test_parquet_without_pyarrow_names_the_extra(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet is an extra, and the message says which."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "slides.parquet").write_bytes(b"PAR1")

    with pytest.raises(MissingExtra, match=r"pathalign\[parquet\]"):
        add(workspace, tmp_path / "slides.parquet")


def test_columns_that_nobody_reads_are_told(workspace: Workspace, slides: Path, write_table: WriteTable) -> None:
    """A misspelt `patient_id` would put slides of one patient into two splits: it is said, and the rows are taken."""
    table = write_table("slides.csv", ("slide_id", "path", "patientid"), ("one", "slides/one.tif", "P1"))

    done = add(workspace, table)

    assert (done.slides_added, done.problems) == (1, [])
    assert len(done.notes) == 1
    assert "not read: patientid" in done.notes[0]


def test_a_resolution_told_in_two_ways_is_told(workspace: Workspace, slides: Path, write_table: WriteTable) -> None:
    """The column counts, but a factor of ten between it and the file is not passed over in silence."""
    done = add(workspace, write_table("slides.csv", HEADER, ("one", "slides/one.tif", "", "", "", "5.0")))

    assert done.slides_added == 1
    assert len(done.notes) == 1
    assert "told in two ways" in done.notes[0]
    assert "one (5, also 1 (TIFF resolution tags))" in done.notes[0]
