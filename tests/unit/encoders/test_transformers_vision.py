"""Vision models of transformers as patch encoders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close
from transformers import BertConfig, BertModel, Dinov2Config, Dinov2Model, ViTConfig, ViTModel

from pathalign.encoders.transformers_vision import load_transformers_vision
from pathalign.errors import UnknownName

pytestmark = pytest.mark.unit

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture
def vit(tmp_path: Path) -> ViTModel:
    """A tiny random ViT for images of 32 px, saved beside this test."""
    torch.manual_seed(0)
    model = ViTModel(ViTConfig(**SIZE, intermediate_size=24, image_size=32, patch_size=16), add_pooling_layer=False)
    model.save_pretrained(tmp_path)
    return model.eval()


def patches(px: int, count: int = 3) -> torch.Tensor:
    """Random RGB bytes."""
    return torch.randint(0, 256, (count, px, px, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def normalised(rgb: torch.Tensor, mean: tuple[float, ...] = MEAN, std: tuple[float, ...] = STD) -> torch.Tensor:
    """Bytes as the model's pre-processing makes them, channel by channel."""
    channels = [(rgb[..., c].float() / 255 - mean[c]) / std[c] for c in range(3)]
    return torch.stack(channels, dim=1)


def test_a_vit_gives_its_class_token(vit: ViTModel, tmp_path: Path) -> None:
    """Equal to transformers' own forward on the same normalised pixels."""
    encoder = load_transformers_vision(str(tmp_path))

    expected = vit(pixel_values=normalised(patches(32))).last_hidden_state[:, 0]

    assert_close(encoder.encode(patches(32)), expected.detach(), atol=1e-5, rtol=1e-5)
    assert encoder.card.embedding_dim == 16


def test_patches_of_another_size_are_resampled(vit: ViTModel, tmp_path: Path) -> None:
    """224-px patches reach a 32-px model as antialiased 32-px ones."""
    encoder = load_transformers_vision(str(tmp_path))
    small = functional.interpolate(normalised(patches(224)), (32, 32), mode="bicubic", antialias=True)

    expected = vit(pixel_values=small).last_hidden_state[:, 0]

    assert_close(encoder.encode(patches(224)), expected.detach(), atol=1e-5, rtol=1e-5)


def test_a_dinov2_sees_patches_at_224(tmp_path: Path) -> None:
    """DINOv2 is saved for 518 px and interpolates its positions: patches go in at 224, as pathology models use it."""
    torch.manual_seed(0)
    model = Dinov2Model(Dinov2Config(**SIZE, mlp_ratio=2, image_size=518, patch_size=14)).eval()
    model.save_pretrained(tmp_path)

    encoder = load_transformers_vision(str(tmp_path))

    expected = model(pixel_values=normalised(patches(224, 2))).last_hidden_state[:, 0]
    assert_close(encoder.encode(patches(224, 2)), expected.detach(), atol=1e-5, rtol=1e-5)


def test_the_models_own_normalisation_is_used(vit: ViTModel, tmp_path: Path) -> None:
    """Mean and deviation come from the pre-processing file that lies beside the weights."""
    mean, std = (0.7, 0.6, 0.5), (0.3, 0.2, 0.1)
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"image_processor_type": "ViTImageProcessor", "image_mean": mean, "image_std": std})
    )

    encoder = load_transformers_vision(str(tmp_path))

    expected = vit(pixel_values=normalised(patches(32), mean, std)).last_hidden_state[:, 0]
    assert_close(encoder.encode(patches(32)), expected.detach(), atol=1e-5, rtol=1e-5)


def test_a_batch_is_a_matter_of_speed_only(vit: ViTModel, tmp_path: Path) -> None:
    """A patch has the same embedding alone and among others, without gradient."""
    encoder = load_transformers_vision(str(tmp_path))
    together = encoder.encode(patches(32))

    for row in range(3):
        assert_close(encoder.encode(patches(32)[row : row + 1])[0], together[row], atol=1e-6, rtol=1e-5)
    assert not together.requires_grad


def test_the_card_knows_the_weights(vit: ViTModel, tmp_path: Path) -> None:
    """Other weights are another encoder; the same weights in another folder are the same."""
    card = load_transformers_vision(str(tmp_path)).card
    vit.save_pretrained(tmp_path / "copy")
    with torch.no_grad():
        vit.layernorm.bias[0] += 1e-3
    vit.save_pretrained(tmp_path / "changed")

    assert load_transformers_vision(str(tmp_path / "copy")).card.weights_digest == card.weights_digest
    assert load_transformers_vision(str(tmp_path / "changed")).card.weights_digest != card.weights_digest
    assert (card.patch_px, card.patch_mpp, card.licence) == (224, 0.5, "unknown (local folder)")
    assert json.loads(json.dumps(card.as_json()))["embedding_dim"] == 16


def test_a_file_that_lacks_weights_is_refused(vit: ViTModel, tmp_path: Path) -> None:
    """A network that would be half random is not used; a pooler, which no embedding needs, may be absent."""
    kept = {name: value for name, value in vit.state_dict().items() if "layernorm.bias" not in name}
    vit.save_pretrained(tmp_path, state_dict=kept)

    with pytest.raises(UnknownName, match=r"lacks 1 of its weights, the first is layernorm\.bias"):
        load_transformers_vision(str(tmp_path))


@pytest.mark.parametrize("name", ["nobody/no-such-encoder", "/no/such/folder", "two words"])
def test_a_name_that_nobody_has(name: str) -> None:
    """Without network a name is refused with what can be given instead."""
    with pytest.raises(UnknownName, match=rf"There is no encoder called {name}: .*Leave `--encoder` out"):
        load_transformers_vision(name)


def test_a_text_model_is_no_encoder(tmp_path: Path) -> None:
    """A BERT loads but cannot see; the message says what can."""
    BertModel(BertConfig(**SIZE, intermediate_size=24, vocab_size=20)).save_pretrained(tmp_path)

    with pytest.raises(UnknownName, match=r"is a bert, not a vision transformer\. Name a ViT or DINOv2 model"):
        load_transformers_vision(str(tmp_path))


def test_a_folder_is_the_same_encoder_from_anywhere(
    vit: ViTModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However its path is typed, the card is equal and holds no path: else no job could go on where another began."""
    far = load_transformers_vision(str(tmp_path)).card
    monkeypatch.chdir(tmp_path.parent)
    near = load_transformers_vision(f"./{tmp_path.name}").card

    assert near == far
    assert str(tmp_path.parent) not in json.dumps(far.as_json())
