"""The stain of a slide by the substances that were put on it, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pathalign.text.stains.stain import Stain, StainKind, stain_of

_MOST_LABEL = 60
"""Characters of a stain's name; longer ones are no names."""
_NUCLEI = re.compile(r"\bha?ematoxylin|\bha?emal(?:um|aun)", re.IGNORECASE)
_EOSIN = re.compile(r"\beosin", re.IGNORECASE)
_BESIDE = re.compile(
    r"\b(?:nuclear fast red|(?:kernechtrot)|methyl green|light green|fast green|diaminobenzidine|dab|fast red|"
    r"alkaline phosphatase|horseradish peroxidase|hrp|chromogen|counterstain|bluing)\b",
    re.IGNORECASE,
)
"""Substances that make the others visible."""


def stain_of_substances(substances: Sequence[str]) -> str:
    """The one name of the stain that substances make, or the name as written where it is not known; "" for no one.

    Haematoxylin with eosin is H&E; beside another substance either is a counterstain.
    """
    whole = {stain for name in substances if (stain := stain_of(name)) and not _is_of_nuclei(name)}
    others = [
        name
        for name in substances
        if not (_is_of_nuclei(name) or _is_eosin(name) or _BESIDE.search(name)) and stain_of(name) is None
    ]
    marked = {stain for stain in whole if stain.kind is not StainKind.ROUTINE}
    if len(marked) == 1 and not others:
        return marked.pop().name
    if marked or len(others) > 1:
        return ""
    if others:
        return others[0] if not whole and len(others[0]) <= _MOST_LABEL else ""
    if whole:
        return whole.pop().name
    return "H&E" if any(map(_is_of_nuclei, substances)) and any(map(_is_eosin, substances)) else ""


def stain_of_lines(lines: Iterable[str]) -> str:
    """The one stain that lines of a label name, each by itself; "" where they name none, or several."""
    found: set[Stain] = {stain for line in lines if len(line) <= _MOST_LABEL and (stain := stain_of(line))}
    return found.pop().name if len(found) == 1 else ""


def _is_of_nuclei(name: str) -> bool:
    """Whether a substance is haematoxylin alone, which is part of nearly every stain."""
    stain = stain_of(name)
    return bool(_NUCLEI.search(name)) and not _EOSIN.search(name) and (stain is None or stain.kind is StainKind.ROUTINE)


def _is_eosin(name: str) -> bool:
    return bool(_EOSIN.search(name)) and not _NUCLEI.search(name)
