"""PathAlign-R: the Q-Former and the text encoder, trained with ITC alone."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pathalign.domain.geometry import Bag
from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch, collate
from pathalign.model.hub import TextTokenizer, load_text_encoder, train_word_tokenizer
from pathalign.model.losses import itc_loss, slide_text_similarity
from pathalign.model.qformer import QFormerConfig
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import ALONE, Alarm, Schedule, StepRandom, World, batch_at
from pathalign.train.engine.alarms import itc_stuck
from pathalign.train.engine.loading import Ahead
from pathalign.train.recipes import QFormerSize
from pathalign.train.text_views import text_view

BAG, TEXT = 0, 1
"""Streams of an item's random numbers."""
READERS = 4
"""Threads that read the slides of the next step: disks answer several at once. What they read does not depend on it."""


def new_aligner(cohort: TrainingCohort, size: QFormerSize, *, text_encoder: str | None, seed: int) -> Aligner:
    """An untrained aligner that fits a cohort's embeddings.

    Its text half starts from a BERT when `text_encoder` names one (size and tokenizer are then that BERT's), else from
    nothing, with a tokenizer trained on the cohort's texts.
    """
    torch.manual_seed(seed)
    config: dict[str, Any] = {
        "embedding_dim": cohort.bag(0).embeddings.shape[1], "dim": size.dim, "layers": size.layers, "heads": size.heads,
        "ffn_dim": size.ffn_dim, "num_query_tokens": size.num_query_tokens, "dropout": size.dropout,
        "max_text_tokens": size.max_text_tokens, "positions": size.positions,
        "neighbourhood_um": size.neighbourhood_um, "cross_attention_gain": size.cross_attention_gain,
        "text_pooling": size.text_pooling,
    }  # fmt: skip
    weights: dict[str, Tensor] = {}
    if text_encoder:
        bert, weights, raw = load_text_encoder(text_encoder)
        config |= bert
    else:
        texts = [view for text in cohort.texts for view in (text.retrieval_text, text.generation_text)]
        raw = train_word_tokenizer(texts, vocab=size.vocab)
    tokenizer = TextTokenizer(raw, min(size.max_text_tokens, config["max_text_tokens"]))
    aligner = Aligner(QFormerConfig(vocab=len(tokenizer), **config), tokenizer, projection_dim=size.projection_dim)
    _start_from(aligner, weights)
    aligner.qformer.patch_input.standardise_by(*cohort.statistics())
    return aligner


class ContrastiveObjective:
    """ITC on a batch of slides, each with a view of its text."""

    def __init__(
        self, aligner: Aligner, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation
    ) -> None:
        self.module = aligner
        self._sampler = BatchSampler.feeding(aligner, cohort, schedule, augmentation)

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        bags, indices = self._sampler.bags(step, random, world)
        bags = bags.to(self.module.device)
        views = world.share(self._sampler.views(indices, random))
        slides, texts = world.gather(self.module.embed_slides(bags)), world.gather(self.module.embed_texts(views))
        is_positive = self._sampler.is_positive(indices, world).to(self.module.device)
        similarity = slide_text_similarity(slides, texts)
        return {"itc_loss": world.once(itc_loss(similarity, is_positive, self.module.temperature))}

    def items(self, step: int) -> list[str]:
        return self._sampler.slide_ids(step)

    @property
    def waited_s(self) -> float:
        return self._sampler.waited_s

    def alarms(self) -> list[Alarm]:
        return [itc_stuck(self._sampler.contrasted, after=self._sampler.schedule.warmup_steps)]


class BatchSampler:
    """The slides of a step, augmented.

    What is drawn for a slide follows from seed, step and its place in the step, so it is the same for any number of
    processes.
    """

    def __init__(
        self, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation, std: np.ndarray
    ) -> None:
        self.cohort, self.schedule = cohort, schedule
        self._batch = min(schedule.batch, len(cohort))
        self._augmentation = augmentation
        self._std = std
        self._ahead = Ahead(self._load, steps=schedule.steps)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reading")

    @classmethod
    def feeding(
        cls, aligner: Aligner, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation
    ) -> BatchSampler:
        """A sampler whose noise is in the deviations by which the aligner standardises."""
        return cls(cohort, schedule, augmentation, aligner.qformer.patch_input.embedding_std.cpu().numpy())

    @property
    def waited_s(self) -> float:
        """Seconds spent waiting for bags."""
        return self._ahead.waited_s

    @property
    def contrasted(self) -> int:
        """Slides that are told apart at once: those of a micro-batch."""
        return self._batch // self.schedule.accumulate

    def bags(self, step: int, random: StepRandom, world: World = ALONE) -> tuple[BagBatch, list[int]]:
        """The padded bags of this process's share of a step, and the cohort's indices of all slides of the step."""
        assert random.seed == self.schedule.seed, "bags are drawn ahead of their step, from the schedule's seed"
        return self._ahead.take(step, world), self._indices(step)

    def views(self, indices: list[int], random: StepRandom) -> list[str]:
        """A view of the text of each slide of a step."""
        return [text_view(self.cohort.texts[i], random.item(place, TEXT)) for place, i in enumerate(indices)]

    def texts(self, indices: list[int]) -> list[str]:
        """The generation text of each slide of a step."""
        return [self.cohort.texts[i].generation_text for i in indices]

    def is_positive(self, indices: list[int], world: World) -> Tensor:
        """Which texts fit which slides, of the items that `world.gather` brings together."""
        return self.cohort.is_positive(indices[world.together(len(indices))])

    def slide_ids(self, step: int) -> list[str]:
        """The slides of a step."""
        return [self.cohort.texts[i].slide_id for i in self._indices(step)]

    def _indices(self, step: int) -> list[int]:
        found = batch_at(step, items=len(self.cohort), batch=self._batch, seed=self.schedule.seed)
        return [int(i) for i in found]

    def _load(self, step: int, world: World) -> BagBatch:
        random = StepRandom.at(self.schedule.seed, step)
        own = world.share(list(enumerate(self._indices(step))))
        batch = collate(list(self._readers.map(lambda item: self._read(item[0], item[1], random), own)))
        return batch.pinned() if world.device.type == "cuda" else batch

    def _read(self, place: int, index: int, random: StepRandom) -> Bag:
        return self.cohort.augmented(index, self._augmentation, self._std, random.item(place, BAG))


def _start_from(aligner: Aligner, weights: dict[str, Tensor]) -> None:
    """Load a BERT's weights; the words that we added to its vocabulary keep their random start."""
    if not weights:
        return
    words = weights.pop("word_embeddings.weight")
    with torch.no_grad():
        aligner.qformer.word_embeddings.weight[: len(words)] = words
    unknown = aligner.qformer.load_state_dict(weights, strict=False).unexpected_keys
    assert not unknown, f"BERT weights without a place in the Q-Former: {unknown[:3]}"
