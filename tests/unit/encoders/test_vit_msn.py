"""Our ViT and transformers' ViTMSNModel are one network under two sets of names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import ViTMSNConfig, ViTMSNModel

from pathalign.encoders.state_dicts import vit_weights
from pathalign.encoders.vit_msn import vit_msn_weights
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig

pytestmark = pytest.mark.unit


def test_weights_go_there_and_back(tmp_path: Path) -> None:
    """A folder of ours loads as a ViTMSNModel with the same tokens; what that saves is read as ours again."""
    torch.manual_seed(0)
    ours = WorkspaceViT(WorkspaceViTConfig(image_px=32, dim=24, depth=2, heads=3)).eval()
    config = ViTMSNConfig(
        image_size=32, patch_size=16, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=96, layer_norm_eps=1e-6,
    )  # fmt: skip
    config.save_pretrained(tmp_path)
    save_file(dict(vit_msn_weights(ours)), tmp_path / "model.safetensors", metadata={"format": "pt"})
    images = torch.randn(2, 3, 32, 32)

    theirs, found = ViTMSNModel.from_pretrained(tmp_path, output_loading_info=True)
    theirs.save_pretrained(tmp_path / "back")
    back = vit_weights(load_file(tmp_path / "back" / "model.safetensors"))

    assert not found["missing_keys"]
    assert not found["unexpected_keys"]
    torch.testing.assert_close(theirs(pixel_values=images).last_hidden_state, ours(images), atol=1e-5, rtol=1e-5)
    assert all(back[f"vit.{name}"].equal(value) for name, value in ours.state_dict().items())


def test_a_texture_stem_is_refused() -> None:
    """The error names what the network has."""
    with pytest.raises(ValueError, match="TextureStem"):
        vit_msn_weights(WorkspaceViT(WorkspaceViTConfig(image_px=64, dim=24, depth=1, heads=3, stem="texture")))
