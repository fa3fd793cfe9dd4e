"""A torch module as a patch encoder: what all encoders that run in torch have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from pathalign.encoders.device import autocast, channels_first, precision, sent
from pathalign.encoders.encoder import EncoderCard


class TorchEncoder:
    """A module that takes grey levels 0-255 as floats [batch, 3, height, width] and gives embeddings [batch, dim].

    Normalisation, resampling and pooling are inside the module, so that it can be exported as it stands.
    """

    def __init__(self, module: nn.Module, card: EncoderCard) -> None:
        self.module = module.eval().requires_grad_(False)
        self._card = card

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""
        return self._card

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self.module.parameters()).device

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes."""
        return {"device": self.device.type, "runtime": "torch", "precision": precision(self.device)}

    def to(self, device: torch.device) -> None:
        """Move it."""
        self.module.to(device)

    @torch.inference_mode()
    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """What the module makes of each patch, in single precision; of none, no rows."""
        if not len(patches):  # transformers reshapes to a width that an empty batch leaves open
            return torch.zeros((0, self._card.embedding_dim), device=self.device)
        with autocast(self.device):
            return self.module(channels_first(sent(patches, self.device))).float()


class GreyLevels(nn.Module):
    """Grey levels 0-255 to what a network takes: resampled, the middle `image_px` cut out, and normalised.

    Resampled to `resize_px`, or to `image_px` itself without one; None leaves the size as it is. Leave out the
    normalisation where it is folded into the first projection: weights of an interpolation sum to one, so resampling
    before or after is the same.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self, image_px: int | None, mean: Sequence[float] = (0.0, 0.0, 0.0), std: Sequence[float] | None = None, *,
        resize_px: int | None = None, interpolation: Literal["bicubic", "bilinear"] = "bicubic",
    ) -> None:  # fmt: skip
        super().__init__()
        self.image_px = image_px
        self.resize_px = resize_px or image_px
        self.interpolation = interpolation
        self.is_folded = std is None
        if std is not None:
            scale = 1 / (255 * torch.tensor(std, dtype=torch.float64))
            shift = torch.tensor(mean, dtype=torch.float64) / torch.tensor(std, dtype=torch.float64)
            self.register_buffer("scale", scale.float().view(3, 1, 1), persistent=False)
            self.register_buffer("shift", shift.float().view(3, 1, 1), persistent=False)

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 row column"]:
        """The network's input."""
        if self.resize_px is not None and pixels.shape[-2:] != (self.resize_px, self.resize_px):
            # Along rows, then along columns, as Pillow does: bicubic overshoots at edges, and each time what a byte
            # cannot hold is cut off.
            for size in ((pixels.shape[-2], self.resize_px), (self.resize_px, self.resize_px)):
                pixels = functional.interpolate(pixels, size, mode=self.interpolation, antialias=True).clamp(0, 255)
        if self.image_px is not None and self.image_px != self.resize_px:
            start = round(((self.resize_px or self.image_px) - self.image_px) / 2)
            pixels = pixels[..., start : start + self.image_px, start : start + self.image_px]
        return pixels if self.is_folded else pixels * self.scale - self.shift


def weights_digest(module: nn.Module, *, leave_out: Collection[str] = ()) -> str:
    """Hash of the weights as they stand in memory: a folder and the Hub give the same, and so does every load."""
    hasher = hashlib.sha256()
    for key, value in sorted((key, value) for key, value in module.state_dict().items() if key not in leave_out):
        hasher.update(key.encode())
        hasher.update(value.contiguous().cpu().view(torch.uint8).numpy().tobytes() if value.numel() else b"")
    return hasher.hexdigest()[:16]
