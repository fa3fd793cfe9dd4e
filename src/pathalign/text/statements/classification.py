"""What can support a statement, told by its words, its field and the section that it stands in."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pathalign.text.headings import SectionKind
from pathalign.text.sentences import Sentence
from pathalign.text.statements import cues, staging
from pathalign.text.statements.findings import has_finding, of_clauses, of_field
from pathalign.text.statements.statement import Dropped, Kind, Statement

_ASIDE = re.compile(
    r"[,;(]?\s*\b(?:please )?(?:see|refer to)\b(?=\W*(?:\w+\W+){0,3}?(?:comments?|notes?|below|above|synop\w*|micro\w*|"
    r"description|template|parts?|reports?|addend\w*|diagnos\w*|$))[^,;.]*"
)
_SAYS_NOTHING = re.compile(
    r"^\W*(?:none (?:given|provided|stated)|nothing (?:indicated|stated|given)\b.*|(?:pertinent |"
    r"clinical )?history|"
    r"(?:(?:final|surgical|pathologic(?:al)?|microscopic) ){0,3}diagnos[ei]s)\W*$"
)
_STRONG = re.compile(
    r"\b(?:\w*differentiated|histolog(?:y|ic(?:al(?:ly)?)?)|\w*plasia|invasi(?:on|ve)|infiltrat\w+|grade|necrosis|"
    r"sections show|"
    r"mitos\w+|microscop\w+|adenosis|inflammation|gleason)\b"
)
_STAGE_LABEL = re.compile(
    r"^\W*(?:(?:ajcc|uicc|p?tnm|pathologic(?:al)?) stag(?:e|ing)(?: (?:summary|system))?\s*(?:\((?:ajcc|uicc|"
    r"p?tnm)\))?|"
    r"staging\s*\((?:ajcc|uicc|p?tnm)\)|[tnm] stage, pathologic|pathologic(?:al)? stag(?:e|ing)(?: summary)?|tnm stage|"
    r"stage)\W*$"
)
_STAGE_SOURCE = re.compile(r"\b(?:based on|edition|utili[sz]es|according to the)\b")
_GRADE = re.compile(r"\b(?:grade|differentiated|g ?[1-4i]{1,3}(?:-\d)?|gleason)\b")
_STAGING_LABEL = re.compile(
    r"\b(?:primary tumou?rs?|regional lymph nodes?|distant metastas[ie]s|stage of tumou?r|tumou?r stag\w+|"
    r"pathologic(?:al)?|"
    r"pathology|staging for [^:]*|extent of invasion|lymph nodes?)\b"
)
_LONG_TITLE = 30
_FEW_FIELDS = 2
"""A line with more is several fields of a table, of which one may be unassessed."""
_CLAUSE_START = re.compile(
    r"[,;(]|\s-\s|\b(?:consistent|c/w)\b|\b(?:with (?:an? )?(?:immuno|positiv)|as confirmed|confirmed|supported|"
    r"and (?:immuno|special|"
    r"is positive)|by (?:h&e and )?immuno)"
)
_SURE_FINDING = re.compile(r"\b(?:grade|gleason|differentiat\w+|histologic(?:al)? type|invasion)\b")


def classified(
    sentence: Sentence, *, section: SectionKind | None = None, part: str = "", dropped: Dropped | None = None
) -> Statement:
    """A sentence as a statement; `section` is the kind of section that it stands in, None for a part's findings."""
    kinds = _ordered(kinds_of(sentence.text, section))
    return Statement(
        start=sentence.start, end=sentence.end, text=sentence.text, kinds=kinds, part=part, dropped=dropped
    )


@cache
def _ordered(kinds: frozenset[Kind]) -> tuple[Kind, ...]:
    return tuple(kind for kind in Kind if kind in kinds)


@lru_cache(maxsize=4096)  # reports repeat their stock phrases
def kinds_of(text: str, section: SectionKind | None) -> frozenset[Kind]:
    """The kinds of a sentence that stands in a section of a kind."""
    low = text.lower()
    if ("see" in low or "refer" in low) and _ASIDE.search(low):
        low = _ASIDE.sub(" ", low)
        if not re.search(r"[a-z]{3}", low) or low.strip(" .()") == "note":
            return frozenset({Kind.ADMINISTRATIVE})
    if low == "none":
        return frozenset({Kind.ADMINISTRATIVE})  # below "Comments:"
    if _SAYS_NOTHING.match(low):
        return frozenset()
    staged, stain, gene = staging.is_staging(text), cues.stain_at(low), cues.molecular_at(low)
    if cues.is_recommendation(low):
        return frozenset({Kind.RECOMMENDATION})
    if stain >= 0 or gene >= 0:
        return _of_tests(low, stain, gene)
    if staged and _STAGE_LABEL.match(low):
        return frozenset()
    if staged and _STAGE_SOURCE.search(low) and not staging.has_code(text):
        return frozenset({Kind.ADMINISTRATIVE})
    if staged:
        return _of_stage(text, low)
    if (cues.is_unassessed(low) and low.count(":") <= _FEW_FIELDS) or (
        cues.is_about_report(low) and (cues.is_of_colleagues(low) or not _SURE_FINDING.search(low))
    ):
        return frozenset({Kind.ADMINISTRATIVE})
    if section is SectionKind.ANCILLARY and cues.is_of_test(low) and not _STRONG.search(low):
        return frozenset({Kind.IHC})
    field = of_field(low)
    if field is not None and (field or section is not SectionKind.CLINICAL):
        return field
    if section is SectionKind.CLINICAL and not _SURE_FINDING.search(low):
        return frozenset({Kind.CLINICAL})
    if section in (SectionKind.ADMINISTRATIVE, SectionKind.DISCLAIMER):
        return of_clauses(low) or (frozenset({Kind.ADMINISTRATIVE}) if len(low) > _LONG_TITLE else frozenset())
    kinds = of_clauses(low)
    weak = cues.is_of_before(low) and Kind.VISIBLE not in kinds
    clinical = cues.clinical_at(low)
    if (weak or clinical >= 0) and not _SURE_FINDING.search(low):
        seen = clinical > 0 and has_finding(low[: _clause_before(low, clinical)])
        return frozenset({Kind.CLINICAL, Kind.VISIBLE}) if seen else frozenset({Kind.CLINICAL})
    return kinds


def _of_tests(low: str, stain: int, gene: int) -> frozenset[Kind]:
    """Kinds of a sentence about stains or genes: visible too when it says before them what the tissue looks like."""
    kinds = set[Kind]()
    if gene >= 0:
        kinds.add(Kind.MOLECULAR)
    if stain >= 0 and (gene < 0 or "immuno" in low or "ihc" in low or "stain" in low):
        kinds.add(Kind.IHC)
    first = min(at for at in (stain, gene) if at >= 0)
    if _STRONG.search(low, 0, first) or has_finding(low[: _clause_before(low, first)]):
        kinds.add(Kind.VISIBLE)
    return frozenset(kinds)


def before_tests(text: str) -> str:
    """The clauses of a sentence that stand before what it says of stains and genes."""
    low = text.lower()
    starts = [at for at in (cues.stain_at(low), cues.molecular_at(low)) if at >= 0]
    return text[: _clause_before(low, min(starts))] if starts else text


def _clause_before(low: str, at: int) -> int:
    """Where the clause that holds a place begins."""
    ends = [found.start() for found in _CLAUSE_START.finditer(low, 0, at)]
    return ends[-1] if ends else 0


def _of_stage(text: str, low: str) -> frozenset[Kind]:
    """Kinds of a sentence that states a stage: words after the code explain it, those before it are findings."""
    kinds = {Kind.STAGING}
    before = _STAGING_LABEL.sub(" ", text[: staging.code_at(text)].lower())
    found = of_clauses(before) | (of_field(low) or frozenset())
    if Kind.MEASURED in of_clauses(low):
        kinds.add(Kind.MEASURED)
    if Kind.POSITION in found or Kind.POSITION in of_clauses(low):
        kinds.add(Kind.POSITION)
    if Kind.VISIBLE in of_clauses(before) or _GRADE.search(low):
        kinds.add(Kind.VISIBLE)
    return frozenset(kinds)
