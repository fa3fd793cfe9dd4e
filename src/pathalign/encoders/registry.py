"""From a name to a patch encoder: the project's only registry.

A name is looked up in this order: `workspace`; a plug-in (`plugins`); the card of a public encoder (`cards`); the
address of an embedding endpoint; a folder or file on this machine; a name on the Hugging Face Hub, for transformers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from pathalign.encoders.cards import PublicCard, nearest_names, public_card
from pathalign.encoders.encoder import PatchEncoder
from pathalign.encoders.hub_weights import hub_weights
from pathalign.encoders.own_vit import is_own_vit, load_own_vit
from pathalign.encoders.plugins import plugins
from pathalign.errors import MissingArtifact, NeedsRepair, UnknownName

WORKSPACE = "workspace"
"""The name of the encoder that a workspace trains for itself: the offline default."""


def load_encoder(
    name: str, *, own_folder: Path, weights: Path | None = None, device: torch.device | None = None
) -> PatchEncoder:
    """The encoder called `name`, on `device` (or the CPU).

    `own_folder` is where the workspace keeps its own. `weights` is the file of a public encoder's weights (a folder
    for those of transformers and Keras), for machines without network. Raises `MissingArtifact` when the workspace's
    own is asked for and not there yet, `MissingWeights` when a public one's are not here and cannot be fetched,
    `MissingExtra` when a package is missing, and `UnknownName`, `BadModelFolder` or `BrokenPlugin` when another cannot
    be had.
    """
    encoder = _load(name, own_folder) if weights is None else _load_public(_card_for_weights(name), weights)
    if device is not None:
        encoder.to(device)
    return encoder


def _load(name: str, own_folder: Path) -> PatchEncoder:
    if name == WORKSPACE:
        if not (own_folder / "manifest.json").is_file():
            raise MissingArtifact(
                "The workspace has no patch encoder of its own yet. "
                "Run `pathalign pretrain`, or name one with `--encoder`."
            )
        return load_own_vit(own_folder)
    if (plugin := plugins().get(name)) is not None:
        return plugin.load()
    if (card := public_card(name)) is not None:
        return _load_public(card, None)
    if name.startswith(("http://", "https://")):
        from pathalign.encoders.http_endpoint import load_http_endpoint

        return load_http_endpoint(name)
    if (path := Path(name)).exists():
        return _load_path(path)
    return _load_from_hub(name)


def _card_for_weights(name: str) -> PublicCard:
    if (card := public_card(name)) is None:
        raise NeedsRepair(
            f"`--weights` is for the public encoders that `pathalign encoders` lists, and {name} is none of them. Give "
            "the folder or file itself as `--encoder`."
        )
    return card


def _load_public(card: PublicCard, weights: Path | None) -> PatchEncoder:
    """A public encoder by its adapter, from weights on this machine or from the Hub."""
    if weights is not None and not weights.exists():
        raise NeedsRepair(f"There is no {weights.name} where `--weights` points. Give what {card.page} offers.")
    if card.adapter == "path_foundation":
        from pathalign.encoders.path_foundation import load_path_foundation

        return load_path_foundation(weights or hub_weights(card), card)
    path = weights or hub_weights(card)
    if card.adapter == "transformers_vision":
        from pathalign.encoders.transformers_vision import load_transformers_vision

        return load_transformers_vision(str(path if path.is_dir() else path.parent), card)
    from pathalign.encoders.public_vit import load_public_vit

    return load_public_vit(card, path)


def _load_path(path: Path) -> PatchEncoder:
    """What lies on this machine, by what it says of itself."""
    if path.is_file():
        from pathalign.encoders.exported_file import load_exported_file

        return load_exported_file(path)
    if is_own_vit(path):
        return load_own_vit(path)
    if (path / "saved_model.pb").is_file():
        from pathalign.encoders.path_foundation import load_path_foundation

        card = public_card("path-foundation")
        assert card is not None, "it is among the cards"
        return load_path_foundation(path, card)
    if "architecture" in _config_of(path):
        from pathalign.encoders.timm_vision import load_timm_vision

        return load_timm_vision(str(path))
    from pathalign.encoders.transformers_vision import load_transformers_vision

    return load_transformers_vision(str(path))


def _load_from_hub(name: str) -> PatchEncoder:
    from pathalign.encoders.transformers_vision import load_transformers_vision

    try:
        return load_transformers_vision(name)
    except UnknownName as error:
        if near := nearest_names(name):
            raise UnknownName(f"{error} Or did you mean {' or '.join(near)}?") from error
        raise


def _config_of(folder: Path) -> dict[str, Any]:
    """What its config.json says; a damaged one says nothing here, and is refused by the adapter."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
