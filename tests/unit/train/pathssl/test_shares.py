"""Two processes with half a batch each have the loss of one with all of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from pathalign.encoders.workspace_vit import WorkspaceViTConfig
from pathalign.train.engine import Schedule, StepRandom, World
from pathalign.train.pathssl.objective import PretrainObjective
from pathalign.train.pathssl.recipe import PretrainRecipe, Siamese

pytestmark = pytest.mark.unit

BARRIER = threading.Barrier(2, timeout=30)
BOX: dict[int, Tensor] = {}


class Twin(World):
    """One of two threads that exchange tensors as processes would; values alone, no gradients."""

    def _exchanged(self, x: Tensor) -> list[Tensor]:
        BOX[self.rank] = x.detach()
        BARRIER.wait()
        found = [BOX[0], BOX[1]]
        BARRIER.wait()
        return found

    def gather(self, x: Tensor) -> Tensor:
        """Rows of both."""
        return torch.cat(self._exchanged(x))

    def sum(self, x: Tensor) -> Tensor:
        """Both together."""
        one, other = self._exchanged(x)
        return one + other


@pytest.mark.parametrize("stem", ["texture", "linear"])
def test_shares_add_up_to_the_loss(stem: str) -> None:
    """Nine patches, four and five of them; views are drawn by patch, so that they are the same in both."""
    vit = WorkspaceViTConfig(
        image_px=64, dim=32, depth=1, heads=2, stem=stem, canonical=3 if stem == "texture" else 0, words=8
    )  # type: ignore[arg-type]
    siamese = Siamese(prototypes=8, projection_dim=8, projection_hidden=16, anchors=2, focal_anchors=2, focal_px=32)
    recipe = PretrainRecipe(vit=vit, schedule=Schedule(steps=2, batch=9), siamese=siamese)
    patches = torch.randint(256, (12, 64, 64, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    objective = PretrainObjective(patches, recipe)

    with torch.no_grad():
        whole = objective.losses(1, StepRandom.at(0, 1))
        with ThreadPoolExecutor(2) as threads:
            twins = [Twin(rank=rank, size=2) for rank in (0, 1)]
            shares = list(threads.map(lambda twin: _losses(objective, twin), twins))

    for name, value in whole.items():
        torch.testing.assert_close(shares[0][name] + shares[1][name], value, atol=1e-5, rtol=1e-5)


def _losses(objective: PretrainObjective, twin: Twin) -> dict[str, Tensor]:
    with torch.no_grad():
        return dict(objective.losses(1, StepRandom.at(0, 1), twin))
