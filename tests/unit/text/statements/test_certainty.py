"""What is denied, only suspected, or of the past. All sentences are made up."""

from __future__ import annotations

import pytest

from pathalign.text.sentences import Sentence
from pathalign.text.statements.classification import classified
from pathalign.text.statements.statement import Statement

pytestmark = pytest.mark.unit


def statement(text: str) -> Statement:
    return classified(Sentence(text, 0, len(text)))


@pytest.mark.parametrize(
    "text",
    [
        "No carcinoma identified",
        "Negative for tumor",
        "Perineural invasion: absent",
        "Margins free of tumor",
        "Renal vein invasion: Not identified",
        "Without diagnostic abnormality",
        "Metastatic carcinoma in 0 of 5 lymph nodes",
        "Tumor-free resection margins",
        "Neither dysplasia nor carcinoma is seen",
        "ER: NEGATIVE",
    ],
)
def test_denied(text: str) -> None:
    """Denials in their many spellings."""
    assert statement(text).negated


@pytest.mark.parametrize(
    "text",
    [
        "Adenocarcinoma",
        "Lymphatic invasion: Not specified",
        "Histologic grade: cannot be assessed",
        "Tumor with or without vascular invasion",
        "Mild fibrosis of the uninvolved kidney",
        "Stage T3a,NO",
        "pT1 pNO",
        "Carcinoma, not otherwise specified",
    ],
)
def test_not_denied(text: str) -> None:
    """What was not looked at is not denied; "NO" in a stage is a zero."""
    assert not statement(text).negated


@pytest.mark.parametrize(
    ("text", "uncertain"),
    [
        ("Suspicious for lymphovascular invasion", True),
        ("A metastasis cannot be excluded", True),
        ("Features compatible with adenoma", True),
        ("We favor a primary of the lung", True),
        ("Possible capsular invasion", True),
        ("Adenocarcinoma", False),
        ("Negative for malignancy", False),
        ("Serous borderline tumor", False),
    ],
)
def test_uncertain(text: str, uncertain: bool) -> None:
    """Doubt is told from denial and from names of tumours."""
    assert statement(text).uncertain is uncertain


@pytest.mark.parametrize(
    ("text", "history"),
    [
        ("History of breast carcinoma", True),
        ("Status post radiation", True),
        ("Previous biopsy", True),
        ("Invasive carcinoma", False),
        ("Mutations are associated with a history of smoking", False),
    ],
)
def test_history(text: str, history: bool) -> None:
    """What was before, save where a laboratory explains a gene."""
    assert statement(text).history is history


@pytest.mark.parametrize(
    ("sentence", "negated"),
    [
        ("Two benign nodes (0/2)", False), ("Fat tissue (0 of 0)", False), ("Metastases: 0/10 positive", True),
        ("0 of 12 lymph nodes", True), ("Metastases in nodes (No IV/XIX)", False), ("Mamilla sine tumore", True),
        ("Carcinoma is not excluded", False), ("Carcinoma cannot be completely excluded", False),
        ("Carcinoma is excluded", True), ("Nodes: none submitted", False), ("Stains are non-contributory", False),
    ],
)  # fmt: skip
def test_counts_numbers_and_doubt_deny_nothing(sentence: str, negated: bool) -> None:
    """A count in brackets, a Roman number and what cannot be excluded are no denials."""
    assert statement(sentence).negated is negated


@pytest.mark.parametrize(
    "sentence",
    ["This could represent a scar", "It raises the possibility of lymphoma", "Inconclusive findings", "? metastasis"],
)
def test_more_words_of_doubt(sentence: str) -> None:
    """Doubt has many words; a question of a form has none."""
    assert statement(sentence).uncertain
    assert not statement("Has it been treated before?").uncertain


@pytest.mark.parametrize(
    ("sentence", "negated"),
    [
        ("pT2: Tumor more than 2 cm, but not more than 4 cm", False),
        ("Fixed for no less than 6 hours", False),
        ("Hyperplasia with and without atypia", False),
        ("It is not clear whether the capsule is invaded or not", False),
        ("Unit No Carcinoma of the breast", False),
        ("ER is negative < 5, positive >= 5", False),
        ("PR negative is defined as a score of less than 3", False),
        ("None glven", False),
        ("Tumor features: None specified", False),
        ("T3a NO MX", False),
        ("Fascia: uninvolved with tumor", True),
        ("Margins: Uninvolved", True),
        ("Margins: Frea of tumor", True),
        ("ER: negative (<1%)", True),
    ],
)
def test_limits_and_definitions_deny_nothing(sentence: str, negated: bool) -> None:
    """A limit, a definition and what is left open deny nothing; misread words of denial do."""
    assert statement(sentence).negated is negated


@pytest.mark.parametrize(
    ("sentence", "uncertain"),
    [
        ("It is not clear if this is a margin", True),
        ("The profile favora a clear cell carcinoma", True),
        ("Her2 negative <10, positive >=11, equivocal = 10 - 11", False),
        ("A favorable response", False),
    ],
)
def test_doubt_beside_definitions(sentence: str, uncertain: bool) -> None:
    """What is not clear is in doubt; from where on a result is equivocal is none."""
    assert statement(sentence).uncertain is uncertain


@pytest.mark.parametrize(
    ("sentence", "history"),
    [
        ("Scar consistent with previous biopsy site", False),
        ("ER is positive, as per previous pathology report", False),
        ("Adenocarcinoma, previously diagnosed", False),
        ("The specimen was opened prior to receipt", False),
        ("Brief clinical history: renal mass", False),
        ("No prior treatment", True),
        ("A prior stain was interpreted as negative", True),
        ("Past history of melanoma", True),
    ],
)
def test_what_is_of_today_though_it_names_the_past(sentence: str, history: bool) -> None:
    """The scar of a biopsy, a diagnosis that was made before and the title of a history are of today."""
    assert statement(sentence).history is history
