"""Names of stains that OCR or a typist misspelled, and words that only look like them."""

from __future__ import annotations

import pytest

from pathalign.text.phrases import tokens_of
from pathalign.text.stains.misread import mended, misread
from pathalign.text.stains.stain import stains_in

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("CD1O", "CD10"), ("MLHl", "MLH1"), ("MLHI", "MLH1"), ("lgG", "IgG"), ("CA-lX", "CA9"),
        ("AEI/AE3", "Pan-cytokeratin"),
        ("chromogrnin", "Chromogranin"), ("chromatogranin", "Chromogranin"), ("Synaplophysin", "Synaptophysin"),
        ("cylokeratin 5/6", "CK5/6"), ("CITOKERATINS", "Pan-cytokeratin"), ("PROGESTERONIE RECEPTOR", "PR"),
        ("colloida1 iron", ""), ("colloida iron", "Colloidal iron"), ("calretinnin", "Calretinin"), ("C-kit", "CD117"),
        ("c-kit", "CD117"), ("TTF", "TTF-1"), ("OSCAR-CK", "Pan-cytokeratin"), ("CD 20cy", "CD20"),
    ],
)  # fmt: skip
def test_misspelled_names(written: str, name: str) -> None:
    """A letter or digit wrong, or two in a long word, and spellings of laboratories."""
    assert [found.meaning.name for found in stains_in(f"Stain: {written} was used.")] == ([name] if name else [])


@pytest.mark.parametrize(
    "text",
    [
        "keratinized debris", "estrogenic effect", "blocks E1-E3", "70 grams, 5 cm", "hepatocytes", "keratin 23",
        "creatinine", "a collection", "PCP: no physician", "Edmondson-Steiner grade 2", "cassettes C3. D. Node",
        "FH: none", "the kit",
    ],
)  # fmt: skip
def test_words_that_are_no_names(text: str) -> None:
    """Words near to a name, blocks, weights, doctors."""
    assert stains_in(text) == []


def test_ways_to_misread_a_name() -> None:
    """Each digit for one of its letters, all alike; names without such digits are not varied."""
    assert set(misread("CD10")) == {"CD1O", "CDl0", "CDlO", "CDI0", "CDIO"}
    assert list(misread("CK7")) == []
    assert set(misread("IgA")) == {"lgA", "1gA"}


def test_tokens_keep_their_places() -> None:
    """Only the word of a token changes."""
    tokens = tokens_of("a vimentim stain")

    assert [(token.word, token.start, token.end) for token in mended(tokens)] == [
        ("a", 0, 1), ("vimentin", 2, 10), ("stain", 11, 16),
    ]  # fmt: skip
