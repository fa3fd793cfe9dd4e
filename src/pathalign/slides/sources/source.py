"""What every pixel source gives: levels, claims of a resolution, and the RGB bytes of a rectangle of one level.

A source knows nothing of micrometres, tissue or patches: `SlideReader` does. Frames: level pixels here, level-0 pixels
(`_px0`) above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """One resolution of a slide."""

    size_px: tuple[int, int]
    """Width and height in pixels of this level."""
    downsample: float
    """Level-0 pixels per pixel of this level; pixel i covers [i * downsample, (i + 1) * downsample)."""
    scaled_decode: bool = False
    """Made by the decoder from a finer level (DCT scaling): cheap, and good enough for a thumbnail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolutionClaim:
    """Micrometres per pixel of level 0 as one part of the file states them, plausible or not."""

    source: str
    """Where it stands: `aperio MPP`, `OME-XML`, `TIFF resolution tags` ..."""
    mpp_x: float
    mpp_y: float


@runtime_checkable
class PixelSource(Protocol):
    """The pixels of one open slide. One process opens and uses it: handles must not cross a fork."""

    name: str
    """File name without its folder, for messages."""
    family: str
    """Format family: `aperio`, `generic-tiff`, `ome-tiff`, `hamamatsu` ..."""
    decoder: str
    """What decodes the pixels, with its version: decoders differ by some grey levels, so provenance records it."""
    levels: tuple[Level, ...]
    """Finest first; levels with `scaled_decode` come after those that the file stores."""
    resolution_claims: tuple[ResolutionClaim, ...]
    """In the order in which they are to be believed."""
    bounds_px0: tuple[int, int, int, int]
    """Left, top, width, height of what was scanned, in level-0 pixels; the whole slide for most formats."""
    icc_profile: bytes | None
    """The embedded ICC profile, not applied."""

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """The pixels of a rectangle of a level, in pixels of that level; always of the size asked for.

        What lies beyond the edge, was never scanned or is transparent is white. Raises `UnreadableSlide` when the data
        is broken: a decoder that repairs in silence is not used, or is told not to.
        """

    def close(self) -> None:
        """Let go of the file."""


def levels_of(sizes_px: Sequence[tuple[int, int]]) -> tuple[Level, ...]:
    """Stored levels of these sizes, finest first, with their `downsamples`."""
    return tuple(
        Level(size_px=size, downsample=down) for size, down in zip(sizes_px, downsamples(sizes_px), strict=True)
    )


def downsamples(sizes_px: Sequence[tuple[int, int]]) -> list[float]:
    """The downsample of each level of a pyramid from the sizes of its levels, finest first.

    Writers halve and drop (or keep) an odd last row, so 46,001 -> 11,500 is a downsample of 4, not of 4.000087: where
    some integer explains both sides to the rounding, it is that integer. Otherwise the ratio of the longer side.
    """
    width0, height0 = sizes_px[0]
    found = []
    for width, height in sizes_px:
        ratio = width0 / width if width0 >= height0 else height0 / height
        whole = round(ratio)
        explained = all(abs(full / whole - side) < 1 for full, side in ((width0, width), (height0, height)))
        found.append(float(whole) if explained else ratio)
    return found
