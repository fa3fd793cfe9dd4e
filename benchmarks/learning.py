"""What slide models learn from synthetic bags with known truth, at equal steps and batches: ours, and what others do.

    python benchmarks/learning.py [--steps N] [--relation-steps N] [--slides N] [--patches LOW HIGH] [--only NAME ...]

A slide's diagnosis (organ x type x grade x focal finding) is in a lesion that takes 60 % to 0.3 % of its patches, and
in its text, beside facts that nothing shows. After training each test slide is asked which text of all diagnoses fits
it best: the share that is right by the lesion's share (recall@1), and by attribute. Then slides whose text also says
whether the finding adjoins the lesion, which is in the places of patches alone: PathAlign-R, told of places in each way
(`POSITIONS`), is asked to choose between the two texts. Two runs at a time, a thread each. Prints tables and writes
benchmarks/out/learning.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learning_models import MODELS, OURS, POSITIONS, Embedding, SyntheticCohort, pathalign_r
from torch import Tensor

from pathalign.domain.records import Split
from pathalign.model.bags import collate
from pathalign.testing.synthetic_bags import ADJACENT, APART, SyntheticBags, SyntheticSlide
from pathalign.testing.synthetic_diagnoses import ATTRIBUTES, Diagnoses
from pathalign.train.engine import Schedule, train
from pathalign.train.recipes import tiny_retrieval

OUT = Path(__file__).parent / "out" / "learning.json"
TEST_SLIDES = 250
SMALL, WANTED = 0.01, 0.9
"""The lesion share that a mean over patches does not show, and the recall@1 wanted there."""
SEEN, UNSEEN = 0.9, 0.6
"""Share of relations that is right with positions, at least, and without, at most (by chance it is a half)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What is trained, and on what."""

    bags: SyntheticBags
    slides: int
    schedule: Schedule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--relation-steps", type=int, default=800, help="steps of the second table")
    parser.add_argument("--slides", type=int, default=4096)
    parser.add_argument("--patches", type=int, nargs=2, default=(500, 1000), metavar=("LOW", "HIGH"))
    parser.add_argument("--lr", type=float, default=3e-4, help="peak learning rate of all models")
    parser.add_argument("--only", nargs="*", default=[*MODELS, *POSITIONS], help="names of models and of positions")
    args = parser.parse_args()
    schedule = replace(tiny_retrieval().schedule, steps=args.steps, peak_lr=args.lr)
    few = Diagnoses(organs=3, types=3, findings=3)
    bags = SyntheticBags(patches=tuple(args.patches), diagnoses=few)
    shares = Run(bags=bags, slides=args.slides, schedule=schedule)
    relation = Diagnoses(organs=1, types=1, grades=1, findings=2, with_relation=True)  # and nothing else to tell
    places = replace(
        shares, bags=replace(bags, lesion_shares=(0.1, 0.05), diagnoses=relation),
        schedule=replace(schedule, steps=args.relation_steps),
    )  # fmt: skip
    with ProcessPoolExecutor(
        2, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        by_share = [pool.submit(learnt, name, shares) for name in MODELS if name in args.only]
        by_place = [pool.submit(learnt_places, kind, places) for kind in POSITIONS if kind in args.only]
        rows = list(shown(by_share, header_of_shares(shares.bags)))
        rows += list(shown(by_place, "\nright about the relation, by what is told of places, CPU-s"))
    found = goals({row["model"]: row for row in rows}, shares.bags)
    for goal in found:
        print(f"{'holds' if goal['holds'] else 'FAILS':6} {goal['goal']}: {goal['value']} (target {goal['target']})")
    OUT.parent.mkdir(exist_ok=True)
    low, high = args.patches
    asked = f"{args.steps} and {args.relation_steps} steps, {args.slides} slides of {low} to {high} patches"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, 1 thread a run; {asked}"
    OUT.write_text(json.dumps({"name": "learning", "machine": machine, "rows": rows, "goals": found}, indent=2))


def learnt(name: str, run: Run) -> dict[str, Any]:
    """Train a model; the row of its table."""
    model, seconds = trained(MODELS[name], run)
    test = [run.bags.slide(number, split=Split.TEST) for number in range(TEST_SLIDES)]
    best = first_texts(model, test, run.bags.diagnoses)
    share = np.array([slide.lesion_share for slide in test])
    right = {
        name: np.array([getattr(b, name) == getattr(s.diagnosis, name) for b, s in zip(best, test, strict=True)])
        for name in ATTRIBUTES
    }
    whole = np.all(list(right.values()), axis=0)
    of_share = {f"{s:.1%}": round(float(whole[share == s].mean()), 3) for s in run.bags.lesion_shares}
    attributes = {
        name: {"all": round(float(hits.mean()), 3), "small": round(float(hits[share == SMALL].mean()), 3)}
        for name, hits in right.items() if name != "relation"
    }  # fmt: skip
    line = f"{name:24}" + "".join(f"{value:8.2f}" for value in of_share.values()) + "  "
    line += "".join(f"{a['all']:7.2f}/{a['small']:.2f}" for a in attributes.values()) + f"{seconds:8.0f}"
    return {"model": name, "recall@1": of_share, "attributes": attributes, "cpu_s": round(seconds), "line": line}


def learnt_places(kind: str, run: Run) -> dict[str, Any]:
    """Train PathAlign-R with a kind of positions; how often the right one of two texts fits a slide better."""
    model, seconds = trained(lambda *given: pathalign_r(*given, **POSITIONS[kind]), run)
    test = [run.bags.slide(number, split=Split.TEST) for number in range(TEST_SLIDES)]
    with torch.no_grad():
        right = []
        for slide in test:
            both = [replace(slide.diagnosis, relation=relation).text for relation in (ADJACENT, APART)]
            right.append(int(scores(model, slide, model.embed_texts(both)).argmax()) == slide.diagnosis.relation)
    value = round(float(np.mean(right)), 3)
    return {"model": kind, "relation": value, "cpu_s": round(seconds), "line": f"{kind:24}{value:8.2f}{seconds:8.0f}"}


def trained(make: Any, run: Run) -> tuple[Embedding, float]:
    """A model after its training, and the CPU seconds of that."""
    cohort = SyntheticCohort([run.bags.slide(number) for number in range(run.slides)])
    start = time.process_time()
    model, objective = make(cohort, run.schedule)
    with tempfile.TemporaryDirectory() as folder:
        train(objective, run.schedule, Path(folder), identity={})
    return model, time.process_time() - start


@torch.no_grad()
def first_texts(model: Embedding, test: list[SyntheticSlide], diagnoses: Diagnoses) -> list[Any]:
    """The diagnosis whose text fits each slide best."""
    every = diagnoses.every()
    texts = model.embed_texts([diagnosis.text for diagnosis in every])
    return [every[int(scores(model, slide, texts).argmax())] for slide in test]


def scores(model: Embedding, slide: SyntheticSlide, texts: Tensor) -> Tensor:
    """How well each text fits a slide: by its best query."""
    return (model.embed_slides(collate([slide.bag]))[0] @ texts.T).amax(0)


def shown(runs: Iterable[Future[dict[str, Any]]], header: str) -> Iterable[dict[str, Any]]:
    """The rows of a table, each printed when it is there."""
    for number, run in enumerate(runs):
        row = run.result()
        if number == 0:
            print(header)
        print(row.pop("line"), flush=True)
        yield row


def header_of_shares(bags: SyntheticBags) -> str:
    """The columns of the first table."""
    shares = "".join(f"{share:8.1%}" for share in bags.lesion_shares)
    names = "".join(f"{name:>12}" for name in ATTRIBUTES if name != "relation")
    return (
        f"recall@1 by lesion share, then right on all slides/on those of {SMALL:.0%}, CPU-s\n{'':24}{shares}  {names}"
    )


def goals(by: dict[str, dict[str, Any]], bags: SyntheticBags) -> list[dict[str, Any]]:
    """What must hold, as far as it was run."""
    found = []
    if {*MODELS} <= {*by}:
        columns = {f"lesions of {share}": ("recall@1", share) for share in by[OURS[0]]["recall@1"]}
        for name, (kind, column) in columns.items():
            ours = max(by[model][kind][column] for model in OURS)
            peer = max(by[model][kind][column] for model in MODELS if model not in OURS)
            found.append({"goal": f"best at {name}", "value": ours, "target": peer, "holds": ours >= peer})
        small = f"{SMALL:.1%}"
        value = max(by[model]["recall@1"][small] for model in OURS)
        found.append({"goal": f"recall@1 at {small}", "value": value, "target": WANTED, "holds": value >= WANTED})
        # Chance of whoever knows the organ, which all tissue shows.
        chance = bags.diagnoses.organs / len(bags.diagnoses.every())
        error = (chance * (1 - chance) / (TEST_SLIDES / len(bags.lesion_shares))) ** 0.5
        value, most = by["mean-pooling + CLIP"]["recall@1"][small], round(chance + 2 * error, 3)
        found.append(
            {"goal": f"mean-pooling at {small} is at chance", "value": value, "target": most, "holds": value <= most}
        )
    if {*POSITIONS} <= {*by}:
        best = max(by[kind]["relation"] for kind in POSITIONS)
        blind = by["none"]["relation"]
        found.append({"goal": "relation with positions", "value": best, "target": SEEN, "holds": best >= SEEN})
        found.append({"goal": "relation without", "value": blind, "target": UNSEEN, "holds": blind <= UNSEEN})
    return found


if __name__ == "__main__":
    main()
