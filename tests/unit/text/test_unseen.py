"""What no slide shows is taken out, and no denial with it."""

from __future__ import annotations

import pytest

from pathalign.text.malignancy import is_malignant
from pathalign.text.unseen import strip_unseen

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "sentence",
    [
        "Greatest dimension 3.1 cm",
        "Tumor size 2.9 cm",
        "Tumor size: 8.4 x 7.9 x 3.4 cm",
        "2 of 11 lymph nodes positive",
        "TWO OF TWENTY-FIVE LYMPH NODES POSITIVE FOR METASTASIS (2/25)",
        "(0/5)",
        "Specimen weighs 640 g",
        "pT2b N0 MX",
        "Pathologic stage: IIB",
        "Clinical correlation is recommended",
        "Frozen section diagnosis is confirmed",
        "Tumor Characteristics",
        "It takes up 15% of the mass, and is present",
        "Left",
        "",
    ],
)
def test_what_no_slide_shows_leaves_nothing(sentence: str) -> None:
    """A sentence that is only about sizes, counts, sides, stages or advice is given up whole."""
    assert strip_unseen(sentence) == ""


@pytest.mark.parametrize(
    ("sentence", "visible"),
    [
        ("Focal involvement", "Focal involvement"),
        (
            "Adenocarcinoma, 3.1 cm in greatest dimension, involving the deep margin",
            "Adenocarcinoma, involving the deep margin",
        ),
        ("Adenocarcinoma of the right upper lobe", "Adenocarcinoma"),
        ("2.5 cm adenocarcinoma", "adenocarcinoma"),
        ("TUMOR MEASURES 7.5 x 4.5 x 4.0 CM AND INVOLVES DERMIS", "TUMOR INVOLVES DERMIS"),
        ("Invasive carcinoma at 3 o'clock", "Invasive carcinoma"),
        ("Bilateral fibroadenomas", "fibroadenomas"),
        ("Left and right ovaries with no tumor", "ovaries with no tumor"),
        ("Margins negative for carcinoma (closest 0.2 cm)", "Margins negative for carcinoma"),
        ("Adenocarcinoma; margins negative by 2 cm", "Adenocarcinoma"),
        ("Melanoma, Breslow depth 2.1 mm, Clark level IV", "Melanoma, Clark level IV"),
        ("Renal cell carcinoma, Fuhrman grade 2 of 4, pT2b N0 MX", "Renal cell carcinoma, Fuhrman grade 2 of 4"),
        ("Adenocarcinoma, Gleason score 3+4=7, involving 30% of the right lobe", "Adenocarcinoma, Gleason score 3+4=7"),
        ("Urothelial carcinoma (high grade) invades muscle (pT2)", "Urothelial carcinoma (high grade) invades muscle"),
        ("CIN 3", "CIN 3"),
    ],
)
def test_the_visible_stays(sentence: str, visible: str) -> None:
    """Findings and grades stay when a size, a side or a stage beside them goes."""
    assert strip_unseen(sentence) == visible


@pytest.mark.parametrize(
    "sentence",
    [
        "No 3 cm mass, carcinoma, or dysplasia",
        "Tumor is not present within 2 mm of the margin",
        "Carcinoma, 2 cm, is not identified",
        "Melanoma, not identified on the right",
        "Metastatic carcinoma in lymph nodes (0/5)",
        "Metastatic carcinoma in 0 of 5 lymph nodes",
        "Adenocarcinoma, none in 0/5",
        "No carcinoma identified in 5 of 5 lymph nodes",
        "None of five lymph nodes with metastatic carcinoma",
        "Negative for carcinoma in right upper lobe, 2 cm",
        "No tumor, 2 mm, or carcinoma",
        "Twelve lymph nodes, negative for tumor (0/12)",
    ],
)
@pytest.mark.parametrize("of_nodes", [False, True])
def test_a_denied_tumour_is_never_left_stated(sentence: str, of_nodes: bool) -> None:
    """What goes may take a denied finding with it, but not the denial alone."""
    assert is_malignant(strip_unseen(sentence, of_nodes=of_nodes)) is not True


def test_a_node_shows_its_tumour_without_the_count() -> None:
    """Where the slide is of a node, its metastasis is kept and the count is not."""
    sentence = "Metastatic carcinoma in one of three lymph nodes (1/3)"

    assert strip_unseen(sentence, of_nodes=True) == "Metastatic carcinoma"
    assert strip_unseen(sentence) == ""


@pytest.mark.parametrize(
    "sentence", ["Adenocarcinoma, 2 cm, of the left lung", "No tumor in 5 of 5 lymph nodes", "CIN 3"]
)
def test_stripping_twice_is_stripping_once(sentence: str) -> None:
    """What is left holds nothing more to take out."""
    once = strip_unseen(sentence)

    assert strip_unseen(once) == once
