"""Which reader a file gets, by its content; and what is no slide."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest
from PIL import Image

from pathalign.errors import MissingExtra, NeedsRepair, RefusedSlide, UnreadableSlide
from pathalign.slides import cross_check
from pathalign.slides.content import Content, look_at
from pathalign.slides.opening import open_source
from pathalign.slides.slide_reader import SlideReader
from pathalign.testing.foreign_slides.aperio import write_svs
from pathalign.testing.foreign_slides.dicom import write_dicom_series
from pathalign.testing.foreign_slides.mirax import write_mrxs
from pathalign.testing.foreign_slides.zeiss import write_czi

pytestmark = pytest.mark.unit

IMAGE = np.asarray(
    Image.fromarray(np.random.default_rng(3).integers(40, 216, (16, 32, 3), np.uint8)).resize((1024, 512))
)


def test_a_wrong_name_does_not_mislead(tmp_path: Path) -> None:
    """An SVS called .dcm and a CZI called .svs are what they are."""
    write_svs(tmp_path / "a.dcm", IMAGE)
    write_czi(tmp_path / "b.svs", IMAGE)

    assert look_at(tmp_path / "a.dcm") is Content.TIFF
    assert look_at(tmp_path / "b.svs") is Content.CZI
    for name, family in (("a.dcm", "aperio"), ("b.svs", "zeiss")):
        source = open_source(tmp_path / name)
        source.close()
        assert source.family == family


def test_a_mirax_slide_is_not_its_thumbnail(tmp_path: Path) -> None:
    """An .mrxs file is a JPEG; what lies in the folder beside it is the slide."""
    write_mrxs(tmp_path / "a.mrxs", IMAGE)

    source = open_source(tmp_path / "a.mrxs")
    source.close()

    assert (source.family, source.levels[0].size_px) == ("mirax", (1024, 512))


def test_an_olympus_slide_is_not_its_overview(tmp_path: Path) -> None:
    """A VSI is a TIFF of the overview; with its folder beside it neither TIFF reader is asked."""
    write_svs(tmp_path / "a.vsi", IMAGE)
    (tmp_path / "_a_" / "stack1").mkdir(parents=True)

    assert look_at(tmp_path / "a.vsi") is Content.VSI
    with pytest.raises(UnreadableSlide, match=r"^a\.vsi cannot be opened by fastslide .*folder beside it"):
        open_source(tmp_path / "a.vsi")


def pipe(path: Path) -> None:
    """A named pipe, which nobody writes to."""
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    """A socket in the file system."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path)


def circle(path: Path) -> None:
    """Two links to one another."""
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


def dangling(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to(path.with_name("nothing"))


def device(path: Path) -> None:
    """A link to what never ends."""
    path.symlink_to("/dev/zero")


def within_a_file(path: Path) -> None:
    """Nothing: the folder of the path is a file."""
    path.parent.rmdir()
    path.parent.write_text("a file")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, r"is not there\. Correct its `path`"), (dangling, r"is not there\. Correct its `path`"),
        (within_a_file, r"is not there\. Correct its `path`"), (loop, r"cannot be reached \(Too many levels of"),
        (circle, r"cannot be reached \(Too many levels of"), (pipe, "is a device, a pipe or a socket"),
        (device, "is a device, a pipe or a socket"), (unix_socket, "is a device, a pipe or a socket"),
        (lambda path: path.write_bytes(b""), r"is empty\. Copy the file again"),
        (lambda path: path.mkdir(), r"is a folder without DICOM files\. Name the slide's file"),
        (lambda path: path.write_bytes(b"II"), "cannot be opened as a whole-slide image"),
        (lambda path: path.write_bytes(b"II*\0"), ""), (lambda path: path.write_bytes(b"MM\0+"), ""),
        (lambda path: path.write_bytes(bytes(128) + b"DICM"), "a DICOM series that holds no image"),
        (lambda path: path.write_bytes(b"ZISRAWFILE"), "The file is a Zeiss CZI; of another reader"),
        (lambda path: path.write_bytes(b"\xff\xd8\xff"), "cannot be opened as a picture"),
        (lambda path: path.write_bytes(b"<DataObject ObjectType='DPUfsImport'>"), "cannot be opened by fastslide"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "cannot be opened as a whole-slide image"),
    ],
)  # fmt: skip
def test_what_is_no_slide_is_not_read(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    """Nothing hangs or crashes; each refusal starts with the file's own name and names no folder."""
    path = tmp_path / "folder" / "a.slide"
    path.parent.mkdir()
    make(path)

    with pytest.raises((UnreadableSlide, RefusedSlide), match=rf"^a\.slide .*{message}") as caught:
        open_source(path)
    assert str(tmp_path) not in str(caught.value)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    """A zero byte, or a thousand letters, from a broken table."""
    with pytest.raises(UnreadableSlide, match="is not there"):
        open_source(tmp_path / "a\0b")
    with pytest.raises(UnreadableSlide, match="cannot be reached"):
        open_source(tmp_path / ("a" * 1000))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says to give permission; whoever runs the tests may read everything, so the refusal is staged."""
    write_svs(tmp_path / "a.svs", IMAGE)

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(UnreadableSlide, match=r"^a\.svs may not be read by this user.*read permission") as caught:
        open_source(tmp_path / "a.svs")
    assert str(tmp_path) not in str(caught.value)


def test_a_link_to_a_slide_is_the_slide(tmp_path: Path) -> None:
    """Archives are full of them."""
    write_svs(tmp_path / "a.svs", IMAGE)
    (tmp_path / "link").symlink_to(tmp_path / "a.svs")

    source = open_source(tmp_path / "link")
    source.close()

    assert (source.name, source.family) == ("link", "aperio")


@pytest.mark.parametrize(
    ("extra", "module", "make"),
    [
        ("fastslide", "fastslide", lambda path: write_czi(path, IMAGE, planes=3)),
        ("dicom", "wsidicom", lambda path: write_dicom_series(path.parent, IMAGE, planes=3)[0].rename(path)),
    ],
)
def test_a_reader_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str, module: str, make: Callable[[Path], object]
) -> None:
    """Where OpenSlide refuses and an extra would help, the message says both."""
    path = tmp_path / "a.czi"
    make(path)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(NeedsRepair, match=rf"whole-slide image.*pip install 'pathalign\[{extra}\]'"):
        open_source(path)


def test_an_isyntax_file_without_fastslide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other reader knows the format, so the extra is what is missing."""
    (tmp_path / "a.isyntax").write_text("<DataObject ObjectType='DPUfsImport'>")
    monkeypatch.setitem(sys.modules, "fastslide", None)

    with pytest.raises(MissingExtra, match=r"^a\.isyntax .*pip install 'pathalign\[fastslide\]'"):
        open_source(tmp_path / "a.isyntax")


def test_the_direct_decoder_is_left_out_where_it_disagrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSlide reads the slide then, and the decoder that is recorded says why."""
    write_svs(tmp_path / "a.svs", IMAGE)
    monkeypatch.setattr(cross_check, "cross_check", lambda source, path: "a tile differs by 47 grey levels")

    source = open_source(tmp_path / "a.svs")
    source.close()

    assert source.decoder.startswith(f"openslide {openslide.__library_version__}")
    assert "a tile differs by 47 grey levels" in source.decoder


def test_a_series_is_opened_by_any_of_its_files(tmp_path: Path) -> None:
    """The folder of a series, each level and the label lead to the same slide."""
    write_dicom_series(tmp_path / "series", IMAGE)

    for path in (tmp_path / "series", *sorted((tmp_path / "series").iterdir())):
        source = open_source(path)
        source.close()
        assert [level.size_px for level in source.levels] == [(1024, 512), (512, 256)]


def test_one_level_alone_is_not_the_slide(tmp_path: Path) -> None:
    """A coarse level whose series is elsewhere is refused; the finest alone is a slide without a pyramid."""
    finest, coarse = write_dicom_series(tmp_path / "series", IMAGE)
    for path in (finest, coarse):
        (tmp_path / path.stem).mkdir()
        shutil.copy(path, tmp_path / path.stem / path.name)

    source = open_source(tmp_path / "level0" / "level0.dcm")
    source.close()
    assert len(source.levels) == 1
    with pytest.raises(RefusedSlide, match=r"^level1\.dcm is one low-resolution level \(512 x 256 pixels\) of a DICOM"):
        open_source(tmp_path / "level1" / "level1.dcm")


def test_a_series_without_its_finest_level_says_so(tmp_path: Path) -> None:
    """Its pixels are true at their own resolution, so they are read; the decoder that is recorded tells of the gap."""
    write_dicom_series(tmp_path / "series", IMAGE, levels=3)[0].unlink()

    with SlideReader(tmp_path / "series") as slide:
        assert slide.mpp == pytest.approx(0.5)
        assert slide.source.decoder.endswith("of a series whose finest level was resampled")


def test_a_folder_of_two_series_is_refused(tmp_path: Path) -> None:
    """A slide is one series; a file of it names it."""
    paths = write_dicom_series(tmp_path / "study", IMAGE)
    paths[0].rename(tmp_path / "study" / "first.dcm")
    write_dicom_series(tmp_path / "study", IMAGE, series="1.2.826.0.1.3680043.10.1337.9", levels=1, label=False)

    with pytest.raises(RefusedSlide, match=r"^study holds 2 DICOM series.*Name one file of the series"):
        open_source(tmp_path / "study")
