"""Reading CSV, JSONL and Parquet tables row by row, with the line of each row."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathalign.errors import BadTable, MissingExtra

_PARQUET_ROWS, _PARQUET_BUFFER = 64, 2**16
"""Rows in memory at a time, of which the default of pyarrow is 65,536, and a row may be a report; bytes that are read
at a time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands and its cells, stripped; a missing cell is the empty string."""

    line: int
    """The first line of the row in a CSV (header = 1) or JSONL; row number + 1 in Parquet."""
    cells: dict[str, str]
    malformed: str = ""
    """Why the row cannot be used at all, such as more cells than the header has."""


def read_rows(path: Path, *, required: Collection[str]) -> Iterator[Row]:
    """Rows of a CSV, JSONL (one object a line) or Parquet file.

    Raises `BadTable` when the file is missing, is no text, or lacks a required column.
    """
    if not path.is_file():
        seen = "is a folder" if path.is_dir() else "does not exist"
        raise BadTable(f"{path} {seen}. Give the path of a CSV, JSONL or Parquet file.")
    if path.suffix.lower() in {".parquet", ".pq"}:
        yield from _parquet_rows(path, required)
        return
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        yield from _json_rows(path, required)
        return
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a report may be longer than the default 128 kB
    try:
        with path.open(newline="", encoding="utf-8-sig") as f:
            reader = csv.reader(f, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header, required)
            line = reader.line_num + 1
            for cells in reader:
                start, line = line, reader.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                malformed = (
                    f"the row has {len(cells)} cells, the header has {len(header)}; quote cells that hold a comma"
                    if len(cells) > len(header)
                    else ""
                )
                padded = [*cells, *[""] * (len(header) - len(cells))]
                values = {name: cell.strip() for name, cell in zip(header, padded, strict=False)}
                yield Row(start, values, malformed)
    except UnicodeDecodeError as error:
        raise BadTable(f"{path.name} is not UTF-8 text (byte {error.start}). Save it as a UTF-8 CSV.") from error
    except csv.Error as error:
        raise BadTable(f"{path.name} is not a readable CSV: {error}. Check its quotes near that line.") from error


def _check_header(path: Path, header: list[str], required: Collection[str]) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
            raise BadTable(f"{path.name} has its columns apart by semicolons or tabs. Save it with commas.")
        raise BadTable(
            f"{path.name} needs the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
            f"its header has {', '.join(name for name in header if name) or 'nothing'}. Rename or add the column."
        )
    repeated = {name for name in header if name and header.count(name) > 1}
    if repeated:
        raise BadTable(f"{path.name} has the column {', '.join(sorted(repeated))} twice. Keep one of them.")


def _json_rows(path: Path, required: Collection[str]) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig") as f:
            for line, text in enumerate(f, start=1):
                if not text.strip():
                    continue
                try:
                    record = json.loads(text)
                except ValueError:
                    record = None
                if not isinstance(record, dict):
                    yield Row(line, {}, "the line is no JSON object")
                    continue
                missing = [name for name in required if name not in record]
                cells = {name: "" if value is None else str(value).strip() for name, value in record.items()}
                yield Row(line, cells, f"the line lacks {', '.join(missing)}" if missing else "")
    except UnicodeDecodeError as error:
        raise BadTable(f"{path.name} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


def _parquet_rows(path: Path, required: Collection[str]) -> Iterator[Row]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtra(
            "Reading Parquet needs pyarrow. Install it with `pip install 'pathalign[parquet]'`, or give a CSV."
        ) from error
    # Asked for more, pyarrow holds whole groups of rows, compressed and not, and its threads keep what they freed.
    table = parquet.ParquetFile(path, buffer_size=_PARQUET_BUFFER, pre_buffer=False)
    _check_header(path, table.schema_arrow.names, required)
    line = 1
    for group in range(table.num_row_groups):  # one by one: asked for all of them, pyarrow keeps what it has read
        for batch in table.iter_batches(batch_size=_PARQUET_ROWS, row_groups=[group], use_threads=False):
            for record in batch.to_pylist():
                line += 1
                yield Row(line, {name: "" if value is None else str(value).strip() for name, value in record.items()})
        pa.default_memory_pool().release_unused()
