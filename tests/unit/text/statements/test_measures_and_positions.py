"""What was measured, received or done at the bench, and what says where. All sentences are made up."""

from __future__ import annotations

import pytest

from pathalign.text.headings import SectionKind
from pathalign.text.sentences import Sentence
from pathalign.text.statements.classification import classified

pytestmark = pytest.mark.unit


def kinds(text: str, section: SectionKind | None = None) -> set[str]:
    return {kind.value for kind in classified(Sentence(text, 0, len(text)), section=section).kinds}


@pytest.mark.parametrize(
    "text",
    [
        "Tumor multicentricity: Not identified",
        "Multifocal: No",
        "Tumor focality: Two foci of carcinoma",
        "Solitary",
        "Additional pathologic findings: Cholelithiasis",
        "No calculi identified",
        "No lymph nodes are identified",
        "Multiple satellite lesions are also present",
        "Multiple nodes are identified",
        "Cold ischemia time: 12 minutes",
        "Time in formalin: 19 hours",
        "Laparoscopic nephrectomy",
        "Total thyroidectomy specimen",
        "Lymph nodes: Number with metastases: 0; number examined: 17",
        "Lymph nodes positive: Number of positive lymph nodes, right: 2",
        "The specimen consists of a piece of fibrous tissue measuring 3 cm",
        "The nodule is bisected and entirely submitted in cassette B2",
        "Representative sections of the tumor are submitted",
        "Received fresh is a segment of colon",
    ],
)
def test_what_no_slide_shows_of_how_many_and_of_what_was_received(text: str) -> None:
    """How often a tumour occurs, stones, nodes that did not come, operations alone, work at the bench."""
    assert kinds(text) == {"measured"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No tumor in four of the level II lymph nodes", {"measured", "visible"}),
        ("No evidence of neoplasia in nine lymph nodes", {"measured", "visible"}),
        ("All nodes uninvolved by neoplasia (0/12)", {"measured", "visible"}),
        ("Lymph node status: 7 lymph nodes, of which 3 contain tumor", {"measured", "visible"}),
        ("Metastases in multiple (5) nodes", {"measured", "visible"}),
        ("The carcinoma makes up 20% of the tumor mass", {"measured"}),
        ("Gleason pattern 5 accounts for 10% of the tumor volume", {"measured", "visible"}),
        ("Multiple matted lymph nodes with metastatic carcinoma", {"visible"}),
        ("The tumor invades the capsule with multiple satellite nodules", {"visible"}),
        ("Capsule formation: partial", {"visible"}),
        ("An increased number of glial cells with reactive changes", {"visible"}),
        ("Chronic hepatitis with periportal fibrosis (grade 1 of 3, stage 2-3 of 4)", {"visible"}),
        ("Level six lymph nodes", set()),
        ("Representative sections of the breast show ductal hyperplasia", {"visible"}),
    ],
)
def test_counts_beside_findings(text: str, expected: set[str]) -> None:
    """A count beside a finding is both; "multiple" beside one, grades and numbers of levels are no counts."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Carcinoma invades the right seminal vesicle", {"position", "visible"}),
        ("Extraprostatic extension is present in the left base", {"position", "visible"}),
        ("Small adenoma, right lobe", {"position", "visible"}),
        ("A 0.2 cm papillary carcinoma in the left lobe", {"measured", "position", "visible"}),
        ("Adenocarcinoma involving both right and left lobes of the prostate", {"position", "visible"}),
        ("The tumor involves the right and left lobes", {"position"}),
        ("The carcinoma is located in the upper outer quadrant", {"position"}),
        ("In the posterior part of the left lung, a scar is seen", {"visible"}),
        ("The carcinoma of the right kidney does not invade the fat", {"visible"}),
        ("Metastatic carcinoma in left axillary lymph nodes", {"visible"}),
        (
            "Extension is seen in the right posterior region close to the left pole of the gland",
            {"position", "visible"},
        ),
        ("Carcinoma of the left breast", {"visible"}),
    ],
)
def test_sides_of_findings(text: str, expected: set[str]) -> None:
    """Where a finding is said to lie or to reach is a position; the side of what was sent is none."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oral resection border is tumor-free", {"position"}),
        ("Surgical limits free of neoplasia", {"position"}),
        ("Planes of resection uninvolved", {"position"}),
        ("Assessment of surgical margins: Perirenal fat tissue: Negative", {"position"}),
        ("Carcinoma is 2 mm to the closest anterior (superficial) margin", {"measured", "position"}),
        ("Neoplasia measuring 4 cm, located at the antrum", {"measured", "position"}),
        ("Distance from closest margin: posterior", {"measured", "position"}),
        ("Perineural invasion: Margin involvement: All margins free of tumor", {"position"}),
        ("Necrosis with marginal fibrosis", {"visible"}),
        ("Tumor location: 3 cm above the ring", {"measured", "position"}),
    ],
)
def test_margins_by_other_names(text: str, expected: set[str]) -> None:
    """Borders, limits and planes of resection; labels that lost their value say nothing of the one that has it."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Residual tumor: R0", {"staging"}),
        ("M classification by the tumor conference", {"staging", "administrative"}),
        ("No regional lymph node metastasis (NO)", {"staging", "visible"}),
        ("Extranodal extension: T stage, pathologic: pT3c", {"staging"}),
        ("Cirrhosis (stage 4 of 4)", {"visible"}),
        ("Tumor classification: M-8071/3, G3, pT2", {"staging", "visible"}),
    ],
)
def test_stages(text: str, expected: set[str]) -> None:
    """Residual tumour and bare zeros are stages, those of a liver's fibrosis are none."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The immunoprofile favors a renal primary", {"ihc"}),
        ("These results support the diagnosis", {"ihc"}),
        ("The stains support the diagnosis of lymphoma, which these results confirm", {"ihc", "visible"}),
        ("Proliferation focally 15%", {"ihc"}),
        ("MIB-I is high", {"ihc"}),
        ("The invasive tumor cells are positive for estrogen receptors", {"ihc"}),
        ("Carcinoma with isolated tumor cells, positive for cytokeratin", {"ihc", "visible"}),
        ("Low polysomy in 12 nuclei", {"molecular"}),
        ("These molecular data require correlation with the clinic", {"molecular", "recommendation"}),
        ("Consideration of the history is, however, required", {"recommendation"}),
        ("Stained with the kit by the manufacturer's recommendation", {"ihc"}),
        ("(HE, EvG) The bronchial mucosa shows a scar", {"visible"}),
    ],
)
def test_tests_and_advice(text: str, expected: set[str]) -> None:
    """What stains support, whose cells they stain, and dyes in brackets before a description."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chemoradiation therapy: No", {"clinical"}),
        ("Treatment effect: No prior therapy", {"clinical"}),
        ("Organ transplant: No", {"clinical"}),
        ("Background lung with smoker's macrophages", {"visible"}),
    ],
)
def test_the_patient(text: str, expected: set[str]) -> None:
    """What was done before is the patient's, wherever it stands."""
    assert kinds(text) == expected


def test_findings_that_a_history_tells() -> None:
    """Below "Clinical history" a grade is the patient's where it is told of him, and a pathologist's in a field."""
    section = SectionKind.CLINICAL
    assert kinds("She had a recent biopsy with invasion and a Gleason score of 8", section) == {"clinical"}
    assert kinds("with poorly differentiated carcinoma", section) == {"clinical"}
    assert kinds("Bronchial carcinoma (moderately differentiated)", section) == {"clinical"}
    assert kinds("Perineural invasion is identified", section) == {"visible"}
    assert kinds("Invasive CA identified?: Tumor histology: Adenocarcinoma", section) == {"visible"}
    assert kinds("Residual tumor: R0", section) == {"staging"}


def test_what_stands_beside_work_at_the_bench() -> None:
    """A finding before a semicolon is stated, whatever was submitted; nodes that were submitted are no bench."""
    assert kinds("Benign fatty tissue; entirely submitted") == {"measured", "visible"}
    assert kinds("No carcinoma in the hilar lymph nodes submitted") == {"visible"}
    assert kinds("Lymph node status: 4 positive lymph nodes") == {"measured", "visible"}


def test_no_tumour_is_no_legend() -> None:
    """ "T - tumor" is what a letter means, "No tumor" a finding; a finding that points elsewhere stays one."""
    assert kinds("T - tumor") == set()
    assert kinds("No tumor") == {"visible"}
    assert kinds("Unclassified type (see note)") == set()
    assert kinds("Extent of invasion: see below") == {"administrative"}
