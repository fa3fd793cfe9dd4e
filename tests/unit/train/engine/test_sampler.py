"""Which items a step sees, and which random numbers belong to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pathalign.train.engine import StepRandom, items_at
from pathalign.train.engine import sampler as sampling
from pathalign.train.engine.sampler import _permuted

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("items", [1, 2, 5, 64, 1000, 4097])
def test_computed_orders_are_permutations(items: int) -> None:
    """Without a stored permutation every epoch still visits every item once, in another order each epoch."""
    orders = [_permuted(np.arange(items), items, 3, epoch) for epoch in range(3)]

    assert all(sorted(order.tolist()) == list(range(items)) for order in orders)
    if items > 5:
        assert len({tuple(order) for order in orders}) == 3
        assert orders[0].tolist() != list(range(items))


def test_computed_orders_look_drawn() -> None:
    """Neighbours in the order are no neighbours among the items, and early places hold late items as often."""
    order = _permuted(np.arange(50_000), 50_000, 0, 0)

    assert abs(np.corrcoef(np.arange(50_000), order)[0, 1]) < 0.02
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.02
    halves = (order[:25_000] < 25_000).mean()
    assert halves == pytest.approx(0.5, abs=0.015)


def test_an_archive_of_patches_is_sampled_without_holding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 3.5 billion items a batch across the end of an epoch costs a batch; both ways count epochs alike."""
    items = 350_000 * 10_000
    found = items_at(np.arange(items - 3, items + 3), items=items, seed=1)

    assert ((found >= 0) & (found < items)).all()
    assert found[:3].tolist() == _permuted(np.arange(items - 3, items), items, 1, 0).tolist()
    assert found[3:].tolist() == _permuted(np.arange(3), items, 1, 1).tolist()
    monkeypatch.setattr(sampling, "IN_MEMORY", 4)
    assert sorted(items_at(np.arange(20, 30), items=10, seed=1).tolist()) == list(range(10))


def test_numbers_of_an_item_depend_on_nothing_else() -> None:
    """Seed, step, item and stream decide; not the other items of a batch, and not what was drawn before."""
    random = StepRandom.at(4, 9)
    random.numpy.random(5)
    torch.rand(3, generator=random.torch)

    together = random.normal([7, 2, 5], 3, 2)

    assert torch.equal(together[1], StepRandom.at(4, 9).normal([2], 3, 2)[0])
    others = [
        StepRandom.at(4, 10).normal([2], 3, 2), StepRandom.at(5, 9).normal([2], 3, 2), random.normal([3], 3, 2),
        random.normal([2], 3, 2, stream=1),
    ]  # fmt: skip
    assert all(not torch.equal(together[1], other[0]) for other in others)
    assert random.uniform([], 4).shape == (0, 4)


def test_numbers_of_items_are_independent() -> None:
    """Over a thousand items, uniform numbers are uniform, and those of neighbours and streams uncorrelated."""
    random = StepRandom.at(0, 0)
    drawn = random.uniform(range(1000), 8).numpy()
    other = random.uniform(range(1000), 8, stream=1).numpy()

    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert np.histogram(drawn, bins=10, range=(0, 1))[0].min() > 680
    assert abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 0.04
    assert abs(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) < 0.04


def test_dropout_of_a_group_is_the_same_in_every_process() -> None:
    """Its masks follow from seed, step and its first item; they are none of those of processes."""
    drawn = {}
    for seed, step, item in [(1, 2, 0), (1, 2, 8), (1, 3, 0), (2, 2, 0), (1, 2, 8)]:
        StepRandom.at(seed, step).seed_dropout_from(item)
        drawn.setdefault((seed, step, item), []).append(torch.rand(4).tolist())
    StepRandom.at(1, 2).seed_dropout()

    assert drawn[1, 2, 8][0] == drawn[1, 2, 8][1]
    assert len({tuple(values[0]) for values in [*drawn.values(), [torch.rand(4).tolist()]]}) == 5


def test_dropout_differs_between_processes_and_micro_batches_only() -> None:
    """Seeded twice for one place it is the same; for another process or micro-batch it is another."""
    drawn = {}
    for place in [(0, 0), (1, 0), (0, 1), (0, 0)]:
        StepRandom.at(1, 2).seed_dropout(*place)
        drawn.setdefault(place, []).append(torch.rand(4).tolist())

    assert drawn[0, 0][0] == drawn[0, 0][1]
    assert len({tuple(values[0]) for values in drawn.values()}) == 3
