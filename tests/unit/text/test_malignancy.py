"""Whether a malignant tumour is stated."""

from __future__ import annotations

import pytest

from pathalign.text.malignancy import is_malignant

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "Adenocarcinoma",
        "Keratinizing squamous cell carcinoma",
        "Non-small cell carcinoma",
        "Triple negative carcinoma",
        "Diffuse large B-cell lymphoma",
        "Metastatic melanoma",
        "Ductal carcinoma in situ",
        "Tubular adenoma with high-grade dysplasia",
        "2 of 11 lymph nodes positive",
        "Invasive carcinoma not otherwise specified",
        "Adenocarcinoma, margins negative for carcinoma",
        "Adenocarcinoma with lymphovascular invasion not identified",
        "No lymphovascular invasion, invasive adenocarcinoma present",
        "No evidence of carcinoma but melanoma present",
        "Prior biopsy site with residual carcinoma",
        "Benign skin. Basal cell carcinoma",
        "Invasive adenocarcinoma of the colon, with free resection margins, free lymph nodes, 0 of 14",
    ],
)
def test_a_stated_tumour_is_malignant(text: str) -> None:
    """A tumour that is stated counts, whatever is denied beside it."""
    assert is_malignant(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "Number of nodes examined:9. Number of metastatic nodes:0.",
        "no malignancy identified",
        "Negative for carcinoma",
        "Colonic mucosa with no dysplasia or malignancy",
        "without evidence of tumor",
        "Benign lung parenchyma",
        "Tubular adenoma",
        "Carcinoma is not identified",
        "Carcinoma, 3 mm, is not seen",
        "no carcinoma, sarcoma, or melanoma",
        "Negative for dysplasia, carcinoma",
        "Metastasis: none",
        "0 of 5 lymph nodes positive for metastatic carcinoma",
        "None of five lymph nodes positive",
        "Metastatic carcinoma in lymph nodes (0/5)",
        "History of melanoma; benign nevus",
        "Residual carcinoma is absent",
    ],
)
def test_a_denied_tumour_is_not_malignant(text: str) -> None:
    """A tumour that is denied, before or after its name or by a count of zero, does not count."""
    assert is_malignant(text) is False


@pytest.mark.parametrize("text", ["", "Colonic mucosa", "history of breast carcinoma", "suspicious for carcinoma"])
def test_nothing_stated_is_none(text: str) -> None:
    """The past, a suspicion and plain tissue state nothing."""
    assert is_malignant(text) is None
