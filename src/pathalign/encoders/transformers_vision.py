"""Vision models of transformers as patch encoders: ViT, DINOv2 and 3 and their kin, the image side of CLIP and SigLIP.

The only module of `encoders` that imports transformers; torchvision is not needed, and no code from a repository is
run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathalign.encoders.encoder import MEAN, STD, EncoderCard
from pathalign.encoders.folding import fold_normalisation, projection_of
from pathalign.encoders.pooling import POOLINGS
from pathalign.encoders.torch_encoder import GreyLevels, TorchEncoder, weights_digest
from pathalign.errors import UnknownName

if TYPE_CHECKING:
    from pathalign.encoders.cards import PublicCard

TOWERS = {"clip": "CLIPVisionModel", "siglip": "SiglipVisionModel"}
"""Models of images and texts, of which the half that sees is taken, with the embedding that it pools itself."""
OWN_POOLING = "as the model pools"
PATIENCE_S = 5.0
"""How long the Hub may take to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Preprocessing:
    """What becomes of a patch before the network sees it."""

    image_px: int
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    resize_px: int | None = None


class TransformersVision(nn.Module):
    """Grey levels to embeddings: a vision model of transformers, and what is pooled of its `last_hidden_state`."""

    def __init__(
        self, model: nn.Module, pixels: GreyLevels, pooling: str = "class token", *, prefix: int = 1,
        interpolate: bool = False,
    ) -> None:  # fmt: skip
        """`prefix` tokens come before those of the image; `interpolate` asks the model to fit its positions."""
        super().__init__()
        self.model = model
        self.pixels = pixels
        self.pooling = pooling
        self.prefix = prefix
        self.arguments: dict[str, Any] = {"interpolate_pos_encoding": True} if interpolate else {}

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim"]:
        """The pooled tokens after the last layer."""
        out = self.model(pixel_values=self.pixels(pixels), **self.arguments)
        if self.pooling == OWN_POOLING:
            return out.pooler_output
        return POOLINGS[self.pooling](out.last_hidden_state, self.prefix)


def load_transformers_vision(name: str, card: PublicCard | None = None) -> TorchEncoder:
    """A model by folder or Hub name; raises `UnknownName` when it cannot be had or is no vision transformer.

    What a `card` says goes before what lies beside the weights. Without one, patches are cut at the side that the
    network sees (its pre-processing's crop, for that is for photographs of any size), and at 0.5 mpp, where most public
    ones were trained; `--mpp` overrides it.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # stderr has our own
    config, model, loading = _had(name)
    sizes = getattr(config, "vision_config", config)
    random = set(loading["missing_keys"])  # a pooler is often not in the file, and is not used
    if lost := sorted(key for key in random if not key.startswith("pooler.") and "mask_token" not in key):
        raise UnknownName(f"{name} lacks {len(lost)} of its weights, the first is {lost[0]}. Copy the folder again.")
    seen = _preprocessing(name, config) if card is None else _of_card(card)
    own = OWN_POOLING if config.model_type.partition("_vision")[0] in TOWERS else "class token"
    digest = weights_digest(model, leave_out=random)
    interpolate = "dino" not in config.model_type and seen.image_px != sizes.image_size
    projection = projection_of(model)
    if projection is not None:
        fold_normalisation(projection, seen.mean, seen.std)
    normalisation = () if projection is not None else (seen.mean, seen.std)
    module = TransformersVision(
        model,
        GreyLevels(seen.image_px, *normalisation, resize_px=seen.resize_px, interpolation=seen.interpolation),
        own if card is None else card.pooling,
        prefix=1 + getattr(sizes, "num_register_tokens", 0),
        interpolate=interpolate,
    )
    if card is not None:
        return TorchEncoder(module, card.encoder_card(weights_digest=digest))
    return TorchEncoder(module, _own_card(name, seen, sizes.hidden_size, digest, own))


def _own_card(name: str, seen: _Preprocessing, dim: int, digest: str, pooling: str) -> EncoderCard:
    """Of a model without a card here; a folder may be called from anywhere, the digest says which weights it holds."""
    is_folder = Path(name).is_dir()
    source = "local folder" if is_folder else name
    return EncoderCard(
        name=Path(name).resolve().name if is_folder else name, embedding_dim=dim, patch_px=seen.image_px,
        patch_mpp=0.5, licence="unknown (local folder)" if is_folder else f"see the model card of {name}",
        source=f"{source}; its resolution is not known, 0.5 mpp is taken", weights_digest=digest, mean=seen.mean,
        std=seen.std, pooling=pooling,
    )  # fmt: skip


def _had(name: str) -> tuple[Any, nn.Module, Mapping[str, Any]]:
    """Configuration, model and how loading went: from this machine, else from the Hub if that answers at once."""
    try:
        try:
            return _loaded(name, local_files_only=True)
        except OSError:
            if Path(name).is_dir():
                raise
            _ask_hub(name)
            return _loaded(name, local_files_only=False)
    except UnknownName:  # it is there, and is something else
        raise
    except (OSError, ValueError) as error:
        raise UnknownName(
            f"There is no encoder called {name}: neither a folder here nor a repository that the Hugging Face Hub "
            f"gives ({type(error).__name__}). Leave `--encoder` out for the workspace's own, give a folder in "
            "Hugging Face's format, or a Hub name with network access; a gated one needs `hf auth login` after its "
            "owner has granted access."
        ) from error


def _loaded(name: str, *, local_files_only: bool) -> tuple[Any, nn.Module, Mapping[str, Any]]:
    import transformers

    asked = {"local_files_only": local_files_only, "trust_remote_code": False}
    config = transformers.AutoConfig.from_pretrained(name, **asked)
    sizes = getattr(config, "vision_config", config)
    if not hasattr(sizes, "hidden_size") or not hasattr(sizes, "patch_size"):
        raise UnknownName(f"{name} is a {config.model_type}, not a vision transformer. Name a ViT or DINOv2 model.")
    kind = getattr(transformers, TOWERS.get(config.model_type.partition("_vision")[0], "AutoModel"))
    model, loading = kind.from_pretrained(
        name, dtype=torch.float32, output_loading_info=True, local_files_only=local_files_only
    )
    return config, model, loading


def _ask_hub(name: str) -> None:
    """One request, before the client that retries for half a minute; raises `OSError` or `ValueError`."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE:
        raise OSError("HF_HUB_OFFLINE is set")
    no_answer: tuple[type[Exception], ...] = (HfHubHTTPError.__bases__[0], OSError)  # the first is its HTTP library's
    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json"), timeout=PATIENCE_S)
    except no_answer as error:
        raise OSError(str(error)) from error


def _of_card(card: PublicCard) -> _Preprocessing:
    return _Preprocessing(
        image_px=card.image_px, mean=card.mean, std=card.std, interpolation=card.interpolation, resize_px=card.resize_px
    )


def _preprocessing(name: str, config: Any) -> _Preprocessing:
    """From the file of it that lies beside the weights, else what models of that kind take."""
    from transformers.utils.hub import cached_file

    path = cached_file(name, "preprocessor_config.json", _raise_exceptions_for_missing_entries=False)
    found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    side = getattr(config, "vision_config", config).image_size
    default = 224 if config.model_type.startswith("dinov2") else side  # DINOv2 has positions for 518
    size = found.get("crop_size") if found.get("do_center_crop") else found.get("size")
    factor = 255 * found.get("rescale_factor", 1 / 255)
    mean, std = found.get("image_mean", MEAN), found.get("image_std", STD)
    return _Preprocessing(
        image_px=_side(size) or int(default), interpolation="bilinear" if found.get("resample") == 2 else "bicubic",
        mean=(mean[0] / factor, mean[1] / factor, mean[2] / factor),
        std=(std[0] / factor, std[1] / factor, std[2] / factor),
    )  # fmt: skip


def _side(size: Any) -> int | None:
    """Of `224`, `{"height": 224, "width": 224}` or `{"shortest_edge": 224}`."""
    if isinstance(size, Mapping):
        size = size.get("height") or size.get("shortest_edge")
    return int(size) if size else None
