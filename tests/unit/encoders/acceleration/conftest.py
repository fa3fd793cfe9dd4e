"""A tiny random encoder, as torch computes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pathalign.encoders.acceleration.verification import probe_patches
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.own_vit import OwnVit
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig

PX = 32


def tiny_encoder() -> TorchEncoder:
    """A ViT of one block with random weights, the same each time."""
    torch.manual_seed(0)
    card = EncoderCard(
        name="tiny", embedding_dim=48, patch_px=PX, patch_mpp=1.0, licence="", source="test", weights_digest="0",
    )  # fmt: skip
    return TorchEncoder(OwnVit(WorkspaceViT(WorkspaceViTConfig(image_px=PX, dim=24, depth=1, heads=2))), card)


@pytest.fixture(scope="session")
def make_encoder() -> Callable[[], TorchEncoder]:
    """For what lives longer than a test."""
    return tiny_encoder


@pytest.fixture
def encoder() -> TorchEncoder:
    """One for each test: some change it."""
    return tiny_encoder()


@pytest.fixture
def patches() -> torch.Tensor:
    """Not those of the verification: turned, and in another order."""
    return probe_patches(PX).rot90(dims=(1, 2)).flip(0).contiguous()
