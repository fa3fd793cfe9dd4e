"""Which of several lists is that of the parts: those of findings, of fields and within a part are none."""

from __future__ import annotations

import pytest

from pathalign.text.curation import curate_report

pytestmark = pytest.mark.unit

RECEIVED = "SPECIMENS: 1. Left parathyroid. 2. Right parathyroid. 3. Thyroid. "


def labels(diagnosis: str, before: str = "") -> list[str]:
    return [part.label for part in curate_report(f"{before}DIAGNOSIS: {diagnosis}").parts]


@pytest.mark.parametrize(
    "findings",
    [
        "A. CLEAR CELL CARCINOMA. B. FUHRMAN NUCLEAR GRADE IS 2 OF 4. C. ALL SURGICAL MARGINS ARE FREE OF TUMOR. "
        "D. NO ANGIOLYMPHATIC INVASION IS SEEN. E. TNM STAGE: pT1b NX.",
        "KIDNEY, LEFT, NEPHRECTOMY -. A. CLEAR CELL CARCINOMA. B. KIDNEY WITH SCARS. C. BENIGN ADRENAL GLAND.",
        "1. Seminoma, 9 cm. 2. Lymphovascular invasion is seen. 3. Tumor limited to testis. 4. Margins free. 5. pT2.",
    ],
)
def test_a_list_of_findings_is_no_list_of_parts(findings: str) -> None:
    """Letters and numbers before properties of one tumour, or below one specimen's header, label no parts."""
    assert labels(findings) == [""]


def test_specimens_are_parts_though_some_items_are_properties() -> None:
    """Parts that name what was received stay parts, with lists of findings inside."""
    assert labels(
        "1. Tongue, left, excision: 1. Tumor size: 2 cm. 2. Depth of invasion: 1 cm. 3. Margins are free. "
        "2. Lymph node, level 2, excision: No tumor. 3. Mouth, floor, biopsy: No tumor."
    ) == ["1", "2", "3"]


@pytest.mark.parametrize("item", ["Tissue from the vein: A piece.", "Fatty tissue without tumor.", "Omental fat."])
def test_a_number_that_looks_like_the_one_before_carries_on(item: str) -> None:
    """The items of a list need no header when their numbers follow one another and are written alike."""
    assert labels(f"1. Kidney, resection: Carcinoma. 2. {item} 3. Rib, resection: Bone.") == ["1", "2", "3"]
    assert labels(f"1. Kidney, resection: Carcinoma. 2. {item}") == ["1", "2"]


def test_a_list_inside_the_first_part_is_its_own() -> None:
    """A list that starts again at one counts inside the part, also when it goes further than the parts do."""
    assert labels("1. Prostate, resection: 1. Carcinoma of both lobes. 2. Fibrous nodules.") == ["1"]


def test_the_value_of_a_field_is_no_label() -> None:
    """A number behind its field belongs there, though the next field follows it like a header."""
    assert labels(
        "1. No disease: Parathyroid (left). 2. No disease: Parathyroid (right). 3. Papillary carcinoma: Thyroid. "
        "Synoptic Data. Number of nodes examined: 3. Number of nodes involved: 0.",
        before=RECEIVED,
    ) == ["1", "2", "3"]


def test_an_item_of_a_remark_carries_nothing_on() -> None:
    """Below a comment only what names a specimen is a part."""
    parts = "PART 1: LYMPH NODE, EXCISION - NO TUMOR. PART 2: PROSTATE, RESECTION - CARCINOMA."
    note = "COMMENT: A. We have seen more of it. B. It reaches the margin."

    assert labels(f"{parts} {note}") == ["1", "2"]
    assert labels("A. LUNG, BIOPSY: CARCINOMA. B. NODE, BIOPSY: NO TUMOR. COMMENT: C. It was sent out.") == ["A", "B"]


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [
        ("(A) LUNG, BIOPSY: CARCINOMA. (8) NODE, BIOPSY: NO TUMOR. (C) RIB, RESECTION: BONE.", ["A", "B", "C"]),
        ("A. Lung, biopsy: Carcinoma. a. Node, left, biopsy: No tumor. C. Rib, resection: Bone.", ["A", "B", "C"]),
        ("H. Lung, biopsy: Carcinoma. 1. Node, biopsy: No tumor. J. Rib, resection: Bone.", ["H", "I", "J"]),
    ],
)
def test_a_misread_label_alone_in_a_gap_is_the_lost_one(diagnosis: str, expected: list[str]) -> None:
    """A label that OCR misread opens its part when it alone stands where one is missing, and opens a specimen."""
    assert labels(diagnosis) == expected


def test_a_misread_last_label_is_told_by_what_was_received() -> None:
    """So does the last one, if the report lists what was received."""
    parts = "1. Node, left, excision: No tumor. 2. Node, right, excision: No tumor. 5. Thyroid, resection: Carcinoma."

    assert labels(parts, before=RECEIVED) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("A. - D.) ", "A-D"), ("A. & C.) ", "A/C"), ("B., E., F.) ", "B/E/F"), ("Part A, ", "A"), ("PART 1; ", "1"),
        ("A. - C). ", "A-C"), ("RART 1:", "1"),
    ],
)  # fmt: skip
def test_spellings_of_labels(written: str, label: str) -> None:
    """Labels are read in the spellings that reports have for them."""
    assert labels(f"{written}LUNG, LEFT, LOBECTOMY: CARCINOMA.") == [label]


def test_initials_are_no_labels() -> None:
    """The letters of an abbreviation open nothing."""
    assert labels("A. BREAST, LEFT, BIOPSY: CARCINOMA, N.S.A.B.P. GRADE 2. B. NODE, BIOPSY: NO TUMOR.") == ["A", "B"]


def test_a_label_that_was_met_is_not_lost() -> None:
    """No label is jumped over that opens a property."""
    assert labels("A. LUNG, BIOPSY: CARCINOMA. B. TUMOR SIZE: 2 CM. C. NODE, LEFT: NO TUMOR.") == ["A"]


def test_the_parts_below_a_note_are_found_when_they_were_received() -> None:
    """The first label may be lost, and a note stand before the second one."""
    assert labels(
        "LEFT PARATHYROID, BIOPSY: No tumor. NOTE: It was sent out. 2). RIGHT PARATHYROID, BIOPSY: No tumor. "
        "3). THYROID, RESECTION: Carcinoma.",
        before=RECEIVED,
    ) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [
        ("1., . 2. Lymph node, left, excision: No tumor. 3. Lung, left, lobectomy: Carcinoma.", ["1/2", "3"]),
        ("c. Liver, resection: Carcinoma. A. Node, biopsy: No tumor. B. Node, biopsy: No tumor.", ["C", "A", "B"]),
        ("Summary. All margins are free. 1. Left parathyroid, biopsy: No tumor. 2. Right parathyroid, biopsy: None.",
         ["1", "2"]),
    ],
)  # fmt: skip
def test_lists_that_begin_late_or_lose_labels(diagnosis: str, expected: list[str]) -> None:
    """Labels may be lost at the top and on the way, and parts stand in any order."""
    assert labels(diagnosis, before=RECEIVED) == expected


def test_labels_with_the_word_part_may_lose_many() -> None:
    """A label that says that it is a part's carries on over a long gap."""
    assert labels("PART 1: LUNG, BIOPSY - NO TUMOR. PART 9: RIB, BIOPSY - BONE.") == ["1", "9"]


def test_letters_of_an_abbreviation_and_of_a_remark_carry_nothing_on() -> None:
    """ "e.g." is no label, and below a comment no label is jumped over."""
    parts = "A. NODE, BIOPSY: NO TUMOR. B. PROSTATE, RESECTION: CARCINOMA."

    assert labels(f"{parts} COMMENT: Present (e.g. slides of the prostate). D. Biopsy was seen.") == ["A", "B"]


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [
        ("of the border. Nerves are free. J. LEFT MARGIN, EXCISION: No tumor. K. RIGHT MARGIN, EXCISION: No tumor.",
         ["J", "K"]),
        ("SINUS: Sent for decalcification. (C) TURBINATE: No tumor. (E) SOFT PALATE MARGIN: No tumor.",
         ["A", "C", "E"]),
        ("is seen. E. LEFT NECK, DISSECTION: Carcinoma in two nodes.", ["E"]),
        ("Lung, lobectomy: Carcinoma. SYNOPTIC REPORT: Size: 2 cm. A. Node, left, excision: No tumor. "
         "B. Node, right, excision: No tumor. C. Rib, biopsy: Bone.", ["A", "B", "C"]),
        ("KIDNEY -. A. CARCINOMA. B. GRADE 2. C. VESSELS: FREE. D. CAPSULE, KIDNEY: INVADED.", [""]),
    ],
)  # fmt: skip
def test_letters_that_are_left_of_a_list(diagnosis: str, expected: list[str]) -> None:
    """Where the page with the first labels is lost, letters in order before headers are parts; findings are not."""
    assert labels(diagnosis) == expected


def test_a_list_below_a_summary_that_counts_is_found_when_it_was_received() -> None:
    """ "1/2" in a summary is no first label."""
    summary = "Summary of findings in this case: Carcinoma of 2 cm. Sentinel lymph nodes: 1/2. Type of it: ITC."
    parts = "1. LEFT PARATHYROID; EXCISION: - Benign. 2. RIGHT PARATHYROID; EXCISION: - Benign."

    assert labels(f"{summary} {parts}", before=RECEIVED) == ["1", "2"]
