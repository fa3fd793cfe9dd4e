"""Our vision transformer on the weights of public encoders, against the networks that their authors use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch.testing import assert_close
from transformers import (
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    PreTrainedModel,
    ViTConfig,
    ViTModel,
    ViTMSNConfig,
    ViTMSNModel,
)

from pathalign.encoders.acceleration.graph import graph_of
from pathalign.encoders.cards import PublicCard, public_cards, the_card
from pathalign.encoders.public_vit import empty_public_vit, load_public_vit
from pathalign.errors import BadModelFolder

pytestmark = pytest.mark.unit

REFERENCE = Path(sys.prefix) / "reference"
"""Where `make setup` puts timm: out of the way of what else asks whether timm is there."""

SWIGLU = {"swiglu": True, "mlp_ratio": 5.33334, "init_values": 1e-5}
AS_PUBLISHED: dict[str, tuple[str, dict[str, Any]]] = {
    "uni": ("vit_large_patch16_224", {"init_values": 1e-5}),
    "uni2-h": (
        "vit_giant_patch14_224",
        {**SWIGLU, "depth": 24, "num_heads": 24, "embed_dim": 1536, "no_embed_class": True, "reg_tokens": 8},
    ),
    "virchow": ("vit_huge_patch14_224", {**SWIGLU, "mlp_ratio": 5.3375}),
    "virchow2": ("vit_huge_patch14_224", {**SWIGLU, "mlp_ratio": 5.3375, "reg_tokens": 4}),
    "h-optimus-0": ("vit_giant_patch14_reg4_dinov2", {"img_size": 224, "init_values": 1e-5}),
    "h-optimus-1": ("vit_giant_patch14_reg4_dinov2", {"img_size": 224, "init_values": 1e-5}),
    "h0-mini": ("vit_base_patch14_reg4_dinov2", {**SWIGLU, "img_size": 224}),
    "gigapath": ("vit_giant_patch14_dinov2", {"img_size": 224, "patch_size": 16}),
    "kaiko-vits16": ("vit_small_patch16_224", {}),
    "kaiko-vits8": ("vit_small_patch8_224", {}),
    "kaiko-vitb16": ("vit_base_patch16_224", {}),
    "kaiko-vitb8": ("vit_base_patch8_224", {}),
    "kaiko-vitl14": ("vit_large_patch14_reg4_dinov2", {}),
    "lunit-vits16": ("vit_small_patch16_224", {}),
    "lunit-vits8": ("vit_small_patch8_224", {}),
    "conch": ("vit_base_patch16_224", {"img_size": 448}),
    "conch-v1.5": ("vit_large_patch16_224", {"init_values": 1e-6}),
}
"""timm's name and arguments in the owners' own examples; CONCH builds timm's class with the sizes of these."""


def tiny(card: PublicCard, **architecture: Any) -> PublicCard:
    """The card of a network of the same kind that is small, for images of two squares a side."""
    sizes = {"dim": 24, "depth": 2, "heads": 2, "image_px": 2 * card.architecture.get("token_px", 16), **architecture}
    width = {"attentional pooler": 16, "class token": 24}.get(card.pooling, 48)
    px = 2 * card.architecture.get("token_px", 16)
    return replace(card, architecture={**card.architecture, **sizes}, image_px=px, resize_px=None, embedding_dim=width)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What timm makes of every card that it has a network for: one process, for timm takes seconds to import."""
    if not (REFERENCE / "timm").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"timm is not in {REFERENCE}: run `make setup`.")
        pytest.skip("timm, the reference, is not installed: run `make setup`")
    out = tmp_path_factory.mktemp("timm")
    cases = []
    for name, (timm, arguments) in AS_PUBLISHED.items():
        card = the_card(name)
        token = card.architecture.get("token_px", 16)
        larger = name in ("kaiko-vitl14", "conch-v1.5")  # whose positions are interpolated
        saved = {"kaiko-vitl14": 3, "conch-v1.5": 3}[name] if larger else 2
        before = {"conch": "visual.", "conch-v1.5": "", "uni": "module.-trunk."}.get(name, "-trunk.")
        cases.append({
            "card": name, "timm": timm, "timm_arguments": arguments, "pooling": card.pooling, "mean": card.mean,
            "std": card.std, "embedding_dim": card.embedding_dim, "px": 2 * token, "saved_px": saved * token,
            "before": before,
        })  # fmt: skip
    script = Path(__file__).with_name("timm_reference.py")
    subprocess.run(
        [sys.executable, "-W", "ignore", script, REFERENCE, out], input=json.dumps(cases), text=True, check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return out


@pytest.mark.parametrize("name", AS_PUBLISHED)
@pytest.mark.slow
def test_embeddings_are_those_of_timm(name: str, reference: Path) -> None:
    """A tiny network of the card's kind, from the file that timm's has saved, embeds as timm's does."""
    expected = torch.load(reference / f"{name}.pt")
    rgb = expected["images"].permute(0, 2, 3, 1).to(torch.uint8)

    encoder = load_public_vit(tiny(the_card(name)), reference / f"{name}.bin")

    assert_close(encoder.encode(rgb), expected["embedding"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", AS_PUBLISHED)
@pytest.mark.slow
def test_full_networks_have_the_tensors_of_timms(name: str, reference: Path) -> None:
    """As many parameters in the same shapes as the network that the owner's example makes."""
    card = the_card(name)
    shapes = torch.load(reference / f"{name}.pt")["shapes"]
    expected = {key.removeprefix("trunk."): shape for key, shape in shapes.items() if key.startswith("trunk.")}

    found = {key: list(value.shape) for key, value in empty_public_vit(card).vit.state_dict().items()}

    assert found == expected


@pytest.mark.parametrize("name", ["conch", "conch-v1.5", "virchow2", "h-optimus-0"])
@pytest.mark.slow
def test_it_is_exported_as_it_stands(name: str, reference: Path) -> None:
    """Pooling, registers and interpolated positions are part of a graph that takes any batch."""
    encoder = load_public_vit(tiny(the_card(name)), reference / f"{name}.bin")
    px = 2 * the_card(name).architecture["token_px"]

    graph = graph_of(encoder.module, patch_px=px).module()

    patches = rgb(px, 3)
    assert_close(graph(patches.permute(0, 3, 1, 2).float()), encoder.encode(patches), atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_every_card_is_built_and_has_the_published_size() -> None:
    """The number of parameters that its owner publishes, as rounded: another architecture is off by far more."""
    cards = [card for card in public_cards().values() if card.adapter == "public_vit"]
    assert len(cards) >= 15
    for card in cards:
        module = empty_public_vit(card)
        count = sum(parameter.numel() for parameter in module.vit.parameters()) / 1e6
        if card.million_parameters is not None:
            assert count == pytest.approx(card.million_parameters, rel=0.04), card.name
        width = module.vit.config.dim * (2 if "and mean" in card.pooling else 1)
        assert card.pooling == "attentional pooler" or width == card.embedding_dim, card.name


def rgb(px: int, count: int = 2) -> torch.Tensor:
    """Random bytes."""
    return torch.randint(0, 256, (count, px, px, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def normalised(patches: torch.Tensor, card: PublicCard) -> torch.Tensor:
    """As the card's pre-processing makes them."""
    return ((patches / 255 - torch.tensor(card.mean)) / torch.tensor(card.std)).permute(0, 3, 1, 2)


SMALL: dict[str, Any] = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 14}
OF_TRANSFORMERS: dict[str, tuple[type[PreTrainedModel], Any, dict[str, Any]]] = {
    "vit": (ViTModel, ViTConfig(**SMALL, image_size=28, intermediate_size=96), {"norm_eps": 1e-12}),
    "msn": (ViTMSNModel, ViTMSNConfig(**SMALL, image_size=28, intermediate_size=96), {"norm_eps": 1e-6}),
    "dinov2": (Dinov2Model, Dinov2Config(**SMALL, image_size=42), {"layer_scale": True, "interpolation": "plain"}),
    "dinov2 swiglu": (
        Dinov2Model,
        Dinov2Config(**SMALL, image_size=28, use_swiglu_ffn=True, qkv_bias=False),
        {"layer_scale": True, "mlp": "swiglu_dinov2", "qkv_bias": False},
    ),
    "registers": (
        Dinov2WithRegistersModel,
        Dinov2WithRegistersConfig(**SMALL, image_size=42, num_register_tokens=3, use_swiglu_ffn=True),
        {"layer_scale": True, "mlp": "swiglu_dinov2", "registers": 3, "positions": "class_and_patches"},
    ),
}


def of_transformers(name: str) -> tuple[PreTrainedModel, PublicCard]:
    """A random model in which every tensor matters, and the card of the same architecture."""
    kind, config, architecture = OF_TRANSFORMERS[name]
    torch.manual_seed(0)
    model = kind(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=max(1, parameter[0].numel()) ** -0.5)
    card = replace(the_card("lunit-vits16"), architecture={"token_px": 14, **architecture})
    return model, tiny(card)


@pytest.mark.parametrize("name", OF_TRANSFORMERS)
def test_embeddings_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    """From the file that transformers saves, also where it has positions for a larger image."""
    model, card = of_transformers(name)
    model.save_pretrained(tmp_path)

    encoder = load_public_vit(card, tmp_path)

    patches = rgb(28)
    extra = {"interpolate_pos_encoding": True} if name in ("vit", "msn") else {}
    expected = model(pixel_values=normalised(patches, card), **extra).last_hidden_state[:, 0].detach()
    assert_close(encoder.encode(patches), expected, atol=1e-5, rtol=1e-5)


DINO_NAMES = {
    "embeddings.patch_embeddings.projection": "patch_embed.proj", "embeddings.position_embeddings": "pos_embed",
    "embeddings.cls_token": "cls_token", "embeddings.register_tokens": "register_tokens", "layernorm.": "norm.",
    "embeddings.mask_token": "mask_token", "encoder.layer": "blocks", "attention.o_proj": "attn.proj",
    "layer_scale1.lambda1": "ls1.gamma", "layer_scale2.lambda1": "ls2.gamma", "down_proj": "w3",
}  # fmt: skip


def in_names_of_dinov2(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """A DINOv2 of transformers as facebookresearch's code would have saved it."""
    state = dict(model.state_dict())
    for block in range(model.config.num_hidden_layers):
        before = f"encoder.layer.{block}."
        for kind in ("weight", "bias"):
            parts = [state.pop(f"{before}attention.{part}_proj.{kind}") for part in "qkv"]
            state[f"{before}attn.qkv.{kind}"] = torch.cat(parts)
            halves = [state.pop(f"{before}mlp.{half}_proj.{kind}") for half in ("gate", "up")]
            state[f"{before}mlp.w12.{kind}"] = torch.cat(halves)
    for theirs, others in DINO_NAMES.items():
        state = {name.replace(theirs, others): tensor for name, tensor in state.items()}
    return state


@pytest.mark.parametrize("chunk", ["", "0."])
def test_a_checkpoint_of_dinov2_gives_its_teacher(chunk: str, tmp_path: Path) -> None:
    """The teacher's backbone is found beside student and head, in blocks that may be in chunks."""
    model, card = of_transformers("registers")
    state = {name.replace("blocks.", f"blocks.{chunk}"): each for name, each in in_names_of_dinov2(model).items()}
    teacher = {f"backbone.{name}": each for name, each in state.items()}
    student = {name: torch.zeros_like(each) for name, each in teacher.items()}
    head = {"dino_head.mlp.0.weight": torch.zeros(3, 3)}
    torch.save({"teacher": teacher | head, "student": student | head, "iteration": 7}, tmp_path / "weights.pth")

    encoder = load_public_vit(card, tmp_path / "weights.pth")

    expected = model(pixel_values=normalised(rgb(28), card)).last_hidden_state[:, 0].detach()
    assert_close(encoder.encode(rgb(28)), expected, atol=1e-5, rtol=1e-5)


def test_the_digest_is_of_the_weights_and_not_of_their_file(tmp_path: Path) -> None:
    """The same weights in two formats make the same encoder; half precision makes another."""
    model, card = of_transformers("registers")
    model.save_pretrained(tmp_path)
    torch.save(in_names_of_dinov2(model), tmp_path / "weights.pth")
    torch.save({name: each.half() for name, each in in_names_of_dinov2(model).items()}, tmp_path / "half.pth")

    digests = [load_public_vit(card, tmp_path / name).card.weights_digest
               for name in ("model.safetensors", "weights.pth", "half.pth")]  # fmt: skip

    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"layers.1.mlp.fc1.weight": None}, r"1 missing \(first vit\.blocks\.1\.mlp\.fc1\.weight\)"),
        ({"encoder.layer.2.norm1.weight": torch.ones(24)}, r"1 too many \(first vit\.blocks\.2\.norm1\.weight\)"),
        ({"layernorm.weight": torch.ones(23)}, r"1 of another shape \(first vit\.norm\.weight\)"),
    ],
)
def test_other_weights_are_refused(change: dict[str, torch.Tensor | None], told: str, tmp_path: Path) -> None:
    """Never a network that is random in part: what does not fit is named, with the repair."""
    model, card = of_transformers("vit")
    state = {name: each for name, each in {**model.state_dict(), **change}.items() if each is not None}
    save_file({name: each.contiguous() for name, each in state.items()}, tmp_path / "model.safetensors")

    with pytest.raises(BadModelFolder, match=told + r".*Download it again from https://huggingface\.co/1aurent"):
        load_public_vit(card, tmp_path)


class Harmful:
    """What a pickle may hold and no file of weights should."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("false",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"weights": Harmful()}, "is damaged or holds other objects, which could run code"),
        ({"fc.weight": torch.ones(2)}, "one vision transformer .* found: none"),
        ({f"{who}.patch_embed.proj.weight": torch.ones(2) for who in "ab"}, r"found: a\., b\."),
        (b"no pickle", "is damaged or holds other objects"),
        (b"PK\x03\x04 no archive", "damaged or no file of weights"),
    ],
)
def test_files_that_hold_no_network_are_refused(content: Any, told: str, tmp_path: Path) -> None:
    """Objects other than tensors are not even read."""
    path = tmp_path / "weights.bin"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)

    with pytest.raises(BadModelFolder, match=told):
        load_public_vit(the_card("uni"), path)


def test_a_patch_is_resized_and_cut_as_the_card_says(tmp_path: Path) -> None:
    """The middle of the resized patch is what the network sees."""
    model, card = of_transformers("vit")
    model.save_pretrained(tmp_path)
    patches = rgb(32)

    cut = load_public_vit(replace(card, resize_px=32), tmp_path).encode(patches)

    assert_close(cut, load_public_vit(card, tmp_path).encode(patches[:, 2:30, 2:30].contiguous()))
