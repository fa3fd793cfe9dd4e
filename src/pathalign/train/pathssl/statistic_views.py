"""Views of patches that are given by the statistics of their tokens: nothing but the stem ever touches a pixel.

The statistics of each patch are computed once, and of some patches once more in another stain; a view is a square of
tokens of the one or the other. So a step costs what a few dozen tokens cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from pathalign.encoders.texture import TextureStem
from pathalign.encoders.words import Words
from pathalign.encoders.workspace_vit import WorkspaceViT, normalise, quadrant_moments, quadrants_of
from pathalign.train.engine import StepRandom
from pathalign.train.pathssl.closed_form import canonical_variates, invariant_directions, k_means
from pathalign.train.pathssl.recipe import PretrainRecipe
from pathalign.train.pathssl.siamese import View
from pathalign.train.pathssl.views import STAIN_NUMBERS, kept_tokens, restained

CALIBRATION_PATCHES = 256
TARGET_SHARE, FOCAL_SHARE = 0.7, 0.5
"""Sides of the squares that the target and a focal anchor see, of the patch's."""
WORD_TOKENS, WORD_ROUNDS, WORD_SOFTNESS = 40_000, 10, 0.1
RIDGE, WORD_RIDGE = 0.03, 0.3
_BATCH = 32
Statistics: TypeAlias = Float[Tensor, "patch row column statistic"]
_TARGET, _MASKED, _FOCAL = 10, 11, 30
"""Streams of random numbers."""


class StatisticViews:
    """Fits the closed-form parts of a ViT with the texture stem, and makes the views of a step."""

    def __init__(
        self, vit: WorkspaceViT, patches: UInt8[Tensor, "patch height width 3"], recipe: PretrainRecipe
    ) -> None:
        assert isinstance(vit.patch_embed, TextureStem), "chosen by the stem"
        self._vit, self._stem, self._siamese = vit, vit.patch_embed, recipe.siamese
        self._random = torch.Generator().manual_seed(recipe.schedule.seed)
        sample = normalise(patches[:: max(1, len(patches) // CALIBRATION_PATCHES)])
        self._stem.calibrate(sample)
        vit.coarse.calibrate(functional.avg_pool2d(sample, 2))
        stem = self._stem.standardised
        self._plain = torch.cat([_described(stem, normalise(some)) for some in patches.split(_BATCH)])
        count = min(len(patches), max(8, recipe.restained_patches))
        self._again = torch.arange(count) * len(patches) // count  # spread evenly
        self._place = torch.full((len(patches),), -1)
        self._place[self._again] = torch.arange(count)
        numbers = torch.rand(count, STAIN_NUMBERS, generator=self._random)
        other, coarse, coarse_other = [], [], []
        for some, draw in zip(self._again.split(_BATCH), numbers.split(_BATCH), strict=True):
            restained_images = _in_another_stain(patches[some], draw, recipe)
            other.append(_described(stem, restained_images))
            coarse.append(_described(vit.coarse_statistics, normalise(patches[some])))
            coarse_other.append(_described(vit.coarse_statistics, restained_images))
        self._other = torch.cat(other)
        self._fit(torch.cat(coarse), torch.cat(coarse_other))

    def __len__(self) -> int:
        return len(self._plain)

    @torch.no_grad()
    def _fit(self, coarse: Statistics, coarse_other: Statistics) -> None:
        """Words at both resolutions, their canonical variates and those of moments."""
        vit = self._vit
        plain = self._plain[self._again]
        self._fit_words(vit.words, plain, self._other)
        self._fit_words(vit.coarse_words, coarse, coarse_other)
        views, coarse_views = quadrant_views(plain, self._other), quadrant_views(coarse, coarse_other)
        moments = [quadrant_moments(some) for some in views]
        stained = [quadrant_moments(quadrants_of(some.float())) for some in self._plain.split(_BATCH)]
        for ridge, found, variates in (
            (WORD_RIDGE, [vit.words(some) for some in views], vit.word_variates),
            (WORD_RIDGE, [vit.coarse_words(some) for some in coarse_views], vit.coarse_variates),
            (RIDGE, moments, vit.variates),
            (RIDGE, stained, vit.stained_variates),
        ):
            count = variates.shape[1]
            variates.copy_(canonical_variates(torch.cat(found), count, ridge=ridge, random=self._random))

    def _fit_words(self, words: Words, plain: Statistics, other: Statistics) -> None:
        """Words of tokens in a space where a token is near itself in another stain."""
        one, two = plain.flatten(0, 2), other.flatten(0, 2)
        chosen = torch.randperm(len(one), generator=self._random)[:WORD_TOKENS]
        one, two = one[chosen].float(), two[chosen].float()
        words.to_invariant.copy_(invariant_directions(one, two, words.to_invariant.shape[1], ridge=RIDGE))
        half = len(chosen) // 2
        tokens = torch.cat([one[:half], two[half:]]) @ words.to_invariant
        centres, distance = k_means(tokens, len(words.centres), rounds=WORD_ROUNDS, random=self._random)
        words.centres.copy_(centres)
        words.width.fill_(max(WORD_SOFTNESS * distance, 1e-6))

    @torch.no_grad()
    def fit_canonical(self, vit: WorkspaceViT) -> None:
        """The projection of what a trained encoder sees in a quadrant to what quadrants share; the last step."""
        device = vit.canonical.weight.device
        seen = [
            vit.seen_in(views.flatten(0, 1).to(device)).unflatten(0, (-1, 4)).float().cpu()
            for views in quadrant_views(self._plain[self._again], self._other)
        ]
        random = torch.Generator().manual_seed(vit.config.canonical)
        found = canonical_variates(torch.cat(seen), vit.config.canonical, ridge=WORD_RIDGE, random=random)
        vit.canonical.weight.copy_(found.T)
        vit.canonical.bias.zero_()

    def at(self, chosen: Int[Tensor, " own"], random: StepRandom) -> tuple[View, list[View]]:
        """What target and anchors see of the patches of a step."""
        whole = self._plain.shape[1]
        wide, narrow = (max(1, round(share * whole)) for share in (TARGET_SHARE, FOCAL_SHARE))
        siamese = self._siamese
        target = View(self._square(chosen, random, wide, _TARGET))
        masked = [
            View(self._square(chosen, random, wide, _MASKED + n, siamese.keep_tokens)) for n in range(siamese.anchors)
        ]
        focal = [View(self._square(chosen, random, narrow, _FOCAL + n)) for n in range(siamese.focal_anchors)]
        return target, masked + focal

    def whole(self, chosen: Int[Tensor, " some"]) -> View:
        """Patches as they are, with all tokens."""
        return View(self._plain[chosen].flatten(1, 2).float())

    def _square(
        self, chosen: Int[Tensor, " own"], random: StepRandom, side: int, stream: int, keep: float | None = None
    ) -> Float[Tensor, "own kept statistic"]:
        """A square of `side` tokens at a random place in a random stain, and of those the kept ones."""
        numbers = random.uniform(chosen.tolist(), 3 + (side * side if keep else 0), stream=stream)
        corner = (numbers[:, :2] * (self._plain.shape[1] - side + 1)).long()
        rows, columns = (corner[:, axis, None] + torch.arange(side) for axis in (0, 1))
        rows, columns = rows[:, :, None].expand(-1, -1, side), columns[:, None].expand(-1, side, -1)
        found = self._plain[chosen[:, None, None], rows, columns]
        place = self._place[chosen]
        other = (numbers[:, 2] < 0.5) & (place >= 0)
        found[other] = self._other[place[other][:, None, None], rows[other], columns[other]]
        found = found.flatten(1, 2)
        if keep:
            kept = kept_tokens(numbers[:, 3:], keep)
            found = found.gather(1, kept[:, :, None].expand(-1, -1, found.shape[2]))
        return found.float().to(self._stem.statistic_std.device)


def quadrant_views(plain: Statistics, other: Statistics) -> list[Float[Tensor, "batch 4 token statistic"]]:
    """Of every patch two quadrants as they are and two in another stain, in batches."""
    found = []
    for some, again in zip(plain.split(_BATCH), other.split(_BATCH), strict=True):
        one, two = quadrants_of(some.float()), quadrants_of(again.float())
        found.append(torch.stack([one[:, 0], two[:, 1], two[:, 2], one[:, 3]], dim=1))
    return found


@torch.no_grad()
def _described(describe: Callable[[Tensor], Tensor], images: Float[Tensor, "batch 3 height width"]) -> Tensor:
    return describe(images).half()


def _in_another_stain(
    patches: UInt8[Tensor, "batch height width 3"], numbers: Tensor, recipe: PretrainRecipe
) -> Tensor:
    pixels = patches.permute(0, 3, 1, 2).float() / 255
    grey_levels = restained(pixels, numbers, recipe.jitter).mul(255).round().to(torch.uint8)
    return normalise(grey_levels.permute(0, 2, 3, 1))
