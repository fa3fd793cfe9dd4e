"""The Q-Former (BLIP-2: Li et al. 2023, arXiv 2301.12597), over the patch embeddings of a slide.

A BERT whose layers serve two kinds of tokens: learned queries, which also attend to patches in every second layer, and
text. They share self-attention, so the mask decides what the model does: apart (contrastive), both ways (matching), or
text after queries and causal (generation).

Shapes: batch patch query token dim heads. Post-norm and GELU as in BERT, so BERT's weights load into the text half.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from pathalign.model.bags import BagBatch


@dataclass(frozen=True, kw_only=True, slots=True)
class QFormerConfig:
    """Size of a Q-Former. The defaults are the paper's: bert-base, 32 queries, every second layer sees patches."""

    embedding_dim: int = 384
    """Width of the patch embeddings."""
    vocab: int = 30523
    dim: int = 768
    layers: int = 12
    heads: int = 12
    ffn_dim: int = 3072
    num_query_tokens: int = 32
    cross_attention_every: int = 2
    max_text_tokens: int = 512
    dropout: float = 0.1
    positions: bool = True
    """Whether the model is told where each patch lies."""

    def __post_init__(self) -> None:
        if self.dim % self.heads or self.dim % 4:
            raise ValueError(f"dim must be a multiple of heads and of 4, got {self.dim} and {self.heads} heads.")
        if self.num_query_tokens < 1 or self.layers < 1 or self.cross_attention_every < 1:
            raise ValueError("num_query_tokens, layers and cross_attention_every must be at least 1.")

    def as_json(self) -> dict[str, Any]:
        """The configuration as `config.json` stores it."""
        return asdict(self)


class PatchInput(nn.Module):
    """Patch embeddings and their places, in micrometres, to what the queries attend to.

    Embeddings are standardised by statistics of the training split, so that one learning rate fits every encoder.
    Positions are taken from the middle of the slide's tissue, for where on the glass it lies means nothing.
    """

    embedding_mean: Tensor
    embedding_std: Tensor
    waves_um: Tensor

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.register_buffer("embedding_mean", torch.zeros(config.embedding_dim))
        self.register_buffer("embedding_std", torch.ones(config.embedding_dim))
        self.proj = nn.Linear(config.embedding_dim, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.position_gain = nn.Parameter(torch.full((), 0.1)) if config.positions else None
        waves_um = torch.logspace(math.log10(450), math.log10(100_000), config.dim // 4)  # two patches to a whole slide
        self.register_buffer("waves_um", waves_um, persistent=False)

    def standardise_by(self, mean: Float[Tensor, " dim"], std: Float[Tensor, " dim"]) -> None:
        """Set the statistics of the patch embeddings."""
        self.embedding_mean.copy_(mean)
        self.embedding_std.copy_(std.clamp_min(1e-4))

    def forward(self, bags: BagBatch) -> Float[Tensor, "batch patch dim"]:
        x = self.proj((bags.embeddings - self.embedding_mean) / self.embedding_std)
        if self.position_gain is not None:
            x = x + self.position_gain * self._sinusoids(bags)
        return self.norm(x)

    def _sinusoids(self, bags: BagBatch) -> Float[Tensor, "batch patch dim"]:
        real = bags.is_patch[..., None]
        centre = (bags.xy_um * real).sum(1, keepdim=True) / real.sum(1, keepdim=True)
        phase = (bags.xy_um - centre)[..., None] * (2 * math.pi / self.waves_um)
        return torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(2)


class Attention(nn.Module):
    """Multi-head attention with BERT's output block: project, drop out, add, normalise."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.query = nn.Linear(config.dim, config.dim)
        self.key = nn.Linear(config.dim, config.dim)
        self.value = nn.Linear(config.dim, config.dim)
        self.out = nn.Linear(config.dim, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=1e-12)

    def forward(
        self,
        x: Float[Tensor, "batch token dim"],
        source: Float[Tensor, "batch source dim"],
        mask: Float[Tensor, "batch 1 rows source"],
    ) -> Float[Tensor, "batch token dim"]:
        query, key, value = (
            projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projected in (self.query(x), self.key(source), self.value(source))
        )
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        mixed = self.out(mixed.transpose(1, 2).flatten(2))
        return self.norm(x + functional.dropout(mixed, self.dropout, self.training))


class FeedForward(nn.Module):
    """BERT's feed-forward block."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.dim, config.ffn_dim)
        self.fc2 = nn.Linear(config.ffn_dim, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.dropout = config.dropout

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        return self.norm(x + functional.dropout(self.fc2(functional.gelu(self.fc1(x))), self.dropout, self.training))


class Layer(nn.Module):
    """One layer: shared self-attention, cross-attention for the queries, a feed-forward block for each kind."""

    def __init__(self, config: QFormerConfig, *, sees_patches: bool) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.crossattention = Attention(config) if sees_patches else None
        self.query_ffn = FeedForward(config)
        self.text_ffn = FeedForward(config)

    def forward(
        self,
        x: Float[Tensor, "batch token dim"],
        queries: int,
        mask: Float[Tensor, "batch 1 rows token"],
        patches: Float[Tensor, "batch patch dim"] | None,
        patch_mask: Float[Tensor, "batch 1 1 patch"] | None,
    ) -> Float[Tensor, "batch token dim"]:
        x = self.attention(x, x, mask)
        query, text = x[:, :queries], x[:, queries:]
        if queries and self.crossattention is not None:
            query = self.crossattention(query, patches, patch_mask)
        parts = [self.query_ffn(query)] if queries else []
        parts += [self.text_ffn(text)] if text.shape[1] else []
        return torch.cat(parts, dim=1)


class QFormer(nn.Module):
    """Queries over patches, text, or both."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_input = PatchInput(config)
        self.query_tokens = nn.Parameter(torch.empty(1, config.num_query_tokens, config.dim))
        self.query_norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.word_embeddings = nn.Embedding(config.vocab, config.dim)
        self.position_embeddings = nn.Embedding(config.max_text_tokens, config.dim)
        self.text_norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.layers = nn.ModuleList(
            Layer(config, sees_patches=index % config.cross_attention_every == 0) for index in range(config.layers)
        )
        # BERT's 0.02 belongs to a width of 768. A narrow model that starts with it attends evenly to everything and
        # stays there: at width 128 the contrastive loss told organs apart, and nothing finer, after 300 steps.
        self.apply(partial(_initialise, std=0.02 * (768 / config.dim) ** 0.5))
        nn.init.normal_(self.query_tokens, std=0.02)

    def queries(
        self, bags: BagBatch, patch_bias: Float[Tensor, "batch patch"] | None = None
    ) -> Float[Tensor, "batch query dim"]:
        """What the queries take from each slide.

        `patch_bias` is added to the attention that every query pays to a patch; its gradient at zero says how much an
        output depends on that patch.
        """
        x = self._query_start(len(bags))
        return self._run(x, x.shape[1], _open_mask(x), bags, patch_bias)

    def text(
        self, ids: Int[Tensor, "batch token"], is_token: Bool[Tensor, "batch token"]
    ) -> Float[Tensor, "batch token dim"]:
        """Text alone, both ways."""
        return self._run(self._text_start(ids), 0, _additive(is_token)[:, None, None, :], None, None)

    def joint(
        self,
        bags: BagBatch,
        ids: Int[Tensor, "batch token"],
        is_token: Bool[Tensor, "batch token"],
        *,
        causal: bool,
    ) -> tuple[Float[Tensor, "batch query dim"], Float[Tensor, "batch token dim"]]:
        """Queries and text together.

        Both ways when matching; when generating (`causal`) text sees queries and earlier text, queries see no text.
        """
        queries, tokens = self.config.num_query_tokens, ids.shape[1]
        x = torch.cat([self._query_start(len(bags)), self._text_start(ids)], dim=1)
        real = torch.cat([is_token.new_ones(len(ids), queries), is_token], dim=1)
        allowed = real[:, None, :].expand(-1, queries + tokens, -1).clone()
        if causal:
            allowed[:, :queries, queries:] = False
            later = torch.ones(tokens, tokens, dtype=torch.bool, device=ids.device).triu(1)
            allowed[:, queries:, queries:] &= ~later
        x = self._run(x, queries, _additive(allowed)[:, None], bags, None)
        return x[:, :queries], x[:, queries:]

    def _run(
        self,
        x: Float[Tensor, "batch token dim"],
        queries: int,
        mask: Float[Tensor, "batch 1 rows token"],
        bags: BagBatch | None,
        patch_bias: Float[Tensor, "batch patch"] | None,
    ) -> Float[Tensor, "batch token dim"]:
        patches = patch_mask = None
        if bags is not None:
            patches = self.patch_input(bags)
            patch_mask = _additive(bags.is_patch)[:, None, None, :]
            if patch_bias is not None:
                patch_mask = patch_mask + patch_bias[:, None, None, :]
        for layer in self.layers:
            x = layer(x, queries, mask, patches, patch_mask)
        return x

    def _query_start(self, batch: int) -> Float[Tensor, "batch query dim"]:
        x = self.query_norm(self.query_tokens).expand(batch, -1, -1)
        return functional.dropout(x, self.config.dropout, self.training)

    def _text_start(self, ids: Int[Tensor, "batch token"]) -> Float[Tensor, "batch token dim"]:
        positions = torch.arange(ids.shape[1], device=ids.device)
        x = self.text_norm(self.word_embeddings(ids) + self.position_embeddings(positions))
        return functional.dropout(x, self.config.dropout, self.training)


def _additive(allowed: Tensor) -> Tensor:
    """0 where attention is allowed, minus infinity where not."""
    return torch.zeros(allowed.shape, device=allowed.device).masked_fill(~allowed, -math.inf)


def _open_mask(x: Tensor) -> Tensor:
    return x.new_zeros(len(x), 1, 1, x.shape[1])


def _initialise(module: nn.Module, std: float) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=std)
        nn.init.zeros_(module.bias)
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
