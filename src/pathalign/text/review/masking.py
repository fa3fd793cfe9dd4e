"""A report as it may be shown: tags for whatever looks like an identifier, also where none were taken out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pathalign.text.deidentification.deidentifier import find_identifiers
from pathalign.text.deidentification.identifiers import Kind

_SHORTEST = 3
"""Letters of an identifier that is looked for in other texts."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The characters [start, end) of a text, and the tag that is shown instead."""

    start: int
    end: int
    tag: str


class Mask:
    """What of a report, and of texts made of it, is not shown."""

    def __init__(self, report: str) -> None:
        self._numbers: Counter[Kind] = Counter()
        self._known: dict[str, str] = {}
        self.hidden = [
            Hidden(found.start, found.end, self._tag(found.kind, report[found.start : found.end]))
            for found in find_identifiers(report)
        ]
        words = sorted((word for word in self._known if len(word) >= _SHORTEST), key=len, reverse=True)
        self._again = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE) if words else None
        )

    def within(self, text: str) -> list[Hidden]:
        """What of another text of the same report, such as a view of it, is not shown, in order and apart."""
        found = [Hidden(one.start, one.end, self._tag(one.kind, text[one.start : one.end]))
                 for one in find_identifiers(text)]  # fmt: skip
        found += [
            Hidden(said.start(), said.end(), self._known.get(said[0].casefold(), "[...]"))
            for said in (self._again.finditer(text) if self._again else ())
        ]
        apart: list[Hidden] = []
        for one in sorted(found, key=lambda one: (one.start, -one.end)):
            if apart and one.start < apart[-1].end:
                apart[-1] = replace(apart[-1], end=max(apart[-1].end, one.end))
            else:
                apart.append(one)
        return apart

    def of(self, text: str) -> str:
        """Another text of the same report with its identifiers as tags."""
        return shown(text, 0, len(text), self.within(text))

    def _tag(self, kind: Kind, said: str) -> str:
        key = said.casefold()
        if key not in self._known:
            self._numbers[kind] += 1
            self._known[key] = f"[{kind.upper()} {self._numbers[kind]}]"
        return self._known[key]


def cut(text: str, start: int, end: int, hidden: Iterable[Hidden]) -> Iterator[tuple[str, bool]]:
    """(text, whether it is a tag) of a stretch; what is hidden shows its tag where it begins."""
    for one in hidden:
        if one.end <= start or one.start >= end:
            continue
        if one.start > start:
            yield text[start : one.start], False
        if one.start >= start:
            yield one.tag, True
        start = min(one.end, end)
    if start < end:
        yield text[start:end], False


def shown(text: str, start: int, end: int, hidden: Iterable[Hidden]) -> str:
    """A stretch with tags for what is hidden."""
    return "".join(piece for piece, _ in cut(text, start, end, hidden))
