"""The fingerprint of a slide: of what it holds, in whatever files it lies, and of nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathalign.slides import fingerprint as module
from pathalign.slides.fingerprint import files_beside, fingerprint
from pathalign.testing.foreign_slides.dicom import write_dicom_series
from pathalign.testing.foreign_slides.hamamatsu import write_vms
from pathalign.testing.foreign_slides.mirax import write_mrxs
from pathalign.testing.foreign_slides.olympus import write_vsi

pytestmark = pytest.mark.unit

IMAGE = np.random.default_rng(3).integers(0, 256, (512, 1024, 3), np.uint8)


def dicom_file(folder: Path) -> Path:
    return write_dicom_series(folder, IMAGE)[0]


def dicom_folder(folder: Path) -> Path:
    write_dicom_series(folder, IMAGE)
    return folder


def single(name: str, write: Callable[[Path, np.ndarray], object]) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        folder.mkdir()
        write(folder / name, IMAGE)
        return folder / name

    return made


WRITERS: dict[str, Callable[[Path], Path]] = {
    "MIRAX": single("slide.mrxs", write_mrxs),
    "VMS": single("slide.vms", write_vms),
    "VSI": single("slide.vsi", write_vsi),
    "DICOM": dicom_file,
    "DICOM folder": dicom_folder,
}


def beside(path: Path) -> list[Path]:
    return files_beside(path, path.read_bytes() if path.is_file() else b"")


def test_one_file(tmp_path: Path) -> None:
    """The fingerprint of a single file is of its size and its ends, as it always was, whatever lies beside it."""
    data = np.random.default_rng(0).bytes(200_000)
    (tmp_path / "slide.svs").write_bytes(data)
    (tmp_path / "slide.xml").write_bytes(data)
    (tmp_path / "slide").mkdir()

    expected = hashlib.sha256(b"200000" + data[:65536] + data[-65536:]).hexdigest()[:16]
    assert fingerprint(tmp_path / "slide.svs") == expected


@pytest.mark.parametrize("write", WRITERS.values(), ids=list(WRITERS))
def test_pixels_beside_count(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    """A byte of any file that holds pixels changes it, its length kept; so do a file cut off and one taken away."""
    path = write(tmp_path / "slide")
    whole, seen = fingerprint(path), set()
    files = beside(path)

    for file in files:
        data = file.read_bytes()
        for other in (bytes([data[0], data[1] ^ 1]) + data[2:], data[:-1] + bytes([data[-1] ^ 1]), data[:-1]):
            file.write_bytes(other)
            seen.add(fingerprint(path))
        file.write_bytes(data)
    assert fingerprint(path) == whole
    files[-1].unlink()

    assert len({whole, fingerprint(path), *seen}) == 2 + 3 * len(files)


@pytest.mark.parametrize("write", WRITERS.values(), ids=list(WRITERS))
def test_a_copy_is_the_same_slide(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    """Neither times nor the folder count, nor what lies beside and is not of the slide."""
    path = write(tmp_path / "slide")
    copied = shutil.copytree(tmp_path / "slide", tmp_path / "elsewhere")
    for file in copied.rglob("*"):
        os.utime(file, (1, 1))
    (copied / "notes.txt").write_text("seen by nobody")

    assert fingerprint(copied / path.relative_to(tmp_path / "slide")) == fingerprint(path)


def test_which_files_are_of_the_slide(tmp_path: Path) -> None:
    """Those with its pixels: never its own file, a label, a macro image, or a file of another slide."""
    names = {
        kind: [file.relative_to(tmp_path / kind).as_posix() for file in beside(write(tmp_path / kind))]
        for kind, write in WRITERS.items()
    }

    assert names["VMS"] == ["slide_0.jpg", "slide_1.jpg", "slide_map.jpg"]
    assert names["VSI"] == ["_slide_/stack1/frame_t.ets"]
    assert names["DICOM"] == ["level1.dcm"]
    assert names["DICOM folder"] == ["level0.dcm", "level1.dcm"]
    assert {"slide/Index.dat", "slide/Slidedat.ini"} < set(names["MIRAX"])
    assert "slide.mrxs" not in names["MIRAX"]


def test_another_series_in_the_folder(tmp_path: Path) -> None:
    """A DICOM file that lies amid other slides is judged by its own series."""
    path = dicom_file(tmp_path / "slide")
    alone = fingerprint(path)
    for file in write_dicom_series(tmp_path / "other", IMAGE[::-1], series="1.2.3.4"):
        shutil.copy(file, path.parent / f"other_{file.name}")

    assert fingerprint(path) == alone


def test_work_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a slide in very many files those at both ends of the list are read; sizes count of all."""
    monkeypatch.setattr(module, "_MOST_READ", 4)
    folder = tmp_path / "slide"
    folder.mkdir()
    for number in range(9):
        (folder / f"Data{number:04}.dat").write_bytes(bytes(100))
    (folder / "Slidedat.ini").write_bytes(b"[GENERAL]")
    path = tmp_path / "slide.mrxs"
    path.write_bytes(b"\xff\xd8\xff")
    whole = fingerprint(path)

    def after(name: str, data: bytes) -> str:
        (folder / name).write_bytes(data)
        return fingerprint(path)

    assert after("Data0004.dat", b"x" * 100) == whole  # in the middle
    assert after("Data0004.dat", bytes(101)) != whole
    assert after("Data0004.dat", bytes(100)) == whole
    assert after("Slidedat.ini", b"[GENERAX]") != whole
