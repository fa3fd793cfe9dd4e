"""What matters in PathAlign-R's tiny recipe: options one by one and together, over seeds, on a composite cohort.

    python benchmarks/recipe_sweep.py --cohort COHORT --workspace WORKSPACE [--seeds N] [--only NAME ...]

WORKSPACE has been through `add`, `curate` and `embed` with COHORT (composites.py does so); truth.csv of COHORT says
what is right. Each option is trained from scratch with each seed, all on the same embeddings, and asked of the test
slides which text fits best, among the texts of the test split and among all, and whether a text of equal diagnosis is
among the first five. Choose on one cohort and measure on another: 35 slides move by 0.03 with one of them. Two runs at
a time, a thread each. Prints a table of means and deviations over seeds and writes benchmarks/out/recipe_sweep.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from composites import names_both, read_csv

from pathalign.domain.records import SlideText, Split
from pathalign.model.aligner import Aligner
from pathalign.model.bags import collate
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, read_bag
from pathalign.train.cohort import TrainingCohort
from pathalign.train.engine import train
from pathalign.train.recipes import RetrievalRecipe, tiny_retrieval
from pathalign.train.retrieval import ContrastiveObjective, new_aligner

OUT = Path(__file__).parent / "out" / "recipe_sweep.json"
SCORES = ("first text, test", "first text, all", "recall@5")
FIRST = 5
NEIGHBOURHOOD_UM = 672.0
"""Three by three patches of 224 px at 1 um per pixel."""
Options = dict[str, dict[str, Any]]
VARIANTS: dict[str, Options] = {
    "tiny": {},
    "dropout 0.1": {"size": {"dropout": 0.1}},
    "dropout 0.1, texts by their mean": {"size": {"dropout": 0.1, "text_pooling": "mean"}},
    "dropout 0.1, no noise": {"size": {"dropout": 0.1}, "augmentation": {"noise": 0.0}},
    "dropout 0.1, attention gain 3": {"size": {"dropout": 0.1, "cross_attention_gain": 3.0}},
    "texts by their mean": {"size": {"text_pooling": "mean"}},
    "no noise": {"augmentation": {"noise": 0.0}},
    "attention gain 3": {"size": {"cross_attention_gain": 3.0}},
    "all three": {
        "size": {"text_pooling": "mean", "cross_attention_gain": 3.0}, "augmentation": {"noise": 0.0},
    },
    "neighbourhood": {"size": {"neighbourhood_um": NEIGHBOURHOOD_UM}},
    "positions: none": {"size": {"positions": "none"}},
    "positions: sinusoidal": {"size": {"positions": "sinusoidal"}},
    "all patches each time": {"augmentation": {"least_share": 1.0}},
    "400 steps": {"schedule": {"steps": 400}},
}  # fmt: skip
"""Those with dropout are what it was chosen from; `all three` is what small findings ask for (docs/quality.md)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=[*VARIANTS], help="names of options")
    args = parser.parse_args()
    with ProcessPoolExecutor(
        2, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        runs = {
            name: [pool.submit(scored, args.cohort, args.workspace, name, seed) for seed in range(args.seeds)]
            for name in args.only
        }
        print(f"{'':32}" + "".join(f"{score:>19}" for score in SCORES) + f"{'CPU-s':>8}")
        rows = [told(name, of_seeds) for name, of_seeds in runs.items()]
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, 1 thread a run"
    about = {"name": "recipe_sweep", "machine": machine, "seeds": args.seeds, "rows": rows}
    OUT.write_text(json.dumps(about, indent=2))


def recipe_of(variant: str) -> RetrievalRecipe:
    """The tiny recipe with an option."""
    tiny, options = tiny_retrieval(), VARIANTS[variant]
    return replace(tiny, **{part: replace(getattr(tiny, part), **changes) for part, changes in options.items()})


def scored(cohort: Path, workspace: Path, variant: str, seed: int) -> list[float]:
    """One training: the three scores, and its CPU seconds."""
    folder = next(path for path in sorted((workspace / "embeddings").iterdir()) if path.is_dir())
    with Catalog(workspace / "catalog.sqlite") as catalog:
        texts, training = catalog.texts(), TrainingCohort.load(catalog, folder)
    recipe, start = recipe_of(variant), time.process_time()
    schedule = replace(recipe.schedule, seed=seed)
    aligner = new_aligner(training, recipe.size, text_encoder=None, seed=seed)
    objective = ContrastiveObjective(aligner, training, schedule, recipe.augmentation)
    with tempfile.TemporaryDirectory() as run:
        train(objective, schedule, Path(run), identity={})
    seconds = time.process_time() - start
    truth = {row["slide_id"]: row for row in read_csv(cohort / "truth.csv")}
    test = [text for text in texts if text.split == Split.TEST]
    return [*judged(aligner.eval(), folder, test, texts, truth), seconds]


@torch.no_grad()
def judged(
    aligner: Aligner, folder: Path, test: list[SlideText], texts: list[SlideText], truth: dict[str, dict[str, str]]
) -> list[float]:
    """In the order of `SCORES`."""
    bags = [read_bag(embedding_path(folder, text.slide_id), slide_id=text.slide_id) for text in test]
    slides = torch.cat([aligner.embed_slides(collate([bag])) for bag in bags])
    found = []
    for among in (test, texts):
        said = sorted({text.retrieval_text for text in among})
        best = (slides @ aligner.embed_texts(said).T).amax(1).argmax(1).tolist()
        right = [names_both(said[place], truth[text.slide_id]) for place, text in zip(best, test, strict=True)]
        found.append(float(np.mean(right)))
    near = (slides @ aligner.embed_texts([text.retrieval_text for text in test]).T).amax(1).topk(FIRST, 1).indices
    keys = [text.concept_key for text in test]
    equal = [any(keys[other] == keys[own] for other in row) for own, row in enumerate(near.tolist())]
    return [*found, float(np.mean(equal))]


def told(name: str, runs: list[Future[list[float]]]) -> dict[str, Any]:
    """The row of an option, printed as soon as its seeds are there."""
    values = np.array([run.result() for run in runs])
    mean, deviation = values.mean(0), values.std(0)
    shown = "".join(f"{mean[i]:12.3f} ±{deviation[i]:.3f}" for i in range(len(SCORES)))
    print(f"{name:32}{shown}{mean[-1]:8.0f}", flush=True)
    row = {score: [round(float(mean[i]), 4), round(float(deviation[i]), 4)] for i, score in enumerate(SCORES)}
    return {"option": name, **row, "cpu_s": round(float(mean[-1]))}


if __name__ == "__main__":
    main()
