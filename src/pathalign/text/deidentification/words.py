"""A report as its words, made once and read by every rule that looks at words."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from pathalign.text.deidentification.lexicon import VOCABULARY

_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"([^\W\d_][^\W_]*(?:['’`][^\W_]+)*)")
_ASCII_WORD = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:['`][A-Za-z0-9]+)*)")
"""The same for a text of ASCII alone, in half the time: a class of plain characters is one look at a table."""

_MISREAD_ARTICLE = re.compile(r"(?<=\b[dD][eE] )1(?=[aA]s? |[aA]S |[oO][sS] )")
"""In "de 1a Cruz"."""
LONGEST_LETTERS = 20
"""Letters before the first digit of a number."""
_NUMBER = re.compile(r"\d[\dOolILSB]*")
_ORDINARY = re.compile(r"(?:[A-Za-z]{1,3}\d{1,2}|[0-8]?\d(?:\.\d{1,2})?)(?:[),;]|\.?\s{1,2}[A-Za-z]|[cm]m\b|\Z)")
"""A count, a size or a block, two digits at most and no age over 89, with a word or a mark after it that ends it."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of letters (digits within, after OCR) with their offsets; hyphens and full stops part words."""

    report: str
    raw: list[str]
    lower: list[str]
    """In lower case, without a possessive "'s"."""
    starts: list[int]
    ends: list[int]
    gaps: list[str]
    """What stands after each word, before the next; "" after the last."""
    last: dict[str, int]
    """The words in lower case, each once, and where each stands last."""
    same: list[int]
    """For each word where the same stood before; -1 for the first."""
    different: frozenset[str]
    """The words in lower case, each once."""
    coded: frozenset[str]
    """Those of them that hold more than letters."""
    unknown: frozenset[str]
    """Those of them that are no words of reports."""
    present: frozenset[str]
    """The words in lower case, and those with digits also without them ("14mar2019" as "mar"), each once."""
    longest_number: int
    """Digits of the longest number; rules for longer ones need not look."""
    number_starts: list[int]
    """Where numbers begin, letters that belong to them included ("S24", "(555", "O3/14"), in order."""
    odd_starts: list[int]
    """Those of them at which no ordinary number stands."""

    def __len__(self) -> int:
        return len(self.raw)

    def gap(self, index: int) -> str:
        """What stands between a word and the next; "" after the last."""
        return self.gaps[index] if index < len(self.gaps) else ""

    def where(self, sought: frozenset[str]) -> list[int]:
        """The words that are among those sought."""
        there = sought & self.different
        found, same = list[int](), self.same
        for low in there:
            index = self.last[low]
            while index >= 0:
                found.append(index)
                index = same[index]
        found.sort()
        return found

    def at_numbers(self, pattern: re.Pattern[str], *, ordinary: bool = False) -> list[re.Match[str]]:
        """The matches of a pattern that begins with a number; they may overlap.

        `ordinary` says that the pattern may match at a count, a size or a block ("5 cm", "B12,"): one of a day, a month
        in words or a street.
        """
        match, report = pattern.match, self.report  # a dozen patterns are tried at each of some fifty places
        starts = self.number_starts if ordinary else self.odd_starts
        return [found for start in starts if (found := match(report, start))]

    def from_offset(self, offset: int) -> int:
        """The first word that begins at an offset or after it; `len(self)` when there is none."""
        return bisect_left(self.starts, offset)


_OF_ADDRESSES = (".", "@", "/", "://", "_")


def written_small(words: Words) -> frozenset[str]:
    """The words as written that stand outside e-mail and web addresses, in which names are small."""
    if "@" not in words.report and "://" not in words.report and "www." not in words.report.lower():
        return frozenset(words.raw)
    gaps = words.gaps
    return frozenset(
        raw
        for index, raw in enumerate(words.raw)
        if gaps[index] not in _OF_ADDRESSES and (not index or gaps[index - 1] not in _OF_ADDRESSES)
    )


def words_of(report: str) -> Words:
    """Divide a report into words."""
    read = report
    if " 0f " in report or " 0F " in report:
        read = report.replace(" 0f ", " of ").replace(" 0F ", " OF ")
    if "e 1" in report or "E 1" in report:
        read = _MISREAD_ARTICLE.sub("l", read)
    parts = (_ASCII_WORD if read.isascii() else _WORD).split(read)  # gaps and words by turns
    offsets = list(accumulate(map(len, parts)))
    raw = parts[1::2]
    lower = list(map(str.lower, raw))
    if "'" in report or "’" in report or "`" in report:
        lower = [word if word.isalnum() else _plain(word) for word in lower]
    last, same = dict[str, int](), list[int]()
    for index, low in enumerate(lower):
        same.append(last.get(low, -1))
        last[low] = index
    different = frozenset(last)
    starts, longest = _number_starts(report)
    ordinary = _ORDINARY.match
    coded = frozenset([low for low in different if not low.isalpha()])
    return Words(
        report=report,
        raw=raw,
        lower=lower,
        starts=offsets[0:-1:2],
        ends=offsets[1::2],
        gaps=[*parts[2:-1:2], ""] if raw else [],
        last=last,
        same=same,
        different=different,
        coded=coded,
        unknown=different - VOCABULARY,
        present=different.union([_DIGITS.sub("", low) for low in coded]),
        longest_number=longest,
        number_starts=starts,
        odd_starts=[start for start in starts if not ordinary(report, start)],
    )


def _number_starts(report: str) -> tuple[list[int], int]:
    """(Every place at which a number may begin, digits of the longest); a look back from each run of digits.

    What is written before a space or a mark counts where it may belong to the number ("S 24", "TCGA-02", "l/5/08",
    "lO-Mar-2019"): whole, of four characters at most, and before a space not a word in small letters.
    """
    starts, longest = set[int](), 0
    for match in _NUMBER.finditer(report):
        at, end = match.span()
        if end - at > longest:
            longest = end - at
        low = at - LONGEST_LETTERS if at > LONGEST_LETTERS else 0
        while at > low and report[at - 1].isalnum():
            at -= 1
        starts.add(at)
        if not at:
            continue
        before = at - 1
        mark = report[before]
        if mark == " " or mark in "-/.–:":
            low = before - 5 if before > 5 else 0
            at = before
            while at > low and report[at - 1].isalnum():
                at -= 1
            if before > at > before - 5 and (mark != " " or not report[at:before].islower()):
                starts.add(at)
            if mark == " " and 0 < at == before - 1 and report[at - 1] == "+":  # "+l 617 ..."
                starts.add(at - 1)
        elif mark in "(+":
            starts.add(before)
            if before and report[before - 1] in "(+":
                starts.add(before - 1)
    return sorted(starts), longest


def _plain(low: str) -> str:
    """Typographic apostrophes straight; possessive "'s" gone."""
    return low.replace("’", "'").replace("`", "'").removesuffix("'s")
