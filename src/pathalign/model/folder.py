"""Model folders, shaped as the Hugging Face Hub expects: config.json, model.safetensors, tokenizer, README.md."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pathalign.errors import BadModelFolder, NeedsRepair, UnknownName
from pathalign.model.aligner import Aligner
from pathalign.model.describer import Describer
from pathalign.model.hub import TextTokenizer, load_causal_model, load_tokenizer, quiet
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.model.qformer import QFormerConfig
from pathalign.store.artifact import write_json, write_text, written_aside

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
ALIGNER, DESCRIBER = "pathalign-aligner", "pathalign-describer"
LANGUAGE_MODEL = "language_model"
CPU = torch.device("cpu")
FORMAT = 2
"""1 projected patch embeddings before keys and values."""


def save_model(folder: Path, model: Aligner | Describer, *, about: Mapping[str, Any], card: str) -> None:
    """Write a model folder; `about` says which patch embeddings it takes and how it was trained."""
    folder.mkdir(parents=True, exist_ok=True)
    aligner = model if isinstance(model, Aligner) else model.aligner
    config = {
        "model_type": ALIGNER if isinstance(model, Aligner) else DESCRIBER,
        "format": FORMAT,
        "qformer": aligner.qformer.config.as_json(),
        "projection_dim": aligner.projection_dim,
        "max_text_tokens": aligner.tokenizer.max_tokens,
        **about,
    }
    if isinstance(model, Describer):
        config["language_model"] = model.language_model.source
        if model.language_model.source == "folder":
            _save_language_model(folder / LANGUAGE_MODEL, model.language_model)
    aligner.tokenizer.save(folder)
    save_weights(folder / WEIGHTS, own_weights(model))
    write_text(folder / CARD, card)
    write_json(folder / CONFIG, config)


def load_model(path_or_hub_id: str | Path, *, device: torch.device = CPU) -> Aligner | Describer:
    """The model of a folder or of a Hub repository, in evaluation mode.

    On a GPU the language model is in the type that it is stored in, mostly bfloat16; on a CPU in float32. Raises
    `BadModelFolder`, and `NeedsRepair` when the GPU is too small.
    """
    folder = _local(path_or_hub_id)
    config = read_config(folder)
    try:
        tokenizer = TextTokenizer(load_tokenizer(folder), config["max_text_tokens"])
    except UnknownName as error:
        raise BadModelFolder(
            f"{folder} holds no tokenizer that can be read. Copy all files of the model again (tokenizer.json is one)."
        ) from error
    aligner = Aligner(QFormerConfig(**config["qformer"]), tokenizer, projection_dim=config["projection_dim"])
    if config["model_type"] == ALIGNER:
        return _placed(_filled(aligner, folder), device)
    source, as_stored = config["language_model"], device.type != "cpu"
    name = folder / LANGUAGE_MODEL if source == "folder" else source
    language_model = FrozenLanguageModel(*load_causal_model(name, as_stored=as_stored), source=source)
    return _placed(_filled(Describer(aligner, language_model), folder), device)


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder; raises `BadModelFolder`."""
    path = folder / CONFIG
    if not path.is_file() or not (folder / WEIGHTS).is_file():
        raise BadModelFolder(
            f"{folder} is not a model folder: it needs {CONFIG} and {WEIGHTS}. "
            "Train a model with `pathalign train`, or give the folder of one."
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadModelFolder(f"{path} is damaged: it is no JSON. Copy or train the model again.") from error
    if config.get("model_type") not in (ALIGNER, DESCRIBER):
        raise BadModelFolder(
            f"{folder} holds a {config.get('model_type')}, expected {ALIGNER} or {DESCRIBER}. "
            "A patch encoder or language model is named with `--encoder` or `--llm`."
        )
    if config.get("format") != FORMAT:
        raise BadModelFolder(
            f"{path} is of format {config.get('format')}, and this version of PathAlign reads {FORMAT}. Train the "
            "model again with `pathalign train`; embeddings stay as they are."
        )
    missing = [key for key in ("qformer", "projection_dim", "max_text_tokens") if key not in config]
    if missing:
        raise BadModelFolder(f"{path} lacks {', '.join(missing)}. Copy or train the model again.")
    return config


def own_weights(model: nn.Module) -> dict[str, Tensor]:
    """The weights that were trained here: all but those of the frozen language model."""
    return {name: value for name, value in model.state_dict().items() if not name.startswith("language_model.")}


def save_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write a safetensors file aside and rename it; whoever may read the other files of its folder may read it."""
    with written_aside(path) as aside:
        aside.touch()
        mode = aside.stat().st_mode  # what the umask grants; safetensors replaces it by a file for the user alone
        save_file({name: value.detach().cpu().contiguous() for name, value in weights.items()}, aside)
        aside.chmod(mode)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model from a safetensors file; raises `BadModelFolder` when it does not fit."""
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise BadModelFolder(f"{path} is not a complete safetensors file. Copy or train it again.") from error
    expected = own_weights(model)
    wrong = sorted({*expected} ^ {*weights}) or [n for n, w in weights.items() if w.shape != expected[n].shape]
    if wrong:
        raise BadModelFolder(
            f"{path} does not fit its {CONFIG}: {len(wrong)} weights differ in name or shape, the first is {wrong[0]}. "
            "Copy both files from the same model."
        )
    model.load_state_dict(weights, strict=False)


def _filled(model: Any, folder: Path) -> Any:
    load_weights(model, folder / WEIGHTS)
    return model


def _placed(model: Any, device: torch.device) -> Any:
    try:
        return model.eval().to(device)
    except torch.OutOfMemoryError as error:
        weights = sum(weight.numel() * weight.element_size() for weight in model.parameters())
        raise NeedsRepair(
            f"The model takes {weights / 1e9:.1f} GB and {device} has less left. Free it, name another device, or give "
            "`--device cpu`."
        ) from error


def _local(path_or_hub_id: str | Path) -> Path:
    path = Path(path_or_hub_id)
    if path.is_dir() or isinstance(path_or_hub_id, Path):
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(snapshot_download(path_or_hub_id))
    except (OSError, HFValidationError) as error:
        raise BadModelFolder(
            f"{path_or_hub_id} is neither a folder here nor a repository that the Hugging Face Hub gives "
            f"({type(error).__name__}). Check the name; a private one needs `hf auth login`."
        ) from error


def _save_language_model(folder: Path, language_model: FrozenLanguageModel) -> None:
    """Weights last, so that a folder with weights is complete."""
    quiet()
    shutil.rmtree(folder, ignore_errors=True)
    language_model.tokenizer.save_pretrained(folder)
    language_model.model.save_pretrained(folder)
