"""timm's own networks, as the authors of public encoders have them made: the reference of `test_public_vit`.

`python timm_reference.py REFERENCE_FOLDER OUT < CASES` writes, for each case, the shapes of the full network, and a
tiny one of the same kind: its weights in the authors' format, an input, and the embedding. It runs in a process of its
own: timm imports torchvision, of which it gets a stand-in that must not meet what else asks whether that is there.
"""

from __future__ import annotations

import importlib.machinery
import json
import sys
import types
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

TINY = {"embed_dim": 24, "depth": 2, "num_heads": 2}


class _Anything(type):
    """A class that has any attribute: enumerations of torchvision are asked for theirs on import."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class _StandIn(types.ModuleType):
    """A module that has any class."""

    __path__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})


def stand_in_torchvision() -> None:
    """What timm imports of torchvision; its vision transformers use none of it."""
    parts = ["", ".ops", ".ops.misc", ".models", ".models.feature_extraction", ".transforms", ".utils", ".datasets"]
    for name in [f"torchvision{part}" for part in [*parts, ".transforms.functional"]]:
        module = sys.modules[name] = _StandIn(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        if "." in name:
            setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], module)


class Pooled(nn.Module):
    """A timm trunk and what is pooled of it, in the words of the authors' own examples."""

    def __init__(self, trunk: nn.Module, pooling: str, registers: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.pooling = pooling
        self.skip = 1 + registers

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.trunk.forward_features(x)
        if self.pooling == "class token":
            return tokens[:, 0]
        return torch.cat([tokens[:, 0], tokens[:, self.skip :].mean(1)], dim=-1)


class Conch(nn.Module):
    """CONCH's image side before the projection: torch's own attention, on keys of another width than the query."""

    def __init__(self, trunk: nn.Module, dim: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.attn_pool_contrast = nn.Module()
        self.attn_pool_contrast.query = nn.Parameter(torch.randn(1, dim))
        self.attn_pool_contrast.attn = nn.MultiheadAttention(
            dim, 8, kdim=trunk.embed_dim, vdim=trunk.embed_dim, batch_first=True
        )
        self.attn_pool_contrast.ln_q = nn.LayerNorm(dim)
        self.attn_pool_contrast.ln_k = nn.LayerNorm(trunk.embed_dim)
        self.ln_contrast = nn.LayerNorm(dim)
        self.proj_contrast = nn.Parameter(torch.randn(dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        pool = self.attn_pool_contrast
        keys = pool.ln_k(self.trunk.forward_features(x))
        query = pool.ln_q(pool.query).expand(len(x), -1, -1)
        return self.ln_contrast(pool.attn(query, keys, keys, need_weights=False)[0][:, 0])


class Conch15(nn.Module):
    """CONCH v1.5: attention without biases, and positions that are interpolated as in DINO's code."""

    def __init__(self, trunk: nn.Module, dim: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.attn_pool_contrast = nn.Module()
        self.attn_pool_contrast.query = nn.Parameter(torch.randn(1, dim))
        self.attn_pool_contrast.ln_k = nn.LayerNorm(trunk.embed_dim)
        self.attn_pool_contrast.ln_q = nn.LayerNorm(dim)
        self.attn_pool_contrast.to_q = nn.Linear(dim, dim, bias=False)
        self.attn_pool_contrast.to_kv = nn.Linear(trunk.embed_dim, 2 * dim, bias=False)
        self.attn_pool_contrast.to_out = nn.Linear(dim, dim, bias=False)
        self.ln_contrast = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        trunk, pool = self.trunk, self.attn_pool_contrast
        squares = trunk.patch_embed.proj(x)
        side, old = squares.shape[-1], round((trunk.pos_embed.shape[1] - 1) ** 0.5)
        grid = trunk.pos_embed[:, 1:].reshape(1, old, old, -1).permute(0, 3, 1, 2)
        grid = functional.interpolate(grid, scale_factor=((side + 0.1) / old, (side + 0.1) / old), mode="bicubic")
        tokens = squares.flatten(2).mT + grid.flatten(2).mT
        cls = (trunk.cls_token + trunk.pos_embed[:, :1]).expand(len(x), -1, -1)
        tokens = pool.ln_k(trunk.norm(trunk.blocks(torch.cat([cls, tokens], dim=1))))
        query = pool.to_q(pool.ln_q(pool.query)).view(8, -1)
        keys, values = (part.unflatten(-1, (8, -1)) for part in pool.to_kv(tokens).chunk(2, dim=-1))
        weight = (torch.einsum("hd,bthd->bht", query, keys) / query.shape[1] ** 0.5).softmax(-1)
        mixed = torch.einsum("bht,bthd->bhd", weight, values).flatten(1)
        return self.ln_contrast(pool.to_out(mixed))


def network(case: dict[str, Any], size: dict[str, Any], dim: int) -> nn.Module:
    """The network of a case, with other sizes where `size` has some."""
    import timm
    from timm.layers import SwiGLUPacked

    arguments = {**case["timm_arguments"], "dynamic_img_size": True, "num_classes": 0, "weight_init": "skip", **size}
    if arguments.pop("swiglu", False):
        arguments |= {"mlp_layer": SwiGLUPacked, "act_layer": nn.SiLU}
    trunk = timm.create_model(case["timm"], pretrained=False, **arguments)
    if case["pooling"] == "attentional pooler":
        return {"conch": Conch, "conch-v1.5": Conch15}[case["card"]](trunk, dim)
    return Pooled(trunk, case["pooling"], trunk.num_reg_tokens)


def main() -> None:
    """Work through the cases on the standard input."""
    sys.path.append(sys.argv[1])
    stand_in_torchvision()
    out = Path(sys.argv[2])
    for case in json.load(sys.stdin):
        with torch.device("meta"):
            full = network(case, {}, case["embedding_dim"])
        shapes = {name: list(tensor.shape) for name, tensor in full.state_dict().items()}
        torch.manual_seed(0)
        tiny = network(case, {**TINY, "img_size": case["saved_px"]}, 16).eval()
        with torch.no_grad():
            for parameter in tiny.parameters():
                parameter.copy_(torch.randn_like(parameter) / max(1, parameter[0].numel()) ** 0.5)
            images = torch.randint(0, 256, (2, 3, case["px"], case["px"])).float()
            mean, std = (torch.tensor(case[name])[:, None, None] for name in ("mean", "std"))
            embedding = tiny((images / 255 - mean) / std)
        weights = {
            (case["before"] + name).replace("-trunk.trunk.", ""): each for name, each in tiny.state_dict().items()
        }
        torch.save(weights, out / f"{case['card']}.bin")
        torch.save({"shapes": shapes, "images": images, "embedding": embedding}, out / f"{case['card']}.pt")


if __name__ == "__main__":
    main()
