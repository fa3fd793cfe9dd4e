"""Self-supervised pre-training: repeatable, resumable, and it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pathalign.encoders.workspace_vit import WorkspaceViTConfig, normalise, quadrant_moments, quadrants_of
from pathalign.train.engine import Schedule, StepRandom, train
from pathalign.train.pretraining import PretrainObjective, PretrainRecipe, squared_correlations

pytestmark = pytest.mark.unit

VIT = WorkspaceViTConfig(image_px=64, dim=32, depth=1, heads=2, stem="texture", canonical=3)


def recipe(steps: int = 4) -> PretrainRecipe:
    """A run of seconds."""
    schedule = Schedule(steps=steps, batch=16, peak_lr=3e-3, final_lr=1e-3, warmup_steps=2, checkpoint_every=2)
    return PretrainRecipe(vit=VIT, schedule=schedule)


def patches(count: int = 24) -> Tensor:
    """Each with its own grain and amount of stain, the same in all its quadrants."""
    random = torch.Generator().manual_seed(0)
    grain = torch.rand(count, 1, 1, 1, generator=random) * 90
    stain = torch.rand(count, 1, 1, 1, generator=random) * torch.tensor([110.0, 100.0, 30.0])
    noise = torch.rand(count, 64, 64, 1, generator=random)
    return (torch.tensor([235.0, 220.0, 230.0]) - stain - grain * noise).to(torch.uint8)


def weights_after(run: Path, objective: PretrainObjective, schedule: Schedule, **kw: Any) -> dict[str, Tensor]:
    """Train in a folder, which is made if it is not there."""
    run.mkdir(exist_ok=True)
    train(objective, schedule, run, identity={}, **kw)
    return objective.module.state_dict()


def test_same_seed_same_weights(tmp_path: Path) -> None:
    """Two runs end with the same bytes."""
    one, other = (
        weights_after(tmp_path / name, PretrainObjective(patches(), recipe()), recipe().schedule) for name in "ab"
    )

    assert all(value.equal(other[name]) for name, value in one.items())


def test_killed_and_resumed_is_equal(tmp_path: Path) -> None:
    """A run that dies after its third step goes on from the checkpoint of the second."""
    schedule = recipe().schedule
    whole = weights_after(tmp_path / "whole", PretrainObjective(patches(), recipe()), schedule)

    def die(step: int, row: dict[str, float]) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights_after(tmp_path / "killed", PretrainObjective(patches(), recipe()), schedule, on_step=die)
    resumed = weights_after(tmp_path / "killed", PretrainObjective(patches(), recipe()), schedule)

    assert all(value.equal(resumed[name]) for name, value in whole.items())


def test_loss_falls_on_toy_patches(tmp_path: Path) -> None:
    """What all quadrants of a patch share is found."""
    objective = PretrainObjective(patches(64), recipe(steps=30))
    losses: list[float] = []

    weights_after(
        tmp_path / "run", objective, recipe(steps=30).schedule, on_step=lambda _, row: losses.append(row["loss"])
    )

    assert sum(losses[-5:]) < sum(losses[:5]) - 0.5


def test_a_step_depends_on_nothing_but_its_number() -> None:
    """The loss of step 7 is the same whatever was computed before."""
    objective = PretrainObjective(patches(), recipe())
    alone = objective.losses(7, StepRandom.at(0, 7))["canonical_loss"]
    objective.losses(3, StepRandom.at(0, 3))

    assert objective.losses(7, StepRandom.at(0, 7))["canonical_loss"].equal(alone)


def test_correlation_of_a_view_with_itself_is_full() -> None:
    """As many canonical correlations of 1 as dimensions; and none between views that have nothing in common."""
    random = torch.Generator().manual_seed(0)
    view, other = torch.randn(2, 4096, 4, generator=random).unbind(0)

    assert squared_correlations(view, view).item() == pytest.approx(4, abs=0.02)
    assert squared_correlations(view, other).item() == pytest.approx(0, abs=0.02)


def test_squared_correlations_ignore_scale_and_rotation() -> None:
    """Canonical correlations are of subspaces."""
    random = torch.Generator().manual_seed(0)
    shared, one, other = torch.randn(3, 256, 4, generator=random).unbind(0)
    mix = torch.linalg.qr(torch.randn(4, 4, generator=random))[0] * 30

    plain = squared_correlations(30 * (shared + one), 30 * (shared + other))

    torch.testing.assert_close(squared_correlations((shared + one) @ mix, (shared + other) @ mix), plain)


def test_a_vit_without_statistics_is_refused() -> None:
    """The error names what was given."""
    with pytest.raises(ValueError, match="stem='linear'"):
        PretrainRecipe(vit=WorkspaceViTConfig())


def test_variates_keep_what_the_quadrants_of_a_patch_share() -> None:
    """Across patches the same quadrant variates differ far more than within a patch."""
    found = patches(48)
    vit = PretrainObjective(found, recipe()).module.vit
    quadrants = quadrants_of(vit.patch_embed.standardised(normalise(found)))  # type: ignore[operator]

    variates = quadrant_moments(quadrants) @ vit.extreme_variates

    within = variates.var(1).mean()
    across = variates.mean(1).var(0).mean()
    assert across > 3 * within
