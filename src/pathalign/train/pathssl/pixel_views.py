"""Views of patches as pixels, for ViTs with a linear stem: random crops in another stain, masked or focal."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from pathalign.encoders.encoder import MEAN, STD
from pathalign.train.engine import StepRandom
from pathalign.train.pathssl.recipe import PretrainRecipe
from pathalign.train.pathssl.siamese import View
from pathalign.train.pathssl.views import CROP_NUMBERS, STAIN_NUMBERS, crops, kept_tokens, restained

WIDE_AREA, FOCAL_AREA = (0.3, 1.0), (0.05, 0.3)
"""Shares of a patch that the target and masked anchors, and focal anchors, see: the paper's."""
_TARGET, _MASKED, _FOCAL = 10, 11, 30
"""Streams of random numbers."""


class PixelViews:
    """Makes the views of a step, of a share of patches at once and where the network computes."""

    def __init__(self, recipe: PretrainRecipe) -> None:
        self._vit, self._siamese, self._jitter = recipe.vit, recipe.siamese, recipe.jitter

    def at(
        self, patches: UInt8[Tensor, "own height width 3"], items: Int[Tensor, " own"], random: StepRandom
    ) -> tuple[View, list[View]]:
        """What target and anchors see; all focal anchors of a patch are one batch, as all have the same size."""
        siamese, pixels = self._siamese, _unit(patches)
        target = View(self._seen(pixels, items, random, _TARGET, self._vit.image_px, WIDE_AREA))
        anchors = []
        for number in range(siamese.anchors):
            seen = self._seen(pixels, items, random, _MASKED + number, self._vit.image_px, WIDE_AREA)
            drawn = random.uniform(items.tolist(), self._vit.side**2, stream=_MASKED + number + 200).to(seen.device)
            anchors.append(View(seen, kept_tokens(drawn, siamese.keep_tokens)))
        if siamese.focal_anchors:
            focal = [
                self._seen(pixels, items, random, _FOCAL + number, siamese.focal_px, FOCAL_AREA)
                for number in range(siamese.focal_anchors)
            ]
            anchors.append(View(torch.cat(focal)))
        return target, anchors

    def whole(self, patches: UInt8[Tensor, "some height width 3"]) -> View:
        """Patches as they are, with all tokens."""
        return View(_normalised(_unit(patches)))

    def _seen(
        self, pixels: Float[Tensor, "own 3 height width"], items: Int[Tensor, " own"], random: StepRandom, stream: int,
        side_px: int, area: tuple[float, float],
    ) -> Float[Tensor, "own 3 side side"]:  # fmt: skip
        numbers = random.uniform(items.tolist(), CROP_NUMBERS + STAIN_NUMBERS, stream=stream).to(pixels.device)
        found = crops(pixels, numbers[:, :CROP_NUMBERS], side_px=side_px, area=area)
        return _normalised(restained(found, numbers[:, CROP_NUMBERS:], self._jitter))


def _unit(patches: UInt8[Tensor, "some height width 3"]) -> Float[Tensor, "some 3 height width"]:
    return patches.permute(0, 3, 1, 2).float() / 255


def _normalised(pixels: Float[Tensor, "some 3 height width"]) -> Float[Tensor, "some 3 height width"]:
    mean, std = (torch.tensor(values, device=pixels.device)[:, None, None] for values in (MEAN, STD))
    return (pixels - mean) / std
