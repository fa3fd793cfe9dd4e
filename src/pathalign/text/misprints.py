"""Labels of parts that were misprinted or misread: "8" for "B", "H" without its full stop, "D" printed twice.

Offsets are characters of the text that is searched. What is mended stands where one label is missing, or names what
was received as the labels around it do; nothing else is taken for a label.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pathalign.text.candidates import Candidate
from pathalign.text.headers import HEADER_CHARS, Opening, opening_of
from pathalign.text.labels import form_of, label_of, labels_within, normal_label, places

Named = tuple[str, re.Match[str]]
"""A label in its one spelling, and where it stands."""
_EMPTY = re.compile(r"[\s.,&]{0,4}(?:and)?\s{0,2}", re.IGNORECASE)
_CONTINUED = re.compile(r"\bcont(?:inued|'d|\.|\))", re.IGNORECASE)
_HEADED = re.compile(r"\s?[A-Z][A-Z ,/()#\d-]{3,60}:")
_FAR = 26


def mended(
    found: Sequence[Candidate], met: Sequence[Candidate], text: str, details: int, received: frozenset[str]
) -> list[Named]:
    """The labels found in order, with those between them that were misprinted.

    `met` are all candidates of the text, `details` is where comments and tables begin, `received` are the
    labels of the report's list of specimens.
    """
    outer = [one for one in met if one.outer]
    starts = [one.mark.start() for one in outer]
    whole: list[Named] = []
    for at, one in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        end = following.mark.start() if following else details
        label = normal_label(one.mark["label"])
        whole.append((label, one.mark))
        between = outer[bisect_right(starts, one.mark.start()) : bisect_left(starts, end)]
        missing = following.first - one.last - 1 if following else 0
        misread = _misread(one, between) if missing == 1 else None
        if misread is not None:
            whole.append((label_of(one.last + 1, label), misread.mark))
            continue
        more = [*_again(one, label, between, missing == 0 and following is not None)]
        if following is None:
            more += _bare(one, label, _FAR - one.last, end, text, headed=True)
        elif 1 <= missing <= _FAR:
            more += _bare(one, label, missing, end, text)
        whole += sorted(more, key=lambda named: named[1].start())
    return _with_last(whole, received)


def without_empty(named: Sequence[Named], text: str) -> list[Named]:
    """The parts with labels that stand one behind another, "A. B. Brain, biopsy: ...", joined: "A/B"."""
    whole: list[Named] = []
    for at, (label, mark) in enumerate(named):
        if whole and _EMPTY.fullmatch(text, named[at - 1][1].end(), mark.start()):
            value = label == whole[-1][0]  # "Nodes examined: 10. 10. Lymph node, ..."
            whole[-1] = (label, mark) if value else (f"{whole[-1][0]}/{label}", whole[-1][1])
        else:
            whole.append((label, mark))
    return whole


def _misread(before: Candidate, between: Sequence[Candidate]) -> Candidate | None:
    """The one label in a gap that is written like the label before it, and opens a header."""
    form = form_of(before.mark)[:2]
    alike = [one for one in between if one.opening >= Opening.HEADER and form_of(one.mark)[:2] == form]
    return alike[0] if len(alike) == 1 else None


def _bare(before: Candidate, label: str, missing: int, end: int, text: str, headed: bool = False) -> Iterator[Named]:
    """Labels in a gap that lost what closes them: "H PERITONEUM, BIOPSY: ...".

    The one behind the last label must be `headed`, in capitals and with a colon.
    """
    start = before.mark.end()
    for step in range(1, missing + 1):
        begun = start
        lost = label_of(before.last + step, label)
        for mark in _bare_label(lost).finditer(text, start, end):
            if headed and not _HEADED.match(text, mark.end()):
                continue
            if opening_of(text[mark.end() : mark.end() + HEADER_CHARS]) >= Opening.SPECIMEN:
                yield lost, mark
                start = mark.end()
                break
        if headed and start == begun:
            return


@lru_cache(maxsize=128)
def _bare_label(label: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=[.:;)\n] )[(#]?{label}[1l]?[ ,;)](?=\s?[A-Z][A-Za-z]{{2}})")


def _again(before: Candidate, label: str, between: Sequence[Candidate], goes_on: bool) -> Iterator[Named]:
    """Parts that bear the label of the part before them: "D. Breast, excision: ... D. Axilla, excision: ...".

    What a letter opens need not be an operation when the next letter `goes_on` behind it and none counts a list.
    """
    letters = goes_on and before.kind == "letter" and not any(one.last == before.first - 1 for one in between)
    for one in between:
        if (
            one.kind == before.kind
            and normal_label(one.mark["label"]) == label
            and (one.opening is Opening.OPERATION or (letters and one.heads))
            and form_of(one.mark) == form_of(before.mark)
            and not _CONTINUED.search(one.text, one.mark.end(), one.mark.end() + HEADER_CHARS)
        ):
            yield label, one.mark


def _with_last(named: list[Named], received: frozenset[str]) -> list[Named]:
    """The parts, the last of which takes the one label of the list of specimens that is left."""
    if len(named) > 1 and len(named) == len(received) and named[-1][0] not in received:
        before = named[-2][1]
        expected = label_of(places(before)[1] + 1, named[-1][0])
        if received == {expected}.union(*(labels_within(label) for label, _ in named[:-1])):
            named[-1] = (expected, named[-1][1])
    return named
