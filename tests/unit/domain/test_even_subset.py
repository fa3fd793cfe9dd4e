"""Even subsets of places."""

from __future__ import annotations

import numpy as np
import pytest

from pathalign.domain import even_subset as module
from pathalign.domain.even_subset import even_subset, hilbert_index

pytestmark = pytest.mark.unit


def island(side: int = 60) -> np.ndarray:
    """Two round pieces of patches, 448 pixels apart, in the order of a grid."""
    y, x = np.mgrid[:side, :side]
    inside = (np.hypot(y - 20, x - 18) < 16) | (np.hypot(y - 42, x - 44) < 14)
    return np.stack([x[inside], y[inside]], axis=1).astype(np.int32) * 448


def unevenness(xy: np.ndarray, kept: np.ndarray) -> float:
    """Deviation of the share that is kept, over squares of 8 x 8 patches that are full of tissue."""
    cell = xy // (8 * 448)
    of_cell = cell[:, 1] * 1000 + cell[:, 0]
    cells, total = np.unique(of_cell, return_counts=True)
    kept_in = np.array([np.isin(of_cell[kept], c).sum() for c in cells])
    full = total >= 40
    return float((kept_in[full] / total[full]).std())


@pytest.mark.parametrize("count", [1, 2, 7, 100, 333])
@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_as_many_as_asked_for_rising_and_distinct(count: int, seed: int) -> None:
    """Indices rise, none is twice, and there are as many as were asked for."""
    kept = even_subset(island(), count, seed)

    assert len(kept) == count
    assert (np.diff(kept) > 0).all()
    assert kept.min() >= 0
    assert kept.max() < len(island())


@pytest.mark.parametrize("count", [100, 200, 400])
def test_it_is_more_even_than_chance(count: int) -> None:
    """Shares per square vary at most 0.6 times as much as those of a random choice, and less for every seed."""
    xy = island()
    random = [unevenness(xy, np.random.default_rng(seed).choice(len(xy), count, replace=False)) for seed in range(20)]
    even = [unevenness(xy, even_subset(xy, count, seed)) for seed in range(20)]

    assert max(even) < np.mean(random)
    assert np.mean(even) < 0.6 * np.mean(random)


def test_the_seed_chooses() -> None:
    """One seed gives the same places every time, another seed others."""
    xy = island()

    np.testing.assert_array_equal(even_subset(xy, 50, 3), even_subset(xy, 50, 3))
    assert len(np.intersect1d(even_subset(xy, 50, 3), even_subset(xy, 50, 4))) < 25


def test_golden_places() -> None:
    """The choice is part of what embeddings are made from: it may not change unnoticed."""
    xy = np.stack(np.meshgrid(np.arange(8), np.arange(8)), -1).reshape(-1, 2) * 100

    assert even_subset(xy, 6, 0).tolist() == even_subset(xy.astype(np.int64), 6, 0).tolist()
    assert even_subset(xy, 6, 0).tolist() == [6, 12, 35, 43, 55, 57]


def test_no_more_than_there_are() -> None:
    """When fewer are there than asked for, all are kept; no place at all gives none."""
    assert even_subset(island(), 10**6, 0).tolist() == list(range(len(island())))
    assert even_subset(np.zeros((0, 2), np.int32), 5, 0).tolist() == []


def test_less_than_one_is_refused() -> None:
    """An even subset of nothing is a mistake of the caller."""
    with pytest.raises(ValueError, match="at least 1 place, got 0"):
        even_subset(island(), 0, 0)


def test_the_curve_visits_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hilbert index numbers all cells of a square so that each is beside the one before it."""
    monkeypatch.setattr(module, "BITS", 5)
    cells = np.stack(np.meshgrid(np.arange(32), np.arange(32)), -1).reshape(-1, 2)

    index = hilbert_index(cells)

    assert sorted(index.tolist()) == list(range(1024))
    assert (np.abs(np.diff(cells[np.argsort(index)], axis=0)).sum(1) == 1).all()
