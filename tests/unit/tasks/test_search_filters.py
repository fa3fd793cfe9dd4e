"""`search --where`: columns of a slide, and what its text states."""

from __future__ import annotations

import pytest

from pathalign.domain.records import Slide, SlideText, Split
from pathalign.errors import UnknownName
from pathalign.tasks.search_filters import Filters
from pathalign.text.concepts.filters import CONCEPT_KEYS

pytestmark = pytest.mark.unit

SLIDE = Slide(slide_id="s", path=None, patient_id="p", case_id="c", part_id="A", stain="H&E", split=Split.TEST)
TEXT = SlideText(
    slide_id="s", case_id="c", patient_id="p", part="A", retrieval_text="Colon, biopsy: Tubular adenoma.",
    generation_text="", retrieval_key="", concept_key="", malignant=False, split=Split.TEST,
)  # fmt: skip


def test_all_conditions_hold() -> None:
    """Of columns and of concepts; a key twice means both."""
    both = Filters.of(["split=TEST", "morphology=8211/0", "topography=C18"])

    assert both.fit_slide(SLIDE)
    assert both.fit_text(TEXT)
    assert not Filters.of(["topography=C18", "topography=C50"]).fit_text(TEXT)
    assert not Filters.of(["stain=H&E", "stain=CK7"]).fit_slide(SLIDE)
    assert Filters().fit_slide(SLIDE)


def test_a_slide_without_text_states_nothing() -> None:
    """It fits as long as no concept is asked for."""
    assert Filters.of(["split=test"]).fit_text(None)
    assert not Filters.of(["behaviour=0"]).fit_text(None)


@pytest.mark.parametrize("condition", ["colour=red", "split", "", "=x", "Morphology=8140/3"])
def test_an_unknown_key_names_the_known_ones(condition: str) -> None:
    """All of them."""
    with pytest.raises(UnknownName) as refused:
        Filters.of([condition])

    for key in ("split", "stain", *CONCEPT_KEYS):
        assert key in str(refused.value)
