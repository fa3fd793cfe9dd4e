"""Provenance as the catalog keeps it: a few numbers for each sentence, as JSON that any reader of SQLite can use.

A text's sentences are a list of `[start, end, report_start, report_end]`: characters of the text, and of the report as
it is registered. A sentence that a person wrote has two numbers only, and one whose source is not that of its whole
text has the source as last entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from pathalign.domain.provenance import SentencePlace, TextSource


def packed(places: Iterable[SentencePlace], source: TextSource) -> str:
    """The sentences of one text; `source` is that of the whole."""
    rows: list[list[int | str]] = []
    for place in places:
        row: list[int | str] = [place.start, place.end]
        if place.report_start is not None and place.report_end is not None:
            row += [place.report_start, place.report_end]
        if place.source is not source:
            row.append(place.source.value)
        rows.append(row)
    return json.dumps(rows, separators=(",", ":"))


def unpacked(text: str, source: TextSource) -> tuple[SentencePlace, ...]:
    """The sentences again."""
    places = []
    for row in json.loads(text):
        own = TextSource(row.pop()) if isinstance(row[-1], str) else source
        start, end, report_start, report_end = row if len(row) > 2 else (*row, None, None)
        places.append(SentencePlace(start, end, report_start, report_end, own))
    return tuple(places)
