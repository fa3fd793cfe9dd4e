"""Words about the report itself, and what stands beside them. All sentences are made up."""

from __future__ import annotations

import time

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
        "Tumor features: None specified",
        "An exact count of the nodes cannot be made",
        "We are unable to assess the capsule",
        "Non-neoplastic kidney: Insufficient tissue",
        "No lymph nodes submitted",
        "Prior grade: unspecified",
        "Hold for permanent sections of the cores",
        "Teeth, gross examination only",
        "The specimen is photographed",
        "A supplementary report will follow shortly",
        "The outside slides have been examined",
        "The results were read back by the nurse",
        "These findings are printed on a separate report",
        "Entire report and diagnosis completed by",
        "Page 2 of 5",
        "Confidential",
        "Do not file in the medical record",
        "The rest of the diagnosis remains unchanged",
        "JATTEST THAT THE ABOVE IS BASED UPON MY EXAMINATION",
        "The diagnosis corresponds to that given at the time of frozen section",
        "Additional report following recuts: Please see diagnosis below",
    ],
)
def test_about_the_report(text: str) -> None:
    """What was not assessed, not sent or is to come, who looked, and who may read it."""
    assert kinds(text) == {"administrative"}


@pytest.mark.parametrize(
    "text",
    [
        "The following statement applies to all immunohistochemistry and FISH assays",
        "These immunostains have not been cleared or approved by the Food and Drug Administration",
        "Some antibodies used here are analyte specific reagents",
        "The performance characteristics of the HER2 probe were determined by this laboratory",
        "Tissue was fixed in formalin for no less than 7 and no longer than 20 hours",
    ],
)
def test_a_disclaimer_is_one_whatever_tests_it_names(text: str) -> None:
    """What a laboratory must say of its stains is no result of them."""
    assert kinds(text) == {"administrative"}


def test_a_stain_that_is_to_come_is_both() -> None:
    """A stain that is pending or ordered is spoken of, and has no result; of genes their test alone is told."""
    assert kinds("EGFR expression: Pending") == {"ihc", "administrative"}
    assert kinds("Immunostains have been ordered and will be reported separately") == {"ihc", "administrative"}
    assert kinds("HER2: Pending by FISH") == {"molecular"}
    assert kinds("The sequence analysis is printed on a separate report") == {"molecular", "administrative"}
    assert kinds("ER immunoperoxidase assay will be performed") == {"ihc", "administrative"}
    assert kinds("ER: positive in 80% of the cells") == {"ihc"}


def test_a_stage_whose_value_was_not_assessed_is_both() -> None:
    """ "pMX: cannot be assessed" says two things, "pMX (cannot be assessed)" explains its code."""
    assert kinds("pMX: Cannot be assessed") == {"staging", "administrative"}
    assert kinds("Distant metastasis (pM): Not applicable") == {"staging", "administrative"}
    assert kinds("pMX (cannot be assessed)") == {"staging"}
    assert kinds("Regional lymph nodes (pN): None submitted") == {"administrative"}


def test_permanent_sections_that_confirm_a_tumour_show_it() -> None:
    """A diagnosis that is confirmed is stated again."""
    assert kinds("Permanent sections confirm the frozen section diagnosis of lymphoma") == {
        "administrative", "visible",
    }  # fmt: skip
    assert kinds("The frozen section diagnosis is confirmed") == {"administrative"}


def test_words_that_only_look_like_those_of_a_report() -> None:
    """ "Concurrent" concurs with nothing, a frozen section in brackets says where a finding was made."""
    assert kinds("Concurrent ascites is positive for carcinoma") == {"visible"}
    assert kinds("Tongue margin (frozen section performed): Benign") == {"position"}
    assert kinds("Neoplasm of unspecified nature") == {"visible"}


@pytest.mark.parametrize(
    "text",
    [
        "Meyer AB, Schmidt C, Weber D, Renal tumors with oncocytic cells",
        "Fischer K et al",
        "1999 Mar;11(2):101-9",
    ],
)
def test_literature(text: str) -> None:
    """References are about the report; names of a part's findings are none."""
    assert kinds(text, SectionKind.COMMENT) == {"administrative"}
    assert kinds("Nodes at level II A, level III B, and level IV C", SectionKind.COMMENT) != {"administrative"}


@pytest.mark.parametrize(
    "text",
    [
        "Histopathological diagnosis",
        "Final surgical pathology report",
        "Diagnosis (based on gross and microscopic examination)",
        "Surgical pathology cancer case summary",
        "Dominant tumor",
        "Procedure: Diagnosis",
        "None glven",
        "Pancreatic cancer staging parameters",
    ],
)
def test_titles_state_nothing(text: str) -> None:
    """Titles of reports, of diagnoses and of tables, also misread."""
    assert kinds(text) == set()


@pytest.mark.parametrize(
    "piece",
    ["see ", "no ", ":", "p", "(NO) ", "frozen section diagnosis ", ", right lobe", "in the left ", "tumor ",
     "multifocal ", "representative sections ", "number of ", "et al ", "prior ", "Meyer AB, ", "INVASION: ",
     "negative < 5 "],
)  # fmt: skip
def test_a_long_sentence_is_read_in_time(piece: str) -> None:
    """50 kB of the same words are read in seconds, not hours."""
    text = piece * (50_000 // len(piece))
    begun = time.process_time()
    statement = classified(Sentence(text, 0, len(text)), section=SectionKind.COMMENT)
    _ = statement.negated, statement.uncertain, statement.history

    assert time.process_time() - begun < 10
