"""Vision models of transformers as patch encoders: ViT, DINOv2 and their kin, from a folder or the Hub.

The only module of `encoders` that imports transformers; torchvision is not needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathalign.encoders.encoder import MEAN, STD, EncoderCard
from pathalign.encoders.folding import fold_normalisation, projection_of
from pathalign.encoders.torch_encoder import GreyLevels, TorchEncoder, weights_digest
from pathalign.errors import UnknownName


class TransformersVision(nn.Module):
    """A vision model of transformers that gives `last_hidden_state`; the embedding is its class token."""

    def __init__(self, model: nn.Module, pixels: GreyLevels) -> None:
        super().__init__()
        self.model = model
        self.pixels = pixels

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim"]:
        """The class token after the last layer."""
        return self.model(pixel_values=self.pixels(pixels)).last_hidden_state[:, 0]


def load_transformers_vision(name: str) -> TorchEncoder:
    """A model by folder or Hub name; raises `UnknownName` when it cannot be had or has no class token to take.

    Most public ones were trained at 0.5 mpp, and that is what the card says; `--mpp` overrides it.
    """
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
        raise UnknownName(f"{name} lacks {len(lost)} of its weights, the first is {lost[0]}. Copy the folder again.")
    mean, std = _normalisation(name)
    # A folder may be called from anywhere; which weights it holds is what the digest says.
    is_folder = Path(name).is_dir()
    card = EncoderCard(
        name=Path(name).resolve().name if is_folder else name, embedding_dim=config.hidden_size, patch_px=224,
        patch_mpp=0.5, licence=_licence(name), source="local folder" if is_folder else name,
        weights_digest=weights_digest(model, leave_out=random), mean=tuple(mean), std=tuple(std),
    )  # fmt: skip
    image_px = int(config.image_size if config.model_type == "vit" else 224)
    if projection := projection_of(model):
        fold_normalisation(projection, mean, std)
        return TorchEncoder(TransformersVision(model, GreyLevels(image_px)), card)
    return TorchEncoder(TransformersVision(model, GreyLevels(image_px, mean, std)), card)


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
