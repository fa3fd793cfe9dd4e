"""Attention of queries to the patches of their slides, packed: three ways to the same numbers.

- *keys*: keys and values of all patches are made once per slide and layer, and serve every pass over the slide
  (contrast, three matching pairs). On a CPU a fused kernel runs slide by slide, on CUDA one variable-length kernel runs
  over all.
- *absorbed*: the key matrix goes into the queries, the value matrix behind the sum: q (W x) = (q W) x, so neither keys
  nor values exist. With few queries and one pass it is half the work; from about two passes on, keys are cheaper.

The bias of the keys adds the same to every patch's score, and softmax does not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

Form = Literal["keys", "absorbed"]
OfPatches = Float[Tensor, "patch heads head_dim"]


@dataclass(slots=True)
class PatchMemory:
    """What passes over the same slides share: the patches, and their keys and values once a layer has made them."""

    patches: Float[Tensor, "patch width"]
    lengths: tuple[int, ...]
    form: Form
    patch_bias: Float[Tensor, " patch"] | None = None
    """Added to the attention that every query pays to a patch."""
    keys: dict[int, tuple[OfPatches, OfPatches]] = field(default_factory=dict)
    """Layer -> keys and values. Apart, since in the backward pass their gradients would else be copied once more."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Which slide each row of queries looks at."""

    counts: tuple[int, ...]
    """Rows of each slide."""
    order: Int[Tensor, " row"] | None
    """Rows sorted by slide; None when they are."""

    @classmethod
    def one_each(cls, slides: int) -> Looking:
        """Row n looks at slide n."""
        return cls((1,) * slides, None)

    @classmethod
    def at(cls, slide_of_row: Int[Tensor, " row"], slides: int) -> Looking:
        """Any row at any slide."""
        counts = torch.bincount(slide_of_row.cpu(), minlength=slides)
        return cls(tuple(counts.tolist()), slide_of_row.argsort(stable=True))


class CrossAttention(nn.Module):
    """Multi-head attention to patches with BERT's output block: project, drop out, add, normalise.

    Attention itself has no dropout: patches are thinned out when a bag is read.
    """

    def __init__(self, *, dim: int, width: int, heads: int, dropout: float, layer: int) -> None:
        super().__init__()
        self.heads, self.dropout, self.layer = heads, dropout, layer
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(width, dim)
        self.value = nn.Linear(width, dim)
        self.out = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim, eps=1e-12)

    @torch.no_grad()
    def start_sharper(self, gain: float) -> None:
        """Multiply queries and keys, and so scores by the square of the gain."""
        self.query.weight.mul_(gain)
        self.key.weight.mul_(gain)

    def forward(
        self, x: Float[Tensor, "row query dim"], memory: PatchMemory, looking: Looking
    ) -> Float[Tensor, "row query dim"]:
        """Each row after it has looked at its slide."""
        query = self.query(x).unflatten(-1, (self.heads, -1))
        if looking.order is not None:
            query = query[looking.order]
        attend = self._absorbed if memory.form == "absorbed" else self._keyed
        mixed = attend(query, memory, looking)
        if looking.order is not None:
            mixed = mixed[looking.order.argsort()]
        mixed = self.out(mixed.flatten(2))
        return self.norm(x + functional.dropout(mixed, self.dropout, self.training))

    def _keyed(
        self, query: Float[Tensor, "row query heads head_dim"], memory: PatchMemory, looking: Looking
    ) -> Float[Tensor, "row query heads head_dim"]:
        if self.layer not in memory.keys:
            key, value = functional.linear(memory.patches, self.key.weight), self.value(memory.patches)
            memory.keys[self.layer] = key.unflatten(-1, (self.heads, -1)), value.unflatten(-1, (self.heads, -1))
        keys, values = memory.keys[self.layer]
        if query.is_cuda and memory.patch_bias is None:
            return _attend_at_once(query, keys, values, memory.lengths, looking.counts)
        return _attend_by_slide(query, keys, values, memory, looking.counts)

    def _absorbed(
        self, query: Float[Tensor, "row query heads head_dim"], memory: PatchMemory, looking: Looking
    ) -> Float[Tensor, "row query heads head_dim"]:
        key = self.key.weight.unflatten(0, (self.heads, -1))  # [heads, head_dim, width]
        value = self.value.weight.unflatten(0, (self.heads, -1))
        asked = torch.einsum("rqhd,hdw->rqhw", query, key) * query.shape[-1] ** -0.5
        biases = _biases(memory)
        found = []
        for rows, patches, bias in zip(
            asked.split(list(looking.counts)), memory.patches.split(list(memory.lengths)), biases, strict=True
        ):
            scores = rows.flatten(0, 2) @ patches.T
            scores = scores if bias is None else scores + bias
            found.append((scores.softmax(-1) @ patches).view(rows.shape))
        mixed = torch.einsum("rqhw,hdw->rqhd", torch.cat(found), value)
        return mixed + self.value.bias.view(self.heads, -1)


def _attend_by_slide(
    query: Float[Tensor, "row query heads head_dim"],
    keys: OfPatches,
    values: OfPatches,
    memory: PatchMemory,
    counts: Sequence[int],
) -> Float[Tensor, "row query heads head_dim"]:
    """All rows of a slide as one long row of queries."""
    found = []
    lengths = list(memory.lengths)
    for rows, key, value, bias in zip(
        query.split(list(counts)), keys.split(lengths), values.split(lengths), _biases(memory), strict=True
    ):
        if not len(rows):
            found.append(rows)
            continue
        key, value = key.transpose(0, 1)[None], value.transpose(0, 1)[None]  # each [1, heads, patch, head_dim]
        asked = rows.flatten(0, 1).transpose(0, 1)[None]
        mask = None if bias is None else bias.expand(asked.shape[2], -1)
        mixed = functional.scaled_dot_product_attention(asked, key, value, attn_mask=mask)
        found.append(mixed[0].transpose(0, 1).view(rows.shape))
    return torch.cat(found)


def _attend_at_once(
    query: Float[Tensor, "row query heads head_dim"],
    keys: OfPatches,
    values: OfPatches,
    lengths: Sequence[int],
    counts: Sequence[int],
) -> Float[Tensor, "row query heads head_dim"]:
    """One kernel over all slides (Flash Attention's variable-length one, in half precision)."""
    from torch.nn.attention.varlen import varlen_attn

    asked = [count * query.shape[1] for count in counts]
    half = query.dtype if query.dtype in (torch.float16, torch.bfloat16) else torch.bfloat16
    mixed = varlen_attn(
        query.flatten(0, 1).to(half), keys.to(half), values.to(half), _ends(asked, query.device),
        _ends(lengths, query.device), max(asked), max(lengths),
    )  # fmt: skip
    assert isinstance(mixed, Tensor)
    return mixed.view(query.shape).to(query.dtype)


def _biases(memory: PatchMemory) -> Sequence[Tensor | None]:
    if memory.patch_bias is None:
        return [None] * len(memory.lengths)
    return memory.patch_bias.split(list(memory.lengths))


def _ends(lengths: Sequence[int], device: torch.device) -> Int[Tensor, " end"]:
    return functional.pad(torch.tensor(lengths, dtype=torch.int32).cumsum(0, dtype=torch.int32), (1, 0)).to(device)
