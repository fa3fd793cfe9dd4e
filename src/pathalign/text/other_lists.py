"""Lists of parts whose labels are no letters or numbers before them: "LEFT URETER (A): ...", "II) Stomach: ...".

Offsets are characters of the text that is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pathalign.text.headers import HEADER_CHARS, Opening, opening_of
from pathalign.text.labels import label_of

_BEHIND = re.compile(
    r"(?:^|(?<=[.:;)\n] )|(?<=\n))(?P<header>[A-Z][A-Z ,/&'#-]{2,70}?) ?\((?P<label>[A-Z\d]|\d\d)(?:FS)?\)\s?(?=[:.]\s)"
)
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
    for match in _BEHIND.finditer(text) if "):" in text or ") :" in text else ():
        if opening_of(match["header"] + ":") < Opening.SPECIMEN:
            continue
        written, like = match["label"], found[0].label if found else match["label"]
        steps = range(0 if found and written == found[-1].label else 1, _MOST_LOST + 2 if found else 2)
        step = next((step for step in steps if _is_read(written, label_of(place + step, like))), None)
        if step is not None:
            place += step
            found.append(OtherLabel(label_of(place, like), match.start("header"), match.start("header")))
    return tuple(found) if len(found) >= _FEWEST else ()


def _is_read(written: str, wanted: str) -> bool:
    """Whether what is written is the label that is wanted, perhaps misread."""
    return written == wanted or written in _MISREAD.get(wanted, "-")


def _roman(text: str) -> tuple[OtherLabel, ...]:
    """Roman numerals without a gap, most of them before what was received."""
    found: list[OtherLabel] = []
    named = 0
    for match in _ROMAN.finditer(text) if "II" in text else ():
        if match["label"] != _NUMERALS[min(len(found), len(_NUMERALS) - 1)]:
            continue
        if not found and match.start() > _ROMAN_FROM_START:
            return ()
        opening = opening_of(text[match.end() : match.end() + HEADER_CHARS])
        named += opening >= Opening.SPECIMEN
        found.append(OtherLabel(match["label"], match.start(), match.end()))
    return tuple(found) if len(found) >= _FEWEST and 2 * named > len(found) else ()
