"""Where a diagnosis ends: what looks like a heading within it and is none, and what is left over below it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pathalign.text.curation import curate_report

pytestmark = pytest.mark.unit

GROSS = "GROSS DESCRIPTION: Received fresh is a lobe."


def diagnosis(report: str) -> str:
    curated = curate_report(report)
    return report[curated.diagnosis_start : curated.diagnosis_end].strip()


@pytest.mark.parametrize(
    "within",
    [
        "Forming a mass of 2 cm (AJCC pT1c). Margins are free.",
        "Forming a mass of 2 cm [AJCC pT2, 7th edition]. Margins are free.",
        "- Pathological staging: pT3b, pN0 (7th edition). - Stroma is unremarkable.",
        "AJCC stage: pTlb NX. Margins are free.",
        "TNM: T2pN0MX. Margins are free.",
        "A rib (gross examination only). Margins are free.",
        "Supplemental report to follow. Margins are free.",
        "An addendum report will be issued. Margins are free.",
        "Oligodendroglioma (ICD-O 9450/3). No necrosis.",
    ],
)
def test_what_stands_within_a_diagnosis_is_no_heading(within: str) -> None:
    """Words of headings in brackets, with a stage of their own or in a sentence end no findings."""
    report = f"DIAGNOSIS: Breast, excision: Carcinoma. {within} {GROSS}"

    assert diagnosis(report) == f"Breast, excision: Carcinoma. {within}"


@pytest.mark.parametrize(
    "title", ["Pathologic staging (pTNM). Primary tumor: pT2.", "AJCC PROTOCOL. Tumor site: Left lobe. Stage: pT2."]
)
def test_a_table_of_stages_ends_the_findings(title: str) -> None:
    """A title whose lines state the stage only below it is still a heading."""
    assert diagnosis(f"DIAGNOSIS: Breast, excision: Carcinoma. {title}") == "Breast, excision: Carcinoma."


def test_the_words_before_the_title_of_a_check_list_are_findings() -> None:
    """The last word of a sentence that a line break cut off is no part of the title below it."""
    report = "DIAGNOSIS: Lymph node, biopsy: Negative for metastatic. carcinoma. THYROID CHECKLIST. Procedure: Biopsy."

    assert diagnosis(report) == "Lymph node, biopsy: Negative for metastatic. carcinoma."


@pytest.mark.parametrize(
    "left",
    [
        "Suggestion :", "Interpreted by:", "Page of 4.", "Signature Line.", "Pathologists -.", "--- End Of Report ---.",
        "Case reviewed by.", "1,.", "13.", "-", "CLINIC CODE: ADMIT DATE: ROOM #:", "PHOTOGRAPHED IN LAB.", "I.",
        "PAS 9. SPC-A. CPT: 88307, 88331 x2.", "CPT.",
    ],
)  # fmt: skip
def test_what_is_left_over_below_the_findings_is_none(left: str) -> None:
    """Fields without a value, words of signatures and lost bullets at its end are no part of a diagnosis."""
    assert diagnosis(f"DIAGNOSIS: Liver, biopsy: Carcinoma. Nodes: 1. {left}") == "Liver, biopsy: Carcinoma. Nodes: 1."


@pytest.mark.parametrize(
    "foot", ["Page: 1 of 4.", "Confidential Document. This information is subject to laws.", "Printed: today."]
)
@pytest.mark.parametrize("below", ["- MARGINS ARE FREE OF TUMOR.", "LIVER, BIOPSY. NO TUMOR."])
def test_findings_go_on_below_the_foot_of_a_page(foot: str, below: str) -> None:
    """Items and operations below the foot of a page belong to the diagnosis above it."""
    report = f"DIAGNOSIS: LUNG, LOBECTOMY: - ADENOCARCINOMA. {foot} {below} {GROSS}"

    assert diagnosis(report).endswith(below)


def test_a_form_that_lost_its_layout_is_no_diagnosis() -> None:
    """Broken titles above a check list are passed over, whatever stands between them."""
    fields = "Specimen type: Gastrectomy. Histologic type: Adenocarcinoma. Margins: Not specified."
    report = f"Gross. Microsc. Diagnos. Comme. Case ID. opic. is. nts. ion. STOMACH TISSUE CHECKLIST. {fields}"

    assert diagnosis(report) == fields


def test_a_final_diagnosis_that_is_spoken_of_is_no_title() -> None:
    """Small letters in a sentence open nothing, also behind a line break."""
    report = (
        "DIAGNOSIS: Liver, biopsy: Carcinoma. COMMENT: He reviewed the slides and rendered the final diagnosis. "
        "Electronically kept. The slides were seen in rendering the. final diagnosis. Slides: 3 of them are there."
    )

    assert diagnosis(report) == "Liver, biopsy: Carcinoma."


@pytest.mark.parametrize("title", ["DIAGMOSIS:", "DIACNOSIS:", "FINAL DIAUNOSIS:", "DIAGNDSIS."])
def test_titles_misread_elsewhere_in_the_word(title: str) -> None:
    """The letters that OCR misread may be any two."""
    assert (
        diagnosis(f"CLINICAL HISTORY: Mass. {title} Liver, biopsy: Carcinoma. {GROSS}") == "Liver, biopsy: Carcinoma."
    )


def test_the_signing_pathologist_is_known_without_a_verb() -> None:
    """Who signs ends the findings, whatever OCR made of what he does."""
    report = "PROCEDURE: SPDX. 1. Adrenal, resection: Adenoma. 1,. signing staff pathologist, have personall; examined."

    assert diagnosis(report) == "1. Adrenal, resection: Adenoma."


def test_parts_with_what_was_found_are_a_diagnosis_without_a_title() -> None:
    """Where no title is left, labelled operations with verdicts show the diagnosis; lists of specimens do not."""
    listed = "SPECIMENS: A. LEFT BREAST MASTECTOMY. B. LYMPH NODE BIOPSY. "
    gross = "Received fresh labeled left breast is a simple mastectomy. It measures 5 cm. "
    found = "A. LEFT BREAST, MASTECTOMY: Ductal carcinoma. B. LYMPH NODE, BIOPSY: Negative for carcinoma."

    assert diagnosis(f"{listed}{gross}{found} ICD-9: 174.") == found
    assert curate_report(f"{listed}{gross}").problem is not None


def test_a_sentence_that_a_line_break_cut_goes_on() -> None:
    """A word in small letters behind half a sentence heads nothing."""
    report = f"DIAGNOSIS: Kidney, biopsy: Carcinoma. This is supported by. immunostains: CD10 is positive. {GROSS}"

    assert diagnosis(report).endswith("CD10 is positive.")


def test_a_gross_description_by_parts_ends_the_findings() -> None:
    """What says how a part was received is gross, without any heading."""
    found = "A. Ureter, excision: No tumor. B. Bladder, resection: Carcinoma."
    report = f"DIAGNOSIS: {found} Part A is received fresh for frozen section, labeled ureter. It is 1 cm long."

    assert diagnosis(report) == found


@pytest.mark.parametrize("before", ["SUPPLEMENTAL REPORT. DIAGNOSIS:", "PREVIOUSLY ISSUED DIAGNOSIS:"])
def test_the_whole_diagnosis_holds_before_one_of_a_part_or_an_old_one(before: str) -> None:
    """A supplemental report above it, or what was issued before, does not win over the report's diagnosis."""
    found = "A. Larynx, biopsy: Carcinoma. B. Node, biopsy: No tumor."
    report = f"{before} (B) Node: No tumor. Entire report and diagnosis completed by: X. DIAGNOSIS. {found} {GROSS}"

    assert diagnosis(report) == found


def test_a_note_that_is_referred_to_is_no_note() -> None:
    """ "See. NOTE." is a reference that a line break cut."""
    found = "Uterus, resection: Carcinosarcoma, see. NOTE. No myometrial invasion is identified."

    assert diagnosis(f"DIAGNOSIS: {found} NOTE: It was sent out.") == found


@pytest.mark.parametrize(
    "piece",
    [
        "(A) LUNG, BIOPSY: NO TUMOR. ", "Confidential. - X. ", "A. ", "1) ", "13. ", "A, ", "B. Lung: Fat. ",
        "Comment: It was seen by every one of us at the time. Lung, left, resection: Carcinoma. ",
    ],
)  # fmt: skip
@pytest.mark.slow
def test_time_grows_with_length(piece: str, grows_evenly: Callable[[Callable[[int], object]], None]) -> None:
    """Labels, feet of pages and leftovers that repeat are read in time that grows with their number."""
    grows_evenly(lambda characters: curate_report("Lung mass carcinoma. " + piece * (characters // len(piece))))


def test_a_sentence_on_stains_is_no_heading() -> None:
    """A sentence that says what a stain showed ends nothing, a heading of stains does."""
    report = (
        "Final Diagnosis. Lymph node, left, excision: One node is negative. Immunohistochemical keratin stain was. "
        "performed and confirms this. Gross Description: A node."
    )
    assert diagnosis(report).endswith("confirms this.")
    assert diagnosis("DIAGNOSIS: Colon: Carcinoma. IMMUNOHISTOCHEMISTRY. MLH1 retained.") == "Colon: Carcinoma."


def test_a_line_of_a_stage_that_goes_on_below_is_no_heading() -> None:
    """Neither does a sentence on the stage that a line break cut; a remark does."""
    report = "Primary diagnosis: Carcinoma of the lung. TNM. classification by this finding pT2. Remark/addendum: Odd."
    assert diagnosis(report).endswith("pT2.")


@pytest.mark.parametrize(
    "below",
    [
        "Description: A testis of 4 cm was received.",
        "Acceptance date: Reporting date:",
        "Unofficial lab results - do not file. Contact X.",
        "Reported by. Final Report Signed on.",
        "-electronic signature. A) LEFT NODE. B) RIGHT NODE.",
    ],
)
def test_what_stands_below_the_findings_is_none_of_them(below: str) -> None:
    """Descriptions, dates without a value, stamps of a laboratory's computer and signatures end a diagnosis."""
    assert diagnosis(f"DIAGNOSIS: Testis, left, excision: Seminoma. {below}") == "Testis, left, excision: Seminoma."


def test_the_columns_of_a_form_end_nothing() -> None:
    """ "Description" below the title of another column is none."""
    form = "Diagnosis Details. Description. Mucosa is ulcerated. Adenocarcinoma of the stomach."
    assert diagnosis(form).endswith("Adenocarcinoma of the stomach.")


def test_a_check_list_that_is_referred_to_is_none() -> None:
    """ "See Checklist." is a reference."""
    found = "Cervix, resection: Carcinoma. See Checklist. Invasion is deep."
    assert diagnosis(f"DIAGNOSIS: {found}") == found


def test_a_concluding_diagnosis_has_a_title() -> None:
    """So the first sentence of its findings is read."""
    assert diagnosis("Concluding diagnosis: Breast with carcinoma. Margins are free.").startswith("Breast")


def test_parts_without_a_title_need_not_all_name_an_operation() -> None:
    """Half of them must, with organs for the others; lists within them do not interrupt."""
    report = (
        "LABORATORY OF X. RECEIVED FRESH. PROCEDURES: A BLK/3. PART A LEFT AXILLA, NODE #1: METASTATIC CARCINOMA. "
        "PART B LEFT BREAST, MASTECTOMY: 1. DUCTAL CARCINOMA. 2. MARGINS ARE FREE. "
        "PART C LEFT AXILLA, NODE DISSECTION: METASTATIC CARCINOMA."
    )
    assert [part.label for part in curate_report(report).parts] == ["A", "B", "C"]


def test_a_part_without_a_label_may_stand_below_a_comment() -> None:
    """Its findings are read, the comment above it is none of them."""
    report = (
        "DIAGNOSIS: Liver, left, resection: Hepatocellular carcinoma. Comment: The background liver shows no "
        "cirrhosis at all. Gallbladder, left, cholecystectomy: Chronic cholecystitis. GROSS DESCRIPTION: A liver."
    )
    part = curate_report(report).parts[0]
    assert "cholecystitis" in part.generation_text
    assert "cirrhosis" not in part.retrieval_text
    assert diagnosis(report).endswith("Chronic cholecystitis.")
    assert any("cirrhosis" in one.text for one in curate_report(report).statements)


@pytest.mark.parametrize(
    "comment",
    [
        "COMMENT: Part one. Colon, left, resection: It is close.",
        "NOTE: See the original report for all of the rest. DIAGNOSIS. Node, left, excision: Lymphoma.",
    ],
)
def test_a_comment_on_a_part_is_no_part(comment: str) -> None:
    """Neither a comment that begins with the header of a part, nor an older diagnosis that it quotes."""
    assert diagnosis(f"FINAL DIAGNOSIS: Colon, left, resection: Carcinoma. {comment}").endswith(": Carcinoma.")


def test_an_addendum_that_is_announced_in_capitals_ends_nothing() -> None:
    """Nor where a line break stands before the word."""
    found = "1. UTERUS, RESECTION: CARCINOMA. NOTE: RESULTS WILL BE REPORTED IN AN. ADDENDUM. 2. NODE, BIOPSY: FAT."

    assert [part.label for part in curate_report(f"DIAGNOSIS: {found}").parts] == ["1", "2"]


def test_a_listed_label_in_brackets_may_be_the_first_one_left() -> None:
    """The part before it lost its label."""
    report = (
        "SPECIMENS: A. Tongue. B. Teeth. DIAGNOSIS: CAD. RIGHT PARTIAL GLOSSECTOMY: CARCINOMA. "
        "(B) TEETH: Two teeth, gross only."
    )
    assert [part.label for part in curate_report(report).parts] == ["A", "B"]


def test_a_form_whose_diagnosis_was_left_out_is_read_from_its_check_list() -> None:
    """Columns of features alone are no diagnosis, where the table below them names the tumour."""
    table = "Specimen type: Gastrectomy. Histologic type: Adenocarcinoma. Histologic grade: Poorly differentiated."
    report = (
        f"Diagnosis Details: Tumor Features: Ulcerated, Margins: Absent, Treatment Effect: X TISSUE CHECKLIST. {table}"
    )

    assert diagnosis(report.replace("X", "Comments: STOMACH")) == table
