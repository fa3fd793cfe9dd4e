"""Public patch encoders that are vision transformers, in this package's own network: no timm, no torchvision, no code
from a model's repository.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathalign.encoders.folding import fold_normalisation
from pathalign.encoders.pooling import ATTENTION, POOLINGS, AttentionalPooler
from pathalign.encoders.state_dicts import read_weights, vit_weights
from pathalign.encoders.torch_encoder import GreyLevels, TorchEncoder, weights_digest
from pathalign.encoders.vit import PatchEmbed, VisionTransformer, ViTConfig
from pathalign.errors import BadModelFolder

if TYPE_CHECKING:
    from pathalign.encoders.cards import PublicCard


class PublicVit(nn.Module):
    """Grey levels to embeddings: the network, and what its card pools of its tokens."""

    def __init__(self, config: ViTConfig, pooling: str, pixels: GreyLevels, pooler: nn.Module | None = None) -> None:
        """`pooler` is given where, and only where, `pooling` has weights."""
        super().__init__()
        assert (pooler is not None) == (pooling == ATTENTION), pooling
        self.pixels = pixels
        self.vit = VisionTransformer(config)
        self.pooler = pooler
        self.pooling = pooling

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim"]:
        tokens = self.vit(self.pixels(pixels))
        return POOLINGS[self.pooling](tokens, self.vit.config.prefix) if self.pooler is None else self.pooler(tokens)


def load_public_vit(card: PublicCard, weights: Path) -> TorchEncoder:
    """The encoder of a card from its file of weights, or the folder that holds it.

    Raises `BadModelFolder` when the file does not hold exactly the network of the card.
    """
    path = weights / card.weights if weights.is_dir() else weights
    found = vit_weights(read_weights(path))
    module = empty_public_vit(card, found)
    _fill(module, found, card, path)
    digest = weights_digest(module)
    projection = module.vit.patch_embed
    assert isinstance(projection, PatchEmbed), "every public one has it"
    fold_normalisation(projection.proj, card.mean, card.std)
    module.vit.resize(card.image_px)
    return TorchEncoder(module, card.encoder_card(weights_digest=digest))


def empty_public_vit(card: PublicCard, found: Mapping[str, Tensor] | None = None) -> PublicVit:
    """The network of a card without weights, on torch's meta device.

    The number of positions, and whether a pooler has biases, is as in the weights that were `found`.
    """
    config = ViTConfig(**{"image_px": card.image_px, **card.architecture})
    found = found or {}
    with torch.device("meta"):
        if (positions := found.get("vit.pos_embed")) is not None:
            config = replace(config, image_px=_side(positions.shape[1], config) * config.token_px)
        pooler = None
        if card.pooling == ATTENTION:
            pooler = AttentionalPooler(config.dim, card.embedding_dim, bias="pooler.to_q.bias" in found)
        pixels = GreyLevels(card.image_px, resize_px=card.resize_px, interpolation=card.interpolation)
        return PublicVit(config, card.pooling, pixels, pooler)


def _side(positions: int, config: ViTConfig) -> int:
    """Image squares a side that there are positions for; the configured one where that is no whole number."""
    squares = positions - config.placed
    side = math.isqrt(max(squares, 0))
    return side if side and side * side == squares else config.side


def _fill(module: PublicVit, found: Mapping[str, Tensor], card: PublicCard, path: Path) -> None:
    expected = module.state_dict()
    faults = {
        "missing": sorted(expected.keys() - found.keys()),
        "too many": sorted(found.keys() - expected.keys()),
        "of another shape": [name for name in expected if name in found and found[name].shape != expected[name].shape],
    }
    if any(faults.values()):
        told = "; ".join(f"{len(names)} {what} (first {names[0]})" for what, names in faults.items() if names)
        raise BadModelFolder(
            f"{path.name} must hold exactly the {len(expected)} tensors of {card.title}: {told}. "
            f"Download it again from {card.page}, or name the encoder that these weights are of."
        )
    module.load_state_dict(found, strict=True, assign=True)
