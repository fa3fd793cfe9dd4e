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
        # words before, after and around
        ("The cells stain positively for desmin and negatively for CD34.", {"Desmin": "positive", "CD34": "negative"}),
        ("Estrogen receptors found in over 75% of tumour nuclei.", {"ER": "positive (over 75 %)"}),
        ("No progesterone receptors found in tumour nuclei.", {"PR": "negative"}),
        ("MSH6: staining present in tumor.", {"MSH6": "positive"}),
        ("There is strong nuclear staining; the lesion shows weak staining for WT-1.", {"WT1": "positive"}),
        ("SOX10 shows patchy staining.", {"SOX10": "positive (patchy)"}),
        ("Desmin shows no staining.", {"Desmin": "negative"}),
        ("No staining is seen with CK7 and EMA.", {"CK7": "negative", "EMA": "negative"}),
        ("A keratin stain shows no evidence of metastasis.", {"Pan-cytokeratin": "negative"}),
        ("Mucicarmine fails to demonstrate mucin.", {"Mucicarmine": "negative"}),
        ("One node negative for carcinoma by H&E and cytokeratin stains.", {"Pan-cytokeratin": "negative"}),
        ("Single cells were detected by cytokeratin immunostaining.", {"Pan-cytokeratin": "positive"}),
        ("The negative CD117 and positivity CK7 are of help.", {"CD117": "negative", "CK7": "positive"}),
        ("S100 was done on block B2 and is interpreted as negative.", {"S100": "negative"}),
        ("Trichrome (+, with bridging).", {"Masson trichrome": "positive"}),
        ("CD10 (focal). CK20 negative.", {"CD10": "positive (focal)", "CK20": "negative"}),
        # lists with names that are not known
        ("Positive for CK7, OKAPI-3, and CD10 and negative for CK20.",
         {"CK7": "positive", "CD10": "positive", "CK20": "negative"}),
        ("Negative for TTF-1 and polyclonal CEA.", {"TTF-1": "negative", "CEA": "negative"}),
        ("Positive for CD10 and RCC.", {"CD10": "positive", "RCC": "positive"}),
        ("Positive for CD20, and lymphocytes CD3: negative.", {"CD20": "positive", "CD3": "negative"}),
        ("Positive for okapin, and CD10.", {"CD10": "positive"}),
        ("CD31 and okapin are negative.", {"CD31": "negative"}),
        ("Stains for bacilli (AFB) and fungi (GMS) are negative.", {"Ziehl-Neelsen": "negative", "GMS": "negative"}),
        ("No fungi are seen on special stains for GMS.", {"GMS": "negative"}),
        ("An iron stain is negative; iron is present.", {"Prussian blue": "negative"}),
        # how much, and what is normal
        ("Diffuse staining for NSE.", {"NSE": "positive"}),
        ("Strong and diffuse expression for CK7 and no expression for CDX2.", {"CK7": "positive", "CDX2": "negative"}),
        ("Normal expression of MLH1 and PMS2.", {"MLH1": "retained", "PMS2": "retained"}),
        ("Presence of normal hMSH2 and hMSH6 expression.", {"MSH2": "retained", "MSH6": "retained"}),
        ("Many MIB-1 reactive cells are there, with an estimated labeling index of 30%.", {"Ki-67": "positive (30 %)"}),
        ("A keratin stain performed on block B2 shows no evidence of metastasis.", {"Pan-cytokeratin": "negative"}),
        # numbers
        ("MIB-1 index is estimated at approximately 8%.", {"Ki-67": "approximately 8 %"}),
        ("Proliferation index (MIB-I) = 5.569%.", {"Ki-67": "5.569 %"}),
        ("HER2: 3+.", {"HER2": "positive (3+)"}),
        ("HER2/neu: zero or 1+.", {"HER2": "negative (zero or 1+)"}),
        # what is said of the markers of the sentence before
        ("Immunostains for ER and PR were done. Both are positive.", {"ER": "positive", "PR": "positive"}),
        ("A MIB-1 stain was done. A labeling index of 7% is seen.", {"Ki-67": "7 %"}),
        # earlier specimens and controls
        ("ER positive, as per previous biopsy.", {"ER": "positive"}),
        ("S100 is positive, with appropriate positive and negative controls.", {"S100": "positive"}),
        # lines that end with a full stop
        ("Positive for CK7 and.\nCD10, and.\nnegative for CK20.",
         {"CK7": "positive", "CD10": "positive", "CK20": "negative"}),
        ("ER IS POSITIVE AND PR. NEGATIVE AS PER CORE.", {"ER": "positive", "PR": "negative"}),
        ("CK7. Positive. CK20. Negative.", {"CK7": "positive", "CK20": "negative"}),
        ("Ki-67 (MIB-1). <10%. Favorable.", {"Ki-67": "<10 %"}),
        ("ER -. Positive. CD56-. Next.", {"ER": "positive", "CD56": "negative"}),
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
        "Negative for HER2 by FISH.",
        "No amplification of the HER2 gene.",
        "CK7. Negative for malignancy.",
        "CALPONIN. NEGATIVE CONTROL.",
        "Clear cell RCC, negative margins.",
        "A PSA was found to be high.",
        "IDH1 (R132H mutant protein) was stained.",
        "CK7 was done. They are seen.",
        "ER. <5%. >5%. Ki-67. <10%. >10%.",
        "This is confirmed with an immunostain for CK7.",
        "A positive ER or PR tumor shows any staining.",
        "No loss of 1p, and EGFR was looked at.",
        "Normal CD3 cells.",
        "Previous ER positive carcinoma. Prior HER2 positive breast cancer.",
        "CD10 was done. The lymph nodes are negative.",
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


def test_what_is_of_before_counts_where_nothing_newer_is_stated() -> None:
    """An earlier specimen's result gives way."""
    er = stain_of("ER")
    assert er is not None

    newer, problem = agreed(results_in("ER negative in the previous biopsy. Today: ER positive."), er)
    assert (newer and newer.verdict, problem) == ("positive", "")
    older, problem = agreed(results_in("ER negative in the previous biopsy."), er)
    assert (older and older.verdict, problem) == ("negative", "")


def test_a_bar_holds_for_its_line_alone() -> None:
    """What is pending on one line of a sentence does not take the results of its other lines away."""
    assert told("Positive for PLAP and.\nCD117, and.\nHER2 to follow.") == [("PLAP", "positive"), ("CD117", "positive")]


@pytest.mark.parametrize(
    "repeated",
    [
        "positive for CK7, ",
        "ER (",
        "(ER) ",
        "no x ",
        "CK7 and ",
        "no evidence of aa bb cc ",
        "95 ",
        "+ ",
        "CK7. ",
        "no tumor by ",
        "ER was done. ",
        "with positive ",
        "CK7, x ",
        "Ki-67 ",
        "EGFR and gene ",
        "20% by MIB-1 ",
        "strong CK7 staining ",
        "CD3, 5, ",
        "by stain for CK7 ",
        "no loss of ",
        "HER2; (",
        "H. pylori no ",
        "positive staining of ",
    ],
)
@pytest.mark.slow
def test_a_long_sentence_is_quick(repeated: str) -> None:
    """50,000 characters without a full stop."""
    begun = time.process_time()
    results_in("GMS " + repeated * (50_000 // len(repeated)) + " GMS")
    assert time.process_time() - begun < 10
