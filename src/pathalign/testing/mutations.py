"""Broken copies of slide files: what disks, networks and vendors do to them, the same bytes for the same seed.

What a reader may make of them differs: some cannot be read by anyone, in some what was hit does not matter (a label
image), and some decode to other pixels without any trace.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

CUTS = (0.0, 0.0001, 0.01, 0.05, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9, 0.97, 0.999)
"""Shares of the file that a truncated copy keeps."""
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR = 256, 257, 258, 259, 262, 277, 284
_DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION = 270, 282, 283
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS, _TABLES = 322, 323, 324, 325, 347
WRONG_TAGS: tuple[tuple[int, int], ...] = (
    (_WIDTH, 0), (_WIDTH, 1), (_WIDTH, 2**31 - 1), (_WIDTH, 2**32 - 1), (_HEIGHT, 0), (_HEIGHT, 2**31 - 1),
    (_BITS, 16), (_BITS, 1), (_BITS, 0), (_COMPRESSION, 0), (_COMPRESSION, 1), (_COMPRESSION, 5), (_COMPRESSION, 7),
    (_COMPRESSION, 33003), (_COMPRESSION, 65000), (_PHOTOMETRIC, 0), (_PHOTOMETRIC, 3), (_PHOTOMETRIC, 5),
    (_SAMPLES, 0), (_SAMPLES, 1), (_SAMPLES, 4), (_SAMPLES, 60000), (_PLANAR, 2), (_TILE_WIDTH, 0), (_TILE_WIDTH, 1),
    (_TILE_WIDTH, 16), (_TILE_WIDTH, 65520), (_TILE_HEIGHT, 0), (_TILE_HEIGHT, 65520), (_TILE_OFFSETS, 0),
    (_TILE_OFFSETS, 2**32 - 1), (_TILE_COUNTS, 0), (_TILE_COUNTS, 2**32 - 1), (_TABLES, 0), (_TABLES, 2**32 - 1),
)  # fmt: skip
"""Tag and the value that is put in its place: of the entry, so for a list it is where the list lies."""

RESOLUTIONS: dict[str, tuple[int, int]] = {"zero": (0, 1), "inf": (1, 0), "72-dpi": (72, 1)}
"""Pixels per inch, as a fraction, in the place of both resolution tags; and as micrometres where text says them."""
_MPP_TEXT = re.compile(rb'(?:MPP = |PhysicalSize[XY]=")([0-9.]+)')


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """One broken copy."""

    name: str
    data: bytes
    kind: str
    """`truncated`, `header`, `tile`, `tag`, `mpp`, `block` or `chain`."""


def mutations(path: Path, *, seed: int) -> Iterator[Mutation]:
    """All broken copies of a file; those that need its tiles or tags only where tifffile finds some."""
    whole = path.read_bytes()
    rng = np.random.default_rng([seed, len(whole)])
    for share in CUTS:
        yield Mutation(name=f"cut-{share:g}", data=whole[: int(len(whole) * share)], kind="truncated")
    for count in (1, 4, 16, 64, 256):
        yield Mutation(name=f"header-{count}", data=_flipped(whole, 0, 4096, count, rng), kind="header")
    for count in (1, 64, 4096):
        yield Mutation(name=f"anywhere-{count}", data=_flipped(whole, 0, len(whole), count, rng), kind="block")
    for number in range(3):
        yield Mutation(name=f"zeros-{number}", data=_zeroed(whole, rng), kind="block")
    yield Mutation(name="swapped", data=_swapped(whole), kind="block")
    yield Mutation(name="noise", data=whole[:64] + rng.bytes(len(whole) - 64), kind="block")
    yield from _of_tiff(whole, rng)


def _of_tiff(whole: bytes, rng: np.random.Generator) -> Iterator[Mutation]:
    try:
        with tifffile.TiffFile(io.BytesIO(whole)) as tiff:
            page = tiff.pages.first
            tiles = [(at, size) for at, size in zip(page.dataoffsets, page.databytecounts, strict=True) if size > 400]
            entries = {tag.code: (tag.offset, tag.dtype) for tag in page.tags.values()}
            values = {tag.code: (tag.valueoffset, tag.valuebytecount) for tag in page.tags.values()}
            order, big, start = tiff.byteorder, tiff.is_bigtiff, page.offset
            chained = page.offset + (8 if big else 2) + len(page.tags) * (20 if big else 12)
    except (tifffile.TiffFileError, ValueError, IndexError):
        return
    for number, change in enumerate((_flip_forty, _half_zeroed, _flip_forty, _half_zeroed)):
        at, size = tiles[int(rng.integers(len(tiles)))]
        yield Mutation(name=f"tile-{number}", data=_changed(whole, at, size, change, rng), kind="tile")
    for tag, value in WRONG_TAGS:
        if tag in entries:
            yield Mutation(
                name=f"tag-{tag}-{value}", data=_retagged(whole, *entries[tag], value, order, big), kind="tag"
            )
    for name, to in (("itself", start), ("far", 2**31 - 2), ("zero-page", 4)):
        data = bytearray(whole)
        struct.pack_into(order + ("Q" if big else "I"), data, chained, to)
        yield Mutation(name=f"chain-{name}", data=bytes(data), kind="chain")
    yield from _of_resolution(whole, values, order)


def _of_resolution(whole: bytes, values: dict[int, tuple[int, int]], order: str) -> Iterator[Mutation]:
    """Copies whose tags, or whose words, claim a size of pixels that no slide has."""
    tags = [values[tag][0] for tag in (_X_RESOLUTION, _Y_RESOLUTION) if tag in values]
    start, length = values.get(_DESCRIPTION, (0, 0))
    said = [match.span(1) for match in _MPP_TEXT.finditer(whole, start, start + length)]
    for name, (above, below) in RESOLUTIONS.items():
        data = bytearray(whole)
        for place in tags:
            struct.pack_into(order + "II", data, place, above, below)
        if tags:
            yield Mutation(name=f"mpp-tags-{name}", data=bytes(data), kind="mpp")
        words = {"zero": b"0", "inf": b"inf", "72-dpi": b"352.8"}[name]
        for first, stop in said:
            data[first:stop] = words[: stop - first].ljust(stop - first, b"0" if b"." in words else b" ")
        if said:
            yield Mutation(name=f"mpp-{name}", data=bytes(data), kind="mpp")


def _flipped(whole: bytes, start: int, stop: int, count: int, rng: np.random.Generator) -> bytes:
    data = np.frombuffer(whole, np.uint8).copy()
    where = rng.integers(start, min(stop, len(data)), size=count)
    data[where] ^= rng.integers(1, 256, size=count).astype(np.uint8)
    return data.tobytes()


def _zeroed(whole: bytes, rng: np.random.Generator) -> bytes:
    """A run of blocks of 4 kB that was never written, as on a disk that ran full."""
    data = bytearray(whole)
    size = min(len(data) // 4, 64 * 4096)
    start = int(rng.integers(0, len(data) - size)) // 4096 * 4096
    data[start : start + size] = bytes(size)
    return bytes(data)


def _swapped(whole: bytes) -> bytes:
    third = len(whole) // 3
    return whole[:third] + whole[2 * third : 3 * third] + whole[third : 2 * third] + whole[3 * third :]


def _changed(
    whole: bytes, at: int, size: int, change: Callable[[bytearray, np.random.Generator], None], rng: np.random.Generator
) -> bytes:
    tile = bytearray(whole[at : at + size])
    change(tile, rng)
    return whole[:at] + bytes(tile) + whole[at + size :]


def _flip_forty(tile: bytearray, rng: np.random.Generator) -> None:
    start = int(rng.integers(100, len(tile) - 60))
    for at in range(start, start + 40):
        tile[at] ^= int(rng.integers(1, 256))


def _half_zeroed(tile: bytearray, _: np.random.Generator) -> None:
    tile[len(tile) // 2 :] = bytes(len(tile) - len(tile) // 2)


def _retagged(whole: bytes, entry: int, dtype: int, value: int, order: str, big: bool) -> bytes:
    """The file with the value field of one directory entry overwritten, in the entry's own type."""
    data = bytearray(whole)
    field, width = (entry + 12, 8) if big else (entry + 8, 4)
    count = struct.unpack_from(order + ("Q" if big else "I"), data, entry + 4)[0]
    code = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(int(dtype), "I")
    if count * struct.calcsize(code) > width:  # the field holds an offset to the values
        code = "Q" if big else "I"
    struct.pack_into(order + code, data, field, value & (2 ** (8 * struct.calcsize(code)) - 1))
    return bytes(data)
