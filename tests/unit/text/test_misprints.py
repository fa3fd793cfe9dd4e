"""Labels of parts that were misprinted, joined in odd ways, or printed twice; the reports are made up."""

from __future__ import annotations

import pytest

from pathalign.text.curation import curate_report

pytestmark = pytest.mark.unit


def labels_of(report: str) -> list[str]:
    return [part.label for part in curate_report(report).parts]


@pytest.mark.parametrize(
    ("opening", "label"),
    [
        ("A,. B. Cervix and endometrium, biopsies: Adenocarcinoma.", "A/B"),
        ("A. B. Brain, left, biopsy: Glioma.", "A/B"),
        ("1, .2) LARYNX, LARYNGECTOMY: CARCINOMA.", "1/2"),
        ("1., . 2. Lung, right, excision: Carcinoma.", "1/2"),
        ("PARTS 1. TO 3: LYMPH NODES, NECK, DISSECTION. No tumor.", "1-3"),
        ("PART 1, 3, 4, & 6: STOMACH, GASTRECTOMY -. Carcinoma.", "1/3/4/6"),
    ],
)
def test_labels_joined_in_odd_ways_are_one_part(opening: str, label: str) -> None:
    """Labels that stand together, whatever OCR put between them, are diagnosed together."""
    assert labels_of(f"FINAL DIAGNOSIS: {opening}")[0] == label


def test_a_label_without_its_full_stop_is_found_in_the_gap_that_it_leaves() -> None:
    """The letter that is missing opens its part if it names what was received."""
    report = (
        "DIAGNOSIS: A. UTERUS, HYSTERECTOMY. - NO TUMOR. B PERITONEUM, BIOPSY. - NO TUMOR. C. OMENTUM, BIOPSY. - FAT."
    )
    assert labels_of(report) == ["A", "B", "C"]


def test_a_word_is_no_label_where_none_is_missing() -> None:
    """A letter alone is no label unless it is the missing one."""
    report = "DIAGNOSIS: A. UTERUS, HYSTERECTOMY. - NO TUMOR. B PERITONEUM, BIOPSY. - FAT. B. OMENTUM, BIOPSY. - FAT."
    assert labels_of(report) == ["A", "B"]


def test_a_label_printed_twice_opens_two_parts() -> None:
    """A label that an operation follows opens a part, also when the part before it bears the same one."""
    report = (
        "DIAGNOSIS: A. Ovary, excision: Serous carcinoma. B. Pelvic node, excision: Benign node. "
        "B. Obturator node, excision: Two benign nodes. C. Omentum, excision: Negative for tumor."
    )
    assert labels_of(report) == ["A", "B", "B", "C"]


def test_a_part_that_is_continued_stays_one() -> None:
    """A header printed again on the next page opens nothing."""
    report = (
        "DIAGNOSIS: (A) LARYNX, LARYNGECTOMY: CARCINOMA. (B) LEFT NECK, DISSECTION: No tumor. "
        "(B) LEFT NECK, DISSECTION (CONTINUED): Eight nodes, no tumor."
    )
    assert labels_of(report) == ["A", "B"]


def test_the_value_of_a_field_before_its_own_number_opens_nothing() -> None:
    """The part begins at its number, and not at the same number before it."""
    report = (
        "DIAGNOSIS: 1. Node, left; biopsy: Benign. Number of nodes examined: 2. 2. Node, right; biopsy: Benign. "
        "3. Bladder; biopsy: Carcinoma."
    )
    curated = curate_report(report)
    assert [part.label for part in curated.parts] == ["1", "2", "3"]
    assert report[curated.parts[1].start :].startswith("2. Node, right")


def test_the_last_labels_may_have_lost_their_full_stops() -> None:
    """Behind the last label the next one needs a header in capitals."""
    report = (
        "DIAGNOSIS: #1. PROSTATE, RESECTION: Carcinoma. #2 LEFT NODE, BIOPSY: No tumor. #3 RIGHT NODE, BIOPSY: None."
    )
    assert labels_of(report) == ["1", "2", "3"]


def test_letters_before_headers_of_any_kind_may_be_printed_twice() -> None:
    """When the next letter goes on, what stands in between is a part with the same label."""
    report = (
        "SPECIMENS: A. Node. B. Breast. DIAGNOSIS: A. Node, excision: No tumor. B. Breast, lumpectomy: Carcinoma. "
        "B. Content of the armpit: - Carcinoma in six nodes. C. Level 3 (right): - No tumor in three nodes."
    )
    assert labels_of(report) == ["A", "B", "B", "C"]
