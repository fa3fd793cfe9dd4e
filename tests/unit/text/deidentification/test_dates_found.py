"""Dates and ages over 89, and the numbers that look like them."""

from __future__ import annotations

import pytest

from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.identifiers import Kind

pytestmark = pytest.mark.unit


def found(report: str, kind: Kind) -> list[str]:
    return [report[f.start : f.end] for f in find_identifiers(report) if f.kind is kind]


@pytest.mark.parametrize(
    "date",
    [
        "03/14/2019", "3/14/19", "14.03.2019", "2019-03-14", "14-Mar-2019", "14MAR2019", "March 14, 2019",
        "Mar. 14th, 2019", "14 March 2019", "the 14th of March 2019", "March 2019", "3/2019", "20190314",
        "03 / 14 / 2019", "O3/l4/2Ol9", "14. März 2019", "14 mars 2019", "Monday, March 14, 2019", "03/14/2019 14:35",
        "2019-03-14T14:35:00Z", "DEC 1, 2020",
    ],
)  # fmt: skip
def test_a_date_is_found_in_every_shape(date: str) -> None:
    """No digit of the date, nor its month, is left."""
    report = f"Collected {date} and sent on."

    kept = report
    for span in reversed(found(report, Kind.DATE)):
        kept = kept.replace(span, "")
    assert not any(map(str.isdigit, kept))
    assert "ar" not in kept.lower()


@pytest.mark.parametrize(
    "report", ["Biopsy of 3/14.", "Seen on 12/31 in clinic.", "dated 2/10, benign", "She came in February."]
)
def test_a_date_without_a_year_is_found_where_a_word_says_so(report: str) -> None:
    """Month and day alone need "on", "dated" or the like."""
    assert len(found(report, Kind.DATE)) == 1


@pytest.mark.parametrize(
    "report",
    [
        "Lymph nodes: 3/14 positive. Metastasis on 3/14 nodes. 2/10 cores, 1/12 lymph nodes, 0/5.",
        "Size 3.4 x 2.1 x 1.8 cm; 10-12 mitoses per 10 HPF; 1.2-1.5 cm; 3-4/10.",
        "Gleason 3+4=7, score 6/9, grade III/III, pT2 N0 (0/12), stage IIA.",
        "Resected in 2019. AJCC 8th edition, 2017. WHO 2021. It may be 2 cm; sections may show 3.",
        "1. May represent a cyst.",
        "SNOMED T-04000, M-81403; ICD C50.9; CPT 88305; blocks A1-A12, B2-B14; clone 28-8.",
    ],
)
def test_counts_sizes_and_codes_are_no_dates(report: str) -> None:
    """A year alone stays; node counts, ranges, sizes and codes do too."""
    assert found(report, Kind.DATE) == []


@pytest.mark.parametrize(
    ("report", "age"),
    [
        ("A 92-year-old man", "92"), ("93 y/o F with a mass", "93"), ("Age: 91", "91"), ("aged 101", "101"),
        ("This ninety-four year old woman", "ninety-four"), ("AGE/SEX: 90/F", "90"), ("a nonagenarian", "nonagenarian"),
        ("94 yo male", "94"), ("a 95M with anemia", "95"),
    ],
)  # fmt: skip
def test_ages_over_89_are_found(report: str, age: str) -> None:
    """In digits, in words, in fields."""
    assert found(report, Kind.AGE) == [age]


@pytest.mark.parametrize(
    "report",
    ["A 56-year-old man, age 89.", "Ki-67 95%; 95 mitoses; 92 nodes; 90 grams; 91 F1.", "Aged 9 months; age 90 days."],
)
def test_younger_ages_and_other_numbers_stay(report: str) -> None:
    """Ages up to 89 are no identifiers."""
    assert found(report, Kind.AGE) == []
