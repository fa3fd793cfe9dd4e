"""A SavedModel as a patch encoder, beside what TensorFlow makes of it (tests/reference/make_saved_model.py)."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from pathalign.encoders.cards import PublicCard, the_card
from pathalign.encoders.path_foundation import load_path_foundation
from pathalign.encoders.registry import load_encoder
from pathalign.errors import BadModelFolder, NeedsRepair
from pathalign.testing.encoder_contract import EncoderContract

pytestmark = [pytest.mark.unit, pytest.mark.slow]

MADE = Path(__file__).parents[2] / "data" / "tiny_saved_model"


@pytest.fixture
def card() -> PublicCard:
    """Path Foundation's, at the size of the tiny model."""
    return replace(the_card("path-foundation"), embedding_dim=8, patch_px=32)


def test_it_equals_tensorflow(card: PublicCard) -> None:
    """Convolution, attention, normalisation and GELU as TensorFlow computed them from the same file."""
    known = np.load(MADE / "known.npz")

    encoder = load_path_foundation(MADE, card)

    assert_close(
        encoder.encode(torch.from_numpy(known["patches"])), torch.from_numpy(known["embeddings"]), atol=1e-5, rtol=1e-5
    )
    assert encoder.card.licence == "Health AI Developer Foundations terms of use"
    assert encoder.computes["runtime"].startswith("openvino ")


class TestContract(EncoderContract):
    """What any encoder owes."""

    def encoder(self) -> object:
        """The tiny one."""
        return load_path_foundation(MADE, replace(the_card("path-foundation"), embedding_dim=8, patch_px=32))


def test_the_folder_or_its_first_file(card: PublicCard) -> None:
    """Both name the model, and it is the same encoder."""
    assert load_path_foundation(MADE / "saved_model.pb", card).card == load_path_foundation(MADE, card).card


def test_other_variables_are_another_encoder(card: PublicCard, tmp_path: Path) -> None:
    """The digest covers what lies beside the graph; a copy elsewhere is the same."""
    shutil.copytree(MADE, tmp_path / "copy")
    digest = load_path_foundation(MADE, card).card.weights_digest
    assert load_path_foundation(tmp_path / "copy", card).card.weights_digest == digest

    data = next((tmp_path / "copy" / "variables").glob("*.data-*"))
    changed = bytearray(data.read_bytes())
    changed[len(changed) // 2] ^= 1
    data.write_bytes(changed)

    assert load_path_foundation(tmp_path / "copy", card).card.weights_digest != digest


def test_it_goes_to_another_process(card: PublicCard) -> None:
    """Pickled, as Ray does, it is loaded again where it arrives."""
    encoder, patches = load_path_foundation(MADE, card), torch.zeros(2, 32, 32, 3, dtype=torch.uint8)

    assert torch.equal(pickle.loads(pickle.dumps(encoder)).encode(patches), encoder.encode(patches))


@pytest.mark.parametrize("part", ["saved_model.pb", "variables/variables.index"])
def test_half_a_folder(card: PublicCard, tmp_path: Path, part: str) -> None:
    """What is missing is named, with where the whole is."""
    shutil.copytree(MADE, tmp_path / "half")
    (tmp_path / "half" / part).unlink()

    with pytest.raises(BadModelFolder, match=f"{part} are not there.*huggingface"):
        load_path_foundation(tmp_path / "half", card)


def test_a_damaged_graph(card: PublicCard, tmp_path: Path) -> None:
    """A cut file is refused."""
    shutil.copytree(MADE, tmp_path / "cut")
    whole = (MADE / "saved_model.pb").read_bytes()
    (tmp_path / "cut" / "saved_model.pb").write_bytes(whole[: len(whole) // 3])

    with pytest.raises(BadModelFolder, match="Copy the folder again"):
        load_path_foundation(tmp_path / "cut", card)


def test_another_model() -> None:
    """A model of another width or side is not the one that the card is of."""
    card = replace(the_card("path-foundation"), patch_px=32)
    with pytest.raises(BadModelFolder, match=r"shape \[1, 8\] of a patch, and path-foundation one of \[1, 384\]"):
        load_path_foundation(MADE, card)
    with pytest.raises(BadModelFolder, match=r"does not take pixels of shape \[1, 224, 224, 3\]"):
        load_encoder(str(MADE), own_folder=MADE)


def test_patches_of_another_side(card: PublicCard) -> None:
    """The model takes one side."""
    with pytest.raises(NeedsRepair, match="takes patches of 32 px, and these have 48"):
        load_path_foundation(MADE, card).encode(torch.zeros(1, 48, 48, 3, dtype=torch.uint8))
