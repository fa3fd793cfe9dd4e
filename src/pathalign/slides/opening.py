"""Which source reads a file: chosen by its content, not by its name."""

from __future__ import annotations

from pathlib import Path

from pathalign.errors import UnreadableSlide
from pathalign.slides.sources.source import PixelSource


def open_source(path: Path) -> PixelSource:
    """Open the pixels of a slide; raises `UnreadableSlide` or `RefusedSlide` with the repair."""
    if not path.is_file():
        raise UnreadableSlide(f"{path.name} is not there. Correct its `path` in slides.csv; paths are relative to it.")
    from pathalign.slides.sources.openslide_source import OpenSlideSource

    return OpenSlideSource(path)
