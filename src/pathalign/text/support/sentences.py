"""Whether each word of a sentence is borne out by the places of the report that it quotes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pathalign.text.support.quotes import QuotedText
from pathalign.text.support.wording import OF_GRAMMAR, Word, words_of, words_within


class Fault(StrEnum):
    """Why a sentence is not taken."""

    NO_QUOTE = "no quote"
    QUOTE_NOT_FOUND = "a quote is not in the report"
    OTHER_PART = "a quote is of another part"
    EMPTY = "no word of content"
    NOT_QUOTED = "a word or number is not in the quotes"
    OTHERWISE_MEANT = "denied, unsure or past in one and not in the other"
    UNSEEN = "says what no slide shows"


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

        Every word of content must stand in a span, meant as there; a number must also stand beside the same word.
        """
        said = words_of(sentence)
        content = [word for word in said if word.text not in OF_GRAMMAR]
        if not content:
            return Fault.EMPTY
        quoted = [words_within(self._words, start, end) for start, end in spans]
        meanings: dict[str, set[object]] = {}
        for word in (word for words in quoted for word in words):
            for spelling in _spellings(word):
                meanings.setdefault(spelling, set()).add(word.meant)
        beside = {pair for words in quoted for pair in _beside(words)}
        for word in content:
            if word.text not in meanings:
                return Fault.NOT_QUOTED
            if word.meant not in meanings[word.text]:
                return Fault.OTHERWISE_MEANT
        numbers = {word.text for word in content if word.is_number}
        said_beside = _beside(said)
        for number in numbers:
            mine = {pair for pair in said_beside if pair[0] == number}
            if mine and not mine & beside:
                return Fault.NOT_QUOTED
        return None


def _spellings(word: Word) -> tuple[str, ...]:
    """A number may be told without its sum: "3+4" of "3+4=7"."""
    return (word.text, word.text.split("=")[0]) if "=" in word.text else (word.text,)


def _beside(words: Sequence[Word]) -> set[tuple[str, str, int]]:
    """(number, content word, -1 before or 1 after) of neighbours."""
    content = [word for word in words if word.text not in OF_GRAMMAR]
    pairs = set()
    for at, word in enumerate(content):
        if not word.is_number:
            continue
        for spelling in _spellings(word):
            if at:
                pairs.add((spelling, content[at - 1].text, -1))
            if at + 1 < len(content):
                pairs.add((spelling, content[at + 1].text, 1))
    return pairs
