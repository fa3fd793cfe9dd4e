"""The text without its identifiers, and offsets from either text to the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """The characters [start, end) of the original became [new_start, new_end) of the new text."""

    start: int
    end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Offsets of an original and of the text made of it by replacements, in order and apart.

    An offset within a replacement maps to the start of its other side, or to the end where it is the end of a span, so
    that a span which touches an identifier covers it whole.
    """

    replacements: tuple[Replacement, ...]

    def to_original(self, offset: int, *, is_end: bool = False) -> int:
        """An offset of the new text in the original."""
        return _mapped(offset, [(r.new_start, r.new_end, r.start, r.end) for r in self._near(offset, new=True)], is_end)

    def to_new(self, offset: int, *, is_end: bool = False) -> int:
        """An offset of the original in the new text."""
        return _mapped(
            offset, [(r.start, r.end, r.new_start, r.new_end) for r in self._near(offset, new=False)], is_end
        )

    def span_of_original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that a span of the new text came from."""
        return self.to_original(start), self.to_original(end, is_end=True)

    def _near(self, offset: int, *, new: bool) -> Sequence[Replacement]:
        """The last replacement that begins at the offset or before it, and none where there is none."""
        at = bisect_right(self.replacements, offset, key=lambda r: r.new_start if new else r.start)
        return self.replacements[max(0, at - 1) : at]


def replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[str, OffsetMap]:
    """The text with each span (start, end, what stands there now); spans are in order and do not overlap."""
    pieces: list[str] = []
    replacements: list[Replacement] = []
    at = length = 0
    for start, end, new in spans:
        pieces += (text[at:start], new)
        length += start - at
        replacements.append(Replacement(start, end, length, length + len(new)))
        length += len(new)
        at = end
    return "".join([*pieces, text[at:]]), OffsetMap(tuple(replacements))


def _mapped(offset: int, near: list[tuple[int, int, int, int]], is_end: bool) -> int:
    """Through the replacement before an offset: (its start and end on this side, its start and end on the other)."""
    if not near:
        return offset
    start, end, other_start, other_end = near[0]
    if offset >= end:
        return offset - end + other_end
    if offset == start:
        return other_start
    return other_end if is_end else other_start
