"""Names of stains: many spellings, one name; what is not known is not guessed."""

from __future__ import annotations

import pytest

from pathalign.text.phrases import Phrases
from pathalign.text.stains.stain import StainKind, stain_of, stains_in

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("H&E", "H&E"), ("HE", "H&E"), ("H and E", "H&E"), ("hematoxylin", "H&E"), ("Haematoxylin & Eosin", "H&E"),
        ("H&E level 2", "H&E"), ("he recut", "H&E"), ("MIB-1 (clone 30-9)", "Ki-67"), ("Ki67", "Ki-67"),
        ("c-erbB-2", "HER2"), ("HER2/neu", "HER2"), ("CK AE1/AE3", "Pan-cytokeratin"), ("CD45RO", "CD45RO"),
        ("LCA", "CD45"), ("anti-CD3", "CD3"), ("IHC: TTF1", "TTF-1"), ("S-100", "S100"), ("34bE12", "34betaE12"),
        ("oestrogen receptor", "ER"), ("Melan A", "Melan-A"), ("MART-1", "Melan-A"), ("c-kit", "CD117"),
        ("racemase", "AMACR"), ("D2 40", "D2-40"), ("Masson's Trichrome", "Masson trichrome"),
        ("iron", "Prussian blue"), ("AFB", "Ziehl-Neelsen"), ("Grocott", "GMS"), ("PAS diastase", "PAS-D"),
        ("VVG", "Elastic"), ("EBER ISH", "EBER"),
    ],
)  # fmt: skip
def test_labels(label: str, name: str) -> None:
    """Case, hyphens, clones and words beside the name do not count."""
    stain = stain_of(label)

    assert stain is not None
    assert stain.name == name


@pytest.mark.parametrize(
    "label", ["", "unstained", "CK7/CK20", "okapi blue", "HE control", "control p53", "CD3 okapi", "CD999", "7"]
)
def test_unknown_labels_are_none(label: str) -> None:
    """Two stains, none, a control, or words that we do not know."""
    assert stain_of(label) is None


def test_kinds() -> None:
    """What each is for."""
    kinds = [stain.kind for label in ("HE", "PAS", "ER", "EBER") if (stain := stain_of(label))]

    assert kinds == [StainKind.ROUTINE, StainKind.SPECIAL, StainKind.IHC, StainKind.ISH]


def test_names_in_running_text() -> None:
    """Short names are names in capitals only, and words that labels use are words here."""
    said = "The kit was used for er and ER; iron deposits, CD45RO, ck7 and CK20, pr, Ki-67."

    assert [found.meaning.name for found in stains_in(said)] == ["ER", "CD45RO", "CK7", "CK20", "Ki-67"]
    assert [said[found.start : found.end] for found in stains_in(said)] == ["ER", "CD45RO", "ck7", "CK20", "Ki-67"]


def test_the_longest_phrase_wins() -> None:
    """A phrase within a longer one is not found, nor one that goes on in letters or digits."""
    phrases = Phrases([("tubular adenoma", 1), ("adenoma", 2), ("tubular adenoma of colon", 3)])

    assert [m.meaning for m in phrases.find("Tubular adenoma of the colon. Adenomas; tubular-adenoma OF COLON")] == [
        1,
        2,
        3,
    ]
    assert phrases.find("adenomatous microadenoma adenoma2") == []
    assert phrases.meaning("Tubular  Adenomas") == 1
    assert phrases.meaning("tubular adenoma here") is None


def test_a_phrase_has_one_meaning() -> None:
    """A table that contradicts itself is refused."""
    with pytest.raises(ValueError, match="'A' means 2 and 1"):
        Phrases([("a", 1), ("A", 2)])
