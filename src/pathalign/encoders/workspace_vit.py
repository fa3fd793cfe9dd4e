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

VARIATES, EXTREME_VARIATES = 32, 16
"""Linear canonical variates of a quadrant's statistics whose mean, and whose extremes, enter the embedding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceViTConfig(ViTConfig):
    """A ViT, the stem that makes its tokens, and the head that makes an embedding of them."""

    stem: Literal["linear", "texture"] = "linear"
    """`linear` projects pixels, as every ViT does; `texture` projects local stain and texture statistics."""
    canonical: int = 0
    """Width of the canonical projection of each quadrant; 0 embeds by class token and mean token."""

    def __post_init__(self) -> None:
        ViTConfig.__post_init__(self)  # not super(): a class with slots is made twice
        if self.canonical and self.stem != "texture":
            raise ValueError("The canonical projection reads the texture stem's statistics: give stem='texture'.")
        if self.canonical and self.image_px % (2 * self.token_px):
            raise ValueError(f"Quadrants need an even number of tokens a side, got {self.image_px} / {self.token_px}.")


class WorkspaceViT(VisionTransformer):
    """A patch to its embedding: the normalised class token beside the mean of the others.

    With `canonical` each quadrant is encoded alone and projected to few dimensions, and the embedding is their mean,
    beside linear canonical variates of the quadrants' statistics (mean, and the extremes over quadrants, which a focal
    finding moves).
    """

    config: WorkspaceViTConfig
    variates: Tensor
    extreme_variates: Tensor

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
            self.register_buffer("extreme_variates", torch.zeros(2 * STATISTICS, EXTREME_VARIATES))

    @property
    def embedding_dim(self) -> int:
        """Width of what `embed` returns."""
        if not self.config.canonical:
            return 2 * self.config.dim
        return self.config.canonical + VARIATES + 2 * EXTREME_VARIATES

    def embed(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch embedding"]:
        """One embedding per image; the input is normalised RGB."""
        if not self.config.canonical:
            return class_and_mean(self(images), self.config.prefix)
        assert isinstance(self.patch_embed, TextureStem), "the configuration refuses any other"
        quadrants = quadrants_of(self.patch_embed.standardised(images))
        deep = self.embed_statistics(quadrants.flatten(0, 1)).unflatten(0, (images.shape[0], 4)).mean(1)
        moments = quadrant_moments(quadrants)
        extreme = moments @ self.extreme_variates
        return torch.cat([deep, (moments @ self.variates).mean(1), extreme.amax(1), extreme.amin(1)], dim=1)

    def embed_statistics(self, statistics: Float[Tensor, "view token statistic"]) -> Float[Tensor, "view embedding"]:
        """The projection of views that are given as standardised statistics of tokens: pre-training without pixels."""
        assert isinstance(self.patch_embed, TextureStem), "the configuration refuses any other"
        tokens = self.encode(self.patch_embed.proj(statistics))
        return self.canonical(class_and_mean(tokens, self.config.prefix))


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
