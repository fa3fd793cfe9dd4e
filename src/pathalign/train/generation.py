"""PathAlign-G: stage 1 teaches the Q-Former (ITC + ITM + ITG), stage 2 joins it to a frozen language model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from pathalign.model.describer import Describer
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import Schedule, StepRandom
from pathalign.train.retrieval import BatchSampler
from pathalign.train.text_views import text_view


class Stage1Objective:
    """ITC over views of the texts, ITM and ITG over what the slide can show."""

    def __init__(
        self, describer: Describer, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation
    ) -> None:
        self.module = describer
        self._sampler = BatchSampler.feeding(describer.aligner, cohort, schedule, augmentation)

    def losses(self, step: int, random: StepRandom) -> Mapping[str, Tensor]:
        bags, indices = self._sampler.bags(step, random)
        cohort = self._sampler.cohort
        texts = [cohort.texts[i].generation_text for i in indices]
        views = [text_view(cohort.texts[i], random.numpy) for i in indices]
        return self.module.stage1_losses(bags, views, texts, cohort.is_positive(indices), random.torch)


class Stage2Objective:
    """Likelihood of the generation text under the frozen language model, given the queries as a soft prompt."""

    def __init__(
        self, describer: Describer, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation
    ) -> None:
        self.module = describer
        self._sampler = BatchSampler.feeding(describer.aligner, cohort, schedule, augmentation)

    def losses(self, step: int, random: StepRandom) -> Mapping[str, Tensor]:
        bags, indices = self._sampler.bags(step, random)
        texts = [self._sampler.cohort.texts[i].generation_text for i in indices]
        return {"generation_loss": self.module.generation_loss(bags, texts)}


def scale_prompt(describer: Describer) -> None:
    """Let the soft prompt start as large as the language model's own word embeddings are.

    A prompt of another size is either not heard or deafening, and stage 2 spends its first half on nothing else.
    """
    words = describer.language_model.model.get_input_embeddings().weight
    with torch.no_grad():
        nn.init.normal_(describer.to_prompt.weight, std=float(words.std()) / describer.to_prompt.in_features**0.5)
        nn.init.zeros_(describer.to_prompt.bias)  # its default start is louder than all words, the same for any slide
