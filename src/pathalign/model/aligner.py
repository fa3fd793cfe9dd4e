"""The aligner (PathAlign-R): slides and texts as unit vectors in one space."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from pathalign.model.bags import BagBatch
from pathalign.model.hub import TextTokenizer
from pathalign.model.qformer import QFormer, QFormerConfig
from pathalign.model.texts import TextBatch

LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.01, 0.5


class Aligner(nn.Module):
    """A Q-Former with one projection for queries and one for text, and a learned temperature."""

    def __init__(self, config: QFormerConfig, tokenizer: TextTokenizer, *, projection_dim: int = 256) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.qformer = QFormer(config)
        self.query_proj = nn.Linear(config.dim, projection_dim)
        self.text_proj = nn.Linear(config.dim, projection_dim)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(0.07)))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.log_temperature.device

    @property
    def projection_dim(self) -> int:
        """Width of the shared space."""
        return self.query_proj.out_features

    @property
    def temperature(self) -> Float[Tensor, ""]:
        """The learned temperature, clamped so that neither loss nor gradient runs away."""
        return self.log_temperature.exp().clamp(LEAST_TEMPERATURE, MOST_TEMPERATURE)

    def embed_slides(
        self, bags: BagBatch, patch_bias: Float[Tensor, " patch"] | None = None
    ) -> Float[Tensor, "slide query projection"]:
        """One unit vector per query and slide, in a single pass."""
        memory = self.qformer.remember(bags, form="absorbed", patch_bias=patch_bias)
        return self.project_slides(self.qformer.look(memory).states)

    def embed_texts(self, texts: Sequence[str]) -> Float[Tensor, "text projection"]:
        """One unit vector per text, from its [CLS] token or the mean of all, as `text_pooling` says."""
        return self.read(self.tokenizer.encode(texts).to(self.device))

    def read(self, texts: TextBatch) -> Float[Tensor, "text projection"]:
        """The same, of tokens."""
        if self.qformer.config.text_pooling == "class":
            pooled = self.qformer.read(texts, wanted=texts.is_first)
        else:
            pooled = torch.stack([tokens.mean(0) for tokens in self.qformer.read(texts).split(list(texts.lengths))])
        return functional.normalize(self.text_proj(pooled), dim=-1)

    def project_slides(self, states: Float[Tensor, "slide query dim"]) -> Float[Tensor, "slide query projection"]:
        """What queries took from slides, in the shared space."""
        return functional.normalize(self.query_proj(states), dim=-1)
