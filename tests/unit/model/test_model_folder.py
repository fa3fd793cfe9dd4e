"""Model folders: written, loaded, broken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import pathalign
from pathalign.domain.geometry import Bag
from pathalign.errors import BadModelFolder, NeedsRepair
from pathalign.model.aligner import Aligner
from pathalign.model.bags import collate
from pathalign.model.describer import Describer
from pathalign.model.folder import load_model, own_weights, save_model
from pathalign.model.language_model import FrozenLanguageModel

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]


def test_an_aligner_comes_back(aligner: Aligner, make_bag: MakeBag, texts: list[str], tmp_path: Path) -> None:
    """A loaded aligner gives equal bytes for slides and texts, in evaluation mode, statistics included."""
    aligner.qformer.patch_input.standardise_by(torch.randn(12), torch.rand(12) + 0.5)
    save_model(tmp_path / "m", aligner, about={"embeddings": {"name": "e"}}, card="# Card")

    loaded = load_model(tmp_path / "m")

    assert isinstance(loaded, Aligner)
    assert not loaded.training
    bags = collate([make_bag(3), make_bag(5, seed=1)])
    assert torch.equal(loaded.embed_slides(bags), aligner.embed_slides(bags))
    assert torch.equal(loaded.embed_texts(texts), aligner.embed_texts(texts))


def test_a_folder_is_shaped_as_the_hub_expects(aligner: Aligner, tmp_path: Path) -> None:
    """config.json, model.safetensors, tokenizer files and README.md, and `pathalign.load` takes it."""
    save_model(tmp_path, aligner, about={"embeddings": {"name": "e"}}, card="# Card")

    names = {path.name for path in tmp_path.iterdir()}
    assert {"config.json", "model.safetensors", "README.md", "tokenizer.json", "tokenizer_config.json"} == names
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == "pathalign-aligner"
    assert config["embeddings"] == {"name": "e"}
    assert isinstance(pathalign.load(str(tmp_path)), Aligner)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no file modes")
def test_weights_are_for_whoever_may_read_the_folder(aligner: Aligner, tmp_path: Path) -> None:
    """Their mode is that of the files beside them, as the umask grants it."""
    save_model(tmp_path, aligner, about={}, card="")

    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "config.json").stat().st_mode


def test_a_describer_comes_back(describer: Describer, make_bag: MakeBag, texts: list[str], tmp_path: Path) -> None:
    """A loaded describer tells its own language model the same and gives equal losses and texts."""
    save_model(tmp_path, describer, about={}, card="")

    loaded = load_model(tmp_path)

    assert isinstance(loaded, Describer)
    bags = collate([make_bag(3), make_bag(5, seed=1)])
    assert torch.equal(loaded.prompt(bags), describer.prompt(bags))
    assert torch.equal(loaded.generation_loss(bags, texts[:2]), describer.generation_loss(bags, texts[:2]))
    assert loaded.describe(bags, max_tokens=5) == describer.describe(bags, max_tokens=5)
    pairs = describer.aligner.tokenizer.encode(texts[:2])
    both = (loaded, describer)
    matched = [each.match_logits(each.aligner.qformer.remember(bags), torch.arange(2), pairs) for each in both]
    assert torch.equal(*matched)
    assert not any(weight.requires_grad for weight in loaded.language_model.parameters())


def test_a_named_language_model_is_not_copied(
    describer: Describer, make_bag: MakeBag, tmp_path: Path, texts: list[str]
) -> None:
    """A describer before a model of the Hub stores its name, and none of its weights."""
    describer.language_model.tokenizer.save_pretrained(tmp_path / "llm")
    describer.language_model.model.save_pretrained(tmp_path / "llm")
    named = Describer(describer.aligner, FrozenLanguageModel.load(str(tmp_path / "llm"))).eval()
    save_model(tmp_path / "m", named, about={}, card="")

    assert not (tmp_path / "m" / "language_model").exists()
    assert not any(name.startswith("language_model.") for name in load_file(tmp_path / "m" / "model.safetensors"))
    bags = collate([make_bag(3)])
    loaded = load_model(tmp_path / "m")
    assert torch.equal(loaded.generation_loss(bags, texts[:1]), named.generation_loss(bags, texts[:1]))


def test_on_another_device_a_language_model_keeps_its_stored_type(describer: Describer, tmp_path: Path) -> None:
    """The CPU gets float32, which it computes fastest; elsewhere the stored type halves the memory."""
    describer.language_model.model.to(torch.bfloat16)
    save_model(tmp_path, describer, about={}, card="")

    here, there = load_model(tmp_path), load_model(tmp_path, device=torch.device("meta"))

    assert isinstance(here, Describer)
    assert isinstance(there, Describer)
    of_words = [{weight.dtype for weight in each.language_model.parameters()} for each in (here, there)]
    assert of_words == [{torch.float32}, {torch.bfloat16}]
    assert there.device.type == "meta"
    assert {weight.dtype for weight in there.aligner.parameters()} == {torch.float32}


def test_a_device_that_is_too_small_or_missing_is_refused_with_the_repair(
    aligner: Aligner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory says how much was wanted; a device that is not there, what there is."""

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    save_model(tmp_path, aligner, about={}, card="")
    with pytest.raises(NeedsRepair, match="--device auto"):
        pathalign.load(tmp_path, device="cuda:99")
    monkeypatch.setattr(Aligner, "to", full)
    with pytest.raises(NeedsRepair, match=r"takes 0\.\d GB .*`--device cpu`"):
        pathalign.load(tmp_path)


def test_saving_twice_gives_equal_bytes(describer: Describer, tmp_path: Path) -> None:
    """Nothing random or dated is written, and a second save leaves no rest of the first."""
    save_model(tmp_path / "a", describer, about={}, card="")
    save_model(tmp_path / "b", describer, about={}, card="")
    save_model(tmp_path / "b", describer, about={}, card="")

    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*") if path.is_file())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_frozen_weights_are_not_ours(describer: Describer) -> None:
    """What is saved is all but the language model."""
    assert not any(name.startswith("language_model.") for name in own_weights(describer))
    assert "to_prompt.weight" in own_weights(describer)


def without(name: str) -> Callable[[Path], None]:
    """Breaks a folder by leaving a file out."""
    return lambda folder: (folder / name).unlink()


def truncated(name: str) -> Callable[[Path], None]:
    """Breaks a folder by cutting a file."""

    def cut(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return cut


def other_type(folder: Path) -> None:
    """Makes the folder one of another kind of model."""
    (folder / "config.json").write_text('{"model_type": "bert"}')


def without_size(folder: Path) -> None:
    """Takes the Q-Former's size out of the configuration."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "qformer"}))


def older_format(folder: Path) -> None:
    """Makes the folder one that an older version wrote."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "format": 1}))


def other_size(folder: Path) -> None:
    """Makes the configuration that of a larger model."""
    config = json.loads((folder / "config.json").read_text())
    config["qformer"]["num_query_tokens"] = 9
    (folder / "config.json").write_text(json.dumps(config))


def missing_weight(folder: Path) -> None:
    """Takes a weight out of the file."""
    weights = load_file(folder / "model.safetensors")
    del weights["query_proj.bias"]
    save_file(weights, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("config.json"), r"it needs config\.json and model\.safetensors.*`pathalign train`"),
        (without("model.safetensors"), r"is not a model folder.*`pathalign train`"),
        (without("tokenizer.json"), r"tokenizer.*Copy"),
        (older_format, r"of format 1, and this version of PathAlign reads 2.*`pathalign train`"),
        (truncated("config.json"), r"config\.json.*Copy"),
        (truncated("model.safetensors"), r"not a complete safetensors file\. Copy or train it again"),
        (other_type, r"holds a bert, expected pathalign-aligner or pathalign-describer"),
        (without_size, r"config\.json.*qformer.*Copy"),
        (other_size, r"1 weights differ.*query_tokens\. Copy both files from the same model"),
        (missing_weight, r"1 weights differ in name or shape, the first is query_proj\.bias"),
    ],
)  # fmt: skip
def test_a_broken_folder_is_refused_with_the_repair(
    aligner: Aligner, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    """Whatever is missing or damaged, the message says what and how to get it."""
    save_model(tmp_path, aligner, about={}, card="")
    damage(tmp_path)

    with pytest.raises(BadModelFolder, match=message):
        load_model(tmp_path)


def test_a_describer_without_its_language_model(describer: Describer, tmp_path: Path) -> None:
    """A folder whose language model was not copied along is refused by name."""
    save_model(tmp_path, describer, about={}, card="")
    (tmp_path / "language_model").rename(tmp_path / "elsewhere")

    with pytest.raises(NeedsRepair, match="language_model"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["nobody/no-such-model", "not a name", "/no/such/folder"])
def test_a_hub_id_without_network(name: str) -> None:
    """A name that is no folder, without network, is refused with what to check."""
    with pytest.raises(BadModelFolder, match=r"neither a folder here nor a repository.*`hf auth login`"):
        load_model(name)


def test_a_path_is_never_asked_of_the_hub(tmp_path: Path) -> None:
    """A `Path` that is not there is a folder that is not there."""
    with pytest.raises(BadModelFolder, match="is not a model folder"):
        load_model(tmp_path / "none")
