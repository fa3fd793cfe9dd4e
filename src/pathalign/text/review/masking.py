"""A report as it may be shown: tags for whatever looks like an identifier, also where none were taken out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from pathalign.text.deidentification.deidentifier import deidentify, find_identifiers

_SHORTEST = 3
"""Letters of an identifier that is looked for in other texts."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The characters [start, end) of a text, and the tag that is shown instead."""

    start: int
    end: int
    tag: str


class Mask:
    """What of a report is not shown."""

    def __init__(self, report: str) -> None:
        numbers: Counter[str] = Counter()
        self.hidden: list[Hidden] = []
        self._known: dict[str, str] = {}
        for found in find_identifiers(report):
            said, kind = report[found.start : found.end].casefold(), found.kind.value
            if said not in self._known:
                numbers[kind] += 1
                self._known[said] = f"[{kind.upper()} {numbers[kind]}]"
            self.hidden.append(Hidden(found.start, found.end, self._known[said]))
        words = sorted((word for word in self._known if len(word) >= _SHORTEST), key=len, reverse=True)
        self._again = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE) if words else None
        )

    def of(self, text: str) -> str:
        """Another text of the same report, such as a view of it, with its identifiers as tags."""
        if self._again:
            text = self._again.sub(lambda said: self._known.get(said[0].casefold(), "[...]"), text)
        return deidentify(text).text
