"""Keys of diagnoses: equal in other words, different where a slide would look different."""

from __future__ import annotations

import time

import pytest

from pathalign.text.concepts.key import concept_key
from pathalign.text.normalise import text_key

pytestmark = pytest.mark.unit

EQUAL = [
    ("Colon: Tubular adenoma.", "Colon: Adenoma, tubular."),
    ("Colon: Tubular adenoma.", "Colon: TUBULAR ADENOMAS, NOS."),
    ("Breast: Infiltrating duct carcinoma.", "Breast: Invasive ductal carcinoma."),
    ("Breast: Invasive ductal carcinoma, grade 2.", "Breast: Grade II infiltrating ductal carcinoma."),
    ("Breast: Invasive ductal carcinoma. Necrosis is present.", "Breast: Invasive ductal carcinoma with necrosis."),
    ("Lung: Adenocarcinoma.", "Lung: Adenocarcinoma of the lung."),
    ("Lung: Pulmonary adenocarcinoma.", "Lung: Adenocarcinoma, not otherwise specified."),
    ("Kidney: Renal cell carcinoma, clear cell type.", "Kidney: Clear cell renal cell carcinoma."),
    ("Kidney: Papillary renal cell carcinoma.", "Kidney: Papillary carcinoma."),
    ("Thyroid: Papillary thyroid carcinoma.", "Thyroid: Papillary carcinoma."),
    ("Prostate: Prostatic adenocarcinoma.", "Prostate: Adenocarcinoma of the prostate."),
    ("Brain: Glioblastoma multiforme.", "Brain: Glioblastoma."),
    ("Lymph node: Metastatic carcinoma seen.", "Lymph node: Metastatic carcinoma present."),
    ("Lymph node: No carcinoma identified.", "Lymph node: No carcinoma seen."),
    ("Prostate: Adenocarcinoma, Gleason score 7 (3+4).", "Prostate: Adenocarcinoma, Gleason 3 + 4 = 7."),
    ("Lung: Adenocarcinoma. Colon: Tubular adenoma.", "Colon: Tubular adenoma. Lung: Adenocarcinoma."),
    ("Oesophagus: Adenocarcinoma, tumour necrosis.", "Oesophagus: Adenocarcinoma with tumor necrosis."),
]
DIFFERENT = [
    ("Colon: Tubular adenoma.", "Colon: Villous adenoma."),
    ("Colon: Tubular adenoma.", "Rectum: Tubular adenoma."),
    ("Colon: Tubular adenoma.", "Colon: Tubular adenoma with high grade dysplasia."),
    ("Colon: Tubular adenoma.", "Colon: Tubular adenoma with pseudoinvasion."),
    ("Colon: Tubular adenoma.", "Colon: No tubular adenoma."),
    ("Colon: Tubular adenoma.", "Colon: Suspicious for tubular adenoma."),
    ("Colon: Tubular adenoma.", "Colon: Consistent with tubular adenoma."),
    ("Colon: Adenocarcinoma in a tubular adenoma.", "Colon: Tubular adenoma in an adenocarcinoma."),
    ("Breast: Invasive ductal carcinoma, grade 2.", "Breast: Invasive ductal carcinoma, grade 3."),
    ("Breast: Invasive ductal carcinoma, grade 2.", "Breast: Invasive ductal carcinoma, nuclear grade 2."),
    ("Breast: Invasive ductal carcinoma. DCIS, grade 3.", "Breast: Invasive ductal carcinoma, grade 3. DCIS."),
    ("Breast: Ductal carcinoma.", "Breast: Ductal carcinoma in situ."),
    ("Breast: Ductal carcinoma with focal necrosis.", "Breast: Focal ductal carcinoma with necrosis."),
    ("Breast: Ductal carcinoma, focal, with necrosis.", "Breast: Ductal carcinoma with necrosis, focal."),
    ("Lung: Adenocarcinoma, necrosis.", "Lung: Adenocarcinoma, no necrosis."),
    (
        "Lung: Adenocarcinoma, no necrosis, perineural invasion.",
        "Lung: Adenocarcinoma, necrosis, no perineural invasion.",
    ),
    ("Lung: Adenocarcinoma, acinar predominant.", "Lung: Adenocarcinoma, papillary predominant."),
    ("Lung: Adenocarcinoma, 60 % acinar.", "Lung: Adenocarcinoma, 40 % acinar."),
    ("Lung: Adenocarcinoma, CK7+.", "Lung: Adenocarcinoma, CK7-."),
    ("Lung: Adenocarcinoma, CK7-.", "Lung: Adenocarcinoma, CK7."),
    ("Lung: Adenocarcinoma, CK7 (-).", "Lung: Adenocarcinoma, CK7 (+)."),
    ("Lung: Adenocarcinoma of breast.", "Lung: Adenocarcinoma."),
    ("Uterus: Endometrial adenocarcinoma.", "Uterus: Adenocarcinoma."),
    ("Bladder: Papillary urothelial carcinoma, invasive.", "Bladder: Papillary urothelial carcinoma, non-invasive."),
    ("Lymph node: Metastatic carcinoma.", "Lymph node: Carcinoma."),
    ("Lymph node: Metastatic papillary carcinoma.", "Lymph node: Metastatic papillary thyroid carcinoma."),
    ("Lung: Adenocarcinoma. Colon: Benign.", "Lung: Benign. Colon: Adenocarcinoma."),
    ("Lung: Adenocarcinoma. Colon: Tubular adenoma. Focal.", "Lung: Adenocarcinoma. Focal. Colon: Tubular adenoma."),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_in_other_words(one: str, other: str) -> None:
    """Synonyms, order, plural, spelling, and words that say nothing."""
    assert concept_key(one) == concept_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_things_stay_apart(one: str, other: str) -> None:
    """Whatever the concepts do not cover counts word by word."""
    assert concept_key(one) != concept_key(other)


@pytest.mark.parametrize(
    "text", ["Stomach: Chronic gastritis.", "ER: positive.", "", "Lymph node: Negative for tumor."]
)
def test_without_a_type_words_count(text: str) -> None:
    """The key of before."""
    assert concept_key(text) == text_key(text)


def test_organs_do_not_lend_each_other_a_key() -> None:
    """A text and its halves never meet, and the same text always does."""
    texts = ["Lung: Adenocarcinoma.", "Colon: Tubular adenoma.", "Lung: Adenocarcinoma. Colon: Tubular adenoma."]

    assert len({concept_key(text) for text in texts}) == 3
    assert [concept_key(text) for text in texts] == [concept_key(text) for text in texts]


@pytest.mark.parametrize("repeated", ["carcinoma, ", "no carcinoma ", "tubular, ", "with ", "Colon: adenoma. "])
@pytest.mark.slow
def test_a_long_text_is_quick(repeated: str) -> None:
    """50,000 characters."""
    begun = time.process_time()
    concept_key("Lung: Carcinoma " + repeated * (50_000 // len(repeated)))
    assert time.process_time() - begun < 8
