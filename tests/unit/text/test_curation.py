"""Reports to parts and to the two texts of each part."""

from __future__ import annotations

import pytest

from pathalign.text.curation import curate_report, part_of_slide
from pathalign.text.statements.statement import Dropped

pytestmark = pytest.mark.unit

REPORT = """CLINICAL HISTORY:
Mass.

FINAL DIAGNOSIS:
A. LUNG, RIGHT UPPER LOBE, LOBECTOMY:
  - Adenocarcinoma, acinar predominant.
  - Focal involvement.
  - Greatest dimension 3.1 cm.
  - 2 of 11 lymph nodes positive.
B. COLON, SIGMOID, BIOPSY:
  - Negative for carcinoma.
C. SKIN, LEFT FOREARM, SHAVE BIOPSY:
  - Basal cell carcinoma,
    nodular type.

GROSS DESCRIPTION:
A. Received in formalin, a tan fragment, 3.0 cm.
B. Received in formalin, a tan fragment, 1.0 cm.
"""


def test_a_part_has_its_two_texts() -> None:
    """Retrieval text holds everything; generation text the organ and what a slide shows."""
    part = curate_report(REPORT).parts[0]

    assert part.label == "A"
    assert part.header == "LUNG, RIGHT UPPER LOBE, LOBECTOMY"
    assert part.findings == (
        "Adenocarcinoma, acinar predominant",
        "Focal involvement",
        "Greatest dimension 3.1 cm",
        "2 of 11 lymph nodes positive",
    )
    assert part.retrieval_text == (
        "Lung, right upper lobe, lobectomy: Adenocarcinoma, acinar predominant. Focal involvement. "
        "Greatest dimension 3.1 cm. 2 of 11 lymph nodes positive."
    )
    assert part.generation_text == "Lung: Adenocarcinoma, acinar predominant. Focal involvement."


def test_parts_are_told_apart() -> None:
    """Every part has its own organ and verdict; a wrapped line is one finding."""
    parts = curate_report(REPORT).parts

    assert [part.generation_text for part in parts[1:]] == [
        "Colon: Negative for carcinoma.",
        "Skin: Basal cell carcinoma, nodular type.",
    ]
    assert [part.malignant for part in parts] == [True, False, True]


def test_offsets_point_into_the_report() -> None:
    """Parts lie in the diagnosis, one after the other, and begin at their label."""
    curated = curate_report(REPORT)

    assert REPORT[curated.diagnosis_end :].startswith("GROSS")
    for part in curated.parts:
        assert curated.diagnosis_start <= part.start < part.end <= curated.diagnosis_end
        assert REPORT[part.start : part.end].startswith(f"{part.label}. ")


def test_a_report_without_line_breaks_reads_the_same() -> None:
    """Line breaks turned into full stops, as in cleaned reports, change no text."""
    flat = REPORT.replace(",\n    ", ", ").replace(".\n", ". ").replace("\n", " ")

    assert [p.generation_text for p in curate_report(flat).parts] == [
        p.generation_text for p in curate_report(REPORT).parts
    ]


@pytest.mark.parametrize("part_id", ["B", "b", "B.", "Part B", "(B)", " part b "])
def test_a_part_is_found_whatever_its_spelling(part_id: str) -> None:
    """Part ids are compared without case, brackets and the word "part"."""
    part = part_of_slide(curate_report(REPORT), part_id)

    assert part is not None
    assert part.label == "B"


def test_a_part_that_the_report_lacks_is_none() -> None:
    """A slide of an unknown part gets no other part's text."""
    assert part_of_slide(curate_report(REPORT), "D") is None


@pytest.mark.parametrize("part_id", [None, "", " "])
def test_without_a_part_id_the_whole_diagnosis_counts(part_id: str | None) -> None:
    """Several parts become one with the label "", in their order, malignant when one of them is."""
    whole = part_of_slide(curate_report(REPORT), part_id)

    assert whole is not None
    assert whole.label == ""
    assert whole.malignant is True
    assert whole.generation_text == (
        "Lung: Adenocarcinoma, acinar predominant. Focal involvement. Colon: Negative for carcinoma. "
        "Skin: Basal cell carcinoma, nodular type."
    )


@pytest.mark.parametrize(
    ("report", "labels"),
    [
        ("DIAGNOSIS: PART 1: LUNG, BIOPSY - BENIGN. PART 2: LUNG, BIOPSY - ADENOCARCINOMA.", ["1", "2"]),
        ("Final Dx: (A) Colon, biopsy: Adenoma. (B) Rectum, biopsy: Adenoma.", ["A", "B"]),
        ("FINAL DIAGNOSIS. 1. Colon, biopsy: Adenoma. 2. Rectum, biopsy: Adenoma.", ["1", "2"]),
        ("DIAGNOSIS: Specimen #1: Colon, biopsy: Adenoma. Specimen #2: Rectum, biopsy: Adenoma.", ["1", "2"]),
        ("DIAGNOSIS: A. Ovary, excision: Cyst. G/H. Uterus, hysterectomy: Leiomyoma.", ["A"]),
        ("DIAGNOSIS: Kidney, nephrectomy: Carcinoma. 1. Histologic type: clear cell. 2. Margins: free.", [""]),
        ("DIAGNOSIS: A. Colon, biopsy: Adenoma. COMMENT: Small. B. Rectum, biopsy: Adenoma.", ["A", "B"]),
        ("DIAGNOSIS: A-C. Nodes, excision: Benign. D. Colon, biopsy: Adenoma.", ["A-C", "D"]),
        ("DIAGNOSIS: A., B. Liver, biopsy: Carcinoma. C. Colon, biopsy: Adenoma.", ["A/B", "C"]),
        ("DIAGNOSIS: #1. GALLBLADDER: CHOLECYSTITIS. #2. LIVER, BIOPSY: CARCINOMA.", ["1", "2"]),
        ("DIAGNOSIS: 1. SP: Lung, biopsy: Benign. 2. SP: Lymph node, biopsy: Benign.", ["1", "2"]),
        ("DIAGNOSIS: 1). LUNG, RIGHT; BIOPSY: BENIGN. 2). NODE, LEFT; BIOPSY: BENIGN.", ["1", "2"]),
        (
            "DIAGNOSIS: FSA: Liver, biopsy. Benign. FSB: Liver, biopsy. Benign. C: Liver, biopsy. Benign.",
            ["A", "B", "C"],
        ),
        ("DIAGNOSIS: PART 1: BREAST, BIOPSY -. A. CARCINOMA. B. NECROSIS. PART 3: NODE, BIOPSY -. BENIGN.", ["1", "3"]),
        ("DIAGNOSIS: 9. Lung, biopsy: Benign. 1. Lung: Benign.", [""]),
        (
            "DIAGNOSIS: 1. Colon, biopsy: Adenoma. 3. SEEN ON PAGE, HERE: AH. 2. Rectum, biopsy: Adenoma.",
            ["1", "2"],
        ),
        (
            "SPECIMENS: A. Node. B. Prostate. DIAGNOSIS: A. Node: Benign. B. Prostate: Cancer. C. Total score: 6.",
            ["A", "B"],
        ),
        (
            "Specimens Received: 1. Node. 2. Thyroid. DIAGNOSIS: 1. Benign. 2. Papillary carcinoma of the thyroid.",
            ["1", "2"],
        ),
        ("DIAGNOSIS: 1. Resected colon with carcinoma. 2. & 3. Both bits with carcinoma.", ["1", "2/3"]),
        ("DIAGNOSIS: LIVER, BIOPSY: CARCINOMA. 2). COLON; BIOPSY: ADENOMA. 3). LUNG; BIOPSY: BENIGN.", ["1", "2", "3"]),
        ("DIAGNOSIS: &. LIVER, BIOPSY: CARCINOMA. B. COLON, BIOPSY: ADENOMA.", ["A", "B"]),
        ("DIAGNOSIS: Colon, biopsy: Adenoma (0/1). Lymph nodes, excision: None (1/3). Liver: Benign.", [""]),
        ("DIAGNOSIS: Pancreas, resection: carcinoma with 1) wide spread. 2) Duct margin, duodenum: free.", [""]),
        ("DIAGNOSIS: C. Colon, biopsy: Adenoma. A. Liver, biopsy: Benign. B. Lung, biopsy: Benign.", ["C", "A", "B"]),
        (
            "DIAGNOSIS: NODE, BIOPSY -. BENIGN. PART 25 NODE, BIOPSY -. BENIGN. PART 3: COLON, BIOPSY -. CYST.",
            ["1", "2", "3"],
        ),
        ("DIAGNOSIS: PART A RIGHT NODE, BIOPSY: BENIGN. PART B LEFT NODE, BIOPSY: BENIGN.", ["A", "B"]),
        ("DIAGNOSIS: À. STOMACH, GASTRECTOMY: CARCINOMA. B. VAGUS NERVE, VAGOTOMY: NERVE.", ["A", "B"]),
        ("DIAGNOSIS: 1. Colon, biopsy: Cyst. 2, Lung, biopsy: Cyst. 3,. Skin, biopsy: Cyst.", ["1", "2", "3"]),
        ("DIAGNOSIS: A. Colon: Cyst. Intraoperative diagnosis confirmed. B. Lung: Cyst.", ["A", "B"]),
        ("DIAGNOSIS: Liver, resection: Cancer. Liver, segment 3, No. 2, excision: Benign.", [""]),
        ("DIAGNOSIS: I) Colon, biopsy: Adenoma. V) Liver, biopsy: Benign.", [""]),
        (
            "DIAGNOSIS: 1. Colon, biopsy: Part # 1. Type: Adenoma. 2. Liver, biopsy: Part # 2. Type: Cyst.",
            ["1", "2"],
        ),
        (
            f"DIAGNOSIS: Summary Statement. {'The tumor is benign and small. ' * 20}PART 1: COLON, BIOPSY -. ADENOMA. "
            "PART 2: LUNG, BIOPSY -. BENIGN.",
            ["1", "2"],
        ),
    ],
)
def test_labels(report: str, labels: list[str]) -> None:
    """Parts are listed in many ways; a numbered list of findings is none of them."""
    assert [part.label for part in curate_report(report).parts] == labels


def test_parts_diagnosed_together_answer_to_each_label() -> None:
    """ "A/B" is the part of slides of A and of B."""
    curated = curate_report("DIAGNOSIS: A/B. Uterus, hysterectomy: Leiomyoma. C. Ovary, excision: Cyst.")

    assert [part.label for part in curated.parts] == ["A/B", "C"]
    assert part_of_slide(curated, "B") == curated.parts[0]


def test_comments_are_left_out() -> None:
    """A comment between two parts belongs to neither's findings."""
    curated = curate_report(
        "DIAGNOSIS: A. Colon, biopsy: Adenoma. COMMENT: Small. B. Rectum, biopsy: Hyperplastic polyp."
    )

    assert curated.parts[0].retrieval_text == "Colon, biopsy: Adenoma."


@pytest.mark.parametrize(
    "report",
    [
        "FROZEN SECTION DIAGNOSIS: Adenocarcinoma of the lung. GROSS: A lobe.",
        "Preoperative diagnosis: Colon cancer, sigmoid. GROSS: A segment of colon.",
        "CLINICAL DIAGNOSIS: Colon cancer, sigmoid. GROSS: A segment of colon.",
        "ADDENDUM DIAGNOSIS: HER2 amplified by FISH.",
    ],
)
def test_another_diagnosis_is_not_taken_for_the_final_one(report: str) -> None:
    """Diagnoses of a frozen section, a clinician or an addendum are refused, with a reason that quotes nothing."""
    curated = curate_report(report)

    assert curated.parts == ()
    assert curated.problem == "no diagnosis section found"


def test_the_final_diagnosis_wins_over_the_frozen_one() -> None:
    """The final diagnosis is taken wherever it stands."""
    curated = curate_report("FROZEN SECTION DIAGNOSIS: Defer. FINAL DIAGNOSIS: Lung, biopsy: Adenocarcinoma. GROSS: x.")

    assert [part.generation_text for part in curated.parts] == ["Lung: Adenocarcinoma."]


@pytest.mark.parametrize(
    "report", ["", " \n", "DIAGNOSIS:", "FINAL DIAGNOSIS:\n\nGROSS DESCRIPTION:\nx", "((((", "A. B. C."]
)
def test_an_unreadable_report_is_a_problem_and_no_error(report: str) -> None:
    """Nothing raises; the problem is named."""
    curated = curate_report(report)

    assert curated.parts == ()
    assert curated.problem
    assert part_of_slide(curated, "A") is None
    assert part_of_slide(curated, None) is None


@pytest.mark.parametrize("size", ["8 x 6.3 x 5.5", "8.2 x 6"])
def test_a_number_before_a_full_stop_keeps_its_decimals(size: str) -> None:
    """What follows a decimal point is not the mark of a list."""
    curated = curate_report(f"DIAGNOSIS: Colon, resection: Adenocarcinoma. Tumor size {size}. Lymph nodes: Negative.")

    assert f"Tumor size {size}. Lymph" in curated.parts[0].retrieval_text


def test_a_header_ends_at_the_dash_of_its_line() -> None:
    """A dash at a line's end ends the header, although a colon follows in a finding; a word's hyphen does not."""
    part = curate_report("DIAGNOSIS: LIVER, WEDGE BIOPSY -. Hemangioma. Steatosis: mild. GROSS: Brown.").parts[0]
    other = curate_report("DIAGNOSIS: Left salpingo-. oophorectomy: Serous cystadenoma. GROSS: Cyst.").parts[0]

    assert (part.header, part.findings) == ("LIVER, WEDGE BIOPSY", ("Hemangioma", "Steatosis: mild"))
    assert other.findings == ("Serous cystadenoma",)


def test_a_table_of_a_part_stands_within_the_diagnosis() -> None:
    """A protocol's table that opens with "Specimen:" ends neither the diagnosis nor the list of parts."""
    table = "Specimen: Right lung. Procedure: Lobectomy. Tumor site: Upper lobe. Tumor size: 2 cm."
    report = f"DIAGNOSIS: A. Lung, lobectomy: Adenocarcinoma. {table} B. Lymph node, biopsy: Benign. GROSS: Grey."

    parts = curate_report(report).parts

    assert [(part.label, part.findings) for part in parts] == [("A", ("Adenocarcinoma",)), ("B", ("Benign",))]


@pytest.mark.parametrize(
    "below", ["COMMENT: Seen twice.", "Diagnosis Comment: Seen twice.", "AJCC staging: T stage: T1."]
)
def test_what_follows_the_last_finding_is_no_part_of_the_diagnosis(below: str) -> None:
    """Comments and tables at the end are dropped as such, and the diagnosis ends before them."""
    report = f"DIAGNOSIS: Skin, biopsy: Melanoma. Margins are free. {below} GROSS: Brown."
    curated = curate_report(report)

    assert (
        report[curated.diagnosis_start : curated.diagnosis_end].rstrip() == "Skin, biopsy: Melanoma. Margins are free."
    )
    assert Dropped.DETAIL in {one.dropped for one in curated.statements}


def test_a_stage_on_a_line_of_its_own_heads_no_table() -> None:
    """Findings after the line of a stage or a grade are read."""
    text = "PATHOLOGIC TNM STAGE: pT2 N0. TNM histologic grade - G2. Prostatic hyperplasia."
    part = curate_report(f"DIAGNOSIS: PROSTATE, RESECTION: Adenocarcinoma. {text}").parts[0]

    assert part.generation_text == "Prostate: Adenocarcinoma. Prostatic hyperplasia."


@pytest.mark.parametrize(
    ("parts", "labels"),
    [
        ("A and C. Liver, resection: Adenoma. B. Gallbladder, cholecystectomy: Cholecystitis.", ["A/C", "B"]),
        ("1&3. Colon, resection: Adenoma. 2. Spleen, splenectomy: Normal spleen.", ["1/3", "2"]),
        ("1. Skin, excision: Nevus. 2. Renal cyst (excision): Benign cyst. 3. Fat, excision: Fat.", ["1", "2", "3"]),
        ('1. Skin, excision: Nevus. 2. "Cancer of the lip", excision: Scar. 3. Fat, excision: Fat.', ["1", "2", "3"]),
        ("1. Skin, excision: Nevus. 2. Urethral margin, biopsy (D) - Scar. 3. Fat, excision: Fat.", ["1", "2", "3"]),
        ("A. Skin, excision: Nevus. B. Spleen, biopsy Negative for tumor. C. Fat, excision: Fat.", ["A", "B", "C"]),
        ("# 1. Lung, biopsy: Granuloma. # 2. 2R lymph node, biopsy: Benign.", ["1", "2"]),
        ("PART 1: Lung, biopsy: Granuloma. PART. 2: Lymph node, biopsy: Benign.", ["1", "2"]),
        ("PART 1: Lung, biopsy: Scar (see also. Part 2). No tumor. PART 2: Node, biopsy: Benign.", ["1", "2"]),
        ("1. Kidney, excision: Tumor in nodes; (1/2). No more. 2. Node, excision: Benign.", ["1", "2"]),
    ],
)  # fmt: skip
def test_labels_of_parts(parts: str, labels: list[str]) -> None:
    """Labels are found where a shared one leaves some out, and before headers that name a cyst or quote a surgeon."""
    assert [part.label for part in curate_report(f"FINAL DIAGNOSIS: {parts} GROSS: Grey.").parts] == labels


def test_a_finding_before_its_organ_is_no_header() -> None:
    """ "Diagnosis: organ, operation" is read as a finding."""
    part = curate_report("DIAGNOSIS: No pathological diagnosis: Parathyroid, biopsy. GROSS: Grey.").parts[0]

    assert (part.header, part.findings) == ("", ("No pathological diagnosis: Parathyroid, biopsy",))
