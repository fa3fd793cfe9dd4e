"""Our own ViT as a patch encoder, from a model folder that `pathalign pretrain` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from pathalign.encoders.device import autocast, channels_first, sent
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.folding import fold_normalisation
from pathalign.encoders.vit import MEAN, STD, PatchEmbed, VisionTransformer, ViTConfig, normalise
from pathalign.errors import BadModelFolder
from pathalign.store.artifact import digest_file

MODEL_TYPE = "pathalign-vit"


class OwnVit:
    """A `VisionTransformer` with its card."""

    def __init__(self, folder: Path) -> None:
        """Load a folder; raises `BadModelFolder` when it is not one of ours."""
        config = _read_config(folder)
        self.model = VisionTransformer(ViTConfig(**config["vit"])).eval().requires_grad_(False)
        try:
            self.model.load_state_dict(load_file(folder / "model.safetensors"))
        except (OSError, SafetensorError, RuntimeError) as error:  # RuntimeError: names or shapes do not fit
            raise BadModelFolder(
                f"{folder}/model.safetensors is missing, damaged or does not fit its config.json "
                f"({type(error).__name__}). Copy the folder again, or run `pathalign pretrain --restart`."
            ) from error
        self._is_folded = isinstance(self.model.patch_embed, PatchEmbed)  # the texture stem takes logarithms of pixels
        if isinstance(self.model.patch_embed, PatchEmbed):
            fold_normalisation(self.model.patch_embed.proj, MEAN, STD)
        self._card = EncoderCard(
            name=config["name"], embedding_dim=self.model.embedding_dim, patch_px=config["vit"]["image_px"],
            patch_mpp=config["patch_mpp"], licence=config["licence"], source=config["source"],
            weights_digest=digest_file(folder / "model.safetensors"),
        )  # fmt: skip

    @property
    def card(self) -> EncoderCard:
        """Facts about the encoder."""
        return self._card

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.model.cls_token.device

    def to(self, device: torch.device) -> None:
        """Move it."""
        self.model.to(device)

    @torch.inference_mode()
    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """What the model embeds each patch to; see `VisionTransformer`."""
        on_device = sent(patches, self.device)
        with autocast(self.device):
            return self.model.embed(channels_first(on_device) if self._is_folded else normalise(on_device))


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise BadModelFolder(
            f"{path} is damaged: it is no JSON. Copy the folder again, or run `pathalign pretrain --restart`."
        ) from error
    if config.get("model_type") != MODEL_TYPE:
        raise BadModelFolder(
            f"{folder} does not hold a {MODEL_TYPE}. Run `pathalign pretrain`, or name another encoder."
        )
    return config
