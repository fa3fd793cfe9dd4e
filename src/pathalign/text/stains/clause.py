"""A clause about stains as a row of items: markers, verdicts, values, and the words that tie them together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from pathalign.text.phrases import Mention
from pathalign.text.stains.stain import Stain, stains_in


class Kind(Enum):
    """What an item is for."""

    MARKER = auto()
    VERDICT = auto()
    """Its value is "positive", "negative", "equivocal", "retained", "lost" or a pattern."""
    VALUE = auto()
    """A percentage or a score."""
    NOT = auto()
    EXPRESS = auto()
    """The verb "to express", which is a verdict before its marker."""
    STAIN = auto()
    """A noun of staining: "expression", "immunostain"."""
    FOR = auto()
    QUALITY = auto()
    """ "focal", "strong": how much of it is stained."""
    SHOWS = auto()
    AND = auto()
    """What joins a list."""
    COLON = auto()
    OPEN = auto()
    CLOSE = auto()
    FILLER = auto()
    """Words that change nothing: "is", "the", "tumour cells"."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Item:
    """An item with its place in the text."""

    kind: Kind
    value: str
    start: int
    end: int
    stain: Stain | None = None


_CLAUSE_END = re.compile(r"[;\n]|\.(?=\s|$)")
_WORDS = (
    (Kind.VALUE, r"(?:[<>~≥≤]\s?|(?:less|more|greater) than |approximately |about |up to )?\d{1,3}(?:\.\d{1,2})?"
                 r"(?:\s?(?:-|–|to)\s?\d{1,3})?\s?(?:%|percent\b)|(?:score\s?(?:of|:|=)?\s?)?(?:[0-3]\s?(?:-|to)\s?)?[0-3]\s?\+(?!\d)"
                 r"|(?:tps|cps)\s?(?:of|:|=)?\s?[<>≥]?\s?\d{1,3}\s?%?|score\s?(?:of|:|=)?\s?[0-3](?![\d.])"),
    (Kind.VERDICT, r"(?P<negative>(?:immuno)?negativ(?:e|ity)|non-?\s?(?:immuno)?reactive|un-?reactive|\(\s?[-–]\s?\))"
                   r"|(?P<positive>(?:immuno)?positiv(?:e|ity)|(?:immuno-?)?reactive|expressed|\(\s?\+{1,3}\s?\)"
                   r"|(?<=[\w)])\+{1,3}(?![\w+]))"
                   r"|(?P<equivocal>equivocal|indeterminate|borderline)"
                   r"|(?P<retained>intact|retained|preserved|no loss(?: of)?)|(?P<lost>lost|loss(?: of)?|absent)"
                   r"|(?P<wild>wild-?\s?type(?: pattern| staining)?)"
                   r"|(?P<mutant>mutant(?:-type)?(?: pattern)?|mutated pattern)"
                   r"|(?P<aberrant>aberrant(?: pattern| expression)?)|(?P<over>over-?expressed)"),
    (Kind.NOT, r"not|no|without|lacks?|lacking|absence of|fails? to|neither|nor|none"),
    (Kind.EXPRESS, r"(?:co-?)?express(?:es|ing)?|stains? with|labels? with"),
    (Kind.SHOWS, r"shows?|demonstrates?|highlights?|reveals?|confirms?|identif(?:y|ies)"),
    (Kind.STAIN, r"(?:immuno-?)?stain(?:s|ing|ed)?|expression|(?:immuno)?reactivity|immunohistochem\w+|"
                 r"immunoperoxidase|labels?|ihc|ish|special|studies|study|protein|antibod(?:y|ies)|receptors?|status|results?|markers?|index|"
                 r"proliferati(?:on|ve)|labell?ing|hybridi[sz]ation|in situ|rate|score|amplification|over-?expression"),
    (Kind.FOR, r"for|with|of|to|against"),
    (Kind.QUALITY, r"focal(?:ly)?|weak(?:ly)?|strong(?:ly)?|diffuse(?:ly)?|patchy|scattered|moderate(?:ly)?|rare|"
                   r"multifocal(?:ly)?"),
    (Kind.AND, r"and/or|and|or|as well as|[,/&]"),
    (Kind.COLON, r"[:=–-]"), (Kind.OPEN, r"[(\[]"), (Kind.CLOSE, r"[)\]]"),
    (Kind.FILLER, r"is|are|was|were|be|being|the|a|an|by|both|also|all|in|that|which|their|its|this|these|"
                  r"tumou?rs?|tumou?ral|neoplastic|malignant|lesional|cells?|nuclei|nuclear|cytoplasmic|membran(?:e|ous)|"
                  r"neoplasm|lesion|carcinoma|invasive|does|do|did|approximately|intensity|"
                  r"pattern|additionally"),
    (Kind.OTHER, r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]"),
)  # fmt: skip
_NOT_WORDS = {Kind.AND, Kind.COLON, Kind.OPEN, Kind.CLOSE, Kind.OTHER, Kind.VALUE, Kind.VERDICT}
_ITEM = re.compile(
    "|".join(
        f"(?P<{kind.name}>{words})" if kind in _NOT_WORDS else rf"(?P<{kind.name}>(?<![^\W_])(?:{words})(?![^\W_]))"
        for kind, words in _WORDS
    ),
    re.IGNORECASE,
)
_VERDICTS = {
    "wild": "wild-type pattern", "mutant": "mutant pattern", "aberrant": "aberrant pattern", "over": "positive",
}  # fmt: skip
_MINUS = re.compile(r"\s?[-–](?=\s?[,;/)]|\s?$|\s(?:and|or)\b)")


def clauses(text: str) -> Iterator[tuple[int, int]]:
    """Where the clauses of a text stand: between full stops, semicolons and line ends."""
    start = 0
    for cut in _CLAUSE_END.finditer(text):
        yield start, cut.start()
        start = cut.end()
    yield start, len(text)


def markers_by_clause(text: str) -> Iterator[tuple[tuple[int, int], list[Mention[Stain]]]]:
    """The clauses that name a stain, each with its stains."""
    found = stains_in(text)
    at = 0
    for start, end in clauses(text):
        first = at
        while at < len(found) and found[at].start < end:
            at += 1
        if at > first:
            yield (start, end), found[first:at]


def items_of(text: str, start: int, end: int, markers: list[Mention[Stain]]) -> list[Item]:
    """The items of a clause in order."""
    items: list[Item] = []
    at = start
    for marker in markers:
        items += _between(text, at, max(at, marker.start))
        items.append(Item(Kind.MARKER, text[marker.start : marker.end], marker.start, marker.end, marker.meaning))
        at = marker.end
        minus = _MINUS.match(text, at, end)
        if minus:  # "CK20-, CK7+"
            items.append(Item(Kind.VERDICT, "negative", minus.start(), minus.end()))
            at = minus.end()
    return items + _between(text, at, end)


def _between(text: str, start: int, end: int) -> list[Item]:
    return [_item(found) for found in _ITEM.finditer(text, start, end)]


def _item(found: re.Match[str]) -> Item:
    groups = {name for name, value in found.groupdict().items() if value is not None}
    kind = next(kind for kind in Kind if kind.name in groups)
    value = found[0]
    if kind is Kind.VERDICT:
        (name,) = groups - {kind.name}
        value = _VERDICTS.get(name, name)
    return Item(kind, value, found.start(), found.end())
