"""What can support a statement, told by its words, its field and the section that it stands in."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pathalign.text.headings import SectionKind
from pathalign.text.sentences import Sentence
from pathalign.text.statements import administrative, cues, staging
from pathalign.text.statements.findings import has_finding, of_clauses, of_field
from pathalign.text.statements.statement import Dropped, Kind, Statement

_ASIDE = re.compile(
    r"[,;(]?\s*\b(?:please )?(?:see|refer to)\b(?=\W*(?:\w+\W+){0,3}?(?:comments?|notes?|below|above|synop\w*|micro\w*|"
    r"description|template|parts?|reports?|addend\w*|diagnos\w*|$))[^,;.]*"
    r"(?:, (?:and )?[a-z]\b(?! [a-z]))*"
)
# What is left of a sentence that only points elsewhere: nothing, or a label without its value.
_LABEL_LEFT, _SOMETHING_LEFT = re.compile(r"[:=]\s*$|^\W*(?:also|note|for\b[^.:]{0,60})\W*$"), re.compile(r"[a-z]{3}")
_SAYS_NOTHING = re.compile(
    r"^\W*(?:none (?:\w{1,2}ven|provided|stated)|nothing (?:indicated|stated|given)\b.*|(?:pertinent |"
    r"clinical )?history|"
    r"(?:(?:(?:(?:surgery )?date|procedure|client)\W+)?(?:(?:final|al|original|surgical|\w*pathology|"
    r"\w*pathologic(?:al)?|"
    r"microscopic|histologic(?:al)?|anatomic(?:al)?|cytolog\w+|preliminary|revised|primary|tissue|morphologic(?:al)?) )"
    r"{0,3}(?:diagnos[ei]s(?: details)?|interpretation))(?:\W+(?:continued|diagnos[ei]s))?(?:\W+based on\b[^.]{0,60})?|"
    r"(?:(?:final|surgical|\w*pathology|synoptic|anatomic\w*|consultation|diagnostic) ){1,3}reports?|"
    r"(?:surgical )?(?:pathology )?(?:cancer )?(?:case )?summary(?: of malignant neoplasm)?(?:\W+\w+)?|cap approved|"
    r"(?:dominant|second|third|main|index|other) (?:tumou?r|lesion|nodule)s?|t ?\W? ?tumou?r)\W*$"
)
# A dye in brackets before a description: "(HE, EvG) The bronchial mucosa ...".
_DYES = re.compile(r"^\W*(?:\d{1,2}\W+)?\((?:[^()]{0,60}\W)?(?:he|h&e|h/e|h\.?e\.|pas|evg)\b[^()]{0,60}\)\s*(?=\w)")
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
_LONG_TITLE, _LONGEST_TITLE = 30, 80
_TABLE_TITLES = ("parameters", " synopsis", " checklist")
_FEW_FIELDS = 2
"""A line with more is several fields of a table, of which one may be unassessed."""
_CLAUSE_START = re.compile(
    r"[,;(]|\s-\s|\b(?:consistent|c/w)\b|\b(?:with (?:an? )?(?:immuno|positiv)|as confirmed|confirmed|supported|"
    r"and (?:immuno|special|"
    r"is positive)|by (?:h&e and )?immuno)"
)
_SURE_FINDING = re.compile(
    r"\b(?:grade|gleason|differentiat\w+|histologic(?:al)? type|invasion|invasivum)\b|\bhistology ?:"
)
_SUBJECT = re.compile(
    r"\b(?:the )?(?:invasive |neoplastic |malignant |lesional )?(?:tumou?r|carcinoma|neoplastic|malignant|lesional) "
    r"(?:cells?|component)\b(?= (?:are|is|were|was|to be|show|exhibit|express|stain|demonstrat|reveal|tested|react|"
    r"label))"
)
# Who is spoken of where the patient's history is told, whatever was found then.
_NARRATIVE = re.compile(
    r"^\W*with\b|\b(?:he|she|his|her|patient|biops(?:y|ies)|known|recent|year|history|diagnosed|s/p)\b"
)
_STATED = re.compile(r"\b(?:is|are|was|were|accounts?|see (?:note|comment))\b")
_EMPTY_LABEL = re.compile(
    r"^\W*(?:(?:nodes?|\w*nodal|groups?|extra\w+|peri\w+|angio\w+|lymph\w*|vascular|seminal|vesicle|"
    r"capsular|venous|invasion|invasi\S{2,3}|extension|involvement|positive|examined|tumou?r|ca|identified\?|"
    r"invasive|residual)\W*){1,4}$"
)
_LEAST_LABELS = 2
_SUPPORTED = re.compile(r"\bsupport\w* (?:the|a) (?:diagnosis|interpretation) of (?!the )")
_CONFIRMED = re.compile(r"\bconfirm\w* the frozen section diagnos[ie]s of\b")

_STAGE_FIELD = re.compile(r"\bp[tnm]\W[^.;]{0,60}:\W{0,3}not applicable\b")
_STAGE_UNASSESSED = frozenset({Kind.STAGING, Kind.ADMINISTRATIVE})
_CLINICAL_FIELD = re.compile(
    r"^\W*(?:prior malignanc\w+|(?:chemo\w*|radi\w+|hormon\w+|neo-?adjuvant)(?: ?[/ ] ?radiation)? (?:therapy|"
    r"treatment)|"
    r"organ transplant\w*|immunosuppress\w*|other diseases|(?:treatment effect\W+)?(?:no )?prior (?:treatment|"
    r"therapy))\W*"
    r"(?::|$)|^\W*treatment effect\W+no prior\b"
)


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
        rest = _ASIDE.sub(" ", low)
        kinds = _said(text, rest, section)
        points = not kinds and (not _SOMETHING_LEFT.search(rest) or _LABEL_LEFT.search(rest))
        return frozenset({Kind.ADMINISTRATIVE}) if points else kinds
    return _said(text, low, section)


def _said(text: str, low: str, section: SectionKind | None) -> frozenset[Kind]:
    """The kinds of a sentence, given as written and in small letters without what it refers to."""
    if low.count(":") >= _LEAST_LABELS and (value := _last_field(text)) != text and (kinds := kinds_of(value, section)):
        return kinds
    if "(" in low and (dyes := _DYES.match(low)):
        return kinds_of(text[dyes.end() :], section)
    if low == "none":
        return frozenset({Kind.ADMINISTRATIVE})  # below "Comments:"
    if len(low) <= _LONGEST_TITLE and (_SAYS_NOTHING.match(low) or (low.endswith(_TABLE_TITLES) and "," not in low)):
        return frozenset()
    if section is not None and administrative.is_reference(text):
        return frozenset({Kind.ADMINISTRATIVE})
    staged, stain, gene = staging.is_staging(text), cues.stain_at(low), cues.molecular_at(low)
    if cues.is_recommendation(low):
        return frozenset(
            {Kind.RECOMMENDATION, Kind.MOLECULAR} if gene >= 0 and "data" in low else {Kind.RECOMMENDATION}
        )
    if stain >= 0 or gene >= 0:
        if administrative.is_disclaimer(low):
            return frozenset({Kind.ADMINISTRATIVE})
        return _of_tests(low, stain, gene)
    if staged and _STAGE_LABEL.match(low):
        return frozenset()
    if staged and _STAGE_SOURCE.search(low) and not staging.has_code(text):
        return frozenset({Kind.ADMINISTRATIVE})
    if staged:
        return _of_stage(text, low)
    if administrative.is_unassessed(low) and low.count(":") <= _FEW_FIELDS:
        return _STAGE_UNASSESSED if _STAGE_FIELD.search(low) else frozenset({Kind.ADMINISTRATIVE})
    if administrative.is_about_report(low) and (administrative.is_of_colleagues(low) or not _SURE_FINDING.search(low)):
        if "confirm" in low and _CONFIRMED.search(low):
            return frozenset({Kind.ADMINISTRATIVE, Kind.VISIBLE})
        return frozenset({Kind.ADMINISTRATIVE})
    if ":" in low and _CLINICAL_FIELD.match(low):
        return frozenset({Kind.CLINICAL})
    if section is SectionKind.ANCILLARY and cues.is_of_test(low) and not _STRONG.search(low):
        return frozenset({Kind.IHC})
    field = of_field(low)
    if field is not None and (field or section is not SectionKind.CLINICAL):
        return field
    if section is SectionKind.CLINICAL and _is_told(text, low):
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


def _is_told(text: str, low: str) -> bool:
    """Whether a sentence below "Clinical history" tells of the patient, rather than states what a pathologist saw."""
    if not _SURE_FINDING.search(low) or _NARRATIVE.search(low):
        return True
    return ":" not in low and "=" not in low and not _STATED.search(text.lower())


def _of_tests(low: str, stain: int, gene: int) -> frozenset[Kind]:
    """Kinds of a sentence about stains or genes: visible too when it says before them what the tissue looks like."""
    kinds = (
        {Kind.ADMINISTRATIVE} if administrative.is_of_testing(low) and (gene < 0 or "separate" in low) else set[Kind]()
    )
    if gene >= 0:
        kinds.add(Kind.MOLECULAR)
    if stain >= 0 and (gene < 0 or "immuno" in low or "ihc" in low or "stain" in low):
        kinds.add(Kind.IHC)
    first = min(at for at in (stain, gene) if at >= 0)
    before = _SUBJECT.sub(" ", low[:first])
    if (
        _STRONG.search(before)
        or ("support" in low and _SUPPORTED.search(low))
        or has_finding(before[: _clause_before(before, len(before))])
    ):
        kinds.add(Kind.VISIBLE)
    return frozenset(kinds)


def before_tests(text: str) -> str:
    """The clauses of a sentence that stand before what it says of stains and genes."""
    low = text.lower()
    starts = [at for at in (cues.stain_at(low), cues.molecular_at(low)) if at >= 0]
    return text[: _clause_before(low, min(starts))] if starts else text


def _last_field(text: str) -> str:
    """The last field of a line in which labels without a value stand before it: "INVASION: MARGINS: free"."""
    *labels, value = text.split(":")
    for at, label in enumerate(labels[:-1]):
        if not _EMPTY_LABEL.match(label.lower()):
            return ":".join([*labels[at:], value]).strip() if at else text
    return f"{labels[-1]}:{value}".strip()


def _clause_before(low: str, at: int) -> int:
    """Where the clause that holds a place begins."""
    ends = [found.start() for found in _CLAUSE_START.finditer(low, 0, at)]
    return ends[-1] if ends else 0


def _of_stage(text: str, low: str) -> frozenset[Kind]:
    """Kinds of a sentence that states a stage: words after the code explain it, those before it are findings."""
    kinds = {Kind.STAGING}
    if administrative.has_unassessed_value(low) or "conference" in low:
        kinds.add(Kind.ADMINISTRATIVE)
    before = _STAGING_LABEL.sub(" ", text[: staging.code_at(text)].lower())
    found = of_clauses(before) | (of_field(low) or frozenset())
    if Kind.MEASURED in of_clauses(low):
        kinds.add(Kind.MEASURED)
    if Kind.POSITION in found or Kind.POSITION in of_clauses(low):
        kinds.add(Kind.POSITION)
    if Kind.VISIBLE in of_clauses(before) or _GRADE.search(low):
        kinds.add(Kind.VISIBLE)
    return frozenset(kinds)
