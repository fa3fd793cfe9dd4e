"""Frames and units of patches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pathalign.domain.geometry import Bag, PatchGrid, PatchSpec

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        ({"patch_px": 8}, "patch_px must be at least 16, got 8"),
        ({"patch_mpp": 352.8}, "0.05-20 micrometres per pixel, got 352.8"),
        ({"patch_mpp": 0.0}, "0.05-20 micrometres per pixel, got 0.0"),
        ({"min_tissue": 0.0}, "above 0 and at most 1, got 0.0"),
        ({"min_tissue": 1.5}, "above 0 and at most 1, got 1.5"),
    ],
)
def test_a_senseless_spec_is_refused_where_it_is_made(wrong: dict[str, Any], seen: str) -> None:
    """A spec outside its range is refused with the range and the value seen."""
    with pytest.raises(ValueError, match=seen):
        PatchSpec(**wrong)


def test_the_side_in_level0_pixels_is_a_fraction() -> None:
    """At 0.2527 mpp a patch of 224 um is 886.4 level-0 pixels wide, not 886."""
    grid = PatchGrid(
        spec=PatchSpec(patch_px=224, patch_mpp=1.0),
        slide_mpp=0.2527,
        effective_mpp=1.0,
        xy_px0=np.zeros((3, 2), np.int32),
        tissue_share=np.ones(3, np.float32),
    )

    assert grid.side_px0 == pytest.approx(224 / 0.2527)
    assert grid.side_px0 % 1 != 0
    assert len(grid) == 3


def test_positions_are_patch_centres_in_micrometres() -> None:
    """The same places on the glass have the same `xy_um` whatever the scanner's resolution."""
    corners_um = np.array([[0, 0], [224, 448], [2240, 1120]])
    bags = [
        Bag(
            slide_id="s",
            embeddings=np.zeros((3, 4), np.float16),
            xy_px0=np.rint(corners_um / mpp).astype(np.int32),
            slide_mpp=mpp,
            side_px0=224 / mpp,
        )
        for mpp in (0.25, 0.5)
    ]

    np.testing.assert_allclose(bags[0].xy_um, corners_um + 112)
    np.testing.assert_allclose(bags[0].xy_um, bags[1].xy_um)
    assert bags[0].xy_um.dtype == np.float32


def test_far_corners_lose_nothing_to_single_precision() -> None:
    """A corner 200,000 px out keeps its place to a hundredth of a micrometre: the sum is made in double precision."""
    bag = Bag(
        slide_id="s",
        embeddings=np.zeros((1, 4), np.float16),
        xy_px0=np.array([[199_999, 1]], np.int32),
        slide_mpp=0.2527,
        side_px0=886.4,
    )

    np.testing.assert_allclose(bag.xy_um[0], [(199_999 + 443.2) * 0.2527, (1 + 443.2) * 0.2527], atol=0.01)
