"""The text without identifiers: tags, surrogates, offsets, headers, and time."""

from __future__ import annotations

import csv
import random
import time
from pathlib import Path

import pytest

from pathalign.text.deidentification.deidentifier import deidentify, find_identifiers
from pathalign.text.deidentification.identifiers import Finding, Kind, without_overlaps
from pathalign.text.deidentification.replacement import replaced
from pathalign.text.deidentification.surrogates import Surrogates, shifted_date

pytestmark = pytest.mark.unit

REPORT = """ELMSWORTH GENERAL HOSPITAL
Patient Name: OKAFOR, CHINWE M.        MRN: 00455881   DOB: 03/14/1952
Accession #: S24-12345    Attending: Long, Peter MD    Religion: Quaker
Occupation: retired welder

FINAL DIAGNOSIS:
A. LUNG, RIGHT UPPER LOBE, LOBECTOMY (A1-A5): Adenocarcinoma, pT2N0. Ms. Okafor was told on 02/11/2024.
Electronically signed by Søren van der Berg, M.D. See case 12345. Smoking history: 20 years: yes.
"""


def test_tags_are_numbered_by_what_they_replace() -> None:
    """One name has one number, whole or in part; a number and its tail too; medical text is left as it was."""
    text = deidentify(REPORT).text

    assert text.startswith("[INSTITUTION 1]\nPatient Name: [NAME 1]")
    assert "Ms. [NAME 1] was told on [DATE 2]" in text
    assert "signed by [NAME 3], M.D. See case [ACCESSION NUMBER 1]." in text
    assert "A. LUNG, RIGHT UPPER LOBE, LOBECTOMY (A1-A5): Adenocarcinoma, pT2N0." in text


def test_unknown_header_fields_are_dropped() -> None:
    """Religion and occupation go; a field of the same shape below the header stays."""
    text = deidentify(REPORT).text

    assert "Quaker" not in text
    assert "welder" not in text
    assert "Smoking history: 20 years: yes." in text


@pytest.mark.parametrize(
    "findings",
    ["A: Partial gastrectomy. B: Left para-aortic fat.", "Spleen: mass of the upper pole", "STOMACH: Ulcer, left"],
)
def test_findings_stay_in_fields_that_no_list_knows(findings: str) -> None:
    """A header may list specimens by letters and organs; what they hold is no identifier."""
    report = f"Patient: Okonkwo, Ngozi\nMRN: 1234567\n{findings}\nReligion: Quaker\nDIAGNOSIS: carcinoma.\n"

    text = deidentify(report).text

    assert findings in text
    assert "Quaker" not in text


@pytest.mark.parametrize(
    ("report", "number"),
    [
        ("the prior resection (FS-91-377195), dated", "FS-91-377195"),
        ("see report S2O65-33344 of last year", "S2O65-33344"),
        ("Signed 16 APRLL 2011.", "16 APRLL 2011"),
        ("Reported MAY L, 1989", "MAY L, 1989"),
        ("AGE (YEARS): 102", "102"),
        ("NPI of the surgeon: 1817S63678", "1817S63678"),
        ("Results at (590)-555-7325.", "(590)-555-7325"),
        ("Phone no. +l 543 555 0449", "+l 543 555 0449"),
    ],
)
def test_misread_numbers_are_found_whole(report: str, number: str) -> None:
    """With letters for digits, as OCR reads them."""
    assert number in [report[f.start : f.end] for f in find_identifiers(report)]


def test_a_range_of_blocks_is_no_accession() -> None:
    """Also where the second B was read as an 8."""
    assert find_identifiers("Case, D20-D23 in all; C31-834, ovary (A12, B3; 5 cm), and E40-841, omentum.") == []


def test_counts_say_how_many_of_each_kind() -> None:
    """Kinds and numbers, no words of the report."""
    counts = deidentify(REPORT).counts()

    assert counts["name"] == 4
    assert counts["unknown field"] == 2
    assert set(counts) <= {kind.value for kind in Kind}


def test_nothing_is_left_to_find() -> None:
    """Tags hold no identifier: de-identifying again changes nothing."""
    once = deidentify(REPORT).text

    assert deidentify(once).text == once


def test_offsets_lead_there_and_back() -> None:
    """What was not replaced is the same text at mapped offsets; a replaced span maps to its tag and back."""
    done = deidentify(REPORT)
    covered = {at for f in done.findings for at in range(f.start, f.end)}
    for at in range(len(REPORT)):
        new = done.offsets.to_new(at)
        if at not in covered:
            assert done.text[new] == REPORT[at]
            assert done.offsets.to_original(new) == at
    for finding in done.findings:
        new = done.offsets.to_new(finding.start), done.offsets.to_new(finding.end, is_end=True)
        assert done.text[slice(*new)].startswith("[")
        assert done.text[slice(*new)].endswith("]")
        assert done.offsets.span_of_original(*new) == (finding.start, finding.end)
        inside = done.offsets.span_of_original(new[0] + 1, new[1] - 1)
        assert inside == (finding.start, finding.end)


def test_replacing_agrees_with_slicing() -> None:
    """Random spans replaced by random words: the pieces between them stand where the map says."""
    rng = random.Random(3)
    text = "".join(rng.choices("abc \n", k=300))
    cuts = sorted(rng.sample(range(300), 20))
    spans = [(cuts[i], cuts[i + 1], "X" * rng.randrange(9)) for i in range(0, 20, 2)]
    new, offsets = replaced(text, spans)
    expected = text
    for start, end, word in reversed(spans):
        expected = expected[:start] + word + expected[end:]

    assert new == expected
    assert offsets.to_original(len(new), is_end=True) == 300


def test_overlapping_findings_become_one() -> None:
    """The union, with the kind of the longest."""
    findings = [
        Finding(5, 9, Kind.DATE, "a"), Finding(0, 6, Kind.NAME, "b"), Finding(20, 25, Kind.URL, "c"),
        Finding(9, 10, Kind.AGE, "d"),
    ]  # fmt: skip

    assert without_overlaps(findings) == [
        Finding(0, 9, Kind.NAME, "b"), Finding(9, 10, Kind.AGE, "d"), Finding(20, 25, Kind.URL, "c"),
    ]  # fmt: skip


def test_surrogates_are_consistent_and_keyed() -> None:
    """Equal for one patient and key; other for another key; no original name, number or date is left."""
    one = deidentify(REPORT, Surrogates(b"k" * 32, "P1")).text
    again = deidentify(REPORT, Surrogates(b"k" * 32, "P1")).text
    other = deidentify(REPORT, Surrogates(b"q" * 32, "P1")).text

    assert one == again != other
    for word in ("Okafor", "OKAFOR", "CHINWE", "00455881", "S24-12345", "1952", "02/11/2024", "Berg", "ELMSWORTH"):
        assert word not in one


def test_dates_of_a_patient_move_together() -> None:
    """The days between two dates of one patient stay, whatever their shape."""
    assert shifted_date("03/14/2019", 10) == "03/04/2019"
    assert shifted_date("14.03.2019", 14) == "28.02.2019"
    assert shifted_date("2019-03-01", 1) == "2019-02-28"
    assert shifted_date("March 1, 2020", 1) == "February 29, 2020"
    assert shifted_date("1 Mar 2020", 1) == "Feb 29, 2020"
    assert shifted_date("February 2020", 5) == "2020"
    assert 1 <= Surrogates(b"k", "P1").shift_days() <= 364
    assert Surrogates(b"k", "P1").shift_days() != Surrogates(b"k", "P2").shift_days()


@pytest.mark.parametrize(
    "piece",
    [
        "Dr. Smith, ",
        "3/14/",
        "a.b@c",
        "1-",
        "A: ",
        "University of ",
        "100 Main ",
        "word ",
        "S24-",
        "0",
        "May ",
        ":",
        "M.D., ",
        " \t",
    ],
)
@pytest.mark.slow
def test_time_grows_with_length_alone(piece: str) -> None:
    """Twice the report takes about twice the time, for text that would make a backtracking rule explode."""

    def seconds(length: int) -> float:
        report = (piece * (length // len(piece) + 1))[:length]
        start = time.process_time()
        find_identifiers(report)
        return time.process_time() - start

    small = min(seconds(4_000) for _ in range(2))
    assert seconds(16_000) < 8 * small + 0.1  # 16 times where it grew with the square


def test_real_reports_keep_their_words(real_data: Path) -> None:
    """Of the words of real reports, which are free of most identifiers, next to none is taken out."""
    csv.field_size_limit(10**7)
    with (real_data / "reports" / "tcga_reports_val.csv").open(newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)][::16]
    removed = sum(f.end - f.start for text in texts for f in find_identifiers(text))

    assert removed / sum(map(len, texts)) < 0.002
