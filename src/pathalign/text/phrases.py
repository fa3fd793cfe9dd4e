"""Many phrases found in a text at once: the longest at each place, in time that grows with the text alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

Meaning = TypeVar("Meaning")

_TOKEN = re.compile(r"([^\W\d_]+|\d+)")
_ASCII_TOKEN = re.compile(r"([A-Za-z]+|[0-9]+)")
"""The same for a text of ASCII alone, in half the time."""
_PLURAL = re.compile(r"(?<=[a-z]{4})(?<!s)(?<!u)(?<!i)s$")
_GAP = 3
"""Characters that may stand between two words of a phrase ("ki - 67")."""


class Token(NamedTuple):
    """A run of letters or of digits: "CK7" is two."""

    word: str
    """Folded: see `fold`."""
    start: int
    end: int


_new = tuple.__new__
"""Makes a `Token` in a third of the time that its own constructor takes, which counts where every word is one."""


@dataclass(frozen=True, slots=True)
class Mention(Generic[Meaning]):
    """A phrase at its place in the text."""

    meaning: Meaning
    start: int
    end: int


@dataclass(slots=True)
class _Node(Generic[Meaning]):
    after: dict[str, _Node[Meaning]] = field(default_factory=dict)
    meaning: Meaning | None = None


class Phrases(Generic[Meaning]):
    """A table of phrases with what each means."""

    def __init__(self, entries: Iterable[tuple[str, Meaning]], *, between: str = " -/.'&,()") -> None:
        """Read the table; `between` are the characters that may stand between two words of a phrase.

        Raises `ValueError` when one phrase means two things, or is no phrase.
        """
        self._root: _Node[Meaning] = _Node()
        self._between = frozenset(between)
        for phrase, meaning in entries:
            node = self._root
            tokens = tokens_of(phrase)
            for token in tokens:
                node = node.after.setdefault(token.word, _Node())
            if not tokens or node.meaning not in (None, meaning):
                raise ValueError(f"The phrase {phrase!r} means {meaning!r} and {node.meaning!r}; give it one meaning.")
            node.meaning = meaning

    def find(self, text: str, tokens: list[Token] | None = None) -> list[Mention[Meaning]]:
        """The phrases of a text in order: the longest that begins at a place, and none within another.

        `tokens` are those of the text, where they are known already.
        """
        tokens = tokens_of(text) if tokens is None else tokens
        begins = self._root.after
        found: list[Mention[Meaning]] = []
        free = 0
        for at in [at for at, token in enumerate(tokens) if token[0] in begins]:
            if at >= free:
                mention, used = self._longest(text, tokens, at)
                if mention is not None:
                    found.append(mention)
                free = at + used
        return found

    def meaning(self, phrase: str) -> Meaning | None:
        """What a whole text means, when it is one phrase of the table."""
        tokens = tokens_of(phrase)
        mention, used = self._longest(phrase, tokens, 0) if tokens else (None, 0)
        return mention.meaning if mention is not None and used == len(tokens) else None

    def _longest(self, text: str, tokens: list[Token], first: int) -> tuple[Mention[Meaning] | None, int]:
        """(the longest phrase that begins at a token, its number of tokens)."""
        start = tokens[first].start
        if start and text[start - 1].isalnum():
            return None, 0
        node, best, used = self._root, None, 0
        for at in range(first, len(tokens)):
            token = tokens[at]
            if at > first and not self._joined(text[tokens[at - 1].end : token.start]):
                break
            following = node.after.get(token.word)
            if following is None:
                break
            node = following
            if node.meaning is not None and not text[token.end : token.end + 1].isalnum():
                best, used = Mention(node.meaning, start, token.end), at - first + 1
        return best, used

    def _joined(self, gap: str) -> bool:
        return len(gap) <= _GAP and all(char in self._between or char.isspace() for char in gap)


def tokens_of(text: str) -> list[Token]:
    """The words and numbers of a text, folded, with their places."""
    parts = (_ASCII_TOKEN if text.isascii() else _TOKEN).split(text)  # gaps and tokens by turns
    offsets = list(accumulate(map(len, parts)))
    made = zip(map(fold, parts[1::2]), offsets[0:-1:2], offsets[1::2], strict=True)
    return [_new(Token, token) for token in made]


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """A word as it is compared: without case, British spelling and the plural's "s".

    Only to be compared with other folded words: what comes out need not be a word.
    """
    plain = unicodedata.normalize("NFKC", word).casefold()
    plain = plain.replace("ae", "e").replace("oe", "e").replace("tumour", "tumor").replace("grey", "gray")
    return _PLURAL.sub("", plain)
