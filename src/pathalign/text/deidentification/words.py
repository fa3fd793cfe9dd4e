"""A report as its words, made once and read by every rule that looks at words."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['’`][^\W\d_]+)*")


_RUN = re.compile(r"\d[\dOolI]{2,}")


@dataclass(frozen=True, slots=True)
class Words:
    """Words of letters (digits within, after OCR) with their offsets; hyphens and full stops part words."""

    report: str
    raw: list[str]
    lower: list[str]
    """In lower case, without a possessive "'s"."""
    starts: list[int]
    ends: list[int]
    present: frozenset[str]
    """The words in lower case, and those with digits also without them ("14mar2019" as "mar"), each once."""
    longest_number: int
    """Digits of the longest number; rules for longer ones need not look."""

    def __len__(self) -> int:
        return len(self.raw)

    def gap(self, index: int) -> str:
        """What stands between a word and the next; "" after the last."""
        if index + 1 >= len(self.raw):
            return ""
        return self.report[self.ends[index] : self.starts[index + 1]]

    def from_offset(self, offset: int) -> int:
        """The first word that begins at an offset or after it; `len(self)` when there is none."""
        return bisect_left(self.starts, offset)


def words_of(report: str) -> Words:
    """Divide a report into words."""
    matches = list(_WORD.finditer(report))
    raw = [match[0] for match in matches]
    lower = [word.lower() for word in raw]
    if "'" in report or "’" in report or "`" in report:
        lower = [word if word.isalnum() else _plain(word) for word in lower]
    present = set(lower)
    present.update([_DIGITS.sub("", low) for low in present if not low.isalpha()])
    return Words(
        report=report,
        raw=raw,
        lower=lower,
        starts=[match.start() for match in matches],
        ends=[match.end() for match in matches],
        present=frozenset(present),
        longest_number=max(map(len, _RUN.findall(report)), default=0),
    )


def _plain(low: str) -> str:
    """Typographic apostrophes straight; possessive "'s" gone."""
    return low.replace("’", "'").replace("`", "'").removesuffix("'s")
