"""What a report says of a stain: "ER positive (95 %)", "negative for CK20", "GMS: negative for fungal organisms"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pathalign.text.stains.clause import Item, Kind, items_of, markers_by_clause
from pathalign.text.stains.stain import Stain, StainKind
from pathalign.text.unseen import strip_unseen


@dataclass(frozen=True, slots=True)
class StainResult:
    """One statement of a stain's result."""

    stain: Stain
    verdict: str
    """"positive", "negative", "equivocal", "retained", "lost", a pattern, or "" where only a value is given."""
    detail: str
    """"95 %", "3+", "for fungal organisms", "shows fibrosis", or ""."""
    start: int
    end: int
    """The clause in the text that was read."""

    @property
    def said(self) -> str:
        """The result in words: "positive (95 %)", "negative for fungal organisms", "20 %"."""
        if not self.verdict or not self.detail:
            return self.verdict or self.detail
        return f"{self.verdict} {self.detail}" if self.detail.startswith("for ") else f"{self.verdict} ({self.detail})"

    @property
    def shown(self) -> str:
        """What of it a model should say of the slide: the verdict, and the number only where there is none."""
        return (
            f"{self.verdict} {self.detail}"
            if self.verdict and self.detail.startswith("for ")
            else (self.verdict or self.detail)
        )


# A clause that gives no result of this tissue: to come, of before, or of elsewhere.
_NO_RESULT = re.compile(
    r"\b(?:pending|ordered|will (?:be|follow)|to follow|recommend\w*|requested|request|history|prior|previous(?:ly)?|"
    r"outside|not (?:performed|done|available|assessed)|cannot|insufficient|non-?contributory|controls?|may be|"
    r"if|when|associated|internal|non-?neoplastic|inhibitors?|therap\w+|cut-?off|see|forthcoming|deferred|helpful|useful|serum|defined|criteria|category|guidelines?)\b"
    r"|\b(?:nega|posi)tive\s?[<>≤≥]=?\s?\d{1,2}(?:\.\d{1,2})?(?!\d|\s?%)",  # a table of what counts as what
    re.IGNORECASE,
)
_OBJECT = re.compile(r"\s+for\s+((?:[A-Za-z][\w-]*\s?){1,6})")
_SHOWN = re.compile(
    r"(?:shows?|demonstrates?|highlights?|reveals?|confirms?)\s+(?:[A-Za-z][\w-]*\s?){1,10}", re.IGNORECASE
)
_NONE_ON = re.compile(
    r"\bno\s(?:evidence\sof\s)?([a-z][a-z-]*(?:\s[a-z-]{2,20}){0,4}?)(?:\s(?:is|are|was|were))?"
    r"(?:\s(?:identified|seen|present|detected|found))?\s(?:on|by|with)\s(?:an?\s|the\s|special\s){0,2}$",
    re.IGNORECASE,
)
_ENDS_OBJECT = re.compile(
    r"\s+(?:and|or|of|a|an|to|for|at|from|no|with|by|on|in|which|is|are|the|but|while)$", re.IGNORECASE
)
_ORGANISMS = frozenset(
    {"Helicobacter pylori", "CMV", "HSV", "Pneumocystis", "Spirochetes", "Adenovirus", "Toxoplasma", "HHV-8"}
)
_ALL_VERDICTS = {"negative", "equivocal", "positive"}
"""A clause with all of these explains a scale ("negative 0-1+, equivocal 2+, positive 3+")."""
_OPPOSITES = {"positive": "negative", "lost": "retained", "retained": "lost"}
_AFTER = {Kind.STAIN, Kind.FILLER, Kind.COLON, Kind.OPEN, Kind.QUALITY, Kind.CLOSE, Kind.FOR}
_BEFORE_LIST = {Kind.FILLER, Kind.STAIN, Kind.QUALITY, Kind.COLON}
_FAR = 8
"""Items that may stand between a marker and its verdict."""


def results_in(text: str) -> list[StainResult]:
    """Every result of a stain that a text states, in order."""
    found: list[StainResult] = []
    for (start, end), markers in markers_by_clause(text):
        if _NO_RESULT.search(text, start, end):
            continue
        items = items_of(text, start, end, markers)
        if {item.value for item in items if item.kind is Kind.VERDICT} >= _ALL_VERDICTS:
            continue
        for group in _groups(items):
            found += _results_of(text, items, group, (start, end))
    return found


def agreed(results: Iterable[StainResult], stain: Stain) -> tuple[StainResult | None, str]:
    """(the one result of a stain, "") or (None, why there is none): it is not stated, or stated in two ways."""
    own = [result for result in results if result.stain.name == stain.name]
    if not own:
        return None, "not stated"
    verdicts = {result.verdict for result in own if result.verdict}
    values = {result.detail for result in own if not result.verdict}
    if len(verdicts) > 1 or (not verdicts and len(values) > 1):
        return None, "stated in more than one way"
    return max(own, key=lambda result: (bool(result.verdict), len(result.detail))), ""


@dataclass(frozen=True, slots=True)
class _Group:
    """Markers that share a verdict: items from `first` to `last`, both included."""

    first: int
    last: int
    markers: tuple[int, ...]


def _groups(items: list[Item]) -> Iterator[_Group]:
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
            following = last + 1
            while following < len(items) and _joins(items[following]):
                following += 1
            if following == last + 1 or following >= len(items) or items[following].kind is not Kind.MARKER:
                break
            markers.append(following)
            last = following
        yield _Group(markers[0], last, tuple(markers))
        at = last + 1


def _joins(item: Item) -> bool:
    """Whether an item may stand between two markers of a list."""
    return item.kind in (Kind.AND, Kind.QUALITY) or item.value.casefold() in ("for", "both")


def _bracket_end(items: list[Item], at: int) -> int | None:
    """The closing bracket of the one that opens at an item; None when none opens there, or it is not closed soon."""
    if at >= len(items) or items[at].kind is not Kind.OPEN:
        return None
    return next((to for to in range(at + 1, min(at + 12, len(items))) if items[to].kind is Kind.CLOSE), None)


def _results_of(text: str, items: list[Item], group: _Group, clause: tuple[int, int]) -> Iterator[StainResult]:
    before = _verdict_before(items, group.first)
    verdict, shared = (before, "") if before else _verdict_after(items, group.last)
    for at in group.markers:
        stain = items[at].stain
        assert stain is not None
        own = _value_in_bracket(items, at) or shared
        if stain.kind is StainKind.SPECIAL and not before and group.markers[-1] == at:
            verdict, own = _of_special(text, items, group, clause, verdict, own)
        if verdict or own:
            yield StainResult(stain, verdict, own, *clause)


def _verdict_before(items: list[Item], first: int) -> str:
    """The verdict of a list that follows it: "positive for", "expresses", "loss of", "Negative:"; "" for none."""
    at = first - 1
    tied = False
    while at >= 0 and first - at <= _FAR:
        item = items[at]
        if item.kind is Kind.VERDICT:
            bound = tied or item.value in ("lost", "retained")
            return _turned(item.value, items, at) if bound else ""
        if item.kind is Kind.EXPRESS:
            return _turned("positive", items, at)
        if item.kind is Kind.NOT:
            lacks = item.value.casefold().startswith("lack")
            return "negative" if lacks or any(i.kind is Kind.STAIN for i in items[at:first]) else ""
        if item.kind in (Kind.FOR, Kind.COLON):
            tied = True
        elif item.kind not in _BEFORE_LIST:
            return ""
        at -= 1
    return ""


def _verdict_after(items: list[Item], last: int) -> tuple[str, str]:
    """(verdict, value) that follow a list: "are positive (95 %)", ": 20 %", "is not expressed"."""
    value, quality, denied = "", "", False
    comma = False
    for at in range(last + 1, min(last + 1 + _FAR, len(items))):
        item = items[at]
        if item.kind is Kind.VERDICT:
            if _leads_a_list(items, at) or _is_one_of_two(items, at):
                break
            verdict = _opposite(item.value) if denied else item.value
            return verdict, value or _value_after(items, at) or quality
        if item.kind is Kind.VALUE:
            value = value or _tidy(item.value)
        elif item.kind is Kind.NOT:
            denied = True
        elif item.kind is Kind.QUALITY:
            quality = quality or re.sub("ly$", "", item.value.casefold())
        elif item.value == "," and not comma and not value:
            comma = True
        elif item.kind not in _AFTER and item.kind is not Kind.SHOWS and not _joins_qualities(items, at):
            break
    return "", "" if denied else value


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
            return _tidy(item.value)
        if item.kind not in _AFTER and item.value != ",":
            break
    return ""


def _value_in_bracket(items: list[Item], at: int) -> str:
    closed = _bracket_end(items, at + 1)
    inside = items[at + 2 : closed] if closed is not None else []
    value = next((_tidy(item.value) for item in inside if item.kind is Kind.VALUE), "")
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


def _tidy(value: str) -> str:
    value = re.sub(r"\s?(?:%|percent)$", " %", " ".join(value.split()), flags=re.IGNORECASE)
    return re.sub(r"(?<=[0-3])\s\+$", "+", value)


def _of_special(
    text: str, items: list[Item], group: _Group, clause: tuple[int, int], verdict: str, value: str
) -> tuple[str, str]:
    """(verdict, detail) of a special stain: what it is negative for, or what it shows."""
    none_on = _NONE_ON.search(text, clause[0], items[group.first].start)
    if none_on:
        return "negative", f"for {none_on[1].casefold()}"
    for item in items[group.last + 1 :]:
        if item.kind is Kind.VERDICT and verdict:
            named = _OBJECT.match(text, item.end, clause[1])
            return verdict, f"for {_object(named[1])}" if named else value
        if item.kind is Kind.SHOWS and not verdict:
            shown = _SHOWN.match(text, item.start, clause[1])
            return "", strip_unseen(_object(shown[0])) if shown else value
        if item.kind not in _AFTER and item.kind is not Kind.AND:
            break
    return verdict, value


def _object(words: str) -> str:
    words = " ".join(words.split())
    while (bare := _ENDS_OBJECT.sub("", words)) != words:
        words = bare
    return words.casefold() if words.isupper() else words
