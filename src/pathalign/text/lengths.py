"""How long a text is: in words, and about how many tokens a language model makes of it.

No tokenizer is loaded: a count of tokens here is a rule of thumb that serves to choose a cut, not to check one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")
_PIECE_CHARS = 6
"""Letters of a word that one piece holds: medical words are cut into several."""
WIDTH = 8
"""Tokens in a bin of a histogram."""
_BINS = 64


def count_tokens(text: str) -> int:
    """About how many pieces a WordPiece tokenizer makes: one for a mark or short word, one for each six letters."""
    return sum([-(-len(word) // _PIECE_CHARS) for word in _WORD.findall(text)])


@dataclass(kw_only=True)
class LengthHistogram:
    """Lengths of many texts in bins of `WIDTH` tokens; the last bin also holds all that are longer."""

    texts: int = 0
    words: int = 0
    tokens: int = 0
    longest: int = 0
    """Tokens of the longest."""
    bins: list[int] = field(default_factory=lambda: [0] * _BINS)

    def add(self, text: str) -> None:
        """Count one text; an empty one counts for nothing."""
        if not text:
            return
        tokens = count_tokens(text)
        self.texts += 1
        self.words += len(text.split())
        self.tokens += tokens
        self.longest = max(self.longest, tokens)
        self.bins[min(tokens // WIDTH, _BINS - 1)] += 1

    def quantile(self, share: float) -> int:
        """The upper end, in tokens, of the bin within which that share of the texts is reached; 0 without texts."""
        reached = 0
        for place, count in enumerate(self.bins):
            reached += count
            if reached and reached >= share * self.texts:
                return min((place + 1) * WIDTH, self.longest)
        return self.longest

    def as_json(self) -> Mapping[str, object]:
        """Means, quantiles and bins without the empty ones at the end."""
        used = max((place for place, count in enumerate(self.bins) if count), default=-1) + 1
        return {
            "texts": self.texts,
            "mean_words": round(self.words / self.texts, 2) if self.texts else 0.0,
            "mean_tokens": round(self.tokens / self.texts, 2) if self.texts else 0.0,
            "median_tokens": self.quantile(0.5),
            "p95_tokens": self.quantile(0.95),
            "longest_tokens": self.longest,
            "bin_tokens": WIDTH,
            "bins": self.bins[:used],
        }
