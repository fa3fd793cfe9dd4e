"""A frozen causal language model that is told about a slide by a soft prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from pathalign.model.hub import load_causal_model


class FrozenLanguageModel(nn.Module):
    """Any causal language model of transformers, never trained.

    A sequence is: soft prompt, the model's opening token (if it has one), text, end.
    """

    def __init__(self, model: Any, tokenizer: Any, *, source: str) -> None:
        super().__init__()
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.source = source
        """`folder` when the weights travel with the describer, else the name that they are loaded by."""

    @classmethod
    def load(cls, name: str) -> FrozenLanguageModel:
        """From a folder or the Hub, by name."""
        return cls(*load_causal_model(name), source=name)

    def train(self, mode: bool = True) -> FrozenLanguageModel:  # noqa: ARG002  frozen: dropout stays off
        """Stays in evaluation mode whatever its parent does."""
        return super().train(False)

    @property
    def dim(self) -> int:
        """Width of a soft prompt's vectors."""
        return int(self.model.get_input_embeddings().embedding_dim)

    @property
    def word_deviation(self) -> float:
        """Standard deviation of its word embeddings: how large a vector must be that it is used to."""
        return float(self.model.get_input_embeddings().weight.float().std())

    def log_likelihood(
        self, prompt: Float[Tensor, "batch query dim"], texts: Sequence[str], *, max_tokens: int = 256
    ) -> tuple[Float[Tensor, "batch token"], Bool[Tensor, "batch token"]]:
        """Log-probability of every token of every text (and of its end) after the prompt, and which are real."""
        ids, is_token = self._targets(texts, max_tokens, prompt.device)
        opening = self._opening(len(texts), prompt.device)
        embed = self.model.get_input_embeddings()
        words = embed(torch.cat([opening, ids[:, :-1]], dim=1))
        inputs = torch.cat([prompt.to(words.dtype), words], dim=1)
        before = prompt.shape[1] + opening.shape[1]
        real = torch.cat([is_token.new_ones(len(ids), before), is_token[:, :-1]], dim=1)
        logits = self.model(inputs_embeds=inputs, attention_mask=real.long()).logits[:, before - 1 :]
        log_p = logits.float().log_softmax(-1).gather(-1, ids[:, :, None])[..., 0]
        return log_p.masked_fill(~is_token, 0.0), is_token

    @torch.no_grad()
    def generate(self, prompt: Float[Tensor, "batch query dim"], *, max_tokens: int = 128, beams: int = 1) -> list[str]:
        """Texts after each prompt; greedy or by beam search, so the same prompt gives the same text."""
        opening = self.model.get_input_embeddings()(self._opening(len(prompt), prompt.device))
        inputs = torch.cat([prompt.to(opening.dtype), opening], dim=1)
        ids = self.model.generate(
            inputs_embeds=inputs, attention_mask=inputs.new_ones(inputs.shape[:2], dtype=torch.long),
            max_new_tokens=max_tokens, num_beams=beams, do_sample=False, pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=self.tokenizer.eos_token_id,
        )  # fmt: skip
        return [text.strip() for text in self.tokenizer.batch_decode(ids, skip_special_tokens=True)]

    def _opening(self, batch: int, device: torch.device) -> Int[Tensor, "batch opening"]:
        bos = self.tokenizer.bos_token_id
        return torch.full((batch, 0 if bos is None else 1), bos or 0, dtype=torch.long, device=device)

    def _targets(self, texts: Sequence[str], max_tokens: int, device: torch.device) -> tuple[Tensor, Tensor]:
        end = self.tokenizer.eos_token_id
        rows = [
            [*ids[: max_tokens - 1], end] for ids in self.tokenizer(list(texts), add_special_tokens=False).input_ids
        ]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [end] * (longest - len(row)) for row in rows], device=device)
        is_token = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows], device=device)
        return ids, is_token
