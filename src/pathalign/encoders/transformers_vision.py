"""Vision models of transformers as patch encoders: ViT, DINOv2 and their kin, from a folder or the Hub.

The only module of `encoders` that imports transformers; torchvision is not needed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from pathalign.encoders.device import autocast, channels_first, sent
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.folding import fold_normalisation, projection_of
from pathalign.encoders.vit import MEAN, STD
from pathalign.errors import UnknownName


class TransformersVision:
    """A vision transformer that gives `last_hidden_state`; the embedding is its class token."""

    def __init__(self, name: str) -> None:
        """Load by name; raises `UnknownName` when it cannot be had or has no class token to take."""
        from transformers import AutoConfig, AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()  # stderr has our own
        try:
            config = AutoConfig.from_pretrained(name)
            model, loading = AutoModel.from_pretrained(name, dtype=torch.float32, output_loading_info=True)
        except (OSError, ValueError) as error:
            raise UnknownName(
                f"There is no encoder called {name}: neither a folder here nor a repository that the Hugging Face Hub "
                f"gives ({type(error).__name__}). Leave `--encoder` out for the workspace's own, give a folder in "
                "Hugging Face's format, or a Hub name with network access; a gated one needs `hf auth login` after its "
                "owner has granted access."
            ) from error
        if not hasattr(config, "hidden_size") or not hasattr(config, "patch_size"):
            raise UnknownName(f"{name} is a {config.model_type}, not a vision transformer. Name a ViT or DINOv2 model.")
        random = set(loading["missing_keys"])  # a pooler is often not in the file, and is not used
        if lost := sorted(key for key in random if not key.startswith("pooler.") and "mask_token" not in key):
            raise UnknownName(
                f"{name} lacks {len(lost)} of its weights, the first is {lost[0]}. Copy the folder again."
            )
        self._model = model.eval().requires_grad_(False)
        mean, std = _normalisation(name)
        self._image_px = int(config.image_size if config.model_type == "vit" else 224)
        # A folder may be called from anywhere; which weights it holds is what the digest says.
        is_folder = Path(name).is_dir()
        self._card = EncoderCard(
            name=Path(name).resolve().name if is_folder else name, embedding_dim=config.hidden_size, patch_px=224,
            patch_mpp=0.5, licence=_licence(name), source="local folder" if is_folder else name,
            weights_digest=_digest(self._model, leave_out=random),
        )  # fmt: skip
        projection = projection_of(self._model)
        self._normalisation = None if projection else (mean, std)
        if projection:
            fold_normalisation(projection, mean, std)

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder. Most public ones were trained at 0.5 mpp; `--mpp` overrides it."""
        return self._card

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self._model.parameters()).device

    def to(self, device: torch.device) -> None:
        """Move it."""
        self._model.to(device)

    @torch.inference_mode()
    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """The class token after the last layer; patches of another size are resampled to the model's."""
        x = channels_first(sent(patches, self.device))
        if self._normalisation:
            mean, std = (torch.tensor(values, device=x.device).view(3, 1, 1) for values in self._normalisation)
            x = (x / 255 - mean) / std
        if x.shape[-1] != self._image_px:
            # Its weights sum to one, so resampling before or after the normalisation is the same.
            x = functional.interpolate(x, (self._image_px, self._image_px), mode="bicubic", antialias=True)
        with autocast(self.device):
            return self._model(pixel_values=x).last_hidden_state[:, 0]


def _normalisation(name: str) -> tuple[Any, Any]:
    """Mean and deviation from the model's own pre-processing file, else ImageNet's."""
    from transformers import AutoImageProcessor

    try:
        processor = AutoImageProcessor.from_pretrained(name)
    except (OSError, ValueError, ImportError):
        return MEAN, STD
    return processor.image_mean, processor.image_std


def _licence(name: str) -> str:
    return "unknown (local folder)" if Path(name).is_dir() else f"see the model card of {name}"


def _digest(model: torch.nn.Module, *, leave_out: set[str]) -> str:
    """Hash of the weights as they stand in memory: a folder and the Hub give the same, and so does every load."""
    hasher = hashlib.sha256()
    for key, value in sorted((key, value) for key, value in model.state_dict().items() if key not in leave_out):
        hasher.update(key.encode())
        hasher.update(value.contiguous().numpy().tobytes())
    return hasher.hexdigest()[:16]
