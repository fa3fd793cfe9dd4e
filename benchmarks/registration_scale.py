"""How the memory of `add` grows with the number of reports, by the form of their table.

    python benchmarks/registration_scale.py [--reports 50000]

The real TCGA reports (`PATHALIGN_TEST_DATA`), again and again with a number added, one slide without pixels each. The
slides are registered first, in a process that is not measured; then, each in a process of its own, the same table of
slides with a tenth of the reports, and with all of them. What counts is the memory of `add` itself: the most that its
process holds, without what it held before `add` began. Prints a table and writes
benchmarks/out/registration_scale.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from curation_scale import DATA
from peak_memory import forget_peak, peak_mb

from pathalign.slides.slide_reading import ReadingConfig
from pathalign.store.tables import read_rows
from pathalign.store.workspace import create_workspace, open_workspace
from pathalign.tasks.registration import add

OUT = Path(__file__).parent / "out" / "registration_scale.json"
MOST_SHARE = 0.1
"""Of the text of the reports that are more, by which memory may grow: ids of cases are held, reports are not."""
FORMS = ("csv", "jsonl", "parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=50_000)
    most = parser.parse_args().reports
    texts = [row.cells["text"] for row in read_rows(DATA / "reports" / "tcga_reports_t14.csv", required=("text",))]
    rows, goals = [], []
    OUT.parent.mkdir(exist_ok=True)
    print(f"{'form':8} {'reports':>8} {'MB of text':>10} {'reports/s':>10} {'MB before':>10} {'MB of add':>10}")
    for form in FORMS:
        pair = [measured(form, texts, count, most) for count in (most // 10, most)]
        rows += pair
        growth = pair[1]["mb_of_add"] - pair[0]["mb_of_add"]
        allowed = round(MOST_SHARE * (pair[1]["mb_of_text"] - pair[0]["mb_of_text"]), 1)
        goal = (
            f"{form}: memory of `add` from {most // 10} to {most} reports grows by less than a tenth of their text (MB)"
        )
        goals.append({"goal": goal, "value": round(growth, 1), "target": allowed, "holds": growth < allowed})
        print(f"{goal}: {growth:.1f} of {allowed}, {'holds' if growth < allowed else 'MISSED'}")
    machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    OUT.write_text(
        json.dumps({"name": "registration_scale", "machine": machine, "rows": rows, "goals": goals}, indent=2)
    )


def measured(form: str, texts: list[str], count: int, most: int) -> dict[str, float | str]:
    """Register so many reports of `most` slides in a process of its own, and say what it took."""
    with tempfile.TemporaryDirectory(dir=OUT.parent) as name:
        folder = Path(name)
        create_workspace(folder)
        write_slides(folder / "slides.csv", most)
        size = write_reports(folder / f"reports.{form}", texts, count)
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(1) as pool:
            pool.apply(register, (name, ""))
        with spawn.Pool(1) as pool:
            row = pool.apply(register, (name, form))
    row |= {"form": form, "reports": count, "mb_of_text": size / 2**20, "reports_per_s": count / row["seconds"]}
    print(
        f"{form:8} {count:8} {row['mb_of_text']:10.1f} {row['reports_per_s']:10.1f} {row['mb_before']:10.1f} "
        f"{row['mb_of_add']:10.1f}"
    )
    return row


def write_slides(path: Path, count: int) -> None:
    """A slide of each case."""
    with path.open("w", newline="", encoding="utf-8") as f:
        table = csv.writer(f)
        table.writerow(("slide_id", "path", "case_id"))
        table.writerows((f"slide-{number:06d}", "", f"case-{number:06d}") for number in range(count))


def write_reports(path: Path, texts: list[str], count: int) -> int:
    """A report of each of so many cases; how many characters they have."""
    size = 0

    def rows() -> Iterator[tuple[str, str]]:
        nonlocal size
        for number in range(count):
            report = f"{texts[number % len(texts)]} {number}"
            size += len(report)
            yield f"case-{number:06d}", report

    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as f:
            table = csv.writer(f)
            table.writerow(("case_id", "report"))
            table.writerows(rows())
    elif path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as f:
            f.writelines(json.dumps({"case_id": case, "report": report}) + "\n" for case, report in rows())
    else:
        import pyarrow as pa
        import pyarrow.parquet as parquet

        schema = pa.schema([("case_id", pa.string()), ("report", pa.string())])
        with parquet.ParquetWriter(path, schema) as writer:
            batch: list[dict[str, str]] = []
            for case, report in rows():
                batch.append({"case_id": case, "report": report})
                if len(batch) == 5000:
                    writer.write_table(pa.Table.from_pylist(batch, schema))
                    batch.clear()
            writer.write_table(pa.Table.from_pylist(batch, schema))
    return size


def register(root: str, form: str) -> dict[str, float | str]:
    """`add` in this process, which did nothing before; without a form the slides alone."""
    folder = Path(root)
    reports = folder / f"reports.{form}" if form else None
    forget_peak()
    before, start = peak_mb(), time.monotonic()
    done = add(open_workspace(folder), folder / "slides.csv", reports, reading=ReadingConfig(workers=0))
    assert not done.problems
    return {"seconds": time.monotonic() - start, "mb_before": before, "mb_of_add": peak_mb() - before}


if __name__ == "__main__":
    main()
