"""Lists of markers in a clause, which share a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pathalign.text.stains.clause import Item, Kind

_MOST_UNKNOWN = 3
"""Words that may stand for a marker that is not known in a list."""
_STOP_CHARS = 3
_TURNS = frozenset(("while", "but", "whereas", "however", "although", "though", "unlike", "except", "then", "whose"))
_TISSUES = frozenset(("margins", "nodes", "lymph", "tissue", "tissues", "controls", "sections", "margin", "others"))
_LOCALIZED = frozenset(("nuclear", "cytoplasmic", "membranous", "membrane", "also", "for", "both"))
_OF_A_LIST = {Kind.MARKER, Kind.AND, Kind.FILLER, Kind.OTHER, Kind.COLON, Kind.STAIN, Kind.QUALITY}


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
            closed = bracket_end(items, last + 1)
            if closed is not None:
                if any(item.kind is Kind.VERDICT for item in items[last + 1 : closed]):
                    break
                markers += _listed_within(items, last + 2, closed)
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


def is_graded(items: list[Item], at: int) -> bool:
    """Whether a marker has its result in a word behind it: "CK7 patchy, CA9 negative"."""
    return [item.kind for item in items[at : at + 3]] == [Kind.MARKER, Kind.QUALITY, Kind.AND] and items[
        at + 2
    ].value == ","


def _is_after_a_stop(items: list[Item], at: int) -> bool:
    """Whether a marker in small letters stands behind a full stop that should be a comma: "chromogranin. desmin"."""
    return (
        at < len(items)
        and items[at].kind is Kind.MARKER
        and items[at].value[0].islower()
        and 1 < items[at].start - items[at - 1].end <= _STOP_CHARS
    )


def _listed_within(items: list[Item], at: int, closed: int) -> list[int]:
    """The markers in the bracket behind a marker, where it holds nothing but a list: "keratins (AE1/AE3, CAM5.2)"."""
    inside = items[at:closed]
    listed = all(item.kind in _OF_A_LIST for item in inside) and sum(item.kind is Kind.OTHER for item in inside) < 2
    return [to for to in range(at, closed) if items[to].kind is Kind.MARKER] if listed else []


def _next_of_list(items: list[Item], at: int) -> int | None:
    """The next marker of a list whose last item stands before `at`; a name that is not known is passed over."""
    if is_graded(items, at - 1):
        return None
    following = _past_joints(items, at)
    if following == at and not _is_after_a_stop(items, at):
        return None
    if following >= len(items):
        return None
    if items[following].kind is Kind.MARKER:
        return following
    to = following
    while to < len(items) and to - following < _MOST_UNKNOWN and is_unknown_name(items[to]):
        to += 1
    if to == following or to >= len(items):
        return None
    if items[to].kind is Kind.OPEN and to + 1 < len(items) and _is_in_bracket(items, to + 1):
        return to + 1 if items[to + 1].kind is Kind.MARKER else None  # "bacilli (AFB) and fungi (GMS)"
    if items[to].kind is Kind.MARKER:  # "and polyclonal CEA", but not "and lymphocytes CD3 positive"
        own = to + 1 < len(items) and items[to + 1].kind in (Kind.VERDICT, Kind.COLON, Kind.FILLER)
        return to if to == following + 1 and not own else None
    closed = bracket_end(items, to)
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
    while to < len(items) and to - last - 2 <= _MOST_UNKNOWN and is_unknown_name(items[to]):
        if items[to].value.casefold() in _TISSUES:
            return last
        to += 1
    ends = to > last + 2 and to < len(items) and items[to].value.casefold() in ("are", "were")
    return to - 1 if ends else last


def _past_joints(items: list[Item], at: int) -> int:
    while at < len(items) and (
        items[at].kind in (Kind.AND, Kind.QUALITY)
        or (items[at].value.casefold() in _LOCALIZED and items[at - 1].kind is not Kind.MARKER)
    ):
        at += 1
    return at


def is_unknown_name(item: Item) -> bool:
    """Whether a word may be the name of a marker that the table lacks."""
    return item.kind is Kind.OTHER and item.value[0].isalnum() and item.value.casefold() not in _TURNS


def bracket_end(items: list[Item], at: int) -> int | None:
    """The closing bracket of the one that opens at an item; None when none opens there, or it is not closed soon."""
    if at >= len(items) or items[at].kind is not Kind.OPEN:
        return None
    return next((to for to in range(at + 1, min(at + 12, len(items))) if items[to].kind is Kind.CLOSE), None)
