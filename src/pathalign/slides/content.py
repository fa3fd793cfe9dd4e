"""What a file is, by its first bytes and its companions; its name is never asked."""

from __future__ import annotations

import re
import stat
from enum import Enum
from pathlib import Path

from pathalign.errors import UnreadableSlide

_HEAD = 4096
"""First bytes that are looked at."""
_MAGIC = {
    b"II*\0": "TIFF", b"MM\0*": "TIFF", b"II+\0": "TIFF", b"MM\0+": "TIFF", b"ZISRAWFILE": "CZI",
    b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"BM": "BMP", b"SQLite format 3\0": "SQLITE",
}  # fmt: skip
_DICOMWEB = re.compile(rb"\s*https?://\S+/studies/[0-9.]+/series/[0-9.]+/?\s*")


class Content(Enum):
    """A family of files, in words for a message."""

    TIFF = "a TIFF"
    VSI = "an Olympus VSI"
    ISYNTAX = "a Philips iSyntax"
    CZI = "a Zeiss CZI"
    DICOM = "DICOM"
    DICOM_FOLDER = "a folder of DICOM files"
    DICOMWEB = "a DICOMweb address"
    MRXS = "a MIRAX slide"
    SQLITE = "an SQLite database"
    PNG = "a PNG image"
    JPEG = "a JPEG image"
    BMP = "a BMP image"
    OTHER = "of a kind that PathAlign does not know"


def look_at(path: Path) -> Content:
    """What lies at a path. Raises `UnreadableSlide` for what is no file, is empty or may not be read."""
    try:
        if "\0" in path.name:
            raise FileNotFoundError
        return _look(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableSlide(
            f"{path.name} is not there. Correct its `path` in slides.csv; paths are relative to it."
        ) from error
    except PermissionError as error:
        raise UnreadableSlide(
            f"{path.name} may not be read by this user. Give the file and its folders read permission."
        ) from error
    except OSError as error:  # a loop of links, a name that is too long, a disk that fails
        raise UnreadableSlide(
            f"{path.name} cannot be reached ({error.strerror}). Correct its `path` in slides.csv, or mend the disk."
        ) from error


def _look(path: Path) -> Content:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return _folder(path)
    if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
        raise UnreadableSlide(
            f"{path.name} is a device, a pipe or a socket; a slide is a file. Correct its `path` in slides.csv."
        )
    with path.open("rb") as file:
        return _content(path, file.read(_HEAD))


def _content(path: Path, head: bytes) -> Content:
    if (path.with_suffix("") / "Slidedat.ini").is_file():  # the file itself is a JPEG thumbnail
        return Content.MRXS
    if not head:
        raise UnreadableSlide(f"{path.name} is empty. Copy the file again from its source.")
    if head[128:132] == b"DICM":
        return Content.DICOM
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            if name == "TIFF" and any((path.parent / f"_{path.stem}_").glob("stack*")):
                return Content.VSI  # the TIFF holds the overview; the slide lies in the folder beside it
            return Content[name]
    if b"DPUfsImport" in head:
        return Content.ISYNTAX
    if _DICOMWEB.fullmatch(head):
        return Content.DICOMWEB
    return Content.OTHER


def _folder(path: Path) -> Content:
    if dicom_files(path):
        return Content.DICOM_FOLDER
    raise UnreadableSlide(
        f"{path.name} is a folder without DICOM files. Name the slide's file in slides.csv (of a MIRAX slide the .mrxs "
        "beside the folder)."
    )


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM files that lie directly in a folder, by name."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file():
            with path.open("rb") as file:
                if file.read(132)[128:] == b"DICM":
                    found.append(path)
    return found
