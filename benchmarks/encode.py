"""Patches per second of an encoder by what computes it, beside torch in float32, and what int8 does to retrieval.

    python benchmarks/encode.py [--encoder FOLDER] [--quick]

Ways take turns on the same batch, with all threads, so that a busy machine slows all of them. A ratio is the median
over rounds of CPU time of torch in float32 by CPU time of the way; images/s are of the best round by the clock. Memory
is the peak of a process that sets one way up and encodes a batch. int8 is judged by neighbours among real patches (the
folder `lc25000` of PATHALIGN_TEST_DATA, queries and gallery of different source images) with random weights and, if
given, with the trained encoder of a folder. How many patches a call should have is asked of torch in float32. A goal
that needs units which the CPU lacks is not applicable, and not met.
Prints tables and writes benchmarks/out/encode.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from peak_memory import peak_mb
from PIL import Image
from torch import nn

from pathalign.encoders.acceleration.accelerated import AcceleratedEncoder, NotExact
from pathalign.encoders.acceleration.choice import Route, choose, in_its_place, installed_runtimes
from pathalign.encoders.acceleration.processor import this_processor
from pathalign.encoders.acceleration.verification import least_cosine, probe_patches
from pathalign.encoders.device import channels_first
from pathalign.encoders.encoder import EncoderCard, PatchEncoder
from pathalign.encoders.own_vit import OwnVit, load_own_vit
from pathalign.encoders.texture import TextureStem
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.encoders.workspace_vit import WorkspaceViT
from pathalign.train.pathssl.recipe import small, tiny

OUT = Path(__file__).parent / "out" / "encode.json"
DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "lc25000"
PX, BATCH, NEIGHBOURS = 224, 32, 10
EAGER = "torch float32"
VIT_S, SMALL = "ViT-S/16", "workspace default"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--encoder", type=Path, help="folder of a trained encoder, to judge int8 by")
    asked.add_argument("--quick", action="store_true", help="fewer rounds and patches")
    asked.add_argument("--peak", nargs=2, metavar=("ENCODER", "WAY"), help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.peak:
        peak(*options.peak)
        return
    patches, labels, sources = real_patches(60 if options.quick else 240)
    rows = [row for name in (VIT_S, SMALL) for row in speeds(name, patches, rounds=2 if options.quick else 5)]
    print(
        f"{'encoder':18} {'way':20} {'set-up s':>8} {'images/s':>8} {'ratio':>6} {'least cosine':>12} {'peak MiB':>8}"
    )
    for r in rows:
        print(
            f"{r['encoder']:18} {r['way']:20} {r['setup_seconds']:8.1f} {r['images_per_s']:8.1f} {r['ratio']:6.2f} "
            f"{r['cosine']:12.6f} {r['peak_mib']:8.0f}"
        )
    batches = [row for name in (VIT_S, SMALL) for row in by_batch(name, patches, rounds=2 if options.quick else 5)]
    print(f"\n{'encoder':18} {'patches a call':>14} {'ratio':>6}")
    for r in batches:
        print(f"{r['encoder']:18} {r['batch']:14} {r['ratio']:6.2f}")
    judged = []
    for folder in dict.fromkeys((None, options.encoder)) if sources is not None else ():
        judged += neighbours(folder, patches, labels, sources)
    if judged:
        print(f"\n{'encoder':34} {'way':20} {'same of 10':>10} {'k-NN float32':>12} {'k-NN int8':>9}")
        for r in judged:
            print(
                f"{r['encoder']:34} {r['way']:20} {r['agreement']:10.3f} {r['knn_float32']:12.3f} {r['knn_int8']:9.3f}"
            )
    goals = goals_of(rows, judged)
    print()
    for goal in goals:
        state = "n/a" if not goal["applicable"] else "holds" if goal["holds"] else "FAILS"
        print(f"{state:6} {goal['goal']}: {goal['value']:.4f} (target {goal['target']})")
    OUT.parent.mkdir(exist_ok=True)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, {this_processor()}, bfloat16 at "
        f"{this_processor().bfloat16_speed:.2f} of float32, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads"
    )
    print(machine)
    OUT.write_text(
        json.dumps({"name": "encode", "machine": machine, "rows": [*rows, *batches, *judged], "goals": goals}, indent=2)
    )


def encoder_of(name: str) -> TorchEncoder:
    """A random one of that shape, the same each time."""
    torch.manual_seed(0)
    vit = WorkspaceViT((small() if name == VIT_S else tiny()).vit)
    module = OwnVit(vit)
    if isinstance(vit.patch_embed, TextureStem):
        vit.patch_embed.calibrate(module.pixels(channels_first(probe_patches(PX))))
        for key, fitted in vit.named_buffers():  # what pre-training fits in closed form
            if fitted.ndim == 2 and not key.startswith("patch_embed."):
                nn.init.normal_(fitted, std=len(fitted) ** -0.5)
    card = EncoderCard(
        name=name, embedding_dim=vit.embedding_dim, patch_px=PX, patch_mpp=1.0, licence="", source="random",
        weights_digest="",
    )  # fmt: skip
    return TorchEncoder(module, card)


def ways(name: str = VIT_S) -> dict[str, Route]:
    """All that can be run here; bfloat16 only where there are units, and for an encoder that can be computed in it."""
    installed, found = installed_runtimes(), {EAGER: Route()}
    bf16_here = this_processor().has_bfloat16 and name == VIT_S
    if bf16_here:
        found["torch bfloat16"] = Route(precision="bfloat16")
    for runtime in ("openvino", "onnxruntime"):
        if runtime in installed:
            found |= {f"{runtime} {precision}": Route(runtime=runtime, precision=precision) for precision in
                      ("float32", *(["bfloat16"] if bf16_here and runtime == "openvino" else []), "int8")}  # fmt: skip
    return found


def set_up(encoder: TorchEncoder, route: Route, calibration: torch.Tensor) -> PatchEncoder:
    if route.is_plain:
        return encoder
    return AcceleratedEncoder(encoder, route, patch_px=PX, calibration=calibration)


def speeds(name: str, patches: torch.Tensor, *, rounds: int) -> list[dict]:
    """All ways of one encoder, in turns."""
    encoder, batch = encoder_of(name), patches[-BATCH:]
    calibration = patches[:BATCH]
    wanted = encoder.encode(batch).numpy()
    ready: dict[str, Callable[[], torch.Tensor]] = {}
    setup, cosine = {}, {}
    for way, route in ways(name).items():
        fast, begin = set_up(encoder, route, calibration), time.perf_counter()
        try:
            cosine[way] = least_cosine(wanted, fast.encode(batch).numpy())  # the first call sets it up
        except NotExact as refused:
            print(refused)
            continue
        setup[way] = time.perf_counter() - begin
        ready[way] = lambda fast=fast: fast.encode(batch)
    clock: dict[str, list[float]] = {way: [] for way in ready}
    cpu: dict[str, list[float]] = {way: [] for way in ready}
    for _ in range(rounds):
        for way, encode in ready.items():
            begin, spent = time.perf_counter(), time.process_time()
            encode()
            clock[way].append(time.perf_counter() - begin)
            cpu[way].append(time.process_time() - spent)
    return [
        {
            "encoder": name, "way": way, "setup_seconds": setup[way], "images_per_s": len(batch) / min(clock[way]),
            "ratio": median(eager / own for eager, own in zip(cpu[EAGER], cpu[way], strict=True)),
            "cosine": cosine[way], "peak_mib": peak_of(name, way) if name == VIT_S else math.nan,
        }
        for way in ready
    ]  # fmt: skip


def by_batch(name: str, patches: torch.Tensor, *, rounds: int) -> list[dict]:
    """Torch in float32, the same patches in calls of several sizes, in turns."""
    encoder, given = encoder_of(name), patches[-BATCH:]
    cpu: dict[int, list[float]] = {BATCH: [], **{BATCH >> n: [] for n in (1, 2, 3)}}
    for _ in range(rounds):
        for size, spent in cpu.items():
            begin = time.process_time()
            for some in given.split(size):
                encoder.encode(some)
            spent.append(time.process_time() - begin)
    return [
        {"encoder": name, "batch": size, "ratio": median(a / b for a, b in zip(cpu[BATCH], spent, strict=True))}
        for size, spent in cpu.items()
    ]


def peak_of(name: str, way: str) -> float:
    command = [sys.executable, __file__, "--peak", name, way]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def peak(name: str, way: str) -> None:
    """Print what this process takes at its height, in MiB, when it encodes one batch in one way."""
    torch.set_grad_enabled(False)
    fast = set_up(encoder_of(name), ways(name)[way], probe_patches(PX))
    fast.encode(probe_patches(PX).repeat(BATCH // len(probe_patches(PX)), 1, 1, 1))
    print(peak_mb())


def real_patches(count: int) -> tuple[torch.Tensor, np.ndarray, np.ndarray | None]:
    """Patches with classes and source images, evenly over the manifest; where there is none, drawn ones of no class."""
    if not (DATA / "manifest.csv").is_file():
        return probe_patches(PX).repeat(8, 1, 1, 1), np.zeros(64), None
    with (DATA / "manifest.csv").open(encoding="utf-8") as f:
        listed = list(csv.DictReader(f))
    chosen = [listed[i * len(listed) // count] for i in range(count)]
    pixels = np.stack([np.asarray(Image.open(path_of(row)).convert("RGB").resize((PX, PX))) for row in chosen])
    return (
        torch.from_numpy(pixels),
        np.array([row["label"] for row in chosen]),
        np.array([int(row["source_image_cluster"]) for row in chosen]),
    )


def path_of(row: dict[str, str]) -> Path:
    return DATA / row["file"]


def neighbours(folder: Path | None, patches: torch.Tensor, labels: np.ndarray, sources: np.ndarray) -> list[dict]:
    """Whether int8 finds the neighbours that float32 finds, and whether they are of the right class."""
    encoder = load_own_vit(folder) if folder else encoder_of(VIT_S)
    told = f"{encoder.card.name} (trained)" if folder else f"{VIT_S} (random weights)"
    exact = embedded(encoder, patches)
    query, found = sources % 3 == 0, []
    for way, route in ways().items():
        if route.precision != "int8":
            continue
        try:
            rough = embedded(set_up(encoder, route, patches[~torch.from_numpy(query)][:BATCH]), patches)
        except NotExact as refused:
            print(refused)
            continue
        nearest = [np.argsort(-(e[query] @ e[~query].T), axis=1)[:, :NEIGHBOURS] for e in (exact, rough)]
        same = [len(set(a) & set(b)) / NEIGHBOURS for a, b in zip(*nearest, strict=True)]
        right = [accuracy(labels[~query][near], labels[query]) for near in nearest]
        found.append({
            "encoder": told, "way": way, "agreement": float(np.mean(same)), "knn_float32": right[0],
            "knn_int8": right[1], "queries": int(query.sum()), "gallery": int((~query).sum()),
        })  # fmt: skip
    return found


def embedded(encoder: PatchEncoder, patches: torch.Tensor) -> np.ndarray:
    vectors = torch.cat([encoder.encode(some) for some in patches.split(BATCH)]).double()
    return torch.nn.functional.normalize(vectors - vectors.mean(0), dim=1).numpy()


def accuracy(near: np.ndarray, wanted: np.ndarray) -> float:
    """Of the vote of the neighbours; a tie goes to the first in the alphabet."""
    classes = np.unique(near)
    votes = np.stack([(near == name).sum(1) for name in classes], axis=1)
    return float((classes[votes.argmax(1)] == wanted).mean())


def goals_of(rows: list[dict], judged: list[dict]) -> list[dict]:
    """What encoders have to reach; a goal for units that this CPU lacks is not applicable and does not hold."""
    processor, installed = this_processor(), installed_runtimes()
    by = {(row["encoder"], row["way"]): row for row in rows}
    goals = []

    def goal(text: str, value: float, target: float, applicable: bool = True) -> None:
        goals.append({"goal": text, "value": value, "target": target, "applicable": applicable,
                      "holds": applicable and value >= target})  # fmt: skip

    units = processor.has_bfloat16
    bare = choose(processor, frozenset({"torch"}))
    row = by[VIT_S, f"{bare.runtime} {bare.precision}"]
    goal(f"{VIT_S}: default without an extra, times float32, with bfloat16 units", row["ratio"], 1.9, units)
    for name in (VIT_S, SMALL):
        chosen = choose(processor, installed, has_statistics=name == SMALL)
        # What is not exact enough was refused and has no row; then the next in its place is the default.
        tried = (chosen, *in_its_place(chosen, installed))
        best = next(way for way in tried if (name, f"{way.runtime} {way.precision}") in by)
        row = by[name, f"{best.runtime} {best.precision}"]
        if best.runtime == "openvino" and name == VIT_S:
            goal(f"{name}: default with OpenVINO, times float32, with bfloat16 units", row["ratio"], 2.4, units)
        goal(f"{name}: default ({best.runtime}), times float32, without bfloat16 units", row["ratio"], 1.0, not units)
        goal(f"{name}: default ({best.runtime}), least cosine with float32", row["cosine"], 0.9998)
    if len(installed) > 1:
        fast = choose(processor, installed, precision="int8")
        row = by[VIT_S, f"{fast.runtime} int8"]
        goal(f"{VIT_S}: int8 on {fast.runtime}, times float32, with units for bytes", row["ratio"], 3.3,
             processor.has_int8)  # fmt: skip
        for row in judged:
            if row["way"] == f"{fast.runtime} int8":
                change = row["knn_int8"] - row["knn_float32"]
                goal(f"{row['encoder']}: change of k-NN accuracy by int8 on {fast.runtime}", change, -0.01)
                goal(f"{row['encoder']}: neighbours of float32 that int8 finds", row["agreement"], 0.9)
    return goals


if __name__ == "__main__":
    main()
