"""Conditions on what a text states."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pathalign.errors import UnknownName
from pathalign.text.concepts.concepts import concepts_of
from pathalign.text.concepts.filters import CONCEPT_KEYS, concept_filter

pytestmark = pytest.mark.unit

BREAST = "Breast: Infiltrating duct carcinoma, Nottingham grade 2, with perineural invasion. No necrosis."
COLON = "Colon, biopsy: Tubular adenoma. Negative for carcinoma."
PROSTATE = "Prostate: Adenocarcinoma, Gleason 3+4."
KIDNEY = "Kidney, nephrectomy: Clear cell renal cell carcinoma, Fuhrman grade 2-3, poorly differentiated."
IN_SITU = "Breast: Ductal carcinoma in situ, high grade."


def fits(condition: str, text: str) -> bool:
    """Whether a text meets a condition as a user writes it."""
    key, _, value = condition.partition("=")
    return concept_filter(key, value).fits(concepts_of(text))


@pytest.mark.parametrize(
    ("condition", "texts"),
    [
        ("morphology=8500/3", {BREAST}),
        ("morphology=8500", {BREAST, IN_SITU}),
        ("morphology=8500/2", {IN_SITU}),
        ("morphology=850", {BREAST, IN_SITU}),
        ("morphology=8140-8389/3", {PROSTATE, KIDNEY}),
        ("morphology=814-838", {COLON, PROSTATE, KIDNEY}),
        ("morphology=8211/0,8500/3", {COLON, BREAST}),
        ("morphology=tubular adenoma", {COLON}),
        ("morphology=Invasive ductal carcinoma", {BREAST}),
        ("topography=C50", {BREAST, IN_SITU}),
        ("topography=c18", {COLON}),
        ("topography=C1", {COLON}),
        ("topography=C18-C61", {BREAST, IN_SITU, COLON, PROSTATE}),
        ("topography=colon", {COLON}),
        ("topography=C61, C64", {PROSTATE, KIDNEY}),
        ("behaviour=0", {COLON}),
        ("behaviour=malignant", {BREAST, PROSTATE, KIDNEY}),
        ("behaviour=In situ", {IN_SITU}),
        ("grade=2", {BREAST, KIDNEY}),
        ("grade=3", {KIDNEY}),
        ("grade=grade 2", {BREAST, KIDNEY}),
        ("grade=Nottingham grade 2", {BREAST}),
        ("grade=gleason 3+4", {PROSTATE}),
        ("grade=poorly differentiated", {KIDNEY}),
        ("grade=high grade", {IN_SITU}),
        ("finding=perineural invasion", {BREAST}),
        ("finding=necrosis", set()),
        ("procedure=nephrectomy,biopsy", {COLON, KIDNEY}),
    ],
)
def test_a_condition_finds_the_texts_that_state_it(condition: str, texts: set[str]) -> None:
    """Codes, ranges, first digits and names; commas are "or"; what is denied is not stated."""
    assert {text for text in (BREAST, COLON, PROSTATE, KIDNEY, IN_SITU) if fits(condition, text)} == texts


def test_a_kind_of_a_type_is_of_the_type() -> None:
    """A code of ours with a kind behind it is found by the ICD-O-3 code, and by itself."""
    thyroid = "Thyroid: Papillary thyroid carcinoma."
    assert concepts_of(thyroid).histologies == ("8260/3 thyroid",)

    assert fits("morphology=8260/3", thyroid)
    assert fits("morphology=8260/3 thyroid", thyroid)
    assert not fits("morphology=8260/3 renal", thyroid)


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("morphology=tubular adenomma", "tubular adenoma"), ("morphology=81405", "8140/3"), ("morphology=", "8140/3"),
        ("morphology=8140-838", "8140/3"), ("topography=C18.7", "three characters"), ("topography=mars", "C18"),
        ("topography=C1-C20", "C18"), ("behaviour=nasty", "in situ"), ("grade=12", "Gleason"),
        ("finding=perineural invazion", "perineural invasion"), ("procedure=lobektomy", "lobectomy"),
        ("morphology=8140/3,", "8140/3"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(condition: str, hint: str) -> None:
    """With what could be written instead."""
    with pytest.raises(UnknownName, match=hint):
        fits(condition, "")


@pytest.mark.parametrize("repeated", ["8", "tubular "])
@pytest.mark.parametrize("key", CONCEPT_KEYS)
@pytest.mark.slow
def test_time_grows_with_length_alone(
    key: str, repeated: str, grows_evenly: Callable[[Callable[[int], object]], None]
) -> None:
    """Long values are refused at once."""

    def refused(characters: int) -> None:
        with pytest.raises(UnknownName):
            concept_filter(key, repeated * (characters // len(repeated)))

    grows_evenly(refused)
