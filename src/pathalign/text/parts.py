"""The parts (A, B, 1, 2) of a diagnosis: where each begins and ends, its label, its header.

Offsets are characters of the report as given. Labels must come in order, since letters and numbers also head the lists
inside a part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pathalign.text.malignancy import is_malignant
from pathalign.text.organ import organ_of
from pathalign.text.sections import Span, detail_start

_MARK = re.compile(
    r"(?P<open>[(\[]?)(?P<word>\b(?:PART|SPECIMEN)S?\s*[#(]?\s*)?"
    r"(?P<label>(?<![A-Za-z])[A-Z](?:\s?(?:[-/,&]|and|AND)\s?[A-Z](?![A-Za-z]))*(?![A-Za-z0-9'’])|(?<![\d.])\d{1,2}(?![\d%/]))"
    r"\s?(?P<close>[)\]]\.?|[.:](?!\d)|-(?=\s))(?=[\s\"'(A-Z\-]|$)",
    re.IGNORECASE,
)
_PROCEDURE = re.compile(r"\b(?:\w*ectomy|biops\w+|excision|resection|dissection|margin)\b", re.IGNORECASE)
_COLON = re.compile(r":(?!\d)")
_OTHER_END = re.compile(r"\s+[-–]\s*|\n|\.\s|\.?$|\s{3,}")
_ENDS_BEFORE = frozenset('.:;)]!?-"*')
# "Specimen type: lobectomy" is a field of a table, not a header.
_FIELD = re.compile(
    r"(?:specimen|tumou?r|histologic\w*|microscopic|diagnos\w+|procedure|note)\b(?! (?:of|from))", re.IGNORECASE
)
_HEADER_CHARS = 250
_NUMBERS_FROM_START = 40
_LETTERS_FROM_START = 160
"""Characters of preamble (a form's fields) that may stand between the section's heading and its first label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartSpan:
    """One part: `body` is where the text after its label begins."""

    label: str
    start: int
    body: int
    end: int


def find_parts(report: str, span: Span) -> tuple[PartSpan, ...]:
    """The labelled parts of a diagnosis in order; none when the diagnosis is not divided."""
    text = report[span.start : span.end]
    marks = _in_order(text)
    if not marks:
        return ()
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return tuple(
        PartSpan(
            label=normal_label(mark["label"]),
            start=span.start + mark.start(),
            body=span.start + mark.end(),
            end=span.start + end,
        )
        for mark, end in zip(marks, ends, strict=True)
    )


def normal_label(label: str) -> str:
    """A label in its one spelling: "Part a", "A." and "(A)" are "A", "g / h" is "G/H"; "" for an empty one."""
    bare = re.sub(r"^\s*(?:parts?|specimens?)?\s*[#(]*\s*|[\s).:\]-]+$", "", label, flags=re.IGNORECASE)
    return re.sub(r"\s*(?:and|[,&/])\s*", "/", re.sub(r"\s*-\s*", "-", bare), flags=re.IGNORECASE).upper()


def labels_within(label: str) -> frozenset[str]:
    """The single labels that a normal label stands for: "G/H" is G and H, "A-C" is A, B and C."""
    singles: set[str] = set()
    for piece in label.split("/"):
        first, _, last = piece.partition("-")
        if len(first) == len(last) == 1 and first <= last:
            singles.update(chr(code) for code in range(ord(first), ord(last) + 1))
        else:
            singles.add(piece)
    return frozenset(singles)


def split_header(text: str) -> tuple[str, str]:
    """(header, findings) of a part's text; the header is "" when the text begins with a finding.

    A header ends at a colon, or at a dash, a line end or a full stop when it names an organ and no diagnosis.
    """
    head = text[:_HEADER_CHARS]
    for end in (_COLON, _OTHER_END):
        cut = end.search(head)
        if cut is None:
            continue
        header = head[: cut.start()].strip(" .-\n\"'")
        if _FIELD.match(header):
            return "", text
        named = cut[0] == ":" or (organ_of(header) and len(header.split()) <= 14)
        if (
            named
            and header.count(". ") <= 2
            and header.count(";") <= 2
            and is_malignant(header) is None
            and len(header) > 2
        ):
            return header, text[cut.end() :]
    return "", text


def _in_order(text: str) -> list[re.Match[str]]:
    """The marks that carry on from one another: A, B, C or 1, 2, 3, with a label or two lost to bad scanning."""
    marks: list[re.Match[str]] = []
    nested = 0
    for mark in _MARK.finditer(text):
        before = text[max(0, mark.start() - 20) : mark.start()].rstrip(" ")
        if before and before[-1] not in _ENDS_BEFORE and before[-1] != "\n":
            continue
        numeric = mark["label"].isdigit()
        if not numeric and mark["label"] != mark["label"].upper():
            continue
        if not marks:
            if _may_open(mark, text):
                marks.append(mark)
            continue
        last = marks[-1]
        if numeric != last["label"].isdigit() or bool(mark["word"]) < bool(last["word"]):
            continue
        place = _place(mark["label"].split()[0][:2] if numeric else mark["label"][0])
        step = place - _place(last["label"] if numeric else last["label"][-1])
        headed = _is_headed(text[mark.end() :])
        if numeric and not headed:
            # A numbered list inside a part starts again at one and counts on its own.
            nested = 1 if place == 1 else nested + (place == nested + 1)
            continue
        if step == 1 or (step in (2, 3) and headed):
            marks.append(mark)
            nested = 0
    return marks


def _may_open(mark: re.Match[str], text: str) -> bool:
    """Whether the first label found may be the first part's."""
    if detail_start(text) < mark.start():
        return False
    if mark["label"].isdigit():
        opens = mark["label"] == "1" or bool(mark["word"])
        if mark["word"]:
            return opens and mark.start() <= _LETTERS_FROM_START
        # After an organ the numbers list its findings: "Kidney, nephrectomy: 1. Histologic type: ...".
        return opens and mark.start() <= _NUMBERS_FROM_START and not organ_of(text[: mark.start()])
    first = _place(mark["label"][0])
    return mark.start() <= (_LETTERS_FROM_START if first == 1 else 3) and first <= 8


def _place(label: str) -> int:
    return int(label) if label.isdigit() else ord(label.upper()) - ord("A") + 1


def _is_headed(text: str) -> bool:
    """Whether what follows a label looks like a part's header rather than an item of a list."""
    header, _ = split_header(text.lstrip(" -"))
    return bool(header) and (
        bool(organ_of(header)) or header == header.upper() or "," in header or _PROCEDURE.search(header) is not None
    )
