"""A token classifier that tags who a report is about, beside the rules of `text.deidentification`.

Any model of transformers with a head for tokens and a fast tokenizer, in a folder on this machine: nothing is loaded
from a network, and no code of the model's own is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from pathalign.errors import BadModelFolder
from pathalign.model.hub import load_token_classifier
from pathalign.text.deidentification.tagged import KINDS, Tagged, kind_of_label

_LONGEST_WINDOW, _OVERLAP = 512, 64
"""Tokens of a window, and those that it shares with the next."""
_WINDOWS_AT_ONCE = 8
_JOINED_GAP = 2
"""Characters between two tokens of one label that do not part them."""


class IdentifierTagger:
    """Tags the identifiers of reports of any length, window by window."""

    def __init__(self, model: Any, tokenizer: Any, *, device: torch.device) -> None:
        self._model, self._tokenizer, self._device = model.to(device), tokenizer, device
        self._labels = [
            str(label) for _, label in sorted((int(at), name) for at, name in model.config.id2label.items())
        ]
        longest = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", _LONGEST_WINDOW))
        self._window = min(longest, _LONGEST_WINDOW)

    @classmethod
    def load(cls, folder: Path) -> IdentifierTagger:
        """From a folder in Hugging Face's format, onto a GPU where there is one.

        Raises `UnknownName` when it is none, and `BadModelFolder` when its labels name no identifiers or its tokenizer
        does not say where tokens stand.
        """
        model, tokenizer = load_token_classifier(folder)
        if not tokenizer.is_fast:
            raise BadModelFolder(
                f"The tokenizer in {folder} does not say where its tokens stand. Save it as a fast one, with a "
                "tokenizer.json."
            )
        labels = sorted(set(model.config.id2label.values()))
        if not any(kind_of_label(label) for label in labels):
            raise BadModelFolder(
                f"The model in {folder} has no label for an identifier: {', '.join(labels[:8])}. Take one that was "
                "trained to find them, or rename its labels in config.json. Known are, among others, "
                f"{', '.join(sorted(KINDS)[:12])}."
            )
        return cls(model, tokenizer, device=torch.device("cuda" if torch.cuda.is_available() else "cpu"))

    def tag(self, report: str) -> list[Tagged]:
        """The stretches of a report with a label that names an identifier, in order; offsets are characters."""
        if not report.strip():
            return []
        return list(self._stretches(report, self._labels_of(report)))

    @torch.inference_mode()
    def _labels_of(self, report: str) -> list[tuple[int, int, str]]:
        """(start, end, label) of every token; one in two windows has that in which it is farther from an edge."""
        windows = self._tokenizer(
            report, truncation=True, max_length=self._window, stride=min(_OVERLAP, self._window // 4),
            return_overflowing_tokens=True, return_offsets_mapping=True, padding=True, return_tensors="pt",
        )  # fmt: skip
        offsets = windows.pop("offset_mapping").tolist()
        windows.pop("overflow_to_sample_mapping", None)
        best: dict[tuple[int, int], tuple[int, int]] = {}
        for first in range(0, len(offsets), _WINDOWS_AT_ONCE):
            batch = {key: value[first : first + _WINDOWS_AT_ONCE].to(self._device) for key, value in windows.items()}
            chosen = self._model(**batch).logits.argmax(-1).tolist()
            for places, labels in zip(offsets[first : first + _WINDOWS_AT_ONCE], chosen, strict=True):
                for at, ((start, end), label) in enumerate(zip(places, labels, strict=True)):
                    depth = min(at, len(places) - 1 - at)
                    if end > start and depth >= best.get((start, end), (-1, 0))[0]:
                        best[start, end] = (depth, label)
        return [(start, end, self._labels[label]) for (start, end), (_, label) in sorted(best.items())]

    def _stretches(self, report: str, tokens: list[tuple[int, int, str]]) -> Iterator[Tagged]:
        """Neighbouring tokens of one label as one, unless a token says that it begins another."""
        open_at: Tagged | None = None
        for start, end, label in tokens:
            bare = label[2:] if label[:2].upper() in ("B-", "I-", "E-", "S-", "L-", "U-") else label
            if kind_of_label(label) is None:
                continue
            parted = label[:2].upper() in ("B-", "S-", "U-") and not report[start - 1 : start].isalnum()
            gap = report[open_at.end : start] if open_at else ""
            if open_at and open_at.label == bare and not parted and len(gap) <= _JOINED_GAP and "\n" not in gap:
                open_at = Tagged(open_at.start, end, bare)
                continue
            if open_at:
                yield open_at
            open_at = Tagged(start, end, bare)
        if open_at:
            yield open_at
