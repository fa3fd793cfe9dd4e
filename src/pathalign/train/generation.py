"""PathAlign-G: stage 1 teaches the Q-Former (ITC + ITM + ITG), stage 2 joins it to a frozen language model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from pathalign.model.bags import BagBatch
from pathalign.model.describer import Describer
from pathalign.model.losses import itc_loss, slide_text_similarity
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import ALONE, Alarm, Schedule, StepRandom, World
from pathalign.train.engine.alarms import itc_stuck, itm_stuck
from pathalign.train.retrieval import BatchSampler


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
    """

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        describer, aligner = self.module, self.module.aligner
        bags, indices = self._sampler.bags(step, random, world)
        bags = bags.to(aligner.device)
        texts = self._sampler.texts(indices)
        views = world.share(self._sampler.views(indices, random))
        is_positive = self._sampler.is_positive(indices, world).to(aligner.device)
        similarity = slide_text_similarity(
            world.gather(aligner.embed_slides(bags)), world.gather(aligner.embed_texts(views))
        )
        pairs = describer.matching_pairs(similarity.detach(), is_positive, random.on(aligner.device))
        itm = self._matching(bags, texts, *pairs, world)
        itg = describer.itg_losses(bags, world.share(texts))
        return {
            "itc_loss": world.once(itc_loss(similarity, is_positive, aligner.temperature)),
            "itm_loss": world.mean(itm),
            "itg_loss": world.mean(itg),
        }

    def alarms(self) -> list[Alarm]:
        after = self._sampler.schedule.warmup_steps
        return [itc_stuck(self._sampler.contrasted, after=after), itm_stuck(after=after)]

    def _matching(
        self, bags: BagBatch, texts: list[str], slide: Tensor, text: Tensor, is_match: Tensor, world: World
    ) -> Float[Tensor, " pair"]:
        """The loss of every pair whose slide is this process's own."""
        both, own = world.together(len(texts)), world.own(len(texts))
        first, last = own.start - both.start, own.stop - both.start
        mine = (slide >= first) & (slide < last)
        ids, is_token = (x.to(slide.device) for x in self.module.aligner.tokenizer.encode(texts[both]))
        logits = self.module.matching_logits(bags, slide[mine] - first, ids, is_token, text[mine])
        return functional.cross_entropy(logits, is_match[mine].long(), reduction="none")


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
    words = describer.language_model.model.get_input_embeddings().weight
    with torch.no_grad():
        nn.init.normal_(describer.to_prompt.weight, std=float(words.std()) / describer.to_prompt.in_features**0.5)
        nn.init.zeros_(describer.to_prompt.bias)  # its default start is louder than all words, the same for any slide
