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
    r"(?:[,/&]|\b(?:and|or|of|in|with|to|for|the|by|from|at|on|is|are|was|were|both|that|which|be|as|than|per|shows?|"
    r"demonstrates?|strongly|weakly|focally|diffusely|anti))$",
    re.IGNORECASE,
)
_CARRIED_ON = re.compile(r"(?:AND|OR|WITH|WHICH|ARE|IS|WAS|WERE)\s")
_NAME_IN_SMALL = re.compile(r"p\W?\d|c-|bcl|ki-?\d|s-?100|h?(?:mlh|msh|pms)|[yr]?p?[TNM]\d|pTN", re.IGNORECASE)
"""Small letters that begin a statement: names of markers, stages."""
_SAID = (
    r"(?:immuno)?(?:positive|negative|reactive)\b|non-?reactive\b|equivocal\b|intact\b|retained\b|lost\b|loss\b|"
    r"[(\[]?\s?[+-]{1,3}|[<>~≤≥]?\s?\d{1,3}(?:\.\d{1,4})?\s?%|[0-3]\s?\+"
)
_STAIN_NOUN = r"index|rate|immunostain\w*|stain(?:s|ing)?|receptors?|status|expression|by ihc|ihc|immunohistochemistry"
_VERDICT_FOLLOWS = re.compile(rf"[:=\s]*(?P<said>{_SAID})|(?:{_STAIN_NOUN})\b", re.IGNORECASE)
_UP_TO_STOP = re.compile(
    rf"\)?(?:\s?[(\[][^()\[\]]{{0,40}}[)\]])?(?:\s|[:=-]|\b(?:{_STAIN_NOUN}|proliferation)\b)*", re.IGNORECASE
)
_OF_TISSUE = re.compile(
    r"\W*(?:for\s+(?:the\s+|any\s+|metastatic\s+|invasive\s+|residual\s+){0,2}(?:tumou?r|malignan|carcinoma|metasta|"
    r"dysplasia|neoplas|cancer|adenocarcinoma|lymphoma|melanoma)|(?:lymph|nodes?|margins?|resection|surgical|controls?)\b)",
    re.IGNORECASE,
)

_RANGES = re.compile(r"[<>≤≥]\s?\d{1,3}(?:\.\d{1,2})?\s?%?[.,\s]{1,3}[<>≤≥]")
"""The row of a table that says what counts as what: "<5%. >5%"."""


def clauses(text: str, markers: Sequence[Mention[Stain]] = ()) -> Iterator[tuple[int, int]]:
    """Where the clauses of a text stand: between full stops, semicolons and line ends; `markers` are its stains."""
    start = at = 0
    for cut in _CLAUSE_END.finditer(text):
        while at < len(markers) and markers[at].end <= cut.start():
            at += 1
        last = markers[at - 1].end if at and markers[at - 1].start >= start else None
        if cut[0] == ";" or not _goes_on(text, start, cut, last):
            yield start, cut.start()
            start = cut.end()
    yield start, len(text)


def _goes_on(text: str, start: int, cut: re.Match[str], last_marker: int | None) -> bool:
    """Whether a full stop or line end stands within a sentence: an open word before it, small letters, or a verdict."""
    before = text[max(start, cut.start() - _AROUND) : cut.start()].rstrip(" .\n\r\t")
    after = text[cut.end() : cut.end() + _AROUND].lstrip(" .\n\r\t")
    if not before or not after:
        return False
    if _OPEN_WORD.search(before) or _CARRIED_ON.match(after):
        return True
    if after[0].islower() and not _NAME_IN_SMALL.match(after):
        return True
    if last_marker is None or cut.start() - last_marker > _AROUND:
        return False
    if _UP_TO_STOP.fullmatch(text, last_marker, cut.start()) is None:
        return False
    said = None if _RANGES.match(after) else _VERDICT_FOLLOWS.match(after)
    return said is not None and _OF_TISSUE.match(after, said.end()) is None
