"""Accession numbers with part, block and slide: "S24-12345 A1-2", "SP-24-0012345 B 3", "HP2024-1234;A;1;2"."""

from __future__ import annotations

import re
from dataclasses import replace

from pathalign.text.slide_names.slide_name import SlideName
from pathalign.text.stains.stain import stain_of

CONVENTION = "accession"
_YEAR = r"(?P<year>(?:19|20)\d\d|\d\d)"
_NUMBER = r"(?P<number>\d{3,8})(?!\d)"
# Letters of a laboratory are capitals; with a separator before the year, as in many names that are no accession, the
# number is longer.
_ACCESSION = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<letters>[A-Z]{{1,3}}){_YEAR}[-_ ]{_NUMBER}",
        rf"(?P<letters>[A-Z]{{1,3}})[-_ ]{_YEAR}[-_ ](?P<number>\d{{4,8}})(?!\d)",
        rf"{_YEAR}[-_ ]?(?P<letters>[A-Z]{{1,3}})[-_ ]{_NUMBER}",
    )
)
_NO_LABORATORY = frozenset({"IMG", "DSC", "PIC", "TMA", "WSI", "HE", "ROI", "RUN", "DAY"})
_SEPARATOR = r"\s?[-_;. :]\s?"
_SLIDE = rf"(?:{_SEPARATOR}(?P<slide>L?\d{{1,3}}))?"
# After the accession: part and block, together or apart, then the slide. Numbers alone leave open which is which.
_REST = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<part>[A-Z]{{1,2}})(?:{_SEPARATOR})?(?P<block>\d{{1,3}}){_SLIDE}",
        rf"(?P<part>\d{{1,2}})(?P<block>[A-Z]){_SLIDE}",
        r"(?P<part>[A-Z])(?P<block>)(?P<slide>)",
    )
)
_BARE = SlideName(convention=CONVENTION, case="")
_BEGINS_REST = re.compile(_SEPARATOR)


def read_accession(name: str) -> SlideName | None:
    """The case, part, block and slide that follow from an accession number; None when the name leaves any doubt.

    The case is the accession as one spelling, "S24-12345", whatever separators the name has. A stain's name at the end
    is told apart from a part's by being one: "S24-12345 A1 CK7". "S24-12345 P16" may be block P16 or the marker: None.
    """
    for pattern in _ACCESSION:
        found = pattern.match(name)
        if found is None or found["letters"] in _NO_LABORATORY:
            continue
        rest = name[found.end() :]
        begins = _BEGINS_REST.match(rest)
        if rest and not begins and not re.match(r"[A-Z]\d", rest):
            return None
        told = _told(rest[begins.end() :] if begins else rest)
        if told is None:
            return None
        case = f"{found['letters']}{found['year']}-{found['number']}"
        return replace(told, case=case)
    return None


def accession_key(case_id: str) -> str:
    """The key under which spellings of one accession meet ("SP-24-0012345" and "SP24-12345"); "" for other ids."""
    for pattern in _ACCESSION:
        found = pattern.fullmatch(case_id.strip().upper())
        if found is not None and found["letters"] not in _NO_LABORATORY:
            return f"{found['letters']}{found['year'][-2:]}-{int(found['number'])}"
    return ""


def _told(rest: str) -> SlideName | None:
    """Part, block, slide and stain of what follows an accession; None when it is not plainly that."""
    if not rest:
        return _BARE
    whole = _place(rest)
    words = re.split(r"[\s_;-]+", rest)
    for count in range(1, min(4, len(words) + 1)):
        ending = " ".join(words[-count:])
        stain = stain_of(ending) if re.search(r"[A-Za-z]", ending) else None
        if stain is None:
            continue
        at = _start_of_last(rest, count)
        before = _place(rest[:at].rstrip(" _;-")) if at else _BARE
        if whole is not None:  # "P16" alone, or "A CD3": a block, or a marker
            return None
        return None if before is None else replace(before, stain=rest[at:])
    return whole


def _start_of_last(rest: str, count: int) -> int:
    """Where the last words begin."""
    return [found.start() for found in re.finditer(r"[^\s_;-]+", rest)][-count]


def _place(rest: str) -> SlideName | None:
    for pattern in _REST:
        found = pattern.fullmatch(rest)
        if found is None:
            continue
        part, number = found["part"], found["block"]
        if len(part) == 2 and part.isalpha() and part[0] != part[1] and part[0] != "A":
            return None  # after Z comes AA, AB; "HE" and "LN" are no parts
        block = f"{part}{number.lstrip('0') or number}" if number else ""
        return replace(_BARE, part=part.lstrip("0") or part, block=block, slide=found["slide"] or "")
    return None
