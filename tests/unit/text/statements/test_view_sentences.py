"""Sentences of texts know where in the report they come from; notes without sections are taken as they stand."""

from __future__ import annotations

import time

import pytest

from pathalign.text.curation import CuratedReport, curate_note, curate_report, part_of_slide
from pathalign.text.normalise import text_key
from pathalign.text.sentences import sentences
from pathalign.text.statements.statement import Dropped, Kind

pytestmark = pytest.mark.unit

REPORT = """CLINICAL HISTORY: A 61-year-old man with a mass of the lung.
FINAL DIAGNOSIS:
A. LUNG, RIGHT UPPER LOBE, LOBECTOMY:
  1. Adenocarcinoma, moderately
     differentiated, 3.1 cm.
  2. All margins are free of tumor.
  3. TTF-1 positive in the nuclei.
  4. Adenocarcinoma, moderately differentiated.
COMMENT: Clinical correlation is recommended.
B. LYMPH NODES, EXCISION:
  - 2 of 11 lymph nodes positive.
MICROSCOPIC DESCRIPTION: The tumor cells have large nuclei.
"""


@pytest.fixture(scope="module")
def curated() -> CuratedReport:
    return curate_report(REPORT)


def test_sentences_make_the_text(curated: CuratedReport) -> None:
    """Joined by spaces the sentences of a view are its text, of every part and of all together."""
    for part in (*curated.parts, part_of_slide(curated, None)):
        assert part is not None
        assert " ".join(one.text for one in part.retrieval_sentences) == part.retrieval_text
        assert " ".join(one.text for one in part.generation_sentences) == part.generation_text


def test_spans_say_the_same(curated: CuratedReport) -> None:
    """The span of a statement and of a sentence for retrieval holds its words, breaks and marks aside."""
    for statement in curated.statements:
        assert text_key(REPORT[statement.start : statement.end]) == text_key(statement.text)
    for part in curated.parts:
        for sentence in part.retrieval_sentences:
            assert text_key(REPORT[sentence.start : sentence.end]) == text_key(sentence.text)


def test_generation_sentences_point_to_their_statement(curated: CuratedReport) -> None:
    """A shortened finding points to the whole one that it came from, the organ to its header."""
    organ, finding = curated.parts[0].generation_sentences

    assert organ.text == "Lung:"
    assert REPORT[organ.start : organ.end] == "LUNG, RIGHT UPPER LOBE, LOBECTOMY"
    assert finding.text == "Adenocarcinoma, moderately differentiated."
    assert REPORT[finding.start : finding.end].endswith("3.1 cm")
    assert finding.kinds == (Kind.VISIBLE, Kind.MEASURED)


def test_why_a_statement_was_dropped(curated: CuratedReport) -> None:
    """Every statement that the generation text lacks says why."""
    dropped = {statement.text: statement.dropped for statement in curated.statements}

    assert dropped["Adenocarcinoma, moderately differentiated, 3.1 cm"] is None
    assert dropped["Adenocarcinoma, moderately differentiated"] is Dropped.REPEATED
    assert dropped["All margins are free of tumor"] is Dropped.UNSEEN
    assert dropped["TTF-1 positive in the nuclei"] is Dropped.UNSEEN
    assert dropped["LUNG, RIGHT UPPER LOBE, LOBECTOMY"] is Dropped.HEADER
    assert dropped["Clinical correlation is recommended"] is Dropped.DETAIL
    assert dropped["The tumor cells have large nuclei"] is Dropped.ELSEWHERE
    assert dropped["A 61-year-old man with a mass of the lung"] is Dropped.ELSEWHERE


def test_a_counted_node_is_shown_by_its_sign(curated: CuratedReport) -> None:
    """The sign that stands for a count points to what was counted, and nothing counts as dropped."""
    node = curated.parts[1]

    assert node.generation_text == "Lymph node: Positive for metastatic tumor."
    assert "2 of 11" in REPORT[node.generation_sentences[-1].start : node.generation_sentences[-1].end]
    assert [one.dropped for one in node.statements] == [Dropped.HEADER, None]


def test_statements_are_in_order_and_apart(curated: CuratedReport) -> None:
    """Statements follow one another without overlap, and know their part."""
    ends = [one.end for one in curated.statements]

    assert all(one.start >= end for one, end in zip(curated.statements[1:], ends, strict=False))
    assert {one.part for one in curated.statements} == {"", "A", "B"}


def test_offsets_of_a_stretch() -> None:
    """Sentences of a stretch of a text have the offsets of the whole."""
    text = "Before. 1. Carcinoma with. necrosis. 2. Grade. 3 of 4. After."
    found = sentences(text, 8, len(text) - 7)

    assert [one.text for one in found] == ["Carcinoma with necrosis", "Grade 3 of 4"]
    assert [text[one.start : one.end] for one in found] == ["Carcinoma with. necrosis", "Grade. 3 of 4"]


@pytest.mark.parametrize(
    ("note", "generated"),
    [
        ("2 pieces, marked interstitial fibrosis", "Marked interstitial fibrosis."),
        ("6 pieces; mild congestion, up to 3 mm of adherent fat", "Mild congestion, adherent fat."),
        ("1 piece", ""),
        ("Cirrhosis", "Cirrhosis."),
    ],
)
def test_a_note_is_a_text(note: str, generated: str) -> None:
    """A short text without sections is one part, retrieved by all that it says."""
    for curated in (curate_report(note), curate_note(note)):
        (part,) = curated.parts
        assert (part.label, part.header, part.generation_text) == ("", "", generated)
        assert text_key(part.retrieval_text) == text_key(note)
        assert curated.problem is None


@pytest.mark.parametrize(
    "report",
    [
        "Okapi. See the old report.",
        "CLINICAL HISTORY: colon cancer.",
        "GROSS DESCRIPTION: A piece of colon.",
        "A piece of colon. " * 40,
    ],
)
def test_a_report_that_cannot_be_read_is_no_note(report: str) -> None:
    """Longer texts, texts with sections and texts without a word of tissue stay problems."""
    assert curate_report(report).problem == "no diagnosis section found"


def test_an_empty_note_is_a_problem() -> None:
    """A note of no words has no part."""
    assert curate_note("  ").parts == ()
    assert curate_note("  ").problem == "the note states nothing"


@pytest.mark.parametrize(
    "repeated",
    ["pT1 ", "no tumor, ", "1 of 2 ", "see note ", "(margin ", "CK7 positive ", "3 cm x ", "left ", "grade 1/3 "],
    ids=str.strip,
)
@pytest.mark.slow
def test_a_sentence_of_50_kb_is_read_in_time(repeated: str) -> None:
    """A sentence without an end is read in seconds, not minutes."""
    report = "DIAGNOSIS: " + repeated * (50_000 // len(repeated))
    begun = time.process_time()
    curated = curate_report(report)

    assert curated.statements
    assert time.process_time() - begun < 20
