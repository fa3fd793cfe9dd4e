"""A vision transformer with the options that the public patch encoders for pathology make use of.

Parameter names are timm's (`patch_embed.proj`, `blocks.0.attn.qkv`, `reg_token`, ...), so weights in that format load
as they are; `state_dicts` renames those of others. What is pooled from the tokens is in `pooling`, what only the
workspace's own network has in `workspace_vit`.

Shapes: `batch` images; `token` = 1 class token, then the registers, then one per square of `token_px`; `dim` the
embedding width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True, slots=True)
class ViTConfig:
    """The architecture of a vision transformer; all of them normalise before attention and before the MLP."""

    image_px: int = 224
    """Side of the images that `pos_embed` has positions for; those of others are interpolated."""
    token_px: int = 16
    dim: int = 192
    depth: int = 6
    heads: int = 3
    mlp_ratio: float = 4.0
    mlp: Literal["plain", "swiglu", "swiglu_dinov2"] = "plain"
    """`swiglu` is timm's SwiGLUPacked, whose two halves share `mlp_ratio`; `swiglu_dinov2` is DINOv2's SwiGLUFFN, where
    each half has two thirds of it, in multiples of 8."""
    activation: Literal["gelu", "gelu_tanh", "quick_gelu"] = "gelu"
    """Of the plain MLP: the exact one, its approximation by tanh, or x sigmoid(1.702 x) as in CLIP."""
    layer_scale: bool = False
    """Whether what each half of a block adds is scaled channel by channel (`ls1.gamma`, `ls2.gamma`)."""
    qkv_bias: bool = True
    registers: int = 0
    """Tokens beside the class token that are of no image square (`reg_token`)."""
    positions: Literal["all", "class_and_patches", "patches"] = "all"
    """Which tokens have one: all (timm), all but the registers (DINOv2), image squares only (timm's
    `no_embed_class`)."""
    interpolation: Literal["antialias", "plain", "dino"] = "antialias"
    """How positions are interpolated, always bicubic: timm, and DINOv2 with registers; transformers' ViT and DINOv2;
    DINO's and DINOv2's own, which samples as if the grid were larger by 0.1."""
    pre_norm: bool = False
    """Whether the tokens are normalised before the first block, as in CLIP; then the projection has no bias."""
    norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        if self.image_px % self.token_px:
            raise ValueError(f"image_px must be a multiple of token_px, got {self.image_px} and {self.token_px}.")
        if self.dim % self.heads:
            raise ValueError(f"dim must be a multiple of heads, got {self.dim} and {self.heads}.")

    @property
    def side(self) -> int:
        """Image squares a side."""
        return self.image_px // self.token_px

    @property
    def prefix(self) -> int:
        """Tokens before those of the image."""
        return 1 + self.registers

    @property
    def placed(self) -> int:
        """How many of those have a position."""
        return {"all": self.prefix, "class_and_patches": 1, "patches": 0}[self.positions]

    @property
    def mlp_width(self) -> int:
        """Hidden width of the MLP; of one half where it is gated."""
        width = int(self.dim * self.mlp_ratio)
        return {"plain": width, "swiglu": width // 2, "swiglu_dinov2": (int(width * 2 / 3) + 7) // 8 * 8}[self.mlp]

    def as_json(self) -> dict[str, Any]:
        """The configuration as `config.json` stores it."""
        return asdict(self)


class Attention(nn.Module):
    """Multi-head self-attention without a mask: every image has the same number of tokens."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.dim, 3 * config.dim, bias=config.qkv_bias)
        self.proj = nn.Linear(config.dim, config.dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        batch, token, dim = x.shape
        query, key, value = self.qkv(x).view(batch, token, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, token, dim))


class Mlp(nn.Module):
    """The feed-forward half of a block."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.activation = config.activation
        self.fc1 = nn.Linear(config.dim, config.mlp_width)
        self.fc2 = nn.Linear(config.mlp_width, config.dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        hidden = self.fc1(x)
        if self.activation == "quick_gelu":
            return self.fc2(hidden * torch.sigmoid(1.702 * hidden))
        return self.fc2(functional.gelu(hidden, approximate="tanh" if self.activation == "gelu_tanh" else "none"))


class SwiGlu(nn.Module):
    """A gated feed-forward half (Shazeer 2020): the first half of what `fc1` gives opens the second."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.dim, 2 * config.mlp_width)
        self.fc2 = nn.Linear(config.mlp_width, config.dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        gate, value = self.fc1(x).chunk(2, dim=-1)
        return self.fc2(functional.silu(gate) * value)


class LayerScale(nn.Module):
    """A learned scale of each channel (Touvron et al. 2021)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((dim,), 1e-5))

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        return x * self.gamma


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.attn = Attention(config)
        self.ls1 = LayerScale(config.dim) if config.layer_scale else nn.Identity()
        self.norm2 = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.mlp = Mlp(config) if config.mlp == "plain" else SwiGlu(config)
        self.ls2 = LayerScale(config.dim) if config.layer_scale else nn.Identity()

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    """Cuts an image into squares and projects each to a token."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, config.dim, config.token_px, config.token_px, bias=not config.pre_norm)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim row column"]:
        return self.proj(images)


class VisionTransformer(nn.Module):
    """Images to tokens."""

    def __init__(self, config: ViTConfig, *, stem: nn.Module | None = None) -> None:
        """`stem`, where it is given, takes the place of the projection of pixels, and its tokens have no positions."""
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbed(config) if stem is None else stem
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        if config.registers:
            self.reg_token = nn.Parameter(torch.zeros(1, config.registers, config.dim))
        places = None if stem is not None else torch.zeros(1, config.placed + config.side**2, config.dim)
        self.pos_embed = None if places is None else nn.Parameter(places)
        self.norm_pre = nn.LayerNorm(config.dim, eps=config.norm_eps) if config.pre_norm else nn.Identity()
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.apply(_initialise)
        if self.cls_token.is_meta:  # weights will be loaded
            return
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        if self.pos_embed is not None:
            nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"], keep: Int[Tensor, "batch kept"] | None = None
    ) -> Float[Tensor, "batch token dim"]:
        """All output tokens, class token first.

        `keep` names the image tokens that are encoded at all; the others are dropped before the first block, which
        is what makes masked pre-training cheap. An image of another size than `image_px` gets interpolated positions.
        """
        x = self.patch_embed(images)
        rows, columns = x.shape[-2:]
        x = x.flatten(2).transpose(1, 2)
        if self.pos_embed is not None:
            x = x + self._positions(rows, columns)
        if keep is not None:
            x = x.gather(1, keep[:, :, None].expand(-1, -1, x.shape[2]))
        return self.encode(x)

    def encode(self, x: Float[Tensor, "batch square dim"]) -> Float[Tensor, "batch token dim"]:
        """The blocks on image tokens that have their positions, behind class token and registers."""
        prefix = torch.cat([self.cls_token, self.reg_token], dim=1) if self.config.registers else self.cls_token
        placed = self.config.placed
        if self.pos_embed is not None and placed:
            prefix = torch.cat([prefix[:, :placed] + self.pos_embed[:, :placed], prefix[:, placed:]], dim=1)
        x = self.norm_pre(torch.cat([prefix.expand(x.shape[0], -1, -1), x], dim=1))
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    @torch.no_grad()
    def resize(self, image_px: int) -> None:
        """Interpolate the positions once, for images of `image_px`, and not on every call."""
        assert self.pos_embed is not None, "there are no positions"
        config = replace(self.config, image_px=image_px)
        positions = self._positions(config.side, config.side)
        self.pos_embed = nn.Parameter(
            torch.cat([self.pos_embed[:, : self.config.placed], positions], dim=1), self.pos_embed.requires_grad
        )
        self.config = config

    def _positions(self, rows: int, columns: int) -> Float[Tensor, "1 square dim"]:
        assert self.pos_embed is not None, "there are no positions"
        side, kind = self.config.side, self.config.interpolation
        positions = self.pos_embed[:, self.config.placed :]
        if (rows, columns) == (side, side):
            return positions
        grid = positions.transpose(1, 2).reshape(1, -1, side, side)
        if kind == "dino":
            scale = ((rows + 0.1) / side, (columns + 0.1) / side)
            grid = functional.interpolate(grid, scale_factor=scale, mode="bicubic")
        else:
            grid = functional.interpolate(grid, (rows, columns), mode="bicubic", antialias=kind == "antialias")
        return grid.flatten(2).transpose(1, 2)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d) and module.weight.requires_grad and not module.weight.is_meta:
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
