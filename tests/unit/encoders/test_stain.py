"""Stain amounts of a patch, whatever its dyes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from pathalign.encoders.stain import stain_amounts
from pathalign.encoders.words import Words

pytestmark = pytest.mark.unit

DYES = functional.normalize(torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]]), dim=1)


def amounts(count: int = 3, side: int = 64) -> Tensor:
    """Of two dyes at each pixel, some of it glass, [patch, 2, side, side]."""
    random = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 2, side // 8, side // 8, generator=random)
    found = functional.interpolate(coarse, (side, side), mode="bilinear") * 1.2
    found[:, :, : side // 8] = 0
    return found


def dyed(dyes: Tensor, found: Tensor) -> Tensor:
    """Optical density."""
    return torch.einsum("ds,ndhw->nshw", dyes, found)


def test_amounts_follow_the_dyes_that_were_mixed() -> None:
    """Haematoxylin correlates with haematoxylin, eosin with eosin, and not across."""
    mixed = amounts()

    found = stain_amounts(dyed(DYES, mixed))

    for dye in (0, 1):
        own = torch.corrcoef(torch.stack([found[0, dye].flatten(), mixed[0, dye].flatten()]))[0, 1]
        assert own > 0.9


def test_more_stain_is_the_same_amount() -> None:
    """Twice the density in both dyes hardly changes anything: amounts are of the patch's own scale."""
    mixed = amounts()

    one, other = stain_amounts(dyed(DYES, mixed)), stain_amounts(dyed(DYES, 2 * mixed))

    assert (one - other).abs().mean() < 0.05 * one.std()


def test_other_dyes_are_the_same_amount() -> None:
    """Other dyes, 10 degrees away and in another ratio, move amounts by a small part of their spread."""
    mixed = amounts()
    other_dyes = functional.normalize(DYES + 0.15 * torch.tensor([[0.0, -0.5, 1.0], [1.0, 0.0, 0.5]]), dim=1)
    gain = torch.tensor([1.3, 0.8])[None, :, None, None]

    one, other = stain_amounts(dyed(DYES, mixed)), stain_amounts(dyed(other_dyes, gain * mixed))

    assert (one - other).abs()[:, :2].mean() < 0.1 * one[:, :2].std()


def test_glass_and_black_give_numbers() -> None:
    """A patch without tissue, and one that is all ink, are finite."""
    density = torch.stack([torch.zeros(3, 32, 32), torch.full((3, 32, 32), 5.5)])

    assert stain_amounts(density).isfinite().all()


def test_a_word_is_its_nearest_centre() -> None:
    """Tokens at centres 0, 0 and 2: shares of two thirds and one third, as roots."""
    words = Words(statistics=5, count=4)
    words.to_invariant[:, :5] = torch.eye(5)
    words.centres[:, :4] = 10 * torch.eye(4)
    tokens = 10 * torch.eye(5)[[0, 0, 2]]

    torch.testing.assert_close(words(tokens).square(), torch.tensor([2 / 3, 0, 1 / 3, 0]), atol=1e-6, rtol=0)
