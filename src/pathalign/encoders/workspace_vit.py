"""The network of the encoder that a workspace trains for itself: a small ViT on a stem that knows stain and texture.

What one quadrant of a patch does not share with its neighbours is the source of the image, which a hundred slides let a
slide model learn by heart; so the embedding is made of what quadrants share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from pathalign.encoders.encoder import MEAN, STD
from pathalign.encoders.pooling import class_and_mean
from pathalign.encoders.texture import STATISTICS, TextureStem
from pathalign.encoders.vit import VisionTransformer, ViTConfig
from pathalign.encoders.words import Words

VARIATES, WORD_VARIATES, EXTREME_VARIATES = 32, 24, 4
"""Linear canonical variates of a quadrant: of its moments and of its words, whose mean enters the embedding, and of its
words those whose extremes over the quadrants do."""
WORDS = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceViTConfig(ViTConfig):
    """A ViT, the stem that makes its tokens, and the head that makes an embedding of them."""

    stem: Literal["linear", "texture"] = "linear"
    """`linear` projects pixels, as every ViT does; `texture` projects local stain and texture statistics."""
    canonical: int = 0
    """Width of the canonical projection of each quadrant; 0 embeds by class token and mean token."""
    words: int = WORDS
    """Visual words of the canonical embedding."""

    def __post_init__(self) -> None:
        ViTConfig.__post_init__(self)  # not super(): a class with slots is made twice
        if self.canonical and self.stem != "texture":
            raise ValueError("The canonical projection reads the texture stem's statistics: give stem='texture'.")
        if self.canonical and self.image_px % (2 * self.token_px):
            raise ValueError(f"Quadrants need an even number of tokens a side, got {self.image_px} / {self.token_px}.")


class WorkspaceViT(VisionTransformer):
    """A patch to its embedding: the normalised class token beside the mean of the others.

    With `canonical` each quadrant is encoded alone and projected to few dimensions, and the embedding is their mean,
    beside linear canonical variates of the quadrants' words and moments (mean; of the first words' also the extremes
    over quadrants, which a focal finding moves).
    """

    config: WorkspaceViTConfig
    variates: Tensor
    word_variates: Tensor

    def __init__(self, config: WorkspaceViTConfig) -> None:
        stem = TextureStem(config.dim, config.token_px) if config.stem == "texture" else None
        super().__init__(config, stem=stem)
        if stem is not None:  # tokens of unit variance: statistics are standardised
            nn.init.trunc_normal_(stem.proj.weight, std=STATISTICS**-0.5)
        if config.canonical:
            self.canonical = nn.Linear(2 * config.dim, config.canonical)
            nn.init.trunc_normal_(self.canonical.weight, std=0.02)
            nn.init.zeros_(self.canonical.bias)
            self.register_buffer("variates", torch.zeros(2 * STATISTICS, VARIATES))
            self.words = Words(STATISTICS, config.words)
            self.register_buffer("word_variates", torch.zeros(config.words, WORD_VARIATES))

    @property
    def embedding_dim(self) -> int:
        """Width of what `embed` returns."""
        if not self.config.canonical:
            return 2 * self.config.dim
        return self.config.canonical + WORD_VARIATES + 2 * EXTREME_VARIATES + VARIATES

    def embed(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch embedding"]:
        """One embedding per image; the input is normalised RGB."""
        if not self.config.canonical:
            return class_and_mean(self(images), self.config.prefix)
        assert isinstance(self.patch_embed, TextureStem), "the configuration refuses any other"
        quadrants = quadrants_of(self.patch_embed.standardised(images))
        deep = self.canonical(self.seen_in(quadrants.flatten(0, 1))).unflatten(0, (images.shape[0], 4)).mean(1)
        words = self.words(quadrants) @ self.word_variates
        first = words[:, :, :EXTREME_VARIATES]
        moments = quadrant_moments(quadrants) @ self.variates
        return torch.cat([deep, words.mean(1), first.amax(1), first.amin(1), moments.mean(1)], dim=1)

    def seen_in(self, statistics: Float[Tensor, "view token statistic"]) -> Float[Tensor, "view width"]:
        """Class token and mean token of views given as standardised statistics: pre-training without pixels."""
        assert isinstance(self.patch_embed, TextureStem), "no other stem has statistics"
        return class_and_mean(self.encode(self.patch_embed.proj(statistics)), self.config.prefix)


def quadrants_of(
    squares: Float[Tensor, "batch row column statistic"],
) -> Float[Tensor, "batch 4 token statistic"]:
    """The tokens of each quadrant of a patch."""
    split = squares.unflatten(2, (2, -1)).unflatten(1, (2, -1))  # batch, top/bottom, row, left/right, column, statistic
    return split.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def quadrant_moments(
    quadrants: Float[Tensor, "batch 4 token statistic"],
) -> Float[Tensor, "batch 4 moment"]:
    """Mean and deviation over the tokens of each quadrant."""
    return torch.cat([quadrants.mean(2), quadrants.std(2)], dim=2)


def normalise(images: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch 3 height width"]:
    """RGB bytes to the channel-first floats that the network takes."""
    scale = torch.tensor(STD, device=images.device).mul(255).reciprocal()
    shift = torch.tensor(MEAN, device=images.device).div(torch.tensor(STD, device=images.device))
    return (images * scale - shift).permute(0, 3, 1, 2)
