"""The models of `learning`: ours, and what others do, with text halves of one size.

Mean-pooling and attention-MIL (Ilse et al. 2018, arXiv 1802.04712, gated) make one vector of a slide and are trained by
the contrastive loss with our positives. The plain BLIP-2 way is stage 1 as it is published: padded, without positions,
its own pair as the only positive, a text's first token as its vector (the others take the mean). All are given
embeddings that are standardised as ours are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from plain_blip2 import PlainBlip2, plain_like
from torch import Tensor, nn
from torch.nn import functional
from training_cases import NoLanguageModel

from pathalign.domain.geometry import Bag
from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch
from pathalign.model.describer import Describer
from pathalign.model.qformer import Positions
from pathalign.testing.synthetic_bags import SyntheticSlide
from pathalign.train.cohort import TrainingCohort
from pathalign.train.engine import ALONE, Objective, Schedule, StepRandom, World
from pathalign.train.generation import Stage1Objective
from pathalign.train.recipes import tiny_retrieval
from pathalign.train.retrieval import BatchSampler, ContrastiveObjective, new_aligner

AT_ONCE = 16
"""Slides of the second phase that are in memory at a time."""
HIDDEN = 128
GAIN = 3.0
"""Of our cross-attention; BLIP-2 has none."""
NEIGHBOURHOOD_UM = 672.0
"""Three by three patches of the synthetic slides."""
AUGMENTATION = replace(tiny_retrieval().augmentation, noise=0.0)
"""Without noise, and models without dropout (below): both drown what is small before it is found."""


class SyntheticCohort(TrainingCohort):
    """Slides in memory."""

    def __init__(self, slides: Sequence[SyntheticSlide]) -> None:
        self.texts = [slide.text for slide in slides]
        self._bags = [slide.bag for slide in slides]

    def bag(self, index: int) -> Bag:
        """The bag of a slide."""
        return self._bags[index]


class Embedding(Protocol):
    """What is asked after training: unit vectors."""

    def embed_slides(self, bags: BagBatch) -> Tensor:
        """Of each slide, one or several."""

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Of each text."""


class Pooling(Aligner):
    """An aligner whose slides are one vector: the mean of the patches, or their mean weighted by gated attention."""

    def __init__(self, like: Aligner, *, by_attention: bool) -> None:
        super().__init__(like.qformer.config, like.tokenizer, projection_dim=like.projection_dim)
        self.load_state_dict(like.state_dict())
        self.lift = nn.Sequential(nn.Linear(like.qformer.config.patch_width, HIDDEN), nn.ReLU())
        self.content, self.gate = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.score = nn.Linear(HIDDEN, 1) if by_attention else None
        self.out = nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, like.projection_dim))

    def embed_slides(self, bags: BagBatch, patch_bias: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """One unit vector per slide."""
        pooled = [self._pooled(own) for own in self.lift(self.qformer.patch_input(bags)).split(list(bags.lengths))]
        return functional.normalize(self.out(torch.stack(pooled)), dim=-1)[:, None]

    def _pooled(self, patches: Tensor) -> Tensor:
        if self.score is None:
            return patches.mean(0)
        weight = self.score(torch.tanh(self.content(patches)) * torch.sigmoid(self.gate(patches))).softmax(0)
        return (weight * patches).sum(0)


class PlainEmbedding(nn.Module):
    """A plain BLIP-2 with the tokenizer and the standardisation of an aligner."""

    def __init__(self, aligner: Aligner) -> None:
        super().__init__()
        self.plain: PlainBlip2 = plain_like(Describer(aligner, NoLanguageModel()))
        self._aligner = [aligner]  # in a list: no part of the module

    @property
    def aligner(self) -> Aligner:
        """Whose tokenizer it is."""
        return self._aligner[0]

    def standardised(self, bags: BagBatch) -> BagBatch:
        """The bags as the plain model takes them."""
        return replace(bags, embeddings=self.aligner.qformer.patch_input(bags))

    def embed_slides(self, bags: BagBatch) -> Tensor:
        """A unit vector for each slide and query."""
        return self.plain.embed_slides(self.standardised(bags))

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """A unit vector for each text."""
        return self.plain.read(self.aligner.tokenizer.encode(texts))


class PlainObjective:
    """Stage 1 of the plain way, with hard negatives."""

    def __init__(self, module: PlainEmbedding, cohort: TrainingCohort, schedule: Schedule) -> None:
        self.module = module
        self._sampler = BatchSampler.feeding(module.aligner, cohort, schedule, AUGMENTATION)

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """The three parts."""
        bags, indices = self._sampler.bags(step, random, world)
        texts, views = self._sampler.texts(indices), self._sampler.views(indices, random)
        encode = self.module.aligner.tokenizer.encode
        return self.module.plain.losses(
            self.module.standardised(bags), encode(views), encode(texts), encode(texts, generating=True), random.torch
        )


Made = tuple[Embedding, Objective]


def pathalign_r(
    cohort: TrainingCohort, schedule: Schedule, *, positions: Positions = "fourier", neighbourhood_um: float = 0.0
) -> Made:
    """PathAlign-R."""
    aligner = _fresh(cohort, schedule, positions, neighbourhood_um=neighbourhood_um)
    return aligner, ContrastiveObjective(aligner, cohort, schedule, AUGMENTATION)


def stage_1(cohort: TrainingCohort, schedule: Schedule) -> Made:
    """PathAlign-G's stage 1, in two phases."""
    describer = Describer(_fresh(cohort, schedule, "fourier"), NoLanguageModel())
    objective = Stage1Objective(describer, cohort, schedule, AUGMENTATION, slides_at_once=AT_ONCE)
    return describer.aligner, objective


def pooling(cohort: TrainingCohort, schedule: Schedule, *, by_attention: bool) -> Made:
    """Mean-pooling or attention-MIL."""
    model = Pooling(_fresh(cohort, schedule, "none"), by_attention=by_attention)
    return model, ContrastiveObjective(model, cohort, schedule, AUGMENTATION)


def plain_way(cohort: TrainingCohort, schedule: Schedule) -> Made:
    """BLIP-2 as it is published."""
    model = PlainEmbedding(_fresh(cohort, schedule, "none", gain=1.0))
    return model, PlainObjective(model, cohort, schedule)


def _fresh(
    cohort: TrainingCohort, schedule: Schedule, positions: Positions, *, gain: float = GAIN,
    neighbourhood_um: float = 0.0,
) -> Aligner:  # fmt: skip
    size = replace(
        tiny_retrieval().size, positions=positions, neighbourhood_um=neighbourhood_um, cross_attention_gain=gain,
        text_pooling="mean", dropout=0.0,
    )  # fmt: skip
    return new_aligner(cohort, size, text_encoder=None, seed=schedule.seed)


OURS = ("PathAlign-R", "PathAlign-G, stage 1")
MODELS: dict[str, Callable[..., Any]] = {
    "PathAlign-R": pathalign_r,
    "PathAlign-G, stage 1": stage_1,
    "plain BLIP-2": plain_way,
    "attention-MIL + CLIP": lambda *given: pooling(*given, by_attention=True),
    "mean-pooling + CLIP": lambda *given: pooling(*given, by_attention=False),
}
POSITIONS: dict[str, dict[str, Any]] = {
    "none": {"positions": "none"},
    "sinusoidal": {"positions": "sinusoidal"},
    "fourier": {"positions": "fourier"},
    "fourier, neighbourhood": {"positions": "fourier", "neighbourhood_um": NEIGHBOURHOOD_UM},
    "neighbourhood": {"positions": "none", "neighbourhood_um": NEIGHBOURHOOD_UM},
}
"""Ways to tell the Q-Former where patches lie."""
