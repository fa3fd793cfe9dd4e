"""DICOM through wsidicom: planes of focus, DICOMweb, damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicomweb_client import DICOMfileClient
from PIL import Image
from wsidicom import WsiDicomWebClient

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.content import Content, look_at
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.sources.dicom import open_dicom, open_dicomweb
from pathalign.testing.foreign_slides.dicom import SERIES, STUDY, write_dicom_series

pytestmark = pytest.mark.unit

IMAGE = np.asarray(
    Image.fromarray(np.random.default_rng(3).integers(40, 216, (32, 64, 3), np.uint8)).resize((1024, 512))
)
ADDRESS = f"https://archive.example/dicom-web/studies/{STUDY}/series/{SERIES}\n"


def test_wsidicom_and_openslide_show_the_same(tmp_path: Path) -> None:
    """A series that both read comes out the same, at every level and over the edges, to the rounding of decoders."""
    path = write_dicom_series(tmp_path / "series", IMAGE)[0]

    ours = open_dicom(path)
    with SlideReader(path) as slide:
        assert slide.source.decoder.startswith("openslide")
        assert [level.downsample for level in ours.levels] == [level.downsample for level in slide.source.levels]
        for level in (0, 1):
            for corner in ((-20, -10), (200, 100), (460, 200)):
                other = slide.source.read(level, *corner, 300, 150)
                assert np.abs(ours.read(level, *corner, 300, 150).astype(int) - other).max() <= 4
    ours.close()


def test_frames_that_were_never_scanned_are_white(tmp_path: Path) -> None:
    """In a sparse series each frame says where it lies; where none lies is white."""
    path = write_dicom_series(tmp_path / "series", IMAGE, missing=frozenset({0, 6}))[0]

    source = open_dicom(path)
    shown = source.read(0, 0, 0, 1024, 512)
    source.close()

    assert (shown[:256, :256] == 255).all()
    assert (shown[256:, 512:768] == 255).all()
    assert np.abs(shown[:256, 256:].astype(float) - IMAGE[:256, 256:]).mean() < 3


def test_the_middle_plane_of_focus_is_read_and_recorded(tmp_path: Path) -> None:
    """The planes above and below, which show the negative here, are not mixed in."""
    path = write_dicom_series(tmp_path / "series", IMAGE, planes=5)[0]

    with SlideReader(path) as slide:
        assert slide.source.decoder.endswith("plane of focus 3 of 5")
        shown = slide.region((0.0, 0.0), size_px=(1024, 512), mpp=0.25)

    assert np.abs(shown.astype(float) - IMAGE).mean() < 3


def test_a_label_alone_is_refused(tmp_path: Path) -> None:
    """It may bear a name, and is never shown."""
    write_dicom_series(tmp_path / "series", IMAGE)
    for path in (tmp_path / "series").glob("level*.dcm"):
        path.unlink()

    with pytest.raises(RefusedSlide, match=r"^label\.dcm belongs to a DICOM series that holds LABEL, not"):
        SlideReader(tmp_path / "series" / "label.dcm")


def test_a_damaged_frame_is_noticed(tmp_path: Path) -> None:
    """wsidicom's decoder passes flipped bytes on; the strict look at each frame does not."""
    path = write_dicom_series(tmp_path / "series", IMAGE, planes=3, levels=1)[0]
    data = bytearray(path.read_bytes())
    middle = data.rindex(b"\xff\xda", 0, len(data) // 2) + 2000  # within the scan of a frame of the middle plane
    data[middle : middle + 60] = bytes(byte ^ 0xFF for byte in data[middle : middle + 60])
    path.write_bytes(data)

    with SlideReader(path) as slide, pytest.raises(UnreadableSlide, match=r"^level0\.dcm breaks in wsidicom.*Copy"):
        slide.source.read(0, 0, 0, 1024, 512)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_truncated_series_is_unreadable(tmp_path: Path, share: float) -> None:
    """On opening or on reading."""
    path = write_dicom_series(tmp_path / "series", IMAGE, planes=3, levels=1)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    def read() -> None:
        open_dicom(path).read(0, 0, 0, 1024, 512)

    with pytest.raises((UnreadableSlide, RefusedSlide), match=r"^level0\.dcm "):
        read()


@pytest.fixture
def archive(tmp_path: Path) -> WsiDicomWebClient:
    """An archive that answers DICOMweb's questions from files, without a network."""
    (tmp_path / "archive").mkdir()
    write_dicom_series(tmp_path / "archive" / "series", IMAGE)
    return WsiDicomWebClient(DICOMfileClient(f"file://{tmp_path / 'archive'}", in_memory=True, update_db=True))


def test_an_address_is_a_slide(tmp_path: Path, archive: WsiDicomWebClient) -> None:
    """A text file with a DICOMweb address reads like the series that lies behind it."""
    (tmp_path / "a.txt").write_text(ADDRESS)
    assert look_at(tmp_path / "a.txt") is Content.DICOMWEB

    remote = open_dicomweb(tmp_path / "a.txt", client=archive)
    local = open_dicom(tmp_path / "archive" / "series" / "level0.dcm")

    assert (remote.name, remote.levels) == ("a.txt", local.levels)
    assert remote.resolution_claims == local.resolution_claims
    np.testing.assert_array_equal(remote.read(0, 100, 50, 400, 300), local.read(0, 100, 50, 400, 300))


def test_an_archive_without_the_series(tmp_path: Path, archive: WsiDicomWebClient) -> None:
    """What the archive says is told, without the folder."""
    (tmp_path / "a.txt").write_text(ADDRESS.replace(SERIES, "1.2.3"))

    with pytest.raises(UnreadableSlide, match=r"^a\.txt breaks in wsidicom"):
        open_dicomweb(tmp_path / "a.txt", client=archive)


def test_other_text_is_no_address(tmp_path: Path) -> None:
    """Only a whole address of a series is one."""
    (tmp_path / "a.txt").write_text("https://archive.example/about")

    assert look_at(tmp_path / "a.txt") is Content.OTHER
    with pytest.raises(UnreadableSlide, match=r"holds no DICOMweb address \(https://HOST"):
        open_dicomweb(tmp_path / "a.txt")
