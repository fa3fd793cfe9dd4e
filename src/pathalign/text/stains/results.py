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
from pathalign.text.stains.genes import GENES, bare_score, is_by_gene, is_of_gene, score_verdict
from pathalign.text.stains.groups import Group, groups
from pathalign.text.stains.referring import (
    MOST_FIELDS,
    field_verdict,
    is_field,
    is_form,
    nothing_seen,
    referred_verdict,
    score_after,
)
from pathalign.text.stains.seen import organism_denied, verdict_at_end, verdict_by, verdict_shown
from pathalign.text.stains.special import special_verdict
from pathalign.text.stains.stain import Stain, StainKind
from pathalign.text.stains.verdicts import result_of_bracket, tidy, verdict_after, verdict_before


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
    r"if(?! (?:yes|any)\b)|when|associated|internal|non-?neoplastic|inhibitors?|patients|et al|clinical trials?|"
    r"cell lines|only keratin positive cells|inconclusive|(?:not |un)interpretable|"
    r"therap\w+|cut-?off|forthcoming|deferred|helpful|useful|serum|defined|criteria|"
    r"semi-?quantitat\w+|category|guidelines?)\b"
    r"|\ba (?:posi|nega)tive (?:ER|PR|HER\S{1,6})(?: or (?:ER|PR))? (?:tumou?r|result|case)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:when|shown to be|may not)\b", re.IGNORECASE)
"""Words that bar all of a clause that stands behind them, on the lines below as well."""
_SCALE = re.compile(
    r"\b(?:nega|posi)tive\s?[<>≤≥]=?\s?\d{1,2}(?:\.\d{1,2})?(?!\d|\s?%)|\breference ranges?\b|"
    r"\bnegative\s?[<≤][^;]{0,12}\bpositive\s?[>≥]|\blow\s?[<≤].{1,40}\bhigh\s?[>≥]",
    re.IGNORECASE,
)
"""A table of what counts as what."""
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
    r"\b(?:(?:was|were|is)\s)?(?:performed|done|obtained)[\s.]{1,60}(?:on|in|at)[\s.]{1,3}(?:(?:the|an?)\s)?"
    r"(?:another specimen\s?:?(?:\sresults?\s?:)?|(?:blocks?|parts?|slides?|sections?|"
    r"specimens?)\s?#?(?:[A-Za-z]?\d{1,2}[A-Za-z]?\d{0,2}|[A-Z])\b(?:(?:\s?[,&-]\s?|\sand\s)(?:[A-Za-z]?\d{1,2}[A-Za-z]?\d{0,2}|"
    r"[A-Z])\b){0,4})",
    re.IGNORECASE,
)
"""Where a stain was done, between its name and its result."""
_LINE = re.compile(r"\.\s|\n")
_ALL_VERDICTS = {"negative", "equivocal", "positive"}
"""A clause with all of these explains a scale ("negative 0-1+, equivocal 2+, positive 3+")."""
_FAR_CHARS, _FAR_ITEMS = 120, 24
_INDEX = re.compile(r"\b(?:labell?ing|proliferati(?:on|ve))\s(?:index|rate|fraction)\b", re.IGNORECASE)


def results_in(text: str) -> list[StainResult]:
    """Every result of a stain that a text states, in order."""
    text = _PLACE.sub(_blank, _CONTROL_NOTE.sub(_blank, _respelled(text)))
    found: list[StainResult] = []
    named: list[Mention[Stain]] = []
    form, fields = False, 0
    for (start, end), markers in markers_by_clause(text):
        if markers:
            own = _of_clause(text, start, end, markers)
            found += own
            named = [] if any(one.verdict for one in own) else markers
            form = not own and is_form(text, start, end, [mention.meaning.name for mention in named])
            fields = 0
        elif named and text[start:end].strip():
            own = _of_named(text, start, end, named, fields == 0, form)
            found += own
            if not own and fields == 0 and _CONTROLS.search(text, start, end):
                continue
            fields += 1
            if own or not form or fields > MOST_FIELDS or not is_field(text, start, end):
                named = []
    return found


_CONTROLS = re.compile(r"\bcontrols?\b", re.IGNORECASE)
"""A sentence that may stand between what was stained and what it showed."""
_COLON_IN_NAME = re.compile(r"(?<=\bAE1):(?=\s?AE\d)|(?<=\bAE1)(?=AE3)")


def _respelled(text: str) -> str:
    """The text with signs in names that OCR or a laboratory uses for others, at the same places."""
    if "$100" in text:
        text = text.replace("$100", "S100")
    return _COLON_IN_NAME.sub("/", text) if "AE1:" in text else text


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
    if _SCALE.search(text, start, end):
        return []
    before = _BEFORE.search(text, start, end) is not None
    names = {mention.meaning.name for mention in markers}
    barred_names = GENES if not names.isdisjoint(GENES) and is_of_gene(text, start, end) else frozenset()
    return [
        StainResult(stain, verdict, detail, start, end, before)
        for group in groups(items)
        for at, stain, verdict, detail in _of_group(text, items, group, (start, end))
        if not _is_within(barred, at) and stain.name not in barred_names
    ]


def _barred_lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The lines of a clause that say that they give no result; the clause's other lines may give some."""
    barred = []
    if _NO_RESULT.search(text, start, end):
        cuts = [start, *(cut.end() for cut in _LINE.finditer(text, start, end)), end]
        barred = [(first, last) for first, last in pairwise(cuts) if _NO_RESULT.search(text, first, last)]
    condition = _CONDITION.search(text, start, end)
    if condition:
        barred = [*(line for line in barred if line[0] < condition.start()), (condition.start(), end)]
    return barred


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
        verdict = (
            verdict_by(text, items, group, clause[0])
            or verdict_at_end(text, items, group, clause[1])
            or verdict_shown(items, group)
            or ("negative" if organism_denied(text, items, group, clause) else "")
        )
    is_in_bracket = not before and [item.kind for item in items[group.last + 1 : group.last + 3]] == _BRACKET
    for at in group.markers:
        stain = items[at].stain
        assert stain is not None
        if stain.kind is StainKind.ROUTINE:
            continue
        own_bracket = result_of_bracket(items, at)
        said, own = verdict, own_bracket or shared
        if stain.kind is StainKind.SPECIAL and not before and (group.markers[-1] == at or not verdict):
            said, own = special_verdict(text, items, group, clause, verdict, own)
        if at != group.markers[-1] and own_bracket and is_in_bracket:
            said = ""  # "PAX8 (strong), CK7 (diffuse) and WT-1 (negative)"
        if stain.name == "HER2":
            if is_by_gene(text, items[at].end, clause[1]):
                continue
            own = own or ("" if said else bare_score(text, items[at].end, clause[1]))
            said = said or score_verdict(own)
        if stain.name == "Ki-67" and not own:
            own = _index_after(text, items, at, clause[1]) or _index_before(text, items, at, clause[0])
        if (own.isalpha() or _SCORED.fullmatch(own)) and not said and stain.kind is not StainKind.SPECIAL:
            said = "positive"  # "CK7 (focal)", "vimentin (3+)"
        if said or own:
            yield items[at].start, stain, said, own


_BRACKET = [Kind.OPEN, Kind.VERDICT]
_SCORED = re.compile(r"[1-4](?:\s?-\s?[1-4])?\+")


def _index_after(text: str, items: list[Item], at: int, end: int) -> str:
    """The index that a clause gives further on: "numerous MIB-1 reactive cells with a labeling index of 20 %"."""
    index = _INDEX.search(text, items[at].end, min(end, items[at].end + _FAR_CHARS))
    following = items[at + 1 : at + _FAR_ITEMS] if index else []
    return next((tidy(i.value) for i in following if index and i.start > index.end() and i.value.endswith("%")), "")


_INDEX_BY = re.compile(
    r"(?:\b(?:index|rate|fraction|activity)\b.*|\bof\s(?:the\s)?(?:\w{1,15}\s)?(?:cells|nuclei)\b.*)"
    r"\b(?:by|with|on|using)\b[^;]*$",
    re.IGNORECASE | re.DOTALL,
)


def _index_before(text: str, items: list[Item], at: int, start: int) -> str:
    """The index that a clause gives before the marker: "a proliferation rate of 20 % by Ki-67"."""
    window = max(start, items[at].start - _FAR_CHARS)
    if not _INDEX_BY.search(text[window : items[at].start]):
        return ""
    before = [item for item in items[max(0, at - _FAR_ITEMS) : at] if item.start >= window]
    if any(item.kind is Kind.MARKER for item in before):
        return ""
    return next((tidy(item.value) for item in reversed(before) if item.value.endswith("%")), "")


def _of_named(
    text: str, start: int, end: int, named: Sequence[Mention[Stain]], is_next: bool, form: bool
) -> list[StainResult]:
    """The results that a clause gives of the markers that the clause before it, or a form's heading, named."""
    if _NO_RESULT.search(text, start, end):
        return []
    stains = list(dict.fromkeys(mention.meaning for mention in named if mention.meaning.kind is not StainKind.ROUTINE))
    before = _BEFORE.search(text, start, end) is not None
    verdict = (referred_verdict(text, start, end) or nothing_seen(text, start, end, stains)) if is_next else ""
    verdict = verdict or (field_verdict(text, start, end) if form else "")
    names = [stain.name for stain in stains]
    if names == ["HER2"]:
        score = next((i.value for i in items_of(text, start, end, []) if verdict and i.value.endswith("+")), "")
        score = score or score_after(text, start, end)
        verdict = verdict or score_verdict(score)
        return [StainResult(stains[0], verdict, tidy(score), start, end, before)] if verdict else []
    if verdict:
        return [StainResult(stain, verdict, "", start, end, before) for stain in stains]
    if is_next and names == ["Ki-67"] and _INDEX.search(text, start, end):
        value = next((item.value for item in items_of(text, start, end, []) if item.value.endswith("%")), "")
        return [StainResult(stains[0], "", tidy(value), start, end, before)] if value else []
    return []
