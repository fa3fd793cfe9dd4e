"""Recipes: functions that return a full configuration.

`tiny` runs on a laptop's CPU in minutes, `base` is the paper's size. `recipe_files` lets users change them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pathalign.model.qformer import Positions, QFormerConfig, TextPooling
from pathalign.train.cohort import BagAugmentation
from pathalign.train.engine import Schedule
from pathalign.train.recipe_files import chosen_recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class QFormerSize:
    """Everything about the Q-Former that does not follow from the data."""

    dim: int = 768
    layers: int = 12
    heads: int = 12
    ffn_dim: int = 3072
    num_query_tokens: int = 32
    projection_dim: int = 256
    max_text_tokens: int = 128
    dropout: float = 0.1
    positions: Positions = "fourier"
    neighbourhood_um: float = 0.0
    cross_attention_gain: float = 1.0
    text_pooling: TextPooling = "class"
    vocab: int = 4000
    """Of the tokenizer that is trained when no text encoder is named."""

    def __post_init__(self) -> None:
        own = {"projection_dim", "max_text_tokens", "vocab"}  # of the whole aligner, not of the Q-Former
        if min(self.projection_dim, self.max_text_tokens, self.vocab, self.dim, self.heads, self.ffn_dim) < 1:
            raise ValueError("dim, heads, ffn_dim, projection_dim, max_text_tokens and vocab must be at least 1.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {self.dropout}.")
        QFormerConfig(**{name: value for name, value in asdict(self).items() if name not in own})


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalRecipe:
    """PathAlign-R: one stage, ITC."""

    size: QFormerSize
    schedule: Schedule
    augmentation: BagAugmentation = field(default_factory=BagAugmentation)
    text_encoder: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageModelRecipe:
    """The small causal language model of the offline default."""

    dim: int = 128
    layers: int = 3
    heads: int = 4
    vocab: int = 2000
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=400, batch=32, peak_lr=2e-3, final_lr=1e-4))


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRecipe:
    """PathAlign-G: stage 1 (ITC + ITM + ITG), then stage 2 before a frozen language model."""

    size: QFormerSize
    stage1: Schedule
    stage2: Schedule
    augmentation: BagAugmentation = field(default_factory=BagAugmentation)
    language_model: LanguageModelRecipe = field(default_factory=LanguageModelRecipe)
    text_encoder: str | None = None
    llm: str | None = None
    slides_at_once: int | None = None
    """Stage 1 in two phases, so many slides in memory at a time; None takes the whole batch at once."""

    def as_json(self) -> dict[str, Any]:
        """What manifests record."""
        return asdict(self)


TINY = QFormerSize(dim=128, layers=4, heads=4, ffn_dim=512, num_query_tokens=16, projection_dim=128, dropout=0.1)
BASE = QFormerSize()
AT_SCALE = BagAugmentation(noise=0.0)
"""Noise costs the CPU sixteen times all else that a slide needs (docs/training-cost.md), and drowns what is small."""


def tiny_retrieval() -> RetrievalRecipe:
    """About two minutes on two cores for a hundred slides. Without dropout, which costs recall (docs/quality.md)."""
    return RetrievalRecipe(
        size=replace(TINY, dropout=0.0),
        schedule=Schedule(steps=200, batch=32, peak_lr=5e-4, final_lr=1e-5, warmup_steps=40, average=0.98),
    )


def base_retrieval() -> RetrievalRecipe:
    """The paper's size with BLIP-2's schedule; the batch is for one large GPU."""
    schedule = Schedule(steps=50_000, batch=128, peak_lr=1e-4, final_lr=1e-5, warmup_steps=2_000, checkpoint_every=500)
    return RetrievalRecipe(size=BASE, schedule=schedule, augmentation=AT_SCALE)


def tiny_generation() -> GenerationRecipe:
    """About four minutes on two cores for a hundred slides."""
    return GenerationRecipe(
        size=TINY,
        stage1=Schedule(steps=300, batch=24, peak_lr=5e-4, final_lr=1e-4, warmup_steps=40),
        stage2=Schedule(steps=300, batch=24, peak_lr=5e-4, final_lr=1e-5, warmup_steps=20, average=0.98),
    )


def base_generation() -> GenerationRecipe:
    """The paper's size; name a language model with `--llm`."""
    stage1 = Schedule(steps=50_000, batch=256, peak_lr=1e-4, final_lr=1e-5, warmup_steps=2_000, checkpoint_every=500)
    stage2 = replace(stage1, batch=64, steps=20_000)
    return GenerationRecipe(size=BASE, stage1=stage1, stage2=stage2, augmentation=AT_SCALE, slides_at_once=16)


_RETRIEVAL: dict[str, Callable[[], RetrievalRecipe]] = {"tiny": tiny_retrieval, "base": base_retrieval}
_GENERATION: dict[str, Callable[[], GenerationRecipe]] = {"tiny": tiny_generation, "base": base_generation}


def retrieval_recipe(asked: str) -> RetrievalRecipe:
    """A recipe of PathAlign-R by name, file or trained model; raises `UnknownName` and `BadRecipe`."""
    return chosen_recipe(asked, _RETRIEVAL, kind="retrieval")


def generation_recipe(asked: str) -> GenerationRecipe:
    """A recipe of PathAlign-G by name, file or trained model; raises `UnknownName` and `BadRecipe`."""
    return chosen_recipe(asked, _GENERATION, kind="generation")
