"""PathSSL: masked siamese networks on patches, as an objective of the training engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from pathalign.encoders.workspace_vit import WorkspaceViT
from pathalign.errors import NeedsRepair
from pathalign.train.engine import ALONE, Alarm, StepRandom, World, batch_at
from pathalign.train.pathssl import monitor
from pathalign.train.pathssl.msn import balanced, cross_entropy, mean_entropy, sharpened
from pathalign.train.pathssl.pixel_views import PixelViews
from pathalign.train.pathssl.recipe import PretrainRecipe
from pathalign.train.pathssl.rounds import Rounds
from pathalign.train.pathssl.siamese import SiameseNet, View, momentum_at
from pathalign.train.pathssl.statistic_views import StatisticViews

WATCHED_PATCHES = 256
_BATCH = 64


class PretrainObjective:
    """Trains the ViT of a recipe on a sample of patches in memory, or on a stream of them."""

    def __init__(
        self,
        patches: UInt8[Tensor, "patch height width 3"],
        recipe: PretrainRecipe,
        *,
        labels: Int[Tensor, " patch"] | None = None,
        stream: Rounds | None = None,
    ) -> None:
        """`labels` are never trained on; with them the log has the accuracy of nearest neighbours, leaving one out.

        With a `stream` (linear stem alone) the batches come from it, and `patches` are only watched. Raises
        `NeedsRepair` for a stream with a schedule that accumulates.
        """
        if stream is not None and recipe.vit.stem != "linear":
            raise ValueError("Only the linear stem streams patches: the texture stem describes its sample once.")
        if stream is not None and recipe.schedule.accumulate != 1:
            raise NeedsRepair(
                f"A step of streamed patches is not cut into micro-batches, and accumulate is "
                f"{recipe.schedule.accumulate}. Set it to 1 and lower the batch with `--batch`, or use more processes."
            )
        self._stream = stream
        torch.manual_seed(recipe.schedule.seed)
        self._recipe, self._patches, self._labels = recipe, patches, labels
        self.module = SiameseNet(recipe)
        self._statistics, self._pixels = None, PixelViews(recipe)
        if recipe.vit.stem == "texture":
            self._statistics = StatisticViews(self.module.anchor.vit, patches, recipe)
            self.module.copy_target()
        watched = min(len(patches), WATCHED_PATCHES)
        self._watched = torch.arange(watched) * len(patches) // watched

    @property
    def vit(self) -> WorkspaceViT:
        """What is kept of it: the target's encoder, which is the smoother one."""
        return self.module.target.vit

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:
        """Cross-entropy of anchors against targets, and minus the entropy of the mean assignment."""
        chosen = self._chosen(step)
        own = chosen[world.own(len(chosen))]
        if self._statistics is not None:
            target, anchors = self._statistics.at(own, random)
        else:
            target, anchors = self._pixels.at(self._own(step, own, world).to(self._device), own, random)
        siamese, net = self._recipe.siamese, self.module
        log_target = world.gather(sharpened(net.log_target(target), siamese.sharpening))
        place = self._place(len(own), world)
        log_target = balanced(log_target, siamese.sinkhorn_rounds)[place]
        log_anchor = torch.cat([net.log_anchor(view) for view in anchors])
        return {
            "msn_loss": world.mean(cross_entropy(log_target, log_anchor)),
            "entropy_loss": world.once(-siamese.entropy_weight * mean_entropy(world.gather(log_anchor))),
        }

    def _own(self, step: int, own: Int[Tensor, " own"], world: World) -> UInt8[Tensor, "own height width 3"]:
        if self._stream is None:
            return self._patches[own]
        return self._stream.at(step, rank=world.rank, ranks=world.size)

    def _place(self, own: int, world: World) -> slice:
        if world.size == 1:
            return slice(0, own)
        batch = len(self._chosen(0))
        start = world.own(batch).start - world.together(batch).start
        return slice(start, start + own)

    def after_step(self, step: int) -> None:
        """The target follows."""
        self.module.follow(momentum_at(step, self._recipe.schedule.steps, self._recipe.siamese.momentum))

    def state(self) -> Mapping[str, Tensor]:
        """The target's weights."""
        return self.module.followers()

    def items(self, step: int) -> list[str]:
        """The patches of a step, by their number in the sample, or in the batch of a stream."""
        return [f"patch {i}" for i in self._chosen(step).tolist()]

    @torch.no_grad()
    def report(self, step: int) -> Mapping[str, float]:  # noqa: ARG002  the patches are the same at each step
        """Whether the target collapses, on patches that are the same each time."""
        net = self.module
        features, log_p = [], []
        for some in self._watched.split(_BATCH):
            seen = net.target.features(self._whole(some))
            features.append(seen.float().cpu())
            log_p.append(net.log_of_features(seen).cpu())
        found = monitor.state_of(torch.cat(features), torch.cat(log_p))
        if self._labels is not None:
            found["nearest_label_score"] = monitor.leaving_one_out(torch.cat(features), self._labels[self._watched])
        return found

    def alarms(self) -> Sequence[Alarm]:
        """Of collapse, from the end of the warm-up on."""
        warm_up = self._recipe.schedule.warmup_steps
        return monitor.alarms(2 * self._recipe.vit.dim, self._recipe.siamese.prototypes, after=warm_up)

    def finish(self) -> None:
        """What is fitted once the last step is done; call it before the weights are saved."""
        if self._statistics is not None:
            self._statistics.fit_canonical(self.vit)

    def _whole(self, some: Int[Tensor, " some"]) -> View:
        if self._statistics is not None:
            view = self._statistics.whole(some)
            return View(view.seen.to(self._device))
        return self._pixels.whole(self._patches[some].to(self._device))

    def _chosen(self, step: int) -> Int[Tensor, " batch"]:
        schedule = self._recipe.schedule
        if self._stream is not None:
            return torch.arange(schedule.batch)  # the place in the whole batch keys the random numbers of a patch
        batch = min(schedule.batch, len(self._patches))
        return torch.from_numpy(batch_at(step, items=len(self._patches), batch=batch, seed=schedule.seed))

    @property
    def _device(self) -> torch.device:
        return self.module.prototypes.device
