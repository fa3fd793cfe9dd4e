"""Results of stains in running text: which marker, which verdict, and nothing where none is given."""

from __future__ import annotations

import time

import pytest

from pathalign.text.stains.results import agreed, results_in
from pathalign.text.stains.stain import stain_of

pytestmark = pytest.mark.unit


def told(text: str) -> list[tuple[str, str]]:
    """(marker, result in words)."""
    return [(result.stain.name, result.said) for result in results_in(text)]


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("ER positive (95 %).", {"ER": "positive (95 %)"}),
        ("Estrogen receptor: Positive, 95% of tumor cells. Progesterone receptor: negative (0%).",
         {"ER": "positive (95 %)", "PR": "negative (0 %)"}),
        ("The tumor cells are positive for CK7 and TTF-1; negative for CK20.",
         {"CK7": "positive", "TTF-1": "positive", "CK20": "negative"}),
        ("Positive for CK7, TTF-1 (focal) and napsin A, and negative for CK20 and p40.",
         {"CK7": "positive", "TTF-1": "positive (focal)", "Napsin A": "positive", "CK20": "negative",
          "p40": "negative"}),
        ("Ki-67 proliferation index 20 %.", {"Ki-67": "20 %"}),
        ("p53: wild-type pattern.", {"p53": "wild-type pattern"}),
        ("ER+/PR+/HER2-.", {"ER": "positive", "PR": "positive", "HER2": "negative"}),
        ("CK7(+), CK20(-), TTF1 -, p63+.",
         {"CK7": "positive", "CK20": "negative", "TTF-1": "negative", "p63": "positive"}),
        ("HER2/neu (c-erbB-2): 2+ (equivocal).", {"HER2": "equivocal (2+)"}),
        ("Loss of expression of MLH1 and PMS2 with intact expression of MSH2 and MSH6.",
         {"MLH1": "lost", "PMS2": "lost", "MSH2": "retained", "MSH6": "retained"}),
        ("The tumor does not express chromogranin or synaptophysin.",
         {"Chromogranin": "negative", "Synaptophysin": "negative"}),
        ("The cells express CD45 and CD20 but lack CD3.", {"CD45": "positive", "CD20": "positive", "CD3": "negative"}),
        ("Immunostains for ER and PR are positive, HER2 is not overexpressed.",
         {"ER": "positive", "PR": "positive", "HER2": "negative"}),
        ("The lesion is not immunoreactive for desmin.", {"Desmin": "negative"}),
        ("No staining for S100 is seen.", {"S100": "negative"}),
        ("Positive: CK7, PAX8. Negative: CK20, CDX2.",
         {"CK7": "positive", "PAX8": "positive", "CK20": "negative", "CDX2": "negative"}),
        ("CD3 (positive), CD20 (negative)", {"CD3": "positive", "CD20": "negative"}),
        ("ER (95%) and PR (80%) are positive.", {"ER": "positive (95 %)", "PR": "positive (80 %)"}),
        ("p16 is strongly and diffusely positive.", {"p16": "positive (strong)"}),
        ("CK7 is positive while stains for thyroglobulin and CK20 are negative.",
         {"CK7": "positive", "Thyroglobulin": "negative", "CK20": "negative"}),
        ("HER2 protein overexpression is negative.", {"HER2": "negative"}),
        ("HER2: equivocal (score 1-2+)", {"HER2": "equivocal (score 1-2+)"}),
        ("PD-L1: TPS 50%.", {"PD-L1": "TPS 50 %"}),
        ("EBER in situ hybridization is positive.", {"EBER": "positive"}),
        ("GMS: negative for fungal organisms.", {"GMS": "negative for fungal organisms"}),
        ("No fungal organisms are identified on GMS stain.", {"GMS": "negative for fungal organisms"}),
        ("Congo red stain is negative for amyloid.", {"Congo red": "negative for amyloid"}),
        ("Trichrome stain highlights bridging fibrosis.", {"Masson trichrome": "highlights bridging fibrosis"}),
        ("Giemsa stain is negative for Helicobacter pylori.",
         {"Giemsa": "negative for Helicobacter pylori", "Helicobacter pylori": "negative"}),
    ],
)  # fmt: skip
def test_results(text: str, results: dict[str, str]) -> None:
    """Lists, signs, brackets, percentages, patterns and special stains."""
    assert dict(told(text)) == results


@pytest.mark.parametrize(
    "text",
    [
        "ER is pending.",
        "HER2 will be reported in an addendum.",
        "Recommend ER, PR and HER2; positive cases go on.",
        "History of an ER positive carcinoma.",
        "ER/PR: positive/negative",
        "Margins negative for carcinoma. CK7 was used.",
        "The kit is positive.",
        "Negative for malignancy, with CK7 at hand.",
        "Controls for S100 are positive.",
        "PR Negative < 5.5 Positive >= 5.5",
        "HER2: Negative 0-1+, Equivocal 2+, Positive 3+",
        "Drugs help when PTEN is intact.",
        "HER2 overexpression is associated with outcome.",
        "Lymph nodes are positive for carcinoma",
    ],
)
def test_no_result(text: str) -> None:
    """What is to come, of before, of a control, of something else or of two things is no result."""
    assert told(text) == []


def test_results_that_disagree_are_none() -> None:
    """One marker stated in two ways has no result; said twice alike, the richer statement counts."""
    er = stain_of("ER")
    assert er is not None

    assert agreed(results_in("ER positive. ER negative."), er) == (None, "stated in more than one way")
    assert agreed(results_in("PR positive."), er) == (None, "not stated")
    result, problem = agreed(results_in("ER positive. ER: positive (90%)."), er)
    assert (result and result.said, problem) == ("positive (90 %)", "")


@pytest.mark.parametrize(
    "repeated", ["positive for CK7, ", "ER (", "(ER) ", "no x ", "CK7 and ", "no evidence of aa bb cc ", "95 ", "+ "]
)
def test_a_long_sentence_is_quick(repeated: str) -> None:
    """50,000 characters without a full stop."""
    begun = time.process_time()
    results_in("GMS " + repeated * (50_000 // len(repeated)) + " GMS")
    assert time.process_time() - begun < 10
