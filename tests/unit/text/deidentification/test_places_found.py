"""Addresses, cities and institutions, and the words that only look like them."""

from __future__ import annotations

import pytest

from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.identifiers import Kind

pytestmark = pytest.mark.unit


def found(report: str) -> list[str]:
    return [report[f.start : f.end] for f in find_identifiers(report) if f.kind in (Kind.PLACE, Kind.INSTITUTION)]


@pytest.mark.parametrize(
    ("report", "place"),
    [
        ("1200 Riverside Drive, Springfield, IL 62704", "1200 Riverside Drive"),
        ("1200 Riverside Drive, Springfield, IL 62704", "Springfield"),
        ("1200 Riverside Drive, Springfield, IL 62704", "62704"),
        ("55 N. KOSCIUSZKO STREET", "55 N. KOSCIUSZKO STREET"),
        ("P.O. Box 1234", "P.O. Box 1234"),
        ("Brunnenstraße 12", "Brunnenstraße 12"),
        ("She lives in Wolverhampton.", "Wolverhampton"),
        ("Zip code: 62704", "62704"),
        ("Transferred from Ostrava General Hospital.", "Ostrava General Hospital"),
        ("SLIDES FROM ST. AGNES MEDICAL CENTER WERE REVIEWED", "ST. AGNES MEDICAL CENTER"),
        ("University of Ostrava Hospital", "University of Ostrava Hospital"),
        ("Fernandina Pathology Associates", "Fernandina Pathology Associates"),
        ("seen at the Mayo Clinic", "Mayo Clinic"),
        ("Universitätsklinikum Tübingen", "Universitätsklinikum Tübingen"),
        ("She was seen in Wolverhampton for the same complaint.", "Wolverhampton"),
        ("500 NORWICK DRLVE", "500 NORWICK DRLVE"),
        ("691 Old Maplewood Highway", "691 Old Maplewood Highway"),
        ("UNIVERSITY 0F OSTRAVA HOSPITAL", "UNIVERSITY 0F OSTRAVA HOSPITAL"),
        ("Ostrava Dermatopathology Group", "Ostrava Dermatopathology Group"),
        ("from the. Lindmark. Brain Tumor Center", "Lindmark. Brain Tumor Center"),
    ],
)
def test_a_place_is_found(report: str, place: str) -> None:
    """By its suffix, its state, its verb or its kind."""
    assert any(place in span for span in found(report))


@pytest.mark.parametrize(
    "report",
    [
        "Slides from an outside hospital were reviewed in this laboratory; the University laboratory; our "
        "medical center.",
        "Tested in a laboratory certified under the Clinical Laboratory Improvement Amendments (College of "
        "American Pathologists).",
        "Philadelphia chromosome; Bethesda category II; Vienna classification; Milan criteria; Nottingham "
        "grade; Lugano stage.",
        "The center of the lesion; 3 lobes, Right Lower Lobe; germinal center; 12 lymph nodes, Level II; 2 "
        "Rt external LN 1 (C2).",
        "Stained in Giemsa, seen in Formalin, placed in RPMI; seen in the KRX2A gene; stored in FrostBase Pro.",
        "Received from the operating room in formalin. Tissue from RIGHT MAXILLARY SINUS. Segment 4. CA 19-9 37.",
    ],
)
def test_what_names_no_place_stays(report: str) -> None:
    """Generic institutions, classifications named after cities, anatomy."""
    assert found(report) == []
