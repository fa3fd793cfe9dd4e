"""Models, slides and texts for `training`: what is counted, and what is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import torch
from plain_blip2 import PlainBlip2, plain_like
from torch import Tensor, nn

from pathalign.model import describer as describer_module
from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch
from pathalign.model.describer import Describer
from pathalign.model.hub import TextTokenizer
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.model.losses import Pairs
from pathalign.model.qformer import QFormerConfig
from pathalign.model.texts import TextBatch
from pathalign.train import two_phase
from pathalign.train.two_phase import Stage1Batch, two_phase_step

TEXT_TOKENS = 64
PAPER = QFormerConfig(max_text_tokens=512)
"""bert-base, 32 queries, every second layer looks at patches of 384 numbers."""


class Ids(TextTokenizer):
    """The tokenizer of texts that are ids between spaces."""

    def __init__(self) -> None:
        self.max_tokens = TEXT_TOKENS

    def encode(self, texts: Sequence[str], *, generating: bool = False) -> TextBatch:  # noqa: ARG002
        """As `TextTokenizer.encode`."""
        return TextBatch.of([[int(word) for word in text.split()] for text in texts])


class NoLanguageModel(FrozenLanguageModel):
    """Stage 1 asks nothing of it."""

    dim = 8  # type: ignore[assignment]

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def train(self, mode: bool = True) -> NoLanguageModel:  # noqa: ARG002  nothing to train
        """Stays as it is."""
        return self


def new_describer(config: QFormerConfig = PAPER) -> Describer:
    """Untrained, with dropout at work; one first normalisation, as BLIP-2 has."""
    torch.manual_seed(0)
    aligner = Aligner(config, Ids(), projection_dim=256)
    return Describer(aligner, NoLanguageModel()).train()


def new_plain(config: QFormerConfig = PAPER) -> PlainBlip2:
    """BLIP-2 has no positions of patches."""
    return plain_like(new_describer(without_positions(config))).train()


def without_positions(config: QFormerConfig) -> QFormerConfig:
    """The same model, not told where patches lie."""
    return QFormerConfig(**{**config.as_json(), "positions": "none"})


@dataclass(frozen=True, slots=True)
class Case:
    """Slides by their patches, and texts by their tokens."""

    patches: tuple[int, ...]
    tokens: tuple[int, ...]

    @classmethod
    def even(cls, patches: int, slides: int, tokens: int = TEXT_TOKENS) -> Case:
        """Slides and texts of one size."""
        return cls((patches,) * slides, (tokens,) * slides)

    def bags(self, dim: int = PAPER.embedding_dim) -> BagBatch:
        """Random patches at random places."""
        torch.manual_seed(1)
        total = sum(self.patches)
        return BagBatch(torch.randn(total, dim), 1e4 * torch.rand(total, 2, dtype=torch.float64), self.patches)

    def texts(self, vocab: int = PAPER.vocab) -> list[str]:
        """No two texts have the same ids."""
        return [
            " ".join(str(1 + (17 * row + 7 * place) % (vocab - 1)) for place in range(length))
            for row, length in enumerate(self.tokens)
        ]


def next_but_one(similarity: Tensor, is_positive: Tensor, *_: object) -> Pairs:  # noqa: ARG001
    """As `draw_pairs`, but the negatives are the next text and the next slide: no number decides what is counted."""
    slides = torch.arange(len(is_positive))
    following = (slides + 1) % len(slides)
    slide, text = torch.cat([slides, slides, following]), torch.cat([slides, following, slides])
    return Pairs(slide, text, torch.arange(len(slide)) < len(slides))


@contextmanager
def settled_negatives() -> Iterator[None]:
    """`next_but_one` in place of chance."""
    with mock.patch.object(describer_module, "draw_pairs", next_but_one), \
         mock.patch.object(two_phase, "draw_pairs", next_but_one):  # fmt: skip
        yield


def plain_losses(plain: PlainBlip2, bags: BagBatch, texts: Sequence[str]) -> dict[str, Tensor]:
    """Stage 1 of BLIP-2 with the negatives of `next_but_one`."""
    ids, following = Ids().encode(texts), (torch.arange(len(texts)) + 1) % len(texts)
    return plain.losses(bags, ids, ids, ids, (following, following))


def our_losses(describer: Describer, bags: BagBatch, texts: Sequence[str]) -> dict[str, Tensor]:
    """Stage 1 of ours, of the whole batch."""
    with settled_negatives():
        return describer.stage1_losses(bags, texts, texts, torch.eye(len(texts), dtype=torch.bool), torch.Generator())


def two_phases(describer: Describer, bags: BagBatch, texts: Sequence[str], slides_at_once: int) -> None:
    """Stage 1 of ours with its backward pass, some slides at a time."""
    whole = Stage1Batch(bags, texts, texts)
    with settled_negatives():
        two_phase_step(
            describer, whole.split(slides_at_once), texts=texts, is_positive=torch.eye(len(texts), dtype=torch.bool),
            generator=torch.Generator(), seed_dropout=torch.manual_seed,
        )  # fmt: skip


def retrieval_loss(describer: Describer, bags: BagBatch, texts: Sequence[str], form: str) -> Tensor:
    """R's only loss; its gradient is that of any function of its vectors."""
    aligner = describer.aligner
    memory = aligner.qformer.remember(bags, form=form)  # type: ignore[arg-type]
    slides = aligner.project_slides(aligner.qformer.look(memory).states)
    return slides.sum() + aligner.embed_texts(texts).sum()
