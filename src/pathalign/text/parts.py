"""The parts (A, B, 1, 2) of a diagnosis: where each begins and ends, its label.

Offsets are characters of the report as given. Letters and numbers also head the lists inside a part and lists of
findings, so candidates are weighed: labels must carry on from one another, look alike, name what was received, and
agree with the labels under which the report lists it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pathalign.text.candidates import Candidate, candidates
from pathalign.text.diagnoses import Span
from pathalign.text.headers import HEADER_CHARS, Opening, opening_of, split_header
from pathalign.text.headings import Heading
from pathalign.text.labels import begins, form_of, label_of, marks, normal_label
from pathalign.text.misprints import mended, without_empty
from pathalign.text.organ import organ_of
from pathalign.text.other_lists import other_labels
from pathalign.text.sections import detail_start

_NUMBERS_FROM_START = 40
_LETTERS_FROM_START, _WORDS_FROM_START = 160, 400
"""Characters of preamble (a form's fields) that may stand between the section's heading and its first label."""
_SUMMARY_CHARS = 1500
"""Characters of a summary or a remark on an amendment that may stand before the first label, if it bears a header."""
_LATEST_FIRST = 3
"""A diagnosis may open with this label when those before it were lost to bad scanning."""
_AT_START = 3
_ROMAN = ("I", "V", "X")
_MOST_LOST, _MOST_LOST_WORDS = 2, 30
"""Labels in a row that bad scanning may lose: bare ones, and those that bear the word "part"."""
_NO_WORDS = re.compile(r"[\W\d]{0,12}")
_LOSS, _ODD = 0.5, 0.2
"""What a lost label costs a chain of labels, and one that is written otherwise than the label before it."""
_WORTH = {Opening.PROPERTY: 0.5, Opening.WORDS: 1.0, Opening.HEADER: 1.3, Opening.SPECIMEN: 1.5, Opening.OPERATION: 1.5}
"""What a label adds to its chain, by what it opens."""
_MOST_HEADED = 0.8
"""Share of the headers of left-over letters that have a colon."""
_FEWEST_BELOW = 3
"""Letters before operations that make a list which begins below a comment."""
_FINDINGS_LISTED = 2
"""A list with so many properties of tumours, and fewer specimens, is one of findings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartSpan:
    """One part: `body` is where the text after its label begins, its start where the label stands behind the header."""

    label: str
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class _Chain:
    """Labels that carry on from one another, and how well they do."""

    score: float
    labels: tuple[Candidate, ...]


@dataclass(slots=True)
class _List:
    """The labels of one kind (with a word, letters, numbers) that were met so far."""

    chains: dict[int, _Chain] = field(default_factory=dict)
    """The best chain that ends with each place of the alphabet."""
    begun: bool = False
    met: dict[int, int] = field(default_factory=dict)
    """Where labels of the present part's own list were met last, by their places."""
    inner: int = 0
    """The last number of a list inside the present part."""
    run: int = 0
    """The last place of the plain run 1, 2, 3, whatever the labels open."""
    properties: int = 0
    """Labels of the plain run that open properties of tumours."""


def find_parts(
    report: str, span: Span, received: frozenset[str] = frozenset(), headings: Sequence[Heading] = ()
) -> tuple[PartSpan, ...]:
    """The labelled parts of a diagnosis in order; none when the diagnosis is not divided.

    `received` are the labels under which the report lists what was received, if it does; `headings` are those of the
    report.
    """
    text = report[span.start : span.end]
    details = detail_start(headings, span.start, span.end) - span.start
    met = candidates(text, received)
    found = max(_in_order(text, met, received, details), _out_of_order(met, details), key=len) or _left_over(
        met, details
    )
    others = other_labels(text)
    if len(others) > len(found):
        ends = [one.start for one in others[1:]] + [len(text)]
        return tuple(
            PartSpan(label=one.label, start=span.start + one.start, body=span.start + one.body, end=span.start + end)
            for one, end in zip(others, ends, strict=True)
        )
    if not found:
        return ()
    named = without_empty(mended(found, met, text, details, received), text)
    ends = [mark.start() for _, mark in named[1:]] + [len(text)]
    lead = found[0].mark.start()
    before: tuple[PartSpan, ...] = ()
    if 1 < found[0].first <= _LATEST_FIRST and lead > _AT_START and _is_headed(text[:lead]):
        label = label_of(1, named[0][0])
        before = (PartSpan(label=label, start=span.start, body=span.start, end=span.start + lead),)
    return before + tuple(
        PartSpan(label=label, start=span.start + mark.start(), body=span.start + mark.end(), end=span.start + end)
        for (label, mark), end in zip(named, ends, strict=True)
    )


def listed_labels(report: str, lists: Iterable[Span]) -> frozenset[str]:
    """The labels of lists of what was received, where they count up from the first one."""
    found: set[str] = set()
    for span in lists:
        text = report[span.start : span.end]
        labels = [normal_label(mark["label"]) for mark in marks(text) if begins(mark, text)]
        found.update(label for at, label in enumerate(labels) if label in (str(at + 1), chr(ord("A") + at)))
    return frozenset(found)


def _in_order(text: str, met: Sequence[Candidate], received: frozenset[str], details: int) -> tuple[Candidate, ...]:
    """The labels that carry on from one another: A, B, C or 1, 2, 3, with a label or two lost to bad scanning.

    Letters and numbers may both be there, one within the other: labels with the word "part" are taken first, then
    those of the kind that opens first.
    """
    lists: dict[str, _List] = {}
    opened: list[str] = []
    for one in met:
        listed = lists.setdefault(one.kind, _List())
        if not one.outer:
            if one.first == 1 and one.mark["close"].startswith(")") and not one.mark["open"]:
                listed.begun = True  # a list within a sentence: "with 1) ...; 2) ..."
            continue
        best = None
        if not _counts_inside(listed, one) and (not _is_foreign(one, received) or _follows(listed, one)):
            best = _extended(listed, one, details)
            listed.met[one.first] = one.mark.start()
        grown: _Chain | None = None
        if best is not None:
            grown = _Chain(best.score + _WORTH[one.opening], (*best.labels, one))
        elif (one.mark.start() < details or (one.listed and one.opening >= Opening.SPECIMEN)) and (
            ((one.first == 1 or not listed.chains) and _may_open(one, text))
            or ((not listed.begun or (one.first == 1 and one.listed)) and _may_open_late(one, text))
        ):
            grown = _Chain(_WORTH[one.opening], (one,))
        listed.begun = listed.begun or one.first == 1
        if grown is None:
            continue
        # "A and C" may be followed by D, or by the B that it left out.
        for end in {one.last, one.first if "/" in normal_label(one.mark["label"]) else one.last}:
            known = listed.chains.get(end)
            if known is None or grown.score > known.score:
                listed.chains[end] = grown
                if one.kind not in opened:
                    opened.append(one.kind)
    best_of = [(kind, max(lists[kind].chains.values(), key=lambda chain: chain.score).labels) for kind in opened]
    best_of = [(kind, labels) for kind, labels in best_of if _are_parts(labels, lists[kind], text)]
    if not best_of:
        return ()
    spoken = next((labels for kind, labels in best_of if kind == "word"), ())
    first = best_of[0][1]
    # "1. Left wall: part # 1. 2. Dome: part # 2." is numbered, and says so again.
    again = len(spoken) <= len(first) and first[0].mark.start() <= _AT_START
    return spoken if spoken and not again else first


def _counts_inside(listed: _List, one: Candidate) -> bool:
    """Whether a label counts a list inside the present part, which starts again at one and names no specimen."""
    if one.first == listed.run + 1:
        listed.run = one.first
        listed.properties += one.opening is Opening.PROPERTY
    if one.kind == "word" or (one.first != 1 and not (listed.inner and one.first == listed.inner + 1)):
        return False
    if one.opening >= Opening.SPECIMEN or (one.opening is Opening.HEADER and one.listed):
        listed.inner = 0
        return False
    listed.inner = one.first if listed.chains else 0
    return bool(listed.chains)


def _is_foreign(one: Candidate, received: frozenset[str]) -> bool:
    """Whether the report lists what was received in labels of this kind, this one not among them."""
    first = "1" if one.kind == "number" else "A"
    return (
        first in received and not one.listed and one.kind != "word" and one.opening < Opening.HEADER and not one.certain
    )


def _follows(listed: _List, one: Candidate) -> bool:
    """Whether a label follows the one before it directly, and is written like it."""
    chain = listed.chains.get(one.first - 1)
    return (
        chain is not None
        and chain.labels[-1].opening >= Opening.SPECIMEN
        and one.heads
        and form_of(chain.labels[-1].mark) == form_of(one.mark)
    )


def _are_parts(labels: Sequence[Candidate], listed: _List, text: str) -> bool:
    """Whether labels in order are those of parts, rather than of the findings of one, whose header stands above."""
    first = labels[0]
    named = sum(one.opening >= Opening.SPECIMEN for one in labels)
    if first.kind == "word" or 2 * named >= len(labels):
        return True
    if first.opening < Opening.HEADER:
        header, findings = split_header(text[: first.mark.start()].lstrip(" -"))
        if header and not findings.strip(" .:-+") and opening_of(header + ":") >= Opening.SPECIMEN:
            return False
    return listed.properties < _FINDINGS_LISTED or named > listed.properties


def _extended(listed: _List, one: Candidate, details: int) -> _Chain | None:
    """The best chain that a label may carry on, less what lost labels cost; None when there is none.

    What follows a gap, a comment or a table must show that it is a part's; a number and a small letter ("c." for
    "C.") too, unless they look like the label before them.
    """
    most = _MOST_LOST_WORDS if one.kind == "word" else _MOST_LOST + 1
    found = []
    for place, chain in listed.chains.items():
        gap = one.first - place
        if not 1 <= gap <= most or (gap > 1 and one.kind != "word" and not one.certain):
            continue
        before = chain.labels[-1]
        if any(listed.met.get(one.first - lost, -1) > before.mark.start() for lost in range(1, gap)):
            continue  # nothing is lost: those labels open something else
        alike = form_of(before.mark) == form_of(one.mark)
        if not one.certain and one.kind != "word":
            if one.opening is Opening.PROPERTY or (one.mark.start() >= details > before.mark.start()):
                continue
            if not alike and (one.kind == "number" or one.mark["label"].islower()):
                continue
        if gap > 1 and one.kind != "word" and not one.listed and one.mark.start() >= details > before.mark.start():
            continue
        score = chain.score - _LOSS * min(gap - 1, _MOST_LOST) - _ODD * (not alike)
        found.append(_Chain(score, chain.labels))
    return max(found, key=lambda chain: chain.score, default=None)


def _out_of_order(met: Sequence[Candidate], details: int) -> tuple[Candidate, ...]:
    """The headed labels of a diagnosis whose first label is not the first one: D, B, C, A, or C alone."""
    found: dict[str, Candidate] = {}
    opening: Candidate | None = None
    for one in met:
        mark = one.mark
        if opening is None and (mark.start() > _AT_START or one.first == 1 or mark["label"] in _ROMAN):
            return ()
        if mark.start() >= details:
            break
        if not one.outer or one.opening < Opening.SPECIMEN:
            continue
        opening = opening or one
        if one.kind == opening.kind and (
            one.opening is Opening.OPERATION or mark["label"].isupper() == opening.mark["label"].isupper()
        ):
            found.setdefault(normal_label(mark["label"]), one)
    # "9. ... 1. ..." are no nine parts.
    if opening is None or (opening.kind == "number" and opening.first > len(found)):
        return ()
    return tuple(found.values())


def _left_over(met: Sequence[Candidate], details: int) -> tuple[Candidate, ...]:
    """The capital letters of a diagnosis whose first labels were lost, each before the header of what was received.

    All letters that are written alike must follow one another; most headers must have their colon, and below a comment
    there must be several operations.
    """
    outer = [one for one in met if one.outer and one.kind == "letter" and one.mark["label"].isupper()]
    found = [one for one in outer if one.opening >= (Opening.HEADER if one.mark["open"] else Opening.SPECIMEN)]
    if not any(one.opening >= Opening.SPECIMEN for one in found):
        return ()
    if sum(one.heads for one in found) < _MOST_HEADED * len(found):
        return ()
    form = form_of(found[0].mark)
    if [one for one in outer if form_of(one.mark) == form] != found:
        return ()
    if any(not 1 <= after.first - one.last <= _MOST_LOST for one, after in pairwise(found)):
        return ()
    if found[0].mark.start() >= details:
        enough = sum(one.opening is Opening.OPERATION for one in found) >= _FEWEST_BELOW
    else:
        enough = len(found) > 1 or bool(found[0].mark["open"]) or found[0].opening is Opening.OPERATION
    return tuple(found) if enough else ()


def _may_open(one: Candidate, text: str) -> bool:
    """Whether the first label found may be the first part's."""
    mark = one.mark
    if one.first <= _LATEST_FIRST and _NO_WORDS.fullmatch(text, 0, mark.start()) and one.opening >= Opening.SPECIMEN:
        return True  # nothing is left of the parts before it
    if mark["word"]:
        return mark.start() <= _WORDS_FROM_START and (one.first == 1 or mark["word"].strip() != "#")
    if one.kind == "number":
        # After an organ the numbers list its findings: "Kidney, nephrectomy: 1. Histologic type: ...".
        return one.first == 1 and mark.start() <= _NUMBERS_FROM_START and not organ_of(text[: mark.start()])
    if mark["label"][0].islower():
        return False
    return mark.start() <= (_LETTERS_FROM_START if one.first == 1 else 3) and one.first <= 8


def _may_open_late(one: Candidate, text: str) -> bool:
    """Whether a label may be the first one left: a summary stands before it, or the first part without its label."""
    mark, lead = one.mark, text[: one.mark.start()]
    if (
        one.first > _LATEST_FIRST
        or "/" in mark["label"]
        or mark["close"].startswith(",")
        or (mark.start() > _SUMMARY_CHARS and not (one.first == 1 and one.listed))
        or mark["label"].islower()
    ):
        return False
    if one.opening < (Opening.HEADER if one.listed and mark["open"] else Opening.SPECIMEN):
        return False
    if one.first == 1:
        if one.kind == "number" and not (one.listed and one.opening is Opening.OPERATION):
            return False
        return bool(mark["word"]) or not _is_headed(lead)
    return _is_headed(lead)


def _is_headed(text: str) -> bool:
    """Whether a text begins with the header of a part."""
    return opening_of(text[:HEADER_CHARS]) >= Opening.HEADER
