"""Packing slides one behind the other, and the slides of a case as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from pathalign.domain.geometry import Bag
from pathalign.model.bags import collate, joined
from pathalign.model.qformer import PatchInput, Positions, QFormerConfig

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]


def test_slides_are_packed_one_behind_the_other(make_bag: MakeBag) -> None:
    """Every slide's patches as they are stored, in the order of the slides, and nothing else."""
    bags = [make_bag(3), make_bag(7), make_bag(1)]

    batch = collate(bags)

    assert batch.lengths == (3, 7, 1)
    assert batch.embeddings.shape == (11, 12)
    parts = zip(bags, batch.embeddings.split([3, 7, 1]), batch.xy_um.split([3, 7, 1]), strict=True)
    for bag, embeddings, xy_um in parts:
        np.testing.assert_array_equal(embeddings.numpy(), bag.embeddings)
        np.testing.assert_array_equal(xy_um.numpy(), bag.xy_um)
    assert len(batch) == 3
    assert batch.to(torch.device("cpu")).embeddings.device.type == "cpu"


def test_a_batch_is_as_wide_as_its_widest_slide(make_bag: MakeBag) -> None:
    """Half precision goes to the device as such; imported single precision stays; double is rounded to single."""
    half, single, double = (
        replace(bag, embeddings=bag.embeddings.astype(kind))
        for bag, kind in ((make_bag(3), "f2"), (make_bag(4), "f4"), (make_bag(2), "f8"))
    )

    assert collate([half, half]).embeddings.dtype == torch.float16
    both = collate([half, single])
    assert both.embeddings.dtype == torch.float32
    np.testing.assert_array_equal(both.embeddings[:3].numpy(), half.embeddings.astype(np.float32))
    np.testing.assert_array_equal(both.embeddings[3:].numpy(), single.embeddings)
    assert collate([double]).embeddings.dtype == torch.float32
    assert collate([half, half]).split(1)[1].to(torch.device("meta")).embeddings.dtype == torch.float16


@pytest.mark.parametrize("positions", ["fourier", "sinusoidal", "none"])
def test_widening_on_the_device_changes_no_number(make_bag: MakeBag, positions: Positions) -> None:
    """What queries attend to is, to the bit, what it is when single precision is sent."""
    patch_input = PatchInput(QFormerConfig(embedding_dim=12, positions=positions, neighbourhood_um=900.0))
    patch_input.standardise_by(torch.linspace(-1, 1, 12), torch.linspace(0.5, 2, 12))
    batch = collate([make_bag(5), make_bag(9)])
    assert batch.embeddings.dtype == torch.float16

    wide = replace(batch, embeddings=batch.embeddings.float())

    assert torch.equal(patch_input(batch), patch_input(wide))
    assert patch_input(batch).dtype == torch.float32


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
