"""The offline default language model: a small causal model, trained on the training split's texts, then frozen.

It also learns to follow a prompt: most sequences open with some of the words of their text, in any order. A model that
has only ever continued text ignores what stands before it, and a frozen one could then not be told about a slide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pathalign.model.hub import DEC, PAD, SEP, new_causal_model, train_byte_tokenizer
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.train.engine import ALONE, StepRandom, World
from pathalign.train.recipes import LanguageModelRecipe

PROMPTED = 0.85
"""Share of sequences that open with words of their text."""


class LanguageModelObjective:
    """Next-token likelihood of the texts after a prompt of their own words."""

    def __init__(self, texts: Sequence[str], recipe: LanguageModelRecipe) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self._recipe = recipe
        self.tokenizer = train_byte_tokenizer(texts, vocab=recipe.vocab)
        self._pad, self._bos, self._eos = (self.tokenizer.convert_tokens_to_ids(name) for name in (PAD, DEC, SEP))
        self.module = new_causal_model(
            vocab=len(self.tokenizer), dim=recipe.dim, layers=recipe.layers, heads=recipe.heads,
            pad=self._pad, bos=self._bos, eos=self._eos,
        )  # fmt: skip
        distinct = sorted(set(texts))
        self._texts: list[list[int]] = self.tokenizer(distinct, add_special_tokens=False).input_ids

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> Mapping[str, Tensor]:  # noqa: ARG002
        # Drawn for the whole batch, which costs little, so that it is the same for any number of processes.
        chosen = random.numpy.integers(len(self._texts), size=self._recipe.schedule.batch)
        rows = world.share([self._sequence(self._texts[i], random.numpy) for i in chosen])
        longest = max(len(row) for row, _ in rows)
        device = self.module.device
        ids = torch.tensor([row + [self._pad] * (longest - len(row)) for row, _ in rows], device=device)
        place = torch.arange(longest, device=device)
        real = place < torch.tensor([[len(row)] for row, _ in rows], device=device)
        told = real & (place > torch.tensor([[opening] for _, opening in rows], device=device))
        logits = self.module(input_ids=ids, attention_mask=real.long()).logits
        loss = functional.cross_entropy(logits[:, :-1][told[:, 1:]], ids[:, 1:][told[:, 1:]], reduction="none")
        return {"loss_per_token": world.mean(loss)}

    def frozen(self) -> FrozenLanguageModel:
        """What was trained, to be saved inside the describer."""
        return FrozenLanguageModel(self.module, self.tokenizer, source="folder")

    def _sequence(self, text: list[int], random: np.random.Generator) -> tuple[list[int], int]:
        """Prompt, opening token, text, end; and where the opening token stands."""
        prompt: list[int] = []
        if random.random() < PROMPTED:
            kept = random.random(len(text)) < random.uniform(0.3, 1)
            prompt = random.permutation(np.array(text)[kept]).tolist()
        return [*prompt, self._bos, *text, self._eos], len(prompt)
