"""Names of persons by what announces them, and eponyms that are none."""

from __future__ import annotations

import pytest

from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.identifiers import Kind

pytestmark = pytest.mark.unit


def names(report: str) -> list[str]:
    return [report[f.start : f.end] for f in find_identifiers(report) if f.kind is Kind.NAME]


@pytest.mark.parametrize(
    ("report", "found"),
    [
        ("The case was shown to Dr. Okonkwo-Hartley and signed.", "Okonkwo-Hartley"),
        ("seen by dr. okonkwo in clinic", "okonkwo"),
        ("CASE DISCUSSED WITH DR. BJARNASON AT 14:00.", "BJARNASON"),
        ("Mrs. van der Meulen has a mass.", "van der Meulen"),
        ("Reviewed by A. B. Chowdhury, MD, PhD.", "A. B. Chowdhury"),
        ("Ngozi Achterberg, M.D. (Electronic Signature)", "Ngozi Achterberg"),
        ("Screened by: Pfeiffer-Lund, CT(ASCP)", "Pfeiffer-Lund"),
        ("Electronically signed by Ruaridh MacTavish", "Ruaridh MacTavish"),
        ("Dictated by: jqk", "jqk"),
        ("Results called to Szczepanska by phone.", "Szczepanska"),
        ("Patient Name: O'SHAUGHNESSY, BRIGID M.\n", "O'SHAUGHNESSY, BRIGID M"),
        ("Pathologist: Dvorak-Ruiz", "Dvorak-Ruiz"),
        ('Received labeled "ZUBERI, T, left breast".', "ZUBERI, T"),
        ("The father, Kenneth Obiang, had colon cancer.", "Kenneth Obiang"),
        ("cc: Haruki Tanizaki; Lena Ostergaard", "Haruki Tanizaki"),
        ("/s/ Bogdan Ionescu", "Bogdan Ionescu"),
        ("Dr. Richardson requested a rush.", "Richardson"),
        ("Drs. Okonkwo and Wilson at tumor board.", "Wilson"),
        ("Attending: Scott B. Okonkwo, MD", "Scott B. Okonkwo"),
        ("Fellow: Hye-jin Okonkwo", "Hye-jin Okonkwo"),
        ("Grossed by Pau1 Okonkwo", "Pau1 Okonkwo"),
        ("DR. ZH0U HAS SEEN SLIDES.", "ZH0U"),
        ("Reviewed with Pranav M. Dl White, M.D.", "Pranav M. Dl White"),
        ("The container is labeled with the patient's name, White, Paolo H, and a number.", "White, Paolo H"),
        ("The jar is labeled Reeves, Nina P, with a number.", "Reeves, Nina P"),
        ('Received labeled "Whitaker, Mark F" in formalin.', "Whitaker, Mark F"),
        ("The patient's wife, Frank Okonkwo, was called.", "Frank Okonkwo"),
        ("Transcribed May 27th, 1993 by Reinhardt Okonkwo", "Reinhardt Okonkwo"),
        ("Negative for tumor. JQX/abd. (S) LEFT", "JQX/abd"),
    ],
)
def test_a_name_is_found(report: str, found: str) -> None:
    """Titles, credentials, roles, signatures, labels and fields announce a name in any case."""
    assert found in names(report)


@pytest.mark.parametrize(
    "report",
    [
        "Gleason score 3+4=7; Nottingham grade 2; Fuhrman nuclear grade 3; Breslow 1.2 mm, Clark level IV.",
        "Barrett's esophagus without dysplasia. Paget disease of the nipple. Hodgkin lymphoma, Reed-Sternberg cells.",
        "LYNCH SYNDROME. EWING SARCOMA. KAPOSI SARCOMA. WARTHIN TUMOR. KRUKENBERG TUMOR. BRENNER TUMOR.",
        "Bloom-Richardson grade II, Sertoli-Leydig cell tumor, Langerhans cells, Schwann cells, Merkel cell carcinoma.",
        "Whipple procedure; Hartmann pouch; Mohs surgery; Pap smear; Masson trichrome, Giemsa and Congo red stains.",
        "Ivor Lewis esophagectomy. Wilson disease. Lewis y antigen. Warthin-Starry stain. Wilms' tumor. Ki-67 20%.",
        "Called to Dr. at. Electronically signed by: . Attending: Final Dx: Adenocarcinoma. Dictated by. INK "
        "CODE: Blue.",
        "Reviewed by immunohistochemistry, performed by FISH, compared to the prior biopsy, reported to be negative.",
        "Specimen labeled right upper lobe, labeled FSA1, designated as A, marked with a stitch, inked Green "
        "and Black.",
        "TNM: pT2 Nx Mx. Immunostains: see comment. Lewis y antigen. ER/PR. Frozen by Dr. : FSA1: lung.",
        "The patient is a 56 year old woman. Patient: 56 year old woman. Surgeon: not given. Green ink; white nodule.",
    ],
)
def test_eponyms_and_empty_fields_hold_no_name(report: str) -> None:
    """Eponyms, empty signature lines and words after "by", "to" and "labeled" stay."""
    assert names(report) == []


def test_a_name_is_found_wherever_it_stands_again() -> None:
    """A name that was announced once is found alone, in capitals and as OCR misread it; a word like it is not."""
    report = (
        "Dr. Quillfeather saw it. Quillfeather agrees. QUILLFEATHER's note. Qui1lfeather signed. A quill, feathered."
    )

    assert names(report) == ["Quillfeather", "Quillfeather", "QUILLFEATHER", "Qui1lfeather"]


def test_an_ordinary_word_is_a_name_only_beside_what_says_so() -> None:
    """ "Green" is a surgeon and an ink; the ink stays."""
    assert names("Dr. Green inked it. Margins: green ink, GREEN: anterior.") == ["Green"]


def test_an_eponym_is_a_person_after_a_title() -> None:
    """ "Dr. Gleason" is removed, the Gleason score of the same report is not."""
    assert names("Seen by Dr. Gleason. Gleason score 3+4.") == ["Gleason"]
