"""Models of timm as patch encoders, from a folder in its Hub format or a name on the Hub; needs the extra `timm`.

The only module that imports timm, which imports torchvision: one that is absent, or built for another torch, makes timm
fail. The public encoders that have a card run without either (`public_vit`).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.torch_encoder import GreyLevels, TorchEncoder, weights_digest
from pathalign.errors import MissingExtra, UnknownName


class TimmVision(nn.Module):
    """Grey levels to what a timm model pools before its classifier."""

    def __init__(self, model: nn.Module, pixels: GreyLevels) -> None:
        super().__init__()
        self.model = model
        self.pixels = pixels

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim"]:
        """The model's features."""
        return self.model(self.pixels(pixels))


def load_timm_vision(name: str) -> TorchEncoder:
    """A model by folder, by Hub name (`OWNER/NAME`), or by timm's own name, at the side that it was trained for.

    Raises `MissingExtra` where timm cannot be imported, and `UnknownName` for a model that cannot be had or that pools
    nothing. Its resolution is not known to timm: 0.5 mpp is taken; `--mpp` overrides it.
    """
    timm = usable_timm()
    is_folder = Path(name).is_dir()
    place = f"local-dir:{Path(name).resolve()}" if is_folder else f"hf-hub:{name}" if "/" in name else name
    try:
        model = timm.create_model(place, pretrained=True, num_classes=0)
    except (OSError, RuntimeError, ValueError) as error:  # no such file, weights that do not fit, no such name
        raise UnknownName(
            f"There is no timm model {Path(name).name if is_folder else name} that can be loaded "
            f"({type(error).__name__}): neither a folder in timm's format here, nor on the Hub, nor among timm's own. "
            "Copy the folder again, or name another encoder; `pathalign encoders` lists those with a card."
        ) from error
    facts = timm.data.resolve_model_data_config(model)
    px, kind = int(facts["input_size"][-1]), facts["interpolation"]
    with torch.inference_mode():
        shape = model.eval()(torch.zeros(1, 3, px, px)).shape
    if len(shape) != 2:
        raise UnknownName(
            f"{name} gives a tensor of {len(shape)} dimensions for an image, not an embedding: it pools nothing. "
            "Name its card where `pathalign encoders` has one, which says what to pool."
        )
    pixels = GreyLevels(px, facts["mean"], facts["std"], interpolation="bilinear" if kind == "bilinear" else "bicubic")
    card = EncoderCard(
        name=Path(name).resolve().name if is_folder else name, embedding_dim=shape[1], patch_px=px, patch_mpp=0.5,
        licence=str(model.pretrained_cfg.get("license") or "unknown"), weights_digest=weights_digest(model),
        source=f"{'local folder' if is_folder else name}; its resolution is not known, 0.5 mpp is taken",
        mean=tuple(facts["mean"]), std=tuple(facts["std"]), pooling="as the model pools",
    )  # fmt: skip
    return TorchEncoder(TimmVision(model, pixels), card)


def usable_timm() -> Any:
    """timm, where it and its torchvision can be imported; raises `MissingExtra` with what to do where not."""
    instead = "The encoders that `pathalign encoders` lists run without timm."
    for package in ("timm", "torchvision"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(
                f"Models of timm need timm and a torchvision that fits torch {torch.__version__}, and {package} is not "
                f"installed. Run `pip install 'pathalign[timm]'`, with the torchvision that pytorch.org names for this "
                f"torch. {instead}"
            )
    try:
        import timm
        import timm.data
    except (ImportError, RuntimeError, OSError, AttributeError) as error:  # what a torchvision of another torch raises
        raise MissingExtra(
            f"Models of timm need a torchvision that fits torch {torch.__version__}, and the one here breaks on import "
            f"({type(error).__name__}: {error}). Install the torchvision that pytorch.org names for this torch. "
            f"{instead}"
        ) from error
    return timm
