"""Encoders in exported files: the same embeddings as the module, and clear words where card and file disagree."""

from __future__ import annotations

import functools
import json
import pickle
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pathalign.encoders.acceleration.graph import NotExportable, graph_of, quiet
from pathalign.encoders.encoder import EncoderCard, PatchEncoder
from pathalign.encoders.exported_card import INPUTS, ExportedCard, card_path, example_card, write_exported_card
from pathalign.encoders.exported_file import export_encoder, load_exported_file
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.errors import BadModelFolder, NeedsRepair
from pathalign.testing.encoder_contract import EncoderContract

pytestmark = [pytest.mark.unit, pytest.mark.slow]

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
CARD = EncoderCard(
    name="conv", embedding_dim=6, patch_px=32, patch_mpp=0.5, licence="CC0", source="test", weights_digest="0",
    mean=MEAN, std=STD, pooling="mean of positions",
)  # fmt: skip
FACTS = ExportedCard(
    name="conv", embedding_dim=6, patch_px=32, patch_mpp=0.5, mean=MEAN, std=STD, licence="CC0", source="test",
    input="grey levels NCHW", pooling="mean of positions",
)  # fmt: skip


class Conv(nn.Module):
    """A strided convolution of pixels as `kind` says; tokens or their mean."""

    def __init__(self, kind: str = "grey levels NCHW", *, tokens: bool = False, seed: int = 0) -> None:
        super().__init__()
        self.is_bytes, self.tokens = kind == "bytes NHWC", tokens
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.conv = nn.Conv2d(3, 6, 8, stride=8)

    def forward(self, pixels: Tensor) -> Tensor:
        """Tokens [batch, token, 6], or embeddings [batch, 6]."""
        if self.is_bytes:
            pixels = pixels.permute(0, 3, 1, 2).float()
        found = self.conv(pixels).flatten(2).transpose(1, 2)
        return found if self.tokens else found.mean(1)


def pixels_of(patches: Tensor, kind: str) -> Tensor:
    """What a file of this input takes, by the textbook."""
    if kind == "bytes NHWC":
        return patches
    grey = patches.permute(0, 3, 1, 2).float()
    return (
        grey
        if kind == "grey levels NCHW"
        else (grey / 255 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    )


@functools.cache
def exported(ending: str, kind: str, *, tokens: bool = False, any_batch: bool = True) -> dict[str, bytes]:
    """Files by name, as torch alone exports the module of that input."""
    module = Conv(kind, tokens=tokens).eval()
    example = torch.zeros(2, 32, 32, 3).byte() if kind == "bytes NHWC" else torch.zeros(2, 3, 32, 32)
    with TemporaryDirectory() as folder, quiet():
        path = Path(folder) / f"conv{ending}"
        if ending == ".onnx":
            shapes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if any_batch else {}
            torch.onnx.export(module, (example,), path, dynamo=True, verbose=False, external_data=True, **shapes)
        else:
            torch.jit.save(torch.jit.trace(module, (example,), check_trace=False), path)
        return {each.name: each.read_bytes() for each in Path(folder).iterdir()}


def written(folder: Path, ending: str, card: ExportedCard = FACTS, **how: bool) -> Path:
    """The exported file with its card beside it."""
    for name, content in exported(ending, card.input, **how).items():
        (folder / name).write_bytes(content)
    path = folder / f"conv{ending}"
    write_exported_card(path, card)
    return path


@pytest.fixture
def patches() -> Tensor:
    """Five random ones."""
    return torch.randint(0, 256, (5, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=[".onnx", ".pt"])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that this package wrote."""
    path = tmp_path_factory.mktemp("own") / f"own{request.param}"
    export_encoder(TorchEncoder(Conv(), CARD), path)
    return path


class TestExportedFile(EncoderContract):
    """ONNX and TorchScript keep the contract."""

    @pytest.fixture(autouse=True)
    def file(self, own: Path) -> None:
        """Where it lies."""
        self.path = own

    def encoder(self) -> PatchEncoder:
        """Loaded anew."""
        return load_exported_file(self.path)


@pytest.mark.parametrize("ending", [".onnx", ".ts"])
@pytest.mark.parametrize("kind", INPUTS)
def test_a_file_gives_what_its_module_gives(ending: str, kind: Any, tmp_path: Path, patches: Tensor) -> None:
    """Whichever input it takes, and in another process too, which gets the encoder pickled."""
    module = Conv(kind)
    encoder = load_exported_file(written(tmp_path, ending, replace(FACTS, input=kind)))

    with torch.no_grad():
        expected = module(pixels_of(patches, kind))

    torch.testing.assert_close(encoder.encode(patches), expected, rtol=1e-4, atol=1e-3)
    assert torch.equal(pickle.loads(pickle.dumps(encoder)).encode(patches), encoder.encode(patches))


@pytest.mark.parametrize("ending", [".onnx", ".ts"])
def test_tokens_are_pooled_as_the_card_says(ending: str, tmp_path: Path, patches: Tensor) -> None:
    """The mean leaves out as many tokens in front as the card counts."""
    module = Conv(tokens=True)
    card = replace(FACTS, pooling="class token and mean of patch tokens", prefix_tokens=3, embedding_dim=12)
    encoder = load_exported_file(written(tmp_path, ending, card, tokens=True))

    with torch.no_grad():
        tokens = module(pixels_of(patches, "grey levels NCHW"))

    expected = torch.cat([tokens[:, 0], tokens[:, 3:].mean(1)], dim=1)
    torch.testing.assert_close(encoder.encode(patches), expected, rtol=1e-4, atol=1e-3)


def test_an_export_gives_the_encoder_back(own: Path, patches: Tensor) -> None:
    """Its card but for the digest, which is that of the file now, and its embeddings."""
    encoder = load_exported_file(own)

    assert replace(encoder.card, weights_digest="0") == CARD
    torch.testing.assert_close(
        encoder.encode(patches), TorchEncoder(Conv(), CARD).encode(patches), rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("ending", [".onnx", ".pt"])
def test_the_digest_is_that_of_the_content(ending: str, tmp_path: Path) -> None:
    """A copy elsewhere is the same encoder; one byte in the weights, beside the file for ONNX, makes another."""
    (tmp_path / "copy").mkdir()
    path, copy = written(tmp_path, ending), written(tmp_path / "copy", ending)
    before = load_exported_file(path).card.weights_digest
    weight = next(Conv().parameters()).detach().numpy().tobytes()
    place = next(each for each in tmp_path.iterdir() if each.is_file() and weight in each.read_bytes())

    assert load_exported_file(copy).card.weights_digest == before
    assert place.name == ("conv.onnx.data" if ending == ".onnx" else "conv.pt")
    place.write_bytes(place.read_bytes().replace(weight, bytes([weight[0] ^ 1]) + weight[1:]))
    if ending == ".onnx":  # TorchScript's archive has a checksum of its own, and refuses
        assert load_exported_file(path).card.weights_digest != before


def test_a_file_of_one_batch_size_takes_any_batch(tmp_path: Path, patches: Tensor) -> None:
    """The last batch is filled up."""
    module = Conv()
    encoder = load_exported_file(written(tmp_path, ".onnx", any_batch=False))

    with torch.no_grad():
        expected = module(pixels_of(patches, "grey levels NCHW"))

    torch.testing.assert_close(encoder.encode(patches), expected, rtol=1e-4, atol=1e-3)
    with pytest.raises(NeedsRepair, match=r"conv\.onnx takes patches of 32 px, and these have 48"):
        encoder.encode(torch.zeros(1, 48, 48, 3, dtype=torch.uint8))


def test_without_a_card_the_error_holds_one_to_fill_in(tmp_path: Path) -> None:
    """As JSON that is complete: written beside the file, it is read."""
    path = written(tmp_path, ".ts")
    card_path(path).unlink()

    with pytest.raises(BadModelFolder, match=r"no conv\.ts\.card\.json beside it") as error:
        load_exported_file(path)

    text = str(error.value)
    example = json.loads(text[text.index("{") : text.index("}") + 1])
    assert example == example_card(path).as_json()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": 1}, "unknown keys: colour"),
        ({"licence": None}, "lacks licence"),
        ({"patch_px": "32"}, 'patch_px must be an integer of at least 16, and is "32"'),
        ({"std": [0.2, 0, 0.2]}, "std must be three positive numbers"),
        ({"embedding_dim": 7}, r"says embedding_dim 7, and one patch gives \[1, 6\]"),
        ({"input": "bytes NHWC"}, "bytes NHWC"),
        ({"input": "tensors"}, "input must be one of normalised NCHW, grey levels NCHW, bytes NHWC"),
    ],
)
@pytest.mark.parametrize("ending", [".onnx", ".ts"])
def test_a_card_that_does_not_fit_is_refused(change: dict[str, Any], told: str, ending: str, tmp_path: Path) -> None:
    """With what was found."""
    path = written(tmp_path, ending)
    values = {key: value for key, value in {**FACTS.as_json(), **change}.items() if value is not None}
    card_path(path).write_text(json.dumps(values))

    with pytest.raises(BadModelFolder, match=told):
        load_exported_file(path)


def test_torchscript_is_not_exported_again(tmp_path: Path) -> None:
    """It is told as such, so that the choice of a runtime falls back to torch."""
    encoder = load_exported_file(written(tmp_path, ".ts"))

    assert isinstance(encoder, TorchEncoder)
    with pytest.raises(NotExportable, match="ScriptedModule cannot be exported"):
        graph_of(encoder.module, patch_px=32)


def test_a_side_that_the_file_does_not_take_is_refused(tmp_path: Path) -> None:
    """ONNX says which it takes."""
    path = written(tmp_path, ".onnx", replace(FACTS, patch_px=24))

    with pytest.raises(BadModelFolder, match=r"patch_px 24, and the file takes .* \['any', 3, 32, 32\]"):
        load_exported_file(path)


def test_tokens_without_a_known_pooling_are_refused(tmp_path: Path) -> None:
    """Which token is the embedding is not guessed."""
    path = written(tmp_path, ".onnx", tokens=True)

    with pytest.raises(BadModelFolder, match=r"gives tokens, \[1, 16, 6\] .* Write one of class token"):
        load_exported_file(path)


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.onnx", "cannot be loaded by ONNX Runtime"), ("a.pt", "cannot be loaded as TorchScript"), ("a.h5", "ending")],
)
def test_what_is_no_export_is_refused(name: str, told: str, tmp_path: Path) -> None:
    """A checkpoint has the ending of TorchScript and is none."""
    torch.save(Conv().state_dict(), tmp_path / name)
    write_exported_card(tmp_path / name, FACTS)

    with pytest.raises(BadModelFolder, match=told):
        load_exported_file(tmp_path / name)
