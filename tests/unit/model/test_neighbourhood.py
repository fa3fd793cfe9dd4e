"""The mean embedding around each patch, beside a loop over all pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from pathalign.domain.geometry import Bag
from pathalign.model.aligner import Aligner
from pathalign.model.bags import collate
from pathalign.model.neighbourhood import neighbourhood_means

pytestmark = pytest.mark.unit

PITCH_UM = 224.0


def test_on_a_grid_it_is_the_mean_of_three_by_three() -> None:
    """As a loop finds the patches within a pitch and a half, for two slides of which neither sees the other."""
    random = np.random.default_rng(0)
    cells = [random.permutation(36)[:n] for n in (20, 9)]
    xy = np.concatenate([np.stack([c % 6, c // 6], axis=1) for c in cells]) * PITCH_UM + 57.0
    x = torch.randn(29, 5, generator=torch.Generator().manual_seed(0))

    found = neighbourhood_means(x, torch.from_numpy(xy), (20, 9), 3 * PITCH_UM)

    slide = np.repeat([0, 1], [20, 9])
    for own in range(29):
        near = (np.abs(xy - xy[own]).max(1) < 1.5 * PITCH_UM) & (slide == slide[own])
        assert_close(found[own], x[torch.from_numpy(near)].mean(0))


def test_a_patch_alone_is_its_own_neighbourhood() -> None:
    """So one far from all others has the mean that it is."""
    x = torch.tensor([[1.0], [5.0]])

    assert torch.equal(neighbourhood_means(x, torch.tensor([[0.0, 0.0], [9e4, 0.0]]), (2,), 672.0), x)


def test_neighbours_reach_the_model(make_aligner: Callable[..., Aligner], make_bag: Callable[..., Bag]) -> None:
    """Without positions, two patches that change places change what the slide is; one slide or two is the same."""
    aligner = make_aligner(positions="none", neighbourhood_um=672.0)
    bag = make_bag(60)
    xy = bag.xy_px0.copy()
    xy[[0, 1]] = xy[[1, 0]]
    swapped = Bag(slide_id="s", embeddings=bag.embeddings, xy_px0=xy, slide_mpp=0.5, side_px0=448.0)

    before, after = (aligner.embed_slides(collate([b]))[0] for b in (bag, swapped))

    assert (after - before).abs().max() > 1e-3
    assert_close(aligner.embed_slides(collate([swapped, bag]))[1], before, atol=1e-5, rtol=1e-5)
