"""Proof of quality: what `pretrain` learns without labels from real patches, in minutes of one CPU.

    python benchmarks/pathssl.py [--steps N]

Trains the objective of `pathalign pretrain --recipe tiny` on the training side of lc25000 (found through
PATHALIGN_TEST_DATA; source images whose number is no multiple of 3), then asks a linear probe and nearest neighbours
of the other source images, as they are and with their stains jittered. Beside it: histograms of colour and gradient, a
random ViT of the same size, the same encoder before its first step, and the same network trained with the labels.
Prints a table, how far the first row moves with the settings of probe and neighbours, and writes
benchmarks/out/pathssl.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig, normalise
from pathalign.train.engine import StepRandom, train
from pathalign.train.pathssl.monitor import nearest_label
from pathalign.train.pathssl.objective import PretrainObjective
from pathalign.train.pathssl.recipe import PretrainRecipe, tiny
from pathalign.train.pathssl.siamese import Branch
from pathalign.train.pathssl.statistic_views import StatisticViews

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", ROOT.parent / "shared" / "data")) / "lc25000"
OUT = Path(__file__).parent / "out" / "pathssl.json"
CPU_MINUTES = 30
HUE, SATURATION, MIX = 0.05, 0.3, 0.35
"""Jitter of the held-out patches: turns, and logarithms of saturation and of each stain's amount."""
RUIFROK = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
PROBE_C = 0.03
OTHER_C, OTHER_NEIGHBOURS = (0.01, 0.03, 0.1, 0.3), (1, 5, 10, 20, 50)
"""What else is customary: DINO's evaluation asks 20 neighbours."""
COLUMNS = ("linear", "k-NN", "linear, jittered", "k-NN, jittered")
Embed = Callable[[Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=250)
    args = parser.parse_args()
    torch.set_num_threads(1)
    patches, labels, is_train = lc25000()
    recipe = replace(tiny(), schedule=replace(tiny().schedule, steps=args.steps), restained_patches=int(is_train.sum()))
    start = time.process_time()
    trained, untrained = pretrained(patches[is_train], recipe)
    minutes = (time.process_time() - start) / 60
    made: dict[str, Callable[[], Embed]] = {
        "PathSSL": lambda: trained,
        "histograms of colour and gradient": lambda: histograms,
        "random ViT": lambda: random_vit(recipe),
        "PathSSL before its first step": lambda: untrained,
        "trained with the labels": lambda: supervised(patches[is_train], labels[is_train], recipe),
    }
    jittered = jitter(patches[~is_train], seed=13)
    rows, moved = [], {}
    for name, make in made.items():
        embed = make()
        known, asked, other = embed(patches[is_train]), embed(patches[~is_train]), embed(jittered)
        right = judged(known, labels[is_train], (asked, other), labels[~is_train])
        if not rows:
            moved = by_settings(known, labels[is_train], asked, labels[~is_train])
        rows.append({"encoder": name, "dim": known.shape[1], **dict(zip(COLUMNS, right, strict=True))})
        print(f"{name:36} {known.shape[1]:4}  " + "  ".join(f"{value:.3f}" for value in right), flush=True)
    for setting, values in moved.items():
        print(f"PathSSL, {setting}: " + ", ".join(f"{value} {right:.3f}" for value, right in values.items()))
    report(rows, moved, minutes)


def lc25000() -> tuple[Tensor, Tensor, Tensor]:
    """Patches, classes, and which are on the training side."""
    with (DATA / "manifest.csv").open(newline="") as f:
        found = list(csv.DictReader(f))
    names = sorted({row["label"] for row in found})
    images = [np.asarray(Image.open(DATA / row["file"]).convert("RGB").resize((224, 224))) for row in found]
    return (
        torch.from_numpy(np.stack(images)),
        torch.tensor([names.index(row["label"]) for row in found]),
        torch.tensor([int(row["source_image_cluster"]) % 3 != 0 for row in found]),
    )


def pretrained(patches: Tensor, recipe: PretrainRecipe) -> tuple[Embed, Embed]:
    """The encoder as `pretrain` makes it, and as it is with no step done."""
    objective = PretrainObjective(patches, recipe)
    objective.finish()
    before = WorkspaceViT(recipe.vit)
    before.load_state_dict(objective.vit.state_dict())
    with tempfile.TemporaryDirectory() as run:
        train(objective, recipe.schedule, Path(run), identity={}, on_step=told)
    objective.finish()
    return embedder(objective.vit), embedder(before)


def told(step: int, row: dict[str, float]) -> None:
    """Shows that it is alive."""
    if step % 50 == 0:
        print(f"step {step}: " + ", ".join(f"{name} {value:.3f}" for name, value in row.items()), flush=True)


def embedder(vit: WorkspaceViT) -> Embed:
    """Embeds bytes in batches."""

    @torch.no_grad()
    def embed(patches: Tensor) -> Tensor:
        vit.eval()
        return torch.cat([vit.embed(normalise(some)) for some in patches.split(32)])

    return embed


def random_vit(recipe: PretrainRecipe) -> Embed:
    """A plain ViT with as many blocks as wide."""
    torch.manual_seed(0)
    return embedder(
        WorkspaceViT(WorkspaceViTConfig(dim=recipe.vit.dim, depth=recipe.vit.depth, heads=recipe.vit.heads))
    )


def supervised(patches: Tensor, labels: Tensor, recipe: PretrainRecipe) -> Embed:
    """The same network, views and steps with the classes as targets: what there is to be had."""
    torch.manual_seed(0)
    branch = Branch(recipe)
    views = StatisticViews(branch.vit, patches, recipe)
    head = nn.Linear(2 * recipe.vit.dim, int(labels.max()) + 1)
    schedule = recipe.schedule
    trained = [p for p in branch.vit.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW([*trained, *head.parameters()], lr=schedule.peak_lr, weight_decay=0.05)
    for step in range(schedule.steps):
        for group in optimiser.param_groups:
            group["lr"] = schedule.lr(step)
        random = StepRandom.at(0, step)
        chosen = torch.randperm(len(patches), generator=random.torch)[: schedule.batch]
        target, anchors = views.at(chosen, random)
        seen = torch.cat([branch.features(view) for view in (target, *anchors)])
        loss = nn.functional.cross_entropy(head(seen), labels[chosen].repeat(1 + len(anchors)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    @torch.no_grad()
    def embed(some: Tensor) -> Tensor:
        stem = branch.vit.patch_embed
        return torch.cat([branch.vit.seen_in(stem.standardised(normalise(s)).flatten(1, 2)) for s in some.split(32)])

    return embed


def histograms(patches: Tensor) -> Tensor:
    """16 bins of each colour and 16 of the gradient's magnitude."""
    found = []
    for patch in patches:
        grey = patch.float().mean(2)
        gradient = torch.hypot(grey[1:, :-1] - grey[:-1, :-1], grey[:-1, 1:] - grey[:-1, :-1])
        bins = [torch.histc(patch[:, :, channel].float(), 16, 0, 255) for channel in range(3)]
        found.append(torch.cat([*bins, torch.histc(gradient, 16, 0, 128)]) / grey.numel())
    return torch.stack(found)


def jitter(patches: Tensor, *, seed: int) -> Tensor:
    """Other amounts of haematoxylin and eosin, then another hue and saturation; written apart from the training's."""
    random = torch.Generator().manual_seed(seed)
    stains = nn.functional.normalize(torch.tensor(RUIFROK), dim=1)
    grey, eye = torch.full((3, 3), 1 / 3), torch.eye(3)
    k = 1 / math.sqrt(3)
    cross = torch.tensor([[0, -k, k], [k, 0, -k], [-k, k, 0]])
    found = []
    for patch in patches:
        drawn = 2 * torch.rand(4, generator=random) - 1
        gain = torch.cat([(MIX * drawn[:2]).exp(), torch.ones(1)])
        density = -(patch.float() / 255).clamp_min(1 / 255).log()
        rgb = (density @ torch.linalg.inv(stains) @ torch.diag(gain) @ stains).neg().exp().clamp(0, 1)
        angle = 2 * math.pi * HUE * float(drawn[2])
        turn = math.cos(angle) * (eye - grey) + math.sin(angle) * cross
        rgb = rgb @ (grey + math.exp(SATURATION * float(drawn[3])) * turn).T
        found.append((rgb.clamp(0, 1) * 255).round().to(torch.uint8))
    return torch.stack(found)


def judged(known: Tensor, labels: Tensor, asked: tuple[Tensor, Tensor], truth: Tensor) -> list[float]:
    """Accuracies in the order of `COLUMNS`."""
    found = []
    probe = linear_probe(known, labels, PROBE_C)
    for some in asked:
        found += [share(answer, truth) for answer in (probe(some), nearest_label(known, labels, some))]
    return found


def by_settings(known: Tensor, labels: Tensor, asked: Tensor, truth: Tensor) -> dict[str, dict[float, float]]:
    """Accuracy by the strength of the probe's weights and by the number of neighbours."""
    return {
        "linear by C": {c: share(linear_probe(known, labels, c)(asked), truth) for c in OTHER_C},
        "k-NN by neighbours": {
            n: share(nearest_label(known, labels, asked, neighbours=n), truth) for n in OTHER_NEIGHBOURS
        },
    }


def linear_probe(known: Tensor, labels: Tensor, c: float) -> Callable[[Tensor], Tensor]:
    """Logistic regression on what is known; everything is standardised by it."""
    mean, deviation = known.mean(0), known.std(0) + 1e-6
    probe = LogisticRegression(C=c, max_iter=1000).fit(((known - mean) / deviation).numpy(), labels.numpy())
    return lambda some: torch.from_numpy(probe.predict(((some - mean) / deviation).numpy()))


def share(answer: Tensor, truth: Tensor) -> float:
    return float((answer == truth).float().mean())


def report(rows: list[dict], moved: dict, minutes: float) -> None:
    """Goals; the table and they go to a file."""
    ours = next(row for row in rows if row["encoder"] == "PathSSL")
    drop = max(ours["linear"] - ours["linear, jittered"], ours["k-NN"] - ours["k-NN, jittered"])
    goals = [
        {"goal": "linear probe", "value": ours["linear"], "target": 0.95, "holds": ours["linear"] >= 0.95},
        {"goal": "k-NN", "value": ours["k-NN"], "target": 0.93, "holds": ours["k-NN"] >= 0.93},
        {"goal": "drop with jittered stains", "value": drop, "target": 0.03, "holds": drop <= 0.03},
        {"goal": "CPU minutes", "value": minutes, "target": CPU_MINUTES, "holds": minutes <= CPU_MINUTES},
    ]
    for goal in goals:
        print(f"{goal['goal']:28} {goal['value']:.3f} of {goal['target']}: {'holds' if goal['holds'] else 'FAILS'}")
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, torch {torch.__version__}, 1 thread"
    document = {"name": "pathssl", "machine": machine, "rows": rows, "by settings": moved, "goals": goals}
    OUT.write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
