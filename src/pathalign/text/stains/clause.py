"""A clause about stains as a row of items: markers, verdicts, values, and the words that tie them together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from pathalign.text.phrases import Mention
from pathalign.text.stains.clause_ends import clauses
from pathalign.text.stains.line_ends import over_line_ends
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
    (Kind.VALUE, r"(?:[<>~≥≤]\s?|(?:less|more|greater) than |approximately |about |up to |over |"
                 r"nearly |above |below |under |around |roughly |almost |at least )?"
                 r"\d{1,3}(?:\.\d{1,4})?(?:\s?(?:-|–|to)\s?\d{1,3})?\s?(?:%|percent\b)"
                 r"|(?:score\s?(?:of|:|=)?\s?)?(?:(?:[0-3]\s?(?:-|to)|(?:0|zero) or)\s?)?[0-3]\s?\+(?!\d)"
                 r"|\d{1,2}\s?[Z8&](?=\s(?:nuclear|cytoplasmic|membran\w{1,4})\s(?:staining|reactivity)"
                 r"|[\s.]{1,2}of[\s.]{1,2}(?:the\s)?(?:(?:tumou?r|neoplastic|invasive)\s)?(?:cells|nuclei))"
                 r"|z[eo]ro or 1\s?\+"
                 r"|(?:tps|cps)\s?(?:of|:|=)?\s?[<>≥]?\s?\d{1,3}\s?%?|score\s?(?:of|:|=)?\s?[0-3](?![\d.])"),
    (Kind.VERDICT, r"(?P<negative>(?:immuno-?)?negat[il1]v(?:ely|e|ity)"
                   r"|(?<![^\W_])neg(?![^\W_])(?!\.?[\s-]{1,2}cont|-$)|non-?\s?(?:immuno-?)?(?:reactive|staining)"
                   r"|un-?reactive|[(\[]\s?[-–]\s?[)\]]|[-–]\s?ve(?![^\W_]))"
                   r"|(?P<equivocal>equivocal|indeterminate|borderline|[(\[]?(?<=[\w (\[])\+\s?/\s?[-–][)\]]?|±)"
                   r"|(?P<positive>(?:immuno-?)?(?:posit[il1]v(?:ely|ity|e|a(?![^\W_]))|postive(?:ly)?|posltive(?:ly)?)"
                   r"|(?<![^\W_])pos(?![^\W_])|imm?uno-?reactive|expressed"
                   r"|reactive(?! (?:[TB]-?\s?(?:cell|lymph)|lymph|mesothel|hyperplas|changes?|"
                   r"process|glio|follic|node|histio))"
                   r"|[(\[]\s?\+{1,4}\s?[)\]]|\+\s?ve(?![^\W_])|(?<=[\w)(])\+{1,4}(?![\w+])"
                   r"|(?<=[\w):.][ ])\+{1,4}(?=\s?(?:[,;/).]|$|and\b|or\b)))"
                   r"|(?P<retained>intact|retained|preserved|no loss(?: of)?"
                   r"|normal(?:\snuclear)?\s(?:expression|staining)(?: of)?)"
                   r"|(?P<normal>normal(?=\s$))|(?P<lost>lost|loss(?: of)?|absent)"
                   r"|(?P<wild>wild-?\s?type(?: pattern| staining)?)"
                   r"|(?P<mutant>mutant(?!\sprotein)(?:-type)?(?: pattern)?|mutated pattern)"
                   r"|(?P<aberrant>aberrant(?: pattern| expression)?)|(?P<over>over[-\s]?expressed)"),
    (Kind.NOT, r"not|no|without|lacks?|lacking|lack of|absence of|fail(?:s|ed|ure)? to|neither|nor|none|"
               r"devoid of|(?:do|does|did)n['’]t"),
    (Kind.EXPRESS, r"(?:co-?)?express(?:es|ing)?|stains? with|labels? with|reacts? with|"
                   r"(?:(?<=cells[ ])|(?<=nuclei[ ])|(?<=cells[.][ ])|(?<=nuclei[.][ ]))"
                   r"(?:stain|label|mark|react)(?:ed|ing)? (?:for|with)|"
                   r"(?:(?<=are[ ])|(?<=is[ ]))staining (?:for|with)|"
                   r"(?:(?<=tumor[ ])|(?<=lesion[ ])|(?<=neoplasm[ ])|(?<=tumour[ ]))(?:stains|labels|marks|reacts) "
                   r"(?:for|with)"),
    (Kind.SHOWS, r"show(?:s|n|ed|ing)?|demonstrat(?:es?|ed|ing)|highlight(?:s|ed|ing)?|reveal(?:s|ed)?|"
                 r"confirm(?:s|ed)?|identif(?:y|ies)|exhibit(?:s|ed|ing)?|displays?|depicts?|supports?|confirmatory|delineates?|outlines?|"
                 r"decorates?|marks"),
    (Kind.SEEN, r"present|found(?!\sto\sbe)|seen|noted(?!\sto\sbe)|identified|detected|observed|appreciated|evident"),
    (Kind.STAIN, r"(?:immuno-?)?stain(?:s|ing|ed)?|expression|(?:immuno-?)?react(?:ivity|ions?)|react(?:s|ed)?|"
                 r"immunohist\w+|"
                 r"immunocytochem\w+|immuno(?:label\w+|markers?|studies|s)?|activity|assays?|ica|li|indices|fraction|"
                 r"immunoperoxidase|labels?|ihc|ish|special|studies|study|proteins?|[dm]?r?na|antibod(?:y|ies)|receptors?|status|results?|markers?|index|"
                 r"proliferati(?:on|ve)|labell?ing|hybridi[sz]ation|in situ|rate|score|over-?expression"),
    (Kind.FOR, r"for|with|of|to|against"),
    (Kind.QUALITY, r"focal(?:ly)?|weak(?:ly)?|strong(?:ly)?|diffuse(?:ly)?|patchy|scattered|moderate(?:ly)?|rare|"
                   r"multifocal(?:ly)?|variabl[ey]|extensive(?:ly)?|intense(?:ly)?|faint(?:ly)?|partial(?:ly)?|minimal(?:ly)?|"
                   r"occasional(?:ly)?|spotty|sparse(?:ly)?|dim|mild(?:ly)?|marked(?:ly)?|prominent|abundant|limited|"
                   r"heterogen(?:e)?ous(?:ly)?|uniform(?:ly)?|robust(?:ly)?|high|low|intermediate|widespread|bright|good"),
    (Kind.AND, r"(?<![^\W_])(?:and/or|and|or|as well as|along with|together with|plus)(?![^\W_])|[,/&]"),
    (Kind.COLON, r"[:;=?–-]"), (Kind.OPEN, r"[(\[]"), (Kind.CLOSE, r"[)\]]"),
    (Kind.FILLER, r"is|are|was|were|be|being|the|a|an|by|both|also|all|in|that|which|their|its|this|these|"
                  r"tumou?rs?|tumou?ral|neoplastic|malignant|lesional|cells?|nuclei|nuclear|cytoplasmic|membran(?:e|ous)|"
                  r"canalicular|granular|punctate|apical|luminal|dot-like|perinuclear|"
                  r"neoplasm|lesion|carcinoma|invasive|does|do|did|approximately|intensity|"
                  r"estimated|calculated|determined|measured|interpreted|as|at|very|"
                  r"pattern|additionally|there|mostly|largely|entirely|completely|predominantly|essentially|highly|"
                  r"significant|definite|convincing|appropriate|only|globules|inclusions|mismatch|repair|mmr|has|have|had|judged|considered|felt|reported|scored|"
                  r"allred(?: score)?\s?(?:of|[:=])?\s?\d(?:\s?/\s?8)?|h-?\s?score\s?(?:of|[:=])?\s?\d{1,3}|"
                  r"graded|found|noted|remains?|performed|done|some|many|most|few"),
    (Kind.OTHER, r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]"),
)  # fmt: skip
_NOT_WORDS = {Kind.AND, Kind.COLON, Kind.OPEN, Kind.CLOSE, Kind.OTHER, Kind.VALUE, Kind.VERDICT}
_ITEM = re.compile(
    "|".join(
        f"(?P<{kind.name}>{over_line_ends(words)})"
        if kind in _NOT_WORDS
        else rf"(?P<{kind.name}>(?<![^\W_])(?:{over_line_ends(words)})(?![^\W_]))"
        for kind, words in _WORDS
    ),
    re.IGNORECASE,
)
_VERDICTS = {
    "wild": "wild-type pattern", "mutant": "mutant pattern", "aberrant": "aberrant pattern", "over": "positive",
    "normal": "retained",
}  # fmt: skip
_KINDS = {kind.name: kind for kind in Kind}
_LISTED = frozenset({"RCC"})
_LABEL = re.compile(r"\W{0,3}(?:NEG|POS|IMM|REC)")
"""What follows the name of a stain's code in a table of orders: "HER2-. NEG CONT."."""
_MINUS = re.compile(
    r"\s?[:=]\s?[-–](?=\s?[,;/).]|\s?$)|\s?[-–](?=\s?[,;/)]|\s?$|\s(?:and|or)\b|\s\S{2,14}[+–-])|[-–](?=\.(?!\s(?:NEG|IMM|RE)))"
)


def markers_by_clause(text: str) -> Iterator[tuple[tuple[int, int], list[Mention[Stain]]]]:
    """The clauses of a text, each with the stains that it names."""
    found = stains_in(text)
    if not found:
        return
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
        name = text[marker.start : marker.end]
        at = marker.end + (text[marker.end : marker.end + 1] == ")" and name.count("(") > name.count(")"))
        items.append(Item(Kind.MARKER, name, marker.start, at, marker.meaning))
        for following in _numbered(text, marker, end):
            items += [Item(Kind.AND, ",", at, following.start), following]
            at = following.end
        minus = _MINUS.match(text, at, end)
        if minus and not _LABEL.match(text, minus.end()):  # "CK20-, CK7+"
            items.append(Item(Kind.VERDICT, "negative", minus.start(), minus.end()))
            at = minus.end()
    return _with_listed(items + _between(text, at, end))


_NUMBERED = re.compile(r"(CD|CK|BCL|MUC|PAX|cytokeratins?\s)[\s-]?\d{1,3}[a-z]?$", re.IGNORECASE)
_NUMBERS = re.compile(
    r"(?:(?:\s?[,/&]\s?|\sand\s|\sor\s)\d{1,3}[a-c]?(?![\w%]|\.\d)){1,8}"
    r"(?=\s?(?:[:+)(=–-]|(?:is|are|was|were|all|both|pos|neg)\b|posi|nega|immuno))"
)


def _numbered(text: str, marker: Mention[Stain], end: int) -> Iterator[Item]:
    """The markers of which a list names the numbers alone: "CD3, 5, 10: negative", "CK7/20"."""
    kind = _NUMBERED.fullmatch(text, marker.start, marker.end)
    numbers = _NUMBERS.match(text, marker.end, end) if kind else None
    if kind is None or numbers is None:
        return
    for number in re.finditer(r"\d+[a-c]?", text[numbers.start() : numbers.end()]):
        stain = stain_of(kind[1].strip() + number[0])
        if stain is not None:
            start = numbers.start() + number.start()
            yield Item(Kind.MARKER, number[0], start, start + len(number[0]), stain)


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
    kind = _KINDS[found.lastgroup or ""]
    value = found[0]
    if kind is Kind.VERDICT:
        name = next(name for name, said in found.groupdict().items() if said is not None and name not in _KINDS)
        value = _VERDICTS.get(name, name)
    elif kind is Kind.VALUE and value[0].isdigit() and value[-1] in "Zz8&":
        value = f"{value[:-1].rstrip()} %"  # OCR's "58 of the cells"
    return Item(kind, value, found.start(), found.end())
