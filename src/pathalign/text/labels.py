"""The labels of parts as reports write them, "A.", "(B)", "PART 3:", "#4.", "G/H", and where they stand.

A mark is a label with what opens and closes it; offsets are characters of the text that is searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_MARK = re.compile(
    # Within a word only a digit, a bracket or a "#" may begin a label; told first, since most letters are within one.
    r"(?<![A-Za-z](?![\d(\[#]))(?P<open>[(\[]?)(?P<word>\b(?:(?:[PFR]ART|SPECIMEN)S?|(?-i:PART\.))\s*[#(]?\s*(?!S\b)|\#\s?)?"
    r"(?P<label>(?<![A-Za-z])(?:FS(?=[A-Z]\b))?[A-Z](?:\.?,?\s?(?:[-/,&]|and|to\b)[\s.]{0,3}[A-Z](?![A-Za-z])){0,9}(?![A-Za-z0-9'’])"
    r"|(?<![\d.])\d{1,2}(?:(?:\.?,?\s?(?:[-/,&]|and|to\b)[\s.]{0,3}\d{1,2}){1,9}(?=\s?[.:)]))?(?![\d%/])"
    r"|(?<=PART )\d(?=[15]? [A-Z]{4}))"  # "PART 2 NODE", "PART 25 NODE": a colon lost, or read as a digit
    r"\s?(?P<close>\.?[)\]]\.?|\.:|[.:](?!\d)|-(?=\s|[A-Z]{3})|(?<=\d),\.?(?= [A-Z])"
    r"|(?<=PART \w)(?:[;,]|[15]?(?= [A-Z]{4})))(?=[\s\"'(A-Z\-]|$)",
    re.IGNORECASE,
)
# Where a mark may stand: most letters of a text are told by this, and the long pattern is for the rest.
_PLACE = re.compile(
    r"(?:^|[.:;)\]!?\-\"*\n]) *"
    r"(?=[(\[]?(?:#|\d{1,2}[^\d%]|[A-Za-z][^A-Za-z\d]|FS[A-Z]|(?:[Pp]a|[PFR]A)(?:rt|RT)|(?:[Ss]p|SP)(?:ec|EC)))"
    r"|(?<=[a-z,] )(?=(?:1|[aA])\))"
)
_LABEL_EDGES = re.compile(r"^\s*(?:parts?|specimens?)?\s*[#(]*\s*(?:fs(?=[a-z]$))?|[\s).:\]-]+$", re.IGNORECASE)
_JOINED, _RANGE = (
    re.compile(r"\.?,?\s*(?:and|[,&/])[\s.]*", re.IGNORECASE),
    re.compile(r"\.?\s*(?:-|\bto\b)[\s.]*", re.IGNORECASE),
)
_SINGLE = re.compile(r"\d{1,2}|(?<![A-Z])[A-Z](?![A-Z])|(?<=FS)[A-Z]")
_INITIALS = re.compile(r"(?:^|[^A-Za-z])[A-Za-z]\.$|[A-Za-z\d]-$")
_ENDS_BEFORE = frozenset('.:;)]!?-"*')


@lru_cache(maxsize=256)
def normal_label(label: str) -> str:
    """A label in its one spelling: "Part a", "A." and "(A)" are "A", "g / h" is "G/H"; "" for an empty one."""
    bare = _LABEL_EDGES.sub("", label)
    return _JOINED.sub("/", _RANGE.sub("-", bare)).upper()


def label_of(place: int, like: str) -> str:
    """The label at a place of the alphabet or of the numbers, whichever `like` is of."""
    return str(place) if like[:1].isdigit() else chr(ord("A") + place - 1)


def labels_within(label: str) -> frozenset[str]:
    """The single labels that a normal label stands for: "G/H" is G and H, "A-C" is A, B and C."""
    singles: set[str] = set()
    for piece in label.split("/"):
        first, _, last = piece.partition("-")
        if first.isdigit() and last.isdigit() and int(first) <= int(last):
            singles.update(map(str, range(int(first), int(last) + 1)))
        elif len(first) == len(last) == 1 and first <= last:
            singles.update(chr(code) for code in range(ord(first), ord(last) + 1))
        else:
            singles.add(piece)
    return frozenset(singles)


def marks(text: str) -> Iterator[re.Match[str]]:
    """The marks of a text in order: those where a sentence may begin, and the first of a list within one."""
    end = 0
    for place in _PLACE.finditer(text):
        mark = _MARK.match(text, place.end()) if place.end() >= end else None
        if mark is not None:
            end = mark.end()
            yield mark


def begins(mark: re.Match[str], text: str) -> bool:
    """Whether a mark stands where a sentence or line begins."""
    written = text[max(0, mark.start() - 20) : mark.start()]
    before = written.rstrip(" ")
    if before == written and _INITIALS.search(before):
        return False  # "N.S.A.B.P.", "e.g.", "levels 2-4,"
    if mark["label"][0] == "0":
        return False
    if mark["open"] and "/" in mark["label"] and mark["label"][0].isdigit():
        return False  # "(2/40)" counts nodes
    if mark["close"] == ")." and not mark["open"] and before.rfind("(") > before.rfind(")"):
        return False  # "(see also. Part 4)."
    return not before or before[-1] in _ENDS_BEFORE or before[-1] == "\n"


def places(mark: re.Match[str]) -> tuple[int, int]:
    """The numbers of the first and last label of a mark in their alphabet, from one."""
    label = mark["label"]
    if len(label) == 1:
        return (_place(label),) * 2
    singles = _SINGLE.findall(label.upper())
    return _place(singles[0]), _place(singles[-1])


def kind_of(mark: re.Match[str]) -> str:
    """A mark's alphabet: "word" when it bears "part" or "#", else "number" or "letter"."""
    return "word" if mark["word"] else "number" if mark["label"][0].isdigit() else "letter"


def _place(label: str) -> int:
    return int(label) if label.isdigit() else ord(label.upper()) - ord("A") + 1


def form_of(mark: re.Match[str]) -> tuple[bool, str, bool]:
    """How a mark's label is written: in brackets, what closes it, in small letters."""
    close = mark["close"]
    return bool(mark["open"]), ")" if ")" in close else close[:1], mark["label"].islower()
