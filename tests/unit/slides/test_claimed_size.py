"""Sizes that no slide has are refused before a reader makes room for them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import tifffile

from pathalign.errors import UnreadableSlide
from pathalign.slides import opening
from pathalign.slides.opening import open_source

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("tag", "number"), [(256, 0), (257, 0), (257, 3)], ids=["width", "height", "of a later level"])
def test_a_boundless_ndpi(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: int, number: int
) -> None:
    """An NDPI that claims 2^31 - 1 rows or columns (2 GB in OpenSlide) never gets to OpenSlide; the whole one does."""
    whole = real_data / "slides" / "test3-DAPI-2.ndpi"
    with tifffile.TiffFile(whole) as tiff:
        place = tiff.pages[number].tags[tag].offset + 8
    data = bytearray(whole.read_bytes())
    struct.pack_into("<I", data, place, 2**31 - 1)
    broken = tmp_path / "slide.ndpi"
    broken.write_bytes(data)
    asked: list[Path] = []
    real = opening._openslide
    monkeypatch.setattr(opening, "_openslide", lambda path: asked.append(path) or real(path))

    with pytest.raises(UnreadableSlide, match=r"claims .*2147483647.* more than any slide has"):
        open_source(broken)
    assert asked == []
    open_source(whole).close()
    assert asked == [whole]
