"""What is said of a list of markers in a clause: the verdict before it, after it, or that something was seen by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pathalign.text.stains.clause import Item, Kind
from pathalign.text.stains.stain import StainKind

_ORGANISMS = frozenset(
    {"Helicobacter pylori", "CMV", "HSV", "Pneumocystis", "Spirochetes", "Adenovirus", "Toxoplasma", "HHV-8"}
)
AFTER = {Kind.STAIN, Kind.FILLER, Kind.COLON, Kind.OPEN, Kind.QUALITY, Kind.CLOSE, Kind.FOR}
_BEFORE_LIST = {Kind.FILLER, Kind.STAIN, Kind.QUALITY, Kind.COLON, Kind.SEEN}
_FAR, _FAR_END = 8, 32
"""Items that may stand between a marker and its verdict; of a clause that ends with it."""
_MOST_UNKNOWN, _MOST_SHOWN = 3, 2
"""Words that may stand for a marker that is not known in a list; words of what a marker shows."""
_ARTICLES = frozenset({"the", "a", "an", "by", "with", "of", "to"})
_TURNS = frozenset(("while", "but", "whereas", "however", "although", "though", "unlike", "except", "then", "whose"))
_TISSUES = frozenset(("margins", "nodes", "lymph", "tissue", "tissues", "controls", "sections", "margin", "others"))
_NOTHING = frozenset(
    ("evidence", "metastasis", "metastases", "metastatic", "micrometastasis", "micrometastases", "tumor", "tumour")
)
"""What "shows no ..." denies where it is a marker that was looked for."""
_OF_STAINING = re.compile(r"(?:immuno-?)?(?:stain|reactiv|express|label)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Group:
    """Markers that share a verdict: items from `first` to `last`, both included."""

    first: int
    last: int
    markers: tuple[int, ...]


def groups(items: list[Item]) -> Iterator[Group]:
    """Lists of markers: "CK7, TTF-1 (focal) and p40" is one; a bracket that holds a verdict ends its list."""
    at = 0
    while at < len(items):
        if items[at].kind is not Kind.MARKER:
            at += 1
            continue
        markers, last = [at], at
        while True:
            closed = _bracket_end(items, last + 1)
            if closed is not None:
                if any(item.kind is Kind.VERDICT for item in items[last + 1 : closed]):
                    break
                last = closed
            if _is_in_bracket(items, markers[-1]):
                last = max(last, markers[-1] + 1)
            following = _next_of_list(items, last + 1)
            if following is None:
                last = _past_unknown_end(items, last)
                break
            markers.append(following)
            last = following
        yield Group(markers[0], last, tuple(markers))
        at = last + 1


def _next_of_list(items: list[Item], at: int) -> int | None:
    """The next marker of a list whose last item stands before `at`; a name that is not known is passed over."""
    following = _past_joints(items, at)
    if following == at or following >= len(items):
        return None
    if items[following].kind is Kind.MARKER:
        return following
    to = following
    while to < len(items) and to - following < _MOST_UNKNOWN and _is_unknown_name(items[to]):
        to += 1
    if to == following or to >= len(items):
        return None
    if items[to].kind is Kind.OPEN and to + 1 < len(items) and _is_in_bracket(items, to + 1):
        return to + 1 if items[to + 1].kind is Kind.MARKER else None  # "bacilli (AFB) and fungi (GMS)"
    if items[to].kind is Kind.MARKER:  # "and polyclonal CEA", but not "and lymphocytes CD3 positive"
        own = to + 1 < len(items) and items[to + 1].kind in (Kind.VERDICT, Kind.COLON, Kind.FILLER)
        return to if to == following + 1 and not own else None
    closed = _bracket_end(items, to)
    further = _past_joints(items, to if closed is None else closed + 1)
    is_next = to < further < len(items) and items[further].kind is Kind.MARKER
    return further if is_next else None


def _is_in_bracket(items: list[Item], at: int) -> bool:
    """Whether a marker stands alone in a bracket: "fungi (GMS)"."""
    return at > 0 and items[at - 1].kind is Kind.OPEN and at + 1 < len(items) and items[at + 1].kind is Kind.CLOSE


def _past_unknown_end(items: list[Item], last: int) -> int:
    """The end of a list whose last name is not known: "chromogranin and okapi are negative"."""
    to = last + 2
    if to >= len(items) or items[last + 1].value.casefold() != "and":
        return last
    while to < len(items) and to - last - 2 <= _MOST_UNKNOWN and _is_unknown_name(items[to]):
        if items[to].value.casefold() in _TISSUES:
            return last
        to += 1
    ends = to > last + 2 and to < len(items) and items[to].value.casefold() in ("are", "were")
    return to - 1 if ends else last


def _past_joints(items: list[Item], at: int) -> int:
    while at < len(items) and (
        items[at].kind in (Kind.AND, Kind.QUALITY) or items[at].value.casefold() in ("for", "both")
    ):
        at += 1
    return at


def _is_unknown_name(item: Item) -> bool:
    return item.kind is Kind.OTHER and item.value[0].isalnum() and item.value.casefold() not in _TURNS


def _bracket_end(items: list[Item], at: int) -> int | None:
    """The closing bracket of the one that opens at an item; None when none opens there, or it is not closed soon."""
    if at >= len(items) or items[at].kind is not Kind.OPEN:
        return None
    return next((to for to in range(at + 1, min(at + 12, len(items))) if items[to].kind is Kind.CLOSE), None)


def verdict_before(text: str, items: list[Item], group: Group) -> str:
    """The verdict of a list that follows it: "positive for", "expresses", "loss of", "Negative:"; "" for none."""
    first = group.first
    at = first - 1
    tied = stained = quality = passed = False
    while at >= 0 and first - at <= _FAR:
        item = items[at]
        if item.kind is Kind.VERDICT:
            is_noun = at == first - 1 and text[item.end - 3 : item.end].lower() == "ity"
            bound = tied or is_noun or item.value in ("lost", "retained") or _is_attribute(items, at, group)
            if text[item.start : item.end].lower() == "normal":
                bound = items[first].value.lower().lstrip("h")[:3] in ("mlh", "msh", "pms")
            return _turned(item.value, items, at) if bound and (tied or not passed) else ""
        if item.kind is Kind.EXPRESS:
            return _turned("positive", items, at)
        if item.kind is Kind.NOT:
            lacks = item.value.casefold().startswith("lack")
            return "negative" if lacks or any(i.kind is Kind.STAIN for i in items[at:first]) else ""
        if item.kind is Kind.SHOWS and stained and tied and not _is_said_after(items, group.last):
            if items[at + 1].value.casefold() in ("by", "with", "on"):
                return ""  # "confirmed with a stain for"
            return _turned("positive", items, at)  # "shows strong nuclear staining for"
        if item.kind is Kind.STAIN:
            stained = True
        elif item.kind in (Kind.FOR, Kind.COLON):
            tied = True
        elif item.kind is Kind.QUALITY:
            quality = True
        elif item.kind is Kind.AND and _joins_qualities(items, at):
            pass
        elif ((item.kind is Kind.AND and item.value != "/") or (passed and _is_unknown_name(item))) and not tied:
            if _is_said_after(items, group.last):
                return ""
            passed = True  # "positive for okapi and CD10"
        elif item.kind not in _BEFORE_LIST:
            break
        at -= 1
    is_shown = tied and stained and quality and not passed  # "diffuse staining for"
    return "positive" if is_shown and not _is_said_after(items, group.last) else ""


def _is_attribute(items: list[Item], at: int, group: Group) -> bool:
    """Whether a verdict stands just before its marker, as in "the negative CD117", with none after it."""
    if at != group.first - 1 or _is_said_after(items, group.last):
        return False
    return at == 0 or items[at - 1].value.casefold() in _ARTICLES or items[at - 1].kind is Kind.OPEN


def _is_said_after(items: list[Item], last: int) -> bool:
    return verdict_after(items, last) != ("", "")


def verdict_after(items: list[Item], last: int) -> tuple[str, str]:
    """(verdict, value) that follow a list: "are positive (95 %)", ": 20 %", "is not expressed", "shows no staining"."""
    value, quality, implied = "", "", ""
    denied = comma = shown = stained = False
    others = 0
    stained = items[last].stain is not None and "receptor" in items[last].value.casefold()
    for at in range(last + 1, min(last + 1 + _FAR, len(items))):
        item = items[at]
        if item.kind is Kind.VERDICT:
            if _leads_a_list(items, at) or _is_one_of_two(items, at):
                break
            verdict = _opposite(item.value) if denied else item.value
            return verdict, value or _value_after(items, at) or quality
        if item.kind is Kind.VALUE:
            value = value or tidy(item.value)
        elif item.kind is Kind.NOT:
            denied = True
        elif item.kind is Kind.QUALITY:
            quality = quality or re.sub("ly$", "", item.value.casefold())
        elif item.kind is Kind.SHOWS:
            if denied:
                return "negative", ""  # "fails to demonstrate"
            shown = True
        elif item.kind is Kind.SEEN:
            if not stained and not denied:
                break
            implied = "negative" if denied or _is_denied_before(items, last) else "positive"
        elif item.kind is Kind.STAIN:
            if denied and (shown or items[at - 1].kind is Kind.NOT or items[at - 2].kind is Kind.NOT):
                return "negative", ""
            if shown and not denied and _OF_STAINING.match(item.value):
                implied = "positive"
            stained = True
        elif denied and shown and item.value.casefold() in _NOTHING:
            return "negative", ""
        elif item.value == "," and not comma and not value:
            comma = True
        elif shown and item.kind is Kind.OTHER and item.value[0].isalnum() and others < _MOST_SHOWN:
            others += 1
        elif item.kind not in AFTER and not _joins_qualities(items, at):
            break
    if implied:
        return implied, "" if implied == "negative" else value or quality
    return "", "" if denied else value


def _is_denied_before(items: list[Item], last: int) -> bool:
    """Whether a "no" stands before the one marker: "No progesterone receptors found"."""
    return any(item.kind is Kind.NOT for item in items[max(0, last - 2) : last])


def _is_one_of_two(items: list[Item], at: int) -> bool:
    """Whether a verdict is followed by another of the same list: "ER/PR: positive/negative"."""
    after = items[at + 1 : at + 3]
    return [item.kind for item in after] == [Kind.AND, Kind.VERDICT] and after[0].value != ","


def _joins_qualities(items: list[Item], at: int) -> bool:
    """Whether an item is the "and" of "strongly and diffusely"."""
    return items[at].kind is Kind.AND and all(i.kind is Kind.QUALITY for i in items[at - 1 : at + 2 : 2])


def _leads_a_list(items: list[Item], at: int) -> bool:
    """Whether a verdict is said of the list after it: ", negative for CK20"."""
    for item in items[at + 1 : at + 1 + _FAR]:
        if item.kind is Kind.MARKER:
            if item.stain is not None and item.stain.name in _ORGANISMS:
                return False  # "Giemsa stain is negative for Helicobacter pylori"
            return any(i.kind in (Kind.FOR, Kind.COLON) for i in items[at + 1 : items.index(item)])
        if item.kind not in (Kind.FOR, Kind.STAIN, Kind.FILLER, Kind.QUALITY, Kind.COLON):
            return False
    return False


def _value_after(items: list[Item], at: int) -> str:
    for item in items[at + 1 : at + 1 + _FAR]:
        if item.kind is Kind.VALUE:
            return tidy(item.value)
        if item.kind not in AFTER and item.value != ",":
            break
    return ""


def result_of_bracket(items: list[Item], at: int) -> str:
    """The value or the quality in the bracket after a marker: "(95 %)", "(focal)"."""
    closed = _bracket_end(items, at + 1)
    inside = items[at + 2 : closed] if closed is not None else []
    value = next((tidy(item.value) for item in inside if item.kind is Kind.VALUE), "")
    return value or next((re.sub("ly$", "", i.value.casefold()) for i in inside if i.kind is Kind.QUALITY), "")


def _turned(verdict: str, items: list[Item], at: int) -> str:
    """A verdict, or its opposite where "not" stands before it."""
    for item in reversed(items[max(0, at - 3) : at]):
        if item.kind is Kind.NOT:
            return _opposite(verdict)
        if item.kind not in (Kind.FILLER, Kind.QUALITY):
            break
    return verdict


def _opposite(verdict: str) -> str:
    return {"positive": "negative", "lost": "retained", "retained": "lost"}.get(verdict, "")


def tidy(value: str) -> str:
    """A value with one space before its unit and none before "+"."""
    value = re.sub(r"\s?(?:%|percent)$", " %", " ".join(value.split()), flags=re.IGNORECASE)
    return re.sub(r"(?<=[0-3])\s\+$", "+", value)


_BY_WINDOW = 160
_BY = re.compile(
    r"\b(?:by|on|with)(?:[\s.,]+(?:an?|the|special|additional|multiple|levels?|and|for|of|h\s?(?:&|and|/)\s?e|"
    r"ha?ematoxylin|eosin|(?:immuno)?stain(?:s|ed|ing)?|immunohistochem\w{1,8}|immunoperoxidase|ihc|"
    r"histologic\w{0,4})){0,9}[\s.,]*$",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|negative for|free of|without)\s(?=(?:\S{1,30}\s){0,4}?(?:metasta|micrometasta|malignan|tumou?r|"
    r"\S{0,20}carcinoma|neoplas|\S{0,10}organisms?|fung|bacilli|isolated))",
    re.IGNORECASE,
)
_ORGANISM = re.compile(r"organism|fung|bacilli|bacteri", re.IGNORECASE)
_DETECTED = re.compile(
    r"\b(?:detected|identified|seen|found|present|recogni[sz]ed|visible|highlighted)\s?(?:only\s?)?$", re.IGNORECASE
)


def verdict_by(text: str, items: list[Item], group: Group, start: int) -> str:
    """Whether a clause says that something was seen by an immunostain, or that no tumour was; "" for neither."""
    first = items[group.first]
    if first.stain is None:
        return ""
    window = text[max(start, first.start - _BY_WINDOW) : first.start]
    by = _BY.search(window)
    if by is None:
        return ""
    if by[0].strip().lower() in ("with", "on") and not _is_of_stain(items, group.last):
        return ""
    said = window[: by.start()]
    if said.rstrip().endswith(","):
        return ""
    denied = _DENIED.search(said)
    if denied and (first.stain.kind is not StainKind.SPECIAL or _ORGANISM.search(said, denied.start())):
        return "negative"
    no = re.search(r"\b(?:no|not|without|negative)\b", said, re.IGNORECASE)
    is_seen = no is None and first.stain.kind is not StainKind.SPECIAL and _DETECTED.search(said)
    return "positive" if is_seen else ""


def _is_of_stain(items: list[Item], last: int) -> bool:
    """Whether a word of staining stands after a list."""
    return last + 1 < len(items) and items[last + 1].kind is Kind.STAIN


_AND_IS = re.compile(
    r"\band\s(?:is|are|was|were)\s(?:all\s|both\s|interpreted\sas\s|reported\sas\s|\w{1,20}ly\s){0,2}"
    r"(positive|negative)\b(?!\s(?:for|lymph|nodes?|margins?)\b)",
    re.IGNORECASE,
)


def verdict_at_end(text: str, items: list[Item], group: Group, end: int) -> str:
    """The verdict of the last list of a clause, stated once and some way after it: "was done on A1 and is negative"."""
    verdicts = 0
    for item in items[group.last + 1 : group.last + 1 + _FAR_END]:
        if item.kind is Kind.MARKER:
            return ""
        verdicts += item.kind is Kind.VERDICT
    if verdicts != 1:
        return ""
    found = _AND_IS.search(text, items[group.last].end, min(end, items[group.last].end + _BY_WINDOW))
    return found[1].lower() if found else ""


_GENE = re.compile(r"(?:[^\w.;,]{1,3}\w{1,14}){0,3}?[^\w.;,]{1,3}(?:FISH|gene|amplif\w*|CEP)\b", re.IGNORECASE)
_SCORES = {"0": "negative", "zero": "negative", "1": "negative", "2": "equivocal", "3": "positive"}


def is_by_gene(text: str, at: int, end: int) -> bool:
    """Whether what is said of HER2 after a place is said of its gene, by FISH, which no immunostain shows."""
    return _GENE.match(text, at, end) is not None


def score_verdict(score: str) -> str:
    """What the score of HER2 alone means: 0 and 1+ negative, 2+ equivocal, 3+ positive; "" for anything else."""
    if "%" in score or not score.endswith("+"):
        return ""
    verdicts = {_SCORES[part] for part in re.findall(r"zero|[0-3]", score)}
    return verdicts.pop() if len(verdicts) == 1 else ""
