"""Patches as networks take them, against Pillow's resampling, which the owners' own pre-processing uses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from pathalign.encoders.torch_encoder import GreyLevels

pytestmark = pytest.mark.unit

KINDS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def edges(px: int) -> np.ndarray:
    """Random squares of black and white among noise: where interpolation overshoots."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 2, (px // 8, px // 8, 3)).repeat(8, 0).repeat(8, 1) * 255
    return np.where(random.random((px, px, 1)) < 0.1, 128, coarse).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("px", "resize_px", "image_px"), [(64, None, 48), (64, None, 96), (48, 64, 56), (64, 64, 56)])
def test_a_patch_is_resampled_and_cut_as_pillow_does(kind: str, px: int, resize_px: int | None, image_px: int) -> None:
    """To a grey level, for Pillow rounds twice, after rows and after columns; also where bicubic overshoots."""
    patch, side = edges(px), resize_px or image_px
    image = Image.fromarray(patch).resize((side, side), KINDS[kind])
    start = (side - image_px) // 2
    expected = np.asarray(image.crop((start, start, start + image_px, start + image_px)))

    levels = GreyLevels(image_px, resize_px=resize_px, interpolation=kind)  # type: ignore[arg-type]
    found = levels(torch.from_numpy(patch).permute(2, 0, 1)[None].float())

    assert_close(found[0].permute(1, 2, 0), torch.from_numpy(expected.copy()).float(), atol=1.25, rtol=0)
    assert found.min() >= 0
    assert found.max() <= 255


def test_the_normalisation_is_that_of_floats() -> None:
    """(x / 255 - mean) / std, channel by channel."""
    patch = torch.from_numpy(edges(16)).permute(2, 0, 1)[None].float()
    mean, std = (0.7, 0.6, 0.5), (0.3, 0.2, 0.1)

    found = GreyLevels(None, mean, std)(patch)

    expected = (patch / 255 - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    assert_close(found, expected, atol=1e-5, rtol=1e-5)
