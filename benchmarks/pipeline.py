"""How well reading hides behind encoding, and what memory it takes.

    python benchmarks/pipeline.py

A device is simulated by a stub that sleeps as long as an encoder of a given speed would take for a batch, so its core
is free for reading, as it is beside a GPU; nothing here was measured on a GPU. Efficiency is the longer of reading
alone and encoding alone, divided by both together: 1 means that the shorter one is hidden completely. Prints a table
and writes benchmarks/out/pipeline.json.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from pathalign.domain.geometry import PatchSpec
from pathalign.encoders.workspace_vit import WorkspaceViT, normalise
from pathalign.slides.slide_reading import Finished, Pixels, Planned, ReadingConfig, ReadRequest
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.workers.pool import ReadingPool
from pathalign.testing.slides import draw_field, write_pyramid
from pathalign.train.pathssl.recipe import tiny

OUT = Path(__file__).parent / "out" / "pipeline.json"
SLIDES = 4
ROUNDS = 2
Encode = Callable[[np.ndarray], object]


def main() -> None:
    rows: list[dict] = []
    goals: list[dict] = []
    with tempfile.TemporaryDirectory() as folder:
        small, large = drawn(Path(folder), times=1), drawn(Path(folder), times=3)
        requests = [request(large, number) for number in range(SLIDES)]
        overlap(requests, rows, goals)
        on_this_cpu(request(small, 0), rows)
        memory(small, large, rows, goals)
    for row in rows:
        print("  ".join(f"{key}={value}" for key, value in row.items()))
    for goal in goals:
        print(f"{'holds' if goal['holds'] else 'FAILS'}: {goal['goal']}: {goal['value']} (target {goal['target']})")
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    OUT.write_text(json.dumps({"name": "pipeline", "machine": machine, "rows": rows, "goals": goals}, indent=2))


def drawn(folder: Path, *, times: int) -> Path:
    """A drawn field at 0.5 mpp, laid `times` by `times` beside itself."""
    path = folder / f"field-{times}.tif"
    field = draw_field("colon_benign", side_um=1792, mpp=0.5, seed=0)
    write_pyramid(path, np.tile(field, (times, times, 1)), mpp=0.5)
    return path


def request(path: Path, number: int) -> ReadRequest:
    """The slide under another name, so that nothing is shared but the page cache."""
    copy = path.with_name(f"{path.stem}-{number}.tif")
    shutil.copyfile(path, copy)
    return ReadRequest(
        slide_id=copy.stem, path=copy, given_mpp=None, spec=PatchSpec(), tissue=TissueConfig(), batch=32,
        max_broken=0.01,
    )  # fmt: skip


def overlap(requests: list[ReadRequest], rows: list[dict], goals: list[dict]) -> None:
    """Reading alone, encoding alone and both, for encoders slower, as fast and faster than reading."""
    for workers in (1, 2):
        reading = best(lambda workers=workers: run(requests, workers, lambda _: None))
        patches, read_s = reading[1], reading[0]
        for ratio in (0.5, 1.0, 2.0):
            speed = patches / read_s * ratio
            encode_s, _ = best(lambda patches=patches, speed=speed: alone(patches, device(speed)))
            both_s, _ = best(lambda workers=workers, speed=speed: run(requests, workers, device(speed)))
            efficiency = max(read_s, encode_s) / both_s
            rows.append({
                "encoder": f"stub of {speed:.0f} patches/s ({ratio:g} x reading)", "workers": workers,
                "patches": patches, "read_s": round(read_s, 2), "encode_s": round(encode_s, 2),
                "both_s": round(both_s, 2), "encoder_waits": round(1 - encode_s / both_s, 3),
                "efficiency": round(efficiency, 3),
            })  # fmt: skip
            if workers == 1:
                goal = f"overlap efficiency, one reading process, encoder {ratio:g} x as fast as reading"
                goals.append(goal_of(goal, efficiency, 0.85, at_least=True))
    quiet = "highest efficiency (above 1.05 the machine was busy, and none of these times counts)"
    goals.append(goal_of(quiet, max(row["efficiency"] for row in rows), 1.05, at_least=False))


def on_this_cpu(asked: ReadRequest, rows: list[dict]) -> None:
    """The default encoder on this CPU, which wants all cores itself, with and without a reading process."""
    model = WorkspaceViT(tiny().vit).eval()

    @torch.inference_mode()
    def encode(rgb: np.ndarray) -> object:
        return model.embed(normalise(torch.from_numpy(rgb)))

    for workers in (0, 1):
        seconds, patches = best(lambda workers=workers: run([asked], workers, encode))
        rows.append({
            "encoder": "default encoder, all cores", "workers": workers, "patches": patches,
            "both_s": round(seconds, 2), "patches_per_s": round(patches / seconds, 1),
        })  # fmt: skip


def memory(small: Path, large: Path, rows: list[dict], goals: list[dict]) -> None:
    """Peak memory of a reading process, for a slide and for one of nine times its area."""
    peaks = []
    for path in (small, large):
        asked = request(path, 99)
        with ReadingPool(ReadingConfig(workers=1), patch_px=224) as pool:
            patches, pid = 0, 0
            for _, event in pool.read([asked]):
                if isinstance(event, Planned):
                    patches, pid = len(event.grid), pool.reading().get(asked.slide_id, pid)
                if isinstance(event, Finished):
                    peaks.append(peak_mb(pid))
        rows.append({"slide": f"{patches} patches", "reading process at its peak, MB": round(peaks[-1])})
    goals.append(goal_of("peak memory of nine times the area, ratio", peaks[1] / peaks[0], 1.25, at_least=False))


def run(requests: list[ReadRequest], workers: int, encode: Encode) -> tuple[float, int]:
    """Seconds and patches, from processes that are up."""
    with ReadingPool(ReadingConfig(workers=workers), patch_px=224) as pool:
        for _ in range(workers):
            pool.start_one()
        start, patches = time.perf_counter(), 0
        for _, event in pool.read(requests):
            if isinstance(event, Pixels):
                encode(event.rgb)
                patches += len(event.rgb)
        return time.perf_counter() - start, patches


def alone(patches: int, encode: Encode) -> tuple[float, int]:
    """Seconds of encoding batches that are there already."""
    batch, start = np.zeros((32, 1, 1, 3), np.uint8), time.perf_counter()
    for first in range(0, patches, 32):
        encode(batch[: patches - first])
    return time.perf_counter() - start, patches


def device(speed: float) -> Encode:
    """As long as an encoder of `speed` patches/s would take, with the processor free."""
    return lambda rgb: time.sleep(len(rgb) / speed)


def best(work: Callable[[], tuple[float, int]]) -> tuple[float, int]:
    return min(work() for _ in range(ROUNDS))


def peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def goal_of(goal: str, value: float, target: float, *, at_least: bool) -> dict:
    holds = value >= target if at_least else value <= target
    return {"goal": goal, "value": round(value, 3), "target": target, "holds": holds}


if __name__ == "__main__":
    main()
