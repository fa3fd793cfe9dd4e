"""Our own ViT as a patch encoder, from a model folder that `pathalign pretrain` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pathalign.encoders.encoder import MEAN, STD, EncoderCard
from pathalign.encoders.folding import fold_normalisation
from pathalign.encoders.torch_encoder import GreyLevels, TorchEncoder
from pathalign.encoders.vit import PatchEmbed
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig
from pathalign.errors import BadModelFolder
from pathalign.store.artifact import digest_file

MODEL_TYPE = "pathalign-vit"


class OwnVit(nn.Module):
    """A `WorkspaceViT` that takes grey levels."""

    def __init__(self, vit: WorkspaceViT) -> None:
        """`vit` is taken over: where its stem allows, the normalisation is folded into it."""
        super().__init__()
        self.vit = vit
        if isinstance(vit.patch_embed, PatchEmbed):
            fold_normalisation(vit.patch_embed.proj, MEAN, STD)
            self.pixels = GreyLevels(None)
        else:  # the texture stem takes logarithms of pixels
            self.pixels = GreyLevels(None, MEAN, STD)

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim"]:
        """What the model embeds each patch to; see `WorkspaceViT`."""
        return self.vit.embed(self.pixels(pixels))


def load_own_vit(folder: Path) -> TorchEncoder:
    """The encoder in a folder; raises `BadModelFolder` when it is not one of ours."""
    config = _read_config(folder)
    vit = WorkspaceViT(WorkspaceViTConfig(**config["vit"]))
    try:
        vit.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, SafetensorError, RuntimeError) as error:  # RuntimeError: names or shapes do not fit
        raise BadModelFolder(
            f"{folder}/model.safetensors is missing, damaged or does not fit its config.json "
            f"({type(error).__name__}). Copy the folder again, or run `pathalign pretrain --restart`."
        ) from error
    card = EncoderCard(
        name=config["name"], embedding_dim=vit.embedding_dim, patch_px=config["vit"]["image_px"],
        patch_mpp=config["patch_mpp"], licence=config["licence"], source=config["source"],
        weights_digest=digest_file(folder / "model.safetensors"), pooling="class token and mean of patch tokens",
    )  # fmt: skip
    return TorchEncoder(OwnVit(vit), card)


def is_own_vit(folder: Path) -> bool:
    """Whether a folder says that it holds one."""
    path = folder / "config.json"
    try:
        return path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("model_type") == MODEL_TYPE
    except ValueError:
        return False


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
