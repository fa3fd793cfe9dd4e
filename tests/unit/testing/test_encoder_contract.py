"""The contract of encoders: every adapter keeps it, and each way to break it is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import ViTConfig, ViTModel

from pathalign.encoders.cards import the_card
from pathalign.encoders.encoder import EncoderCard, PatchEncoder
from pathalign.encoders.own_vit import load_own_vit
from pathalign.encoders.public_vit import empty_public_vit, load_public_vit
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.encoders.transformers_vision import load_transformers_vision
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig
from pathalign.store.artifact import write_json
from pathalign.testing.encoder_contract import EncoderContract

pytestmark = pytest.mark.unit

CARD = EncoderCard(
    name="conv", embedding_dim=5, patch_px=32, patch_mpp=1.0, licence="CC0", source="test", weights_digest="0"
)  # fmt: skip
PROMISES = sorted(name for name in vars(EncoderContract) if name.startswith("test_"))


class Conv(nn.Module):
    """Means of a strided convolution; the same weights every time."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 5, 8, stride=8)

    def forward(self, pixels: Tensor) -> Tensor:
        """The mean over positions."""
        return self.conv(pixels).mean((2, 3))


class TestTorchModule(EncoderContract):
    """A torch module."""

    def encoder(self) -> PatchEncoder:
        """A small convolution."""
        return TorchEncoder(Conv(), CARD)


class TestWorkspacesOwn(EncoderContract):
    """A folder as `pretrain` writes it."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        """Where it lies."""
        torch.manual_seed(3)
        vit = WorkspaceViT(WorkspaceViTConfig(image_px=32, token_px=16, dim=24, depth=1, heads=2))
        about = {
            "model_type": "pathalign-vit", "name": "workspace", "vit": vit.config.as_json(), "licence": "CC0",
            "patch_mpp": 1.0, "source": "test",
        }  # fmt: skip
        write_json(tmp_path / "config.json", about)
        save_file(vit.state_dict(), tmp_path / "model.safetensors")
        self.path = tmp_path

    def encoder(self) -> PatchEncoder:
        """Loaded anew."""
        return load_own_vit(self.path)


class TestTransformersFolder(EncoderContract):
    """A folder of transformers, with a random ViT."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        """Where it lies."""
        torch.manual_seed(1)
        size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
        ViTModel(ViTConfig(**size, image_size=32)).save_pretrained(tmp_path / "vit")
        self.path = tmp_path / "vit"

    def encoder(self) -> PatchEncoder:
        """Loaded anew."""
        return load_transformers_vision(str(self.path))


class TestPublicCard(EncoderContract):
    """A card's network, made small, from a file of weights; with registers, a gated MLP, resize and crop."""

    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        """Where the weights are."""
        card = the_card("virchow2")
        architecture = {**card.architecture, "dim": 16, "depth": 1, "heads": 2, "token_px": 8}
        self.card = replace(
            card, architecture=architecture, embedding_dim=32, image_px=24, patch_px=32, resize_px=28
        )  # fmt: skip
        torch.manual_seed(2)
        module = empty_public_vit(self.card).to_empty(device="cpu")
        weights = {name: 0.2 * torch.randn(value.shape) for name, value in module.vit.state_dict().items()}
        self.path = tmp_path / "model.safetensors"
        save_file(weights, self.path)

    def encoder(self) -> PatchEncoder:
        """Loaded anew."""
        return load_public_vit(self.card, self.path)


class Broken(TorchEncoder):
    """Passes what it was given through a fault."""

    def __init__(self, fault: Callable[[Tensor], Tensor], card: EncoderCard = CARD) -> None:
        super().__init__(Conv(), card)
        self.fault = fault

    def encode(self, patches: Any) -> Any:
        """With a fault."""
        return self.fault(super().encode(patches))


def relative(embeddings: Tensor) -> Tensor:
    """Standardised within the batch."""
    return embeddings - embeddings.mean(0, keepdim=True)


def noisy(embeddings: Tensor) -> Tensor:
    """As if dropout were on."""
    return embeddings + torch.randn_like(embeddings)


def holed(embeddings: Tensor) -> Tensor:
    """One value is no number."""
    return torch.where(torch.arange(5) == 2, torch.nan, embeddings)


FAULTS: dict[str, Callable[[Tensor], Tensor]] = {
    "test_a_patch_is_encoded_alone": relative,
    "test_deterministic": noisy,
    "test_shape_and_type": holed,
    "test_odd_batches": lambda embeddings: embeddings[: len(embeddings) // 2 * 2],
    "test_no_patches": lambda embeddings: embeddings.reshape(-1),
    "test_no_gradient": lambda embeddings: embeddings.clone().requires_grad_(),
    "test_different_patches_differ": torch.zeros_like,
}


@pytest.mark.parametrize("promise", FAULTS)
def test_a_broken_promise_is_noticed(promise: str) -> None:
    """The test of a promise fails for an encoder that breaks it."""

    class Contract(EncoderContract):
        def encoder(self) -> PatchEncoder:
            with torch.inference_mode(promise != "test_no_gradient"):
                return Broken(FAULTS[promise])

    with pytest.raises(AssertionError):
        getattr(Contract(), promise)()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"licence": ""}, {"weights_digest": ""}, {"patch_px": 8}, {"patch_mpp": 0.01},
        {"std": (1.0, 0.0, 1.0)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_a_card_that_cannot_be_right_is_noticed(wrong: dict[str, Any]) -> None:
    """A card without name, licence or hash, or with impossible figures, fails."""

    class Contract(EncoderContract):
        def encoder(self) -> PatchEncoder:
            return Broken(torch.clone, replace(CARD, **wrong))

    with pytest.raises(AssertionError):
        Contract().test_card_states_facts()


def test_floats_between_0_and_1_are_noticed() -> None:
    """An encoder that takes floats as if they were grey levels fails."""

    class Taking(Broken):
        def encode(self, patches: Any) -> Any:
            return self.module(patches.permute(0, 3, 1, 2).float())

    class Contract(EncoderContract):
        def encoder(self) -> PatchEncoder:
            return Taking(torch.clone)

        def patches(self, count: int, *, px: int | None = None) -> Tensor:
            return torch.zeros((count, 32, 32, 3), dtype=torch.uint8)

    with pytest.raises(AssertionError, match="uint8 only"):
        Contract().test_only_bytes_are_taken()


def test_every_promise_has_a_reason() -> None:
    """Each test of the contract says in its docstring what it is for."""
    assert len(PROMISES) >= 15
    assert all(getattr(EncoderContract, name).__doc__ for name in PROMISES)
