"""A token classifier in a folder tags reports of any length; nothing is loaded from a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pathalign.errors import BadModelFolder, UnknownName
from pathalign.model.identifier_tagger import IdentifierTagger

pytestmark = pytest.mark.unit


def test_tags_have_characters_of_the_report(token_classifier: Callable[..., Path]) -> None:
    """Neighbouring tokens of one label are one stretch; other words have none."""
    tagger = IdentifierTagger.load(token_classifier())
    report = "Chinwe Okafor agrees.\nSeen in Zweibrueck by Okafor."
    tagged = tagger.tag(report)

    assert [(report[one.start : one.end], one.label) for one in tagged] == [
        ("Chinwe Okafor", "PER"), ("Zweibrueck", "LOC"), ("Okafor", "PER"),
    ]  # fmt: skip


@pytest.mark.parametrize("words", [0, 1, 40, 1_000])
def test_a_name_is_found_wherever_it_stands_in_a_long_report(token_classifier: Callable[..., Path], words: int) -> None:
    """Windows cover all of a report, and overlap: no name is lost or told twice at an edge."""
    tagger = IdentifierTagger.load(token_classifier(window=32))
    report = "the colon " * words + "Chinwe Okafor" + " the colon" * words

    assert [(one.start, one.end) for one in tagger.tag(report)] == [(10 * words, 10 * words + 13)]


def test_nothing_stands_in_an_empty_report(token_classifier: Callable[..., Path]) -> None:
    """Not even a window is made."""
    assert IdentifierTagger.load(token_classifier()).tag(" \n") == []


def test_a_name_of_the_hub_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are at hand, so only a folder will do; the message says how to get one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownName, match="download a token classifier beforehand"):
        IdentifierTagger.load(Path("someone/deidentifier"))


def test_a_folder_that_is_not_whole_is_refused(token_classifier: Callable[..., Path]) -> None:
    """Without its weights there is nothing to tag with."""
    folder = token_classifier()
    (folder / "model.safetensors").unlink()

    with pytest.raises(BadModelFolder, match="reads no token classifier"):
        IdentifierTagger.load(folder)


def test_a_model_without_labels_for_identifiers_is_refused(token_classifier: Callable[..., Path]) -> None:
    """It would find nothing, and say so of every report."""
    folder = token_classifier()
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    config["id2label"] = {str(at): f"LABEL_{at}" for at in range(len(config["id2label"]))}
    config["label2id"] = {name: int(at) for at, name in config["id2label"].items()}
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(BadModelFolder, match="no label for an identifier: LABEL_0"):
        IdentifierTagger.load(folder)
