"""Comparison of a few tiles with OpenSlide when a slide is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pathalign.errors import UnreadableSlide
from pathalign.slides.cross_check import cross_check
from pathalign.slides.sources.tiled_tiff import TiledTiffSource, open_tiled_tiff
from pathalign.testing.foreign_slides.tiff import Directory, write_directories
from pathalign.testing.foreign_slides.tiff_images import jpeg_level

pytestmark = pytest.mark.unit


def checked(path: Path) -> str | None:
    source = open_tiled_tiff(path)
    assert source is not None
    try:
        return cross_check(source, path)
    finally:
        source.close()


def test_real_slides_agree_but_for_chroma_subsampled_jpeg_2000(real_data: Path) -> None:
    """JPEG and JPEG 2000 in RGB agree to the bit; OpenJPEG's own conversion of subsampled colour differs by one."""
    slides = real_data / "slides"
    assert checked(slides / "CMU-1-Small-Region.svs") is None
    assert checked(slides / "TCGA-CR-7395-01A-01-TS1.svs") is None
    reason = checked(slides / "1065626.svs")
    assert reason is not None
    assert reason.startswith("differs from OpenSlide by up to 1 grey levels in the tile at (")


def test_what_openslide_does_not_open_is_not_held_against_it(real_data: Path) -> None:
    """An OME-TIFF that OpenSlide refuses passes."""
    assert checked(real_data / "slides" / "OS-1-detail.ome.tif") is None


def test_a_wrong_reading_is_found_the_same_way_each_time(
    field_025: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pixels that are off by one grey level are found, at a place that depends on the file alone."""
    write_directories(tmp_path / "a.tif", [jpeg_level(field_025)])
    (tmp_path / "renamed.tif").write_bytes((tmp_path / "a.tif").read_bytes())
    assert checked(tmp_path / "a.tif") is None
    right = TiledTiffSource.read

    def wrong(self: TiledTiffSource, *place: int) -> np.ndarray:
        pixels = right(self, *place)
        pixels[-1, -1, -1] ^= 1
        return pixels

    monkeypatch.setattr(TiledTiffSource, "read", wrong)
    reason = checked(tmp_path / "a.tif")
    assert reason is not None
    assert "by up to 1 grey levels" in reason
    assert reason == checked(tmp_path / "a.tif") == checked(tmp_path / "renamed.tif")


def test_a_wrong_size_is_found(field_025: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level 0 of another size than OpenSlide's is a reason."""
    write_directories(tmp_path / "a.tif", [jpeg_level(field_025)])
    source = open_tiled_tiff(tmp_path / "a.tif")
    assert source is not None
    write_directories(tmp_path / "a.tif", [jpeg_level(np.ascontiguousarray(field_025[:-256]))])
    reason = cross_check(source, tmp_path / "a.tif")
    assert reason is not None
    assert reason.startswith("OpenSlide finds (")


def test_broken_and_empty_tiles_are_left_to_reading(field_025: np.ndarray, tmp_path: Path) -> None:
    """A slide of broken tiles, or of none, opens: what is broken raises when it is read."""
    good = jpeg_level(np.ascontiguousarray(field_025[:512, :512]))
    for name, blocks in (
        ("broken", [block[:200] + bytes(len(block) - 200) for block in good.blocks]),
        ("empty", [b""] * 4),
    ):
        write_directories(tmp_path / name, [Directory(tags=good.tags, blocks=blocks)])
        assert checked(tmp_path / name) is None


def test_a_decoder_that_fails_on_every_tile_is_found(
    field_025: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing decodes that OpenSlide decodes, the decoder is at fault and not the file."""
    write_directories(tmp_path / "a.tif", [jpeg_level(field_025)])

    def fails(self: TiledTiffSource, *place: int) -> np.ndarray:
        raise UnreadableSlide("an encoding that is not known here")

    monkeypatch.setattr(TiledTiffSource, "read", fails)
    assert checked(tmp_path / "a.tif") == "none of the tiles that OpenSlide decodes does here"
