"""Stage 1 as BLIP-2 computes it (Li et al. 2023, arXiv 2301.12597), to compare with.

Made of the modules of transformers' `Blip2QFormerModel`, which knows no stage 1 and, given text, cannot mask patches.
Slides and texts are padded to the longest of the batch and masked; keys and values of the patches are projected in the
contrastive pass and again in each of the three matching passes, behind a LayerNorm that is trained; text is generated
behind the queries' keys of the contrastive pass; every place of a text reaches the vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.blip_2.configuration_blip_2 import Blip2QFormerConfig
from transformers.models.blip_2.modeling_blip_2 import Blip2QFormerModel

from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch
from pathalign.model.blip2 import to_blip2
from pathalign.model.describer import Describer
from pathalign.model.texts import TextBatch

IGNORED = -100


class PlainBlip2(nn.Module):
    """Stage 1, padded. Shapes: row is a slide, a text or a pair of them; place is a query, then a token."""

    def __init__(self, config: Blip2QFormerConfig, *, queries: int, max_text_tokens: int, projection_dim: int) -> None:
        super().__init__()
        dim = config.hidden_size
        self.patch_norm = nn.LayerNorm(config.encoder_hidden_size, eps=1e-6)
        self.query_tokens = nn.Parameter(torch.zeros(1, queries, dim))
        self.word_embeddings = nn.Embedding(config.vocab_size, dim)
        self.position_embeddings = nn.Embedding(max_text_tokens, dim)
        config._attn_implementation = "sdpa"
        self.bert = Blip2QFormerModel(config)
        self.query_proj = nn.Linear(dim, projection_dim)
        self.text_proj = nn.Linear(dim, projection_dim)
        self.itm_head = nn.Linear(dim, 2)
        self.lm_transform = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim, eps=1e-12))
        self.lm_bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.log_temperature = nn.Parameter(torch.zeros(()))

    def losses(
        self, bags: BagBatch, views: TextBatch, read: TextBatch, written: TextBatch,
        negatives: tuple[Tensor, Tensor] | torch.Generator,
    ) -> dict[str, Tensor]:  # fmt: skip
        """ITC on `views`, ITM on `read` and ITG on `written`.

        `negatives` are a text per slide and a slide per text, or draw them in proportion to the softmaxed similarity.
        """
        slides = len(bags)
        patches = nn.utils.rnn.pad_sequence(list(bags.embeddings.split(list(bags.lengths))), batch_first=True)
        is_patch = torch.arange(patches.shape[1]) < torch.tensor(bags.lengths)[:, None]
        patches = self.patch_norm(patches)
        query = self._start(self.query_tokens.expand(slides, -1, -1))
        looked, behind = self._pass(query, None, patches, is_patch, query.shape[1])
        logits = self._similarity(looked, views)
        own = torch.arange(slides)
        if isinstance(negatives, torch.Generator):
            wrong = logits.detach().masked_fill(torch.eye(slides, dtype=torch.bool), -torch.inf)
            text, slide = (torch.multinomial(w.softmax(1), 1, generator=negatives)[:, 0] for w in (wrong, wrong.T))
            negatives = text, slide
        return {
            "itc_loss": (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2,
            "itm_loss": self._match(patches, is_patch, read, negatives),
            "itg_loss": self._write(written, behind),
        }

    def embed_slides(self, bags: BagBatch) -> Tensor:
        """A unit vector for each slide and query, slide by slide."""
        found = []
        for patches in bags.embeddings.split(list(bags.lengths)):
            patches, query = self.patch_norm(patches[None]), self._start(self.query_tokens)
            seen = torch.ones(patches.shape[:2], dtype=torch.bool)
            found.append(self._pass(query, None, patches, seen, query.shape[1])[0])
        return functional.normalize(self.query_proj(torch.cat(found)), dim=-1)

    def read(self, texts: TextBatch) -> Tensor:
        """A unit vector for each text."""
        ids, is_token = padded(texts)
        text, _ = self._pass(self._start(self._words(ids)), is_token[:, None, None, :], None, None, 0)
        return functional.normalize(self.text_proj(text[:, 0]), dim=-1)

    def _similarity(self, looked: Tensor, views: TextBatch) -> Tensor:
        slide_vectors = functional.normalize(self.query_proj(looked), dim=-1)
        return torch.einsum("sqd,td->sqt", slide_vectors, self.read(views)).amax(1) / self.log_temperature.exp()

    def _match(self, patches: Tensor, is_patch: Tensor, read: TextBatch, negatives: tuple[Tensor, Tensor]) -> Tensor:
        (ids, is_token), (wrong_text, wrong_slide), own = padded(read), negatives, torch.arange(len(read))
        slide, text = torch.cat([own, own, wrong_slide]), torch.cat([own, wrong_text, own])
        query = self.query_tokens.expand(len(slide), -1, -1)
        x = self._start(torch.cat([query, self._words(ids[text])], dim=1))
        mask = functional.pad(is_token[text], (query.shape[1], 0), value=True)[:, None, None, :]
        x, _ = self._pass(x, mask, patches[slide], is_patch[slide], query.shape[1])
        logits = self.itm_head(x[:, : query.shape[1]]).mean(1)
        return functional.cross_entropy(logits, (torch.arange(len(slide)) < len(own)).long())

    def _write(self, written: TextBatch, behind: list[tuple[Tensor, Tensor]]) -> Tensor:
        ids, is_token = padded(written)
        queries, longest = behind[0][0].shape[2], ids.shape[1]
        earlier = torch.ones(longest, longest, dtype=torch.bool).tril() & is_token[:, None, :]
        mask = functional.pad(earlier, (queries, 0), value=True)[:, None]
        x, _ = self._pass(self._start(self._words(ids)), mask, None, None, 0, behind)
        logits = functional.linear(self.lm_transform(x), self.word_embeddings.weight, self.lm_bias)[:, :-1]
        targets = ids.masked_fill(~is_token, IGNORED)[:, 1:]
        return functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, label_smoothing=0.1
        )

    def _words(self, ids: Tensor) -> Tensor:
        return self.word_embeddings(ids) + self.position_embeddings.weight[: ids.shape[1]]

    def _start(self, x: Tensor) -> Tensor:
        return self.bert.dropout(self.bert.layernorm(x))

    def _pass(
        self, x: Tensor, mask: Tensor | None, patches: Tensor | None, is_patch: Tensor | None, queries: int,
        behind: list[tuple[Tensor, Tensor]] | None = None,
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:  # fmt: skip
        """What is in each place after all layers, and the keys and values of self-attention in each."""
        kept = []
        for number, layer in enumerate(self.bert.encoder.layer):
            before = None if behind is None else behind[number]
            x, own = _self_attention(layer, x, mask, before)
            kept.append(own)
            query, text = x[:, :queries], x[:, queries:]
            if queries and layer.has_cross_attention:
                assert is_patch is not None
                query = layer.crossattention(
                    query, encoder_hidden_states=patches, encoder_attention_mask=is_patch[:, None, None, :]
                )
            parts = [layer.feed_forward_chunk_query(query)] if queries else []
            parts += [layer.feed_forward_chunk(text)] if text.shape[1] else []
            x = torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
        return x, kept


def _self_attention(
    layer: Any, x: Tensor, mask: Tensor | None, before: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    own = layer.attention.attention
    asked, key, value = (
        project(x).unflatten(-1, (own.num_attention_heads, -1)).transpose(1, 2)
        for project in (own.query, own.key, own.value)
    )
    if before is not None:
        key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
    dropout = own.attention_dropout if layer.training else 0.0
    mixed = functional.scaled_dot_product_attention(asked, key, value, attn_mask=mask, dropout_p=dropout)
    return layer.attention.output(mixed.transpose(1, 2).flatten(2), x), (key, value)


def padded(texts: TextBatch) -> tuple[Tensor, Tensor]:
    """Ids [text, longest], 0 behind the end, and which of them are tokens."""
    parts = list(texts.ids.split(list(texts.lengths)))
    return nn.utils.rnn.pad_sequence(parts, batch_first=True), texts.is_token()


def plain_like(describer: Describer) -> PlainBlip2:
    """A plain BLIP-2 with the weights of a describer, whose two first normalisations must be equal."""
    aligner: Aligner = describer.aligner
    qformer = aligner.qformer
    config, weights = to_blip2(qformer)
    sizes = {"queries": qformer.config.num_query_tokens, "max_text_tokens": qformer.config.max_text_tokens}
    plain = PlainBlip2(config, projection_dim=aligner.projection_dim, **sizes)
    plain.query_tokens.data.copy_(qformer.query_tokens.detach())
    plain.bert.load_state_dict(weights)
    plain.log_temperature.data.copy_(aligner.log_temperature.detach())
    plain.lm_bias.data.copy_(describer.lm_bias.detach())
    for mine, theirs in (
        (plain.word_embeddings, qformer.word_embeddings), (plain.position_embeddings, qformer.position_embeddings),
        (plain.query_proj, aligner.query_proj), (plain.text_proj, aligner.text_proj),
        (plain.itm_head, describer.itm_head), (plain.lm_transform, describer.lm_transform),
    ):  # fmt: skip
        mine.load_state_dict(theirs.state_dict())
    return plain
