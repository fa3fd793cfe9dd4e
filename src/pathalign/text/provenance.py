"""The sentences of a text with their places: in the text, and in the report that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pathalign.domain.provenance import SentencePlace, TextSource
from pathalign.text.statements.statement import ViewSentence


def places_of(sentences: Iterable[ViewSentence]) -> tuple[SentencePlace, ...]:
    """The places of the sentences that make a text, in the offsets of the report that was given to curation."""
    places = []
    at = 0
    for sentence in sentences:
        end = at + len(sentence.text)
        places.append(SentencePlace(at, end, sentence.start, sentence.end, sentence.source))
        at = end + 1
    return tuple(places)


def places_of_correction(text: str, sentences: Sequence[ViewSentence]) -> tuple[SentencePlace, ...]:
    """The places of a text that a person wrote over curated `sentences`.

    A curated sentence that stands in it whole, in its old order, keeps its place and source; what is between such
    sentences is one stretch of the person's, without a place in the report.
    """
    places: list[SentencePlace] = []
    at = 0
    for sentence in sentences:
        found = _whole(text, sentence.text, at)
        if found < 0:
            continue
        places += _written(text, at, found)
        at = found + len(sentence.text)
        places.append(SentencePlace(found, at, sentence.start, sentence.end, sentence.source))
    return (*places, *_written(text, at, len(text)))


def _whole(text: str, sentence: str, at: int) -> int:
    """Where a sentence stands in a text between spaces or ends, from an offset; -1 where it does not."""
    while sentence and (at := text.find(sentence, at)) >= 0:
        end = at + len(sentence)
        if text[at - 1 : at] in ("", " ") and text[end : end + 1] in ("", " "):
            return at
        at = end
    return -1


def _written(text: str, start: int, end: int) -> Iterator[SentencePlace]:
    stretch = text[start:end]
    said = stretch.strip()
    if said:
        begin = start + len(stretch) - len(stretch.lstrip())
        yield SentencePlace(begin, begin + len(said), None, None, TextSource.CORRECTION)
