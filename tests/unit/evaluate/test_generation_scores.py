from __future__ import annotations

import numpy as np
import pytest
import sacrebleu

from pathalign.errors import NeedsRepair
from pathalign.evaluate.generation import agreement, generation_items, generation_scores, rouge_l_f1

pytestmark = pytest.mark.unit

REFERENCES = [
    "Colon, biopsy: tubular adenoma.",
    "Breast, core biopsy: invasive ductal carcinoma, grade 2.",
    "Lung, resection: adenocarcinoma, acinar pattern.",
    "Skin, excision: basal cell carcinoma, margins free.",
]
GENERATED = [
    "Colon, biopsy: tubular adenoma.",
    "Breast, biopsy: invasive lobular carcinoma, grade 2.",
    "Lung: squamous cell carcinoma.",
    "",
]
PATIENTS = ["a", "b", "c", "d"]


def longest_common_subsequence(a, b):
    """The usual table."""
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1, j + 1] = table[i, j] + 1 if x == y else max(table[i, j + 1], table[i + 1, j])
    return table[-1, -1]


def test_sentence_scores_are_those_of_sacrebleu():
    """BLEU and chrF of a slide are the sentence scores of the public implementation, as shares."""
    items = generation_items(GENERATED, REFERENCES)

    for i, (text, reference) in enumerate(zip(GENERATED, REFERENCES, strict=True)):
        assert items["bleu4"][i] == pytest.approx(sacrebleu.sentence_bleu(text, [reference]).score / 100)
        assert items["chrf"][i] == pytest.approx(sacrebleu.sentence_chrf(text, [reference]).score / 100)


def test_corpus_bleu_is_that_of_sacrebleu():
    """Adding up n-gram counts of slides gives the corpus BLEU of the public implementation."""
    scores = generation_scores(GENERATED, REFERENCES, PATIENTS)

    assert scores["corpus_bleu"].value == pytest.approx(sacrebleu.corpus_bleu(GENERATED, [REFERENCES]).score / 100)
    assert set(scores) == {"bleu4", "chrf", "rouge_l", "exact", "corpus_bleu"}


def test_means_are_means_of_the_items():
    """The cohort's score is the mean of what the table of slides holds."""
    items = generation_items(GENERATED, REFERENCES)
    scores = generation_scores(GENERATED, REFERENCES, PATIENTS)

    assert {name: scores[name].value for name in items} == pytest.approx({k: v.mean() for k, v in items.items()})


def test_rouge_l_equals_the_table_of_the_textbook():
    """The big-integer recurrence finds the subsequence length that the quadratic table finds."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        a, b = (list(rng.choice(list("abcd"), size=rng.integers(1, 90))) for _ in range(2))
        expected = 2 * longest_common_subsequence(a, b) / (len(a) + len(b))
        assert rouge_l_f1(" ".join(a), " ".join(b)) == pytest.approx(expected)


def test_rouge_l_of_a_known_pair():
    """Lin's example: "police kill the gunman" shares three words in order with "police killed the gunman"."""
    assert rouge_l_f1("Police kill the gunman", "police killed the gunman.") == pytest.approx(0.75)
    assert rouge_l_f1("", "text") == rouge_l_f1("--", "text") == 0.0


def test_equal_texts_score_one_and_abstentions_zero():
    """The first text equals its reference; the last was not written."""
    items = generation_items(GENERATED, REFERENCES)

    assert [scores[0] for scores in items.values()] == pytest.approx([1.0] * 4)
    assert [scores[3] for scores in items.values()] == [0.0] * 4


@pytest.mark.parametrize(
    ("text", "reference", "is_equal"),
    [
        ("Tubular  adenoma", "tubular adenoma.", 1.0),
        ("ER+, HER2-", "er+,\nher2-", 1.0),
        ("ER+", "ER-", 0.0),
        ("grade 1.2", "grade 12", 0.0),
        ("Gleason 3+4", "Gleason 4+3", 0.0),
    ],
)
def test_exact_forgives_layout_but_no_sign(text, reference, is_equal):
    """Case, spaces and a final stop do not matter; a plus, a minus or a digit does."""
    assert generation_items([text], [reference])["exact"][0] == is_equal


def test_a_slide_without_reference_is_left_out():
    """An empty reference has no score, so adding one changes no estimate."""
    with_empty = generation_scores([*GENERATED, "Colon"], [*REFERENCES, "  "], [*PATIENTS, "e"])

    assert with_empty == generation_scores(GENERATED, REFERENCES, PATIENTS)


def test_shuffled_texts_score_lower():
    """Texts of other slides score below the slides' own."""
    own = generation_scores(REFERENCES, REFERENCES, PATIENTS)
    others = generation_scores(REFERENCES[1:] + REFERENCES[:1], REFERENCES, PATIENTS)

    assert all(others[name].value < own[name].value for name in own)


def test_agreement_leaves_out_unknown_truth():
    """A missing true label is not counted; a missing generated label is wrong."""
    estimate = agreement(["luad", None, "lusc", "luad"], ["luad", "luad", None, "lusc"], PATIENTS)

    assert estimate.value == pytest.approx(1 / 3)
    assert estimate.n == 3


def test_no_slides_are_undefined():
    """Nothing to score gives undefined estimates with no items."""
    assert {estimate.n for estimate in generation_scores([], [], []).values()} == {0}


def test_unequal_lengths_are_refused():
    """Texts and references must pair up."""
    with pytest.raises(NeedsRepair, match="there are 1 and 2"):
        generation_items(["a"], ["a", "b"])
