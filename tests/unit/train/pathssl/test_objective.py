"""Pre-training: repeatable, resumable, it learns, and it says when it collapses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig, normalise
from pathalign.errors import UnknownName
from pathalign.train.engine import METRICS, Schedule, StepRandom, train
from pathalign.train.pathssl import monitor
from pathalign.train.pathssl.objective import PretrainObjective
from pathalign.train.pathssl.recipe import PretrainRecipe, Siamese, pretrain_recipe

pytestmark = pytest.mark.unit

SIAMESE = Siamese(
    prototypes=16, projection_dim=8, projection_hidden=16, focal_anchors=2, focal_px=32, keep_tokens=0.5, momentum=0.9
)


def recipe(stem: str, steps: int = 4) -> PretrainRecipe:
    """A run of a second."""
    vit = WorkspaceViTConfig(
        image_px=64, dim=32, depth=1, heads=2, stem=stem, canonical=3 if stem == "texture" else 0, words=16
    )  # type: ignore[arg-type]
    schedule = Schedule(steps=steps, batch=16, peak_lr=3e-3, final_lr=1e-3, warmup_steps=2, checkpoint_every=2)
    return PretrainRecipe(vit=vit, schedule=schedule, siamese=SIAMESE, restained_patches=16)


def patches(count: int = 24) -> Tensor:
    """Each with its own grain, which all its parts share."""
    random = torch.Generator().manual_seed(0)
    grain = torch.rand(count, 1, 1, 1, generator=random) * 90
    stain = torch.rand(count, 1, 1, 1, generator=random) * torch.tensor([110.0, 100.0, 30.0])
    noise = torch.rand(count, 64, 64, 1, generator=random)
    return (torch.tensor([235.0, 220.0, 230.0]) - stain - grain * noise).to(torch.uint8)


def weights_after(run: Path, objective: PretrainObjective, schedule: Schedule, **kw: Any) -> dict[str, Tensor]:
    """Train in a folder, which is made if it is not there; then what is saved."""
    run.mkdir(exist_ok=True)
    train(objective, schedule, run, identity={}, **kw)
    objective.finish()
    return objective.vit.state_dict()


@pytest.mark.parametrize("stem", ["texture", "linear"])
@pytest.mark.slow
def test_killed_and_resumed_is_equal(tmp_path: Path, stem: str) -> None:
    """A run that dies after its third step goes on from the checkpoint of the second, its target too: same bytes."""
    chosen = recipe(stem)
    whole = weights_after(tmp_path / "whole", PretrainObjective(patches(), chosen), chosen.schedule)

    def die(step: int, row: dict[str, float]) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights_after(tmp_path / "killed", PretrainObjective(patches(), chosen), chosen.schedule, on_step=die)
    resumed = weights_after(tmp_path / "killed", PretrainObjective(patches(), chosen), chosen.schedule)

    assert all(value.equal(resumed[name]) for name, value in whole.items())
    assert (tmp_path / "whole" / METRICS).read_bytes() == (tmp_path / "killed" / METRICS).read_bytes()


def test_a_step_depends_on_nothing_but_its_number() -> None:
    """The loss of step 7 is the same whatever was computed before."""
    objective = PretrainObjective(patches(), recipe("texture"))
    alone = objective.losses(7, StepRandom.at(0, 7))["msn_loss"]
    objective.losses(3, StepRandom.at(0, 3))

    assert objective.losses(7, StepRandom.at(0, 7))["msn_loss"].equal(alone)


@pytest.mark.slow
def test_loss_falls_on_toy_patches(tmp_path: Path) -> None:
    """Anchors come to agree with their targets while all prototypes stay in use."""
    chosen = recipe("texture", steps=30)
    chosen = replace(chosen, schedule=replace(chosen.schedule, checkpoint_every=30))
    objective = PretrainObjective(patches(64), chosen, labels=torch.arange(64) % 2)
    rows: list[dict[str, float]] = []

    weights_after(tmp_path / "run", objective, chosen.schedule, on_step=lambda _, row: rows.append(row))

    loss = [row["msn_loss"] for row in rows]
    assert sum(loss[-5:]) < sum(loss[:5]) - 1
    assert rows[-1]["prototype_entropy"] > 1
    assert {"embedding_rank", "assignment_entropy", "nearest_label_score"} <= rows[-1].keys()


def test_trained_are_the_anchor_and_the_prototypes() -> None:
    """The target has no gradient, follows after a step, and begins equal."""
    objective = PretrainObjective(patches(), recipe("linear"))
    net = objective.module
    assert all(value.equal(net.target.state_dict()[name]) for name, value in net.anchor.state_dict().items())

    sum(objective.losses(0, StepRandom.at(0, 0)).values()).backward()  # type: ignore[union-attr]
    with torch.no_grad():
        net.anchor.projection[0].weight.add_(1)
    before = net.target.projection[0].weight.clone()
    objective.after_step(2)

    assert net.prototypes.grad is not None
    assert net.prototypes.grad.abs().sum() > 0
    assert all(p.grad is None for p in net.target.parameters())
    torch.testing.assert_close(net.target.projection[0].weight, before + 0.75)  # momentum 3 / 12 at the third step


@pytest.mark.slow
def test_embeddings_of_another_stain_are_near(tmp_path: Path) -> None:
    """The saved encoder moves less for a stain than for another patch."""
    chosen = recipe("texture")
    objective = PretrainObjective(patches(48), chosen)
    weights_after(tmp_path / "run", objective, chosen.schedule)
    vit = WorkspaceViT(chosen.vit)
    vit.load_state_dict(objective.vit.state_dict())
    darker = (255 * (patches(48).float() / 255) ** 1.3).to(torch.uint8)

    one, other = (vit.embed(normalise(some)) for some in (patches(48), darker))

    assert (one - other).norm(dim=1).mean() < 0.5 * (one - one.roll(1, 0)).norm(dim=1).mean()


def test_alarms_ring_on_collapse_and_only_then(tmp_path: Path) -> None:
    """Embeddings on one point, and all assignments to one prototype, are each told."""
    collapsed = monitor.state_of(torch.ones(32, 16), torch.eye(8)[:1].repeat(32, 1).log().clamp_min(-1e4))
    healthy = monitor.state_of(
        torch.randn(32, 16, generator=torch.Generator().manual_seed(0)), torch.full((32, 8), 1 / 8).log()
    )
    alarms = monitor.alarms(16, 8, after=0)

    assert [alarm.heard([{"step": 5, **collapsed}]) for alarm in alarms] == [True, True]
    assert [alarm.heard([{"step": 5, **healthy}]) for alarm in alarms] == [False, False]


def test_effective_rank_counts_directions() -> None:
    """Three equal axes of sixteen: 3."""
    axes = torch.zeros(6, 16)
    axes[:3, :3], axes[3:, :3] = torch.eye(3), -torch.eye(3)

    assert monitor.effective_rank(axes) == pytest.approx(3)


def test_a_collapsed_run_says_so(tmp_path: Path) -> None:
    """Prototypes that are all alike with no entropy term leave the alarm in metrics.jsonl."""
    chosen = recipe("linear", steps=4)
    chosen = replace(chosen, siamese=replace(SIAMESE, entropy_weight=0.0, sinkhorn_rounds=0))
    objective = PretrainObjective(patches(), chosen)
    with torch.no_grad():
        for branch in (objective.module.anchor, objective.module.target):
            branch.vit.norm.weight.zero_()
    heard: list[str] = []
    objective.module.anchor.vit.norm.weight.requires_grad_(False)
    (tmp_path / "run").mkdir()

    train(objective, chosen.schedule, tmp_path / "run", identity={}, tell=heard.append)

    rows = [json.loads(row) for row in (tmp_path / "run" / METRICS).read_text().splitlines()]
    assert any("collapse" in alarm for row in rows for alarm in row.get("alarms", ()))
    assert any("embedding_rank" in told for told in heard)


@pytest.mark.parametrize(("name", "dim", "depth"), [("tiny", 96, 2), ("small", 384, 12), ("base", 768, 12)])
def test_recipes_by_name(name: str, dim: int, depth: int) -> None:
    """Small is ViT-S/16, base ViT-B/16."""
    vit = pretrain_recipe(name).vit

    assert (vit.dim, vit.depth, vit.token_px) == (dim, depth, 16)


def test_wrong_recipes_are_refused() -> None:
    """The error names what was given."""
    with pytest.raises(UnknownName, match="huge"):
        pretrain_recipe("huge")
    with pytest.raises(ValueError, match=r"1\.5"):
        Siamese(keep_tokens=1.5)
    with pytest.raises(ValueError, match="100"):
        replace(pretrain_recipe("small"), siamese=Siamese(focal_px=100))
