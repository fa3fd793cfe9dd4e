"""Padding slides side by side, and the slides of a case as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from pathalign.domain.geometry import Bag
from pathalign.model.bags import collate, joined

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]


def test_padding_is_told_from_patches(make_bag: MakeBag) -> None:
    """Each slide's patches stand first in their row; the rest is zero and is no patch."""
    bags = [make_bag(3), make_bag(7), make_bag(1)]

    batch = collate(bags)

    assert batch.embeddings.shape == (3, 7, 12)
    assert batch.is_patch.sum(1).tolist() == [3, 7, 1]
    for row, bag in enumerate(bags):
        assert batch.is_patch[row, : len(bag)].all()
        np.testing.assert_array_equal(batch.embeddings[row, : len(bag)].numpy(), bag.embeddings.astype(np.float32))
        np.testing.assert_array_equal(batch.xy_um[row, : len(bag)].numpy(), bag.xy_um)
        assert (batch.embeddings[row, len(bag) :] == 0).all()
    assert len(batch) == 3
    assert batch.to(torch.device("cpu")).embeddings.device.type == "cpu"


def test_an_empty_slide_never_reaches_the_model(make_bag: MakeBag) -> None:
    """A slide without patches has nothing to attend to; that it came so far is a bug."""
    with pytest.raises(AssertionError, match="an empty slide reached the model"):
        collate([make_bag(2), make_bag(0)])
    with pytest.raises(AssertionError, match="a batch needs a bag"):
        collate([])


def test_one_slide_of_a_case_is_itself(make_bag: MakeBag) -> None:
    """A case of one slide is that slide, unchanged."""
    bag = make_bag(4)

    assert joined([bag]) is bag


def test_slides_of_a_case_lie_side_by_side(make_bag: MakeBag) -> None:
    """Joined slides keep their patches and inner distances in micrometres, and none covers another."""
    fine = make_bag(6, seed=1)
    coarse = replace(make_bag(5, seed=2), slide_mpp=1.0, side_px0=224.0)

    case = joined([fine, coarse])

    assert len(case) == 11
    np.testing.assert_array_equal(case.embeddings, np.concatenate([fine.embeddings, coarse.embeddings]))
    for start, bag in ((0, fine), (6, coarse)):
        seen = case.xy_um[start : start + len(bag)]
        np.testing.assert_allclose(seen - seen[0], bag.xy_um - bag.xy_um[0], atol=1)
    assert case.xy_um[6:, 0].min() - case.xy_um[:6, 0].max() >= 224
    assert case.slide_id == "s1+s2"


def test_joining_leaves_the_slides_alone(make_bag: MakeBag) -> None:
    """The bags that are joined may be cached; they are not written to."""
    bags = [make_bag(3, seed=1), make_bag(3, seed=2)]
    before = [bag.xy_px0.copy() for bag in bags]

    joined(bags)

    for bag, xy in zip(bags, before, strict=True):
        np.testing.assert_array_equal(bag.xy_px0, xy)
