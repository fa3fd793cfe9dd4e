"""Lists of parts whose labels are no letters or numbers before them: "LEFT URETER (A): ...", "II) Stomach: ...".

Offsets are characters of the text that is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pathalign.text.headers import HEADER_CHARS, Opening, opening_of
from pathalign.text.labels import label_of

_BEHIND = re.compile(r"\((?P<label>[A-Z\d]|\d\d)(?:FS)?\)\s?(?=[:.]\s)")
_HEADER = re.compile(r"(?:.*[.:;)\n]\s|^)(?P<header>[A-Z][A-Z ,/&'#-]{2,70}) ?$", re.DOTALL)
_HEADER_CHARS = 75
_MISREAD = {"I": "1L", "O": "0Q", "B": "8", "S": "5", "G": "6", "Z": "2"}
"""Letters that OCR reads as these characters."""
_ROMAN = re.compile(r"(?:^|(?<=[.:;)\n] )|(?<=\n))\(?(?P<label>X{0,2}(?:IX|IV|V?I{1,3}|V|X))\s?(?:-?\)|[.:])[-\s]\s?")
_ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_NUMERALS = [ten + one for ten in ("", "X", "XX") for one in _ONES][1:]
_FEWEST, _MOST_LOST = 2, 2
_ROMAN_FROM_START = 160


@dataclass(frozen=True, slots=True)
class OtherLabel:
    """A label, where its part begins, and where the text of the part does: at once for a label behind a header."""

    label: str
    start: int
    body: int


def other_labels(text: str) -> tuple[OtherLabel, ...]:
    """The labels of such a list in order; none where fewer than two carry on from one another."""
    return max(_behind(text), _roman(text), key=len)


def without_label_behind(header: str) -> str:
    """A header without the label behind it."""
    return re.sub(r"\s*\((?:[A-Z\d]|\d\d)(?:FS)?\)$", "", header)


def _behind(text: str) -> tuple[OtherLabel, ...]:
    """Labels behind headers in capitals of what was received; one may be lost, misread, or of two parts."""
    found: list[OtherLabel] = []
    place = 0
    for match in _BEHIND.finditer(text):
        first = max(0, match.start() - _HEADER_CHARS)
        header = _HEADER.match(text[first : match.start()] if first else f"\n {text[: match.start()]}")
        if header is None or opening_of(header["header"] + ":") < Opening.SPECIMEN:
            continue
        start = match.start() - (len(header[0]) - header.start("header"))
        written, like = match["label"], found[0].label if found else match["label"]
        steps = range(0 if found and written == found[-1].label else 1, _MOST_LOST + 2 if found else 2)
        step = next((step for step in steps if _is_read(written, label_of(place + step, like))), None)
        if step is not None:
            place += step
            found.append(OtherLabel(label_of(place, like), start, start))
    return tuple(found) if len(found) >= _FEWEST else ()


def _is_read(written: str, wanted: str) -> bool:
    """Whether what is written is the label that is wanted, perhaps misread."""
    return written == wanted or written in _MISREAD.get(wanted, "-")


def _roman(text: str) -> tuple[OtherLabel, ...]:
    """Roman numerals without a gap, most of them before what was received."""
    found: list[OtherLabel] = []
    named = 0
    first = _ROMAN.search(text, 0, _ROMAN_FROM_START) if "II" in text else None
    for match in _ROMAN.finditer(text, first.start()) if first and first["label"] == _NUMERALS[0] else ():
        if match["label"] != _NUMERALS[min(len(found), len(_NUMERALS) - 1)]:
            continue
        opening = opening_of(text[match.end() : match.end() + HEADER_CHARS])
        named += opening >= Opening.SPECIMEN
        found.append(OtherLabel(match["label"], match.start(), match.end()))
    return tuple(found) if len(found) >= _FEWEST and 2 * named > len(found) else ()
