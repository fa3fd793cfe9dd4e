"""Patches in their batches: the same pixels whichever way they are made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.slides.patch_reading import _done, read_patches
from pathalign.slides.resampling import area_resample, source_span
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.sources.tile_cache import TileCache
from pathalign.slides.sources.tile_levels import DecodedLevel
from pathalign.slides.sources.tiled_tiff import TiledTiffSource
from pathalign.testing.foreign_slides.tiff import write_directories
from pathalign.testing.foreign_slides.tiff_images import jpeg_level, resolution_tags

pytestmark = pytest.mark.unit


def every_patch(slide: SlideReader, *, px: int, mpp: float) -> PatchGrid:
    """The grid of a whole slide, tissue or not, with patches that reach beyond its edges."""
    plan = slide.plan(mpp)
    side = px * plan.effective_mpp / slide.mpp
    columns, rows = (int(size / side) + 1 for size in slide.size_px0)
    xy = np.array([(round(x * side), round(y * side)) for y in range(rows) for x in range(columns)], np.int32)
    return PatchGrid(
        spec=PatchSpec(patch_px=px, patch_mpp=mpp), slide_mpp=slide.mpp, effective_mpp=plan.effective_mpp, xy_px0=xy,
        tissue_share=np.ones(len(xy), np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("mpp", [0.25, 0.29, 0.5, 0.6, 0.75, 1.0])
def test_batches_hold_what_the_reader_reads(written: Callable[..., Path], field_025: np.ndarray, mpp: float) -> None:
    """At native, whole and fractional scales, and beyond the edge, a batch holds what `SlideReader.region` gives."""
    with SlideReader(written(field_025[:1101, :903], mpp=0.25, levels=1)) as slide:  # sides that no factor divides
        assert isinstance(slide.source, TiledTiffSource)
        grid = every_patch(slide, px=96, mpp=mpp)
        batches = list(read_patches(slide, grid, batch=7))

        assert [len(batch) for batch in batches] == [7] * (len(grid) // 7) + [len(grid) % 7] * (len(grid) % 7 > 0)
        for patch, (x, y) in zip(np.concatenate(batches), grid.xy_px0.tolist(), strict=True):
            np.testing.assert_array_equal(patch, slide.region((x, y), size_px=(96, 96), mpp=mpp))


@pytest.mark.parametrize("mpp", [0.25, 0.29, 0.5, 1.0])
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_a_tile_is_decoded_once_and_left_when_nothing_more_needs_it(
    written: Callable[..., Path], field_025: np.ndarray, monkeypatch: pytest.MonkeyPatch, mpp: float, share: float
) -> None:
    """Of a full grid and of one with gaps: no tile twice, hardly more than a row of them at a time."""
    decoded: list[int] = []
    decode = DecodedLevel.decode
    with SlideReader(written(field_025[:1101, :903], mpp=0.25, levels=1, tile_px=64)) as slide:
        assert isinstance(slide.source, TiledTiffSource)
        grid = every_patch(slide, px=96, mpp=mpp)
        grid = grid.only(np.flatnonzero(np.random.default_rng(0).random(len(grid)) < share))
        expected = [slide.region((x, y), size_px=(96, 96), mpp=mpp) for x, y in grid.xy_px0.tolist()]
        slide.source._cache = TileCache()
        monkeypatch.setattr(DecodedLevel, "decode", lambda *call: (decoded.append(call[1]), decode(*call))[1])
        found, held = [], []
        for batch in read_patches(slide, grid, batch=1):
            found.append(batch[0])
            held.append(len(slide.source._cache._tiles))

    np.testing.assert_array_equal(found, expected)
    assert len(decoded) == len(set(decoded))
    rows = -(-96 * round(mpp / 0.25) // 64)  # of tiles, that a patch covers
    assert max(held) <= (rows + 1) * 15
    assert held[-1] == 0 or share < 1


@pytest.mark.parametrize("px", [1, 40, 64, 100])
def test_what_is_done_is_not_asked_for_again(px: int) -> None:
    """Tile by tile, on scattered patches: no later patch touches what is said to be done; in the end all is."""
    random = np.random.default_rng(px)
    corners = np.unique(random.integers(0, 20, (60, 2)), axis=0) * 23
    xy = corners[np.lexsort(corners.T)].astype(np.int32)
    tiles = np.stack(np.meshgrid(np.arange(10), np.arange(10)), axis=-1).reshape(-1, 2) * 64
    done = _done(xy)
    for patch, (x, y) in enumerate(done):
        later = xy[patch + 1 :]
        touched = ((tiles[:, None] < later + px) & (tiles[:, None] + 64 > later)).all(2).any(1)
        assert not touched[(tiles + 64 <= [x, y]).all(1)].any()
    assert (done[-1] > tiles.max() + 64).all()


def test_corners_that_no_factor_divides(written: Callable[..., Path], field_025: np.ndarray) -> None:
    """Means of 2 x 2 that start at an odd pixel are not those that are made tile by tile, and are read all the same."""
    with SlideReader(written(field_025, mpp=0.25, levels=1)) as slide:
        corners = np.array([[0, 0], [31, 64], [64, 77]], np.int32)
        grid = replace(every_patch(slide, px=96, mpp=0.5).only(np.arange(3)), xy_px0=corners)
        patches = next(iter(read_patches(slide, grid, batch=3)))
        for patch, (x, y) in zip(patches, grid.xy_px0.tolist(), strict=True):
            source = slide.source.read(0, x, y, 192, 192).astype(float)
            mean = source.reshape(96, 2, 96, 2, 3).mean((1, 3))
            assert np.abs(patch - mean).max() <= 0.5


def test_batches_are_not_used_again(written: Callable[..., Path], field_025: np.ndarray) -> None:
    """Batches that a caller keeps stay as they are while the next ones are read."""
    with SlideReader(written(field_025, mpp=0.25)) as slide:
        grid = every_patch(slide, px=96, mpp=0.5)
        kept, copies = [], []
        for batch in read_patches(slide, grid, batch=5):
            kept.append(batch)
            copies.append(batch.copy())
        np.testing.assert_array_equal(np.concatenate(kept), np.concatenate(copies))


def test_batches_are_written_where_the_caller_says(written: Callable[..., Path], field_025: np.ndarray) -> None:
    """With `into` a batch is the array that was given for it, with the same bytes."""
    memory = np.zeros((5, 96, 96, 3), np.uint8)
    with SlideReader(written(field_025, mpp=0.25)) as slide:
        grid = every_patch(slide, px=96, mpp=0.6)
        expected = np.concatenate(list(read_patches(slide, grid, batch=5)))
        found = []
        for batch in read_patches(slide, grid, batch=5, into=lambda shape: memory[: shape[0]]):
            assert batch.ctypes.data == memory.ctypes.data
            found.append(batch.copy())
    np.testing.assert_array_equal(np.concatenate(found), expected)


def test_the_same_bytes_on_each_run(written: Callable[..., Path], field_025: np.ndarray) -> None:
    """The same bytes on each run, and in any split into batches."""
    path = written(field_025, mpp=0.25)
    runs = []
    for batch in (1, 64):
        with SlideReader(path) as slide:
            runs.append(np.concatenate(list(read_patches(slide, every_patch(slide, px=96, mpp=0.6), batch=batch))))
    np.testing.assert_array_equal(*runs)


@pytest.mark.slow
def test_the_decoder_halves_on_request(written: Callable[..., Path], field_025: np.ndarray) -> None:
    """`scaled_decode` gives patches of the same size and nearly the same pixels; it is not the default."""
    path, read = written(field_025, mpp=0.25, levels=1, quality=80), []
    for scaled_decode in (False, True):
        with SlideReader(path, scaled_decode=scaled_decode) as slide:
            read.append(np.concatenate(list(read_patches(slide, every_patch(slide, px=96, mpp=0.5), batch=16))))
    mean, scaled = read
    assert mean.shape == scaled.shape
    assert 0 < np.abs(mean.astype(int) - scaled).mean() < 3


@pytest.mark.parametrize("mpp", [0.5, 0.6])
def test_scans_at_two_resolutions_give_patches_that_agree(
    written: Callable[..., Path], field_025: np.ndarray, mpp: float
) -> None:
    """The same tissue scanned at 0.25 and at 0.5 mpp gives patches that differ as two JPEGs of one picture do."""
    field = field_025[:1200, :1200]
    half = field.reshape(600, 2, 600, 2, 3).mean((1, 3)).round().astype(np.uint8)
    paths = (
        written(field, name="fine.tif", mpp=0.25, levels=1, quality=95),
        written(half, name="coarse.tif", mpp=0.5, levels=1, quality=95),
    )
    patches = []
    for path in paths:
        with SlideReader(path) as slide:
            grid = every_patch(slide, px=96, mpp=mpp)
            inside = grid.only(np.flatnonzero((grid.xy_px0 + grid.side_px0 <= min(slide.size_px0)).all(1)))
            patches.append(np.concatenate(list(read_patches(slide, inside, batch=16))).astype(int))
    assert len(patches[0]) == len(patches[1]) >= 25
    apart = np.abs(patches[0] - patches[1]).mean()
    assert apart < 3
    assert apart < 0.5 * np.abs(patches[0][:, :, 1:] - patches[1][:, :, :-1]).mean()  # a shift by one pixel


def test_a_level_that_is_no_integer_downsample(field_025: np.ndarray, tmp_path: Path) -> None:
    """Pixel i of a level of downsample 2.004 covers [2.004 i, 2.004 (i + 1)) of level 0, and is shown there."""
    full = np.ascontiguousarray(field_025[:1002, :1002])
    small = area_resample(full, size_px=(500, 500), start=(0.0, 0.0), factor=2.004)
    levels = [jpeg_level(full, tags=resolution_tags(0.25)), jpeg_level(small, tags={254: 1})]
    write_directories(tmp_path / "slide.tif", levels)
    with SlideReader(tmp_path / "slide.tif") as slide:
        assert slide.source.levels[1].downsample == pytest.approx(2.004)
        assert slide.plan(0.501).level == 1
        for x, y in ((400, 300), (777, 41)):
            shown = slide.region((x, y), size_px=(90, 90), mpp=0.501)
            span = source_span(0.0, 90, 2.004)[1]
            part = full[y : y + span, x : x + span]
            true = area_resample(np.ascontiguousarray(part), size_px=(90, 90), start=(0.0, 0.0), factor=2.004)
            exact = np.abs(shown.astype(int) - true).mean()
            shifted = np.abs(slide.region((x + 1, y), size_px=(90, 90), mpp=0.501).astype(int) - true).mean()
            assert exact < 4
            assert exact < 0.75 * shifted


def test_the_slide_half_is_light(written: Callable[..., Path], field_025: np.ndarray) -> None:
    """Opening and reading a slide loads no torch and nothing that only other formats need, and takes under 150 MB."""
    path = written(field_025, mpp=0.25, levels=1)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import pathalign.slides.patch_reading\n"
        "from pathalign.slides.slide_reader import SlideReader\n"
        f"with SlideReader(Path({str(path)!r})) as slide:\n"
        "    slide.region((0, 0), size_px=(224, 224), mpp=0.25)\n"
        "print(sorted({'torch', 'transformers', 'scipy.sparse', 'imagecodecs', 'tifffile'} & set(sys.modules)))\n"
        "status = Path('/proc/self/status')\n"  # Linux: the peak of this program, not of the one that started it
        "peak = status.read_text().split('VmHWM:')[1].split()[0] if status.exists() else 0\n"
        "print(int(peak) < 150 * 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True"]
