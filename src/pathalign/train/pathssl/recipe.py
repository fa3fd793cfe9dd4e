"""How a patch encoder is pre-trained: the sizes of PathSSL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from pathalign.encoders.workspace_vit import WorkspaceViTConfig
from pathalign.errors import UnknownName
from pathalign.train.engine import Schedule
from pathalign.train.pathssl.rounds import PatchSupply
from pathalign.train.pathssl.views import StainJitter


@dataclass(frozen=True, kw_only=True, slots=True)
class Siamese:
    """The hyper-parameters of masked siamese networks; the paper's where nothing else is said."""

    prototypes: int = 1024
    projection_dim: int = 256
    projection_hidden: int = 2048
    temperature: float = 0.1
    sharpening: float = 0.25
    """Exponent of the target's assignments is 1 / this."""
    entropy_weight: float = 1.0
    sinkhorn_rounds: int = 3
    """0 leaves the target's assignments as they are."""
    keep_tokens: float = 0.4
    """Share of the tokens that the masked anchor sees; the others are not encoded at all."""
    anchors: int = 1
    """Masked anchors of a patch."""
    focal_anchors: int = 10
    """Small crops of a patch, of which all tokens are seen."""
    focal_px: int = 96
    momentum: float = 0.996
    """Of the moving average that the target is; it rises to 1 during training."""

    def __post_init__(self) -> None:
        if not 0 < self.keep_tokens <= 1 or not 0 <= self.momentum < 1:
            raise ValueError(
                f"keep_tokens must be within 0-1 and momentum below 1, got {self.keep_tokens} and {self.momentum}."
            )
        if not 0 < self.sharpening <= 1 or self.temperature <= 0:
            raise ValueError(
                f"sharpening must be within 0-1 and temperature above 0, got {self.sharpening} and {self.temperature}."
            )
        if min(self.prototypes, self.projection_dim, self.anchors + self.focal_anchors) < 1:
            raise ValueError("MSN needs prototypes, a projection and at least one anchor.")


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainRecipe:
    """The ViT and how it is trained."""

    vit: WorkspaceViTConfig
    schedule: Schedule
    siamese: Siamese = field(default_factory=Siamese)
    jitter: StainJitter = field(default_factory=StainJitter)
    supply: PatchSupply = field(default_factory=PatchSupply)
    """Where patches come from; the linear stem streams them, the texture stem takes one round of `max_patches`."""
    max_patches: int = 3072
    """Patches held in memory, spread evenly over the training slides (150 kB each, and 32 kB of statistics)."""
    restained_patches: int = 1024
    """Of these so many are also described in another stain; texture stem only, whose statistics are made once."""

    def __post_init__(self) -> None:
        if self.vit.stem == "texture" and not self.vit.canonical:
            raise ValueError("The texture stem is pre-trained with a canonical projection: give canonical=24, say.")
        if self.vit.stem == "linear" and self.siamese.focal_px % self.vit.token_px:
            raise ValueError(
                f"focal_px must be a multiple of token_px, got {self.siamese.focal_px} and {self.vit.token_px}."
            )

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)


def tiny() -> PretrainRecipe:
    """The offline default: about two minutes on two cores."""
    return PretrainRecipe(
        vit=WorkspaceViTConfig(dim=96, depth=2, heads=3, stem="texture", canonical=24),
        schedule=Schedule(steps=100, batch=128, peak_lr=2e-3, final_lr=2e-5, warmup_steps=20),
        supply=PatchSupply(mpps=(1.0,)),
        siamese=Siamese(
            prototypes=256, projection_dim=64, projection_hidden=256, focal_anchors=1, focal_px=112, momentum=0.98
        ),
    )


def small() -> PretrainRecipe:
    """ViT-S/16, the paper's WSI encoder; for a GPU."""
    return PretrainRecipe(
        vit=WorkspaceViTConfig(dim=384, depth=12, heads=6),
        schedule=Schedule(
            steps=50_000, batch=256, peak_lr=1e-3, final_lr=1e-6, warmup_steps=2_500, checkpoint_every=500
        ),
    )


def base() -> PretrainRecipe:
    """ViT-B/16; for several GPUs."""
    return PretrainRecipe(
        vit=WorkspaceViTConfig(dim=768, depth=12, heads=12),
        schedule=Schedule(
            steps=100_000, batch=512, peak_lr=1e-3, final_lr=1e-6, warmup_steps=5_000, checkpoint_every=500
        ),
    )


_RECIPES: dict[str, Callable[[], PretrainRecipe]] = {"tiny": tiny, "small": small, "base": base}


def pretrain_recipe(name: str) -> PretrainRecipe:
    """A recipe by name; raises `UnknownName`."""
    if name not in _RECIPES:
        raise UnknownName(f"There is no recipe {name!r}; choose one of {', '.join(_RECIPES)}.")
    return _RECIPES[name]()
