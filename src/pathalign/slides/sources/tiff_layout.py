"""Which directories of a TIFF are the levels of one slide, and where their tiles lie.

A directory in strips is a label, a macro image or a thumbnail, and is never looked into. Nothing is decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int64

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.sources.source import ResolutionClaim
from pathalign.slides.sources.tiff_directory import Directory, TiffFile, directories, sub_directories
from pathalign.slides.sources.tiff_metadata import claims, family_of, ome_refusal, philips_spacings_mm, says_not_a_level
from pathalign.slides.sources.tile_codecs import TileEncoding

MOST_TILE_SIDE = 8192
MOST_TILE_PIXELS = 2**24
MOST_SIDE = 2**31 - 1
_REDUCED = 1
_NDPI_WRAPS = 2**32
_COPY = "Copy the file again from its source."


@dataclass(frozen=True, kw_only=True, slots=True)
class TiledImage:
    """One level: its size, and its tiles in reading order."""

    size_px: tuple[int, int]
    tile_px: tuple[int, int]
    """Width and height of a tile."""
    columns: int
    offsets: Int64[np.ndarray, " tile"]
    byte_counts: Int64[np.ndarray, " tile"]
    """A tile with an offset or a byte count of zero was never scanned."""
    encoding: TileEncoding


@dataclass(frozen=True, kw_only=True, slots=True)
class TiffLayout:
    """A slide in a TIFF."""

    family: str
    images: tuple[TiledImage, ...]
    """The levels, finest first."""
    resolution_claims: tuple[ResolutionClaim, ...]
    icc_profile: bytes | None


def tiff_layout(file: TiffFile) -> TiffLayout | None:
    """The slide that a TIFF holds; None when it is not tiled RGB, or of a vendor that only OpenSlide knows.

    Raises `UnreadableSlide` where the file is damaged and `RefusedSlide` where it holds what is not one RGB plane.
    """
    if not 8 <= file.first < file.size:
        if file.size >= _NDPI_WRAPS:  # an NDPI says where its directory is modulo 4 GB: who knows the format will see
            return None
        raise UnreadableSlide(
            f"{file.name} ends after {file.size} bytes, but its first directory is said to lie at byte {file.first}: "
            "the file was cut off or its header is damaged. Copy it again from its source."
        )
    chain = directories(file)
    first = next(chain, None)
    if first is None or 322 not in first:
        return None
    family = family_of(first)
    if family is None:
        return None
    _refuse_what_is_not_rgb(first)
    if first.integer(277, 1) == 4:  # with an alpha channel: for a reader that lays it on white
        return None
    found = [first, *(other for other in (*sub_directories(first), *chain) if 322 in other)]
    if family == "ome-tiff" and (reason := ome_refusal(first.text(270))):
        raise RefusedSlide(f"{file.name} {reason} Export the plane to read as a file of its own.")
    images = [_tiled_image(directory) for directory in _levels(found, family)]
    if family == "philips":
        images = _clipped(images, philips_spacings_mm(first.text(270)))
    images.sort(key=lambda image: -image.size_px[0] * image.size_px[1])
    return TiffLayout(
        family=family, images=tuple(images), resolution_claims=claims(first, family),
        icc_profile=first.raw(34675) or None,
    )  # fmt: skip


def _size(directory: Directory) -> tuple[int, int]:
    return directory.integer(256, 0), directory.integer(257, 0)


def _refuse_what_is_not_rgb(first: Directory) -> None:
    bits, samples = first.integers(258).tolist() or [1], first.integer(277, 1)
    reasons = {
        f"has {max(bits)} bits per channel": max(bits) != 8,
        "has one channel, as fluorescence does": samples == 1 and first.integer(262, 1) in (0, 1),
        "has a colour palette": first.integer(262, 1) == 3,
        "is in CMYK": first.integer(262, 1) == 5,
        "keeps its channels apart (planar)": samples > 1 and first.integer(284, 1) == 2,
        f"has {samples} channels": samples not in (1, 3, 4),
    }
    for reason, holds in reasons.items():
        if holds:
            raise RefusedSlide(
                f"{first.file.name} {reason}; PathAlign reads bright-field slides of interleaved 8-bit RGB. "
                "Convert it (`vips tiffsave IN OUT.tif --tile --pyramid --compression jpeg` after a conversion to "
                "8-bit sRGB), or leave it out of slides.csv."
            )


def _levels(found: list[Directory], family: str) -> list[Directory]:
    """The first directory and those that show the same ground smaller; raises where another one is a picture too."""
    first, *others = found
    full, kept = _size(first), [first]
    for other in others:
        size, reduced = _size(other), bool(other.integer(254, 0) & _REDUCED)
        same = _same_ground(full, size, exactly=not reduced and family != "aperio")
        if family == "philips" or (same and size[0] < full[0]):
            kept.append(other)
        elif not reduced and not says_not_a_level(other.text(270)):
            what = "planes of focus" if size == full else "scenes"
            raise RefusedSlide(
                f"{first.file.name} holds several {what} ({full[0]} x {full[1]} and {size[0]} x {size[1]} pixels), "
                "and which one is meant is not said. Export the one to read as a file of its own."
            )
    return kept


def _same_ground(full: tuple[int, int], size: tuple[int, int], *, exactly: bool) -> bool:
    """Whether one size is another one divided: to the rounding, or to 2 % where a file says that it is a level."""
    if min(size) < 1:
        return False
    (large, small), (large_other, small_other) = sorted(zip(full, size, strict=True), reverse=True)
    apart = abs(small_other - large_other * small / large)
    return apart <= 1.5 or (not exactly and apart <= 0.02 * small_other)


def _tiled_image(directory: Directory) -> TiledImage:
    name, number = directory.file.name, directory.number
    (width, height), tile = _size(directory), (directory.integer(322, 0), directory.integer(323, 0))
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise UnreadableSlide(f"{name} claims {width} x {height} pixels in directory {number}: damaged. {_COPY}")
    if not (min(tile) > 0 and max(tile) <= MOST_TILE_SIDE and tile[0] * tile[1] <= MOST_TILE_PIXELS):
        raise UnreadableSlide(
            f"{name} claims tiles of {tile[0]} x {tile[1]} pixels in directory {number}; slides have 64 to 4,096 a "
            f"side, so its header is damaged. {_COPY}"
        )
    offsets, counts = directory.integers(324), directory.integers(325)
    columns, rows = -(-width // tile[0]), -(-height // tile[1])
    if not len(offsets) == len(counts) == columns * rows:
        raise UnreadableSlide(
            f"{name} has places for {len(offsets)} and sizes for {len(counts)} tiles in directory {number}, but "
            f"{width} x {height} pixels need {columns * rows}: its header is damaged. {_COPY}"
        )
    _check_places(directory, offsets, counts, most=tile[0] * tile[1] * 6 + 2**16)
    encoding = TileEncoding(
        compression=directory.integer(259, 1), photometric=directory.integer(262, -1),
        predictor=directory.integer(317, 1), tables=directory.raw(347),
    )  # fmt: skip
    return TiledImage(
        size_px=(width, height), tile_px=tile, columns=columns, offsets=offsets, byte_counts=counts, encoding=encoding
    )


def _check_places(directory: Directory, offsets: np.ndarray, counts: np.ndarray, *, most: int) -> None:
    """Every tile lies within the file and takes at most `most` bytes, twice what it takes uncompressed."""
    file = directory.file
    used = (offsets != 0) & (counts != 0)
    outside = used & ((offsets < 0) | (counts < 0) | (offsets > file.size - counts))
    large = used & (counts > most)
    if outside.any():
        tile = int(np.flatnonzero(outside)[0])
        raise UnreadableSlide(
            f"{file.name} ends after {file.size} bytes, but {int(outside.sum())} of the {len(offsets)} tiles in "
            f"directory {directory.number} lie beyond (tile {tile} at byte {offsets[tile]}): the file was cut off or "
            f"its header is damaged. {_COPY}"
        )
    if large.any():
        tile = int(np.flatnonzero(large)[0])
        raise UnreadableSlide(
            f"{file.name} claims {counts[tile]} bytes for tile {tile} in directory {directory.number}, which holds "
            f"{most // 2} uncompressed: its header is damaged. {_COPY}"
        )


def _clipped(images: list[TiledImage], spacings_mm: list[float]) -> list[TiledImage]:
    """Philips pads every level to whole tiles; the pixel spacings of its XML say how large each one really is."""
    if len(spacings_mm) != len(images):
        return images
    clipped = []
    for image, spacing in zip(images, spacings_mm, strict=True):
        downsample = max(1, round(spacing / spacings_mm[0]))
        width, height = (side // downsample for side in images[0].size_px)
        size = (max(1, min(width, image.size_px[0])), max(1, min(height, image.size_px[1])))
        clipped.append(replace(image, size_px=size))
    return clipped
