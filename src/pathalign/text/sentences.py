"""A run of report text as single findings, without the line breaks that cut sentences apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pathalign.text.normalise import tidy

# Cleaned reports end every line with a full stop, so a sentence that goes on in small letters, or whose last word
# cannot end one, was broken by the line and not by its author.
_BROKEN = re.compile(
    r"(?P<end>,|-|\b(?:and|or|of|in|with|to|for|the|(?<!/)a|an|by|from|at|on|is|are|was|"
    r"(?<![:?=] )(?<!unit )(?<!test )(?<!case )(?<!block )(?<!slide )(?<!serial )(?:no|not)|"
    r"without|involving|invading|squamous cell|basal cell|transitional cell|moderately|poorly|lymphovascular|"
    r"perineural|surgical|(?<!: )(?:upper|lower|inner|outer|left|right)|ductal|lobular|urothelial|metastatic|"
    r"invasive|infiltrating|submandibular|nodular|greatest|largest|closest|nearest|maximum|maximal|characterized|"
    r"see|into|than|as|measuring|over|within|through|per|least|its|both|one|two|three))\.?\s+$",
    re.IGNORECASE,
)
# A verdict ends a sentence, unless what it is about follows: "NEGATIVE. FOR TUMOR".
_VERDICT = re.compile(r"\b(?:positive|negative|free)\.?\s*$", re.IGNORECASE)
_ABOUT = re.compile(r"(?:for|of|from|by|in|at|to)\b", re.IGNORECASE)
# In a text in capitals these words begin no sentence; a count of nodes alone belongs to what stands before it.
_CARRIED_ON = re.compile(
    r"(?:OF|OR(?! CONS| DIAG| ROOM)|AND|WITH|WITHIN|INTO|THAN|WHICH|THAT|ARE|IS|WAS|WERE)\s"
    r"|\(\s?\d{1,3}\s?(?:/|of)\s?\d{1,3}\s?\)"
)
_LAST_WORDS = frozenset(re.findall(r"[a-z]+", _BROKEN.pattern))
_LAST_LETTERS = frozenset(word[-2:] for word in _LAST_WORDS)
_LAST_WORD = re.compile(r"([A-Za-z]+|[,-])\.?\s*$")
_SPLIT = re.compile(
    r"[.\s;\-–•*](?:(?<=\.)\.*(?=\s|$)(?P<stop>\s*)|(?<=\s)(?:\s*\n|(?<=\n))(?P<line>\s*)|"
    r"(?P<bullet>(?<=[\s:][-–•*])[-–•*]*\s+(?=[A-Z0-9\"(])|(?<=:\s[-–•*])(?=[A-Z]))|(?<=;)(?P<semi>\s*$))"
)
# "1." after a colon opens a list, unless what the colon follows is graded ("Histologic grade: 1. Margins ...").
_LIST_MARK = re.compile(
    r"[(\da-ivxA-Z](?<![A-Za-z\d][A-Za-z])"  # told first: few letters are a mark, and none within a word
    r"(?:(?<=[.;\n]\s.)|(?<=[;\n].)|(?<=[^\d]\..)(?<!\W[A-Z]\..)|(?<=^.)|"
    r"(?<=:\s.)(?<!(?i:grade):\s.)(?<!(?i:score):\s.)"
    r"(?<!(?i:examined):\s.)(?<!(?i:involved):\s.)(?<!(?i:positive):\s.)(?<!(?i:number):\s.)"
    r"(?<=(?=\(?[1iaIA][.)]).))"
    r"(?:(?<=\()(?:\d{1,2}|[ivxIVX]{1,4}|[a-hA-H])\)\.?|"
    r"(?:(?<=\d)\d?|(?<=[ivxIVX])[ivxIVX]{0,3}|(?<=[a-hA-HJ-Z]))(?:\)\.?|\.(?=\s+[A-Za-z])))\s*"
)
_LONE_NEGATION = re.compile(r"[\W_]*(?:no|not|without|negative for|free of|no evidence of)[\W_]*", re.IGNORECASE)
_LABEL = re.compile(r"[yr]?p[TNM]\s?[\dXOxi]|p\d|pTNM?\b")
_ABBREVIATION = re.compile(
    r"\b(?:(?P<doctor>dr)|(?P<number>no)|(?<!/)(?<![A-Z]\.)[A-Z]|(?<=\bU\.)S|diam|vs|approx|dept|st|cf|e\.g|i\.e|etc|"
    r"fig)$",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\b[A-Z]$")
_NUMBERED = re.compile(r"\d|[IVX]+\b")
# After a doctor whose name was taken out.
_NO_NAME = re.compile(
    r"(?:Sections?|Th(?:e|is|ese|ere)|Microscop\w+|Gross|Tumou?r|Note|Attending|Comments?|Diagnos\w+|Final|Specimens?|"
    r"Results?|Immuno\w+|No|See|Further|Additional|Received|Representative|Registrar|Validated|Reported|Resident|In|On|"
    r"At|It|We|[A-Z]{4,})\b"
)
_NUMBER_BREAK = re.compile(r"\.(?:(?<=\bgrade\.)\s+(?=\d)|(?<=\d\.)\s+(?=(?:of|out of|cm|mm|x)\b))", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{2}")
_EDGES = " \t\n\r.;,:-–—•·*▪●>"
_LONGEST_CUE = 30
_LONG_WORD = 7
"""Letters of a word that is longer than any abbreviation."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finding: its text, tidy and without a final full stop, and where it stands."""

    text: str
    start: int
    end: int


def sentences(text: str, start: int = 0, end: int | None = None) -> tuple[Sentence, ...]:
    """The findings of a text, or of a stretch of it, in order; offsets are those of the whole text.

    Sentences end at a full stop, a line end or a bullet; a break within a sentence is mended where small letters or
    an open connective ("with", "of", a comma) show it.
    """
    # Marks of lists and full stops within numbers make room for as many spaces, so that offsets hold.
    text = _NUMBER_BREAK.sub(_blank, _LIST_MARK.sub(_line_end, text[start : len(text) if end is None else end]))
    found: list[Sentence] = []
    held: list[str] = []
    first = at = 0
    for cut in _SPLIT.finditer(text):
        held.append(text[at : cut.start()])
        at = cut.end()
        tail = "".join(held[-4:])[-_LONGEST_CUE:]
        goes_on = text[at : at + 1].islower()
        if cut.lastgroup == "stop":
            mended = (goes_on and not _starts_label(text, at)) or _is_broken(tail) or _is_carried_on(tail, text, at)
            mended = mended or (not _ends_long(tail) and _is_abbreviated(tail, text, at))
            if "\n" in cut["stop"] and _LETTER.search(tail):
                mended = False  # "see specimen A. 2. ...": the mark of a list stood here
        else:
            mended = cut.lastgroup == "line" and (goes_on or _is_broken(tail))
        # A "no" cut off from what it denies would leave that stated.
        if (mended and tail.strip()) or _LONE_NEGATION.fullmatch(tail):
            held.append(" ")
            continue
        found += _finding("".join(held), text, first, cut.start(), start)
        held, first = [], at
    found += _finding("".join(held) + text[at:], text, first, len(text), start)
    return tuple(found)


def _is_broken(tail: str) -> bool:
    """Whether a line ends within a sentence; the last word alone tells it from most that do not."""
    ending = tail.rstrip().removesuffix(".")[-2:].lower()
    if ending not in _LAST_LETTERS and not ending.endswith((",", "-", "a")):
        return False
    last = _LAST_WORD.search(tail)
    return (
        last is not None
        and (last[1] in ",-" or last[1].lower() in _LAST_WORDS)
        and _BROKEN.search(tail + " ") is not None
    )


def _is_carried_on(tail: str, text: str, at: int) -> bool:
    """Whether what follows a full stop belongs to what stands before it, whatever the case of its letters."""
    if _CARRIED_ON.match(text, at):
        return True
    return _ABOUT.match(text, at) is not None and _VERDICT.search(tail) is not None


def _is_abbreviated(tail: str, text: str, at: int) -> bool:
    """Whether a full stop is an abbreviation's: "no. 5", but not "Invasion: no. Margins ..."."""
    found = _ABBREVIATION.search(tail)
    if found is None:
        return False
    if found["number"]:
        return _NUMBERED.match(text, at) is not None
    return not found["doctor"] or _NO_NAME.match(text, at) is None


def _ends_long(tail: str) -> bool:
    """Whether a text ends with a word that is longer than any abbreviation."""
    return len(tail) >= _LONG_WORD and tail[-_LONG_WORD:].isalpha()


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _line_end(match: re.Match[str]) -> str:
    return "\n" + " " * (len(match[0]) - 1)


def _starts_label(text: str, at: int) -> bool:
    """Whether a new statement begins in small letters, as stage codes and stain names do ("pT2", "p53")."""
    return _LABEL.match(text, at) is not None


def _finding(held: str, text: str, first: int, last: int, offset: int) -> list[Sentence]:
    """The finding of the pieces held, which stand between two places of the text; none when it has no word."""
    line = tidy(held).strip(" .;,:-–•*")
    if not _WORD.search(line):
        return []
    raw = text[first:last]
    start = first + len(raw) - len(raw.lstrip(_EDGES))
    return [Sentence(line, offset + start, offset + first + len(raw.rstrip(_EDGES)))]
