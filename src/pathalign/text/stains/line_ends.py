"""Patterns that hold over the end of a line, where cleaned reports have a full stop between two words."""

from __future__ import annotations

GAP = r"[\s.]{1,3}"
"""What may stand between two words of one sentence."""
_QUANTIFIERS = "?*+{"


def over_line_ends(pattern: str) -> str:
    """A pattern with each single space, or white space, between words as `GAP`; what repeats it stays as it is."""
    parts: list[str] = []
    at, is_class = 0, False
    while at < len(pattern):
        part = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        at += len(part)
        is_class = part == "[" or (is_class and part != "]")
        is_gap = part in (" ", r"\s") and not is_class and pattern[at : at + 1] not in tuple(_QUANTIFIERS)
        parts.append(GAP if is_gap else part)
    return "".join(parts)
