"""The normalisation folded into the patch projection, and where encoders compute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.testing import assert_close
from transformers import Dinov2Config, Dinov2Model, ViTConfig, ViTModel

from pathalign.encoders.device import channels_first, pick_device, precision
from pathalign.encoders.folding import fold_normalisation, projection_of
from pathalign.encoders.own_vit import load_own_vit
from pathalign.encoders.transformers_vision import load_transformers_vision
from pathalign.encoders.workspace_vit import MEAN, STD, WorkspaceViT, WorkspaceViTConfig, normalise
from pathalign.errors import NeedsRepair

pytestmark = pytest.mark.unit


def patches(side: int, count: int = 3) -> torch.Tensor:
    """Random bytes, black and white among them."""
    found = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found[0, : side // 2] = 255
    found[0, side // 2 :] = 0
    return found


@pytest.mark.parametrize("bias", [True, False])
def test_a_folded_projection_gives_what_the_plain_one_gives(bias: bool) -> None:
    """Grey levels through the folded one equal normalised floats through the other, to 1e-5."""
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 24, 16, 16, bias=bias)
    folded = nn.Conv2d(3, 24, 16, 16, bias=bias)
    folded.load_state_dict(plain.state_dict())

    fold_normalisation(folded, MEAN, STD)

    images = patches(64)
    assert_close(folded(channels_first(images)), plain(normalise(images)), atol=1e-5, rtol=1e-5)


def test_own_linear_vit_is_folded_and_the_texture_stem_is_not(tmp_path: Path) -> None:
    """Both embed as the model that was saved does; only the linear stem has another projection than was saved."""
    torch.manual_seed(0)
    for stem in ("linear", "texture"):
        config = WorkspaceViTConfig(image_px=32, dim=16, depth=1, heads=2, stem=stem)  # type: ignore[arg-type]
        vit, folder = WorkspaceViT(config).eval(), tmp_path / stem
        folder.mkdir()
        save_file(vit.state_dict(), folder / "model.safetensors")
        facts = {"model_type": "pathalign-vit", "name": "v", "patch_mpp": 1.0, "licence": "CC0", "source": "test"}
        (folder / "config.json").write_text(json.dumps({**facts, "vit": config.as_json()}))

        encoder = load_own_vit(folder)

        assert_close(encoder.encode(patches(32)), vit.embed(normalise(patches(32))).detach(), atol=1e-5, rtol=1e-5)
        weight = encoder.module.vit.patch_embed.proj.weight  # type: ignore[union-attr]
        assert torch.equal(weight, vit.patch_embed.proj.weight) == (stem == "texture")


def test_transformers_models_are_folded(tmp_path: Path) -> None:
    """ViT and DINOv2 take grey levels; a projection that pads is left alone, for zeros are not grey levels."""
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32}
    vit, dino = ViTModel(ViTConfig(**small, patch_size=16)), Dinov2Model(Dinov2Config(**small, patch_size=8))
    assert projection_of(vit) is vit.embeddings.patch_embeddings.projection
    assert projection_of(dino) is dino.embeddings.patch_embeddings.projection
    vit.embeddings.patch_embeddings.projection.padding = (2, 2)
    assert projection_of(vit) is None
    vit.embeddings.patch_embeddings.projection.padding = (0, 0)

    vit.eval().save_pretrained(tmp_path)
    encoder = load_transformers_vision(str(tmp_path))

    expected = vit(pixel_values=normalise(patches(32))).last_hidden_state[:, 0].detach()
    assert_close(encoder.encode(patches(32)), expected, atol=1e-5, rtol=1e-5)
    assert not torch.equal(
        encoder.module.model.embeddings.patch_embeddings.projection.weight,
        vit.embeddings.patch_embeddings.projection.weight,
    )


def test_a_device_that_is_not_there_is_named() -> None:
    """`auto` takes what there is; a name that torch does not know, or does not have, is an error with a repair."""
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")
    assert (precision(torch.device("cpu")), precision(torch.device("cuda"))) == ("float32", "bfloat16")
    for name in ("tpu", "cuda:x", "cpu:1", "cuda:99"):
        with pytest.raises(NeedsRepair, match="no device"):
            pick_device(name)
