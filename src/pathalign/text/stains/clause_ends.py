"""Where clauses about stains end: a full stop that a cleaned report sets at each line end cuts no result apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pathalign.text.phrases import Mention
from pathalign.text.stains.stain import Stain

_CLAUSE_END = re.compile(r"[;\n]|\.(?=\s|$)")
_AROUND = 48
"""Characters that are looked at on either side of a full stop."""
_OPEN_WORD = re.compile(
    r"(?:[,/&;]|\b(?:and|or|of|in|with|to|for|the|by|from|at|on|is|are|was|were|both|that|which|be|as|than|per|shows?|"
    r"demonstrates?|express(?:es|ing)?|lacks?|but|including|fail(?:s|ed)?|strongly|weakly|focally|diffusely|anti)|(?:positive|negative|proteins|for)(?:\s\w+)?\s?:)$",
    re.IGNORECASE,
)
_CARRIED_ON = re.compile(
    r"(?:AND|OR|WITH|WHICH|ARE|IS|WAS|WERE|SHOWS?|DEMONSTRATES?|REVEALS?|HIGHLIGHTS?|CONFIRMS?|BUT)\s"
)
_OPEN_BRACKET, _CLOSE_BRACKET = re.compile(r"\([^()]{1,24}$"), re.compile(r"[^()]{1,24}\)")
_OPEN_NO = re.compile(r"[a-z,] (?:no|not|without|any)$")
_NAME_IN_SMALL = re.compile(r"p\W?\d|c-|bcl|ki-?\d|s-?100|h?(?:mlh|msh|pms)|[yr]?p?[TNM]\d|pTN", re.IGNORECASE)
"""Small letters that begin a statement: names of markers, stages."""
_HOW = (
    r"(?:(?:strong(?:ly)?|weak(?:ly)?|focal(?:ly)?|diffuse(?:ly)?|moderate(?:ly)?|patchy|intermediate|membranous|nuclear|"
    r"cytoplasmic|complete|no|not|and|to)[\s,.]{1,3}){0,4}"
)
_SAID = (
    r"(?:immuno)?(?:positiv[ea]|negative|reactive)\b|non-?reactive\b|equivocal\b|intact\b|retained\b|lost\b|loss\b|over-?expressed\b|expressed\b|detected\b|allred\b|"
    r"[(\[]?\s?[+-]{1,3}|[<>~≤≥]?\s?\d{1,3}(?:\.\d{1,4})?\s?%|[0-3]\s?\+|z[eo]ro or 1\s?\+|[tc]ps\s?[<>≥:=]{0,2}\s?\d"
)
_STAIN_NOUN = r"index|rate|immunostain\w*|stain(?:s|ing)?|receptors?|status|expression|by ihc|ihc|immunohistochemistry"
_VERDICT_FOLLOWS = re.compile(
    rf"[):=\s-]*{_HOW}(?P<said>{_SAID}|(?:staining|expression|(?:immuno)?reactivity)\b)|(?:{_STAIN_NOUN})\b",
    re.IGNORECASE,
)
_SEMICOLON_FOR_COLON = re.compile(rf"[\s.]*(?:high\s|low\s)?[(]?{_HOW}(?:{_SAID})", re.IGNORECASE)
_CLOSED_SOON = re.compile(r"[^();]{0,30}\)\s?:")
_UNCLOSED = re.compile(r"(?:\s?\([^()\[\];]{0,24})?\s?")
_UP_TO_STOP = re.compile(
    rf"\)?(?:\s?[(\[][^()\[\]]{{0,40}}[)\]])?(?:\s|[:=-]|\b(?:{_STAIN_NOUN}|proliferation)\b)*", re.IGNORECASE
)
_OF_TISSUE = re.compile(
    r"[^\w.]*(?:for\s+(?:the\s+|any\s+|metastatic\s+|invasive\s+|residual\s+){0,2}(?:tumou?r|malignan|carcinoma|metasta|"
    r"dysplasia|neoplas|cancer|adenocarcinoma|lymphoma|melanoma)|(?:lymph|nodes?|margins?|resection|surgical|controls?)\b)",
    re.IGNORECASE,
)

_SKIPPED, _NEAR = 1200, 700
"""A stretch without a marker is read no further than `_NEAR` from one, where it is longer than `_SKIPPED`."""
_RANGES = re.compile(r"[<>≤≥]\s?\d{1,3}(?:\.\d{1,2})?\s?%?[.,\s]{1,3}[<>≤≥]")
"""The row of a table that says what counts as what: "<5%. >5%"."""


def clauses(text: str, markers: Sequence[Mention[Stain]] = ()) -> Iterator[tuple[int, int]]:
    """Where the clauses of a text stand: between full stops, semicolons and line ends; `markers` are its stains."""
    start = at = 0
    cut = _CLAUSE_END.search(text)
    while cut:
        while at < len(markers) and markers[at].end <= cut.start():
            at += 1
        last = markers[at - 1].end if at and markers[at - 1].start >= start else None
        inside = at < len(markers) and markers[at].start < cut.start()
        if not inside and ((cut[0] == ";" and not _is_colon(text, cut, last)) or not _goes_on(text, start, cut, last)):
            yield start, cut.start()
            start = cut.end()
        cut = _CLAUSE_END.search(text, _near_a_marker(text, cut.end(), at, markers))
    yield start, len(text)


def _near_a_marker(text: str, after: int, at: int, markers: Sequence[Mention[Stain]]) -> int:
    """Where to read on: `after`, or, where the markers on both sides are far, near to the next one."""
    if not markers or (at and after - markers[at - 1].end < _NEAR):
        return after
    following = markers[at].start if at < len(markers) else len(text)
    return following - _NEAR if following - after > _SKIPPED else after


def _is_colon(text: str, cut: re.Match[str], last_marker: int | None) -> bool:
    """Whether a semicolon stands where a colon should: "Ki-67; 40 %"."""
    return (
        last_marker is not None
        and cut.start() - last_marker < _AROUND
        and _UNCLOSED.fullmatch(text, last_marker, cut.start()) is not None
        and (_SEMICOLON_FOR_COLON.match(text, cut.end()) or _CLOSED_SOON.match(text, cut.end())) is not None
    )


def _goes_on(text: str, start: int, cut: re.Match[str], last_marker: int | None) -> bool:
    """Whether a full stop or line end stands within a sentence: an open word before it, small letters, or a verdict."""
    before = text[max(start, cut.start() - _AROUND) : cut.start()].rstrip(" .\n\r\t")
    after = text[cut.end() : cut.end() + _AROUND].lstrip(" .\n\r\t")
    if not before or not after:
        return False
    if cut[0] == ";":
        return True
    if _OPEN_BRACKET.search(before) and _CLOSE_BRACKET.match(after):
        return True
    if _OPEN_NO.search(before) and after[0].isalpha():
        return True
    if _OPEN_WORD.search(before) or _CARRIED_ON.match(after):
        return True
    if after[0].islower() and not _NAME_IN_SMALL.match(after):
        return True
    if last_marker is None or cut.start() - last_marker > _AROUND:
        return False
    if after[0] in "([" and cut.start() - last_marker <= 1:
        return True  # "PAX8. (focal)"
    if _UP_TO_STOP.fullmatch(text, last_marker, cut.start()) is None:
        return False
    said = None if _RANGES.match(after) else _VERDICT_FOLLOWS.match(after)
    return said is not None and _OF_TISSUE.match(after, said.end()) is None
