"""What slide models learn from synthetic bags with known truth, at equal steps: ours, and what others do.

    python benchmarks/learning.py [--steps N] [--slides N] [--patches LOW HIGH] [--only NAME ...]

A slide's diagnosis (organ x type x grade x focal finding: 128 of them) is in a lesion that takes 60 % to 0.3 % of its
patches, and in its text, beside facts that nothing shows. All models have the same text half, batches, schedule and
tokenizer. After training each test slide is asked which of the 128 texts fits it best: the share that is right by the
lesion's share (recall@1), and by attribute. Mean-pooling and attention-MIL (Ilse et al. 2018, gated) take one vector of
a slide; the plain BLIP-2 way is stage 1 as it is published, padded and with its own pair as the only positive. Prints
a table and writes benchmarks/out/learning.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from plain_blip2 import PlainBlip2, padded, plain_like
from torch import Tensor, nn
from torch.nn import functional
from training_cases import NoLanguageModel

from pathalign.domain.geometry import Bag
from pathalign.domain.records import Split
from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch, collate
from pathalign.model.describer import Describer
from pathalign.testing.synthetic_bags import SyntheticBags, SyntheticSlide, all_diagnoses
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import ALONE, Schedule, StepRandom, World, train
from pathalign.train.generation import Stage1Objective
from pathalign.train.recipes import tiny_generation, tiny_retrieval
from pathalign.train.retrieval import BatchSampler, ContrastiveObjective, new_aligner

OUT = Path(__file__).parent / "out" / "learning.json"
ATTRIBUTES = ("organ", "type", "grade", "finding")
TEST_SLIDES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--slides", type=int, default=1024)
    parser.add_argument("--patches", type=int, nargs=2, default=(500, 1500), metavar=("LOW", "HIGH"))
    parser.add_argument("--only", nargs="*", default=list(MODELS))
    args = parser.parse_args()
    bags = SyntheticBags(patches=tuple(args.patches))
    cohort = _SyntheticCohort([bags.slide(number) for number in range(args.slides)])
    test = [bags.slide(number, split=Split.TEST) for number in range(TEST_SLIDES)]
    schedule = replace(tiny_retrieval().schedule, steps=args.steps)
    rows = []
    for name in args.only:
        start = time.process_time()
        model, objective = MODELS[name](cohort, schedule)
        with tempfile.TemporaryDirectory() as run:
            train(objective, schedule, Path(run), identity={})
        rows.append({"model": name, **judged(model, test), "cpu_s": round(time.process_time() - start)})
        show(rows[-1], header=len(rows) == 1)
    report(rows, args)


class _SyntheticCohort(TrainingCohort):
    """Slides in memory."""

    def __init__(self, slides: list[SyntheticSlide]) -> None:
        self.texts = [slide.text for slide in slides]
        self._bags = [slide.bag for slide in slides]

    def bag(self, index: int) -> Bag:
        return self._bags[index]


class _Pooled(nn.Module):
    """An aligner whose slide half is one vector: the mean of the patches, or their mean weighted by gated attention."""

    def __init__(self, aligner: Aligner, *, by_attention: bool, hidden: int = 128) -> None:
        super().__init__()
        self.aligner = aligner
        width = aligner.qformer.config.embedding_dim
        self.lift = nn.Sequential(nn.Linear(width, hidden), nn.ReLU())
        self.content, self.gate = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1) if by_attention else None
        self.out = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, aligner.projection_dim))

    @property
    def device(self) -> torch.device:
        return self.aligner.device

    @property
    def temperature(self) -> Tensor:
        return self.aligner.temperature

    @property
    def qformer(self) -> Any:
        return self.aligner.qformer

    def embed_texts(self, texts: list[str]) -> Tensor:
        return self.aligner.embed_texts(texts)

    def embed_slides(self, bags: BagBatch) -> Tensor:
        known = self.aligner.qformer.patch_input
        patches = self.lift((bags.embeddings - known.embedding_mean) / known.embedding_std)
        pooled = []
        for own in patches.split(list(bags.lengths)):
            if self.score is None:
                pooled.append(own.mean(0))
                continue
            weight = self.score(torch.tanh(self.content(own)) * torch.sigmoid(self.gate(own))).softmax(0)
            pooled.append((weight * own).sum(0))
        return functional.normalize(self.out(torch.stack(pooled)), dim=-1)[:, None]


class _PlainObjective:
    """Stage 1 of the plain way; negatives are drawn among the other slides of the batch."""

    def __init__(self, plain: PlainBlip2, aligner: Aligner, cohort: TrainingCohort, schedule: Schedule) -> None:
        self.module, self._aligner = plain, aligner
        self._sampler = BatchSampler.feeding(aligner, cohort, schedule, BagAugmentation())

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        bags, indices = self._sampler.bags(step, random, world)
        encode = self._aligner.tokenizer.encode
        texts, views = self._sampler.texts(indices), self._sampler.views(indices, random)
        shift = 1 + torch.randint(len(texts) - 1, (2, len(texts)), generator=random.torch)
        wrong_text, wrong_slide = (torch.arange(len(texts)) + shift) % len(texts)
        bags = replace(bags, embeddings=self._aligner.qformer.patch_input(bags))
        return self.module.losses(
            bags, encode(views), encode(texts), encode(texts, generating=True), (wrong_text, wrong_slide)
        )

    def items(self, step: int) -> list[str]:
        return self._sampler.slide_ids(step)

    @property
    def waited_s(self) -> float:
        return self._sampler.waited_s


class _PlainReader(nn.Module):
    """Embeds with a plain BLIP-2 as an aligner does."""

    def __init__(self, plain: PlainBlip2, aligner: Aligner) -> None:
        super().__init__()
        self.plain, self._aligner = plain, [aligner]

    def embed_slides(self, bags: BagBatch) -> Tensor:
        found = []
        for own in self._aligner[0].qformer.patch_input(bags).split(list(bags.lengths)):
            query = self.plain._start(self.plain.query_tokens)
            patches = self.plain.patch_norm(own[None])
            seen = torch.ones(patches.shape[:2], dtype=torch.bool)
            found.append(self.plain._pass(query, None, patches, seen, query.shape[1])[0])
        return functional.normalize(self.plain.query_proj(torch.cat(found)), dim=-1)

    def embed_texts(self, texts: list[str]) -> Tensor:
        batch = self._aligner[0].tokenizer.encode(texts)
        ids, is_token = padded(batch)
        x, _ = self.plain._pass(
            self.plain._start(self.plain._words(ids)), is_token[:, None, None, :], None, None, 0
        )  # fmt: skip
        return functional.normalize(self.plain.text_proj(x[:, 0]), dim=-1)


def fresh(cohort: TrainingCohort, schedule: Schedule) -> Aligner:
    return new_aligner(cohort, tiny_retrieval().size, text_encoder=None, seed=schedule.seed)


def pathalign_r(cohort: TrainingCohort, schedule: Schedule) -> tuple[Any, Any]:
    aligner = fresh(cohort, schedule)
    return aligner, ContrastiveObjective(aligner, cohort, schedule, BagAugmentation())


def stage_1(cohort: TrainingCohort, schedule: Schedule) -> tuple[Any, Any]:
    describer = Describer(fresh(cohort, schedule), NoLanguageModel())
    return describer.aligner, Stage1Objective(
        describer, cohort, schedule, tiny_generation().augmentation, slides_at_once=8
    )


def mean_pooling(cohort: TrainingCohort, schedule: Schedule) -> tuple[Any, Any]:
    model = _Pooled(fresh(cohort, schedule), by_attention=False)
    return model, ContrastiveObjective(model, cohort, schedule, BagAugmentation())


def attention_mil(cohort: TrainingCohort, schedule: Schedule) -> tuple[Any, Any]:
    model = _Pooled(fresh(cohort, schedule), by_attention=True)
    return model, ContrastiveObjective(model, cohort, schedule, BagAugmentation())


def plain_way(cohort: TrainingCohort, schedule: Schedule) -> tuple[Any, Any]:
    aligner = fresh(cohort, schedule)
    plain = plain_like(Describer(aligner, NoLanguageModel()))
    return _PlainReader(plain, aligner), _PlainObjective(plain, aligner, cohort, schedule)


MODELS = {
    "PathAlign-R": pathalign_r, "PathAlign-G, stage 1": stage_1, "plain BLIP-2": plain_way,
    "attention-MIL + CLIP": attention_mil, "mean-pooling + CLIP": mean_pooling,
}  # fmt: skip


@torch.no_grad()
def judged(model: Any, test: list[SyntheticSlide]) -> dict[str, Any]:
    """Shares that are right: of whole diagnoses by lesion share, and of attributes over all slides and the 1 % ones."""
    model.eval()
    diagnoses = all_diagnoses()
    texts = model.embed_texts([diagnosis.text for diagnosis in diagnoses])
    best = []
    for slide in test:
        scores = (model.embed_slides(collate([slide.bag]))[0] @ texts.T).amax(0)
        best.append(diagnoses[int(scores.argmax())])
    shares = sorted({slide.lesion_share for slide in test}, reverse=True)
    recall = {
        f"{share:.1%}": float(
            np.mean([b == s.diagnosis for b, s in zip(best, test, strict=True) if s.lesion_share == share])
        )
        for share in shares
    }
    found: dict[str, Any] = {"recall@1": recall}
    for attribute in ATTRIBUTES:
        right = [getattr(b, attribute) == getattr(s.diagnosis, attribute) for b, s in zip(best, test, strict=True)]
        small = [r for r, s in zip(right, test, strict=True) if s.lesion_share == 0.01]
        found[attribute] = {"all": float(np.mean(right)), "1 %": float(np.mean(small))}
    return found


def show(row: dict[str, Any], *, header: bool) -> None:
    shares, attributes = row["recall@1"], {name: row[name] for name in ATTRIBUTES}
    if header:
        print(f"{'':24}" + "".join(f"{share:>8}" for share in shares) + "  |  right at 1 %: " + ", ".join(ATTRIBUTES))
    values = "".join(f"{value:8.2f}" for value in shares.values())
    print(f"{row['model']:24}{values}  |  " + "  ".join(f"{a['1 %']:.2f}" for a in attributes.values())
          + f"  ({row['cpu_s']} CPU-s)", flush=True)  # fmt: skip


def report(rows: list[dict[str, Any]], args: argparse.Namespace) -> None:
    """Goals; everything goes to a file."""
    by = {row["model"]: row for row in rows}
    goals = []
    ours, others = (
        ("PathAlign-R", "PathAlign-G, stage 1"),
        ("plain BLIP-2", "attention-MIL + CLIP", "mean-pooling + CLIP"),
    )
    if all(name in by for name in (*ours, *others)):
        for share in by[ours[0]]["recall@1"]:
            best = max(by[name]["recall@1"][share] for name in ours)
            peer = max(by[name]["recall@1"][share] for name in others)
            goals.append(
                {"goal": f"best at a lesion share of {share}", "value": best, "target": peer, "holds": best >= peer}
            )
        small = max(by[name]["recall@1"]["1.0%"] for name in ours)
        goals.append({"goal": "recall@1 at 1 %", "value": small, "target": 0.9, "holds": small >= 0.9})
    for goal in goals:
        print(f"{'holds' if goal['holds'] else 'FAILS':6} {goal['goal']}: {goal['value']:.2f} ({goal['target']:.2f})")
    OUT.parent.mkdir(exist_ok=True)
    run = f"{args.steps} steps, {args.slides} slides of {args.patches[0]} to {args.patches[1]} patches"
    machine = f"{platform.machine()}, torch {torch.__version__}, {run}"
    OUT.write_text(json.dumps({"name": "learning", "machine": machine, "rows": rows, "goals": goals}, indent=2))


if __name__ == "__main__":
    main()
