"""The parts (A, B, 1, 2) of a diagnosis: where each begins and ends, its label, its header.

Offsets are characters of the report as given. Labels must come in order, since letters and numbers also head the lists
inside a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pathalign.text.diagnoses import Span
from pathalign.text.headings import Heading
from pathalign.text.malignancy import is_malignant
from pathalign.text.organ import organ_of
from pathalign.text.sections import detail_start

_MARK = re.compile(
    # Within a word only a digit, a bracket or a "#" may begin a label; told first, since most letters are within one.
    r"(?<![A-Za-z](?![\d(\[#]))(?P<open>[(\[]?)(?P<word>\b(?:(?:PART|SPECIMEN)S?|(?-i:PART\.))\s*[#(]?\s*(?!S\b)|\#\s?)?"
    r"(?P<label>(?<![A-Za-z])(?:FS(?=[A-Z]\b))?[A-Z](?:\.?,?\s?(?:[-/,&]|and)\s?[A-Z](?![A-Za-z])){0,9}(?![A-Za-z0-9'’])"
    r"|(?<![\d.])\d{1,2}(?:\.?\s?(?:[-/,&]|and)\s?\d{1,2}(?=\s?[.:)]))?(?![\d%/])"
    r"|(?<=PART )\d(?=[15]? [A-Z]{4}))"  # "PART 2 NODE", "PART 25 NODE": a colon lost, or read as a digit
    r"\s?(?P<close>[)\]]\.?|\.:|[.:](?!\d)|-(?=\s|[A-Z]{3})|(?<=\d),\.?(?= [A-Z])"
    r"|(?<=PART \w)(?:[15]?(?= [A-Z]{4})))(?=[\s\"'(A-Z\-]|$)",
    re.IGNORECASE,
)
# Where a mark may stand: most letters of a text are told by this, and the long pattern is for the rest.
_PLACE = re.compile(r"(?:^|[.:;)\]!?\-\"*\n]) *|(?<=[a-z,] )(?=(?:1|[aA])\))")
_PROCEDURE = re.compile(
    r"\b(?:\w*tomy|biops\w+|excision|resection|dissection|margin|amputation|removal|curett\w+|bx)\b", re.IGNORECASE
)
_OPERATION = re.compile(
    r"\b(?:\w+ectomy|\w*otomy|biops\w+|excision|dissection|amputation|curett\w+|bx)\b", re.IGNORECASE
)
_SAID = re.compile(r"\.\s|:|\b(?:no|not|without|negative|free|benign|normal)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"")
_LABEL_EDGES = re.compile(r"^\s*(?:parts?|specimens?)?\s*[#(]*\s*(?:fs(?=[a-z]$))?|[\s).:\]-]+$", re.IGNORECASE)
_JOINED, _RANGE = re.compile(r"\.?,?\s*(?:and|[,&/])\s*", re.IGNORECASE), re.compile(r"\s*-\s*")
_DASHED = re.compile(r"(?<=[\w)\]'\"])(?<!(?i:salpingo)) ?-\.\s(?![a-z])")  # "LUNG, BIOPSY -.": a dash at a line's end
_COLON = re.compile(r":(?!\d)")
_OTHER_END = re.compile(r"\s+[-–]\s*|\n|\.\s|\.?$|\s{3,}")
_ENDS_BEFORE = frozenset('.:;)]!?-"*')
_LOST_COLON = re.compile(
    r"(?i:biopsy|excision|dissection|ectomy|\bbx)\.?\)?(?P<end>\s)(?=Neg|NEG|No |NO |Benign|BENIGN|Pos|POS|Meta|META|"
    r"Inva|INVA|Chronic|CHRONIC|One |ONE |Two |TWO )"
)  # "Spleen, biopsy Negative for tumor."
# "Specimen type: lobectomy" is a field of a table, not a header.
_FIELD = re.compile(
    r"(?:specimen|tumou?r|histologic\w*|microscopic|diagnos\w+|procedure|note)\b(?! (?:of|from))", re.IGNORECASE
)
_HEADER_CHARS, _MOST_WORDS, _FEW_WORDS = 250, 14, 9
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
_LOSS, _HEADED = 0.6, 0.3
"""What a lost label costs a chain of labels, and a header gains it; a label counts one."""
_SPECIMEN_PREFIX = re.compile(r"\s*SPECIMENS?\b|\s*SP\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartSpan:
    """One part: `body` is where the text after its label begins."""

    label: str
    start: int
    body: int
    end: int


def find_parts(
    report: str, span: Span, received: frozenset[str] = frozenset(), headings: Sequence[Heading] = ()
) -> tuple[PartSpan, ...]:
    """The labelled parts of a diagnosis in order; none when the diagnosis is not divided.

    `received` are the labels under which the report lists what was received, if it does; `headings` are those of the
    report.
    """
    text = report[span.start : span.end]
    details = detail_start(headings, span.start, span.end) - span.start
    marks = max(_in_order(text, received, details), _out_of_order(text, details), key=len)
    if not marks:
        return ()
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    lead = marks[0].start()
    before: tuple[PartSpan, ...] = ()
    if 1 < _places(marks[0])[0] <= _LATEST_FIRST and lead > _AT_START and _is_headed(text[:lead]):
        label = "1" if marks[0]["label"][0].isdigit() else "A"
        before = (PartSpan(label=label, start=span.start, body=span.start, end=span.start + lead),)
    return before + tuple(
        PartSpan(
            label=normal_label(mark["label"]),
            start=span.start + mark.start(),
            body=span.start + mark.end(),
            end=span.start + end,
        )
        for mark, end in zip(marks, ends, strict=True)
    )


def listed_labels(report: str, lists: Iterable[Span]) -> frozenset[str]:
    """The labels of lists of what was received, where they count up from the first one."""
    found: set[str] = set()
    for span in lists:
        text = report[span.start : span.end]
        labels = [normal_label(mark["label"]) for mark in _marks(text) if _begins(mark, text)]
        found.update(label for at, label in enumerate(labels) if label in (str(at + 1), chr(ord("A") + at)))
    return frozenset(found)


@lru_cache(maxsize=256)
def normal_label(label: str) -> str:
    """A label in its one spelling: "Part a", "A." and "(A)" are "A", "g / h" is "G/H"; "" for an empty one."""
    bare = _LABEL_EDGES.sub("", label)
    return _JOINED.sub("/", _RANGE.sub("-", bare)).upper()


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


@lru_cache(maxsize=256)
def split_header(text: str) -> tuple[str, str]:
    """(header, findings) of a part's text; the header is "" when the text begins with a finding.

    A header ends at a colon, or at a dash, a line end or a full stop when it names an organ or an operation and no
    diagnosis; a colon may be lost after an operation.
    """
    prefix = _SPECIMEN_PREFIX.match(text)
    if prefix and prefix[0].rstrip().endswith(":"):
        text = text[prefix.end() :]
    head = text[:_HEADER_CHARS]
    for end in (_DASHED, _COLON, _OTHER_END, _LOST_COLON):
        cut = None if end is _DASHED and "-." not in head else end.search(head)
        if cut is None:
            continue
        written = head[: cut.start("end") if end is _LOST_COLON else cut.start()]
        header = written.strip(" .-\n\"'")
        if _FIELD.match(header):
            return "", text
        named = end is not _OTHER_END or (
            (organ_of(header) or _OPERATION.search(header)) and len(header.split()) <= _MOST_WORDS
        )
        if named and header.count(". ") <= 2 and header.count(";") <= 2 and not _states(written) and len(header) > 2:
            return header, text[cut.end() :]
    return "", text


def _states(header: str) -> bool:
    """Whether a header states a finding; what a surgeon quoted does not, nor does "cyst" beside the operation."""
    verdict = is_malignant(_QUOTED.sub(" ", header) if '"' in header else header)
    if verdict is False and len(header.split()) <= _FEW_WORDS and not _SAID.search(header):
        return _OPERATION.search(header) is None
    return verdict is not None


@dataclass(frozen=True, slots=True)
class _Chain:
    """Labels that carry on from one another, and how well they do."""

    score: float
    marks: tuple[re.Match[str], ...]


def _in_order(text: str, received: frozenset[str], details: int) -> tuple[re.Match[str], ...]:
    """The marks that carry on from one another: A, B, C or 1, 2, 3, with a label or two lost to bad scanning.

    Letters and numbers may both be there, one within the other: labels with the word "part" are taken first, then
    those of the kind that opens first.
    """
    chains: dict[str, dict[int, _Chain]] = {"word": {}, "letter": {}, "number": {}}
    opened: list[str] = []
    nested = 0
    begun: set[str] = set()
    for mark in _marks(text):
        first, last = _places(mark)
        kind = _kind(mark)
        if not _begins(mark, text):
            if first == 1 and mark["close"].startswith(")") and not mark["open"]:
                begun.add(kind)  # a list within a sentence: "with 1) ...; 2) ..."
            continue
        listed = normal_label(mark["label"]) in received
        headed = _is_headed(text[mark.end() : mark.end() + _HEADER_CHARS])
        joined = last > first and "/" not in mark["label"]  # "(1/2)." counts nodes
        if kind == "number" and not headed and not listed:
            # A numbered list inside a part starts again at one and counts on its own.
            nested = 1 if first == 1 else nested + (first == nested + 1)
        best = _extended(
            chains[kind], first, kind=kind, certain=headed or listed or joined, small=mark["label"][0].islower()
        )
        if kind == "letter" and received and not listed and not headed and len(received) > 1 and "A" in received:
            best = None
        gain = 1 + _HEADED * headed
        grown: _Chain | None = None
        if best is not None:
            grown = _Chain(best.score + gain, (*best.marks, mark))
        elif mark.start() < details and (
            ((first == 1 or kind not in opened) and _may_open(mark, text))
            or (kind not in begun and _may_open_late(mark, text))
        ):
            grown = _Chain(gain, (mark,))
        if first == 1:
            begun.add(kind)
        if grown is None:
            continue
        # "A and C" may be followed by D, or by the B that it left out.
        for end in {last, first if "/" in normal_label(mark["label"]) else last}:
            known = chains[kind].get(end)
            if known is None or grown.score > known.score:
                chains[kind][end] = grown
                if kind not in opened:
                    opened.append(kind)
    best_of = [max(chains[kind].values(), key=lambda chain: chain.score).marks for kind in opened]
    if not best_of:
        return ()
    spoken = best_of[opened.index("word")] if "word" in opened else ()
    # "1. Left wall: part # 1. 2. Dome: part # 2." is numbered, and says so again.
    again = len(spoken) <= len(best_of[0]) and best_of[0][0].start() <= _AT_START
    return spoken if spoken and not again else best_of[0]


def _out_of_order(text: str, details: int) -> tuple[re.Match[str], ...]:
    """The headed marks of a diagnosis whose first label is not the first one: D, B, C, A, or C alone."""
    found: dict[str, re.Match[str]] = {}
    opening: re.Match[str] | None = None
    for mark in _marks(text):
        if opening is None and (mark.start() > _AT_START or _places(mark)[0] == 1 or mark["label"] in _ROMAN):
            return ()
        if mark.start() >= details:
            break
        if not _begins(mark, text) or not _names_specimen(text[mark.end() : mark.end() + _HEADER_CHARS]):
            continue
        opening = opening or mark
        if (_kind(mark), mark["label"].isupper()) == (_kind(opening), opening["label"].isupper()):
            found.setdefault(normal_label(mark["label"]), mark)
    # "9. ... 1. ..." are no nine parts.
    if opening is None or (_kind(opening) == "number" and _places(opening)[0] > len(found)):
        return ()
    return tuple(found.values())


def _extended(known: dict[int, _Chain], place: int, *, kind: str, certain: bool, small: bool) -> _Chain | None:
    """The best chain that a label may carry on, less what lost labels cost; None when there is none.

    A number carries on only where a header follows, a small letter ("c." for "C.") too, and any label after a gap.
    """
    if kind == "word":
        gaps = range(1, _MOST_LOST_WORDS + 1)
    else:
        gaps = range(1, _MOST_LOST + 2) if certain else range(1, 1 + (kind == "letter" and not small))
    found = [
        _Chain(chain.score - _LOSS * min(gap - 1, 1 + _MOST_LOST), chain.marks)
        for gap in gaps
        if (chain := known.get(place - gap)) is not None
    ]
    return max(found, key=lambda chain: chain.score, default=None)


def _marks(text: str) -> Iterator[re.Match[str]]:
    """The marks of a text in order: those where a sentence may begin, and the first of a list within one."""
    end = 0
    for place in _PLACE.finditer(text):
        mark = _MARK.match(text, place.end()) if place.end() >= end else None
        if mark is not None:
            end = mark.end()
            yield mark


def _begins(mark: re.Match[str], text: str) -> bool:
    """Whether a mark stands where a sentence or line begins."""
    before = text[max(0, mark.start() - 20) : mark.start()].rstrip(" ")
    if mark["label"][0] == "0":
        return False
    if mark["open"] and "/" in mark["label"] and mark["label"][0].isdigit():
        return False  # "(2/40)" counts nodes
    if mark["close"] == ")." and not mark["open"] and before.rfind("(") > before.rfind(")"):
        return False  # "(see also. Part 4)."
    return not before or before[-1] in _ENDS_BEFORE or before[-1] == "\n"


def _places(mark: re.Match[str]) -> tuple[int, int]:
    """The numbers of the first and last label of a mark in their alphabet, from one."""
    singles = re.findall(r"\d{1,2}|(?<![A-Z])[A-Z](?![A-Z])|(?<=FS)[A-Z]", mark["label"].upper())
    return _place(singles[0]), _place(singles[-1])


def _may_open(mark: re.Match[str], text: str) -> bool:
    """Whether the first label found may be the first part's."""
    first = _places(mark)[0]
    if mark["word"]:
        return mark.start() <= _WORDS_FROM_START and (first == 1 or mark["word"].strip() != "#")
    if mark["label"][0].isdigit():
        # After an organ the numbers list its findings: "Kidney, nephrectomy: 1. Histologic type: ...".
        return first == 1 and mark.start() <= _NUMBERS_FROM_START and not organ_of(text[: mark.start()])
    if mark["label"][0].islower():
        return False
    return mark.start() <= (_LETTERS_FROM_START if first == 1 else 3) and first <= 8


def _may_open_late(mark: re.Match[str], text: str) -> bool:
    """Whether a label may be the first one left: a summary stands before it, or the first part without its label."""
    first, lead = _places(mark)[0], text[: mark.start()]
    if (
        first > _LATEST_FIRST
        or "/" in mark["label"]
        or mark["close"].startswith(",")
        or mark.start() > _SUMMARY_CHARS
        or mark["label"].islower()
    ):
        return False
    if not _names_specimen(text[mark.end() : mark.end() + _HEADER_CHARS]):
        return False
    if first == 1:
        return bool(mark["word"] or (_kind(mark) == "letter" and not _is_headed(lead)))
    return _is_headed(lead)


def _kind(mark: re.Match[str]) -> str:
    return "word" if mark["word"] else "number" if mark["label"][0].isdigit() else "letter"


def _place(label: str) -> int:
    return int(label) if label.isdigit() else ord(label.upper()) - ord("A") + 1


def _is_headed(text: str) -> bool:
    """Whether what follows a label looks like a part's header rather than an item of a list."""
    header, _ = split_header(text.lstrip(" -"))
    return bool(header) and (
        bool(organ_of(header)) or header == header.upper() or "," in header or _PROCEDURE.search(header) is not None
    )


def _names_specimen(text: str) -> bool:
    """Whether what follows a label is a header that names an organ or an operation."""
    header, _ = split_header(text.lstrip(" -"))
    return bool(header) and (bool(organ_of(header)) or _PROCEDURE.search(header) is not None)
