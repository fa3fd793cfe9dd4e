"""Which diagnosis of a report holds, and where it begins and ends."""

from __future__ import annotations

import pytest

from pathalign.text.headings import SectionKind
from pathalign.text.sections import outline

pytestmark = pytest.mark.unit

FINDING = "Lung, biopsy: Adenocarcinoma, acinar type."


def diagnosis(report: str) -> str | None:
    span = outline(report).diagnosis
    return None if span is None else report[span.start : span.end].strip(" .\n")


@pytest.mark.parametrize(
    "title",
    [
        "DIAGNOSIS:", "Final Dx:", "FINAL PATHOLOGIC DIAGNOSIS.", "Diagnosis / Diagnoses:", "CONCLUSION:",
        "IMPRESSION.", "Main diagnosis/diagnoses:", "Histopathological diagnosis:",
        "DIAGNOSIS (based on GROSS and MICROSCOPIC examination) :",
        "DIAGNOSIS BASED ON GROSS AND MICROSCOPIC EXAMINATION.", "Diagnosis Details:", "PROCEDURE: SPDX.",
        "Findings and diagnosis relating to the problem:", "SUMMARY.", "Conclusion-Specimens 1 & 2:", "DIAGNOSTIC.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("after", [" ", "\n"])
def test_titles(title: str, after: str) -> None:
    """A diagnosis is found under each of the titles that hospitals give it, with and without line breaks."""
    assert diagnosis(f"CLINICAL HISTORY: Mass. {title}{after}{FINDING} GROSS DESCRIPTION: A lobe.") == FINDING.strip(
        "."
    )


@pytest.mark.parametrize(
    "title",
    [
        "DIGGNOSIS:",
        "OIAGNOSIS:",
        "DINGNOSIS:",
        "DIAGNOSTS.",
        "DIAGNCSIS:",
        "DIAGNOSE:",
        "agnosis:",
        "Piagnosis:",
        "/diagnoses:",
        "DIAGNOSI9.",
    ],
)
def test_titles_misread(title: str) -> None:
    """So is it where OCR misread or cut off up to two letters."""
    assert diagnosis(f"{title} {FINDING} GROSS DESCRIPTION: A lobe.") == FINDING.strip(".")


def test_prognosis_is_no_diagnosis() -> None:
    """Words that only look like it open nothing."""
    assert diagnosis(f"GROSS: A lobe. PROGNOSIS: {FINDING} {'x ' * 500}") is None


def test_an_amended_diagnosis_replaces_the_old() -> None:
    """The amended diagnosis holds, and the original is kept as superseded."""
    report = (
        "AMENDED DIAGNOSIS: Kidney: Papillary carcinoma. AMENDMENTS. Original Diagnosis: Kidney: Clear cell carcinoma."
    )
    found = outline(report)

    assert diagnosis(report) == "Kidney: Papillary carcinoma"
    assert [report[span.start : span.end] for span in found.superseded] == ["Kidney: Clear cell carcinoma."]
    assert SectionKind.SUPERSEDED in {section.kind for section in found.sections}


def test_a_diagnosis_printed_again_in_full_is_taken() -> None:
    """A page that breaks off is followed by the whole: the longer one holds."""
    again = "DIAGNOSIS: Thyroid, total thyroidectomy: Papillary carcinoma."

    assert diagnosis(f"{again} CLINICAL HISTORY: Nodule. {again} Lymph nodes: benign.") == (
        "Thyroid, total thyroidectomy: Papillary carcinoma. Lymph nodes: benign"
    )


@pytest.mark.parametrize(
    "report",
    [
        "GROSS: A lobe, entirely submitted for frozen section. diagnosis: FSA1: lymph node.",
        "FINAL DIAGNOSIS: GROSS: A lobe.",
        "Type. Sample. Procedure. Diagnosis. Procedure. Primary. Histology. Age. Days. Site. Slide. Grade. Stage. URL.",
        "A note of three words.",
    ],
)
def test_what_is_not_there_is_not_guessed(report: str) -> None:
    """A wrapped word, an empty field, a form without its layout and a report about nothing yield no diagnosis."""
    assert diagnosis(report) is None


def test_a_disclaimer_between_parts_does_not_end_the_diagnosis() -> None:
    """What laboratories must say of their tests may stand between two parts."""
    report = f"DIAGNOSIS: 1. {FINDING} These tests were developed here. 2. Lymph node, excision: Benign. GROSS: x."

    assert (diagnosis(report) or "").endswith("Benign")
    assert (diagnosis(report.replace("2. Lymph node, excision: Benign. ", "")) or "").endswith("acinar type")


@pytest.mark.parametrize("foot", ["Printed: Page 1 of 3.", "Confidential Document. Do not copy.", "Page: 1 of 2."])
def test_the_foot_of_a_page_between_parts_does_not_end_the_diagnosis(foot: str) -> None:
    """A page may end between two parts."""
    report = f"DIAGNOSIS: A. {FINDING} {foot} B. Lymph node, excision: Benign. GROSS: x."

    assert (diagnosis(report) or "").endswith("Benign")


def test_the_form_of_a_study_is_no_diagnosis() -> None:
    """A title that OCR left of such a form does not win over the report's own."""
    assert diagnosis(f"CONCLUSION: {FINDING} Criteria. Dlagnosis. Tumor Site Discrepancy. Reviewer. Initials.") == (
        FINDING.strip(".")
    )


def test_sections_lie_one_after_the_other() -> None:
    """Sections cover the report from the first heading on, without gaps."""
    report = (
        f"CLINICAL HISTORY: Mass. FINAL DIAGNOSIS: {FINDING} COMMENT: TTF-1 positive. GROSS: A lobe. MICROSCOPIC. Seen."
    )
    sections = outline(report).sections

    assert [section.kind.value for section in sections] == ["clinical", "diagnosis", "comment", "gross", "microscopic"]
    assert [section.end for section in sections[:-1]] == [section.start for section in sections[1:]]
    assert sections[-1].end == len(report)


@pytest.mark.parametrize("kind", ["checklist", "checklist, empty fields above"])
def test_a_check_list_alone_is_the_diagnosis(kind: str) -> None:
    """Reports that are a check list yield it, also below the titles of empty fields."""
    above = "Gross Description: Microscopic Description: Diagnosis Details: Comments: " if "empty" in kind else ""
    fields = "Specimen type: Gastrectomy. Histologic type: Adenocarcinoma. Margins: Not specified"

    assert diagnosis(f"{above}STOMACH TISSUE CHECKLIST. {fields}.") == fields


@pytest.mark.parametrize(
    "below",
    [
        "1). The specimen is received fresh, labeled 'lung', and weighs 20 g.",
        "Received in formalin, labeled 'lung', is a grey piece.",
        "GROSS DESCRIPIION: A grey piece.",
        "I,. the attending pathologist, personally reviewed all slides.",
        "As the attending pathologist, I have seen the slides.",
        "My sig. ature means that I personally examined the slides.",
        "I. the signing pathologist, have looked at the slides.",
        "M.D. (Electronic Signature). Filed.",
        "Signed (Electronically).",
        "Compliance validated by: a colleague.",
        '"I, or my qualified designee, have seen the tissue."',
        "Released by: a colleague.",
        "Criteria. Diagnosis Discrepancy. Tumor Site Discrepancy. Reviewer.",
        "Confidential.",
        "Page: 2 of 3. Printed: today.",
    ],
)
def test_a_diagnosis_ends_where_a_heading_was_lost(below: str) -> None:
    """A gross description shows itself by what was received, an attestation by who attests."""
    assert diagnosis(f"FINAL DIAGNOSIS: {FINDING} {below} Bisected. Grey cut surface.") == FINDING.strip(".")


@pytest.mark.parametrize("word", ["specimen", "addendum", "microscopic description", "patient information"])
def test_a_sentence_that_ends_on_a_line_of_its_own_is_no_heading(word: str) -> None:
    """Where line breaks became full stops, a last word in small letters may look like a heading."""
    report = f"DIAGNOSIS: A. Lung, biopsy: Adenocarcinoma, see the. {word}. B. Colon, biopsy: Adenoma. GROSS: Grey."

    assert diagnosis(report) == report[len("DIAGNOSIS: ") : -len(". GROSS: Grey.")]


@pytest.mark.parametrize("below", ["INTERPRETATION: No amplification of HER2 in the carcinoma.", ""])
def test_parts_alone_show_a_diagnosis_above_the_interpretation_of_a_test(below: str) -> None:
    """Where its title was lost, a list of operations with findings is the diagnosis, not what a test means."""
    parts = "A) BREAST, LEFT, EXCISION: No tumor present. (B) BREAST, LEFT, MASTECTOMY: Ductal carcinoma."

    assert (diagnosis(f"ACC 26. {parts} GROSS DESCRIPTION: Two pieces. ADDENDUM: {below}") or "").startswith(
        "A) BREAST"
    )


def test_a_list_without_operations_must_state_findings_below_headers() -> None:
    """A list of what was received, or of what sections show in prose, is no diagnosis."""
    found = "A. BRAIN TUMOR: Glioblastoma, grade IV. B. BRAIN, DEEP: Glioblastoma, grade IV. CLINICAL HISTORY: A mass."

    assert (diagnosis(f"SPECIMEN ID: A. BRAIN - TUMOR, B. BRAIN. {found}") or "").startswith("A. BRAIN TUMOR")
    assert diagnosis("ID: A. Brain tumor: two pieces. B. Brain, deep: one piece. GROSS: Glistening.") is None
    assert diagnosis("RUN: 2. Brain tumor: Glioblastoma. 3. Brain, deep: Glioblastoma. GROSS: Glistening.") is None


def test_what_a_report_is_based_on_ends_the_diagnosis() -> None:
    """A sentence about the examination below the last part belongs to none."""
    report = f"DIAGNOSIS: 1. {FINDING} This final pathology report is based on the gross examination. GROSS: x."

    assert (diagnosis(report) or "").endswith("acinar type")


def test_a_part_at_the_very_top_opens_a_diagnosis_without_a_title() -> None:
    """Rather than the first sentence below it that looks like a header."""
    report = "(A) LEFT KIDNEY: Chromophobe carcinoma. Soft tissue margins of resection: free of tumor. COMMENT: None."

    assert (diagnosis(report) or "").startswith("(A) LEFT KIDNEY")
