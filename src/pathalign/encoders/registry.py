"""From a name to a patch encoder: the project's only registry."""

from __future__ import annotations

from pathlib import Path

import torch

from pathalign.encoders.encoder import PatchEncoder
from pathalign.encoders.own_vit import is_own_vit, load_own_vit
from pathalign.errors import MissingArtifact

WORKSPACE = "workspace"
"""The name of the encoder that a workspace trains for itself: the offline default."""


def load_encoder(name: str, *, own_folder: Path, device: torch.device | None = None) -> PatchEncoder:
    """The encoder called `name`: `workspace`, a folder, or a name on the Hugging Face Hub, on `device` (or the CPU).

    `own_folder` is where the workspace keeps its own. Raises `MissingArtifact` when that is asked for and not there
    yet, and `UnknownName` or `BadModelFolder` when another cannot be had.
    """
    encoder = _load(name, own_folder)
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
    if is_own_vit(Path(name)):
        return load_own_vit(Path(name))
    from pathalign.encoders.transformers_vision import load_transformers_vision

    return load_transformers_vision(name)
