"""Reading regions, compared with OpenSlide itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from pathalign.errors import MissingResolution, RefusedSlide, UnreadableSlide
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.sources.openslide_source import OpenSlideSource, library_version
from pathalign.slides.thumbnail import read_thumbnail
from pathalign.testing.foreign_slides.tiff import Directory, write_directories
from pathalign.testing.foreign_slides.tiff_images import jpeg_level, resolution_tags

pytestmark = pytest.mark.unit

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    """Smooth random colours, so that a shift of one pixel shows."""
    coarse = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((600, 400), Image.Resampling.BICUBIC))


def reference(path: Path, xy_px0: tuple[int, int], level: int, size: tuple[int, int]) -> np.ndarray:
    """What OpenSlide reads at a level."""
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region(xy_px0, level, size).convert("RGB"))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_region_at_a_level_is_openslides(written: Write, noise: np.ndarray, level: int) -> None:
    """At the resolution of a level, and on its pixels, nothing is resampled."""
    path = written(noise, mpp=0.25)

    with SlideReader(path) as slide:
        region = slide.region((64.0, 32.0), size_px=(70, 50), mpp=0.25 * 2**level)

    assert (region.shape, region.dtype) == ((50, 70, 3), np.uint8)
    np.testing.assert_array_equal(region, reference(path, (64, 32), level, (70, 50)))


def test_a_coarser_region_is_the_area_mean(written: Write, noise: np.ndarray) -> None:
    """Without a fitting level a pixel is the mean of those it covers."""
    path = written(noise, mpp=0.25, levels=1)

    with SlideReader(path) as slide:
        region = slide.region((30.0, 20.0), size_px=(40, 30), mpp=1.0)

    fine = reference(path, (30, 20), 0, (160, 120)).astype(float)
    expected = fine.reshape(30, 4, 40, 4, 3).mean((1, 3))
    np.testing.assert_allclose(region, expected, atol=1)


def test_a_scale_that_is_no_integer(written: Write, noise: np.ndarray) -> None:
    """From 0.27 to 1 mpp, pixels keep their place: equal to an area mean of fractional boxes, without drift."""
    path = written(noise, mpp=0.27, levels=1)
    scale = 1.0 / 0.27

    with SlideReader(path) as slide:
        assert slide.plan(1.0).effective_mpp == 1.0
        whole = slide.region((0.0, 0.0), size_px=(140, 95), mpp=1.0)
        far = slide.region((100 * scale, 60 * scale), size_px=(40, 35), mpp=1.0)

    level0 = Image.fromarray(reference(path, (0, 0), 0, (600, 400)))
    expected = np.asarray(level0.resize((140, 95), Image.Resampling.BOX, box=(0, 0, 140 * scale, 95 * scale)))
    moved = np.abs(whole[:, 1:].astype(float) - expected[:, :-1]).mean()
    assert np.abs(whole.astype(float) - expected).mean() < moved / 3
    assert np.abs(far.astype(float) - expected[60:, 100:]).mean() < moved / 3


@pytest.mark.parametrize(
    ("mpp", "asked", "effective"), [(0.2527, 0.25, 0.2527), (0.2527, 1.0, 1.0108), (0.27, 1.0, 1.0)]
)
def test_a_resolution_within_two_per_cent_is_read_as_it_is(
    written: Write, noise: np.ndarray, mpp: float, asked: float, effective: float
) -> None:
    """A scanner's 0.2527 is its 0.25: whole pixels are read or averaged, and the true resolution is told."""
    with SlideReader(written(noise, mpp=mpp, levels=1)) as slide:
        plan = slide.plan(asked)

    assert plan.effective_mpp == pytest.approx(effective)


def test_what_lies_beyond_the_edge_is_white(written: Write, noise: np.ndarray) -> None:
    """A region over the edge has its full size; what is on the slide stays in its place."""
    path = written(noise, mpp=0.5, levels=1)

    with SlideReader(path) as slide:
        corner = slide.region((580.0, 390.0), size_px=(50, 40), mpp=0.5)
        before = slide.region((-30.0, -20.0), size_px=(50, 40), mpp=0.5)
        nowhere = slide.region((5000.0, 5000.0), size_px=(20, 10), mpp=1.0)

    assert corner.shape == before.shape == (40, 50, 3)
    assert (corner[10:] == 255).all()
    assert (corner[:, 20:] == 255).all()
    np.testing.assert_array_equal(corner[:10, :20], reference(path, (580, 390), 0, (20, 10)))
    assert (before[:20] == 255).all()
    assert (before[:, :30] == 255).all()
    np.testing.assert_array_equal(before[20:, 30:], reference(path, (0, 0), 0, (20, 20)))
    assert nowhere.shape == (10, 20, 3)
    assert (nowhere == 255).all()


def test_the_thumbnail_is_the_whole_slide(written: Write, noise: np.ndarray) -> None:
    """Its size is rounded up, and its content is the area mean, as nearly as decoding at a smaller scale gives it."""
    path = written(noise, mpp=0.5, levels=1)

    with SlideReader(path) as slide:
        thumbnail = read_thumbnail(slide, 3.0)

    assert thumbnail.mpp == 3.0
    assert thumbnail.rgb.shape == (67, 100, 3)
    expected = reference(path, (0, 0), 0, (600, 396)).reshape(66, 6, 100, 6, 3).mean((1, 3))
    difference = np.abs(thumbnail.rgb[:66] - expected)
    assert difference.mean() < 2.5
    assert difference.mean() < np.abs(thumbnail.rgb[:66, 1:] - expected[:, :-1]).mean() / 5


def test_a_thumbnail_of_many_blocks_has_no_seams(written: Write) -> None:
    """A slide without a pyramid that is read in several blocks gives the same as in one."""
    gradient = np.add.outer(np.arange(4300) // 40, np.arange(600) // 10).astype(np.uint8)
    path = written(np.repeat(gradient[..., None], 3, axis=2), mpp=0.25, levels=1)

    with SlideReader(path) as slide:
        thumbnail = read_thumbnail(slide, 1.0)
        whole = slide.planned_region(slide.plan(1.0, scaled_decode=True), (0.0, 0.0), (150, 1075))

    np.testing.assert_array_equal(thumbnail.rgb, whole)


def test_resolution_is_settled_on_opening(written: Write, noise: np.ndarray) -> None:
    """A slide without a usable pixel size does not open, unless the user gave one."""
    silent, bogus = written(noise, mpp=None, name="a.tif"), written(noise, mpp=352.8, name="b.tif")

    with pytest.raises(MissingResolution, match=r"a\.tif has no pixel size"):
        SlideReader(silent)
    with pytest.raises(MissingResolution, match=r"b\.tif claims a pixel size of 352\.8"):
        SlideReader(bogus)
    with SlideReader(bogus, given_mpp=0.5) as slide:
        assert (slide.mpp, slide.resolution.source, slide.source.family) == (0.5, "slides.csv", "generic-tiff")
        assert slide.size_px0 == (600, 400)


def test_detail_is_not_invented(written: Write, noise: np.ndarray) -> None:
    """A slide coarser than the patches is refused with the `--mpp` that it can serve; 10 % is let pass."""
    with SlideReader(written(noise, mpp=0.5026)) as slide:
        slide.check_finer_than(0.5)
        with pytest.raises(RefusedSlide, match=r"0\.5026 mpp, coarser than the 0\.25 mpp.*`--mpp 0\.51`"):
            slide.check_finer_than(0.25)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A wrong path is refused with the column to correct, and without the folder's name."""
    with pytest.raises(UnreadableSlide, match=r"^none\.svs is not there\. Correct its `path` in slides\.csv") as caught:
        SlideReader(tmp_path / "none.svs")
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_no_slide(tmp_path: Path) -> None:
    """Text under a slide's name is refused with the formats that can be read."""
    (tmp_path / "a.svs").write_text("no slide")

    with pytest.raises(UnreadableSlide, match=r"a\.svs cannot be opened as a whole-slide image .*SVS, NDPI"):
        SlideReader(tmp_path / "a.svs")


def test_the_library_tells_its_version() -> None:
    """The OpenSlide library, not its binding, is what decides pixels."""
    assert library_version().startswith("4.")


def exact_mean(image: np.ndarray, x: float, y: float, side: float) -> np.ndarray:
    """The mean of an image over a square of fractional place and size, pixel by pixel."""
    rows, columns = np.arange(image.shape[0]), np.arange(image.shape[1])
    tall = (np.minimum(y + side, rows + 1) - np.maximum(y, rows)).clip(0)
    wide = (np.minimum(x + side, columns + 1) - np.maximum(x, columns)).clip(0)
    return np.einsum("y,x,yxc->c", tall, wide, image) / side**2


@pytest.mark.parametrize("corner", [(64.0, 32.0), (64.5, 32.25), (64.125, 31.875)])
@pytest.mark.parametrize("mpp", [0.25, 0.33, 0.5, 0.7])
def test_a_fractional_corner_is_honoured(
    written: Write, noise: np.ndarray, corner: tuple[float, float], mpp: float
) -> None:
    """Each pixel is the mean of exactly the ground that it covers, of the level that is read."""
    path = written(noise, mpp=0.25, levels=2)

    with SlideReader(path) as slide:
        plan = slide.plan(mpp)
        region = slide.region(corner, size_px=(12, 9), mpp=mpp)

    level = reference(path, (0, 0), plan.level, (600 >> plan.level, 400 >> plan.level)).astype(float)
    x, y = corner[0] / plan.downsample, corner[1] / plan.downsample
    for row, column in ((0, 0), (4, 7), (8, 11)):
        mean = exact_mean(level, x + column * plan.factor, y + row * plan.factor, plan.factor)
        np.testing.assert_allclose(region[row, column], mean, atol=1)


def test_the_same_tissue_at_two_resolutions_agrees(written: Write, field_025: np.ndarray) -> None:
    """Scanned at 0.25 and at 0.5 mpp, the same micrometres give patches that differ by less than 2 grey levels.

    A shift by half a micrometre would differ by more than three times as much.
    """
    fine = written(field_025, mpp=0.25, name="fine.tif", levels=1, quality=95)
    coarse = written(np.asarray(Image.fromarray(field_025).reduce(2)), mpp=0.5, name="coarse.tif", levels=1, quality=95)

    with SlideReader(fine) as a, SlideReader(coarse) as b:
        for mpp in (0.5, 1.0):
            ours = a.region((200.0, 120.0), size_px=(224, 224), mpp=mpp).astype(float)
            theirs = b.region((100.0, 60.0), size_px=(224, 224), mpp=mpp).astype(float)
            beside = b.region((101.0, 60.0), size_px=(224, 224), mpp=mpp).astype(float)

            assert np.abs(ours - theirs).mean() < 2
            assert np.abs(ours - beside).mean() > 3 * np.abs(ours - theirs).mean()


def test_the_next_finer_level_is_read(written: Write, noise: np.ndarray) -> None:
    """Never a coarser one; of the levels that are fine enough the coarsest."""
    with SlideReader(written(noise, mpp=0.25, levels=3)) as slide:
        levels = {mpp: slide.plan(mpp).level for mpp in (0.2, 0.25, 0.49, 0.495, 0.5, 0.99, 1.0, 4.0)}

    assert levels == {0.2: 0, 0.25: 0, 0.49: 0, 0.495: 1, 0.5: 1, 0.99: 2, 1.0: 2, 4.0: 2}


@pytest.mark.parametrize(
    ("size", "mpp", "fits"),
    [
        ((300_000, 200_000), 0.25, True), ((600_000, 600_000), 0.25, True), ((300_000, 200_000), 1.0, False),
        ((650_000, 650_000), 0.25, False), ((2_000_000, 256), 0.25, False),
    ],
)  # fmt: skip
def test_a_slide_larger_than_any_glass_is_unreadable(
    tmp_path: Path, size: tuple[int, int], mpp: float, fits: bool
) -> None:
    """What a header claims may fill the largest glass; beyond, the size in millimetres is told and no memory taken."""
    tile = jpeg_level(np.full((256, 256, 3), 200, np.uint8), tags=resolution_tags(mpp))
    side = 4096
    blocks = [b""] * (-(-size[0] // side) * -(-size[1] // side))
    tags = {**tile.tags, 256: size[0], 257: size[1], 322: side, 323: side}
    write_directories(tmp_path / "a.tif", [Directory(tags=tags, blocks=blocks)], big=True)

    if fits:
        with SlideReader(tmp_path / "a.tif") as slide:
            assert slide.size_px0 == size
    else:
        with pytest.raises(UnreadableSlide, match=r"^a\.tif claims .* mm; no slide is so large.*`mpp` column"):
            SlideReader(tmp_path / "a.tif")


@pytest.mark.slow
def test_odd_levels_of_openslide_keep_their_place(real_data: Path) -> None:
    """At a downsample of 2.0005 a corner is off by at most half a level-0 pixel; the direct decoder is exact."""
    path = real_data / "slides" / "TCGA-CR-7395-01A-01-TS1.svs"
    with tifffile.TiffFile(path) as file:
        level = file.series[0].levels[1].asarray().astype(int)
    peer = OpenSlideSource(path)
    with SlideReader(path, given_mpp=0.5) as slide:
        assert [of.downsample for of in slide.source.levels[:2]] == [1.0, 2.0]
        for left, top in ((600, 500), (1001, 777), (1501, 1203)):
            true = level[top : top + 200, left : left + 200]
            ours = slide.source.read(1, left, top, 200, 200)
            shown = peer.read(1, left, top, 200, 200)
            moved = np.abs(level[top : top + 200, left + 1 : left + 201] - true).mean()

            assert np.abs(ours - true).max() <= 1
            assert np.abs(shown - true).mean() < 0.35 * moved  # a quarter of a pixel
    peer.close()


@pytest.mark.slow
def test_places_beyond_2_to_the_31_are_found(tmp_path: Path) -> None:
    """In 150,000 x 60,000 pixels the one tile that was scanned is where it belongs, as OpenSlide has it."""
    side, columns, rows = 512, 293, 118
    tile = np.full((side, side, 3), (200, 30, 90), np.uint8)
    only = jpeg_level(tile, tile_px=side, tags=resolution_tags(0.25))
    place = 115 * columns + 290
    blocks = [only.blocks[0] if k == place else b"" for k in range(columns * rows)]
    tags = {**only.tags, 256: 150_000, 257: 60_000}
    write_directories(tmp_path / "a.tif", [Directory(tags=tags, blocks=blocks)], big=True)
    corner = (290 * side, 115 * side)
    assert corner[0] + corner[1] * 150_000 > 2**32

    with SlideReader(tmp_path / "a.tif") as slide, openslide.OpenSlide(tmp_path / "a.tif") as other:
        beside = slide.region((corner[0] - 100.0, corner[1] - 100.0), size_px=(200, 200), mpp=0.25)
        shown = np.asarray(other.read_region(corner, 0, (100, 100)).convert("RGB"))

    np.testing.assert_array_equal(beside[100:, 100:], shown)
    assert (beside[:100] == 255).all()
    assert (beside[:, :100] == 255).all()


def test_an_open_slide_does_not_cross_a_fork(
    written: Write, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes would share one place in the file; the second one is told so."""
    with SlideReader(written(noise, mpp=0.25)) as slide:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(RuntimeError, match=r"is read in process -1.*must not cross a fork"):
            slide.region((0.0, 0.0), size_px=(10, 10), mpp=0.25)
