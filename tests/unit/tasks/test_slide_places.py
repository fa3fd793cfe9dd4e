"""`add` fills what a row leaves empty from barcodes, names and DICOM headers, and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathalign.domain.records import Slide, Split
from pathalign.slides.sources.dicom_specimen import SpecimenLabels, specimen_labels
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.registration import add
from pathalign.tasks.slide_places import ReportedCases, SlidePlaces
from pathalign.testing.foreign_slides.dicom import write_dicom_series
from pathalign.text.slide_names.convention import NameConvention
from pathalign.text.stains.preparation import stain_of_substances

pytestmark = pytest.mark.unit

WriteTable = Callable[..., Path]
REPORT = "FINAL DIAGNOSIS:\nA. COLON, BIOPSY:\n  - Tubular adenoma.\nB. SKIN, BIOPSY:\n  - Nevus.\n"


def slides_of(workspace: Workspace) -> dict[str, Slide]:
    with Catalog(workspace.catalog_path) as catalog:
        return {slide.slide_id: slide for slide in catalog.slides()}


def test_names_find_their_report_and_part(workspace: Workspace, write_table: WriteTable) -> None:
    """Slides named by accession get the text of their own part, whatever way the report spells the accession."""
    rows = [("SP24-12345 A1-1", ""), ("SP24-12345 A1-2 CK20", ""), ("SP24-12345 B1-1", ""), ("other", "")]
    table = write_table("slides.csv", ("slide_id", "path"), *rows)
    reports = write_table("reports.csv", ("case_id", "report"), ("SP-24-0012345", REPORT))

    done = add(workspace, table, reports)
    curate(workspace)

    assert done.problems == []
    assert done.from_names == {"accession": {"case_id": 3, "part_id": 3, "block_id": 3, "stain": 1}}
    slides = slides_of(workspace)
    assert {s.case_id for s in slides.values()} == {"SP-24-0012345", "other"}
    assert len({s.split for s in slides.values() if s.case_id != "other"}) == 1, "slides of one case share a split"
    assert (slides["SP24-12345 A1-2 CK20"].block_id, slides["SP24-12345 A1-2 CK20"].stain) == ("A1", "CK20")
    with Catalog(workspace.catalog_path) as catalog:
        texts = {text.slide_id: text.generation_text for text in catalog.texts()}
    assert texts["SP24-12345 A1-1"] == "Colon: Tubular adenoma."
    assert texts["SP24-12345 B1-1"] == "Skin: Nevus."


def test_cells_win_over_names(workspace: Workspace, write_table: WriteTable) -> None:
    """What a row says holds, column by column."""
    header = ("slide_id", "path", "patient_id", "case_id", "part_id", "block_id", "stain")
    table = write_table(
        "slides.csv", header, ("S24-12345 A1 CK7", "", "P", "C", "B", "B9", "H and E"),
        ("S24-12345 A2", "", "", "", "B", "", ""),
    )  # fmt: skip

    done = add(workspace, table)

    slides = slides_of(workspace)
    given = slides["S24-12345 A1 CK7"]
    assert (given.patient_id, given.case_id, given.part_id, given.block_id, given.stain) == ("P", "C", "B", "B9", "H&E")
    other = slides["S24-12345 A2"]
    assert (other.case_id, other.part_id, other.block_id) == ("S24-12345", "B", "A2")
    assert done.from_names == {"accession": {"case_id": 1, "block_id": 1}}


def test_a_report_of_the_slides_own_id_stays_its_report(workspace: Workspace, write_table: WriteTable) -> None:
    """Where reports are named after slides or patients, names of slides change no case."""
    header = ("slide_id", "path", "patient_id")
    table = write_table("slides.csv", header, ("S24-12345 A1", "", ""), ("S24-12346 A1", "", "P7"))
    reports = write_table("reports.csv", ("case_id", "report"), ("S24-12345 A1", REPORT), ("P7", REPORT))

    done = add(workspace, table, reports)

    assert done.problems == []
    assert sorted(slide.case_id for slide in slides_of(workspace).values()) == ["P7", "S24-12345 A1"]


def test_names_can_be_left_alone(workspace: Workspace, write_table: WriteTable) -> None:
    """Switched off, a name is only a name."""
    table = write_table("slides.csv", ("slide_id", "path"), ("S24-12345 A1", ""))

    done = add(workspace, table, names=NameConvention.of("off"))

    assert done.from_names == {}
    assert slides_of(workspace)["S24-12345 A1"].case_id == "S24-12345 A1"


def test_a_name_against_its_row_fills_nothing(workspace: Workspace, write_table: WriteTable) -> None:
    """Another accession in case_id than in the name: which is right is not for us to say."""
    table = write_table("slides.csv", ("slide_id", "path", "case_id"), ("S24-12345 A1", "", "S24-99999"))

    done = add(workspace, table)

    slide = slides_of(workspace)["S24-12345 A1"]
    assert (slide.case_id, slide.part_id, slide.block_id) == ("S24-99999", "", "")
    assert done.from_names == {}
    assert len(done.notes) == 1
    assert "another case, part or block" in done.notes[0]
    assert "S24-12345 A1" in done.notes[0]


def test_tcga_slides_share_their_patient(workspace: Workspace, write_table: WriteTable) -> None:
    """Slides of one patient are one case and one split; normal tissue is pointed out."""
    names = ["TCGA-05-4245-01Z-00-DX1", "TCGA-05-4245-01A-01-TS1", "TCGA-05-4245-11A-01-TS1"]
    table = write_table("slides.csv", ("slide_id", "path"), *((name, "") for name in names))

    done = add(workspace, table)

    assert {(s.case_id, s.patient_id) for s in slides_of(workspace).values()} == {("TCGA-05-4245", "TCGA-05-4245")}
    assert done.from_names == {"TCGA barcode": {"case_id": 3, "block_id": 2}}
    assert [note for note in done.notes if "11A" in note and "ormal tissue" in note] == done.notes


def test_gtex_samples_share_their_donor(workspace: Workspace, write_table: WriteTable) -> None:
    """Each sample has its own note, but a donor is in one split."""
    names = ["GTEX-1117F-0126", "GTEX-1117F-0226", "GTEX-111CU-0126"]
    table = write_table("slides.csv", ("slide_id", "path"), *((name, "") for name in names))

    done = add(workspace, table)

    slides = slides_of(workspace).values()
    assert [(s.case_id, s.patient_id) for s in slides] == [(name, name[:-5]) for name in names]
    assert done.from_names == {"GTEx sample": {"patient_id": 3}}


def test_a_barcode_table_comes_before_names(workspace: Workspace, write_table: WriteTable) -> None:
    """Barcodes find slides by id or file name; a barcode with two meanings is a bad row."""
    table = write_table("slides.csv", ("slide_id", "path", "part_id"), ("0001", "", ""), ("0002", "", "B"))
    barcodes = write_table(
        "barcodes.csv", ("barcode", "case_id", "part_id", "block_id", "stain"),
        ("0001", "K9", "A", "A1", "MIB-1"), ("0002", "K9", "A", "A2", ""), ("0001", "K8", "", "", ""),
        ("", "K8", "", "", ""),
    )  # fmt: skip

    done = add(workspace, table, barcodes_table=barcodes)

    slides = slides_of(workspace)
    assert (slides["0001"].case_id, slides["0001"].block_id, slides["0001"].stain) == ("K9", "A1", "Ki-67")
    assert (slides["0002"].case_id, slides["0002"].part_id) == ("K9", "B")
    assert done.from_names == {"barcode table": {"case_id": 2, "part_id": 1, "block_id": 2, "stain": 1}}
    assert [(problem.source, problem.line) for problem in done.problems] == [("barcodes.csv", 4), ("barcodes.csv", 5)]


def test_an_unknown_stain_is_told_and_kept(workspace: Workspace, write_table: WriteTable) -> None:
    """Known stains get their one name, others stay as they are written."""
    rows = [("a", "", "MIB-1"), ("b", "", "Okapi blue"), ("c", "", "")]
    done = add(workspace, write_table("slides.csv", ("slide_id", "path", "stain"), *rows))

    assert [slide.stain for slide in slides_of(workspace).values()] == ["Ki-67", "Okapi blue", ""]
    assert len(done.notes) == 1
    assert "'Okapi blue'" in done.notes[0]


IMAGE = np.full((256, 256, 3), 200, np.uint8)


def test_a_dicom_header_tells_part_and_block(workspace: Workspace, tmp_path: Path, write_table: WriteTable) -> None:
    """The container's and specimens' identifiers, in any convention that is known."""
    write_dicom_series(tmp_path / "series", IMAGE, levels=1, container="S24-12345-A1-2", specimens=("S24-12345-A",))
    write_dicom_series(
        tmp_path / "several", IMAGE, levels=1, container="S24-12345-A1-2", specimens=("S24-12345-A", "S24-12345-B")
    )
    rows = [("one", "series"), ("two", "several")]

    done = add(workspace, write_table("slides.csv", ("slide_id", "path"), *rows))

    slides = slides_of(workspace)
    assert done.problems == []
    assert (slides["one"].case_id, slides["one"].part_id, slides["one"].block_id) == ("S24-12345", "A", "A1")
    assert (slides["two"].case_id, slides["two"].part_id, slides["two"].block_id) == ("S24-12345", "", "")
    assert done.from_names == {"DICOM specimen": {"case_id": 2, "part_id": 1, "block_id": 1}}


def test_identifiers_of_a_dicom_header(tmp_path: Path) -> None:
    """They are read as they stand; a file that is no DICOM has none."""
    path = write_dicom_series(tmp_path / "series", IMAGE, levels=1, container="X 7", specimens=("a", "b"))[0]
    (tmp_path / "words.dcm").write_text("no DICOM")

    labels = specimen_labels(path)

    assert labels is not None
    assert (labels.container, labels.specimens) == ("X 7", ("a", "b"))
    assert specimen_labels(path.parent) == labels
    assert specimen_labels(tmp_path / "words.dcm") is None


def test_a_dicom_header_tells_the_stain(workspace: Workspace, tmp_path: Path, write_table: WriteTable) -> None:
    """By the staining step of its specimens, whatever its identifiers; what fixed or embedded them is none."""
    he, unknown = ("hematoxylin stain", "water soluble eosin stain"), ("Okapi blue",)
    made: dict[str, dict[str, Any]] = {
        "he": {"stains": he}, "ck": {"stains": ("Cytokeratin 7", "hematoxylin stain")}, "odd": {"stains": unknown},
        "plain": {}, "given": {"stains": he}, "label": {"header": {"LabelText": "Thistlewood\nS24-12345 A1\nPAS"}},
        "barcode": {"container": "X 7", "header": {"BarcodeValue": "S24-777-B2-1 GMS"}, "stains": ("GMS",)},
        "S24-888 A1-2 CK20": {"container": "X 7", "stains": he},
    }  # fmt: skip
    for name, values in made.items():
        write_dicom_series(tmp_path / name, IMAGE, levels=1, **{"container": "Y 7", "specimens": ("s",), **values})
    rows = [(name, name, "CD3" if name == "given" else "") for name in made]

    done = add(workspace, write_table("slides.csv", ("slide_id", "path", "stain"), *rows))

    slides = slides_of(workspace)
    assert done.problems == []
    assert {name: slide.stain for name, slide in slides.items()} == {
        "he": "H&E", "ck": "CK7", "odd": "Okapi blue", "plain": "", "given": "CD3", "label": "PAS", "barcode": "GMS",
        "S24-888 A1-2 CK20": "",
    }  # fmt: skip
    assert (slides["barcode"].case_id, slides["barcode"].part_id) == ("S24-777", "B")
    assert slides["he"].case_id == "he"
    assert done.from_names["DICOM specimen"]["stain"] == 5
    assert any("'Okapi blue'" in note for note in done.notes)
    assert any("S24-888 A1-2 CK20" in note and "stain" in note for note in done.notes)
    assert "Thistlewood" not in str(done.as_json())


def test_names_off_leaves_the_stain_alone(workspace: Workspace, tmp_path: Path, write_table: WriteTable) -> None:
    """Nothing of a header is taken then."""
    write_dicom_series(tmp_path / "he", IMAGE, levels=1, specimens=("s",), stains=("PAS",))

    add(workspace, write_table("slides.csv", ("slide_id", "path"), ("he", "he")), names=NameConvention.of("off"))

    assert slides_of(workspace)["he"].stain == ""


def test_specimens_of_one_glass_must_agree() -> None:
    """Of two stains on one glass none is told."""
    places = SlidePlaces(convention=NameConvention())
    slide = Slide(slide_id="s", path=None, patient_id="s", case_id="s", split=Split.TRAIN)
    reported = ReportedCases.of(())

    def stain(*substances: tuple[str, ...]) -> str:
        labels = SpecimenLabels(container="X", specimens=("a", "b"), substances=substances)
        return places.fill(slide, {}, labels, reported).stain

    assert stain(("CK7",), ("cytokeratin 7",)) == "CK7"
    assert stain(("CK7",), ("CK20",)) == ""
    assert stain() == ""


def test_a_real_header_tells_its_stain(real_data: Path) -> None:
    """Of a scanner that writes the stain with a code of its own."""
    labels = specimen_labels(real_data / "slides" / "multi_frame_jpeg2000_camelyon_challenge_image.dcm")

    assert labels is not None
    assert [stain_of_substances(used) for used in labels.substances] == ["Arginase-1"]
    assert labels.barcode == labels.container
    assert "label=" not in repr(labels)
