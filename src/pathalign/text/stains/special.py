"""What a special stain shows, and what it is negative for."""

from __future__ import annotations

import re

from pathalign.text.stains.clause import Item, Kind
from pathalign.text.stains.groups import Group
from pathalign.text.stains.line_ends import over_line_ends
from pathalign.text.stains.verdicts import AFTER
from pathalign.text.unseen import strip_unseen

_OBJECT = re.compile(r"[\s.]{1,3}for[\s.]{1,3}((?:[A-Za-z][\w-]*(?:\.?\s)?){1,6})")
_SHOWN = re.compile(
    r"(?:shows?|demonstrates?|highlights?|reveals?|confirms?|supports?(?!\s(?:the\s)?(?:above\s)?(?:diagnos|impress|interpret))|depicts?|outlines?|confirmatory)[\s.]{1,3}(?:[A-Za-z][\w-]*(?:\.?\s)?){1,10}",
    re.IGNORECASE,
)
_NONE_ON = re.compile(
    over_line_ends(
        r"\bno\s(?:evidence\sof\s)?([a-z][a-z-]*(?:\s[a-z-]{2,20}){0,4}?)(?:\s(?:is|are|was|were))?"
        r"(?:\s(?:identified|seen|present|detected|found))?\s(?:on|by|with)\s(?:an?\s|the\s|special\s){0,2}$"
    ),
    re.IGNORECASE,
)
_ENDS_OBJECT = re.compile(
    r"\s+(?:and|or|of|a|an|to|for|at|from|no|with|by|on|in|which|is|are|the|but|while)$", re.IGNORECASE
)


def special_verdict(
    text: str, items: list[Item], group: Group, clause: tuple[int, int], verdict: str, value: str
) -> tuple[str, str]:
    """(verdict, detail) of a special stain: what it is negative for, or what it shows."""
    none_on = _NONE_ON.search(text, clause[0], items[group.first].start)
    if none_on:
        return "negative", f"for {_object(none_on[1]).casefold()}"
    for item in items[group.last + 1 :]:
        if item.kind is Kind.VERDICT and verdict:
            named = _OBJECT.match(text, item.end, clause[1])
            return verdict, f"for {_object(named[1])}" if named else value
        if item.kind is Kind.SHOWS and not verdict:
            shown = _SHOWN.match(text, item.start, clause[1])
            return "", strip_unseen(_object(shown[0])) if shown else value
        if item.kind not in AFTER and item.kind is not Kind.AND:
            break
    return verdict, value


def _object(words: str) -> str:
    words = " ".join(words.replace(".", " ").split())
    while (bare := _ENDS_OBJECT.sub("", words)) != words:
        words = bare
    return words.casefold() if words.isupper() else words
