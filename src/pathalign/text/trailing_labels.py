"""Labels that stand behind the headers of parts: "LEFT URETER (A): ... PELVIC LYMPH NODES (B): ...".

Offsets are characters of the text that is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pathalign.text.headers import Opening, opening_of
from pathalign.text.labels import label_of

_HEADED = re.compile(
    r"(?:^|(?<=[.:;)\n] )|(?<=\n))(?P<header>[A-Z][A-Z ,/&'#-]{2,70}?)[ ]?\((?P<label>[A-Z\d]|\d\d)\)\s?(?=[:.]\s)"
)
_MISREAD = {"I": "1L", "O": "0Q", "B": "8", "S": "5", "G": "6", "Z": "2"}
"""Letters that OCR reads as these characters."""
_FEWEST = 2
_MOST_LOST = 2


@dataclass(frozen=True, slots=True)
class TrailingLabel:
    """A label behind a header, and where the header begins."""

    label: str
    start: int


def trailing_labels(text: str) -> tuple[TrailingLabel, ...]:
    """The labels behind headers of what was received, where they carry on from one another; none for fewer than two."""
    if "(" not in text:
        return ()
    found: list[TrailingLabel] = []
    place = 0
    for match in _HEADED.finditer(text):
        if opening_of(match["header"] + ":") < Opening.SPECIMEN:
            continue
        like = found[0].label if found else match["label"]
        step = next((step for step in range(1, _MOST_LOST + 2) if _is_read(match["label"], place + step, like)), 0)
        if not step or (not found and step > 1):
            continue
        place += step
        found.append(TrailingLabel(label_of(place, like), match.start("header")))
    return tuple(found) if len(found) >= _FEWEST else ()


def without_trailing_label(header: str) -> str:
    """A header without the label behind it."""
    return re.sub(r"\s*\([A-Z\d]{1,2}\)$", "", header)


def _is_read(written: str, place: int, like: str) -> bool:
    """Whether what is written is the label at a place, perhaps misread."""
    wanted = label_of(place, like)
    return written == wanted or (not like.isdigit() and written in _MISREAD.get(wanted, ""))
