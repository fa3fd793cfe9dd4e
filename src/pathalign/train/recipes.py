"""Recipes: functions that return a full configuration.

`tiny` runs on a laptop's CPU in minutes, `base` is the paper's size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pathalign.errors import UnknownName
from pathalign.model.qformer import Positions, TextPooling
from pathalign.train.cohort import BagAugmentation
from pathalign.train.engine import Schedule


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


def tiny_retrieval() -> RetrievalRecipe:
    """About two minutes on two cores for a hundred slides."""
    return RetrievalRecipe(
        size=TINY, schedule=Schedule(steps=200, batch=32, peak_lr=5e-4, final_lr=1e-5, warmup_steps=40, average=0.98)
    )


def base_retrieval() -> RetrievalRecipe:
    """The paper's size with BLIP-2's schedule; the batch is for one large GPU."""
    schedule = Schedule(steps=50_000, batch=128, peak_lr=1e-4, final_lr=1e-5, warmup_steps=2_000, checkpoint_every=500)
    return RetrievalRecipe(size=BASE, schedule=schedule)


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
    return GenerationRecipe(size=BASE, stage1=stage1, stage2=stage2, slides_at_once=16)


_RETRIEVAL: dict[str, Callable[[], RetrievalRecipe]] = {"tiny": tiny_retrieval, "base": base_retrieval}
_GENERATION: dict[str, Callable[[], GenerationRecipe]] = {"tiny": tiny_generation, "base": base_generation}


def retrieval_recipe(name: str) -> RetrievalRecipe:
    """A recipe of PathAlign-R by name; raises `UnknownName`."""
    return _named(_RETRIEVAL, name)()


def generation_recipe(name: str) -> GenerationRecipe:
    """A recipe of PathAlign-G by name; raises `UnknownName`."""
    return _named(_GENERATION, name)()


def _named(recipes: dict[str, Any], name: str) -> Any:
    if name not in recipes:
        raise UnknownName(f"There is no recipe {name!r}; choose one of {', '.join(recipes)}.")
    return recipes[name]
