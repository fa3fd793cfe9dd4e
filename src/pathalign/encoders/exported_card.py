"""The card of an exported encoder: a small JSON file beside it, for neither TorchScript nor ONNX says what it takes.

`model.onnx` has `model.onnx.card.json`; `example_card` is a complete one.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pathalign.encoders.encoder import MEAN, STD, EncoderCard
from pathalign.encoders.pooling import POOLINGS
from pathalign.errors import BadModelFolder

Input = Literal["normalised NCHW", "grey levels NCHW", "bytes NHWC"]
INPUTS: tuple[Input, ...] = ("normalised NCHW", "grey levels NCHW", "bytes NHWC")
"""Floats normalised by mean and std, floats 0-255, or bytes with channels last."""

_OPTIONAL: Mapping[str, Any] = {"prefix_tokens": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedCard:
    """What must be known of an exported file before it is run; the keys of its JSON."""

    name: str
    embedding_dim: int
    patch_px: int
    patch_mpp: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    licence: str
    source: str
    input: Input
    pooling: str
    """One of `pooling.POOLINGS` where the file gives tokens; else what it has pooled inside, in words."""
    prefix_tokens: int = 1
    """Class token and registers, which come before the tokens of the image."""

    def encoder_card(self, weights_digest: str) -> EncoderCard:
        """The card of the loaded encoder."""
        return EncoderCard(
            name=self.name, embedding_dim=self.embedding_dim, patch_px=self.patch_px, patch_mpp=self.patch_mpp,
            licence=self.licence, source=self.source, weights_digest=weights_digest, mean=self.mean, std=self.std,
            pooling=self.pooling,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """What the file holds."""
        return {
            "name": self.name, "embedding_dim": self.embedding_dim, "patch_px": self.patch_px,
            "patch_mpp": self.patch_mpp, "mean": list(self.mean), "std": list(self.std), "licence": self.licence,
            "source": self.source, "input": self.input, "pooling": self.pooling, "prefix_tokens": self.prefix_tokens,
        }  # fmt: skip


def card_path(path: Path) -> Path:
    """Where the card of an exported file lies."""
    return path.with_name(f"{path.name}.card.json")


def example_card(path: Path) -> ExportedCard:
    """One to fill in."""
    return ExportedCard(
        name=path.stem, embedding_dim=768, patch_px=224, patch_mpp=0.5, mean=MEAN, std=STD, licence="Apache-2.0",
        source="where the weights are from", input="normalised NCHW", pooling="class token",
    )  # fmt: skip


def write_exported_card(path: Path, card: ExportedCard) -> None:
    """Beside the exported file `path`."""
    card_path(path).write_text(json.dumps(card.as_json(), indent=1) + "\n", encoding="utf-8")


def read_exported_card(path: Path) -> ExportedCard:
    """The card beside the exported file `path`; raises `BadModelFolder`, with an example, when it is missing or wrong.

    Wrong is a key too many or too few, and a value that no encoder can have.
    """
    beside = card_path(path)
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _refusal(path, f"there is no {beside.name} beside it") from error
    except (OSError, ValueError) as error:
        raise _refusal(path, f"{beside.name} is no JSON that can be read ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise _refusal(path, f"{beside.name} holds no object")
    keys = set(example_card(path).as_json())
    if unknown := sorted(set(found) - keys):
        raise _refusal(path, f"{beside.name} has unknown keys: {', '.join(unknown)}")
    if missing := sorted(keys - set(found) - set(_OPTIONAL)):
        raise _refusal(path, f"{beside.name} lacks {', '.join(missing)}")
    values = {**_OPTIONAL, **found}
    for key, rule, holds in _rules(values):
        if not holds:
            raise _refusal(path, f"in {beside.name}, {key} must be {rule}, and is {json.dumps(values[key])}")
    return ExportedCard(**{**values, "mean": tuple(values["mean"]), "std": tuple(values["std"])})


def check_output(path: Path, shape: tuple[int, ...], card: ExportedCard) -> None:
    """Raises `BadModelFolder` unless `shape`, of the pooled output for one patch, is that of the card's embedding."""
    if len(shape) == 3 and card.pooling not in POOLINGS:
        raise BadModelFolder(
            f"{path.name} gives tokens, {list(shape)} for one patch, and its card must say how to pool them: pooling "
            f"is {card.pooling!r}. Write one of {', '.join(POOLINGS)} there."
        )
    if shape != (1, card.embedding_dim):
        raise BadModelFolder(
            f"The card of {path.name} says embedding_dim {card.embedding_dim}, and one patch gives {list(shape)}. "
            "Correct the card, or export a module that gives [batch, dim] or [batch, token, dim]."
        )


def file_digest(files: Sequence[Path], kind: Input) -> str:
    """Hash of the files by name and content, and of how pixels are given, which makes other embeddings too."""
    hasher = hashlib.sha256(kind.encode())
    for index, path in enumerate(files):
        hasher.update(b"" if index == 0 else path.name.encode())  # a copy under another name is the same encoder
        with path.open("rb") as file:
            hasher.update(hashlib.file_digest(file, "sha256").digest())
    return hasher.hexdigest()[:16]


def _rules(values: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Each key, what it must be, and whether it is."""
    mpp = values["patch_mpp"]
    return [
        *((key, "text that is not empty", isinstance(values[key], str) and bool(values[key].strip()))
          for key in ("name", "licence", "source", "pooling")),
        ("embedding_dim", "a positive integer", _is_integer(values["embedding_dim"], 1)),
        ("patch_px", "an integer of at least 16", _is_integer(values["patch_px"], 16)),
        ("prefix_tokens", "an integer of at least 0", _is_integer(values["prefix_tokens"], 0)),
        ("patch_mpp", "a number within 0.05-20", _is_number(mpp) and 0.05 <= mpp <= 20),
        ("mean", "three numbers", _are_three(values["mean"])),
        ("std", "three positive numbers", _are_three(values["std"]) and min(values["std"]) > 0),
        ("input", f"one of {', '.join(INPUTS)}", values["input"] in INPUTS),
    ]  # fmt: skip


def _is_integer(value: Any, least: int) -> bool:
    return type(value) is int and value >= least


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _are_three(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


def _refusal(path: Path, why: str) -> BadModelFolder:
    return BadModelFolder(
        f"An exported encoder needs a card that says what it takes, and {path.name} has none that can be used: {why}. "
        f"Write {card_path(path).name} beside it, such as {json.dumps(example_card(path).as_json())}; input is one of "
        f"{', '.join(INPUTS)}; where the file gives tokens, pooling is one of {', '.join(POOLINGS)}."
    )
