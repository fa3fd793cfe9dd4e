"""Concepts of made-up diagnoses: longest words, negation, codes."""

from __future__ import annotations

import re
import time

import pytest

from pathalign.text.concepts.concepts import concepts_of
from pathalign.text.concepts.lexicon import names_of_histology, site_of_organ
from pathalign.text.malignancy import stated_terms

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Adenocarcinoma, NOS.", "8140/3"), ("Invasive ductal carcinoma", "8500/3"),
        ("INFILTRATING DUCT CARCINOMA", "8500/3"), ("Invasive lobular carcinoma", "8520/3"),
        ("Squamous cell carcinoma", "8070/3"), ("Carcinoma, squamous cell", "8070/3"),
        ("Urothelial carcinoma", "8120/3"), ("Transitional-cell carcinoma", "8120/3"),
        ("Renal cell carcinoma, clear cell type", "8310/3 renal"), ("Renal cell carcinoma", "8312/3"),
        ("Hepatocellular carcinomas", "8170/3"), ("Tubular adenoma", "8211/0"), ("Adenoma, tubular", "8211/0"),
        ("Villous adenoma", "8261/0"), ("Tubulo-villous adenoma", "8263/0"), ("Fibroadenoma", "9010/0"),
        ("Sessile serrated adenoma/polyp", "8213/0"), ("Ductal carcinoma in-situ", "8500/2"),
        ("Glioblastoma multiforme", "9440/3"), ("Gastro-intestinal stromal tumour", "8936/3"),
        ("Papillary thyroid carcinoma, follicular variant", "8340/3"), ("Leiomyomata", "8890/0"),
        ("Diffuse large B-cell lymphoma", "9680/3"), ("Paget's disease of the nipple", "8540/3"),
    ],
)  # fmt: skip
def test_histology(text: str, code: str) -> None:
    """The code of the longest words, whatever their case, number, hyphens, spelling or order."""
    assert concepts_of(text).histology == code


@pytest.mark.parametrize(
    ("text", "behaviour"),
    [("Tubular adenoma", "0"), ("Phyllodes tumor", "1"), ("DCIS", "2"), ("Melanoma", "3"), ("Chronic gastritis", "")],
)
def test_behaviour(text: str, behaviour: str) -> None:
    """The digit after the slash."""
    assert concepts_of(text).behaviour == behaviour


def test_the_most_malignant_and_most_specific_type_counts() -> None:
    """All that is stated is told; one is the type."""
    found = concepts_of("Tubular adenoma. Carcinoma in a polyp, that is mucinous adenocarcinoma.")

    assert found.histologies == ("8211/0", "8010/3", "8480/3")
    assert (found.histology, found.histology_name) == ("8480/3", "mucinous adenocarcinoma")


@pytest.mark.parametrize(
    "text",
    [
        "Negative for carcinoma.",
        "No evidence of adenocarcinoma or melanoma.",
        "History of melanoma.",
        "Carcinoma is not identified.",
        "Lymph nodes, 0 of 3 with carcinoma.",
        "Suspicious for lymphoma; cannot exclude sarcoma.",
        "Microadenomatous change.",
    ],
)
def test_what_is_not_stated_is_no_concept(text: str) -> None:
    """Denied, past and doubtful types are none, nor a word that only begins or ends like one."""
    assert concepts_of(text).histologies == ()


def test_negation_ends_where_a_statement_begins() -> None:
    """Each finding by itself: some stated, some denied."""
    found = concepts_of(
        "Lung, lobectomy: Adenocarcinoma, moderately differentiated, with necrosis. No perineural invasion. "
        "Lymphovascular invasion: present. Pleural invasion is not identified. Non-invasive elsewhere."
    )

    assert found.findings == ("necrosis", "lymphovascular invasion")
    assert found.grades == ("moderately differentiated",)
    assert (found.site, found.procedures) == ("C34", ("lobectomy",))


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("Nottingham grade 2", "Nottingham grade 2"),
        ("Fuhrman nuclear grade III of IV", "Fuhrman grade 3"),
        ("FIGO grade 1", "FIGO grade 1"),
        ("WHO grade IV", "WHO grade 4"),
        ("Grade 3/3", "grade 3"),
        ("histologic grade: 2", "grade 2"),
        ("Gleason score 7 (3+4)", "Gleason 3+4"),
        ("Gleason 4 + 3 = 7/10", "Gleason 4+3"),
        ("Gleason score 8", "Gleason 8"),
        ("Grade group 2", "grade group 2"),
        ("grade 2 to 3", "grade 2-3"),
        ("poorly-differentiated", "poorly differentiated"),
        ("high grade", "high grade"),
    ],
)
def test_grades(text: str, grade: str) -> None:
    """With their system where one is named."""
    assert concepts_of(f"Carcinoma, {text}.").grades == (grade,)


def test_sites() -> None:
    """An organ, an adjective or a procedure tells a site."""
    assert concepts_of("Pulmonary nodule").site == concepts_of("Pneumonectomy").site == site_of_organ("Lung") == "C34"
    assert concepts_of("Mastectomy").site == "C50"
    assert concepts_of("Thyroid lobectomy").sites == ("C73",)
    assert concepts_of("Renal cell carcinoma").sites == ()
    assert site_of_organ("Okapi") == site_of_organ("Adenoma") == ""


def test_codes_look_like_codes() -> None:
    """Four digits, behaviour 0-3, and at most a word for a kind without a code of its own."""
    assert all(re.fullmatch(r"[89]\d{3}/[0-3](?: [a-z]+)?", code) for code in names_of_histology())
    assert len(names_of_histology()) > 150


def test_terms_by_their_offsets() -> None:
    """One answer per term, in order, also where several share a clause or a term spans a comma."""
    text = "No adenoma, carcinoma or polyp; melanoma. Adenoma, tubular"
    words = ["adenoma", "carcinoma", "polyp", "melanoma", "Adenoma, tubular"]
    terms = [(text.index(word), text.index(word) + len(word)) for word in words]

    assert stated_terms(text, terms) == [False, False, False, True, True]
    assert stated_terms("", []) == []


@pytest.mark.parametrize(
    "repeated", ["carcinoma, ", "no carcinoma ", "grade ", "gleason ", "3 + ", "tubular ", "adenoma, tubular adenoma "]
)
@pytest.mark.slow
def test_work_grows_with_the_text(repeated: str) -> None:
    """50,000 characters in one sentence."""
    begun = time.process_time()
    concepts_of(repeated * (50_000 // len(repeated)))
    assert time.process_time() - begun < 8
