"""From a name to an encoder, and the workspace's own."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import huggingface_hub
import pytest
import torch
from safetensors.torch import save_file
from torch.testing import assert_close
from transformers import ViTConfig as HubViTConfig
from transformers import ViTModel

from pathalign.encoders.cards import the_card
from pathalign.encoders.own_vit import OwnVit, load_own_vit
from pathalign.encoders.public_vit import empty_public_vit
from pathalign.encoders.registry import load_encoder
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.encoders.transformers_vision import TransformersVision
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig, normalise
from pathalign.errors import BadModelFolder, MissingArtifact, MissingWeights, NeedsRepair, UnknownName
from pathalign.store.artifact import write_json, write_manifest

pytestmark = pytest.mark.unit

httpx = importlib.import_module(huggingface_hub.errors.HTTPError.__module__.partition(".")[0])
"""The HTTP library of the Hub's client."""


@pytest.fixture
def vit() -> WorkspaceViT:
    """A tiny random ViT."""
    torch.manual_seed(0)
    return WorkspaceViT(WorkspaceViTConfig(image_px=32, token_px=16, dim=24, depth=1, heads=2)).eval()


@pytest.fixture
def folder(tmp_path: Path, vit: WorkspaceViT) -> Path:
    """The tiny ViT as `pathalign pretrain` writes it."""
    folder = tmp_path / "encoder"
    about = {
        "model_type": "pathalign-vit", "name": "workspace", "vit": vit.config.as_json(), "licence": "",
        "patch_mpp": 1.0, "source": "test",
    }  # fmt: skip
    write_json(folder / "config.json", about)
    save_file(vit.state_dict(), folder / "model.safetensors")
    write_manifest(folder, kind="patch encoder", config={}, parents={}, licence="")
    return folder


def test_the_workspaces_own_comes_back(folder: Path, vit: WorkspaceViT) -> None:
    """Its embeddings equal those of the network that was saved, and its card says how to use it."""
    encoder = load_encoder("workspace", own_folder=folder)
    patches = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)

    assert_close(encoder.encode(patches), vit.embed(normalise(patches)).detach())
    assert (encoder.card.name, encoder.card.patch_px, encoder.card.patch_mpp) == ("workspace", 32, 1.0)
    assert encoder.card.embedding_dim == 48
    assert not encoder.encode(patches).requires_grad


def test_a_workspace_without_an_encoder(folder: Path, tmp_path: Path) -> None:
    """Before `pretrain`, or when it was cut off before the manifest, the message names both ways on."""
    (folder / "manifest.json").unlink()

    for own in (folder, tmp_path / "none"):
        with pytest.raises(MissingArtifact, match=r"Run `pathalign pretrain`, or name one with `--encoder`"):
            load_encoder("workspace", own_folder=own)


def test_a_folder_of_ours_is_told_from_transformers(folder: Path, tmp_path: Path) -> None:
    """The folder's own config decides which door it goes through."""
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    ViTModel(HubViTConfig(**size, image_size=32)).save_pretrained(tmp_path / "hub")

    assert isinstance(load_encoder(str(folder), own_folder=tmp_path).module, OwnVit)
    assert isinstance(load_encoder(str(tmp_path / "hub"), own_folder=tmp_path).module, TransformersVision)


def test_an_unknown_name(tmp_path: Path) -> None:
    """A name that is neither ours, a folder nor of the Hub is refused."""
    with pytest.raises(UnknownName, match="There is no encoder called nobody/none"):
        load_encoder("nobody/none", own_folder=tmp_path)


@pytest.mark.parametrize(
    ("given", "adapter", "loader"),
    [
        ("https://inference.local/v1/embeddings", "http_endpoint", "load_http_endpoint"),
        ("model.onnx", "exported_file", "load_exported_file"),
        ("model.ts", "exported_file", "load_exported_file"),
        ("keras", "path_foundation", "load_path_foundation"),
        ("timm", "timm_vision", "load_timm_vision"),
        ("damaged", "transformers_vision", "load_transformers_vision"),
        ("OWNER/NAME", "transformers_vision", "load_transformers_vision"),
    ],
)
def test_what_is_given_decides_the_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vit: WorkspaceViT, given: str, adapter: str, loader: str
) -> None:
    """An address, a file, and folders of each kind go to their own adapter; a damaged folder to one that says so."""
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "model.onnx": "", "model.ts": "", "keras/saved_model.pb": "", "damaged/config.json": "{",
        "timm/config.json": '{"architecture": "vit_tiny_patch16_224"}',
    }.items():  # fmt: skip
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(content)
    loaded: list[tuple[Any, ...]] = []
    card = the_card("uni").encoder_card(weights_digest="0")

    def load(*what: Any) -> TorchEncoder:
        loaded.append(what)
        return TorchEncoder(OwnVit(vit), card)

    module = ModuleType(adapter)
    setattr(module, loader, load)
    monkeypatch.setitem(sys.modules, f"pathalign.encoders.{adapter}", module)

    load_encoder(given, own_folder=tmp_path)

    assert [str(what[0]) for what in loaded] == [given]


def test_a_card_takes_a_local_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `weights`, a public encoder comes from that file and asks nobody; the manifest says whose it is."""
    card = replace(
        the_card("uni"), architecture={"token_px": 16, "dim": 24, "depth": 1, "heads": 2, "layer_scale": True},
        embedding_dim=24, image_px=32, patch_px=32,
    )  # fmt: skip
    monkeypatch.setattr("pathalign.encoders.registry.public_card", lambda _: card)
    torch.manual_seed(0)
    network = empty_public_vit(card).to_empty(device="cpu").vit
    save_file(
        {name: torch.rand(value.shape) for name, value in network.state_dict().items()}, tmp_path / "w.safetensors"
    )

    encoder = load_encoder("uni", own_folder=tmp_path, weights=tmp_path / "w.safetensors")

    assert encoder.encode(torch.zeros((1, 32, 32, 3), dtype=torch.uint8)).shape == (1, 24)
    assert (encoder.card.name, encoder.card.licence, encoder.card.gated) == ("uni", "CC-BY-NC-ND-4.0", True)


def test_weights_need_a_card(tmp_path: Path) -> None:
    """A file of weights alone does not say which network it is of."""
    (tmp_path / "w.bin").write_bytes(b"")

    with pytest.raises(NeedsRepair, match="`--weights` is for the public encoders"):
        load_encoder("mine", own_folder=tmp_path, weights=tmp_path / "w.bin")
    with pytest.raises(NeedsRepair, match=r"There is no gone\.bin where `--weights` points"):
        load_encoder("uni", own_folder=tmp_path, weights=tmp_path / "gone.bin")


def test_weights_that_are_not_here_name_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline, a gated encoder's error says how to get access and that a local file will do."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(MissingWeights, match=r"HF_HUB_OFFLINE is set.*Open https://.*UNI, log in.*--weights FILE"):
        load_encoder("uni", own_folder=tmp_path)


def refused(kind: str) -> Exception:
    """What the Hub's client raises."""
    request = httpx.Request("HEAD", "https://huggingface.co")
    if kind == "no network":
        return httpx.ConnectError("no route", request=request)
    return getattr(huggingface_hub.errors, kind)("no", response=httpx.Response(403, request=request))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("no network", r"the Hub does not answer \(ConnectError\)"),
        ("GatedRepoError", "its owner has to grant access first"),
        ("RepositoryNotFoundError", "shows no such file"),
    ],
)
def test_the_hub_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, told: str) -> None:
    """One request tells whether the file can be had; without network there are no retries, and nothing is loaded."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    asked: list[str] = []

    def ask(url: str, **_: object) -> None:
        asked.append(url)
        raise refused(kind)

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", ask)

    with pytest.raises(MissingWeights, match=told):
        load_encoder("virchow2", own_folder=tmp_path)
    assert asked == ["https://huggingface.co/paige-ai/Virchow2/resolve/main/pytorch_model.bin"]


def cut_weights(folder: Path) -> None:
    """Cuts the weights off."""
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def no_weights(folder: Path) -> None:
    """Leaves the weights out."""
    (folder / "model.safetensors").unlink()


def other_size(folder: Path) -> None:
    """Makes the configuration that of a larger network."""
    config = json.loads((folder / "config.json").read_text())
    config["vit"]["depth"] = 2
    write_json(folder / "config.json", config)


def cut_config(folder: Path) -> None:
    """Cuts the configuration off."""
    (folder / "config.json").write_text('{"model_ty')


@pytest.mark.parametrize("damage", [cut_weights, no_weights, other_size, cut_config])
def test_a_damaged_encoder_is_refused(folder: Path, damage: Callable[[Path], None]) -> None:
    """A folder with a missing, damaged or unfitting file is refused with the repair."""
    damage(folder)

    with pytest.raises(BadModelFolder, match=r"encoder.*`pathalign pretrain"):
        load_encoder("workspace", own_folder=folder)


def test_a_foreign_folder_is_not_ours(tmp_path: Path) -> None:
    """A folder of another kind of model is refused by the workspace's own encoder."""
    write_json(tmp_path / "config.json", {"model_type": "vit"})

    with pytest.raises(BadModelFolder, match="does not hold a pathalign-vit"):
        load_own_vit(tmp_path)
