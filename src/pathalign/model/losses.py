"""The losses of BLIP-2 as pure functions of tensors; they know of no process group and run at batch size one.

Equal texts and slides of one part are positives of each other, never negatives.
"""

from __future__ import annotations

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


def itm_loss(logits: Float[Tensor, "pair 2"], is_match: Bool[Tensor, " pair"]) -> Float[Tensor, ""]:
    """Image-text matching: does this text belong to this slide?"""
    return functional.cross_entropy(logits, is_match.long())


def itg_losses(
    logits: Float[Tensor, "batch token vocab"],
    targets: Int[Tensor, "batch token"],
    is_target: Bool[Tensor, "batch token"],
) -> Float[Tensor, " target"]:
    """Image-grounded text generation: cross-entropy of every real target token (label smoothing 0.1, as in BLIP-2)."""
    return functional.cross_entropy(logits[is_target], targets[is_target], label_smoothing=0.1, reduction="none")


def itg_loss(
    logits: Float[Tensor, "batch token vocab"],
    targets: Int[Tensor, "batch token"],
    is_target: Bool[Tensor, "batch token"],
) -> Float[Tensor, ""]:
    """The mean of `itg_losses`."""
    return itg_losses(logits, targets, is_target).mean()
