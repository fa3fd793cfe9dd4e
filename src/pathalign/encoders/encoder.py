"""What a patch encoder is: a card, and a function from RGB bytes to embeddings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderCard:
    """What must be known of an encoder before it is used."""

    name: str
    embedding_dim: int
    patch_px: int
    patch_mpp: float
    """Resolution that the encoder was trained for."""
    licence: str
    source: str
    weights_digest: str
    """Hash of the weights: embeddings of other weights are other embeddings."""

    def as_json(self) -> dict[str, Any]:
        """What manifests and provenance record."""
        return asdict(self)


@runtime_checkable
class PatchEncoder(Protocol):
    """Anything that turns patches into embeddings."""

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    def to(self, device: torch.device) -> None:
        """Move it."""

    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """One embedding per patch, on the encoder's device and without gradient; RGB bytes from any device."""
