"""What became of each stretch of a report: blocks of sections and parts, in them statements, told with their reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pathalign.domain.provenance import SentencePlace, TextSource
from pathalign.text.curation import CuratedReport
from pathalign.text.headings import SectionKind
from pathalign.text.review.masking import Hidden, Mask, cut, shown
from pathalign.text.statements.statement import Statement


class Fate(StrEnum):
    """Where the words of a statement went."""

    SHOWN = "generation"
    """Into both texts."""
    FOUND = "retrieval only"
    LEFT = "left out"


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A run of text that is shown alike."""

    text: str
    number: int | None = None
    """Of the statement that it belongs to, from one; None between statements."""
    fate: Fate | None = None
    kinds: str = ""
    reason: str = ""
    begins: bool = False
    """Whether the statement begins here."""
    is_tag: bool = False
    """Whether it stands for an identifier."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A stretch of the report under one title."""

    title: str
    is_diagnosis: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A statement in words, for who cannot see colours."""

    number: int
    text: str
    fate: Fate
    kinds: str
    traits: str
    """Denied, uncertain, history."""
    part: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A sentence of a slide's text."""

    text: str
    numbers: tuple[int, ...]
    """The statements of the report that it says again; none where a person wrote it."""
    source: str


def told_by(curated: CuratedReport, text: str, places: Sequence[SentencePlace], mask: Mask) -> list[Told]:
    """A text by sentence, identifiers hidden; as one sentence where its `places` are not known."""
    hidden = mask.within(text)
    if not places:
        return [Told(text=shown(text, 0, len(text), hidden), numbers=(), source="")] if text else []
    return [
        Told(
            text=shown(text, place.start, place.end, hidden),
            numbers=_numbers(curated, place),
            source="" if place.source is TextSource.RULES else place.source.value,
        )
        for place in places
    ]


def _numbers(curated: CuratedReport, place: SentencePlace) -> tuple[int, ...]:
    start, end = place.report_start, place.report_end
    if start is None or end is None:
        return ()
    return tuple(n for n, one in enumerate(curated.statements, start=1) if one.start < end and start < one.end)


def lines_of(curated: CuratedReport, hidden: Sequence[Hidden]) -> list[Line]:
    """The statements of a report in order."""
    of_parts = {(one.start, one.end) for part in curated.parts for one in part.statements}
    return [
        Line(
            number=number,
            text=" ".join(shown(curated.text, one.start, one.end, hidden).split()),
            fate=_fate(one, of_parts),
            kinds=", ".join(kind.value for kind in one.kinds),
            traits=", ".join(
                name
                for name, holds in (("denied", one.negated), ("uncertain", one.uncertain), ("history", one.history))
                if holds
            ),
            part=one.part,
            reason="" if one.dropped is None else one.dropped.value,
        )
        for number, one in enumerate(curated.statements, start=1)
    ]


def blocks_of(curated: CuratedReport, hidden: Sequence[Hidden]) -> list[Block]:
    """The whole report in order, cut where sections and parts begin."""
    text, statements = curated.text, curated.statements
    lines = lines_of(curated, hidden)
    edges = _edges(curated)
    blocks = []
    for (start, title, is_diagnosis), end in zip(edges, [edge[0] for edge in edges[1:]] + [len(text)], strict=True):
        pieces: list[Piece] = []
        at = start
        for one, line in zip(statements, lines, strict=True):
            begin, stop = max(one.start, at), min(one.end, end)
            if begin >= stop:
                continue
            pieces += _pieces(text, at, begin, hidden)
            pieces += _pieces(text, begin, stop, hidden, line=line, begins=begin == one.start)
            at = stop
        pieces += _pieces(text, at, end, hidden)
        if any(piece.text.strip() for piece in pieces):
            blocks.append(Block(title=title, is_diagnosis=is_diagnosis, pieces=tuple(pieces)))
    return blocks


def _fate(one: Statement, of_parts: set[tuple[int, int]]) -> Fate:
    if one.dropped is None:
        return Fate.SHOWN
    return Fate.FOUND if (one.start, one.end) in of_parts else Fate.LEFT


def _edges(curated: CuratedReport) -> list[tuple[int, str, bool]]:
    """(start, title, whether within the diagnosis) of each block, in order; the first begins at zero."""
    start, end = curated.diagnosis_start, curated.diagnosis_end
    edges = {0: ("", False)}
    for section in curated.sections:
        if section.kind is not SectionKind.DIAGNOSIS:
            edges[section.start] = (section.kind.value, start <= section.start < end)
    if end > start:
        edges.setdefault(end, ("after the diagnosis", False))
        edges[start] = ("diagnosis", True)
    for part in curated.parts:
        if part.label and part.start < len(curated.text):
            edges[part.start] = (f"diagnosis, part {part.label}", True)
    return [(at, title, inside) for at, (title, inside) in sorted(edges.items())]


def _pieces(
    text: str, start: int, end: int, hidden: Sequence[Hidden], *, line: Line | None = None, begins: bool = False
) -> Iterator[Piece]:
    for at, (said, is_tag) in enumerate(cut(text, start, end, hidden)):
        if line is None:
            yield Piece(text=said, is_tag=is_tag)
        else:
            yield Piece(
                text=said, number=line.number, fate=line.fate, kinds=line.kinds, reason=line.reason,
                begins=begins and at == 0, is_tag=is_tag,
            )  # fmt: skip
