"""A TIFF of any directories: classic or BigTIFF, tiles or strips, SubIFDs, sparse tiles. Little-endian.

`pathalign.testing.tiff_file` writes the demo's slides and needs less; this writes what vendors make of the format.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Value = bytes | str | int | tuple[int, int] | Sequence[int]
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _LONG8 = 1, 2, 3, 4, 5, 7, 16
SUBIFDS = 330


@dataclass(frozen=True, kw_only=True)
class Directory:
    """One image: its tags by number, and its encoded tiles or strips in reading order."""

    tags: dict[int, Value]
    blocks: list[bytes]
    """Empty bytes are a block that was never stored: offset and length 0."""
    tiled: bool = True
    children: list[Directory] = field(default_factory=list)
    """Written as SubIFDs."""


def write_directories(path: Path, directories: Sequence[Directory], *, big: bool = False) -> None:
    """Write a chain of directories, the first one first."""
    body = bytearray(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) if big else struct.pack("<2sHI", b"II", 42, 0))
    pointer = 8 if big else 4
    for directory in directories:
        start, pointer_after = _append(body, directory, big)
        struct.pack_into("<Q" if big else "<I", body, pointer, start)
        pointer = pointer_after
    path.write_bytes(body)


def _append(body: bytearray, directory: Directory, big: bool) -> tuple[int, int]:
    """Append a directory with all it needs; returns where it starts and where its pointer to the next lies."""
    children = [_append(body, child, big)[0] for child in directory.children]
    offsets = []
    for block in directory.blocks:
        _align(body)
        offsets.append(len(body) if block else 0)
        body += block
    lengths = [len(block) for block in directory.blocks]
    where, sizes = (324, 325) if directory.tiled else (273, 279)
    tags: dict[int, Value] = {**directory.tags, where: offsets, sizes: lengths}
    if children:
        tags[SUBIFDS] = children
    inline = 8 if big else 4
    entries = b""
    for number in sorted(tags):
        kind, count, packed = _packed(number, tags[number], big)
        if len(packed) > inline:
            _align(body)
            place = len(body)
            body += packed
            packed = struct.pack("<Q" if big else "<I", place)
        entries += struct.pack("<HHQ" if big else "<HHI", number, kind, count) + packed.ljust(inline, b"\0")
    _align(body)
    start = len(body)
    body += struct.pack("<Q" if big else "<H", len(tags)) + entries
    pointer = len(body)
    body += bytes(inline)
    return start, pointer


def _packed(number: int, value: Value, big: bool) -> tuple[int, int, bytes]:
    """Type, count and bytes of a tag: text, bytes, a rational (a tuple of two), or whole numbers."""
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return _ASCII, len(text), text
    if isinstance(value, bytes):
        return _UNDEFINED, len(value), value
    if isinstance(value, tuple):
        return _RATIONAL, len(value) // 2, struct.pack(f"<{len(value)}I", *value)
    numbers = [value] if isinstance(value, int) else list(value)
    if big and number in (273, 279, 324, 325, SUBIFDS):
        return _LONG8, len(numbers), struct.pack(f"<{len(numbers)}Q", *numbers)
    if number in (256, 257, 273, 279, 322, 323, 324, 325, 254, SUBIFDS):
        return _LONG, len(numbers), struct.pack(f"<{len(numbers)}I", *numbers)
    return _SHORT, len(numbers), struct.pack(f"<{len(numbers)}H", *numbers)


def _align(body: bytearray) -> None:
    body += bytes(-len(body) % 2)
