"""Names, towns, numbers and initials by what stands beside them, and what of medicine stays."""

from __future__ import annotations

import time

import pytest

from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.identifiers import Kind

pytestmark = pytest.mark.unit


def found(report: str, kind: Kind) -> list[str]:
    return [report[f.start : f.end] for f in find_identifiers(report) if f.kind is kind]


def removed(report: str) -> str:
    """The letters and digits that are taken out."""
    return " ".join(report[f.start : f.end] for f in find_identifiers(report))


@pytest.mark.parametrize(
    ("report", "name"),
    [
        ("The plates went to the patient's attorney T. Zubrowska per release.", "T. Zubrowska"),
        ("Case discussed w/ Marcelline Tverdokhleb by phone.", "Marcelline Tverdokhleb"),
        ("PER TELECON WITH VARTAN QUELLENBERG, THE LESION WAS FLAT.", "VARTAN QUELLENBERG"),
        ("** CONTINUATION **  ZUBROWSKA, IMELDA K   page 3", "ZUBROWSKA, IMELDA K"),
        ("Mislabeled at registration as Tverdokhleb, Marcella; corrected.", "Tverdokhleb, Marcella"),
        ("Handed to Det. Quellenberg for custody.", "Quellenberg"),
        ("Patient's name.......Lakeisha Tverdokhleb\n", "Lakeisha Tverdokhleb"),
        ("Signed 3/4/2011 K. Zubrowska", "K. Zubrowska"),
        ("Ime1da Zubrowska was told.", "Ime1da Zubrowska"),
    ],
)
def test_names_that_no_list_knows(report: str, name: str) -> None:
    """An initial, a given name, a comma or a dealing beside an unknown word makes it a name."""
    assert name in removed(report)


@pytest.mark.parametrize(
    ("report", "initials"),
    [
        ("TECH: qzk     STATUS: SOUT", "qzk"),
        ("FS A1 called to Dr. Zubrowska in room 9 by KJV: atypical.", "KJV"),
        ("Imani Zubrowska, M.D. agrees. (kjv, 3/4/2011)", "kjv"),
        ("Amended 3/4/2011 by KJV to correct the side.", "KJV"),
        ("KJV/qzk   D: 3/4/2011   T: 3/5/2011", "KJV/qzk"),
        ("Cut by KJV, 3/4/2011.", "KJV"),
        ("KJV notified Dr. Zubrowska.", "KJV"),
    ],
)
def test_initials(report: str, initials: str) -> None:
    """Who dictated, typed, called or cut, in two to four letters that are no word."""
    assert initials in found(report, Kind.NAME)


@pytest.mark.parametrize(
    ("report", "place"),
    [
        ("Pt seen in the Kelverine clinic for hematuria.", "Kelverine"),
        ("He works at a mill near Kelverine.", "Kelverine"),
        ("Send to 12 Old Quarne Turnpike, Kelverine 30112-0021.", "Kelverine 30112-0021"),
        ("Performed at One Quarne Plaza, Kelverine 30112.", "One Quarne Plaza, Kelverine 30112"),
        ("R.R. 3, Quarne Line, Kelverine", "R.R. 3, Quarne Line"),
        ("Kelverine Pathology Consultants, P.A., reviewed it.", "Kelverine Pathology Consultants, P.A."),
        ("Blocks came from VA Medical Center, Kelverine.", "VA Medical Center, Kelverine"),
        ("Sent to Kelverine Central Slide Review Office.", "Kelverine Central Slide Review Office"),
        ("Prior biopsy (Kelverine, 3/4/2011) was benign.", "Kelverine"),
    ],
)
def test_towns_streets_and_firms(report: str, place: str) -> None:
    """A town beside a street, a clinic, a date; the form of a firm behind its name."""
    taken = removed(report)
    assert all(word.strip(".,") in taken for word in place.split())


@pytest.mark.parametrize(
    ("report", "number"),
    [
        ("Slides labelled SU:71-7469 and PS2150-321569", "PS2150-321569"),
        ("Compared with SU:71-7469 today", "SU:71-7469"),
        ("Same patient as 837-SP-07-47037.", "837-SP-07-47037"),
        ("ZUBROWSKA, IMELDA K     96-46-74     page 2", "96-46-74"),
        ("Adm# JB963130   FC: MCR", "JB963130"),
        ("Original to chart 514 48 66; copy to file", "514 48 66"),
        ("paged to Imani Zubrowska at 55502 at noon", "55502"),
        ("Results line: 560-555-2765 x292", "560-555-2765 x292"),
        ("Tel. 944-555-7652, local 621", "944-555-7652, local 621"),
        ("Case A24-318 was seen. Levels on block 318-B2.", "318"),
    ],
)
def test_numbers_in_any_order(report: str, number: str) -> None:
    """Accession numbers of many systems, numbers beside a name, extensions."""
    assert number in removed(report)


@pytest.mark.parametrize(
    "report",
    ["AGE/SX: 97/F", "Clin info: 97, male, on warfarin", "97yoF with melena", "Yrs 97  |", "She turned 97 in March."],
)
def test_ages_over_89(report: str) -> None:
    """However a header or a history writes them."""
    assert found(report, Kind.AGE) == ["97"]


@pytest.mark.parametrize(
    "report",
    [
        "Country of Birth: Quarnia     PCP: none",
        "Veteran status: Quarnian | Interpreter: N",
        "Fin. class: Quarnian   x",
    ],
)
def test_personal_fields_wherever_they_stand(report: str) -> None:
    """Without a header of two fields before them."""
    assert "Quarnia" in removed(report)


@pytest.mark.parametrize(
    "report",
    [
        "A. Kidney, left; B. Ureter; C. Lymph node (0/12). Blocks A1-A12, B10-B19.",
        "Microsatellites D19S219, D1S1592 and PLA2G4C; T-28000 M-81403 P1-03000; 8500/3; clone 34BE12.",
        "Clones: PgR 636, ER 1D5; CK5/6, S-100/HMB45 positive. Detection is by LSAB.",
        "Tumor is present in Wharton's duct. Estrogen receptor 95%, in 100 of 110 cells.",
        "Node status: negative. Occupational exposure: asbestos.",
        "Glutamine synthetase is positive. Elastica-van Gieson stain.",
        "See note. Part 3: Placenta, termination. Margin of 97 mm.",
    ],
)
def test_medicine_stays(report: str) -> None:
    """Blocks, markers, codes, clones, parts and findings."""
    assert removed(report) == ""


@pytest.mark.parametrize("piece", ["Dr. ", "A", "1-2/3:4 ", "Kelverine, ", "in Kelverine at ", "(12) ", "Roe, Jane A "])
def test_time_grows_with_length_alone(piece: str) -> None:
    """Four times the text takes no more than some four times as long."""
    seconds = []
    for length in (5_000, 20_000):
        start = time.process_time()
        find_identifiers((piece * length)[:length])
        seconds.append(time.process_time() - start)

    assert seconds[1] < 8 * seconds[0] + 0.5
