"""Broken copies of real slides through `add` and `embed`: no crash, hang, runaway memory or silent garbage.

    python benchmarks/robustness.py [--seed 0] [--keep FOLDER]

Some 400 broken copies of the slides in PATHALIGN_TEST_DATA (truncated, flipped, zeroed, wrong tags, loops) are
registered beside whole ones and embedded with a small random encoder; then the whole ones alone, in a workspace of
their own, whose files must be the same to the byte. Prints a table by kind of damage and writes
benchmarks/out/robustness.json. A copy that is embedded with other numbers than its whole original, and without a word,
is `other`: each is read through OpenSlide too. Where OpenSlide sees the damage, so must we; where no decoder does
(flipped bytes that are a valid stream of other pixels), only a checksum could.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
from safetensors.torch import save_file

from pathalign.encoders.own_vit import MODEL_TYPE
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig
from pathalign.testing.mutations import Mutation, mutations

DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
OUT = Path(__file__).parent / "out" / "robustness.json"
MPP = {"TCGA-CR-7395-01A-01-TS1": "0.5"}
"""Slides whose file has no pixel size."""
STAGE_SECONDS = 1800
"""Longer than this and a stage hangs."""
MOST_MEMORY_GB = 3.0
OUTCOMES = ("same", "patches left out", "refused by add", "refused", "failed", "timed_out", "empty", "other")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--keep", type=Path, help="work in this folder and leave it")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        prove(chosen.keep or Path(temporary), chosen.seed)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One slide of the proof."""

    slide_id: str
    path: Path
    original: str
    """Name of the whole slide that it was; empty for what never was one."""
    kind: str


def prove(folder: Path, seed: int) -> None:
    """Write, register, embed, compare."""
    copies = [*write_copies(folder / "slides", seed), *write_oddities(folder / "slides")]
    write_encoder(folder / "encoder")
    stages = embedded(folder, "beside", copies)
    for stage in stages:
        print(f"{stage['verb']:8} exit {stage['exit']}, {stage['seconds']} s, {stage['peak_gb']} GB at most")
    found = judge(folder / "beside", copies, stages[1]["document"])
    embedded(folder, "alone", [copy for copy in copies if copy.kind == "whole"])
    beside, alone = (bags(folder / name, "*~whole.h5") for name in ("beside", "alone"))
    changed = sorted(name for name in beside.keys() | alone.keys() if beside.get(name) != alone.get(name))
    again = run("embed", "-w", str(folder / "beside"), *embed_options(folder))
    report(copies, found, [*stages, again], changed)


def embed_options(folder: Path) -> tuple[str, ...]:
    """The same in both workspaces."""
    return "--encoder", str(folder / "encoder"), "--mpp", "0.5", "--timeout", "60"


def embedded(folder: Path, name: str, copies: list[Copy]) -> list[dict]:
    """A workspace with these slides, made by `init`, `add` and `embed`."""
    table, workspace = folder / f"{name}.csv", str(folder / name)
    with table.open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(["slide_id", "path", "mpp"])
        rows.writerows([copy.slide_id, copy.path, MPP.get(copy.original, "")] for copy in copies)
    steps = (("init", workspace), ("add", str(table), "-w", workspace), ("embed", "-w", workspace))
    return [run(*step, *(embed_options(folder) if step[0] == "embed" else ())) for step in steps]


def bags(workspace: Path, pattern: str) -> dict[str, bytes]:
    """The bytes of the embeddings of some slides."""
    return {path.name: path.read_bytes() for path in (workspace / "embeddings").glob(f"*/{pattern}")}


def write_copies(folder: Path, seed: int) -> Iterator[Copy]:
    """Every real slide whole and in broken copies."""
    for path in sorted((DATA / "slides").iterdir()):
        whole = Mutation(name="whole", data=path.read_bytes(), kind="whole")
        for one in (whole, *mutations(path, seed=seed)):
            copy = Copy(
                slide_id=f"{path.stem}~{one.name}",
                path=folder / f"{path.stem}~{one.name}" / path.name,  # alone: files side by side may be one series
                original=path.stem,
                kind=one.kind,
            )
            copy.path.parent.mkdir(parents=True)
            copy.path.write_bytes(one.data)
            yield copy


def write_oddities(folder: Path) -> Iterator[Copy]:
    """What stands in a table of slides and is none."""
    names = ("loop", "pool", "dangling", "folder", "pipe", "text", "absent")
    paths = {name: folder / "odd" / f"{name}.svs" for name in names}
    (folder / "odd").mkdir()
    paths["loop"].symlink_to(paths["pool"])
    paths["pool"].symlink_to(paths["loop"])
    paths["dangling"].symlink_to(folder / "nowhere.svs")
    paths["folder"].mkdir()
    os.mkfifo(paths["pipe"])
    paths["text"].write_text("slide_id,path\n")
    for name, path in paths.items():
        yield Copy(slide_id=f"odd~{name}", path=path, original="", kind="odd")


def write_encoder(folder: Path) -> None:
    """A small random transformer: cheap, and every pixel counts."""
    torch.manual_seed(0)
    config = WorkspaceViTConfig(dim=64, depth=1, heads=2, token_px=32)
    folder.mkdir()
    save_file(WorkspaceViT(config).state_dict(), folder / "model.safetensors")
    card = {"name": "random", "patch_mpp": 0.5, "licence": "Apache-2.0", "source": "random weights"}
    (folder / "config.json").write_text(json.dumps({"model_type": MODEL_TYPE, "vit": config.as_json(), **card}))


def run(*arguments: str) -> dict:
    """One verb as a user runs it: exit code, its document, seconds, and the peak memory of it and its children."""
    command = [
        sys.executable, "-c",
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(done.returncode)",
        sys.executable, "-m", "pathalign", *arguments, "--json",
    ]  # fmt: skip
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=STAGE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"verb": arguments[0], "exit": None, "document": {}, "seconds": STAGE_SECONDS, "peak_gb": 0.0}
    scale = 1e6 if platform.system() == "Linux" else 1e9
    return {
        "verb": arguments[0], "exit": done.returncode, "document": json.loads(done.stdout or "{}"),
        "seconds": round(time.monotonic() - start, 1), "peak_gb": round(int(done.stderr.split()[-1]) / scale, 2),
    }  # fmt: skip


def judge(workspace: Path, copies: list[Copy], added: dict) -> dict[str, str]:
    """What became of each copy."""
    refused = {problem["item"] for problem in added.get("problems", [])}
    status = run("status", "-w", str(workspace))["document"]
    ended = {problem["slide_id"]: problem["outcome"] for problem in status["problems"]}
    folder = next(path for path in (workspace / "embeddings").iterdir() if path.is_dir())
    found = {}
    for copy in copies:
        file, whole = folder / f"{copy.slide_id}.h5", folder / f"{copy.original}~whole.h5"
        if copy.slide_id in refused:
            found[copy.slide_id] = "refused by add"
        elif copy.slide_id in ended:
            found[copy.slide_id] = ended[copy.slide_id]
        elif not file.is_file():
            found[copy.slide_id] = "lost"
        else:
            found[copy.slide_id] = compared(file, whole) if whole.is_file() else "other"
    return found


def compared(file: Path, whole: Path) -> str:
    """Whether a copy's embeddings are those of its whole original, or those of some of its patches."""
    with h5py.File(file) as f, h5py.File(whole) as g:
        own = {tuple(xy): row for xy, row in zip(f["coords"][:].tolist(), f["features"][:], strict=True)}
        right = {tuple(xy): row for xy, row in zip(g["coords"][:].tolist(), g["features"][:], strict=True)}
    if not own.keys() <= right.keys() or any(not np.array_equal(row, right[xy]) for xy, row in own.items()):
        return "other"
    return "same" if own.keys() == right.keys() else "patches left out"


OPENSLIDE_READS = """
import sys, openslide
with openslide.OpenSlide(sys.argv[1]) as slide:
    width, height = slide.dimensions
    for top in range(0, height, 1024):
        for left in range(0, width, 1024):
            slide.read_region((left, top), 0, (min(1024, width - left), min(1024, height - top)))
"""


def openslide_sees(path: Path) -> bool:
    """Whether OpenSlide refuses or breaks on a file when it reads all of level 0."""
    command = [sys.executable, "-c", OPENSLIDE_READS, path]
    try:
        return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def report(copies: list[Copy], found: dict[str, str], stages: list[dict], changed: list[str]) -> None:
    """Table, goals and JSON."""
    rows = table_by_kind(copies, found)
    broken = [copy for copy in copies if copy.kind not in ("whole", "odd")]
    others = [copy for copy in broken if found[copy.slide_id] == "other"]
    whole = {copy.original: copy.path for copy in copies if copy.kind == "whole"}
    seen = [copy.slide_id for copy in others if openslide_sees(copy.path) and not openslide_sees(whole[copy.original])]
    unseen = sorted({copy.slide_id for copy in others} - set(seen))
    print("\nother numbers, and OpenSlide sees nothing either:", ", ".join(unseen) or "none")
    print("other numbers, and OpenSlide does see it:", ", ".join(seen) or "none")
    good = sum(copy.kind == "whole" and found[copy.slide_id] == "same" for copy in copies)
    goals = [
        goal("stages that crashed or hung", sum(stage["exit"] not in (0, 2) for stage in stages), 0),
        goal("broken copies tried", len(broken), 300, least=True),
        goal("slides without an outcome", sum(outcome == "lost" for outcome in found.values()), 0),
        goal("silent garbage that OpenSlide sees", len(seen), 0),
        goal("whole slides embedded beside the broken ones", good, 4, least=True),
        goal("of them, not byte-identical to a run without broken ones", len(changed), 0),
        goal("peak memory, GB", max(stage["peak_gb"] for stage in stages), MOST_MEMORY_GB),
    ]
    for one in goals:
        print(f"{one['goal']:58} {one['value']:>8} target {one['target']:>6} {'holds' if one['holds'] else 'FAILS'}")
    document = {
        "name": "robustness", "machine": f"{platform.machine()}, {os.cpu_count()} cores", "rows": rows, "goals": goals,
        "stages": [{key: stage[key] for key in ("verb", "exit", "seconds", "peak_gb")} for stage in stages],
        "other": {"openslide sees": seen, "nobody sees": unseen},
    }  # fmt: skip
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(document, indent=2))
    if not all(one["holds"] for one in goals):
        sys.exit(1)


def table_by_kind(copies: list[Copy], found: dict[str, str]) -> list[dict]:
    """How each kind of damage ended."""
    counts: dict[str, Counter] = defaultdict(Counter)
    for copy in copies:
        counts[copy.kind][found[copy.slide_id]] += 1
    columns = [name for name in (*OUTCOMES, "lost") if any(count[name] for count in counts.values())]
    print(f"{'damage':10} {'copies':>6} " + " ".join(f"{name:>16}" for name in columns))
    rows = []
    for kind, count in sorted(counts.items()):
        rows.append({"damage": kind, "copies": count.total(), **{name: count[name] for name in columns}})
        print(f"{kind:10} {count.total():6} " + " ".join(f"{count[name]:16}" for name in columns))
    return rows


def goal(name: str, value: float, target: float, *, least: bool = False) -> dict:
    return {"goal": name, "value": value, "target": target, "holds": value >= target if least else value <= target}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
