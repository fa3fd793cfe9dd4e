"""Visual words: what small squares of tissue look like, by the nearest of a few hundred kinds.

Bags of words (Sivic & Zisserman 2003) of texture descriptors (Varma & Zisserman 2005), with soft assignment.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

INVARIANT = 40
"""Dimensions, of a token's statistics, in which words are told apart."""


class Words(nn.Module):
    """Assigns tokens to words; nothing in it is trained by gradient."""

    to_invariant: Tensor
    centres: Tensor
    width: Tensor

    def __init__(self, statistics: int, count: int) -> None:
        super().__init__()
        self.register_buffer("to_invariant", torch.zeros(statistics, INVARIANT))
        self.register_buffer("centres", torch.zeros(count, INVARIANT))
        self.register_buffer("width", torch.ones(()))
        """Squared distance over which an assignment falls to 1/e."""

    def forward(self, statistics: Float[Tensor, "*batch token statistic"]) -> Float[Tensor, "*batch word"]:
        """The root of each word's share of the tokens: shares then differ by Hellinger's distance."""
        found = statistics @ self.to_invariant
        # |x - c|^2 but for |x|^2, which softmax does not see
        distance = self.centres.square().sum(1) - 2 * found @ self.centres.T
        return (-distance / self.width).softmax(-1).mean(-2).clamp_min(1e-12).sqrt()
