"""Cards of public encoders: complete, consistent, and light to read."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields

import pytest

from pathalign.encoders.cards import PublicCard, nearest_names, public_card, public_cards, the_card
from pathalign.encoders.public_vit import empty_public_vit
from pathalign.errors import UnknownName

pytestmark = pytest.mark.unit

CARDS = list(public_cards().values())
VITS = [card for card in CARDS if card.adapter == "public_vit"]
FOR_LICENCES = ("CC-BY-NC-ND-4.0", "Apache-2.0", "MIT", "non-commercial", "terms of use")


def named(card: PublicCard) -> str:
    """Id of a case."""
    return card.name


@pytest.mark.parametrize("card", CARDS, ids=named)
def test_a_card_is_complete(card: PublicCard) -> None:
    """Each says where it is from, under which licence, what its owner asks, and where its facts were read."""
    assert card.hub.count("/") == 1
    assert any(word in card.licence for word in FOR_LICENCES)
    assert card.gated == bool(card.access), "what is asked is said where, and only where, something is"
    assert card.citation.startswith(("arXiv ", "doi ")) or "." in card.citation
    assert len(card.sources) >= 2
    assert 0.25 <= card.patch_mpp <= 2
    assert card.image_px <= (card.resize_px or card.image_px) <= card.patch_px
    known = {each.name for each in fields(PublicCard)}
    assert {name.split(".")[0] for name in card.unverified} <= known


@pytest.mark.parametrize("card", VITS, ids=named)
def test_its_network_is_as_large_as_published(card: PublicCard) -> None:
    """The architecture gives the width of the embedding, and the number of parameters that others have counted."""
    module = empty_public_vit(card)
    millions = sum(value.numel() for value in module.vit.parameters()) / 1e6

    pooled = {"class token": 1, "class token and mean of patch tokens": 2}.get(card.pooling)
    assert pooled is None or card.embedding_dim == pooled * card.architecture["dim"]
    if card.million_parameters is not None:
        assert millions == pytest.approx(card.million_parameters, rel=5e-3)


def test_names_are_told_apart() -> None:
    """No name, alias or Hub name leads to two cards, and case does not matter."""
    names = [name.lower() for card in CARDS for name in (card.name, card.hub, *card.aliases)]

    assert len(names) == len(set(names))
    assert public_card("MahmoodLab/UNI") is public_card("uni_V1") is public_cards()["uni"]


def test_an_unknown_card_names_what_may_have_been_meant() -> None:
    """A slip of the finger gets the nearest names."""
    assert nearest_names("virchow3") == ["virchow", "virchow2"] or nearest_names("virchow3") == ["virchow2", "virchow"]
    with pytest.raises(UnknownName, match=r"called phikn\. Did you mean phikon"):
        the_card("phikn")


def test_a_loaded_encoder_inherits_the_facts() -> None:
    """What manifests record is the public card's, with the weights' own hash."""
    public = public_cards()["gigapath"]

    card = public.encoder_card(weights_digest="0123")

    assert (card.name, card.embedding_dim, card.patch_px, card.patch_mpp) == ("gigapath", 1536, 256, 0.5)
    assert (card.licence, card.gated, card.source) == ("Apache-2.0", True, public.page)
    assert (card.mean, card.std, card.weights_digest) == (public.mean, public.std, "0123")


@pytest.mark.parametrize("card", CARDS, ids=named)
def test_a_card_survives_json(card: PublicCard) -> None:
    """`encoders --json` says all that the card does."""
    document = card.as_json()

    assert json.loads(json.dumps(document)) == document
    assert {each.name for each in fields(PublicCard)} <= set(document)


def test_cards_load_nothing_heavy() -> None:
    """Neither torch nor the Hub's client is needed to read them."""
    program = (
        "import sys; from pathalign.encoders.cards import public_cards; public_cards(); "
        "assert not {'torch', 'huggingface_hub', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
