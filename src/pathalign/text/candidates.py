"""Marks that may open a part of a diagnosis, each with what it opens.

Offsets are characters of the text that is searched.
"""

from __future__ import annotations

import re

from pathalign.text.headers import HEADER_CHARS, Opening, opening_of
from pathalign.text.labels import begins, kind_of, marks, normal_label, places

# "Number of nodes examined: 3. Margins ...": a field's value.
_VALUE = re.compile(
    r"\b(?:numbers?|examined|involved|positive|nodes?|grade|score|size|metasta\w+|total|count)\b[^.:]{0,25}:\s*$",
    re.IGNORECASE,
)
_VALUE_CHARS, _HEAD_CHARS = 60, 62


class Candidate:
    """A mark that may open a part."""

    def __init__(self, mark: re.Match[str], text: str, received: frozenset[str]) -> None:
        self.mark = mark
        self.outer = begins(mark, text)
        """Where a sentence or a line begins."""
        self.kind = kind_of(mark)
        self.first, self.last = places(mark)
        self.text, self._received = text, received
        self._opening: Opening | None = None

    @property
    def is_value(self) -> bool:
        """Whether it is the value of a field, and labels nothing: "Number of nodes examined: 3. Margins ..."."""
        before = self.text[max(0, self.mark.start() - _VALUE_CHARS) : self.mark.start()]
        return self.kind == "number" and before.rstrip().endswith(":") and _VALUE.search(before) is not None

    @property
    def opening(self) -> Opening:
        """What the text behind it opens with; looked up for few labels and once, since it takes time."""
        if self._opening is None:
            found = opening_of(self.text[self.mark.end() : self.mark.end() + HEADER_CHARS])
            self._opening = Opening.PROPERTY if found < Opening.OPERATION and self.is_value else found
        return self._opening

    @property
    def listed(self) -> bool:
        """Whether the report lists what was received under this label."""
        return normal_label(self.mark["label"]) in self._received and (
            self.opening >= Opening.OPERATION or not self.is_value
        )

    @property
    def heads(self) -> bool:
        """Whether a colon stands close behind it, and no property of a tumour before that."""
        close = self.text.find(":", self.mark.end(), self.mark.end() + _HEAD_CHARS) >= 0
        return close and self.opening is not Opening.PROPERTY

    @property
    def certain(self) -> bool:
        """Whether it is a part's, also if labels before it were lost."""
        joined = self.last > self.first and "/" not in self.mark["label"]  # "(1/2)." counts nodes
        return joined or self.listed or self.opening >= Opening.HEADER


def candidates(text: str, received: frozenset[str]) -> list[Candidate]:
    """The marks of a text in order; `received` are the labels under which the report lists what was received."""
    return [Candidate(mark, text, received) for mark in marks(text)]
