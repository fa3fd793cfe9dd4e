"""From the tokens of a patch to its embedding: what the authors of the public encoders pool, by the name of it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Pool = Callable[[Float[Tensor, "batch token dim"], int], Float[Tensor, "batch embedding"]]
"""Tokens, and how many of them (class token, registers) come before those of the image, to embeddings."""


def class_token(tokens: Float[Tensor, "batch token dim"], _: int) -> Float[Tensor, "batch dim"]:
    """The first."""
    return tokens[:, 0]


def mean_of_patches(tokens: Float[Tensor, "batch token dim"], prefix: int) -> Float[Tensor, "batch dim"]:
    """The mean of those of the image."""
    return tokens[:, prefix:].mean(1)


def class_and_mean(tokens: Float[Tensor, "batch token dim"], prefix: int) -> Float[Tensor, "batch 2*dim"]:
    """Both side by side; registers are left out."""
    return torch.cat([tokens[:, 0], tokens[:, prefix:].mean(1)], dim=1)


POOLINGS: dict[str, Pool] = {
    "class token": class_token,
    "mean of patch tokens": mean_of_patches,
    "class token and mean of patch tokens": class_and_mean,
}
ATTENTION = "attentional pooler"
"""The pooling that has weights of its own: `AttentionalPooler`."""


class AttentionalPooler(nn.Module):
    """One learned query that attends to all tokens, the class token among them, as CoCa's and CONCH's contrastive one.

    (Yu et al. 2022; Lu et al. 2024.) Widths may differ: `token_dim` of the tokens, `dim` of the embedding.
    """

    def __init__(self, token_dim: int, dim: int, heads: int = 8, *, bias: bool, eps: float = 1e-5) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Parameter(torch.zeros(1, dim))
        self.ln_q = nn.LayerNorm(dim, eps=eps)
        self.ln_k = nn.LayerNorm(token_dim, eps=eps)
        self.to_q = nn.Linear(dim, dim, bias=bias)
        self.to_kv = nn.Linear(token_dim, 2 * dim, bias=bias)
        self.to_out = nn.Linear(dim, dim, bias=bias)
        self.norm = nn.LayerNorm(dim, eps=eps)

    def forward(self, tokens: Float[Tensor, "batch token token_dim"]) -> Float[Tensor, "batch dim"]:
        query = self.to_q(self.ln_q(self.query)).unflatten(-1, (self.heads, -1)).transpose(0, 1)  # head, 1, width
        keys, values = self.to_kv(self.ln_k(tokens)).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query = query.expand(tokens.shape[0], -1, -1, -1)  # not len(): an export would take it for a constant
        pooled = functional.scaled_dot_product_attention(query, keys, values)  # batch, head, 1, width
        return self.norm(self.to_out(pooled.transpose(1, 2).flatten(2)[:, 0]))
