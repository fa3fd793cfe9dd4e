"""Vision models of transformers as patch encoders."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPModel,
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    DINOv3ViTConfig,
    DINOv3ViTModel,
    SiglipConfig,
    SiglipModel,
    ViTConfig,
    ViTModel,
    ViTMSNConfig,
    ViTMSNModel,
)

from pathalign.encoders.cards import the_card
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
    assert (card.patch_px, card.patch_mpp, card.licence) == (32, 0.5, "unknown (local folder)")
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


def written(folder: Path, **values: Any) -> None:
    """A pre-processing file as image processors write it."""
    (folder / "preprocessor_config.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("size", "px"),
    [
        ({"size": {"height": 48, "width": 48}}, 48),
        ({"size": 48}, 48),
        ({"size": {"shortest_edge": 64}, "do_center_crop": True, "crop_size": {"height": 48, "width": 48}}, 48),
        ({"size": {"height": 48, "width": 48}, "resample": 2}, 48),
    ],
)
def test_the_side_is_that_of_the_models_own_preprocessing(
    size: dict[str, Any], px: int, vit: ViTModel, tmp_path: Path
) -> None:
    """A ViT for 32 px that is used at 48 gets interpolated positions; patches are cut at what it sees."""
    written(tmp_path, **size)

    encoder = load_transformers_vision(str(tmp_path))

    faint = patches(96) // 2 + 64  # no overshoot that would be cut off
    kind = "bilinear" if size.get("resample") == 2 else "bicubic"
    seen = functional.interpolate(normalised(faint), (px, px), mode=kind, antialias=True)
    expected = vit(pixel_values=seen, interpolate_pos_encoding=True).last_hidden_state[:, 0]
    assert_close(encoder.encode(faint), expected.detach(), atol=1e-5, rtol=1e-5)
    assert encoder.card.patch_px == px
    assert "its resolution is not known, 0.5 mpp is taken" in encoder.card.source


def test_pixels_may_be_scaled_otherwise(vit: ViTModel, tmp_path: Path) -> None:
    """A rescale factor that is not 1/255 goes into mean and deviation."""
    written(tmp_path, rescale_factor=1 / 127.5, image_mean=[1, 1, 1], image_std=[0.5, 0.5, 0.5])

    encoder = load_transformers_vision(str(tmp_path))

    seen = ((patches(32).float() / 127.5 - 1) / 0.5).permute(0, 3, 1, 2)
    expected = vit(pixel_values=seen).last_hidden_state[:, 0].detach()
    assert_close(encoder.encode(patches(32)), expected, atol=1e-5, rtol=1e-5)


def test_a_card_goes_before_what_lies_beside_the_weights(tmp_path: Path) -> None:
    """Pooling, normalisation, size and resolution are the card's."""
    torch.manual_seed(0)
    model = Dinov2Model(Dinov2Config(**SIZE, mlp_ratio=2, image_size=42, patch_size=14)).eval()
    model.save_pretrained(tmp_path)
    written(tmp_path, size=56, image_mean=MEAN)
    card = replace(the_card("midnight-12k"), image_px=28, embedding_dim=32)

    encoder = load_transformers_vision(str(tmp_path), card)

    tokens = model(pixel_values=normalised(patches(28), card.mean, card.std)).last_hidden_state.detach()
    expected = torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], dim=1)
    assert_close(encoder.encode(patches(28)), expected, atol=1e-5, rtol=1e-5)
    assert (encoder.card.name, encoder.card.embedding_dim) == ("midnight-12k", 32)


IMAGES: dict[str, Any] = {**SIZE, "intermediate_size": 24, "image_size": 32, "patch_size": 16}
TEXTS: dict[str, Any] = {**SIZE, "intermediate_size": 24, "vocab_size": 20}
MODELS = {
    "registers": lambda: Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**SIZE, image_size=32, patch_size=16)),
    "dinov3": lambda: DINOv3ViTModel(DINOv3ViTConfig(**IMAGES, num_register_tokens=2)),
    "msn": lambda: ViTMSNModel(ViTMSNConfig(**IMAGES)),
}
TOWERS = {
    "clip": lambda: CLIPModel(CLIPConfig(text_config=TEXTS, vision_config=IMAGES, projection_dim=8)),
    "siglip": lambda: SiglipModel(SiglipConfig(text_config=TEXTS, vision_config=IMAGES)),
}


@pytest.mark.parametrize("name", MODELS)
def test_other_transformers_give_their_class_token(name: str, tmp_path: Path) -> None:
    """DINOv2 with registers, DINOv3 and ViT-MSN, whose mean of patches leaves registers out."""
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(tmp_path)
    written(tmp_path, size=32)
    card = replace(the_card("midnight-12k"), mean=MEAN, std=STD, image_px=32)

    tokens = model(pixel_values=normalised(patches(32))).last_hidden_state.detach()

    found = load_transformers_vision(str(tmp_path)).encode(patches(32))
    assert_close(found, tokens[:, 0], atol=1e-5, rtol=1e-5)
    both = torch.cat([tokens[:, 0], tokens[:, -4:].mean(1)], dim=1)
    assert_close(load_transformers_vision(str(tmp_path), card).encode(patches(32)), both, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", TOWERS)
def test_of_a_model_of_images_and_texts_the_half_that_sees_is_taken(name: str, tmp_path: Path) -> None:
    """With the embedding that it pools itself, before the projection to the space of texts."""
    torch.manual_seed(0)
    model = TOWERS[name]().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(tmp_path)

    encoder = load_transformers_vision(str(tmp_path))

    expected = model.vision_model(pixel_values=normalised(patches(32))).pooler_output.detach()
    assert_close(encoder.encode(patches(32)), expected, atol=1e-5, rtol=1e-5)
    assert (encoder.card.pooling, encoder.card.patch_px) == ("as the model pools", 32)


def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request that fails is an answer: the client's own retries would take half a minute."""
    import huggingface_hub

    asked = []

    def unreachable(url: str, **options: Any) -> None:
        asked.append((url, options["timeout"]))
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", unreachable)

    with pytest.raises(UnknownName, match="There is no encoder called nobody/none"):
        load_transformers_vision("nobody/none")

    assert asked == [("https://huggingface.co/nobody/none/resolve/main/config.json", 5.0)]
