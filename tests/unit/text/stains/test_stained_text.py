"""Texts by stain: which statement of a report is of which part."""

from __future__ import annotations

import pytest

from pathalign.text.curation import curate_report, part_of_slide
from pathalign.text.stains.stained_text import SlideViews, StainedTexts

pytestmark = pytest.mark.unit

PARTS = "FINAL DIAGNOSIS:\nA. BREAST, LEFT, BIOPSY:\n  - Invasive ductal carcinoma.\nB. SKIN, BIOPSY:\n  - Nevus.\n"


def views(report: str, part: str, stain: str) -> SlideViews:
    """The texts of a slide of a part."""
    curated = curate_report(report)
    found = part_of_slide(curated, part)
    assert found is not None
    return StainedTexts(report, curated).views(found, stain)


@pytest.mark.parametrize(
    "ancillary",
    [
        "ANCILLARY STUDIES:\nBlock A1: ER positive (90 %). PR negative.\n",
        "ANCILLARY STUDIES:\nImmunostains on block A1.\nER: positive.\nPR: negative.\n",
        "ADDENDUM: Part A: ER is positive, PR is negative.\n",
        "ANCILLARY STUDIES:\nER is positive in specimen A. PR is negative.\n",
    ],
)
def test_statements_elsewhere_count_where_they_name_the_part(ancillary: str) -> None:
    """A block, part or specimen named in the clause, in the one above or just before."""
    report = f"{PARTS}GROSS: x.\n{ancillary}"

    assert views(report, "A", "ER").generation_text == "ER: positive."
    assert views(report, "A", "PR").generation_text == "PR: negative."
    assert "not stated" in views(report, "B", "ER").problem


@pytest.mark.parametrize(
    "ancillary",
    [
        "ANCILLARY STUDIES:\nER positive.\n",
        "ANCILLARY STUDIES:\nBlock B1: ER positive.\n",
        "ANCILLARY STUDIES:\nPart of the tumor is ER positive.\n",
        "ANCILLARY STUDIES:\nBlocks A1 and B1: ER positive.\n",
    ],
)
def test_statements_of_another_or_no_part_do_not(ancillary: str) -> None:
    """With several parts, what names none of them or two is nobody's."""
    found = views(f"{PARTS}GROSS: x.\n{ancillary}", "A", "ER")

    assert "ER is not stated" in found.problem
    assert found.generation_text == "Breast: Invasive ductal carcinoma."


def test_a_report_of_one_part_counts_as_a_whole() -> None:
    """Wherever the result stands."""
    report = "FINAL DIAGNOSIS: Breast, biopsy: Invasive ductal carcinoma. GROSS: x. COMMENT: ER positive (90 %)."

    found = views(report, "", "ER")

    assert found.retrieval_text == "Breast: Invasive ductal carcinoma. ER positive (90 %)."
    assert (found.generation_text, found.problem) == ("ER: positive.", "")
