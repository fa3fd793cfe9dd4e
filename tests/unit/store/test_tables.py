"""CSV and Parquet tables row by row."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pathalign.errors import BadTable, MissingExtra
from pathalign.store.tables import Row, read_rows

pytestmark = pytest.mark.unit


def rows(path: Path, text: str | bytes, *required: str) -> list[Row]:
    """What is read of a table with this text."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_rows(path, required=required))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Where a table is to be written."""
    return tmp_path / "reports.csv"


def test_a_row_bears_its_first_line(table: Path) -> None:
    """Rows after a report of several lines still know their line; blank lines are skipped and counted."""
    text = 'case_id,report\nc1,"A. COLON\n\nADENOMA, ""TUBULAR"""\n\nc2,short\n,\nc3,"x\ny"\nc4,z\n'

    read = rows(table, text, "case_id", "report")

    assert [(row.line, row.cells["case_id"]) for row in read] == [(2, "c1"), (6, "c2"), (8, "c3"), (10, "c4")]
    assert read[0].cells["report"] == 'A. COLON\n\nADENOMA, "TUBULAR"'
    lines = text.splitlines()
    assert all(lines[row.line - 1].startswith(row.cells["case_id"]) for row in read)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_of_any_system(table: Path, newline: str) -> None:
    """A table saved on Windows has the same lines."""
    text = newline.join(["case_id,report", 'c1,"x', 'y"', "c2,z", ""])

    assert [(row.line, row.cells["case_id"]) for row in rows(table, text, "case_id")] == [(2, "c1"), (4, "c2")]


def test_a_byte_order_mark_is_not_part_of_the_first_column(table: Path) -> None:
    """Excel's UTF-8 opens with a mark that must not hide the first column."""
    assert rows(table, b"\xef\xbb\xbfcase_id,report\nc1,x\n", "case_id")[0].cells == {"case_id": "c1", "report": "x"}


def test_cells_and_header_are_stripped(table: Path) -> None:
    """Spaces around names and values mean nothing; missing cells are empty."""
    read = rows(table, " slide_id , path ,stain\n s1 , a.svs \n", "slide_id", "path")

    assert read[0].cells == {"slide_id": "s1", "path": "a.svs", "stain": ""}
    assert not read[0].malformed


def test_too_many_cells_are_said_of_the_row(table: Path) -> None:
    """A row with an unquoted comma is malformed, with the counts and the repair; the others are read."""
    read = rows(table, "case_id,report\nc1,colon, adenoma\nc2,fine\n", "case_id")

    assert read[0].malformed == "the row has 3 cells, the header has 2; quote cells that hold a comma"
    assert [row.malformed for row in read[1:]] == [""]


def test_a_missing_column_is_named_beside_what_is_there(table: Path) -> None:
    """The message names the missing columns and the ones that the table has."""
    with pytest.raises(BadTable, match=r"needs the columns slide_id, path; its header has Slide ID, file\. Rename"):
        rows(table, "Slide ID,file\n1,a\n", "slide_id", "path")
    with pytest.raises(BadTable, match="needs the column slide_id; its header has nothing"):
        rows(table, "", "slide_id")


def test_a_repeated_column_is_refused(table: Path) -> None:
    """Two columns of one name would hide one another."""
    with pytest.raises(BadTable, match="has the column mpp twice"):
        rows(table, "slide_id,mpp,mpp\ns,1,2\n", "slide_id")


def test_text_that_is_not_utf8_is_refused(table: Path) -> None:
    """Latin-1 is refused with where it stands, not read as other letters."""
    with pytest.raises(BadTable, match=r"is not UTF-8 text \(byte \d+\)\. Save it as a UTF-8 CSV"):
        rows(table, "case_id,report\nc1,5 µm\n".encode("latin-1"), "case_id")


def test_an_open_quote_is_refused(table: Path) -> None:
    """A quote that never ends would swallow the rest of the table."""
    with pytest.raises(BadTable, match="Check its quotes"):
        rows(table, 'case_id,report\nc1,"open\nc2,x\n', "case_id")


def test_a_report_longer_than_the_csv_default_is_read(table: Path) -> None:
    """Reports above 128 kB, the limit of Python's csv, are read whole."""
    assert len(rows(table, f'case_id,report\nc1,"{"x" * 200_000}"\n', "case_id")[0].cells["report"]) == 200_000


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is refused by name."""
    with pytest.raises(BadTable, match=r"none\.csv does not exist"):
        list(read_rows(tmp_path / "none.csv", required=()))


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the message says what to install."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(MissingExtra, match=r"pathalign\[parquet\]"):
        list(read_rows(tmp_path / "a.parquet", required=()))


def test_parquet_equals_csv(tmp_path: Path) -> None:
    """The same table as Parquet gives the same cells; numbers and nulls become text."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"slide_id": ["s1", "s2"], "mpp": [0.5, None]}), tmp_path / "a.parquet")

    read = list(read_rows(tmp_path / "a.parquet", required=["slide_id"]))

    assert read == rows(tmp_path / "a.csv", "slide_id,mpp\ns1,0.5\ns2,\n", "slide_id")


def test_a_large_group_of_rows_of_parquet_is_not_held_whole(tmp_path: Path) -> None:
    """A writer puts a million rows into one group; while they are read, pyarrow holds a few pages of it."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    cells = [f"{number:05d}" * 400 for number in range(4000)]
    parquet.write_table(
        pa.table({"report": cells}),
        tmp_path / "a.parquet",
        write_batch_size=64,
        compression="none",
        use_dictionary=False,
    )
    before = pa.total_allocated_bytes()

    held = [pa.total_allocated_bytes() - before for _ in read_rows(tmp_path / "a.parquet", required=["report"])]

    assert len(held) == len(cells)
    assert max(held) < 0.6 * sum(map(len, cells))
