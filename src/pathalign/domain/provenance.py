"""Where the sentences of a slide's texts come from: whose words they are, and the places of the report behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class TextSource(StrEnum):
    """Who made a text or a sentence of it out of the report."""

    RULES = "rules"
    MODEL = "language model"
    """A language model, and the report bears it out."""
    MIXED = "rules and language model"
    """A text of several parts of a report, of which the model read some."""
    CORRECTION = "correction"
    """A person; a sentence of a corrected text that the person left as it was keeps its own source."""
    UNKNOWN = "not recorded"
    """Curated by a version that kept no provenance."""


@dataclass(frozen=True, slots=True)
class SentencePlace:
    """The sentence at the characters [start, end) of a text, and the characters of the report that it says again."""

    start: int
    end: int
    report_start: int | None
    report_end: int | None
    """None where no place of the report stands behind it: a person wrote it."""
    source: TextSource = TextSource.RULES

    def moved(self, report_start: int, report_end: int) -> SentencePlace:
        """The same sentence with the offsets of another form of the report."""
        return replace(self, report_start=report_start, report_end=report_end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """The sentences of both texts of one slide, in order; joined by single spaces they are the text."""

    retrieval: tuple[SentencePlace, ...] = ()
    generation: tuple[SentencePlace, ...] = ()


def source_of(places: Iterable[SentencePlace]) -> TextSource:
    """The one source of a text that nobody corrected."""
    sources = {place.source for place in places}
    if len(sources) > 1:
        return TextSource.MIXED
    return sources.pop() if sources else TextSource.RULES
