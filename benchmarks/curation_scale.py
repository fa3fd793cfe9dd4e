"""How many reports `curate` reads a second, and how its memory grows with their number.

    python benchmarks/curation_scale.py [--reports 50000] [--workers 0]
    python benchmarks/curation_scale.py --compare 4000

The real TCGA reports (`PATHALIGN_TEST_DATA`), again and again with a number added, one slide each, of all parts. Each
run is a process of its own with one thread; a tenth of the reports first, so that growth shows. Includes
de-identification, statements, the catalog and the page of 200 reports. `--workers` are processes beside it, whose time
and memory are not counted. Prints a table and writes
benchmarks/out/curation_scale.json.

`--compare` times the whole verb on so many reports with one worker and with two, in turn and twice, and prints what of
both is fastest and its ratio, which is only worth what else the machine does meanwhile. Writes
benchmarks/out/curation_workers.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from peak_memory import forget_peak, peak_mb

from pathalign.domain.records import Slide, Split
from pathalign.store.catalog import Catalog
from pathalign.store.tables import read_rows
from pathalign.store.workspace import Workspace, create_workspace, open_workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.review import ReviewRequest

OUT = Path(__file__).parent / "out" / "curation_scale.json"
DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
MOST_GROWTH_MB = 64


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--compare", type=int, metavar="REPORTS")
    asked = parser.parse_args()
    most = asked.reports
    texts = [row.cells["text"] for row in read_rows(DATA / "reports" / "tcga_reports_t14.csv", required=("text",))]
    if asked.compare:
        compare(texts, asked.compare)
        return
    rows = []
    print(f"{'reports':>8} {'reports/s':>10} {'CPU s':>8} {'MB before':>10} {'MB at most':>11} {'page kB':>8}")
    OUT.parent.mkdir(exist_ok=True)
    for count in (most // 10, most):
        row = measured(texts, count, asked.workers)
        rows.append(row)
        print(
            f"{row['reports']:8} {row['reports_per_s']:10.1f} {row['cpu_s']:8.1f} {row['mb_before']:10.1f} "
            f"{row['mb_at_most']:11.1f} {row['page_kb']:8.0f}"
        )
    growth = rows[1]["mb_at_most"] - rows[0]["mb_at_most"]
    goal = f"peak memory grows by less than {MOST_GROWTH_MB} MB from {most // 10} to {most} reports"
    goals = [{"goal": goal, "value": round(growth, 1), "target": MOST_GROWTH_MB, "holds": growth < MOST_GROWTH_MB}]
    document = {"name": "curation_scale", "machine": machine(), "rows": rows, "goals": goals}
    OUT.write_text(json.dumps(document, indent=2))
    print(f"{goal}: {growth:.1f} MB, {'holds' if goals[0]['holds'] else 'MISSED'}")


def compare(texts: list[str], count: int) -> None:
    """Curate so many reports with one worker and with two, in turn and twice."""
    OUT.parent.mkdir(exist_ok=True)
    rows = [measured(texts, count, workers) for _ in range(2) for workers in (1, 2)]
    best = {workers: max(row["reports_per_s"] for row in rows if row["workers"] == workers) for workers in (1, 2)}
    seen = machine()
    for row in rows:
        print(f"{row['workers']:.0f} worker(s): {row['reports_per_s']:.1f} reports/s")
    print(
        f"{count} reports, the better of two runs: {best[1]:.1f} reports/s with one worker, {best[2]:.1f} with two, "
        f"{best[2] / best[1]:.2f} times as many; load {seen['load']:.1f} on {seen['cores']} cores"
    )
    document = {"name": "curation_workers", "machine": seen, "rows": rows, "ratio": best[2] / best[1], "goals": []}
    OUT.with_name("curation_workers.json").write_text(json.dumps(document, indent=2))


def measured(texts: list[str], count: int, workers: int) -> dict[str, float]:
    """Curate so many reports in a process and a workspace of their own."""
    with tempfile.TemporaryDirectory(dir=OUT.parent) as folder:
        fill(create_workspace(Path(folder)), texts, count)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(measure, folder, count, workers).result()


def machine() -> dict[str, object]:
    """What is computed on, and how busy it is."""
    return {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def fill(workspace: Workspace, texts: list[str], count: int) -> None:
    """A catalog of that many cases, each of a patient of its own."""
    with Catalog(workspace.catalog_path) as catalog, catalog.transaction():
        for number in range(count):
            case = f"case-{number:06d}"
            catalog.put_slide(
                Slide(slide_id=f"slide-{number:06d}", path=None, patient_id=case, case_id=case, split=Split.TRAIN)
            )
            catalog.put_report(case, f"{texts[number % len(texts)]} {number}")


def measure(root: str, count: int, workers: int = 0) -> dict[str, float]:
    """Curate in this process, which did nothing before."""
    forget_peak()
    before = peak_mb()
    start, cpu = time.monotonic(), time.process_time()
    done = curate(open_workspace(Path(root)), review=ReviewRequest(), workers=workers)
    wall = time.monotonic() - start
    assert done.reports == count
    assert done.review is not None
    return {
        "reports": count,
        "workers": workers,
        "reports_per_s": count / wall,
        "cpu_s": time.process_time() - cpu,
        "mb_before": before,
        "mb_at_most": peak_mb(),
        "page_kb": Path(done.review).stat().st_size / 1024,
    }


if __name__ == "__main__":
    main()
