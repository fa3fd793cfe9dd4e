"""Token sequences, packed one behind the other: work grows with their tokens, not with the longest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Several texts; `token` runs over the tokens of all of them."""

    ids: Int[Tensor, " token"]
    lengths: tuple[int, ...]
    """Tokens of each text."""
    row: Int[Tensor, " token"] = field(init=False)
    """The text that a token is of."""
    column: Int[Tensor, " token"] = field(init=False)
    """Its place within that text."""

    def __post_init__(self) -> None:
        counts = torch.tensor(self.lengths)
        row = torch.arange(len(counts)).repeat_interleave(counts)
        column = torch.arange(len(row)) - (counts.cumsum(0) - counts)[row]
        object.__setattr__(self, "row", row.to(self.ids.device))
        object.__setattr__(self, "column", column.to(self.ids.device))

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]], device: torch.device | None = None) -> TextBatch:
        """Lists of ids, none of them empty."""
        assert all(sequences), "a text has at least its first token"
        ids = torch.tensor([i for sequence in sequences for i in sequence], device=device)
        return cls(ids, tuple(map(len, sequences)))

    def __len__(self) -> int:
        return len(self.lengths)

    def to(self, device: torch.device) -> TextBatch:
        """The same texts on another device."""
        return TextBatch(self.ids.to(device), self.lengths)

    @property
    def is_first(self) -> Bool[Tensor, " token"]:
        """The first token of each text."""
        return self.column == 0

    @property
    def is_last(self) -> Bool[Tensor, " token"]:
        """The last token of each text."""
        return torch.cat([self.is_first[1:], self.is_first.new_ones(1)])

    def select(self, rows: Int[Tensor, " chosen"]) -> TextBatch:
        """Some of the texts, in another order or several times."""
        parts = self.ids.split(list(self.lengths))
        chosen = rows.tolist()
        return TextBatch(torch.cat([parts[r] for r in chosen]), tuple(self.lengths[r] for r in chosen))

    def padded(self, x: Float[Tensor, "token dim"]) -> Float[Tensor, "text longest dim"]:
        """What belongs to the tokens side by side, zeros behind the end of each text."""
        out = x.new_zeros(len(self), max(self.lengths), x.shape[1])
        return out.index_put((self.row, self.column), x)

    def packed(self, x: Float[Tensor, "text longest dim"]) -> Float[Tensor, "token dim"]:
        """The opposite of `padded`."""
        return x[self.row, self.column]

    def is_token(self) -> Bool[Tensor, "text longest"]:
        """Where `padded` holds a token."""
        places = torch.arange(max(self.lengths), device=self.ids.device)
        return places < torch.tensor(self.lengths, device=self.ids.device)[:, None]
