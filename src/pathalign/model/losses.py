"""The losses of BLIP-2 as pure functions of tensors; they know of no process group and run at batch size one.

Equal texts and slides of one part are positives of each other, never negatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional


def slide_text_similarity(
    slides: Float[Tensor, "slide query dim"], texts: Float[Tensor, "text dim"]
) -> Float[Tensor, "slide text"]:
    """Cosine of the best-fitting query; both inputs have unit length."""
    return torch.einsum("sqd,td->sqt", slides, texts).amax(1)


def itc_loss(
    similarity: Float[Tensor, "slide text"],
    is_positive: Bool[Tensor, "slide text"],
    temperature: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """Image-text contrastive loss, mean of both directions, with several positives.

    The target spreads evenly over the positives of a row; with one positive each it is InfoNCE.
    """
    logits = similarity / temperature
    to_text = is_positive / is_positive.sum(1, keepdim=True)
    to_slide = (is_positive / is_positive.sum(0, keepdim=True)).T
    return (functional.cross_entropy(logits, to_text) + functional.cross_entropy(logits.T, to_slide)) / 2


def sigmoid_loss(
    similarity: Float[Tensor, "slide text"],
    is_positive: Bool[Tensor, "slide text"],
    temperature: Float[Tensor, ""],
    bias: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """Whether each pair is one, on its own (SigLIP: Zhai et al. 2023, arXiv 2303.15343); summed over texts, per slide.

    `bias` is learned and starts near -10, for nearly all pairs are none.
    """
    sign = is_positive.to(similarity.dtype) * 2 - 1
    return -functional.logsigmoid(sign * (similarity / temperature + bias)).sum(1).mean()


def draw_hard_negatives(
    similarity: Float[Tensor, "row column"],
    is_positive: Bool[Tensor, "row column"],
    temperature: Float[Tensor, ""],
    generator: torch.Generator,
) -> tuple[Int[Tensor, " drawn"], Int[Tensor, " drawn"]]:
    """One negative column for each row, drawn in proportion to its softmaxed similarity, never a positive.

    Returns the rows that have a negative at all, and the column drawn for each.
    """
    has_negative = (~is_positive).any(1)
    rows = has_negative.nonzero()[:, 0]
    if not len(rows):
        return rows, rows
    logits = (similarity / temperature).masked_fill(is_positive, -torch.inf)[rows]
    return rows, torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Slides and texts that are to be told whether they belong together."""

    slide: Int[Tensor, " pair"]
    text: Int[Tensor, " pair"]
    is_match: Bool[Tensor, " pair"]

    def of_slides(self, first: int, stop: int) -> Pairs:
        """The pairs of the slides from `first` until before `stop`, which count from 0 in them."""
        own = (self.slide >= first) & (self.slide < stop)
        return Pairs(self.slide[own] - first, self.text[own], self.is_match[own])

    def __len__(self) -> int:
        return len(self.slide)


def draw_pairs(
    similarity: Float[Tensor, "slide text"],
    is_positive: Bool[Tensor, "slide text"],
    temperature: Float[Tensor, ""],
    generator: torch.Generator,
) -> Pairs:
    """Each slide with its own text and a hard wrong text, and each text with a hard wrong slide, where there is one."""
    slides = torch.arange(len(similarity), device=similarity.device)
    with_negative, wrong_texts = draw_hard_negatives(similarity, is_positive, temperature, generator)
    of_text, wrong_slides = draw_hard_negatives(similarity.T, is_positive.T, temperature, generator)
    slide, text = torch.cat([slides, with_negative, wrong_slides]), torch.cat([slides, wrong_texts, of_text])
    return Pairs(slide, text, torch.arange(len(slide), device=slide.device) < len(slides))


def itm_losses(logits: Float[Tensor, "pair 2"], is_match: Bool[Tensor, " pair"]) -> Float[Tensor, " pair"]:
    """Image-text matching of each pair: does this text belong to this slide?"""
    return functional.cross_entropy(logits, is_match.long(), reduction="none")


def itg_losses(logits: Float[Tensor, "token vocab"], targets: Int[Tensor, " token"]) -> Float[Tensor, " token"]:
    """Image-grounded text generation: cross-entropy of each target token (label smoothing 0.1, as in BLIP-2)."""
    return functional.cross_entropy(logits, targets, label_smoothing=0.1, reduction="none")
