"""Sentences of a text and the places of the report behind them."""

from __future__ import annotations

import pytest

from pathalign.domain.provenance import SentencePlace, TextSource, source_of
from pathalign.text.curation import curate_report, part_of_slide
from pathalign.text.provenance import places_of, places_of_correction
from pathalign.text.stains.stained_text import StainedTexts
from pathalign.text.support.answer import ToldPart, ToldSentence, accept, merged

pytestmark = pytest.mark.unit

REPORT = """FINAL DIAGNOSIS:
A. BREAST, LEFT, BIOPSY:
  - Invasive ductal carcinoma, 2.1 cm.
  - ER positive (95 %).
B. COLON, BIOPSY:
  - Tubular adenoma.
"""


@pytest.mark.parametrize("part_id", ["A", "B", ""])
def test_sentences_are_the_text_and_stand_in_the_report(part_id: str) -> None:
    """They cover both texts but for the spaces between, and each begins with words of its place."""
    part = part_of_slide(curate_report(REPORT), part_id)
    assert part is not None
    for text, sentences in (
        (part.retrieval_text, part.retrieval_sentences), (part.generation_text, part.generation_sentences)
    ):  # fmt: skip
        places = places_of(sentences)

        assert " ".join(text[place.start : place.end] for place in places) == text
        assert places
        for place in places:
            assert place.report_start is not None
            said = REPORT[place.report_start : place.report_end].casefold()
            assert text[place.start : place.end].split()[0].strip(":.,").casefold() in said


def test_the_result_of_a_stain_stands_where_it_is_stated() -> None:
    """The diagnosis has its own place beside it."""
    curated = curate_report(REPORT)
    views = StainedTexts(REPORT, curated).views(curated.parts[0], "ER")

    (shown,) = places_of(views.generation)
    assert views.generation_text == "ER: positive."
    assert "ER positive" in REPORT[shown.report_start : shown.report_end]
    places = places_of(views.retrieval)
    assert [views.retrieval_text[place.start : place.end] for place in places][-1] == "ER positive (95 %)."
    assert views.retrieval_text[places[1].start : places[1].end].startswith("Invasive ductal carcinoma")


def test_a_correction_keeps_the_places_of_what_it_keeps() -> None:
    """A sentence that a person left alone has its place; what was written or changed has none."""
    part = curate_report(REPORT).parts[1]
    kept = part.retrieval_sentences[-1]

    places = places_of_correction(f"Large bowel: {kept.text} No dysplasia.", part.retrieval_sentences)

    assert places == (
        SentencePlace(0, 12, None, None, TextSource.CORRECTION),
        SentencePlace(13, 13 + len(kept.text), kept.start, kept.end),
        SentencePlace(14 + len(kept.text), 27 + len(kept.text), None, None, TextSource.CORRECTION),
    )
    assert places_of_correction(part.retrieval_text, part.retrieval_sentences) == places_of(part.retrieval_sentences)
    assert places_of_correction("", part.retrieval_sentences) == ()


def test_part_of_a_word_or_of_a_sentence_is_not_the_sentence() -> None:
    """ "Adenoma." does not stand in "Microadenoma."."""
    part = curate_report("DIAGNOSIS: Colon, biopsy: Adenoma.").parts[0]
    adenoma = part.generation_sentences[-1:]

    (place,) = places_of_correction("MicroAdenoma. Adenoma.more", adenoma)

    assert adenoma[0].text == "Adenoma."
    assert place.source is TextSource.CORRECTION


def test_a_model_is_told_from_rules() -> None:
    """The part that it read is its; a text of all parts is of both."""
    curated = curate_report(REPORT)
    sentence = ToldSentence(text="Tubular adenoma", quotes=("Tubular adenoma",))
    told = ToldPart(label="B", header="", retrieval=(sentence,), generation=(sentence,))

    report = merged(curated, accept(REPORT, curated, [told]))

    sources = {
        part_id: source_of(places_of(part.retrieval_sentences))
        for part_id in ("A", "B", "")
        if (part := part_of_slide(report, part_id))
    }
    assert sources == {"A": TextSource.RULES, "B": TextSource.MODEL, "": TextSource.MIXED}
