"""Stage 1 over a batch of any size in constant memory, with the gradient of the whole batch.

A first phase, without gradient, takes the vectors of all slides and texts; the contrastive loss, its gradient by these
vectors and the hard negatives follow exactly. A second phase goes through the slides again, some at a time: keys and
values once, the contrast by its known gradient (Gao et al. 2021, arXiv 2101.06983), all matching pairs of these slides,
and generation. Texts, which are small, come to the slides; patches are never held for more than some slides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pathalign.model.bags import BagBatch
from pathalign.model.describer import Describer
from pathalign.model.losses import Pairs, draw_pairs, itc_loss, itg_losses, itm_losses, slide_text_similarity
from pathalign.model.texts import TextBatch


@dataclass(frozen=True, slots=True)
class Stage1Batch:
    """Some slides of a batch, and their texts: one view for the contrast, one to match and to write."""

    bags: BagBatch
    views: Sequence[str]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.bags)


def two_phase_step(
    describer: Describer,
    batches: Sequence[Stage1Batch],
    is_positive: Bool[Tensor, "slide text"],
    generator: torch.Generator,
) -> dict[str, Float[Tensor, ""]]:
    """Add the gradient of the whole batch's losses to the weights; returns these losses.

    Equal to `Describer.stage1_losses` of the whole batch and its backward pass, to rounding, for any partition, as long
    as there is no dropout; with dropout, both phases drop the same.
    """
    aligner = describer.aligner
    seeds = [int(torch.randint(2**62, (), generator=generator)) for _ in batches]
    slides, texts = _vectors(describer, batches, seeds)
    slides.requires_grad_()
    texts.requires_grad_()
    similarity = slide_text_similarity(slides, texts)
    contrast = itc_loss(similarity, is_positive, aligner.temperature)
    contrast.backward()  # by the vectors, and by the temperature
    assert slides.grad is not None
    assert texts.grad is not None
    pairs = draw_pairs(similarity.detach(), is_positive, aligner.temperature.detach(), generator)
    every = aligner.tokenizer.encode([text for batch in batches for text in batch.texts]).to(aligner.device)
    words = sum(every.lengths) - len(every)
    matching, generation = torch.zeros((), device=aligner.device), torch.zeros((), device=aligner.device)
    for (first, stop), batch, seed in zip(_places(batches), batches, seeds, strict=True):
        own = pairs.of_slides(first, stop)
        contrasted, matched, written = _second_phase(
            describer, batch, seed, slides.grad[first:stop], texts.grad[first:stop], own, every
        )
        (contrasted + matched / len(pairs) + written / words).backward()
        matching += matched.detach() / len(pairs)
        generation += written.detach() / words
    return {"itc_loss": contrast.detach(), "itm_loss": matching, "itg_loss": generation}


@torch.no_grad()
def _vectors(
    describer: Describer, batches: Sequence[Stage1Batch], seeds: Iterable[int]
) -> tuple[Float[Tensor, "slide query projection"], Float[Tensor, "text projection"]]:
    """Vectors of all slides and texts, as the second phase will find them."""
    aligner, slides, texts = describer.aligner, [], []
    for batch, seed in zip(batches, seeds, strict=True):
        torch.manual_seed(seed)
        slides.append(aligner.embed_slides(batch.bags))
        texts.append(aligner.embed_texts(batch.views))
    return torch.cat(slides), torch.cat(texts)


def _second_phase(
    describer: Describer, batch: Stage1Batch, seed: int, by_slides: Tensor, by_texts: Tensor, pairs: Pairs,
    every: TextBatch,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:  # fmt: skip
    """What has the gradient of the contrast, and the sums of the losses of matching and of generation."""
    aligner, qformer = describer.aligner, describer.aligner.qformer
    torch.manual_seed(seed)
    memory = qformer.remember(batch.bags)
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
