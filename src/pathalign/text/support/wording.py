"""The words of a text, each with how it is meant: stated, denied, unsure or of the past.

It serves to compare a sentence with what it was drawn from, so it is strict rather than clever: the same rule reads
both, and where it reads them unlike the sentence is not borne out. Time grows with the length of the text alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from enum import Flag


class Meant(Flag):
    """How a word is meant; nothing set is: stated as found."""

    STATED = 0
    DENIED = 1
    UNSURE = 2
    PAST = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A word in small letters, or a number with its signs ("3+4", "2/11", "3.1"), and where it stands."""

    text: str
    start: int
    end: int
    meant: Meant

    @property
    def is_number(self) -> bool:
        """Whether it is made of digits."""
        return self.text[0].isdigit()


_NUMBER = r"\d+(?:[.,]\d+)*"
_TOKEN = re.compile(
    rf"(?<![^\W_])(?P<number>{_NUMBER}(?:\s?[+/x×=-]\s?{_NUMBER}){{0,6}})(?![^\W\d_])"
    r"|(?P<word>[^\W_]+(?:['’][^\W\d_]+)?)"
    r"|(?P<plus>\(\s?\+{1,4}\s?\)|(?<=[^\W_])\+{1,4}(?![\w+]))|(?P<minus>\(\s?[-–]\s?\)|(?<=[^\W_])[-–](?=[,.;)]|$))"
    r"|(?P<box>_{2,}|\[\s?\]|\(\s?\))|(?P<query>\?)"
    r"|(?P<stop>\.(?=\s+[^a-z\s]|\s*$)|;|\n(?=\s*[^a-z\s]))|(?P<comma>[,:\n]|\s[-–]\s)"
)


def word_set(text: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(text.split())


_TURN = frozenset({"but", "however", "although", "though", "except", "whereas", "while"})
_FORWARD = frozenset({"no", "without", "nor", "neither", "never", "non"})
_FORWARD_PAIRS = {
    "negative": ("for",), "free": ("of", "from"), "absence": ("of",), "lack": ("of",), "devoid": ("of",),
    "rule": ("out",), "ruled": ("out",), "lacks": (), "lacking": (),
}  # fmt: skip
_BOTH = frozenset(
    {"not", "absent", "negative", "neg", "none", "uninvolved", "excluded", "cannot", "0", "zero", "lacks", "lacking"}
)
_UNSURE = word_set(
    "suspicious suspect suspected possible possibly probable probably likely favor favors favored favour favours "
    "favoured suggest suggests suggested suggestive suggesting consistent compatible versus vs questionable question "
    "equivocal indeterminate concerning worrisome may might could presumed presumptive differential exclude or"
)
_PAST = word_set("history previous previously prior former formerly")
_BARE = word_set(
    "identified seen present detected found noted involved evident applicable provided submitted given specified "
    "assessed performed known is are was were be been not absent negative neg none no zero 0 excluded cannot"
)
"""Words of which an answer consists that leaves to the words before it what it denies ("not identified")."""
OF_GRAMMAR = word_set(
    "a an the of in on at to by for from with within and or as is are was were be been being this that these those "
    "there which it its has have had no not without nor neither none identified seen present noted"
)
"""Words that may stand in a sentence without standing in what it was drawn from; denial is compared otherwise."""


def words_of(text: str) -> list[Word]:
    """The words of a text in order."""
    clauses: list[list[list[Word]]] = [[[]]]
    boxed: set[int] = set()
    for token in _TOKEN.finditer(text):
        kind, said = token.lastgroup, token[0].casefold()
        if kind == "stop":
            clauses.append([[]])
        elif kind == "comma":
            clauses[-1].append([])
        elif kind == "box":
            boxed.add(len(clauses) - 1)
        elif kind == "word" and said in _TURN:
            clauses.append([[Word(said, *token.span(), Meant.STATED)]])
        else:
            clauses[-1][-1].append(Word(_spelled(kind, said), *token.span(), Meant.STATED))
    found: list[Word] = []
    for place, clause in enumerate(clauses):
        denied = _denied(clause)
        if place and _is_bare([word for segment in clause for word in segment]) and clause[0]:
            _deny_last(found, clauses[place - 1])  # "Vascular invasion. Not identified."
        found += _with_meaning(clause, denied, is_boxed=place in boxed)
    return found


def _spelled(kind: str | None, said: str) -> str:
    if kind == "number":
        return re.sub(r"\s", "", said).replace("×", "x")
    return {"plus": "positive", "minus": "negative", "query": "questionable"}.get(kind or "", said.replace("’", "'"))


def _is_bare(words: list[Word]) -> bool:
    """Whether words deny and do not say what: "Not identified", "Absent", "None"."""
    return all(word.text in _BARE for word in words) and any(word.text in _BOTH | _FORWARD for word in words)


def _denied(clause: list[list[Word]]) -> list[list[bool]]:
    """Which words of the segments of a clause are denied."""
    denied = [[False] * len(segment) for segment in clause]
    forward = False
    for place, segment in enumerate(clause):
        backward = -1
        for at, word in enumerate(segment):
            following = segment[at + 1].text if at + 1 < len(segment) else ""
            if word.text in _FORWARD or following in _FORWARD_PAIRS.get(word.text, ()):
                forward = True
            elif word.text in _BOTH or word.text.startswith("0/"):
                forward, backward = True, at
            denied[place][at] = forward
        if backward >= 0:
            denied[place][:backward] = [True] * backward
            if all(word.text in _BARE for word in segment):
                for earlier in denied[:place]:
                    earlier[:] = [True] * len(earlier)
    return denied


def _with_meaning(clause: list[list[Word]], denied: list[list[bool]], *, is_boxed: bool) -> list[Word]:
    words = [word for segment in clause for word in segment]
    unsure = any(
        word.text in _UNSURE and not (word.text == "or" and no)
        for word, no in zip(words, (no for segment in denied for no in segment), strict=True)
    )
    past = next((at for at, word in enumerate(words) if word.text in _PAST), len(words))
    flat = [no for segment in denied for no in segment]
    return [
        Word(
            word.text, word.start, word.end,
            (Meant.DENIED if flat[at] or is_boxed else Meant.STATED)
            | (Meant.UNSURE if unsure else Meant.STATED) | (Meant.PAST if at >= past else Meant.STATED),
        )
        for at, word in enumerate(words)
    ]  # fmt: skip


def _deny_last(found: list[Word], clause: list[list[Word]]) -> None:
    """Deny the last words that were found, those of a clause."""
    count = sum(len(segment) for segment in clause)
    for at in range(len(found) - count, len(found)):
        word = found[at]
        found[at] = Word(word.text, word.start, word.end, word.meant | Meant.DENIED)


def words_within(words: list[Word], start: int, end: int) -> list[Word]:
    """The words, in order of place, that lie wholly within a span."""
    first = bisect_left(words, start, key=lambda word: word.start)
    last = bisect_left(words, end + 1, key=lambda word: word.end)
    return words[first:last]
