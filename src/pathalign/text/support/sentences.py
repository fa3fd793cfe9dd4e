"""Whether each word of a sentence is borne out by the places of the report that it quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from pathalign.text.support.quotes import QuotedText
from pathalign.text.support.wording import OF_GRAMMAR, Meant, Word, word_set, words_of, words_within


class Fault(StrEnum):
    """Why a sentence is not taken."""

    NO_QUOTE = "no quote"
    QUOTE_NOT_FOUND = "a quote is not in the report"
    OTHER_PART = "a quote is of another part"
    EMPTY = "no word of content"
    NOT_QUOTED = "a word or number is not in the quotes"
    OTHERWISE_MEANT = "denied, unsure or past in one and not in the other"
    UNSEEN = "says what no slide shows"


_OF_A_NEIGHBOUR = word_set(
    "right left upper lower inner outer high low well moderately poorly mild moderate severe positive negative benign "
    "malignant acute chronic"
)
"""Words that say something of the word beside them."""


class Source:
    """A report against which sentences are held."""

    def __init__(self, report: str) -> None:
        self._quoted = QuotedText(report)
        self._words = words_of(report)

    def places(self, quotes: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each quote where it stands."""
        return [self._quoted.find(quote) for quote in quotes]

    def fault(self, sentence: str, spans: Sequence[tuple[int, int]]) -> Fault | None:
        """What is wrong with a sentence, if the spans of the report are all that it was drawn from.

        Every word of content must stand in a span, meant as there. A number, a side, a degree, and a word that the
        spans hold in more than one meaning must also stand beside the same word as there, and a number no more often.
        """
        content = _content(words_of(sentence))
        if not content:
            return Fault.EMPTY
        quoted = [_content(words_within(self._words, start, end)) for start, end in spans]
        meanings: dict[str, set[Meant]] = {}
        places: set[_Place] = set()
        numbers = Counter[str]()
        for words in quoted:
            for at, word in enumerate(words):
                for spelling in _spellings(word):
                    meanings.setdefault(spelling, set()).add(word.meant)
                    places.update(_places(spelling, words, at))
                    numbers[spelling] += word.is_number
        for at, word in enumerate(content):
            numbers[word.text] -= word.is_number
            if word.text not in meanings or numbers[word.text] < 0:
                return Fault.NOT_QUOTED
            if word.meant not in meanings[word.text]:
                return Fault.OTHERWISE_MEANT
            is_ambiguous = len(meanings[word.text]) > 1
            if not (is_ambiguous or word.is_number or word.text in _OF_A_NEIGHBOUR):
                continue
            mine = _places(word.text, content, at)
            if mine and not mine & places:
                return Fault.OTHERWISE_MEANT if is_ambiguous else Fault.NOT_QUOTED
        return None


_Place = tuple[str, Meant, str, int]
"""A word, how it is meant, its neighbour, and -1 for the one before or 1 for the one after."""


def _content(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.text not in OF_GRAMMAR]


def _spellings(word: Word) -> tuple[str, ...]:
    """A number may be told without its sum: "3+4" of "3+4=7"."""
    return (word.text, word.text.split("=")[0]) if "=" in word.text else (word.text,)


def _places(spelling: str, words: Sequence[Word], at: int) -> set[_Place]:
    return {(spelling, words[at].meant, words[at + side].text, side) for side in (-1, 1) if 0 <= at + side < len(words)}
