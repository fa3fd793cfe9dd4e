"""Sentences that give the result of markers which the sentence before them names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pathalign.text.stains.line_ends import over_line_ends
from pathalign.text.stains.stain import Stain, StainKind

_HOW = (
    r"(?:(?:an?|all|both|strong(?:ly)?|weak(?:ly)?|moderate(?:ly)?|diffuse(?:ly)?|focal(?:ly)?|patchy|intense(?:ly)?|"
    r"variabl[ey]|uniform(?:ly)?|appropriate(?:ly)?|(?:intra)?nuclear|cytoplasmic|membranous|granular|to|and|or|also|"
    r"interpr[ei]ted|reported|scored|judged|as)[\s,.]{1,3}){0,7}"
)
_MARKERS = (
    r"(?:immuno)?(?:stain(?:s|ing)?|markers?|antibod(?:y|ies)|receptors|results?|reactions?|immunostains?|studies)"
)
_NUMBER = r"(?:two|three|four|five|six|seven)"
_NOT_OF = r"(?!\s(?:for\b(?!\s(?:all|both|these|this|each)\b)|lymph|nodes?|margins?|controls?))"
_STAINING = r"(?:immuno-?)?(?:staining|reactivity|expression|reaction)"
_VERDICT = rf"(?P<verdict>positiv(?:e|ity)|negativ(?:e|ity)|equivocal|no {_STAINING}|{_STAINING}){_NOT_OF}"
_REFERS = re.compile(
    over_line_ends(
        r"\W*(?:(?:therefore|thus|results?)\W{1,2})?(?:they|these|both|all|it|this|each|the)"
        rf"(?:\s(?:of\s)?(?:the\s|these\s)?(?:{_NUMBER}\s)?(?:special\s)?(?:{_MARKERS}|of\s(?:these|them)))?\s"
        rf"(?:is|are|was|were)\s{_HOW}(?P<verdict>positive|negative)\b{_NOT_OF}"
    ),
    re.IGNORECASE,
)
"""A clause that gives the result of the markers that the clause before it names: "Both are positive"."""
_OF_CELLS = re.compile(
    over_line_ends(
        r"\W*(?:the\s|these\s)?(?:tumou?r(?:al)?|neoplastic|lesional|malignant|carcinoma|melanoma|lesion|neoplasm)\s?"
        r"(?:cells?\s|nuclei\s)?(?:is|are|was|were|ha(?:s|ve)|shows?|showed|reveal(?:s|ed)?|demonstrate[sd]?|exhibit(?:s|ed)?|"
        rf"displays?|stains?)\s{_HOW}{_VERDICT}"
    ),
    re.IGNORECASE,
)
_REACTION = re.compile(
    over_line_ends(
        rf"\W*(?P<verdict>positive|negative|equivocal)(?:\s(?:membran\w{{2,3}}|nuclear|cytoplasmic))?\s{_STAINING}\b{_NOT_OF}"
        r"|\W*(?P<alone>positive|negative|equivocal)\W*$"
    ),
    re.IGNORECASE,
)
_BY_THIS = re.compile(
    over_line_ends(
        r"\b(?P<verdict>positive|negative)\s(?:by|with|on|for|in)\s(?:this|these|both|all|either|the)"
        rf"(?:\s\w{{1,20}}){{0,2}}?\s{_MARKERS}\b"
    ),
    re.IGNORECASE,
)
_FIELD = re.compile(
    over_line_ends(
        r"\W*(?:[\w-]{1,20}\s){0,2}(?:interpretation|results?|asse?ssment|assesament|status|"
        r"overexpression|specimen(?: \([\w ]{1,24}\))?)\s?[:=]\W*"
        r"(?P<verdict>positive|negative|equivocal|indeterminate|retained|intact)\b(?!\s(?:for\b|[<>≤≥]))"
    ),
    re.IGNORECASE,
)
"""A field of a form that a heading names the marker of: "Interpretation: NEGATIVE"."""
_CELLS_PRESENT = re.compile(
    over_line_ends(r"\W*(?:[\w() ]{1,40}:\W*)?(?P<no>no )?immunoreactive tumou?r cells present\b"), re.IGNORECASE
)
_ANY_FIELD = re.compile(over_line_ends(r"\W*[\w#%/ -]{2,40}:[^.;:]{0,40}$|\W*[\w-]{1,20}(?: [\w-]{1,20}){0,3}\W*$"))
_SCORE = re.compile(over_line_ends(r"\W*(?:\w+\s)?score\s?[=:]\s?(?P<score>[0-3]\s?\+?)(?![\d.])"), re.IGNORECASE)
_HEADING = re.compile(
    over_line_ends(
        r"\b(?:results?|status|another specimen|assay|evaluation|analysis|expression|immuno\w{1,20}|stain(?:ed|ing)?)\b"
    ),
    re.IGNORECASE,
)
MOST_FIELDS = 8
"""Fields of a form that may stand between its heading and its result."""


def referred_verdict(text: str, start: int, end: int) -> str:
    """The verdict that a clause gives of the markers named before it; "" for none."""
    found = (
        _REFERS.match(text, start, end)
        or _OF_CELLS.match(text, start, end)
        or _REACTION.match(text, start, end)
        or _BY_THIS.search(text, start, end)
    )
    if found is None:
        return ""
    said = next(value for value in found.groupdict().values() if value).lower()
    if said.startswith(("no ", "negativ")):
        return "negative"
    return "equivocal" if said == "equivocal" else "positive"


def field_verdict(text: str, start: int, end: int) -> str:
    """The verdict of a field of a form: "Interpretation: NEGATIVE"; "" for none."""
    present = _CELLS_PRESENT.match(text, start, end)
    if present:
        return "negative" if present["no"] else "positive"
    found = _FIELD.match(text, start, end)
    verdict = found["verdict"].lower() if found else ""
    return {"indeterminate": "equivocal", "intact": "retained"}.get(verdict, verdict)


def score_after(text: str, start: int, end: int) -> str:
    """The score that a clause begins with, or has behind a verdict: "Score = 2+"; "" for none."""
    found = _SCORE.match(text, start, end)
    return found["score"].replace(" ", "").rstrip("+") + "+" if found else ""


def is_field(text: str, start: int, end: int) -> bool:
    """Whether a clause is a field of a form, or words that stand alone, so that what a heading named still holds."""
    return end - start < 100 and _ANY_FIELD.match(text, start, end) is not None


def is_form(text: str, start: int, end: int, names: Sequence[str]) -> bool:
    """Whether a clause that names one marker is the heading of its form: "SYNOPTIC REPORT: HER2 RESULTS"."""
    is_headed = _HEADING.search(text, start, end) is not None or text[start:end].rstrip().endswith(":")
    return len(set(names)) == 1 and is_headed


_SEEN = r"(?:seen|identified|noted|present|found|detected|observed|appreciated)"
_NO_ORGANISMS = re.compile(
    over_line_ends(
        r"\W*(?:however\W{1,2})?no\s(?:\w{1,20}\s){0,3}?(?:(?:micro)?-?organisms?|fung\w{1,2}|bacilli|mycobacteri\w{1,2}|hyphae)"
        rf"(?:\s\w{{1,20}}){{0,4}}?\s{_SEEN}"
    ),
    re.IGNORECASE,
)
_NO_TUMOUR = re.compile(
    over_line_ends(
        r"\W*(?:however\W{1,2})?no\s(?:evidence\sof\s)?(?:\w{1,20}\s){0,3}?"
        r"(?:tumou?r|\w{0,10}carcinoma|(?:micro)?metasta\w{1,3}|malignan\w{1,3}|positive|immunoreactive)\b"
        rf"(?:\s\w{{1,20}}){{0,4}}?\s{_SEEN}"
    ),
    re.IGNORECASE,
)
_OF_EPITHELIUM = frozenset({"Pan-cytokeratin", "CK8/18", "CK7", "CK20", "S100", "HMB-45", "Melan-A", "SOX10"})
"""Markers that are looked for tumour in lymph nodes with."""


def nothing_seen(text: str, start: int, end: int, stains: Sequence[Stain]) -> str:
    """What a clause says of what the stains named before it look for: "negative" where it was not seen; or ""."""
    if all(stain.kind is StainKind.SPECIAL for stain in stains):
        found = _NO_ORGANISMS.match(text, start, end)
    else:
        names = {stain.name for stain in stains}
        found = _NO_TUMOUR.match(text, start, end) if names <= _OF_EPITHELIUM else None
    return "negative" if found else ""
