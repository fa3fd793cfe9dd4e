"""Numbers of persons, cases, licences and things; telephones, networks; and the codes of pathology, which stay."""

from __future__ import annotations

import pytest

from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.identifiers import Kind

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("report", "kind", "value"),
    [
        ("MRN: 00451278", Kind.MRN, "00451278"),
        ("Medical Record Number 45-12-78", Kind.MRN, "45-12-78"),
        ("M.R.N. 451278A", Kind.MRN, "451278A"),
        ("Patient ID: X1234567", Kind.MRN, "X1234567"),
        ("SSN 123-45-6789", Kind.SSN, "123-45-6789"),
        ("Accession #: S24-12345", Kind.ACCESSION, "S24-12345"),
        ("see SP-19-00123 for the biopsy", Kind.ACCESSION, "SP-19-00123"),
        ("prior case 24-S-12345 shows", Kind.ACCESSION, "24-S-12345"),
        ("(H2019/12345)", Kind.ACCESSION, "H2019/12345"),
        ("Tel: (217) 555-0134", Kind.PHONE, "(217) 555-0134"),
        ("call 217.555.0134 ext 55", Kind.PHONE, "217.555.0134 ext 55"),
        ("+44 20 7946 0958", Kind.PHONE, "+44 20 7946 0958"),
        ("pager 12345", Kind.PHONE, "12345"),
        ("Fax: 217-555-0199", Kind.FAX, "217-555-0199"),
        ("write to j.doe@lab.example.org now", Kind.EMAIL, "j.doe@lab.example.org"),
        ("https://portal.example.org/r?id=1", Kind.URL, "https://portal.example.org/r?id=1"),
        ("from 10.20.30.40 today", Kind.IP, "10.20.30.40"),
        ("NPI: 1234567893", Kind.LICENCE, "1234567893"),
        ("CLIA# 05D0642827", Kind.LICENCE, "05D0642827"),
        ("License No. A123456", Kind.LICENCE, "A123456"),
        ("Serial No: AX-99231", Kind.DEVICE, "AX-99231"),
        ("Account Number 8812345", Kind.ACCOUNT, "8812345"),
        ("Member ID: W123456789", Kind.HEALTH_PLAN, "W123456789"),
        ("VIN 1HGCM82633A004352", Kind.VEHICLE, "1HGCM82633A004352"),
    ],
)
def test_a_number_is_found_with_its_kind(report: str, kind: Kind, value: str) -> None:
    """By its key or by its shape."""
    assert [(f.kind, report[f.start : f.end]) for f in find_identifiers(report)] == [(kind, value)]


@pytest.mark.parametrize(
    "report",
    [
        "Blocks A1, A2-A5, B12, FSA1, 1A; slides A1-2; levels 1-3; part D, E1-E10; SLN #1; specimen #2.",
        "pT2N0M0, ypT3 N1a, pTNM pT1c pN0(sn); FIGO IIIC; stage 2; grade 3/3; Gleason 4+3=7.",
        "SNOMED T-71000, M-81403, T-C4200; ICD-10 C50.911; ICD-O M8140/3; CPT 88305, 88342 x 2, 88307-26.",
        "Clones SP142, 22C3, 28-8, D5F3, 4B5, SP263; CK7, CK20, CD117, CD31/34, HER2, MIB-1, PAX-8, p53, 34BE12.",
        "Magnification 400x, 10 HPF, 1000 ml, 3.5 x 2.1 cm, 1250 grams, 0.22 mm, 12/14, 1:50 dilution, pH 7.4.",
        "Ventana catalog 790-4508; EGFR L858R; BRAF V600E; 7q31; 19p13; exon 19; chromosome 17.",
        "The case: 56 year old. MRN not given. Phone none. A lot of fat. Plan: 2 cm excision. Model of 3 "
        "lobes. Policy of 2019.",
    ],
)
def test_codes_of_pathology_stay(report: str) -> None:
    """Blocks, stages, codes, clones, magnifications and empty fields are no identifiers."""
    assert [(f.kind, report[f.start : f.end]) for f in find_identifiers(report)] == []


def test_the_tail_of_a_number_is_found_again() -> None:
    """The digits of an accession number without its letters, as reports repeat them; a size of equal digits stays."""
    report = "Accession S24-12345. Block 24-12345 A1, tail 12345, MRN 778899, chart 778899. It weighs 12345 grams."

    spans = [report[f.start : f.end] for f in find_identifiers(report)]

    assert spans == ["S24-12345", "24-12345", "12345", "778899", "778899"]
