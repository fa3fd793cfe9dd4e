"""What can support a statement. All sentences are made up."""

from __future__ import annotations

import pytest

from pathalign.text.headings import SectionKind
from pathalign.text.sentences import Sentence
from pathalign.text.statements.classification import before_tests, classified
from pathalign.text.statements.statement import Kind

pytestmark = pytest.mark.unit


def kinds(text: str, section: SectionKind | None = None) -> set[str]:
    return {kind.value for kind in classified(Sentence(text, 0, len(text)), section=section).kinds}


@pytest.mark.parametrize(
    "text",
    [
        "Adenocarcinoma, moderately differentiated",
        "Histologic grade: 2",
        "Perineural invasion: Not identified",
        "Fuhrman nuclear grade 3 of 4",
        "GLEASON SCORE 4 + 3 = 7",
        "Chronic gastritis with intestinal metaplasia",
        "The tumor is confined to the kidney",
        "Benign breast tissue",
        "Deep margin: Skeletal muscle, no tumor present",
        "Absent",
    ],
)
def test_what_a_slide_shows(text: str) -> None:
    """Findings, grades and their absence are visible, and nothing else."""
    assert kinds(text) == {"visible"}


@pytest.mark.parametrize(
    "text",
    [
        "Tumor size: 3.1 x 2.0 x 1.1 cm",
        "Greatest dimension 3.1 cm",
        "Specimen weight: 640 g",
        "Tumor focality: Unifocal",
        "Specimen type: Lobectomy",
        "Adrenal gland: Not identified",
        "The tumor takes up about 15% of the prostate volume",
        "(2/13)",
    ],
)
def test_what_was_measured_or_received(text: str) -> None:
    """Sizes, weights, counts, shares and what was received."""
    assert kinds(text) == {"measured"}


@pytest.mark.parametrize(
    "text",
    [
        "Margins: Uninvolved by carcinoma",
        "ALL SURGICAL MARGINS ARE FREE OF TUMOR",
        "Margin of resection, negative for carcinoma",
        "Specimen laterality: Right",
        "Tumor site: Fundus",
        "Left",
        "Upper outer quadrant",
    ],
)
def test_what_says_where(text: str) -> None:
    """Margins, sides and sites are positions, though they name tumours."""
    assert kinds(text) == {"position"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ER: positive in 90% of the nuclei", {"ihc"}),
        ("Ki-67 labeling index is 12%", {"ihc"}),
        ("The tumor cells are positive for CK7 and negative for CK20", {"ihc"}),
        ("Immunostains were performed on block A3", {"ihc"}),
        ("Glioblastoma (MIB-1: about 20%)", {"ihc", "visible"}),
        ("KRAS codon 12 mutation is identified", {"molecular"}),
        ("HER2 is not amplified by FISH", {"molecular"}),
        ("HER2: positive by immunohistochemistry and FISH", {"ihc", "molecular"}),
        ("pT2b N0 MX", {"staging"}),
        ("Regional lymph nodes: pN1 (2/17)", {"staging", "measured"}),
        ("Poorly differentiated adenocarcinoma, pathologic stage T2N1", {"staging", "visible"}),
        ("Clinical correlation is recommended", {"recommendation"}),
        ("Close follow-up is advised", {"recommendation"}),
        ("Lymphatic invasion: Not specified", {"administrative"}),
        ("See comment", {"administrative"}),
        ("The frozen section diagnosis is confirmed", {"administrative"}),
        ("The slides were reviewed at the daily consensus meeting", {"administrative"}),
        ("A 61-year-old man with a renal mass", {"clinical"}),
        ("Two lymph nodes, negative for tumor (0/2)", {"measured", "visible"}),
        ("Metastatic carcinoma in 2 of 9 lymph nodes", {"measured", "visible"}),
        ("Tumor is present within 1 mm of the deep margin", {"measured", "position"}),
        ("Squamous cell carcinoma, 2 cm, see note", {"measured", "visible"}),
    ],
)
def test_kinds(text: str, expected: set[str]) -> None:
    """A sentence has the kinds of its clauses; what it refers to is no kind of its own."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text", ["EXTENT OF INVASION", "Histologic grade", "Margins", "Lung, left lower lobe, wedge", "PSA value:"]
)
def test_a_heading_states_nothing(text: str) -> None:
    """Labels without a value have no kind."""
    assert kinds(text) in (set(), {"clinical"}) if "PSA" in text else kinds(text) == set()


def test_a_section_says_what_words_do_not() -> None:
    """Below "Clinical history" a tumour is what the clinician thinks of; a grade there is a pathologist's."""
    assert kinds("Left kidney mass", SectionKind.CLINICAL) == {"clinical"}
    assert kinds("Breast cancer", SectionKind.CLINICAL) == {"clinical"}
    assert kinds("Histologic grade: 2", SectionKind.CLINICAL) == {"visible"}
    assert kinds("None given", SectionKind.CLINICAL) == set()


def test_kinds_are_in_order() -> None:
    """The kinds of a statement stand in the order of `Kind`, whatever the order of its words."""
    found = classified(Sentence("pT1, 3 cm, adenocarcinoma, margin 2 mm", 0, 38)).kinds

    assert list(found) == sorted(found, key=list(Kind).index)


def test_what_stains_show_is_cut_off() -> None:
    """Of a sentence about stains the clauses before them are left."""
    assert before_tests("Glioblastoma (MIB-1: about 20%)") == "Glioblastoma "
    assert before_tests("ER positive") == ""
    assert before_tests("Glioblastoma") == "Glioblastoma"


@pytest.mark.parametrize(
    "text",
    [
        "HBME-1: positive",
        "Weak positive reaction in the tumor (score 2+)",
        "% Tumor staining: 40%",
        "Intensity: 2+",
        "Strong membrane staining for EGFR",
        "SOX-10 and Melan A positive",
        "Cytokeratir 7 positive",
        "Mucicarmine is negative",
        "Iron stains show no pigment",
        "GATA-3",
        "CK5/6 is patchy",
        "The Congo red shows no deposits",
        "Allred score: 8",
        "p16 diffusely positive",
        "Hep Par-1 and arginase-1 label the cells",
        "Positive and negative controls are adequate",
    ],
)
def test_stains(text: str) -> None:
    """Markers, dyes, and how a reaction is scored."""
    assert kinds(text) == {"ihc"}


@pytest.mark.parametrize(
    "text",
    [
        "EGFR exon 19 deletion",
        "Informative loci are D1S100 and D19S200",
        "ALK: rearranged",
        "LOH of 1p",
        "BRAF: wild type",
    ],
)
def test_genes(text: str) -> None:
    """Genes and their tests, also where the protein may be stained."""
    assert kinds(text) == {"molecular"}


def test_a_result_below_the_heading_of_stains_is_of_one() -> None:
    """A result that names no marker is a stain's below such a heading, and visible elsewhere."""
    assert kinds("Negative in block B5", SectionKind.ANCILLARY) == {"ihc"}
    assert kinds("Perinodal extension not identified", SectionKind.ANCILLARY) == {"visible"}
    assert kinds("Squamous carcinoma with keratin pearls") == {"visible"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vascular, ureteral and soft tissue margins are free of tumor", {"position"}),
        ("Resection margins (proximal and distal) are free of tumor", {"position"}),
        ("Incision lines free of neoplastic lesions", {"position"}),
        ("Isthmus", {"position"}),
        ("Twelve (12) lymph nodes free of tumor", {"measured", "visible"}),
        ("Number of lymph nodes with metastatic disease: 2", {"measured"}),
        ("Number of positive lymph nodes / total number of nodes examined: 1/18", {"measured"}),
        ("Maximum depth of invasion is 6 mm", {"measured"}),
        ("Depth of invasion: Submucosa", {"visible"}),
        ("X. Resection", {"measured"}),
        ("Adrenal: Not present", {"measured"}),
        ("Adrenal gland: Not submitted", {"administrative"}),
        ("Regional lymph nodes: None submitted", {"administrative"}),
        ("Lymph nodes: Separately submitted in specimen B", {"administrative"}),
        ("Dr. B reviewed the slides and concurs with grade 3", {"administrative"}),
        ("Tumor classification: ICDO-DA-M 8140/3", {"administrative"}),
        ("The findings were communicated to the ward", {"administrative"}),
        ("Material: Block B5", {"administrative"}),
        ("Chronic hepatitis, HBV associated", {"clinical", "visible"}),
        ("Etiology: HCV", {"clinical"}),
        ("Masaoka: II", {"staging"}),
        ("Stage I fibrosis is noted in the liver", {"visible"}),
        ("Staging (AJCC)", set()),
        ("Primary tumor (pT)", set()),
        ("Cribriform", {"visible"}),
        ("Lymphonodi reactivi", {"visible"}),
        ("Ductal carcincia", {"visible"}),
    ],
)
def test_kinds_of_fields_and_of_bare_words(text: str, expected: set[str]) -> None:
    """Fields, sites and operations alone, lists of margins, codes, and findings in Latin or misread."""
    assert kinds(text) == expected
