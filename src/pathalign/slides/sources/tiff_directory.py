"""The directories of a TIFF or BigTIFF, read with every bound checked: a broken file is an error, never an allocation.

Written from the TIFF 6.0 and BigTIFF specifications, because slides come damaged: here each offset and count is held
against the size of the file before anything is read, chains that loop end, and the error says what was seen.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from pathalign.errors import UnreadableSlide

MOST_VALUE_BYTES = 2**26
"""Values of one tag; the offsets of eight million tiles fit."""
MOST_ENTRIES = 4096
MOST_DIRECTORIES = 4096
_INTEGERS = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


@dataclass(frozen=True, kw_only=True, slots=True)
class TiffFile:
    """An open file that begins as a TIFF does."""

    name: str
    descriptor: int
    size: int
    order: str
    """`<` or `>`, as `struct` has it."""
    big: bool
    first: int
    """Offset of the first directory."""

    def bytes_at(self, place: int, count: int, what: str) -> bytes:
        """`count` bytes of the file from `place` on; raises `UnreadableSlide` where the file has no such bytes."""
        if not 0 <= place <= self.size - count:
            raise UnreadableSlide(
                f"{self.name} ends after {self.size} bytes, but {what} is said to take {count} bytes from byte {place} "
                "on: the file was cut off or its header is damaged. Copy it again from its source."
            )
        data = os.pread(self.descriptor, count, place)
        if len(data) != count:
            raise UnreadableSlide(f"{self.name} ended while it was read. Copy it again from its source.")
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    kind: int
    count: int
    place: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """One image of a TIFF: its tags, whose values are read when they are asked for."""

    file: TiffFile
    number: int
    """Which directory of the file, for messages."""
    entries: dict[int, _Entry]

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def raw(self, tag: int) -> bytes:
        """The bytes of a tag's values; empty when there is no such tag."""
        entry = self.entries.get(tag)
        if entry is None or not entry.count:
            return b""
        length = _WIDTHS.get(entry.kind, 1) * entry.count
        if length > MOST_VALUE_BYTES:
            raise UnreadableSlide(
                f"{self.file.name} claims {entry.count} values for tag {tag} of its directory {self.number}, more than "
                "any slide has: its header is damaged. Copy it again from its source."
            )
        return self.file.bytes_at(entry.place, length, f"tag {tag} of directory {self.number}")

    def integers(self, tag: int) -> Int64[np.ndarray, " value"]:
        """The values of a tag of whole numbers; empty when there is none. Beyond 2^63 they come out negative."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _INTEGERS:
            return np.zeros(0, np.int64)
        return np.frombuffer(self.raw(tag), self.file.order + _INTEGERS[entry.kind]).astype(np.int64)

    def integer(self, tag: int, default: int) -> int:
        """The first value of a tag of whole numbers."""
        values = self.integers(tag)
        return int(values[0]) if len(values) else default

    def rational(self, tag: int) -> float | None:
        """The first value of a tag of fractions; None when it is absent or no number."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in (5, 10) or not entry.count:
            return None
        code = "II" if entry.kind == 5 else "ii"
        above, below = struct.unpack_from(self.file.order + code, self.raw(tag))
        return above / below if below else None

    def text(self, tag: int) -> str:
        """A tag of text: UTF-8 where it is, else Latin-1; empty when there is none."""
        data = self.raw(tag).split(b"\0", 1)[0]
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")


def read_header(name: str, descriptor: int) -> TiffFile | None:
    """The file as a TIFF; None when it does not begin as one."""
    size = os.fstat(descriptor).st_size
    head = os.pread(descriptor, 16, 0)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 16:
        return None
    (magic,) = struct.unpack_from(order + "H", head, 2)
    if magic == 42:
        (first,) = struct.unpack_from(order + "I", head, 4)
    elif magic == 43 and struct.unpack_from(order + "HH", head, 4) == (8, 0):
        (first,) = struct.unpack_from(order + "Q", head, 8)
    else:
        return None
    return TiffFile(name=name, descriptor=descriptor, size=size, order=order, big=magic == 43, first=first)


def directories(file: TiffFile) -> Iterator[Directory]:
    """The main chain of directories, in its order. Raises `UnreadableSlide` where it comes back to where it was."""
    place, seen = file.first, set[int]()
    while place:
        if place in seen:
            raise UnreadableSlide(
                f"{file.name} has a chain of directories that bites its tail: its header is damaged. "
                "Copy it again from its source."
            )
        if len(seen) == MOST_DIRECTORIES:
            raise UnreadableSlide(f"{file.name} has over {MOST_DIRECTORIES} directories: no slide has. Leave it out.")
        seen.add(place)
        directory, place = _directory_at(file, place, len(seen) - 1)
        yield directory


def sub_directories(parent: Directory) -> list[Directory]:
    """The directories that hang on one of the main chain (SubIFDs)."""
    places = parent.integers(330).tolist()[:MOST_DIRECTORIES]
    return [_directory_at(parent.file, place, parent.number)[0] for place in places]


def _directory_at(file: TiffFile, place: int, number: int) -> tuple[Directory, int]:
    what = f"its directory {number}"
    head, record, code = ("Q", 20, "HHQ") if file.big else ("H", 12, "HHI")
    start = place + struct.calcsize(head)
    (count,) = struct.unpack(file.order + head, file.bytes_at(place, start - place, what))
    if count > MOST_ENTRIES:
        raise UnreadableSlide(
            f"{file.name} claims {count} tags in {what}: its header is damaged. Copy it again from its source."
        )
    link, pointer = (8, file.order + "Q") if file.big else (4, file.order + "I")
    body = file.bytes_at(start, count * record + link, what)
    entries = {}
    for at in range(0, count * record, record):
        tag, kind, values = struct.unpack_from(file.order + code, body, at)
        values_at = start + at + record - link  # a few values stand in the tag itself
        if values * _WIDTHS.get(kind, 1) > link:
            (values_at,) = struct.unpack_from(pointer, body, at + record - link)
        entries[tag] = _Entry(kind=kind, count=values, place=values_at)
    (following,) = struct.unpack_from(pointer, body, count * record)
    return Directory(file=file, number=number, entries=entries), following
