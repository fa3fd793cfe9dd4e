"""Whether a slide is still the one that something was made from, at the price of a few short reads."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pathalign.slides.content import dicom_files

_ENDS = 65536
_MOST_READ = 256
"""Files beside a slide that are read: as many by their names from either end of the list. Of all, sizes count."""
_VMS = re.compile(rb"\s*\[(?:Uncompressed )?Virtual Microscope Specimen\]")
_VMS_FILE = re.compile(rb"^(?:ImageFile|MapFile|OptimisationFile)[^=\r\n]*=[ \t]*([^\r\n/\\]+?)[ \t\r]*$", re.MULTILINE)
_SERIES, _IMAGE_TYPE = b"\x20\x00\x0e\x00", b"\x08\x00\x08\x00"


def fingerprint(path: Path) -> str:
    """A hash of a slide's size and of its first and last 64 kB: cheap, and different for any two real slides.

    A slide of several files (MIRAX, VMS, VSI, a DICOM series) adds names, sizes and the same ends of those beside it.
    Times never count: a copy has the fingerprint of its original.
    """
    hasher = hashlib.sha256()
    head = b""
    if path.is_file():
        with path.open("rb") as f:
            head = f.read(_ENDS)
    beside = files_beside(path, head)
    for number, part in enumerate(beside):
        size = part.stat().st_size
        hasher.update(f"{part.name} {size}\n".encode())
        if min(number, len(beside) - 1 - number) < _MOST_READ // 2:
            hasher.update(_ends(part, size))
    if path.is_file():
        size = path.stat().st_size
        hasher.update(str(size).encode() + _ends(path, size))
    return hasher.hexdigest()[:16]


def files_beside(path: Path, head: bytes) -> list[Path]:
    """The other files that hold pixels of a slide, in the order of their names; never a label or macro image.

    `head` is the start of the slide's own file. Of a folder it is the DICOM files in it; of one DICOM file the others
    of its series that lie beside it.
    """
    if path.is_dir():
        return [file for file in dicom_files(path) if not _is_label(_head(file))]
    folder = path.with_suffix("")
    if (folder / "Slidedat.ini").is_file():
        return sorted(file for file in folder.iterdir() if file.is_file())
    stacks = path.parent / f"_{path.stem}_"
    if head[:2] in (b"II", b"MM") and stacks.is_dir():
        return sorted(file for file in stacks.rglob("*") if file.is_file())
    if _VMS.match(head):
        names = {name.decode("utf-8", "replace") for name in _VMS_FILE.findall(head)}
        return sorted(file for name in names if (file := path.parent / name).is_file())
    if head[128:132] == b"DICM":
        series = set(_values(head, _SERIES))
        return [file for file in dicom_files(path.parent) if file != path and _is_of(series, _head(file))]
    return []


def _is_of(series: set[bytes], head: bytes) -> bool:
    return not series.isdisjoint(_values(head, _SERIES)) and not _is_label(head)


def _is_label(head: bytes) -> bool:
    return any(kind in value for value in _values(head, _IMAGE_TYPE) for kind in (b"LABEL", b"OVERVIEW"))


def _values(head: bytes, tag: bytes) -> list[bytes]:
    """The values of a DICOM tag of text, wherever it stands: explicit (two letters, 16 bits) or implicit (32 bits)."""
    found = []
    for match in re.finditer(re.escape(tag), head):
        at = match.end()
        explicit = head[at : at + 2].isalpha()
        length = int.from_bytes(head[at + 2 : at + 4] if explicit else head[at : at + 4], "little")
        found.append(head[at + 4 : at + 4 + length].rstrip(b" \0"))
    return [value for value in found if value]


def _head(file: Path) -> bytes:
    with file.open("rb") as f:
        return f.read(_ENDS)


def _ends(file: Path, size: int) -> bytes:
    """The first and the last 64 kB, which overlap in a small file."""
    with file.open("rb") as f:
        first = f.read(_ENDS)
        f.seek(max(0, size - _ENDS))
        return first + f.read(_ENDS)
