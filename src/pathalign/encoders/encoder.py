"""What a patch encoder is: a card, and a function from RGB bytes to embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

# The channel statistics of ImageNet; most public ViTs for pathology were trained with these or nearly these.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderCard:
    """What must be known of an encoder before it is used."""

    name: str
    embedding_dim: int
    patch_px: int
    """Side of the patches that it was trained for."""
    patch_mpp: float
    """Resolution that it was trained for, in micrometres per pixel."""
    licence: str
    source: str
    """Where the weights are from: a page, a repository, a folder."""
    weights_digest: str
    """Hash of the weights: embeddings of other weights are other embeddings."""
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    """Of RGB between 0 and 1, as the encoder's own pre-processing takes them."""
    pooling: str = "class token"
    """What of the output tokens becomes the embedding."""
    gated: bool = False
    """Whether the owner has to grant access first."""

    def as_json(self) -> dict[str, Any]:
        """What manifests and provenance record."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}


@runtime_checkable
class PatchEncoder(Protocol):
    """Anything that turns patches into embeddings."""

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes (device, runtime, precision): recorded, for it moves the last bits of an embedding."""

    def to(self, device: torch.device) -> None:
        """Move it."""

    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """One embedding per patch, on the encoder's device and without gradient; RGB bytes from any device."""
