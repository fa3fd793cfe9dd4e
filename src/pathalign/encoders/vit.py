"""A plain vision transformer: the project's own patch encoder.

Parameter names are timm's (`patch_embed.proj`, `blocks.0.attn.qkv`, ...), so weights in that format load as they are.

Shapes: `batch` images, `token` = 1 class token + one per square of `token_px`, `dim` the embedding width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional

from pathalign.encoders.encoder import MEAN, STD
from pathalign.encoders.texture import STATISTICS, TextureStem

VARIATES, EXTREME_VARIATES = 32, 16
"""Linear canonical variates of a quadrant's statistics whose mean, and whose extremes, enter the embedding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ViTConfig:
    """Size of a vision transformer."""

    image_px: int = 224
    token_px: int = 16
    dim: int = 192
    depth: int = 6
    heads: int = 3
    mlp_ratio: float = 4.0
    stem: Literal["linear", "texture"] = "linear"
    """`linear` projects pixels, as every ViT does; `texture` projects local stain and texture statistics."""

    canonical: int = 0
    """Width of the canonical projection of each quadrant; 0 embeds by class token and mean token."""

    def __post_init__(self) -> None:
        if self.canonical and self.stem != "texture":
            raise ValueError("The canonical projection reads the texture stem's statistics: give stem='texture'.")
        if self.canonical and self.image_px % (2 * self.token_px):
            raise ValueError(f"Quadrants need an even number of tokens a side, got {self.image_px} / {self.token_px}.")
        if self.image_px % self.token_px:
            raise ValueError(f"image_px must be a multiple of token_px, got {self.image_px} and {self.token_px}.")
        if self.dim % self.heads:
            raise ValueError(f"dim must be a multiple of heads, got {self.dim} and {self.heads}.")

    def as_json(self) -> dict[str, Any]:
        """The configuration as `config.json` stores it."""
        return asdict(self)


class Attention(nn.Module):
    """Multi-head self-attention without a mask: every image has the same number of tokens."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        batch, token, dim = x.shape
        query, key, value = self.qkv(x).view(batch, token, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, token, dim))


class Mlp(nn.Module):
    """The feed-forward half of a block."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        return self.fc2(functional.gelu(self.fc1(x)))


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.dim, eps=1e-6)
        self.attn = Attention(config.dim, config.heads)
        self.norm2 = nn.LayerNorm(config.dim, eps=1e-6)
        self.mlp = Mlp(config.dim, int(config.dim * config.mlp_ratio))

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    """Cuts an image into squares and projects each to a token."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, config.dim, kernel_size=config.token_px, stride=config.token_px)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim row column"]:
        return self.proj(images)


class VisionTransformer(nn.Module):
    """Images to tokens, and a patch to its embedding.

    That is the normalised class token beside the mean of the others. With `canonical` each quadrant is encoded alone
    and projected to few dimensions, and the embedding is their mean, beside linear canonical variates of the
    quadrants' statistics (mean, and the extremes over quadrants, which a focal finding moves). What one quadrant does
    not share with its neighbours is the source of the image, which a hundred slides let a slide model learn by heart.
    """

    variates: Tensor
    extreme_variates: Tensor

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        side = config.image_px // config.token_px
        self.patch_embed = TextureStem(config.dim, config.token_px) if config.stem == "texture" else PatchEmbed(config)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        if config.stem == "linear":
            self.pos_embed = nn.Parameter(torch.zeros(1, 1 + side * side, config.dim))
        if config.canonical:
            self.canonical = nn.Linear(2 * config.dim, config.canonical)
            self.register_buffer("variates", torch.zeros(2 * STATISTICS, VARIATES))
            self.register_buffer("extreme_variates", torch.zeros(2 * STATISTICS, EXTREME_VARIATES))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.apply(_initialise)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        if config.stem == "linear":
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
        else:  # tokens of unit variance: statistics are standardised, and texture has no order, hence no positions
            nn.init.trunc_normal_(self.patch_embed.proj.weight, std=STATISTICS**-0.5)

    @property
    def embedding_dim(self) -> int:
        """Width of what `embed` returns."""
        if not self.config.canonical:
            return 2 * self.config.dim
        return self.config.canonical + VARIATES + 2 * EXTREME_VARIATES

    def forward(
        self,
        images: Float[Tensor, "batch 3 height width"],
        keep: Int[Tensor, "batch kept"] | None = None,
    ) -> Float[Tensor, "batch token dim"]:
        """All output tokens, class token first.

        `keep` names the image tokens that are encoded at all; the others are dropped before the first block, which
        is what makes masked pre-training cheap. An image smaller than `image_px` gets the interpolated positions.
        """
        x = self.patch_embed(images)
        rows, columns = x.shape[-2:]
        x = x.flatten(2).transpose(1, 2)
        if self.config.stem == "linear":
            x = x + self._positions(rows, columns)
        if keep is not None:
            x = x.gather(1, keep[:, :, None].expand(-1, -1, x.shape[2]))
        return self._encode(x)

    def embed(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch embedding"]:
        """One embedding per image."""
        if not self.config.canonical:
            return _summary(self(images))
        assert isinstance(self.patch_embed, TextureStem), "ViTConfig refuses any other"
        quadrants = quadrants_of(self.patch_embed.standardised(images))
        deep = self.embed_statistics(quadrants.flatten(0, 1)).unflatten(0, (images.shape[0], 4)).mean(1)
        moments = quadrant_moments(quadrants)
        extreme = moments @ self.extreme_variates
        return torch.cat([deep, (moments @ self.variates).mean(1), extreme.amax(1), extreme.amin(1)], dim=1)

    def embed_statistics(self, statistics: Float[Tensor, "view token statistic"]) -> Float[Tensor, "view embedding"]:
        """The projection of views that are given as standardised statistics of tokens: pre-training without pixels."""
        return self._project(self.patch_embed.proj(statistics))

    def _project(self, x: Float[Tensor, "view token dim"]) -> Float[Tensor, "view embedding"]:
        return self.canonical(_summary(self._encode(x)))

    def _encode(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token+1 dim"]:
        cls = self.cls_token if self.config.stem == "texture" else self.cls_token + self.pos_embed[:, :1]
        x = torch.cat([cls.expand(x.shape[0], -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def _positions(self, rows: int, columns: int) -> Float[Tensor, "1 token dim"]:
        side = self.config.image_px // self.config.token_px
        positions = self.pos_embed[:, 1:]
        if (rows, columns) == (side, side):
            return positions
        grid = positions.transpose(1, 2).reshape(1, -1, side, side)
        grid = functional.interpolate(grid, (rows, columns), mode="bicubic", align_corners=False)
        return grid.flatten(2).transpose(1, 2)


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


def _summary(x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch 2*dim"]:
    return torch.cat([x[:, 0], x[:, 1:].mean(1)], dim=1)


def normalise(images: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch 3 height width"]:
    """RGB bytes to the channel-first floats that the network takes."""
    scale = torch.tensor(STD, device=images.device).mul(255).reciprocal()
    shift = torch.tensor(MEAN, device=images.device).div(torch.tensor(STD, device=images.device))
    return (images * scale - shift).permute(0, 3, 1, 2)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d) and module.weight.requires_grad:
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
