"""Self-supervised pre-training of the small ViT on a workspace's own patches.

Two views of a patch (other crop, orientation, stain and tokens) are told apart from those of all other patches
(InfoNCE: Oord et al. 2018; as in SimCLR: Chen et al. 2020). Only a share of each view's tokens is encoded, which makes
a step cheaper and the task harder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional

from pathalign.encoders.vit import VisionTransformer, ViTConfig, normalise
from pathalign.train.engine import Schedule, StepRandom, batch_at


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainRecipe:
    """The small ViT of the offline default and how it is trained."""

    vit: ViTConfig = field(default_factory=lambda: ViTConfig(dim=192, depth=4, heads=3, stem="texture"))
    schedule: Schedule = field(
        default_factory=lambda: Schedule(steps=200, batch=64, peak_lr=5e-4, final_lr=1e-5, warmup_steps=20)
    )
    max_patches: int = 4096
    """Patches held in memory, spread evenly over the training slides (150 kB each)."""
    crop_px: int = 112
    keep_tokens: float = 0.6
    stain_jitter: float = 0.2
    """Largest relative change of the amount of each stain."""
    temperature: float = 0.2

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)


class PretrainModule(nn.Module):
    """The ViT and the head that is thrown away afterwards."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.vit = VisionTransformer(config)
        width = self.vit.embedding_dim
        self.head = nn.Sequential(nn.Linear(width, 512), nn.LayerNorm(512), nn.GELU(), nn.Linear(512, 128))


class PretrainObjective:
    """InfoNCE between two views of each patch."""

    def __init__(self, patches: UInt8[Tensor, "patch height width 3"], recipe: PretrainRecipe) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self._patches, self._recipe = patches, recipe
        self.module = PretrainModule(recipe.vit)
        if recipe.vit.stem == "texture":
            self.module.vit.patch_embed.calibrate(normalise(patches[:: max(1, len(patches) // 256)]))

    def losses(self, step: int, random: StepRandom) -> Mapping[str, Tensor]:
        schedule = self._recipe.schedule
        batch = min(schedule.batch, len(self._patches))
        chosen = torch.from_numpy(batch_at(step, items=len(self._patches), batch=batch, seed=schedule.seed))
        views = torch.cat([self._view(chosen, random.torch), self._view(chosen, random.torch)])
        tokens = self.module.vit(views, self._kept_tokens(len(views), random.torch))
        embeddings = torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], dim=1)
        return {"info_nce": info_nce(self.module.head(embeddings), self._recipe.temperature)}

    def _view(self, chosen: Int[Tensor, " batch"], random: torch.Generator) -> Float[Tensor, "batch 3 crop crop"]:
        side, crop = self._patches.shape[1], self._recipe.crop_px
        corners = torch.randint(0, side - crop + 1, (len(chosen), 2), generator=random)
        turns = torch.randint(0, 8, (len(chosen),), generator=random)
        views = []
        for index, (y, x), turn in zip(chosen.tolist(), corners.tolist(), turns.tolist(), strict=True):
            view = self._patches[index, y : y + crop, x : x + crop].rot90(turn % 4, (0, 1))
            views.append(view.flip(1) if turn >= 4 else view)
        return normalise(jitter_stain(torch.stack(views), self._recipe.stain_jitter, random))

    def _kept_tokens(self, batch: int, random: torch.Generator) -> Int[Tensor, "batch kept"]:
        tokens = (self._recipe.crop_px // self._recipe.vit.token_px) ** 2
        kept = max(1, round(tokens * self._recipe.keep_tokens))
        return torch.rand(batch, tokens, generator=random).argsort(1)[:, :kept]


def jitter_stain(
    patches: UInt8[Tensor, "batch height width 3"], amount: float, random: torch.Generator
) -> UInt8[Tensor, "batch height width 3"]:
    """Each patch with another amount of every stain, as another batch of dye or thickness of section would give.

    Optical density is scaled by up to `amount` in all and by half of it in each colour: no hue that tissue never takes.
    """
    overall = 1 + amount * (2 * torch.rand(len(patches), 1, 1, 1, generator=random) - 1)
    colour = 1 + amount / 2 * (2 * torch.rand(len(patches), 1, 1, 3, generator=random) - 1)
    transmitted = (patches.float() / 255).clamp_min(1 / 255) ** (overall * colour)
    return (transmitted * 255).round().to(torch.uint8)


def info_nce(projections: Float[Tensor, "view dim"], temperature: float) -> Float[Tensor, ""]:
    """The other view of the same patch against all other views; views i and i + half belong together."""
    unit = functional.normalize(projections, dim=1)
    logits = (unit @ unit.T / temperature).fill_diagonal_(-torch.inf)
    partner = torch.arange(len(unit), device=unit.device).roll(len(unit) // 2)
    return functional.cross_entropy(logits, partner)
