"""The two halves of a masked siamese network: what is trained, and the target that follows it."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pathalign.encoders.pooling import class_and_mean
from pathalign.encoders.workspace_vit import WorkspaceViT
from pathalign.train.pathssl.msn import follow, log_assignments
from pathalign.train.pathssl.recipe import PretrainRecipe, Siamese


@dataclass(frozen=True, slots=True)
class View:
    """What is seen of each patch of a share: normalised pixels, or standardised statistics of tokens."""

    seen: Float[Tensor, "patch 3 height width"] | Float[Tensor, "patch token statistic"]
    keep: Int[Tensor, "patch kept"] | None = None
    """The tokens that are encoded at all; None for all. Statistics have been chosen already."""


class Branch(nn.Module):
    """An encoder and its projection."""

    def __init__(self, recipe: PretrainRecipe) -> None:
        super().__init__()
        self.vit = WorkspaceViT(recipe.vit)
        hidden, out = recipe.siamese.projection_hidden, recipe.siamese.projection_dim
        self.projection = nn.Sequential(
            nn.Linear(2 * recipe.vit.dim, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, out),
        )  # fmt: skip

    def features(self, view: View) -> Float[Tensor, "patch width"]:
        """Class token beside the mean of the others."""
        if view.seen.ndim == 3:
            return self.vit.seen_in(view.seen)
        return class_and_mean(self.vit(view.seen, view.keep), self.vit.config.prefix)

    def forward(self, view: View) -> Float[Tensor, "patch projection"]:
        return self.projection(self.features(view))


class SiameseNet(nn.Module):
    """The trained branch with the prototypes, and the target, which has no gradient."""

    def __init__(self, recipe: PretrainRecipe) -> None:
        super().__init__()
        self.config: Siamese = recipe.siamese
        self.anchor = Branch(recipe)
        self.prototypes = nn.Parameter(torch.randn(self.config.prototypes, self.config.projection_dim))
        with torch.no_grad():  # a matrix would be drawn to 0 by weight decay; its rows count by direction alone
            self.prototypes.div_(self.prototypes.norm(dim=1, keepdim=True))
        self.target = copy.deepcopy(self.anchor).requires_grad_(False)

    def log_anchor(self, view: View) -> Float[Tensor, "patch prototype"]:
        """Log-assignments of anchors."""
        return log_assignments(self.anchor(view), self.prototypes, self.config.temperature)

    @torch.no_grad()
    def log_target(self, view: View) -> Float[Tensor, "patch prototype"]:
        """Log-assignments by the target, neither sharpened nor balanced."""
        return self.log_of_features(self.target.features(view))

    @torch.no_grad()
    def log_of_features(self, features: Float[Tensor, "patch width"]) -> Float[Tensor, "patch prototype"]:
        """The same of features of the target's encoder."""
        return log_assignments(self.target.projection(features), self.prototypes, self.config.temperature)

    def copy_target(self) -> None:
        """Make the target equal to the trained branch, as it is at the start."""
        self.target.load_state_dict(self.anchor.state_dict())

    def follow(self, momentum: float) -> None:
        """The target's next step."""
        follow(
            list(self.target.parameters()), [p.detach() for p in self.anchor.parameters()], momentum
        )  # fmt: skip

    def followers(self) -> Mapping[str, Tensor]:
        """What a resumed run needs beside the trained weights."""
        return {f"target.{name}": p for name, p in self.target.named_parameters()}


def momentum_at(step: int, steps: int, least: float) -> float:
    """Rises along a cosine from `least` to 1; at the very start it is lower, as there is nothing to remember."""
    risen = 1 - (1 - least) * (1 + math.cos(math.pi * step / steps)) / 2
    return min(risen, (step + 1) / (step + 10))
