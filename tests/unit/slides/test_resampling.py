"""Area-true resampling, beside a dense product in double precision."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pathalign.slides.resampling import area_resample, coverage, source_span

pytestmark = pytest.mark.unit

SCALES = [(1.0, 0.0), (2.0, 0.0), (3.0, 0.0), (4.0, 0.0), (1.0, 0.5), (2.0, 0.25), (1.087, 0.0), (1.087, 0.3),
          (1.5, 0.75), (1.98, 0.123), (2.0005, 0.9), (3.97, 0.01), (0.93, 0.4)]  # fmt: skip


def dense(image: np.ndarray, count: tuple[int, int], start: tuple[float, float], factor: float) -> np.ndarray:
    """The definition: for each pixel asked for, the overlap with each source pixel, in double precision."""

    def shares(number: int, first: float, length: int) -> np.ndarray:
        edges = first + factor * np.arange(number + 1)
        pixels = range(length)
        overlap = [[max(0.0, min(b, k + 1) - max(a, k)) for k in pixels] for a, b in pairwise(edges)]
        return np.array(overlap) / factor

    return np.einsum(
        "iy,yxc,jx->ijc",
        shares(count[1], start[1], image.shape[0]),
        image.astype(float),
        shares(count[0], start[0], image.shape[1]),
    )


@pytest.mark.parametrize(("factor", "start"), SCALES)
def test_each_pixel_is_the_mean_of_the_ground_it_covers(factor: float, start: float) -> None:
    """Every pixel is the exact mean, rounded to the nearest grey level, at any scale and sub-pixel start."""
    size = (37, 23)
    first, width = source_span(5 + start, size[0], factor)
    _, height = source_span(5 + start, size[1], factor)
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    at = (5 + start - first, 5 + start - first)

    made = area_resample(image, size_px=size, start=at, factor=factor)

    assert made.shape == (23, 37, 3)
    assert np.abs(made - dense(image, size, at, factor)).max() <= 0.5001


def test_an_array_that_is_there_is_filled() -> None:
    """`out` is written to, whichever way the pixels are made, and returned."""
    for factor, start in SCALES:
        image = np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8)
        span = source_span(start, 16, factor)[1]
        where = np.empty((2, 16, 16, 3), np.uint8)
        part = np.ascontiguousarray(image[:span, :span])

        made = area_resample(part, size_px=(16, 16), start=(start, start), factor=factor, out=where[1])

        assert np.shares_memory(made, where)
        alone = area_resample(part, size_px=(16, 16), start=(start, start), factor=factor)
        np.testing.assert_array_equal(where[1], alone)


def test_a_plain_field_stays_as_it_is() -> None:
    """A constant image stays constant to the last pixel: weights sum to one, and 255 does not overflow."""
    for factor, start in SCALES:
        span = source_span(start, 50, factor)[1]
        for grey in (0, 1, 128, 255):
            image = np.full((span, span, 3), grey, np.uint8)
            assert (area_resample(image, size_px=(50, 50), start=(start, start), factor=factor) == grey).all()


@pytest.mark.parametrize("factor", [1.087, 2.0, 2.7])
def test_pieces_join_without_a_seam(factor: float) -> None:
    """A region resampled in two pieces is the region resampled at once, to the rounding of a grey level."""
    image = np.random.default_rng(2).integers(0, 256, (120, 120, 3), np.uint8)
    whole = area_resample(image, size_px=(40, 40), start=(0.0, 0.0), factor=factor)
    first, span = source_span(20 * factor, 20, factor)
    part = np.ascontiguousarray(image[:, first : first + span])
    right = area_resample(part, size_px=(20, 40), start=(20 * factor - first, 0.0), factor=factor)
    assert np.abs(whole[:, 20:].astype(int) - right).max() <= 1


def test_shares_sum_to_one() -> None:
    """Every row of `coverage` sums to one and holds the share of each pixel in the stretch."""
    shares = coverage(10, 0.25, 1.5, 16)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(shares[0, :3], [0.5, 0.5, 0])
    np.testing.assert_allclose(shares[1, 1:4], [1 / 6, 2 / 3, 1 / 6])
