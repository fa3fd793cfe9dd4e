"""What a model tags: names become findings, terms, eponyms, codes and counts stay."""

from __future__ import annotations

import pytest

from pathalign.text.deidentification.deidentifier import deidentify
from pathalign.text.deidentification.identifiers import Kind
from pathalign.text.deidentification.tagged import MODEL, Tagged, find_tagged, kind_of_label
from pathalign.text.deidentification.words import words_of

pytestmark = pytest.mark.unit


def found(report: str, tagged: str, label: str) -> list[tuple[str, Kind]]:
    start = report.index(tagged)
    findings = find_tagged(words_of(report), [Tagged(start, start + len(tagged), label)])
    assert all(finding.rule == MODEL for finding in findings)
    return [(report[one.start : one.end], one.kind) for one in findings]


@pytest.mark.parametrize(
    ("report", "tagged", "label", "kept", "kind"),
    [
        ("Okafor agrees.", "Okafor", "B-PATIENT", "Okafor", Kind.NAME),
        ("Okafor agrees.", "Okafor agrees", "DOCTOR", "Okafor", Kind.NAME),
        ("Okafor agrees.", "kafo", "I-PER", "Okafor", Kind.NAME),
        ("Told van der Berg, who agrees.", "van der Berg,", "I-STAFF", "van der Berg", Kind.NAME),
        ("Young agrees.", "Young", "HCW", "Young", Kind.NAME),
        (
            "Slides of Mercy General Hospital.",
            "Mercy General Hospital",
            "HOSP",
            "Mercy General Hospital",
            Kind.INSTITUTION,
        ),
        ("From Zweibrueck, Ohio.", "Zweibrueck, Ohio", "LOCATION-OTHER", "Zweibrueck", Kind.PLACE),
        ("Seen 3 March again.", "3 March", "DATE", "3 March", Kind.DATE),
        ("He is 94.", "94", "AGE", "94", Kind.AGE),
        ("Number 4471283 is hers.", "4471283", "MEDICALRECORD", "4471283", Kind.MRN),
        ("Call 5-5123 now.", "5-5123", "PHONE", "5-5123", Kind.PHONE),
    ],
)
def test_what_may_be_an_identifier_is_found(report: str, tagged: str, label: str, kept: str, kind: Kind) -> None:
    """Whole words, without ordinary words and marks at the edges."""
    assert found(report, tagged, label) == [(kept, kind)]


@pytest.mark.parametrize(
    ("report", "tagged", "label"),
    [
        ("Adenocarcinoma of the colon.", "Adenocarcinoma", "PER"),
        ("Gleason score 7.", "Gleason", "PATIENT"),
        ("Hodgkin cells.", "Hodgkin", "LOC"),
        ("Margins are free.", "Margins", "DOCTOR"),
        ("Block A12 is tumor.", "A12", "ID"),
        ("Stage pT2N0.", "pT2N0", "ID"),
        ("Code T-28000.", "T-28000", "ID"),
        ("Code 88305.", "88305", "ID"),
        ("In 2 of 14 nodes.", "14", "ID"),
        ("Nodes 2/14.", "2/14", "DATE"),
        ("Since 2014 known.", "2014", "DATE"),
        ("He is 67.", "67", "AGE"),
        ("Lives in Ohio.", "Ohio", "LOC"),
        ("Measures 3.5 x 2 cm.", "3.5 x 2 cm", "PHONE"),
        ("Okafor agrees.", "Okafor", "MISC"),
        ("Okafor agrees.", "", "PER"),
    ],
)
def test_terms_codes_and_counts_stay(report: str, tagged: str, label: str) -> None:
    """Whatever a model that knows little of pathology says of them."""
    assert found(report, tagged, label) == []


def test_labels_of_the_usual_corpora_are_known() -> None:
    """With and without the prefix of a token's place, and in any case."""
    assert {kind_of_label(label) for label in ("B-PATIENT", "I-patient", "PATIENT", "E_Doctor")} == {Kind.NAME}
    assert [kind_of_label(label) for label in ("O", "MISC", "LABEL_1")] == [None, None, None]


def test_a_tagged_name_is_taken_wherever_it_stands_again() -> None:
    """Once is enough: the rules find a known name again, and number it once."""
    report = "Okafor agrees. The stains were read by okafor and OKAFOR."
    done = deidentify(report, tagged=[Tagged(0, 6, "PER")])

    assert done.text.startswith("[NAME 1] agrees.")
    assert "OKAFOR" not in done.text
    assert done.counts()["name"] >= 2
    assert deidentify(report).text == report
