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
from torch.nn import functional

from pathalign.encoders.encoder import MEAN, STD
from pathalign.encoders.pooling import class_and_mean
from pathalign.encoders.texture import STATISTICS, TextureStatistics, TextureStem
from pathalign.encoders.vit import VisionTransformer, ViTConfig
from pathalign.encoders.words import Words

VARIATES, WORD_VARIATES, COARSE_VARIATES, EXTREME_VARIATES = 32, 24, 24, 4
"""Linear canonical variates of a quadrant that hold in any stain: of its moments, of its words, and of its words at
half the resolution, whose mean enters the embedding; and of its words those whose extremes over the quadrants do."""
STAINED_VARIATES = 16
"""The same of its moments in the stain that they have: what is dense all over a slide is no matter of staining."""
WORDS = 512
LEAST_PX = 64


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
        if self.canonical and self.image_px < LEAST_PX:
            raise ValueError(f"Four scales at half the resolution need {LEAST_PX} px, got image_px={self.image_px}.")


class WorkspaceViT(VisionTransformer):
    """A patch to its embedding: the normalised class token beside the mean of the others.

    With `canonical` each quadrant is encoded alone and projected to few dimensions, and the embedding is their mean,
    beside linear canonical variates of the quadrants' words and moments: what does not depend on the stain, for patches
    of other laboratories, and what does, for those of one. Some words enter by their extremes over the quadrants too,
    which a focal finding moves.
    """

    config: WorkspaceViTConfig
    variates: Tensor
    word_variates: Tensor
    coarse_variates: Tensor
    stained_variates: Tensor

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
            self.coarse = TextureStatistics(config.token_px)
            self.coarse_words = Words(STATISTICS, config.words)
            self.register_buffer("coarse_variates", torch.zeros(config.words, COARSE_VARIATES))
            self.register_buffer("stained_variates", torch.zeros(2 * STATISTICS, STAINED_VARIATES))

    @property
    def embedding_dim(self) -> int:
        """Width of what `embed` returns."""
        if not self.config.canonical:
            return 2 * self.config.dim
        words = WORD_VARIATES + 2 * EXTREME_VARIATES + COARSE_VARIATES
        return self.config.canonical + words + VARIATES + STAINED_VARIATES

    def embed(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch embedding"]:
        """One embedding per image; the input is normalised RGB."""
        if not self.config.canonical:
            return class_and_mean(self(images), self.config.prefix)
        assert isinstance(self.patch_embed, TextureStem), "the configuration refuses any other"
        quadrants = quadrants_of(self.patch_embed.standardised(images))
        coarse = quadrants_of(self.coarse_statistics(images))
        deep = self.canonical(self.seen_in(quadrants.flatten(0, 1))).unflatten(0, (images.shape[0], 4))
        words, moments = self.words(quadrants) @ self.word_variates, quadrant_moments(quadrants)
        means = [
            deep, words, self.coarse_words(coarse) @ self.coarse_variates, moments @ self.variates,
            moments @ self.stained_variates,
        ]  # fmt: skip
        first = words[:, :, :EXTREME_VARIATES]
        return torch.cat([torch.cat(means, dim=2).mean(1), first.amax(1), first.amin(1)], dim=1)

    def coarse_statistics(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch row column statistic"]:
        """Standardised statistics at half the resolution."""
        return self.coarse.standardised(functional.avg_pool2d(images, 2))

    def seen_in(self, statistics: Float[Tensor, "view token statistic"]) -> Float[Tensor, "view width"]:
        """Class token and mean token of views given as standardised statistics: pre-training without pixels."""
        assert isinstance(self.patch_embed, TextureStem), "no other stem has statistics"
        return class_and_mean(self.encode(self.patch_embed.proj(statistics)), self.config.prefix)


def quadrants_of(
    squares: Float[Tensor, "batch row column statistic"],
) -> Float[Tensor, "batch 4 token statistic"]:
    """The tokens of each quadrant of a patch; those of a middle row or column are in both quadrants beside it."""
    row, column = ((side // 2, (side + 1) // 2) for side in squares.shape[1:3])
    upper, lower = squares[:, : row[1]], squares[:, row[0] :]
    return torch.stack(
        [part.flatten(1, 2) for half in (upper, lower) for part in (half[:, :, : column[1]], half[:, :, column[0] :])],
        dim=1,
    )


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
