"""A sentence is taken only if the report says it: words, numbers, denial, part."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pathalign.text.curation import curate_report
from pathalign.text.support.answer import ToldPart, ToldSentence, accept, merged
from pathalign.text.support.quotes import QuotedText
from pathalign.text.support.sentences import Fault, Source
from pathalign.text.support.wording import Meant, words_of

pytestmark = pytest.mark.unit

REPORT = """FINAL DIAGNOSIS:
A. COLON, SIGMOID, BIOPSY:
  - Tubular adenoma, 4 mm, no high-grade dysplasia; lymphovascular invasion: not identified.
B. PROSTATE, CORE BIOPSY:
  - Adenocarcinoma, Gleason 3 + 4 = 7, in 2 of 6 cores.
  - Suspicious for perineural
    invasion. HER2 (-). Necrosis. Not seen.
COMMENT: History of melanoma. Metastatic carcinoma in 0/5 nodes.
"""


def fault(sentence: str, *quotes: str) -> Fault | None:
    """What is wrong with a sentence that was drawn from quotes."""
    source = Source(REPORT)
    places = source.places(quotes)
    assert all(places), "quotes of these tests are in the report"
    return source.fault(sentence, [place for found in places for place in found])


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("Tubular adenoma", ["Tubular adenoma, 4 mm"]),
        ("tubular adenoma without high grade dysplasia", ["Tubular adenoma, 4 mm, no high-grade dysplasia"]),
        ("A tubular adenoma is seen in the sigmoid colon", ["COLON, SIGMOID", "tubular  ADENOMA"]),
        ("Adenocarcinoma, Gleason 3+4", ["Adenocarcinoma, Gleason 3 + 4 = 7"]),
        ("Adenocarcinoma in 2 of 6 cores", ["Adenocarcinoma, Gleason 3 + 4 = 7, in 2 of 6 cores"]),
        ("Suspicious for perineural invasion", ["Suspicious for perineural invasion"]),
        ("HER2 negative", ["HER2 (-)"]),
        ("No lymphovascular invasion identified", ["lymphovascular invasion: not identified"]),
    ],
)
def test_what_the_report_says_is_taken(sentence: str, quotes: list[str]) -> None:
    """In other order, case, spacing and with other words of grammar."""
    assert fault(sentence, *quotes) is None


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("Villous adenoma", ["Tubular adenoma"]),
        ("Tubular adenoma, 5 mm", ["Tubular adenoma, 4 mm"]),
        ("Adenocarcinoma, Gleason 4+3", ["Adenocarcinoma, Gleason 3 + 4 = 7"]),
        ("Adenocarcinoma in 6 of 2 cores", ["Adenocarcinoma, Gleason 3 + 4 = 7, in 2 of 6 cores"]),
        ("Tubular adenoma of the colon", ["Tubular adenoma"]),
    ],
)
def test_invented_words_and_numbers_are_refused(sentence: str, quotes: list[str]) -> None:
    """A word that is elsewhere in the report but not in the quotes is one too."""
    assert fault(sentence, *quotes) is Fault.NOT_QUOTED


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("High grade dysplasia", ["high-grade dysplasia"]),  # the quote leaves the "no" out
        ("Lymphovascular invasion is present", ["lymphovascular invasion", "identified"]),
        ("Perineural invasion", ["Suspicious for perineural invasion"]),
        ("No tubular adenoma", ["Tubular adenoma, 4 mm, no high-grade"]),
        ("Melanoma", ["History of melanoma"]),
        ("Metastatic carcinoma", ["Metastatic carcinoma in 0/5 nodes"]),
        ("Necrosis", ["Necrosis"]),  # denied by the sentence after it
        ("HER2", ["HER2 (-)"]),
    ],
)
def test_turned_meaning_is_refused(sentence: str, quotes: list[str]) -> None:
    """Denial, doubt and history may neither be added nor lost, even by a clever cut."""
    assert fault(sentence, *quotes) is Fault.OTHERWISE_MEANT


def test_quotes_are_whole_words_of_the_report() -> None:
    """Case and spaces aside nothing may differ; half a word or number is no quote; offsets are the report's."""
    quoted = QuotedText("Straße:  Non-malignant\nADENOMA 14 mm")

    assert quoted.find("malignant adenoma") == [(13, 30)]
    assert quoted.find("strasse") == [(0, 6)]
    for other in ("4 mm", "adenom", "malignant  adenomas", "", " - "):
        assert quoted.find(other) == []


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("No tumor, necrosis or invasion. Fibrosis.", ["no", "tumor", "necrosis", "or", "invasion"]),
        ("Carcinoma present but no invasion", ["no", "invasion"]),
        ("Carcinoma, margins not involved", ["margins", "not", "involved"]),
        ("Carcinoma, grade 2: absent", ["carcinoma", "grade", "2", "absent"]),
        ("___ Invasion\nBiopsy", ["invasion"]),
    ],
)
def test_denial_reaches_as_far_as_it_reads(text: str, denied: list[str]) -> None:
    """Forward over commas, back to the words it is about, never over the end of a sentence."""
    assert [word.text for word in words_of(text) if Meant.DENIED in word.meant] == denied


@pytest.mark.parametrize("repeated", ["no ", "1+", "( ", "a", "-", "a. not "])
@pytest.mark.slow
def test_time_grows_with_length_alone(repeated: str, grows_evenly: Callable[[Callable[[int], object]], None]) -> None:
    """Also of hostile text."""

    def read(characters: int) -> None:
        text = repeated * (characters // len(repeated))
        words_of(text)
        QuotedText(text).find("no no")

    grows_evenly(read)


def part(label: str, *sentences: tuple[str, str], generation: tuple[tuple[str, str], ...] = ()) -> ToldPart:
    """A told part whose sentences have one quote each."""
    return ToldPart(
        label=label, header="",
        retrieval=tuple(ToldSentence(text=text, quotes=(quote,)) for text, quote in sentences),
        generation=tuple(ToldSentence(text=text, quotes=(quote,)) for text, quote in generation),
    )  # fmt: skip


def test_accepted_sentences_become_the_part() -> None:
    """What stands is kept with its span, what does not is counted by its fault; other parts stay those of rules."""
    curated = curate_report(REPORT)
    told = part(
        "Part A",
        ("Tubular adenoma, 4 mm", "Tubular adenoma, 4 mm"),
        ("Carcinoma", "Carcinoma of the colon"),
        ("Adenocarcinoma", "Adenocarcinoma"),
        generation=(("Tubular adenoma, 4 mm", "Tubular adenoma, 4 mm"), ("Tubular adenoma", "Tubular adenoma")),
    )

    found = accept(REPORT, curated, [told, part("F", ("Tubular adenoma", "Tubular adenoma"))])
    report = merged(curated, found)

    assert found.dropped == {Fault.QUOTE_NOT_FOUND: 1, Fault.OTHER_PART: 1, Fault.UNSEEN: 1}
    assert (found.taken, found.unknown_parts) == (2, 1)
    assert [p.label for p in report.parts] == ["A", "B"]
    assert report.parts[0].generation_text == "Colon: Tubular adenoma."
    assert report.parts[0].retrieval_text == "Colon, sigmoid, biopsy: Tubular adenoma, 4 mm."
    assert report.parts[1] == curated.parts[1]


def test_without_a_sentence_rules_remain() -> None:
    """An answer of inventions changes nothing."""
    curated = curate_report(REPORT)

    assert merged(curated, accept(REPORT, curated, [part("A", ("Carcinoma", "invented words"))])) is curated
    assert accept(REPORT, curated, [part("A", ("Tubular adenoma", ""))]).dropped == {Fault.QUOTE_NOT_FOUND: 1}


def test_a_report_that_rules_cannot_read_gets_a_part() -> None:
    """Where no diagnosis was found the answer is all there is, and the report has no problem any more."""
    report = "MICROSCOPIC DESCRIPTION: Chronic gastritis with intestinal metaplasia. No dysplasia."
    curated = curate_report(report)
    assert curated.problem is not None

    told = part("", ("Chronic gastritis with intestinal metaplasia", "chronic gastritis with intestinal metaplasia"))
    found = merged(curated, accept(report, curated, [told]))

    assert found.problem is None
    assert report[found.parts[0].start : found.parts[0].end] == "Chronic gastritis with intestinal metaplasia"
    assert found.parts[0].retrieval_text == "Chronic gastritis with intestinal metaplasia."
