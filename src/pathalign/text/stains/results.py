"""What a report says of a stain: "ER positive (95 %)", "negative for CK20", "GMS: negative for fungal organisms"."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pathalign.text.phrases import Mention
from pathalign.text.stains.clause import Item, Kind, items_of, markers_by_clause
from pathalign.text.stains.special import special_verdict
from pathalign.text.stains.stain import Stain, StainKind
from pathalign.text.stains.verdicts import (
    Group,
    groups,
    is_by_gene,
    result_of_bracket,
    score_verdict,
    tidy,
    verdict_after,
    verdict_at_end,
    verdict_before,
    verdict_by,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StainResult:
    """One statement of a stain's result."""

    stain: Stain
    verdict: str
    """"positive", "negative", "equivocal", "retained", "lost", a pattern, or "" where only a value is given."""
    detail: str
    """"95 %", "3+", "for fungal organisms", "shows fibrosis", or ""."""
    start: int
    end: int
    """The clause in the text that was read."""
    before: bool = False
    """Whether the clause says that an earlier specimen gave the result."""

    @property
    def said(self) -> str:
        """The result in words: "positive (95 %)", "negative for fungal organisms", "20 %"."""
        if not self.verdict or not self.detail:
            return self.verdict or self.detail
        return f"{self.verdict} {self.detail}" if self.detail.startswith("for ") else f"{self.verdict} ({self.detail})"

    @property
    def shown(self) -> str:
        """What of it a model should say of the slide: the verdict, and the number only where there is none."""
        return (
            f"{self.verdict} {self.detail}"
            if self.verdict and self.detail.startswith("for ")
            else (self.verdict or self.detail)
        )


# A clause that gives no result of this tumour: to come, of another one, or of elsewhere.
_NO_RESULT = re.compile(
    r"\b(?:pending|ordered|will (?:be|follow)|to follow|recommend\w*|requested|request|history|"
    r"(?:prior|previous(?:ly)?)\s(?:[\w-]+\s){0,3}(?:carcinoma|cancer|tumou?r|malignan\w*|melanoma|lymphoma|disease)|"
    r"outside|not (?:performed|done|available|assessed)|cannot|insufficient|non-?contributory|controls?|may be|"
    r"if|when|associated|internal|non-?neoplastic|inhibitors?|therap\w+|cut-?off|forthcoming|deferred|helpful|useful|serum|defined|criteria|semi-?quantitat\w+|category|guidelines?)\b"
    r"|\ba (?:posi|nega)tive (?:ER|PR|HER\S{1,6})(?: or (?:ER|PR))? (?:tumou?r|result|case)\b"
    r"|\b(?:nega|posi)tive\s?[<>≤≥]=?\s?\d{1,2}(?:\.\d{1,2})?(?!\d|\s?%)",  # a table of what counts as what
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:prior|previous(?:ly)?|earlier)\b", re.IGNORECASE)
# What is said of controls beside a result.
_OF_CONTROLS = r"(?:adequate|appropriate(?:ly)?|proper|satisfactory|suitable|good|known|working|all|their|the|positive|"
_OF_CONTROLS += r"negative|and/or|and|internal|external|reactive|tissue)"
_CONTROL_NOTE = re.compile(
    rf"\((?:{_OF_CONTROLS}[\s.]{{1,3}}){{0,5}}controls?(?:[\s.]{{1,3}}\w+){{0,3}}\)"
    rf"|\b(?:with|using)\s(?:{_OF_CONTROLS}[\s.]{{1,3}}){{0,5}}controls?\b(?:\sslides?)?(?:\s(?:stain|work|react)\w*)?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:(?:was|were|is)\s)?(?:performed|done|obtained)\s(?:on|in|at)\s(?:the\s)?(?:blocks?|parts?|slides?|sections?|"
    r"specimens?)\s?#?(?:[A-Za-z]?\d{1,2}[A-Za-z]?\d{0,2}|[A-Z])\b(?:(?:\s?[,&-]\s?|\sand\s)(?:[A-Za-z]?\d{1,2}[A-Za-z]?\d{0,2}|"
    r"[A-Z])\b){0,4}",
    re.IGNORECASE,
)
"""Where a stain was done, between its name and its result."""
_LINE = re.compile(r"\.\s|\n")
_ALL_VERDICTS = {"negative", "equivocal", "positive"}
"""A clause with all of these explains a scale ("negative 0-1+, equivocal 2+, positive 3+")."""
_REFERS = re.compile(
    r"\W*(?:(?:therefore|thus|results?)\W{1,2})?(?:they|these|both|all|it|this|each|the)"
    r"(?:\s(?:of\s)?(?:the\s|these\s)?(?:special\s)?(?:(?:immuno)?stain(?:s|ing)?|markers?|antibod(?:y|ies)|receptors|"
    r"results?|reactions?))?\s(?:is|are|was|were)\s(?:\w{1,20}ly\s|all\s|both\s|interpr[ei]ted\sas\s|reported\sas\s)?"
    r"(?P<verdict>positive|negative)\b(?!\s(?:lymph|nodes?|margins?))",
    re.IGNORECASE,
)
"""A clause that gives the result of the markers that the clause before it names: "Both are positive"."""
_FAR_CHARS, _FAR_ITEMS = 120, 24
_INDEX = re.compile(r"\b(?:labell?ing|proliferati(?:on|ve))\s(?:index|rate|fraction)\b", re.IGNORECASE)


def results_in(text: str) -> list[StainResult]:
    """Every result of a stain that a text states, in order."""
    text = _PLACE.sub(_blank, _CONTROL_NOTE.sub(_blank, text))
    found: list[StainResult] = []
    named: list[Mention[Stain]] = []
    for (start, end), markers in markers_by_clause(text):
        if not markers:
            found += _of_named(text, start, end, named)
            named = [] if text[start:end].strip() else named
            continue
        own = _of_clause(text, start, end, markers)
        found += own
        named = [] if own else markers
    return found


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def agreed(results: Iterable[StainResult], stain: Stain) -> tuple[StainResult | None, str]:
    """(the one result of a stain, "") or (None, why there is none): it is not stated, or stated in two ways.

    What an earlier specimen gave counts where nothing else is stated.
    """
    own = [result for result in results if result.stain.name == stain.name]
    own = [result for result in own if not result.before] or own
    if not own:
        return None, "not stated"
    verdicts = {result.verdict for result in own if result.verdict}
    values = {result.detail for result in own if not result.verdict}
    if len(verdicts) > 1 or (not verdicts and len(values) > 1):
        return None, "stated in more than one way"
    return max(own, key=lambda result: (bool(result.verdict), len(result.detail))), ""


def _of_clause(text: str, start: int, end: int, markers: list[Mention[Stain]]) -> list[StainResult]:
    """The results that a clause states of the markers that it names."""
    barred = _barred_lines(text, start, end)
    items = items_of(text, start, end, markers)
    if {item.value for item in items if item.kind is Kind.VERDICT} >= _ALL_VERDICTS:
        return []
    before = _BEFORE.search(text, start, end) is not None
    return [
        StainResult(stain, verdict, detail, start, end, before)
        for group in groups(items)
        for at, stain, verdict, detail in _of_group(text, items, group, (start, end))
        if not _is_within(barred, at)
    ]


def _barred_lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The lines of a clause that say that they give no result; the clause's other lines may give some."""
    if not _NO_RESULT.search(text, start, end):
        return []
    cuts = [start, *(cut.end() for cut in _LINE.finditer(text, start, end)), end]
    return [(first, last) for first, last in pairwise(cuts) if _NO_RESULT.search(text, first, last)]


def _is_within(lines: list[tuple[int, int]], at: int) -> bool:
    """Whether a place lies in one of some lines, which are in order."""
    line = bisect_right(lines, (at, sys.maxsize)) - 1
    return line >= 0 and at < lines[line][1]


def _of_group(
    text: str, items: list[Item], group: Group, clause: tuple[int, int]
) -> Iterator[tuple[int, Stain, str, str]]:
    """(place, stain, verdict, detail) of each marker of a list that has either."""
    before = verdict_before(text, items, group)
    verdict, shared = (before, "") if before else verdict_after(items, group.last)
    if not verdict and not shared:
        verdict = verdict_by(text, items, group, clause[0]) or verdict_at_end(text, items, group, clause[1])
    for at in group.markers:
        stain = items[at].stain
        assert stain is not None
        if stain.kind is StainKind.ROUTINE:
            continue
        said, own = verdict, result_of_bracket(items, at) or shared
        if stain.kind is StainKind.SPECIAL and not before and group.markers[-1] == at:
            said, own = special_verdict(text, items, group, clause, verdict, own)
        if stain.name == "HER2":
            if is_by_gene(text, items[at].end, clause[1]):
                continue
            said = said or score_verdict(own)
        if stain.name == "Ki-67" and not own:
            own = _index_after(text, items, at, clause[1])
        if own.isalpha() and not said and stain.kind is not StainKind.SPECIAL:
            said = "positive"  # "CK7 (focal)"
        if said or own:
            yield items[at].start, stain, said, own


def _index_after(text: str, items: list[Item], at: int, end: int) -> str:
    """The index that a clause gives further on: "numerous MIB-1 reactive cells with a labeling index of 20 %"."""
    index = _INDEX.search(text, items[at].end, min(end, items[at].end + _FAR_CHARS))
    following = items[at + 1 : at + _FAR_ITEMS] if index else []
    return next((tidy(i.value) for i in following if index and i.start > index.end() and i.value.endswith("%")), "")


def _of_named(text: str, start: int, end: int, named: Sequence[Mention[Stain]]) -> list[StainResult]:
    """The results that a clause gives of the markers that the clause before it named and said nothing of."""
    if not named or _NO_RESULT.search(text, start, end):
        return []
    stains = list(dict.fromkeys(mention.meaning for mention in named if mention.meaning.kind is not StainKind.ROUTINE))
    before = _BEFORE.search(text, start, end) is not None
    refers = _REFERS.match(text, start, end)
    if refers:
        return [StainResult(stain, refers["verdict"].lower(), "", start, end, before) for stain in stains]
    if [stain.name for stain in stains] == ["Ki-67"] and _INDEX.search(text, start, end):
        value = next((item.value for item in items_of(text, start, end, []) if item.value.endswith("%")), "")
        return [StainResult(stains[0], "", tidy(value), start, end, before)] if value else []
    return []
