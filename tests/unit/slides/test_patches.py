"""The grid of patches and their pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.errors import RefusedSlide
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.regions.annotations import Annotations
from pathalign.slides.regions.polygons import Polygon
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.mask import TissueConfig

pytestmark = pytest.mark.unit

Write = Callable[..., Path]
Place = Callable[[np.ndarray], np.ndarray]
SPEC = PatchSpec(patch_px=64, patch_mpp=1.0)
TISSUE = TissueConfig(mpp=8.0)


def read(path: Path, spec: PatchSpec = SPEC) -> tuple[PatchGrid, list[np.ndarray]]:
    """The grid of a slide and its patches."""
    with SlideReader(path) as slide:
        grid = plan_patches(slide, spec, TISSUE)
        return grid, [patch for batch in read_patches(slide, grid, batch=7) for patch in batch]


def test_the_same_tissue_scanned_twice_gives_the_same_patches(
    written: Write, field_025: np.ndarray, island: Place
) -> None:
    """At 0.25 and at 0.5 mpp the grid is equal in micrometres and the pixels nearly so: no scale is mixed up."""
    fine = island(field_025)
    coarse = np.asarray(Image.fromarray(fine).reduce(2))

    grid_a, pixels_a = read(written(fine, mpp=0.25, name="a.tif", levels=1, quality=95))
    grid_b, pixels_b = read(written(coarse, mpp=0.5, name="b.tif", quality=95))

    assert len(grid_a) > 50
    np.testing.assert_array_equal(grid_a.xy_px0, 2 * grid_b.xy_px0)
    np.testing.assert_allclose(grid_a.tissue_share, grid_b.tissue_share, atol=0.1)
    difference = np.abs(np.stack(pixels_a).astype(float) - np.stack(pixels_b))
    shifted = np.abs(np.stack(pixels_a)[:, 1:].astype(float) - np.stack(pixels_b)[:, :-1])
    assert difference.mean() < 3
    assert difference.mean() < shifted.mean() / 2


def test_a_scale_that_is_no_integer_does_not_drift(written: Write, field_025: np.ndarray, island: Place) -> None:
    """At 0.27 mpp corners lie on multiples of 237.04 pixels, rounded one by one to pixels of level 1."""
    grid, pixels = read(written(island(field_025), mpp=0.27))

    side = 64 / 0.27
    cells = grid.xy_px0 / side
    assert (grid.xy_px0 % 2 == 0).all()
    assert np.abs(cells - np.rint(cells)).max() <= 1.01 / side
    assert {patch.shape for patch in pixels} == {(64, 64, 3)}
    assert len(pixels) == len(grid) > 50


def test_a_scanner_s_own_scale_is_taken_as_it_is(written: Write, field_025: np.ndarray, island: Place) -> None:
    """At 0.2527 mpp patches are 4 x 64 of the scanner's own pixels, and the grid says at which resolution that is."""
    grid, _ = read(written(island(field_025), mpp=0.2527))

    assert (grid.xy_px0 % 256 == 0).all()
    assert grid.side_px0 == pytest.approx(256)
    assert grid.effective_mpp == pytest.approx(1.0108, rel=1e-4)
    assert len(grid) > 50


def test_patches_are_sorted_by_row_and_cover_the_tissue(written: Write, field_025: np.ndarray, island: Place) -> None:
    """Order is (y, x); what is taken holds the tissue, what is left out does not."""
    grid, _ = read(written(island(field_025), mpp=0.25))

    assert grid.xy_px0.dtype == np.int32
    assert grid.xy_px0.tolist() == sorted(grid.xy_px0.tolist(), key=lambda xy: (xy[1], xy[0]))
    assert (grid.tissue_share >= SPEC.min_tissue).all()
    assert (grid.tissue_share <= 1 + 1e-6).all()
    centre_um = grid.xy_px0 * 0.25 + 32
    assert (centre_um > 128 - 32).all()
    assert (centre_um < 768 + 32).all()
    assert len(grid) == pytest.approx((640 / 64) ** 2, rel=0.25)


def test_shares_are_exact_on_a_known_square(written: Write) -> None:
    """A square of colour that covers 1, 1/2 and 1/4 of the cells gives these shares."""
    image = np.full((1024, 1024, 3), 244, np.uint8)
    image[256:704, 256:704] = (214, 120, 180)  # in cells of 128: all of 2, 3 and 4, half of 5

    grid, _ = read(written(image, mpp=1.0, quality=95), PatchSpec(patch_px=128, patch_mpp=1.0))

    shares = {
        (int(x) // 128, int(y) // 128): float(s) for (x, y), s in zip(grid.xy_px0, grid.tissue_share, strict=True)
    }
    assert shares[3, 3] == pytest.approx(1, abs=0.02)
    assert shares[5, 3] == pytest.approx(0.5, abs=0.1)
    assert (1, 3) not in shares
    assert (6, 3) not in shares
    assert {(2, 2), (4, 4)} <= set(shares)


def test_patches_stay_on_the_slide(written: Write) -> None:
    """A patch that would reach beyond the edge is left out, so no white border is embedded as tissue."""
    image = np.broadcast_to(np.array([214, 120, 180], np.uint8), (700, 500, 3)).copy()

    grid, pixels = read(written(image, mpp=1.0, quality=95))

    assert len(grid) == (700 // 64) * (500 // 64)
    assert (grid.xy_px0 + 64 <= [500, 700]).all()
    assert max(patch.max() for patch in pixels) < 250


@pytest.mark.parametrize("mpp", [0.1, 0.25, 0.32, 0.64, 1.0])
def test_an_exact_multiple_keeps_its_last_patch(written: Write, mpp: float) -> None:
    """A slide of exactly 4 x 3 patches has 12, also where 64 / mpp is not exact in binary."""
    height, width = round(3 * 64 / mpp), round(4 * 64 / mpp)
    image = np.broadcast_to(np.array([214, 120, 180], np.uint8), (height, width, 3)).copy()

    assert len(read(written(image, mpp=mpp))[0]) == 12


def test_an_empty_slide_has_no_patches(written: Write) -> None:
    """Glass with nothing but noise gives an empty grid and no pixels, not an error."""
    noise = np.random.default_rng(0).normal((243, 242, 244), 4, (1024, 1024, 3))

    grid, pixels = read(written(np.clip(noise, 0, 255).astype(np.uint8), mpp=1.0))

    assert len(grid) == 0
    assert grid.xy_px0.shape == (0, 2)
    assert pixels == []


def test_a_pen_mark_gives_no_patches(written: Write) -> None:
    """A blue line across the glass is not embedded."""
    image = np.full((1024, 1024, 3), 244, np.uint8)
    image[400:440] = (30, 50, 170)

    assert len(read(written(image, mpp=1.0))[0]) == 0


def test_a_slide_smaller_than_a_patch(written: Write) -> None:
    """A slide with no room for a patch has none."""
    image = np.broadcast_to(np.array([214, 120, 180], np.uint8), (60, 50, 3)).copy()

    assert len(read(written(image, mpp=1.0, levels=1))[0]) == 0


def test_a_slide_that_is_too_coarse_is_refused(written: Write) -> None:
    """Patches at 0.5 mpp cannot be cut from a 1 mpp slide."""
    path = written(np.full((300, 300, 3), 244, np.uint8), mpp=1.0)

    with pytest.raises(RefusedSlide, match=r"coarser than the 0\.5 mpp"):
        read(path, PatchSpec(patch_px=128, patch_mpp=0.5))


@pytest.mark.parametrize("overlap", [16, 32, 48])
def test_overlap_moves_patches_closer(written: Write, overlap: int) -> None:
    """With an overlap patches start every `patch_px - overlap_px`; the last one still ends on the slide."""
    image = np.broadcast_to(np.array([214, 120, 180], np.uint8), (500, 700, 3)).copy()

    grid, pixels = read(written(image, mpp=1.0), PatchSpec(patch_px=64, patch_mpp=1.0, overlap_px=overlap))

    stride = 64 - overlap
    assert np.unique(grid.xy_px0[:, 0]).tolist() == list(range(0, 700 - 64 + 1, stride))
    assert np.unique(grid.xy_px0[:, 1]).tolist() == list(range(0, 500 - 64 + 1, stride))
    np.testing.assert_allclose(grid.tissue_share, 1, atol=1e-6)
    assert len(pixels) == len(grid)


def test_overlapping_shares_are_those_of_their_own_area(written: Write) -> None:
    """A patch of a grid with overlap has the share of the same patch of a grid without."""
    image = np.full((768, 768, 3), 244, np.uint8)
    image[100:500, 170:610] = (214, 120, 180)
    path = written(image, mpp=1.0, quality=95)

    plain, _ = read(path, PatchSpec(patch_px=96, patch_mpp=1.0))
    dense, _ = read(path, PatchSpec(patch_px=96, patch_mpp=1.0, overlap_px=72))

    shares = {tuple(xy): share for xy, share in zip(dense.xy_px0.tolist(), dense.tissue_share.tolist(), strict=True)}
    assert len(dense) > 10 * len(plain)
    for xy, share in zip(plain.xy_px0.tolist(), plain.tissue_share.tolist(), strict=True):
        assert shares[tuple(xy)] == pytest.approx(share, abs=1e-6)


def test_at_most_so_many_patches(written: Write, field_025: np.ndarray, island: Place) -> None:
    """A cap keeps that many of the same patches, sorted, spread over all quarters; the seed chooses which."""
    path = written(island(field_025), mpp=0.25)
    every, _ = read(path)

    some, pixels = read(path, PatchSpec(patch_px=64, patch_mpp=1.0, max_patches=16))
    others, _ = read(path, PatchSpec(patch_px=64, patch_mpp=1.0, max_patches=16, seed=1))

    of_every = [tuple(xy) for xy in every.xy_px0.tolist()]
    places = [of_every.index(tuple(xy)) for xy in some.xy_px0.tolist()]
    assert len(pixels) == len(some) == 16
    assert places == sorted(set(places))
    np.testing.assert_array_equal(some.tissue_share, every.tissue_share[places])
    right, lower = (some.xy_px0 > np.median(every.xy_px0, axis=0)).T
    assert np.bincount(2 * lower + right, minlength=4).min() >= 2
    assert others.xy_px0.tolist() != some.xy_px0.tolist()


def square(left: float, top: float, right: float, bottom: float, name: str = "Tumor") -> Polygon:
    """A rectangle in level-0 pixels."""
    return Polygon(rings=(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float),), name=name)


@pytest.fixture
def pink(written: Write) -> Path:
    """640 x 640 um all of tissue but the right fifth, at 0.5 mpp."""
    image = np.full((1280, 1280, 3), 244, np.uint8)
    image[:, :1024] = (214, 120, 180)
    return written(image, mpp=0.5, quality=95)


def annotated(path: Path, *polygons: Polygon, origin: tuple[int, int] = (0, 0)) -> dict[tuple[int, int], float]:
    """Cell (x, y) -> share, of patches that hold any annotated tissue."""
    with SlideReader(path) as slide:
        left, top, width, height = slide.source.bounds_px0
        slide.source.bounds_px0 = (left + origin[0], top + origin[1], width, height)
        spec = PatchSpec(patch_px=64, patch_mpp=1.0, min_tissue=0.01)
        grid = plan_patches(slide, spec, TISSUE, annotations=Annotations(polygons=polygons))
    return {
        (x // 128, y // 128): share
        for (x, y), share in zip(grid.xy_px0.tolist(), grid.tissue_share.tolist(), strict=True)
    }


def test_annotations_restrict_the_patches(pink: Path) -> None:
    """A patch counts as much as of it is tissue and annotated: whole, half, a quarter."""
    shares = annotated(pink, square(128, 128, 320, 448))

    assert {cell: pytest.approx(share, abs=0.01) for cell, share in shares.items()} == {
        (1, 1): 1, (2, 1): 0.5, (1, 2): 1, (2, 2): 0.5, (1, 3): 0.5, (2, 3): 0.25,
    }  # fmt: skip


def test_annotated_glass_is_no_tissue(pink: Path) -> None:
    """What is annotated beyond the tissue gives no patch."""
    assert annotated(pink, square(1056, 0, 1280, 1280)) == {}


def test_overlapping_annotations_count_once(pink: Path) -> None:
    """Regions are united; a hole is left out; a region of no area gives nothing."""
    outer, inner = square(0, 0, 256, 128).rings[0], square(32, 32, 96, 96).rings[0]

    assert annotated(pink, square(0, 0, 128, 128), square(0, 0, 128, 128)) == {(0, 0): pytest.approx(1, abs=0.01)}
    holed = annotated(pink, Polygon(rings=(outer, inner)))
    assert holed[0, 0] == pytest.approx(1 - 64 * 64 / 128**2, abs=0.01)
    assert holed[1, 0] == pytest.approx(1, abs=0.01)
    assert annotated(pink, square(5, 5, 5, 300)) == {}


def test_annotations_start_where_the_scan_does(pink: Path) -> None:
    """QuPath counts from the corner of the bounds, which an MRXS slide states."""
    assert annotated(pink, square(0, 0, 128, 128), origin=(256, 128)) == {(2, 1): pytest.approx(1, abs=0.01)}


def test_batches_are_a_matter_of_memory_only(written: Write, field_025: np.ndarray) -> None:
    """Any batch size gives the same patches in the same order; the last batch may be shorter."""
    with SlideReader(written(field_025, mpp=0.25)) as slide:
        grid = plan_patches(slide, SPEC, TISSUE)
        one, many = (list(read_patches(slide, grid, batch=batch)) for batch in (1, 5))

    assert [len(batch) for batch in many[:-1]] == [5] * (len(many) - 1)
    np.testing.assert_array_equal(np.concatenate(one), np.concatenate(many))
