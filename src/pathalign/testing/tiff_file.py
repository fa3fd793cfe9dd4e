"""A TIFF of JPEG tiles, written byte by byte.

tifffile asks for imagecodecs as soon as it writes compression 7, even when it is handed encoded tiles (2026.3.3), and
it always writes resolution tags. The demo must need neither a codec package nor lie about resolution, and what it
takes of TIFF 6.0 is little: a header, tiles, and one directory of tags per level.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from pathalign.errors import NeedsRepair

ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5
FORMATS = {ASCII: "B", SHORT: "H", LONG: "I", RATIONAL: "II"}
SOFTWARE = b"pathalign.testing\0"
MAX_BYTES = 2**32 - 2**20
"""Offsets of a classic TIFF have 32 bits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TiledLevel:
    """One level of a pyramid, its tiles encoded as whole JPEG streams (YCbCr 4:2:0)."""

    width: int
    height: int
    tile_px: int
    mpp: float | None
    """Micrometres per pixel of this level; None leaves every resolution tag out."""
    tiles: Iterable[bytes]
    """In reading order."""


def write_tiff(path: Path, levels: Iterator[TiledLevel]) -> None:
    """Write the levels, finest first, each as one directory; all but the first are marked as reduced images."""
    with path.open("wb") as file:
        file.write(struct.pack("<2sHI", b"II", 42, 0))
        pointer = 4  # where the offset of the next directory is to be written
        for k, level in enumerate(levels):
            offsets, sizes = [], []
            for tile in level.tiles:
                offsets.append(_even(file))
                sizes.append(file.write(tile))
                if file.tell() > MAX_BYTES:
                    raise NeedsRepair(f"{path.name} would pass the 4 GiB of a classic TIFF. Write a smaller image.")
            pointer = _write_directory(file, pointer, _tags(level, k, offsets, sizes))


Tag = tuple[int, int, Sequence[int]]


def _tags(level: TiledLevel, k: int, offsets: list[int], sizes: list[int]) -> list[Tag]:
    """Number, type and values of every tag, in ascending order as TIFF wants them; a rational is two values."""
    per_cm = None if level.mpp is None else Fraction(1e4 / level.mpp).limit_denominator(10**3).as_integer_ratio()
    scale: list[Tag] = [] if per_cm is None else [(282, RATIONAL, per_cm), (283, RATIONAL, per_cm), (296, SHORT, [3])]
    tags: list[Tag] = [
        (254, LONG, [1 if k else 0]),  # reduced image
        (256, LONG, [level.width]),
        (257, LONG, [level.height]),
        (258, SHORT, [8, 8, 8]),
        (259, SHORT, [7]),  # JPEG
        (262, SHORT, [6]),  # YCbCr
        (277, SHORT, [3]),
        (284, SHORT, [1]),  # channels interleaved
        (305, ASCII, SOFTWARE),
        (322, LONG, [level.tile_px]),
        (323, LONG, [level.tile_px]),
        (324, LONG, offsets),
        (325, LONG, sizes),
        (530, SHORT, [2, 2]),  # chroma at half resolution both ways
        (532, RATIONAL, [0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1]),  # full range, as JPEG has it
    ]
    return sorted(tags + scale)


def _write_directory(file: BinaryIO, pointer: int, tags: list[Tag]) -> int:
    """Write the tags, make `pointer` point at them, and return where the next directory's offset goes."""
    entries = b""
    for number, kind, values in tags:
        packed = struct.pack("<" + FORMATS[kind][0] * len(values), *values)
        count = len(values) // len(FORMATS[kind])
        if len(packed) > 4:
            place = _even(file)
            file.write(packed)
            packed = struct.pack("<I", place)
        entries += struct.pack("<HHI", number, kind, count) + packed.ljust(4, b"\0")
    start = _even(file)
    file.write(struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0))
    following = file.tell() - 4
    file.seek(pointer)
    file.write(struct.pack("<I", start))
    file.seek(0, 2)
    return following


def _even(file: BinaryIO) -> int:
    """Pad to an even offset, as TIFF wants every value at, and return it."""
    if file.tell() % 2:
        file.write(b"\0")
    return file.tell()
