"""Names of slides: what each convention tells, and that doubt tells nothing."""

from __future__ import annotations

import time

import pytest

from pathalign.errors import BadNamePattern
from pathalign.text.slide_names.accession import accession_key, read_accession
from pathalign.text.slide_names.convention import NameConvention
from pathalign.text.slide_names.slide_name import stem
from pathalign.text.slide_names.tcga import read_tcga

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("S24-12345 A1-2", ("S24-12345", "A", "A1", "2", "")),
        ("S24-12345-A1-2", ("S24-12345", "A", "A1", "2", "")),
        ("S24_12345_A_1_2", ("S24-12345", "A", "A1", "2", "")),
        ("SP-24-0012345 B 3", ("SP24-0012345", "B", "B3", "", "")),
        ("24-S-12345A1", ("S24-12345", "A", "A1", "", "")),
        ("HP2024-1234;A;1;2", ("HP2024-1234", "A", "A1", "2", "")),
        ("S24-12345 1A-2", ("S24-12345", "1", "1A", "2", "")),
        ("S24-12345 AB02", ("S24-12345", "AB", "AB2", "", "")),
        ("S24-12345 A1-L2", ("S24-12345", "A", "A1", "L2", "")),
        ("S24-12345-A", ("S24-12345", "A", "", "", "")),
        ("S24-12345", ("S24-12345", "", "", "", "")),
        ("S24-12345 A1-2 CK7", ("S24-12345", "A", "A1", "2", "CK7")),
        ("S24-12345_A1_H&E", ("S24-12345", "A", "A1", "", "H&E")),
        ("S24-12345 HE", ("S24-12345", "", "", "", "HE")),
        ("S24-12345 A1 Ki-67", ("S24-12345", "A", "A1", "", "Ki-67")),
    ],
)
def test_accessions(name: str, told: tuple[str, ...]) -> None:
    """Case, part, block, slide and stain, whatever the separators."""
    read = read_accession(name)

    assert read is not None
    assert (read.case, read.part, read.block, read.slide, read.stain) == told


@pytest.mark.parametrize(
    "name",
    [
        "S24-12345-1-2",  # part and block, or block and slide
        "S24-12345 P16",  # a block, or the marker
        "S24-12345 A1-2-3",
        "S24-12345 A1 B2",
        "S24-12345 A1-2 okapi",
        "S24-12345 LN",
        "S24-12345x",
        "S24-123456789",
        "24-12345 A1",
        "IMG_12_3456",
        "SLIDE-24-12345",
        "case_12_3456",
        "OS-1-detail",
        "TCGA-05-4245-01Z-00-DX1",
        "GTEX-1117F-0126",
        "a1",
        "",
    ],
)
def test_doubt_tells_nothing(name: str) -> None:
    """A name that could be read in two ways, or is no accession, is None as a whole."""
    assert read_accession(name) is None


def test_tcga_barcodes() -> None:
    """The patient is the case; frozen slides tell their portion, and no barcode tells a part."""
    frozen = read_tcga("TCGA-CR-7395-01A-01-TS1")
    diagnostic = read_tcga("TCGA-05-4245-01Z-00-DX1.12345678-ABCD-abcd-1234-0123456789ab")
    normal = read_tcga("TCGA-05-4245-11A-01-BS1")

    assert frozen is not None
    assert (frozen.case, frozen.part, frozen.block, frozen.slide, frozen.kind) == (
        "TCGA-CR-7395", "", "01A-01", "TS1", "frozen",
    )  # fmt: skip
    assert not frozen.normal_tissue
    assert diagnostic is not None
    assert (diagnostic.patient, diagnostic.block, diagnostic.kind) == ("TCGA-05-4245", "", "diagnostic")
    assert normal is not None
    assert normal.normal_tissue


@pytest.mark.parametrize("name", ["TCGA-05-4245-01Z-00", "TCGA-05-4245-01Z", "TCGA-05-4245"])
def test_a_shorter_barcode_tells_the_patient(name: str) -> None:
    """Samples and patients have barcodes too."""
    read = read_tcga(name)

    assert read is not None
    assert (read.case, read.slide, read.kind) == ("TCGA-05-4245", "", "")


@pytest.mark.parametrize("name", ["TCGA-05-42456", "TCGA-05-4245-01Z-00-XX1", "xTCGA-05-4245", "TCGA", ""])
def test_what_only_looks_like_a_barcode(name: str) -> None:
    """The whole name is a barcode or it is none."""
    assert read_tcga(name) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("SP-24-0012345", "SP24-12345"), ("S24-1234", "24-S-1234"), ("S2024-1234", "s24_1234"), ("S24-1234", "S24 01234")],
)
def test_spellings_of_one_accession_meet(one: str, other: str) -> None:
    """Separators, zeros, the century and case do not count."""
    assert accession_key(one) == accession_key(other) != ""


def test_other_ids_have_no_accession_key() -> None:
    """Ids that are no accession never meet by it, and other accessions stay apart."""
    assert accession_key("TCGA-05-4245") == accession_key("C1") == accession_key("S24-12345 A1") == ""
    assert len({accession_key(name) for name in ("S24-1234", "S23-1234", "H24-1234", "S24-1235")}) == 4


def test_names_of_one_slide_are_read_together() -> None:
    """The file's name adds what the id leaves out; two that disagree tell nothing."""
    auto = NameConvention.of("auto")

    both = auto.read("S24-12345", "scans/S24-12345_A1_2.ome.tiff")
    assert both is not None
    assert (both.case, both.part, both.block, both.slide) == ("S24-12345", "A", "A1", "2")
    assert auto.read("S24-12345 A1", "S24-12346 A1.svs") is None
    assert auto.read("slide 7", "S24-12345 A1.svs") is not None
    assert NameConvention.of("off").read("S24-12345 A1") is None


def test_an_own_pattern_replaces_the_known_ones() -> None:
    """Groups of the user's expression, of the whole name."""
    own = NameConvention.of(r"(?P<case>\d{6})_(?P<part>[IVX]+)_(?P<stain>\w+)")

    read = own.read("123456_IV_HE.mrxs")
    assert read is not None
    assert (read.convention, read.case, read.part, read.stain) == ("own pattern", "123456", "IV", "HE")
    assert own.read("123456_IV_HE more") is None
    assert own.read("S24-12345 A1") is None


@pytest.mark.parametrize(
    ("pattern", "seen"), [("(", "no regular expression"), ("S.*", "no named group"), ("(?P<kase>S.*)", "'kase'")]
)
def test_a_bad_pattern_is_told_with_the_repair(pattern: str, seen: str) -> None:
    """What is wrong, and which groups there are."""
    with pytest.raises(BadNamePattern, match=f"{seen}.*case, patient, part"):
        NameConvention.of(pattern)


def test_stem() -> None:
    """Folders and suffixes of formats go, other full stops stay."""
    assert stem("a/b/S24-1.ome.tif") == "S24-1"
    assert stem("v1.2 scan.svs") == "v1.2 scan"
    assert stem(".svs") == ".svs"


@pytest.mark.parametrize("repeated", ["A1-", "S24-12345 ", "CK7 ", "-_ ", "A"])
def test_long_names_are_quick(repeated: str) -> None:
    """Names are at most 200 characters; ten times that is still nothing."""
    begun = time.process_time()
    read_accession("S24-12345 " + repeated * (2000 // len(repeated)))
    assert time.process_time() - begun < 1
