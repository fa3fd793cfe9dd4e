"""PathAlign-R: the Q-Former and the text encoder, trained with ITC alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch, collate
from pathalign.model.hub import TextTokenizer, load_text_encoder, train_word_tokenizer
from pathalign.model.losses import itc_loss, slide_text_similarity
from pathalign.model.qformer import QFormerConfig
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import Schedule, StepRandom, batch_at
from pathalign.train.recipes import QFormerSize
from pathalign.train.text_views import text_view


def new_aligner(cohort: TrainingCohort, size: QFormerSize, *, text_encoder: str | None, seed: int) -> Aligner:
    """An untrained aligner that fits a cohort's embeddings.

    Its text half starts from a BERT when `text_encoder` names one (size and tokenizer are then that BERT's), else from
    nothing, with a tokenizer trained on the cohort's texts.
    """
    torch.manual_seed(seed)
    config: dict[str, Any] = {
        "embedding_dim": cohort.bag(0).embeddings.shape[1], "dim": size.dim, "layers": size.layers, "heads": size.heads,
        "ffn_dim": size.ffn_dim, "num_query_tokens": size.num_query_tokens, "dropout": size.dropout,
        "max_text_tokens": size.max_text_tokens,
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

    def losses(self, step: int, random: StepRandom) -> Mapping[str, Tensor]:
        bags, indices = self._sampler.bags(step, random)
        texts = [text_view(self._sampler.cohort.texts[i], random.numpy) for i in indices]
        similarity = slide_text_similarity(self.module.embed_slides(bags), self.module.embed_texts(texts))
        return {"itc_loss": itc_loss(similarity, self._sampler.cohort.is_positive(indices), self.module.temperature)}


class BatchSampler:
    """The slides of a step, augmented."""

    def __init__(
        self, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation, std: np.ndarray
    ) -> None:
        self.cohort = cohort
        self._batch = min(schedule.batch, len(cohort))
        self._seed = schedule.seed
        self._augmentation = augmentation
        self._std = std

    @classmethod
    def feeding(
        cls, aligner: Aligner, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation
    ) -> BatchSampler:
        """A sampler whose noise is in the deviations by which the aligner standardises."""
        return cls(cohort, schedule, augmentation, aligner.qformer.patch_input.embedding_std.numpy())

    def bags(self, step: int, random: StepRandom) -> tuple[BagBatch, list[int]]:
        """The padded bags of a step and the cohort's indices of their slides."""
        indices = batch_at(step, items=len(self.cohort), batch=self._batch, seed=self._seed).tolist()
        bags = [self.cohort.augmented(i, self._augmentation, self._std, random.numpy) for i in indices]
        return collate(bags), indices


def _start_from(aligner: Aligner, weights: dict[str, Tensor]) -> None:
    """Load a BERT's weights; the words that we added to its vocabulary keep their random start."""
    if not weights:
        return
    words = weights.pop("word_embeddings.weight")
    with torch.no_grad():
        aligner.qformer.word_embeddings.weight[: len(words)] = words
    unknown = aligner.qformer.load_state_dict(weights, strict=False).unexpected_keys
    assert not unknown, f"BERT weights without a place in the Q-Former: {unknown[:3]}"
