"""PathAlign-G: stage 1 teaches the Q-Former (ITC + ITM + ITG), stage 2 joins it to a frozen language model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from pathalign.model.describer import Describer
from pathalign.model.losses import draw_pairs, itc_loss, itg_losses, itm_losses, slide_text_similarity
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import ALONE, Alarm, Schedule, StepRandom, World
from pathalign.train.engine.alarms import itc_stuck, itm_stuck
from pathalign.train.retrieval import BatchSampler
from pathalign.train.two_phase import Stage1Batch, two_phase_step


class _StageObjective:
    """What both stages share: a describer, and slides to train it on."""

    def __init__(
        self, describer: Describer, cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation
    ) -> None:
        self.module = describer
        self._sampler = BatchSampler.feeding(describer.aligner, cohort, schedule, augmentation)

    def items(self, step: int) -> list[str]:
        return self._sampler.slide_ids(step)

    @property
    def waited_s(self) -> float:
        return self._sampler.waited_s


class Stage1Objective(_StageObjective):
    """ITC over views of the texts, ITM and ITG over what the slide can show.

    Features and texts go to all processes, slides to none: a pair of ITM belongs to the process that has its slide.
    With `slides_at_once` the gradient of a step is added by so many slides at a time (`two_phase`): the same gradient,
    in memory that does not grow with the batch. Dropout then follows from seed, step and the place of these slides, so
    processes whose shares are multiples of `slides_at_once` drop what one process would have dropped.
    """

    def __init__(
        self,
        describer: Describer,
        cohort: TrainingCohort,
        schedule: Schedule,
        augmentation: BagAugmentation,
        slides_at_once: int | None = None,
    ) -> None:
        super().__init__(describer, cohort, schedule, augmentation)
        if slides_at_once is not None and (slides_at_once < 1 or schedule.accumulate > 1):
            raise ValueError(
                f"slides_at_once must be at least 1 and takes the place of accumulate, got {slides_at_once} and "
                f"{schedule.accumulate}."
            )
        self._slides_at_once = slides_at_once

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        describer, aligner = self.module, self.module.aligner
        bags, indices = self._sampler.bags(step, random, world)
        texts = self._sampler.texts(indices)
        views = world.share(self._sampler.views(indices, random))
        is_positive = self._sampler.is_positive(indices, world).to(aligner.device)
        if self._slides_at_once is not None:
            return two_phase_step(
                describer, Stage1Batch(bags, views, world.share(texts)).split(self._slides_at_once), texts=texts,
                is_positive=is_positive, generator=random.on(aligner.device), world=world,
                seed_dropout=random.seed_dropout_from,
            )  # fmt: skip
        memory = aligner.qformer.remember(bags.to(aligner.device))
        looked = aligner.qformer.look(memory)
        similarity = slide_text_similarity(
            world.gather(aligner.project_slides(looked.states)), world.gather(aligner.embed_texts(views))
        )
        temperature = aligner.temperature
        pairs = draw_pairs(similarity.detach(), is_positive, temperature.detach(), random.on(aligner.device))
        both, own = world.together(len(texts)), world.own(len(texts))
        mine = pairs.of_slides(own.start - both.start, own.stop - both.start)
        near = aligner.tokenizer.encode(texts[both]).to(aligner.device)
        written = aligner.tokenizer.encode(world.share(texts), generating=True).to(aligner.device)
        matched = describer.match_logits(memory, mine.slide, near.select(mine.text))
        return {
            "itc_loss": world.once(itc_loss(similarity, is_positive, temperature)),
            "itm_loss": world.mean(itm_losses(matched, mine.is_match)),
            "itg_loss": world.mean(itg_losses(*describer.next_words(looked, written))),
        }

    def alarms(self) -> list[Alarm]:
        after = self._sampler.schedule.warmup_steps
        return [itc_stuck(self._sampler.contrasted, after=after), itm_stuck(after=after)]


class Stage2Objective(_StageObjective):
    """Likelihood of the generation text under the frozen language model, given the queries as a soft prompt."""

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        bags, indices = self._sampler.bags(step, random, world)
        texts = world.share(self._sampler.texts(indices))
        prompt = self.module.prompt(bags.to(self.module.aligner.device))
        log_p, is_token = self.module.language_model.log_likelihood(prompt, texts)
        return {"generation_loss": world.mean(-log_p[is_token])}


def scale_prompt(describer: Describer) -> None:
    """Let the soft prompt start as large as the language model's own word embeddings are.

    A prompt of another size is either not heard or deafening, and stage 2 spends its first half on nothing else.
    """
    deviation = describer.language_model.word_deviation
    with torch.no_grad():
        nn.init.normal_(describer.to_prompt.weight, std=deviation / describer.to_prompt.in_features**0.5)
        nn.init.zeros_(describer.to_prompt.bias)  # its default start is louder than all words, the same for any slide
