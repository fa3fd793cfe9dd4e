"""A clause about stains as a row of items: markers, verdicts, values, and the words that tie them together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from pathalign.text.phrases import Mention
from pathalign.text.stains.clause_ends import clauses
from pathalign.text.stains.stain import Stain, stain_of, stains_in


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
    SEEN = auto()
    """ "present", "found": what is stained is there."""
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


_WORDS = (
    (Kind.VALUE, r"(?:[<>~≥≤]\s?|(?:less|more|greater) than |approximately |about |up to |over |nearly )?"
                 r"\d{1,3}(?:\.\d{1,4})?(?:\s?(?:-|–|to)\s?\d{1,3})?\s?(?:%|percent\b)"
                 r"|(?:score\s?(?:of|:|=)?\s?)?(?:(?:[0-3]\s?(?:-|to)|(?:0|zero) or)\s?)?[0-3]\s?\+(?!\d)"
                 r"|(?:tps|cps)\s?(?:of|:|=)?\s?[<>≥]?\s?\d{1,3}\s?%?|score\s?(?:of|:|=)?\s?[0-3](?![\d.])"),
    (Kind.VERDICT, r"(?P<negative>(?:immuno)?negativ(?:ely|e|ity)|(?<![^\W_])neg(?![^\W_])|non-?\s?(?:immuno)?reactive"
                   r"|un-?reactive|\(\s?[-–]\s?\))"
                   r"|(?P<positive>(?:immuno)?positiv(?:ely|e|ity)|(?<![^\W_])pos(?![^\W_])|(?:immuno-?)?reactive"
                   r"|expressed|\(\s?\+{1,3}\s?\)|(?<=[\w)(])\+{1,3}(?![\w+]))"
                   r"|(?P<equivocal>equivocal|indeterminate|borderline)"
                   r"|(?P<retained>intact|retained|preserved|no loss(?: of)?"
                   r"|normal(?:\snuclear)?\s(?:expression|staining)(?: of)?)"
                   r"|(?P<normal>normal(?=\s$))|(?P<lost>lost|loss(?: of)?|absent)"
                   r"|(?P<wild>wild-?\s?type(?: pattern| staining)?)"
                   r"|(?P<mutant>mutant(?!\sprotein)(?:-type)?(?: pattern)?|mutated pattern)"
                   r"|(?P<aberrant>aberrant(?: pattern| expression)?)|(?P<over>over-?expressed)"),
    (Kind.NOT, r"not|no|without|lacks?|lacking|absence of|fails? to|neither|nor|none"),
    (Kind.EXPRESS, r"(?:co-?)?express(?:es|ing)?|stains? with|labels? with|(?:(?<=cells )|(?<=nuclei ))stain for"),
    (Kind.SHOWS, r"show(?:s|n|ed|ing)?|demonstrat(?:es?|ed|ing)|highlights?|reveal(?:s|ed)?|confirm(?:s|ed)?|"
                 r"identif(?:y|ies)"),
    (Kind.SEEN, r"present|found|seen|noted|identified|detected|observed"),
    (Kind.STAIN, r"(?:immuno-?)?stain(?:s|ing|ed)?|expression|(?:immuno)?reactivity|immunohistochem\w+|"
                 r"immunoperoxidase|labels?|ihc|ish|special|studies|study|protein|[dm]?r?na|antibod(?:y|ies)|receptors?|status|results?|markers?|index|"
                 r"proliferati(?:on|ve)|labell?ing|hybridi[sz]ation|in situ|rate|score|over-?expression"),
    (Kind.FOR, r"for|with|of|to|against"),
    (Kind.QUALITY, r"focal(?:ly)?|weak(?:ly)?|strong(?:ly)?|diffuse(?:ly)?|patchy|scattered|moderate(?:ly)?|rare|"
                   r"multifocal(?:ly)?|variabl[ey]|extensive(?:ly)?|intense(?:ly)?|faint(?:ly)?|partial(?:ly)?|minimal(?:ly)?|"
                   r"occasional(?:ly)?"),
    (Kind.AND, r"and/or|and|or|as well as|[,/&]"),
    (Kind.COLON, r"[:=–-]"), (Kind.OPEN, r"[(\[]"), (Kind.CLOSE, r"[)\]]"),
    (Kind.FILLER, r"is|are|was|were|be|being|the|a|an|by|both|also|all|in|that|which|their|its|this|these|"
                  r"tumou?rs?|tumou?ral|neoplastic|malignant|lesional|cells?|nuclei|nuclear|cytoplasmic|membran(?:e|ous)|"
                  r"canalicular|granular|punctate|apical|luminal|dot-like|perinuclear|"
                  r"neoplasm|lesion|carcinoma|invasive|does|do|did|approximately|intensity|"
                  r"estimated|calculated|determined|measured|interpreted|as|at|very|"
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
    "normal": "retained",
}  # fmt: skip
_LISTED = frozenset({"RCC"})
_MINUS = re.compile(r"\s?[-–](?=\s?[,;/)]|\s?$|\s(?:and|or)\b)|[-–](?=\.)")


def markers_by_clause(text: str) -> Iterator[tuple[tuple[int, int], list[Mention[Stain]]]]:
    """The clauses of a text, each with the stains that it names."""
    found = stains_in(text)
    at = 0
    for start, end in clauses(text, found):
        first = at
        while at < len(found) and found[at].start < end:
            at += 1
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
    return _with_listed(items + _between(text, at, end))


def _between(text: str, start: int, end: int) -> list[Item]:
    """The items of a stretch without markers; full stops within a clause are of line ends."""
    return [_item(found) for found in _ITEM.finditer(text, start, end) if found[0] != "."]


def _with_listed(items: list[Item]) -> list[Item]:
    """With the names that are markers in a list of them, and words elsewhere."""
    return [
        replace(item, kind=Kind.MARKER, stain=stain_of(item.value)) if _is_listed(items, at) else item
        for at, item in enumerate(items)
    ]


def _is_listed(items: list[Item], at: int) -> bool:
    if items[at].value not in _LISTED or at < 2 or items[at - 1].kind is not Kind.AND:
        return False
    before = at - 2
    if items[before].kind is Kind.CLOSE:
        before = next((to - 1 for to in range(before, max(0, before - 6), -1) if items[to].kind is Kind.OPEN), 0)
    return items[before].kind is Kind.MARKER


def _item(found: re.Match[str]) -> Item:
    groups = {name for name, value in found.groupdict().items() if value is not None}
    kind = next(kind for kind in Kind if kind.name in groups)
    value = found[0]
    if kind is Kind.VERDICT:
        (name,) = groups - {kind.name}
        value = _VERDICTS.get(name, name)
    return Item(kind, value, found.start(), found.end())
