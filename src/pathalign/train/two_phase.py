"""Stage 1 over a batch of any size in constant memory, with the gradient of the whole batch.

A first phase, without gradient, takes the vectors of all slides and texts; the contrastive loss, its gradient by these
vectors and the hard negatives follow exactly. A second phase goes through the slides again, some at a time: keys and
values once, the contrast by its known gradient (Gao et al. 2021, arXiv 2101.06983), all matching pairs of these slides,
and generation. Texts, which are small, come to the slides; patches are never held for more than some slides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pathalign.model.bags import BagBatch
from pathalign.model.describer import Describer
from pathalign.model.losses import Pairs, draw_pairs, itc_loss, itg_losses, itm_losses, slide_text_similarity
from pathalign.model.texts import TextBatch
from pathalign.train.engine import ALONE, World


@dataclass(frozen=True, slots=True)
class Stage1Batch:
    """Some slides of a step, and their texts: one view for the contrast, one to match and to write."""

    bags: BagBatch
    views: Sequence[str]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.bags)

    def split(self, slides: int) -> list[Stage1Batch]:
        """The same in batches of at most so many slides."""
        starts = range(0, len(self), slides)
        return [
            Stage1Batch(bags, self.views[start : start + slides], self.texts[start : start + slides])
            for start, bags in zip(starts, self.bags.split(slides), strict=True)
        ]


def two_phase_step(
    describer: Describer,
    batches: Sequence[Stage1Batch],
    *,
    texts: Sequence[str],
    is_positive: Bool[Tensor, "slide text"],
    generator: torch.Generator,
    seed_dropout: Callable[[int], None],
    world: World = ALONE,
) -> dict[str, Float[Tensor, ""]]:
    """Add this process's share of the gradient of a whole step to the weights; returns its shares of the losses.

    `batches` are the own slides; `texts` those of the step's slides of all processes, and `is_positive` is of all too.
    Equal to `Describer.stage1_losses` of the whole step and its backward pass, to rounding, for any partition. With
    dropout, both phases drop the same, since `seed_dropout` is called before each with the place in the step of a
    batch's first slide; any number of processes that divide the step into the same batches drop the same, too.
    """
    aligner = describer.aligner
    start = world.own(len(texts)).start
    places = list(_places(batches))
    starts = [start + first for first, _ in places]
    slides, read = (vectors.requires_grad_() for vectors in _vectors(describer, batches, starts, seed_dropout))
    similarity = slide_text_similarity(world.gather(slides), world.gather(read))
    contrast = world.once(itc_loss(similarity, is_positive, aligner.temperature))
    contrast.backward()  # by the vectors, and by the temperature
    assert slides.grad is not None
    assert read.grad is not None
    pairs = draw_pairs(similarity.detach(), is_positive, aligner.temperature.detach(), generator)
    every = aligner.tokenizer.encode(texts).to(aligner.device)
    words = sum(every.lengths) - len(every)
    matching, writing = torch.zeros((), device=aligner.device), torch.zeros((), device=aligner.device)
    for (first, stop), batch in zip(places, batches, strict=True):
        seed_dropout(start + first)
        contrasted, matched, written = _second_phase(
            describer, batch, slides.grad[first:stop], read.grad[first:stop],
            pairs.of_slides(start + first, start + stop), every,
        )  # fmt: skip
        (contrasted + matched / len(pairs) + written / words).backward()
        matching += matched.detach() / len(pairs)
        writing += written.detach() / words
    return {"itc_loss": contrast.detach(), "itm_loss": matching, "itg_loss": writing}


@torch.no_grad()
def _vectors(
    describer: Describer, batches: Sequence[Stage1Batch], starts: Sequence[int], seed_dropout: Callable[[int], None]
) -> tuple[Float[Tensor, "slide query projection"], Float[Tensor, "text projection"]]:
    """Vectors of the own slides and texts, as the second phase will find them."""
    aligner, slides, texts = describer.aligner, [], []
    for start, batch in zip(starts, batches, strict=True):
        seed_dropout(start)
        slides.append(aligner.embed_slides(batch.bags.to(aligner.device)))
        texts.append(aligner.embed_texts(batch.views))
    return torch.cat(slides), torch.cat(texts)


def _second_phase(
    describer: Describer, batch: Stage1Batch, by_slides: Tensor, by_texts: Tensor, pairs: Pairs, every: TextBatch
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """What has the gradient of the contrast, and the sums of the losses of matching and of generation."""
    aligner, qformer = describer.aligner, describer.aligner.qformer
    memory = qformer.remember(batch.bags.to(aligner.device))
    looked = qformer.look(memory)
    contrast = (aligner.project_slides(looked.states) * by_slides).sum()
    contrast = contrast + (aligner.embed_texts(batch.views) * by_texts).sum()
    matched = describer.match_logits(memory, pairs.slide, every.select(pairs.text))
    logits, targets = describer.next_words(
        looked, aligner.tokenizer.encode(batch.texts, generating=True).to(aligner.device)
    )
    return contrast, itm_losses(matched, pairs.is_match).sum(), itg_losses(logits, targets).sum()


def _places(batches: Iterable[Stage1Batch]) -> Iterator[tuple[int, int]]:
    """First slide of each batch and the one after its last."""
    first = 0
    for batch in batches:
        yield first, first + len(batch)
        first += len(batch)
