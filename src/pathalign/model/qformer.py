"""The Q-Former (BLIP-2: Li et al. 2023, arXiv 2301.12597), over the patch embeddings of a slide.

A BERT whose layers serve two kinds of tokens: learned queries, which also attend to patches in every second layer, and
text. They share self-attention, and what a pass lets see what is all that tells the passes apart:

    look      queries alone (contrast); what they leave behind in each layer serves `write`
    read      text alone, both ways (contrast)
    match     queries and text, both ways (matching)
    write     text after the queries of `look`, causal (generation); no patch is looked at again

Of text, the last layer computes those tokens that something is made of.

Patches and text tokens are packed, so work is proportional to what is there. Post-norm and GELU as in BERT, so BERT's
weights load into the text half, and BLIP-2's names map one to one (`blip2`).
Shapes: patch runs over all slides, token over all texts; row query dim heads.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from pathalign.model.bags import BagBatch
from pathalign.model.cross_attention import CrossAttention, Form, Looking, PatchMemory
from pathalign.model.neighbourhood import neighbourhood_means
from pathalign.model.texts import TextBatch

POSITION_WAVES = 8
"""Sine and cosine of x and y at so many wavelengths: 32 numbers beside each patch embedding."""
POSITION_SCALE = 0.25
"""Positions are softer than content at the start; training weighs them as it likes."""
SHORTEST_UM, LONGEST_UM = 450, 100_000
"""Wavelengths of positions: from two patches to a whole slide."""
Positions = Literal["fourier", "sinusoidal", "none"]
"""How the model is told where each patch lies: `fourier` puts a few waves beside the embedding, `sinusoidal` adds waves
to it over all its width, as transformers do, `none` does not tell."""
TextPooling = Literal["class", "mean"]
Projected = tuple[Float[Tensor, "row heads place head_dim"], ...]
"""Queries, keys and values of self-attention at each place of a row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QFormerConfig:
    """Size of a Q-Former. The defaults are the paper's: bert-base, 32 queries, every second layer sees patches."""

    embedding_dim: int = 384
    """Width of the patch embeddings."""
    vocab: int = 30523
    dim: int = 768
    layers: int = 12
    heads: int = 12
    ffn_dim: int = 3072
    num_query_tokens: int = 32
    cross_attention_every: int = 2
    max_text_tokens: int = 512
    dropout: float = 0.1
    positions: Positions = "fourier"
    neighbourhood_um: float = 0.0
    """Side of a square around each patch, whose mean embedding is put beside the patch's own; 0 puts none. What lies
    beside what is then content, where positions alone leave it to be found by comparing them."""
    cross_attention_gain: float = 1.0
    """How much larger than all others the query and key matrices of cross-attention start. At 1 every query looks at
    all patches alike, and has to learn from their mean where to look."""
    text_pooling: TextPooling = "class"
    """What of a text becomes its vector: its first token, as in BERT, or the mean of its tokens. A text half that
    starts from nothing tells few texts apart by its first token, and what it does not tell apart no slide learns."""

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise ValueError(f"dim must be a multiple of heads, got {self.dim} and {self.heads} heads.")
        if self.num_query_tokens < 1 or self.layers < 1 or self.cross_attention_every < 1:
            raise ValueError("num_query_tokens, layers and cross_attention_every must be at least 1.")
        if self.neighbourhood_um < 0:
            raise ValueError(f"neighbourhood_um is a side, or 0 for none, got {self.neighbourhood_um}.")
        if self.cross_attention_gain <= 0:
            raise ValueError(f"cross_attention_gain must be above 0, got {self.cross_attention_gain}.")
        if self.positions == "sinusoidal" and self.embedding_dim % 4:
            raise ValueError(
                f"sinusoidal positions need an embedding_dim that is a multiple of 4, got {self.embedding_dim}. "
                "Choose positions 'fourier', which fit any."
            )

    @property
    def patch_width(self) -> int:
        """Width of what the queries attend to."""
        own = self.embedding_dim * (2 if self.neighbourhood_um else 1)
        return own + (4 * POSITION_WAVES if self.positions == "fourier" else 0)

    def as_json(self) -> dict[str, Any]:
        """The configuration as `config.json` stores it."""
        return asdict(self)


class PatchInput(nn.Module):
    """Patch embeddings and their places, in micrometres, to what the queries attend to. Nothing here is trained.

    Embeddings are standardised by statistics of the training split and then normalised one by one, so that one learning
    rate fits every encoder. A gain after that normalisation would be part of the key and value matrices anyway; that
    there is none spares the gradient by the patches, which costs as much as the keys and values themselves.
    Positions are taken from the middle of the slide's tissue, for where on the glass it lies means nothing.
    """

    embedding_mean: Tensor
    embedding_std: Tensor
    waves_um: Tensor

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.register_buffer("embedding_mean", torch.zeros(config.embedding_dim))
        self.register_buffer("embedding_std", torch.ones(config.embedding_dim))
        waves = config.embedding_dim // 4 if config.positions == "sinusoidal" else POSITION_WAVES
        waves_um = torch.logspace(math.log10(SHORTEST_UM), math.log10(LONGEST_UM), waves)
        self.register_buffer("waves_um", waves_um, persistent=False)
        self._positions, self._neighbourhood_um = config.positions, config.neighbourhood_um

    def standardise_by(self, mean: Float[Tensor, " dim"], std: Float[Tensor, " dim"]) -> None:
        """Set the statistics of the patch embeddings."""
        self.embedding_mean.copy_(mean)
        self.embedding_std.copy_(std.clamp_min(1e-4))

    def forward(self, bags: BagBatch) -> Float[Tensor, "patch width"]:
        x = (bags.embeddings.float() - self.embedding_mean) / self.embedding_std
        x = functional.layer_norm(x, x.shape[-1:], eps=1e-6)
        parts = [x + self._sinusoids(bags) if self._positions == "sinusoidal" else x]
        if self._neighbourhood_um:
            parts.append(neighbourhood_means(x, bags.xy_um, bags.lengths, self._neighbourhood_um))
        if self._positions == "fourier":
            parts.append(POSITION_SCALE * self._sinusoids(bags))
        x = torch.cat(parts, dim=-1)
        # Autocast would round the patches anew in every layer, and keep each copy for the backward pass.
        kind = x.device.type
        return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x

    def _sinusoids(self, bags: BagBatch) -> Float[Tensor, "patch wave"]:
        counts = torch.tensor(bags.lengths, device=bags.xy_um.device)
        centre = torch.stack([xy.double().mean(0) for xy in bags.xy_um.split(list(bags.lengths))])
        from_centre = (bags.xy_um - centre.repeat_interleave(counts, 0)).float()
        phase = (from_centre[..., None] * (2 * math.pi / self.waves_um)).flatten(1)
        return torch.cat([phase.sin(), phase.cos()], dim=-1)


class SelfAttention(nn.Module):
    """Multi-head self-attention over queries and text, with BERT's output block."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.query = nn.Linear(config.dim, config.dim)
        self.key = nn.Linear(config.dim, config.dim)
        self.value = nn.Linear(config.dim, config.dim)
        self.out = nn.Linear(config.dim, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=1e-12)

    def project(self, x: Float[Tensor, "*rows dim"]) -> Float[Tensor, "*rows three_dim"]:
        """Queries, keys and values side by side."""
        # Three matrices side by side would be copied, and kept for the backward pass, in each pass through a layer.
        return torch.cat([part(x) for part in (self.query, self.key, self.value)], dim=-1)

    def heads_of(self, projected: Float[Tensor, "row token three_dim"]) -> Projected:
        """Apart, and by head."""
        return tuple(projected.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4))

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Bool[Tensor, "#row 1 #token source"] | None
    ) -> Float[Tensor, "row token dim"]:
        """The weighted values; True in the mask may be seen."""
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        return mixed.transpose(1, 2).flatten(2)

    def output(self, x: Float[Tensor, "*rows dim"], mixed: Float[Tensor, "*rows dim"]) -> Float[Tensor, "*rows dim"]:
        """BERT's output block."""
        return self.norm(x + functional.dropout(self.out(mixed), self.dropout, self.training))


class FeedForward(nn.Module):
    """BERT's feed-forward block."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.dim, config.ffn_dim)
        self.fc2 = nn.Linear(config.ffn_dim, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.dropout = config.dropout

    def forward(self, x: Float[Tensor, "*rows dim"]) -> Float[Tensor, "*rows dim"]:
        return self.norm(x + functional.dropout(self.fc2(functional.gelu(self.fc1(x))), self.dropout, self.training))


class Layer(nn.Module):
    """One layer: shared self-attention, cross-attention for the queries, a feed-forward block for each kind."""

    def __init__(self, config: QFormerConfig, index: int) -> None:
        super().__init__()
        self.attention = SelfAttention(config)
        self.crossattention = None
        if index % config.cross_attention_every == 0:
            self.crossattention = CrossAttention(
                dim=config.dim, width=config.patch_width, heads=config.heads, dropout=config.dropout, layer=index
            )
        self.query_ffn = FeedForward(config)
        self.text_ffn = FeedForward(config)

    def look(
        self, query: Float[Tensor, "row query dim"], memory: PatchMemory, looking: Looking
    ) -> tuple[Float[Tensor, "row query dim"], Projected]:
        """Queries alone, and their keys and values in self-attention."""
        asked, key, value = self.attention.heads_of(self.attention.project(query))
        query = self.attention.output(query, self.attention.attend(asked, key, value, None))
        return self._see(query, memory, looking), (key, value)

    def text(
        self, text: Float[Tensor, "token dim"], texts: TextBatch, mask: Tensor, behind: Projected | None,
        wanted: Bool[Tensor, " token"] | None = None,
    ) -> Float[Tensor, "wanted dim"]:  # fmt: skip
        """Text, alone or `behind` the keys and values of queries; of the `wanted` tokens, or of all."""
        asked, key, value = self.attention.heads_of(texts.padded(self.attention.project(text)))
        if behind is not None:
            key, value = torch.cat([behind[0], key], dim=2), torch.cat([behind[1], value], dim=2)
        mixed = texts.packed(self.attention.attend(asked, key, value, mask))
        if wanted is not None:
            text, mixed = text[wanted], mixed[wanted]
        return self.text_ffn(self.attention.output(text, mixed))

    def both(
        self, query: Float[Tensor, "row query dim"], text: Float[Tensor, "token dim"], texts: TextBatch, mask: Tensor,
        memory: PatchMemory, looking: Looking, wanted: Bool[Tensor, " token"] | None = None,
    ) -> tuple[Float[Tensor, "row query dim"], Float[Tensor, "wanted dim"]]:  # fmt: skip
        """Queries and text, each seeing all; of the text, the `wanted` tokens or all."""
        own = self.attention.heads_of(self.attention.project(query))
        theirs = self.attention.heads_of(texts.padded(self.attention.project(text)))
        asked, key, value = (torch.cat(pair, dim=2) for pair in zip(own, theirs, strict=True))
        mixed = self.attention.attend(asked, key, value, mask)
        queries = query.shape[1]
        query, heard = self.attention.output(query, mixed[:, :queries]), texts.packed(mixed[:, queries:])
        if wanted is not None:
            text, heard = text[wanted], heard[wanted]
        return self._see(query, memory, looking), self.text_ffn(self.attention.output(text, heard))

    def _see(
        self, query: Float[Tensor, "row query dim"], memory: PatchMemory, looking: Looking
    ) -> Float[Tensor, "row query dim"]:
        if self.crossattention is not None:
            query = self.crossattention(query, memory, looking)
        return self.query_ffn(query)


@dataclass(frozen=True, slots=True)
class Looked:
    """What queries took from each slide."""

    states: Float[Tensor, "slide query dim"]
    behind: list[Projected] = field(repr=False)
    """Keys and values of the queries in each layer's self-attention, which text that is written may see."""


class QFormer(nn.Module):
    """Queries over patches, text, or both."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_input = PatchInput(config)
        self.query_tokens = nn.Parameter(torch.empty(1, config.num_query_tokens, config.dim))
        self.query_norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.word_embeddings = nn.Embedding(config.vocab, config.dim)
        self.position_embeddings = nn.Embedding(config.max_text_tokens, config.dim)
        self.text_norm = nn.LayerNorm(config.dim, eps=1e-12)
        self.layers = nn.ModuleList(Layer(config, index) for index in range(config.layers))
        # BERT's 0.02 belongs to a width of 768. A narrow model that starts with it attends evenly to everything and
        # stays there: at width 128 the contrastive loss told organs apart, and nothing finer, after 300 steps.
        self.apply(partial(_initialise, std=0.02 * (768 / config.dim) ** 0.5))
        nn.init.normal_(self.query_tokens, std=0.02)
        for layer in self._layers():
            if layer.crossattention is not None:
                layer.crossattention.start_sharper(config.cross_attention_gain)

    def remember(
        self, bags: BagBatch, *, form: Form = "keys", patch_bias: Float[Tensor, " patch"] | None = None
    ) -> PatchMemory:
        """The patches of slides, for one pass (`absorbed`) or several (`keys`).

        `patch_bias` is added to the attention that every query pays to a patch; its gradient at zero says how much an
        output depends on that patch.
        """
        return PatchMemory(self.patch_input(bags), bags.lengths, form, patch_bias)

    def look(self, memory: PatchMemory) -> Looked:
        """What the queries take from each slide."""
        slides, behind = len(memory.lengths), []
        x, looking = self._query_start(slides), Looking.one_each(slides)
        for layer in self._layers():
            x, own = layer.look(x, memory, looking)
            behind.append(own)
        return Looked(x, behind)

    def read(self, texts: TextBatch, *, wanted: Bool[Tensor, " token"] | None = None) -> Float[Tensor, "wanted dim"]:
        """Text alone, both ways; the last layer computes the `wanted` tokens, or all."""
        x, mask = self._text_start(texts), texts.is_token()[:, None, None, :]
        *before, last = self._layers()
        for layer in before:
            x = layer.text(x, texts, mask, None)
        return last.text(x, texts, mask, None, wanted)

    def match(
        self, memory: PatchMemory, slide_of_text: Int[Tensor, " text"], texts: TextBatch, *,
        wanted: Bool[Tensor, " token"] | None = None,
    ) -> tuple[Float[Tensor, "text query dim"], Float[Tensor, "wanted dim"]]:  # fmt: skip
        """Queries and text that see each other, each text before the slide that is named for it."""
        looking = Looking.at(slide_of_text, len(memory.lengths))
        query, text = self._query_start(len(texts)), self._text_start(texts)
        mask = functional.pad(texts.is_token(), (query.shape[1], 0), value=True)[:, None, None, :]
        *before, last = self._layers()
        for layer in before:
            query, text = layer.both(query, text, texts, mask, memory, looking)
        return last.both(query, text, texts, mask, memory, looking, wanted)

    def write(
        self, looked: Looked, texts: TextBatch, *, wanted: Bool[Tensor, " token"] | None = None
    ) -> Float[Tensor, "wanted dim"]:
        """Text n behind the queries of slide n: each token sees these and the tokens before it."""
        x, longest, queries = self._text_start(texts), max(texts.lengths), looked.states.shape[1]
        earlier = torch.ones(longest, longest, dtype=torch.bool, device=x.device).tril()
        mask = functional.pad(earlier, (queries, 0), value=True)[None, None]
        *before, last = self._layers()
        for layer, behind in zip(before, looked.behind, strict=False):
            x = layer.text(x, texts, mask, behind)
        return last.text(x, texts, mask, looked.behind[-1], wanted)

    def _layers(self) -> list[Layer]:
        return cast(list[Layer], list(self.layers))

    def _query_start(self, rows: int) -> Float[Tensor, "row query dim"]:
        x = self.query_norm(self.query_tokens).expand(rows, -1, -1)
        return functional.dropout(x, self.config.dropout, self.training)

    def _text_start(self, texts: TextBatch) -> Float[Tensor, "token dim"]:
        x = self.text_norm(self.word_embeddings(texts.ids) + self.position_embeddings(texts.column))
        return functional.dropout(x, self.config.dropout, self.training)


def _initialise(module: nn.Module, std: float) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=std)
        nn.init.zeros_(module.bias)
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
