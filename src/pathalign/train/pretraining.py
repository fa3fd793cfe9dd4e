"""Self-supervised pre-training of the small ViT on a workspace's own patches.

Two different quadrants of a patch, each with other amounts of stain and with tokens missing, are projected to few
dimensions so that these are canonically correlated (Hotelling 1936; deep CCA: Andrew et al. 2013): what neighbouring
tissue shares is kept, what tells one image from another is not. A slide model that learns from a hundred slides would
learn the latter by heart. The stem's statistics are computed once, so that a step touches no pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from pathalign.encoders.texture import TextureStem
from pathalign.encoders.workspace_vit import (
    WorkspaceViT,
    WorkspaceViTConfig,
    normalise,
    quadrant_moments,
    quadrants_of,
)
from pathalign.train.engine import ALONE, Schedule, StepRandom, World, batch_at

RIDGE = 0.03
"""Added to the variances before canonical correlation: directions that hardly vary are noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainRecipe:
    """The small ViT of the offline default and how it is trained."""

    vit: WorkspaceViTConfig = field(
        default_factory=lambda: WorkspaceViTConfig(dim=128, depth=2, heads=2, stem="texture", canonical=24)
    )
    schedule: Schedule = field(
        default_factory=lambda: Schedule(steps=100, batch=128, peak_lr=1e-3, final_lr=2e-5, warmup_steps=20)
    )
    max_patches: int = 4096
    """Patches held in memory, spread evenly over the training slides (150 kB each, and 32 kB of statistics)."""
    keep_tokens: float = 0.6
    stain_jitter: float = 0.3
    """Largest change of the logarithm of the amount of haematoxylin, and of eosin."""

    def __post_init__(self) -> None:
        if self.vit.stem != "texture" or not self.vit.canonical:
            raise ValueError(
                "Pre-training needs a ViT with the texture stem and a canonical projection, "
                f"got stem={self.vit.stem!r} and canonical={self.vit.canonical}."
            )

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)


class PretrainModule(nn.Module):
    """The ViT; it has no head that would be thrown away."""

    def __init__(self, config: WorkspaceViTConfig) -> None:
        super().__init__()
        self.vit = WorkspaceViT(config)


class PretrainObjective:
    """Canonical correlation between two quadrants of each patch."""

    def __init__(self, patches: UInt8[Tensor, "patch height width 3"], recipe: PretrainRecipe) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self._recipe = recipe
        self.module = PretrainModule(recipe.vit)
        stem = self.module.vit.patch_embed
        assert isinstance(stem, TextureStem), "the recipe refuses any other"
        self._stem = stem
        self._stem.calibrate(normalise(patches[:: max(1, len(patches) // 256)]))
        found = [self._stem.standardised(normalise(some)).half() for some in patches.split(32)]
        self._statistics = torch.cat(found)  # [patch, row, column, statistic]
        vit = self.module.vit
        vit.variates.copy_(self._variates(vit.variates.shape[1]))
        vit.extreme_variates.copy_(self._variates(vit.extreme_variates.shape[1]))

    def _variates(self, count: int) -> Float[Tensor, "moment variate"]:
        """The first canonical variates of the moments of a patch's quadrants, in closed form.

        They are weighted by the root of their correlation and turned at random, so that a model which standardises its
        inputs one by one does not raise the weak ones to the height of the strong.
        """
        found = [quadrant_moments(quadrants_of(some.float())) for some in self._statistics.split(64)]
        moments = torch.cat(found)
        centre = moments.mean((0, 1))
        scale = moments.std((0, 1)).clamp_min(1e-4)
        unit = (moments - centre) / scale
        total = unit.flatten(0, 1).T @ unit.flatten(0, 1) / (4 * len(unit))
        sums = unit.sum(1)
        shared = (sums.T @ sums - 4 * len(unit) * total) / (12 * len(unit))
        values, axes = torch.linalg.eigh(total + RIDGE * torch.eye(len(total)))
        whiten = axes * values.rsqrt()
        correlation, turned = torch.linalg.eigh(whiten.T @ shared @ whiten)
        weights = correlation.flip(0)[:count].clamp_min(0).sqrt()
        random = torch.Generator().manual_seed(self._recipe.schedule.seed)
        turn = torch.linalg.qr(torch.randn(count, count, generator=random))[0]
        return (whiten @ turned.flip(1)[:, :count] * weights @ turn) / scale[:, None]

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """Minus the sum of the squared canonical correlations, which are of the whole batch."""
        schedule, patches = self._recipe.schedule, len(self._statistics)
        batch = min(schedule.batch, patches)
        chosen = torch.from_numpy(batch_at(step, items=patches, batch=batch, seed=schedule.seed))
        first, second = torch.rand(batch, 4, generator=random.torch).argsort(1)[:, :2].unbind(1)
        own = world.own(batch)
        views = torch.cat([self._view(chosen, quadrant, random.torch, own) for quadrant in (first, second)])
        one, other = (world.gather(view.float()) for view in self.module.vit.embed_statistics(views).chunk(2))
        return {"canonical_loss": world.once(-squared_correlations(one, other))}

    def items(self, step: int) -> list[str]:
        """The patches of a step, by their number in the sample."""
        schedule, patches = self._recipe.schedule, len(self._statistics)
        batch = min(schedule.batch, patches)
        return [f"patch {i}" for i in batch_at(step, items=patches, batch=batch, seed=schedule.seed)]

    def _view(
        self, chosen: Int[Tensor, " batch"], quadrant: Int[Tensor, " batch"], random: torch.Generator, own: slice
    ) -> Float[Tensor, "own kept statistic"]:
        # The few random numbers are drawn for the whole batch, so that they are the same for any number of processes.
        side = self._statistics.shape[1] // 2
        kept = max(1, int(side * side * self._recipe.keep_tokens))
        keep = torch.rand(len(chosen), side * side, generator=random).argsort(1)[own, :kept]
        log_gain = self._recipe.stain_jitter * (2 * torch.rand(len(chosen), 2, generator=random) - 1)[own]
        chosen, quadrant = chosen[own], quadrant[own]
        step = torch.arange(side)
        rows = (quadrant // 2 * side)[:, None] + step
        columns = (quadrant % 2 * side)[:, None] + step
        tokens = self._statistics[chosen[:, None, None], rows[:, :, None], columns[:, None, :]].flatten(1, 2).float()
        tokens = tokens.gather(1, keep[:, :, None].expand(-1, -1, tokens.shape[2]))
        device = self._stem.statistic_std.device
        return self._stem.restained(tokens.to(device), log_gain.to(device))


def squared_correlations(one: Float[Tensor, "pair dim"], other: Float[Tensor, "pair dim"]) -> Float[Tensor, ""]:
    """The sum of the squared canonical correlations of two views, which have the same distribution; at most `dim`."""
    mean = torch.cat([one, other]).mean(0)
    one, other = one - mean, other - mean
    covariance = (one.T @ one + other.T @ other) / (2 * len(one))
    between = (one.T @ other + other.T @ one) / (2 * len(one))
    factor = torch.linalg.cholesky(covariance + 1e-3 * torch.eye(one.shape[1], device=one.device))
    half = torch.linalg.solve_triangular(factor, between, upper=False)
    return torch.linalg.solve_triangular(factor, half.T, upper=False).square().sum()
