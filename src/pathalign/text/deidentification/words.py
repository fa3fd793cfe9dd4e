"""A report as its words, made once and read by every rule that looks at words."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['’`][^\W_]+)*")


_MISREAD_ARTICLE = re.compile(r"(?<=\b[dD][eE] )1(?=[aA]s? |[aA]S |[oO][sS] )")
"""In "de 1a Cruz"."""
LONGEST_LETTERS = 20
"""Letters before the first digit of a number."""
_NUMBER = re.compile(r"\d+")
_RUN = re.compile(r"\d[\dOolILSB]+")


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
    number_starts: list[int]
    """Where numbers begin, letters that belong to them included ("S24", "(555", "O3/14"), in order."""

    def __len__(self) -> int:
        return len(self.raw)

    def gap(self, index: int) -> str:
        """What stands between a word and the next; "" after the last."""
        if index + 1 >= len(self.raw):
            return ""
        return self.report[self.ends[index] : self.starts[index + 1]]

    def at_numbers(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """The matches of a pattern that begins with a number; they may overlap."""
        match, report = pattern.match, self.report  # a dozen patterns are tried at each of some hundred places
        return [found for start in self.number_starts if (found := match(report, start))]

    def from_offset(self, offset: int) -> int:
        """The first word that begins at an offset or after it; `len(self)` when there is none."""
        return bisect_left(self.starts, offset)


def words_of(report: str) -> Words:
    """Divide a report into words."""
    read = report
    if " 0f " in report or " 0F " in report:
        read = report.replace(" 0f ", " of ").replace(" 0F ", " OF ")
    if "e 1" in report or "E 1" in report:
        read = _MISREAD_ARTICLE.sub("l", read)
    spans = [match.span() for match in _WORD.finditer(read)]
    raw = [read[start:end] for start, end in spans]
    lower = [word.lower() for word in raw]
    if "'" in report or "’" in report or "`" in report:
        lower = [word if word.isalnum() else _plain(word) for word in lower]
    present = set(lower)
    present.update([_DIGITS.sub("", low) for low in present if not low.isalpha()])
    return Words(
        report=report,
        raw=raw,
        lower=lower,
        starts=[start for start, _ in spans],
        ends=[end for _, end in spans],
        present=frozenset(present),
        longest_number=max(map(len, _RUN.findall(report)), default=0),
        number_starts=_number_starts(report),
    )


def _number_starts(report: str) -> list[int]:
    """Every place at which a number may begin; a look back of a few characters from each run of digits."""
    starts = set[int]()
    for match in _NUMBER.finditer(report):
        at = match.start()
        low = max(0, at - LONGEST_LETTERS)
        while at > low and report[at - 1].isalnum():
            at -= 1
        starts.add(at)
        before = at - 1
        if before < 0:
            continue
        if report[before] in "(+":
            starts.add(before)
            if before and report[before - 1] in "(+":
                starts.add(before - 1)
        elif report[before] == " " and report[max(0, before - 2) : before] in ("+l", "+I", "+L"):
            starts.add(before - 2)
        elif report[before] in "-/. –":  # "S-24", "TCGA-02", "l/5/08", "lO-Mar-2019"
            low = max(0, before - 4)
            at = before
            while at > low and report[at - 1].isalnum():
                at -= 1
            starts.add(at)
    return sorted(starts)


def _plain(low: str) -> str:
    """Typographic apostrophes straight; possessive "'s" gone."""
    return low.replace("’", "'").replace("`", "'").removesuffix("'s")
