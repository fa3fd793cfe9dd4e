"""Finding a quote in a report: letter by letter, save for case and white space."""

from __future__ import annotations

import unicodedata
from array import array

_MOST = 20
"""Places that are looked at where a quote stands in many."""


class QuotedText:
    """A text in which quotes are looked up; offsets are of the text as given."""

    def __init__(self, text: str) -> None:
        self._plain, self._offsets = _plain(text)

    def find(self, quote: str) -> list[tuple[int, int]]:
        """Where a quote stands as whole words; nowhere for one without a letter or digit."""
        wanted = _plain(quote)[0].strip()
        if not any(char.isalnum() for char in wanted):
            return []
        found: list[tuple[int, int]] = []
        at = self._plain.find(wanted)
        while at >= 0 and len(found) < _MOST:
            end = at + len(wanted)
            if not (self._joins(at) or self._joins(end)):
                found.append((self._offsets[at], self._offsets[end - 1] + 1))
            at = self._plain.find(wanted, at + 1)
        return found

    def _joins(self, at: int) -> bool:
        """Whether a cut there would go through a word or number."""
        return 0 < at < len(self._plain) and self._plain[at - 1].isalnum() and self._plain[at].isalnum()


def _plain(text: str) -> tuple[str, array[int]]:
    """The text without differences of case and white space, and the offset of each character in the text."""
    chars: list[str] = []
    offsets = array("q")
    for at, char in enumerate(text):
        if char.isspace():
            if chars and chars[-1] != " ":
                chars.append(" ")
                offsets.append(at)
            continue
        for piece in unicodedata.normalize("NFKC", char).casefold() if not char.isascii() else char.lower():
            chars.append(piece)
            offsets.append(at)
    return "".join(chars), offsets
