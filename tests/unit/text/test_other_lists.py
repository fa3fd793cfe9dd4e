"""Parts whose labels are no letters or numbers before them, and frozen sections within parts."""

from __future__ import annotations

import pytest

from pathalign.text.curation import CuratedReport, curate_report
from pathalign.text.other_lists import other_labels

pytestmark = pytest.mark.unit

URETERS = (
    "FINAL DIAGNOSIS: RIGHT DISTAL URETER (AFS) : FROZEN SECTION DIAGNOSIS: - CARCINOMA IN SITU. FINAL DIAGNOSIS: - "
    "BENIGN URETER. LEFT DISTAL URETER (B): NO DYSPLASIA IDENTIFIED. PELVIC LYMPH NODES (C). NO TUMOR IN FOUR LYMPH "
    "NODES (0/4). "
)


def starts(curated: CuratedReport) -> list[tuple[str, str]]:
    return [(part.label, curated.text[part.start : part.start + 12]) for part in curated.parts]


def test_a_label_may_stand_behind_the_header() -> None:
    """The part begins with its header, which does not keep the label."""
    curated = curate_report(URETERS)

    assert starts(curated) == [("A", "RIGHT DISTAL"), ("B", "LEFT DISTAL "), ("C", "PELVIC LYMPH")]
    assert [part.header for part in curated.parts] == [
        "RIGHT DISTAL URETER",
        "LEFT DISTAL URETER",
        "PELVIC LYMPH NODES",
    ]


def test_the_frozen_section_of_a_part_is_not_its_diagnosis() -> None:
    """What stands between the two titles is in no text; the parts below it are still found."""
    first = curate_report(URETERS).parts[0]

    assert first.malignant is False
    assert "situ" not in (first.retrieval_text + first.generation_text).casefold()
    assert "benign ureter" in first.retrieval_text.casefold()


def test_labels_behind_headers_may_be_misread_lost_or_shared() -> None:
    """ "1" is the ninth letter; one letter may be missing; two parts may have the same."""
    organs = ["LIVER", "LUNG", "BLADDER", "PROSTATE", "COLON", "BREAST", "KIDNEY", "SPLEEN", "OVARY"]
    text = " ".join(f"{organ} ({label}): NO TUMOR." for organ, label in zip(organs, "ABCCEFGH1", strict=True))

    assert [one.label for one in other_labels(text)] == ["A", "B", "C", "C", "E", "F", "G", "H", "I"]


@pytest.mark.parametrize(
    "text",
    [
        "CARCINOMA (A): NO. NEOPLASM (B): NONE.",
        "VASCULAR INVASION (V): Absent. PERINEURAL INVASION (L): Absent.",
        "LIVER (A): NO TUMOR.",
        "LIVER (C): NO TUMOR. LUNG (A): NO TUMOR.",
        "I. Invasive carcinoma. II. Carcinoma in situ. III. Margins are free.",
    ],
)
def test_other_brackets_and_numerals_label_no_parts(text: str) -> None:
    """Findings, properties, a single one, and what is out of order."""
    assert other_labels(text) == ()


@pytest.mark.parametrize("close", [")", "-)", ".", ":"])
def test_roman_numerals_label_parts(close: str) -> None:
    """Without a gap, before what was received."""
    items = [
        "Esophageal margin: No tumor.",
        "Stomach, resection: Carcinoma.",
        "Spleen, splenectomy: No tumor.",
        "Liver: Cyst.",
    ]
    numerals = ["I", "II", "III", "IV"]
    curated = curate_report(
        "DIAGNOSIS: " + " ".join(f"{numeral}{close} {item}" for numeral, item in zip(numerals, items, strict=True))
    )

    assert [part.label for part in curated.parts] == numerals
    assert [part.malignant for part in curated.parts][:3] == [False, True, False]


def test_a_long_text_without_labels_is_read_in_linear_time() -> None:
    """Fifty thousand characters of brackets and capitals end at once."""
    assert other_labels("A (" * 20_000 + "I) " * 20_000) == ()
