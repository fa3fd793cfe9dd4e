"""Patches read by us, beside other readers and beside libjpeg-turbo alone, on one slide in one run.

    python benchmarks/reading.py [--peers PYTHON]

The slide: H&E patches of LC25000 laid side by side where `PATHALIGN_TEST_DATA` has them, else drawn tissue; 8,064 px a
side, JPEG tiles of 256 px, quality 80, 4:2:0, no pyramid. All patches of its grid are read in the order (y, x), native
(224 px) and at half the resolution (448 px of level 0 made 224). A figure is patches per second of CPU time, all
threads of the process together, the median of some rounds in which the readers take turns; imports are not timed, and
opening with the first batch of 32 is a column of its own. The ideal decodes every tile once, from memory, and throws it
away: in our process, right before and after us, so that both meet the same machine. The limit is the least that a
reader in Python does: every tile decoded once, its pixels copied into patches (halved by OpenCV), nothing checked.
Readers that this environment lacks are looked for in that of `--peers` (or PATHALIGN_BENCH_PEERS), else their row says
so. Writes benchmarks/out/reading.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from reading_worker import MPP, PX, READERS

from pathalign.slides.sources.tiff_directory import read_header
from pathalign.slides.sources.tiff_layout import tiff_layout
from pathalign.testing.slides import draw_field, write_pyramid

OUT = Path(__file__).parent / "out" / "reading.json"
WORKER = Path(__file__).parent / "reading_worker.py"
DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
SIDE, QUALITY, ROUNDS = 36, 80, 3
LIMIT = "decode and copy (limit)"
PEERS = [name for name in READERS if not name.startswith("ours") and name != LIMIT]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peers", default=os.environ.get("PATHALIGN_BENCH_PEERS"), help="another Python interpreter")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = options.parse_args()
    OUT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT.parent) as folder:
        slide = Path(folder) / "slide.tif"
        drawn_from = write_slide(slide)
        pythons = interpreters([sys.executable, *([chosen.peers] if chosen.peers else [])], slide)
        rows = [*measure(slide, pythons, 1, chosen.rounds), *measure(slide, pythons, 2, chosen.rounds)]
        scaling = two_workers(slide, pythons)
    light = [import_cost() for _ in range(chosen.rounds)]
    rows.append({"reader": "import of the slide half", "cpu_s": round(median(s for s, _, _ in light), 2),
                 "wall_s": round(median(s for _, s, _ in light), 2), "peak_mb": round(light[0][2])})  # fmt: skip
    show(rows, scaling, drawn_from)
    found = goals(rows)
    for goal in found:
        print(f"{'holds' if goal['holds'] else 'FAILS':6} {goal['goal']}: {goal['value']} (target {goal['target']})")
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, slide of {drawn_from}"
    document = {"name": "reading", "machine": machine, "rows": [*rows, *scaling], "goals": found}
    OUT.write_text(json.dumps(document, indent=2))


def write_slide(path: Path) -> str:
    """Write the slide; returns what it shows."""
    patches = sorted((DATA / "lc25000").rglob("*.jp*g")) + sorted((DATA / "lc25000").rglob("*.png"))
    if len(patches) >= SIDE * SIDE:
        order = np.random.default_rng(0).permutation(len(patches))[: SIDE * SIDE]
        fields = [np.asarray(Image.open(patches[k]).convert("RGB")) for k in order]
        image = np.concatenate([np.concatenate(fields[k : k + SIDE], 1) for k in range(0, SIDE * SIDE, SIDE)])
        shown = "LC25000 patches"
    else:
        field = draw_field("colon_benign", side_um=PX * SIDE * MPP / 4, mpp=MPP, seed=0)
        image, shown = np.tile(field, (4, 4, 1)), "drawn tissue"
    write_pyramid(path, image, mpp=MPP, levels=1, tile_px=256, quality=QUALITY)
    return shown


def grid(scale: int, share: slice = slice(None)) -> list[list[int]]:
    """Corners of the slide's grid, in the order (y, x); `share` takes some of its rows."""
    step = PX * scale
    return [[x * step, y * step] for y in list(range(SIDE // scale))[share] for x in range(SIDE // scale)]


def start(python: str, job: dict) -> subprocess.Popen:
    command = [python, str(WORKER), json.dumps(job)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen) -> dict | None:
    out, _ = process.communicate(timeout=600)
    return json.loads(out.strip().splitlines()[-1]) if process.returncode == 0 else None


def interpreters(pythons: list[str], slide: Path) -> dict[str, str]:
    """For each reader the interpreter that runs it; readers that none runs are left out."""
    found = {}
    for reader in READERS:
        for python in pythons if not reader.startswith("ours") else pythons[:1]:
            job = {"reader": reader, "slide": str(slide), "scale": 1, "corners": [[0, 0]]}
            if ended(start(python, job)) is not None:
                found[reader] = python
                break
    return found


def measure(slide: Path, pythons: dict[str, str], scale: int, rounds: int) -> list[dict]:
    """One row per reader at one resolution."""
    corners = grid(scale)
    runs: dict[str, list[dict]] = {reader: [] for reader in pythons}
    for _ in range(rounds):
        for reader, python in pythons.items():
            if reader == "ours, DCT-scaled" and scale == 1:
                continue
            sample = slide.with_name(f"{reader}.npy")
            job = {"reader": reader, "slide": str(slide), "scale": scale, "corners": corners, "sample": str(sample)}
            if reader.startswith("ours"):
                job["tiles"] = tiles_of(slide)
            run = ended(start(python, job))
            assert run is not None, f"{reader} failed"
            runs[reader].append(run)
    theirs = np.load(slide.with_name("openslide.npy")).astype(int)
    resolution = "native" if scale == 1 else "half"
    ideals = [len(corners) / run["ideal_s"] for run in runs["ours"]]
    rows = [{"reader": "libjpeg-turbo alone (ideal)", "resolution": resolution, "per_cpu_s": round(median(ideals)),
             "of_ideal": 1.0}]  # fmt: skip
    for reader in READERS:
        if reader == "ours, DCT-scaled" and scale == 1:
            continue
        if not runs.get(reader):
            rows.append({"reader": reader, "resolution": resolution, "note": "not installed"})
            continue
        rates = [run["patches"] / run["cpu_s"] for run in runs[reader]]
        beside = [len(corners) / run["ideal_s"] for run in runs[reader]] if reader.startswith("ours") else ideals
        apart = np.abs(np.load(slide.with_name(f"{reader}.npy")) - theirs)
        rows.append({
            "reader": reader, "resolution": resolution, "version": runs[reader][0]["version"],
            "per_cpu_s": round(median(rates)),
            "of_ideal": round(median(rate / ideal for rate, ideal in zip(rates, beside, strict=True)), 3),
            "opening_ms": round(1e3 * median(run["opening_s"] for run in runs[reader])),
            "peak_mb": round(max(run["peak_mb"] for run in runs[reader])),
            "grey_levels_from_openslide": {"mean": round(float(apart.mean()), 3), "most": int(apart.max())},
            "same_bytes_each_round": len({run["sha256"] for run in runs[reader]}) == 1,
            "rates": [round(rate) for rate in rates],
        })  # fmt: skip
    return rows


def tiles_of(slide: Path) -> list[tuple[int, int]]:
    """Where the tiles of the slide lie, and how long they are."""
    with slide.open("rb") as file:
        header = read_header(slide.name, file.fileno())
        assert header is not None
        layout = tiff_layout(header)
        assert layout is not None
    return list(zip(layout.images[0].offsets.tolist(), layout.images[0].byte_counts.tolist(), strict=True))


def two_workers(slide: Path, pythons: dict[str, str]) -> list[dict]:
    """Wall time of one process that reads all, beside that of two that read half of the rows each."""
    rows = []
    for reader, passes in (("ours", 6), ("openslide", 1)):  # so long that starting a moment late does not count
        ratios = []
        for _ in range(ROUNDS):
            rates = []
            for shares in ([slice(None)], [slice(0, SIDE // 2), slice(SIDE // 2, None)]):
                at = time.time() + 6
                jobs = [
                    {
                        "reader": reader,
                        "slide": str(slide),
                        "scale": 1,
                        "corners": grid(1, share) * passes,
                        "start_at": at,
                    }
                    for share in shares
                ]
                runs = [ended(process) for process in [start(pythons[reader], job) for job in jobs]]
                assert all(run is not None for run in runs), f"{reader} failed"
                seconds = max(run["ended"] for run in runs) - min(run["began"] for run in runs)
                rates.append(sum(run["patches"] for run in runs) / seconds)
            ratios.append(rates[1] / rates[0])
        rows.append({"reader": reader, "resolution": "native", "speed_up_of_2_workers": round(median(ratios), 2)})
    return rows


def import_cost() -> tuple[float, float, float]:
    """CPU and wall seconds, and MB, of a fresh process that imports what reads slides."""
    code = (
        "import time; begin = time.perf_counter(); import pathalign.slides.patch_reading, pathalign.slides.patches; "
        "wall = time.perf_counter() - begin; import sys; assert 'torch' not in sys.modules; "
        f"sys.path.insert(0, {str(WORKER.parent)!r}); import reading_worker; "
        "print(time.process_time(), wall, reading_worker.peak_mb())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    cpu, wall, peak = (float(value) for value in done.stdout.split())
    return cpu, wall, peak


def show(rows: list[dict], scaling: list[dict], drawn_from: str) -> None:
    print(f"slide of {drawn_from}, {SIDE * PX} px a side, JPEG 4:2:0 quality {QUALITY}, tiles of 256 px")
    print(
        f"{'reader':28} {'':7} {'patches/CPU-s':>13} {'of ideal':>9} {'opening ms':>10} {'peak MB':>8}  "
        "from OpenSlide (mean, most)"
    )
    for row in rows:
        if "note" in row:
            print(f"{row['reader']:28} {row['resolution']:7} {row['note']:>13}")
        elif "cpu_s" in row:
            print(f"{row['reader']:28} {row['cpu_s']:.2f} CPU-s, {row['wall_s']:.2f} s, {row['peak_mb']} MB")
        else:
            apart = row.get("grey_levels_from_openslide")
            print(
                f"{row['reader']:28} {row['resolution']:7} {row['per_cpu_s']:13} {row['of_ideal']:9.2f} "
                f"{row.get('opening_ms', '-'):>10} {row.get('peak_mb', '-'):>8}  "
                + (f"{apart['mean']:.3f}, {apart['most']}" if apart else "")
            )
    for row in scaling:
        print(f"{row['reader']:28} 2 workers: {row['speed_up_of_2_workers']:.2f} x one")


def goals(rows: list[dict]) -> list[dict]:
    """What is to hold; a peer that is not installed is not among those that a goal names."""
    at = {(row["reader"], row.get("resolution")): row for row in rows if "per_cpu_s" in row}
    ours, half = at["ours", "native"], at["ours", "half"]
    slower = [name for name in PEERS if name != "pyvips" and (name, "native") in at]
    fastest = max(at[name, "native"]["per_cpu_s"] for name in slower)
    least = ours["per_cpu_s"] / fastest
    light = next(row for row in rows if "cpu_s" in row)
    table = [
        ("share of the ideal, native", ours["of_ideal"], 0.7, ">="),
        ("share of the ideal, native (try for)", ours["of_ideal"], 0.85, ">="),
        ("times OpenSlide, native", ours["per_cpu_s"] / at["openslide", "native"]["per_cpu_s"], 4, ">="),
        (
            f"times every peer but pyvips, native ({', '.join(slower)}; {LIMIT}: "
            f"{at[LIMIT, 'native']['per_cpu_s'] / fastest:.2f})",
            least,
            4,
            ">=",
        ),
        (f"times {LIMIT}, native", ours["per_cpu_s"] / at[LIMIT, "native"]["per_cpu_s"], 0.8, ">="),
        (f"times {LIMIT}, half", half["per_cpu_s"] / at[LIMIT, "half"]["per_cpu_s"], 0.8, ">="),
        ("times OpenSlide when halving", half["per_cpu_s"] / at["openslide", "half"]["per_cpu_s"], 6, ">="),
        ("grey levels from OpenSlide at most, native", ours["grey_levels_from_openslide"]["most"], 0, "<="),
        ("grey levels from OpenSlide at most, half", half["grey_levels_from_openslide"]["most"], 0, "<="),
        ("CPU seconds to import the slide half", light["cpu_s"], 1, "<"),
        ("MB to import the slide half", light["peak_mb"], 150, "<"),
    ]
    holds = {">=": lambda value, target: value >= target, "<=": lambda value, target: value <= target,
             "<": lambda value, target: value < target}  # fmt: skip
    return [
        {"goal": goal, "value": round(value, 3), "target": f"{sign} {target}", "holds": holds[sign](value, target)}
        for goal, value, target, sign in table
    ]


if __name__ == "__main__":
    main()
