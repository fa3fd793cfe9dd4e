"""What a clause says was seen by a stain, or was not: "no tumour cells on keratin stains", "is highlighted by"."""

from __future__ import annotations

import re

from pathalign.text.stains.clause import Item, Kind
from pathalign.text.stains.groups import Group
from pathalign.text.stains.line_ends import over_line_ends
from pathalign.text.stains.stain import StainKind
from pathalign.text.stains.verdicts import ORGANISMS

_FAR_END = 32
"""Items that may stand between a marker and the verdict of a clause that ends with it."""
_BY_WINDOW = 160
_BY = re.compile(
    over_line_ends(
        r"\b(?:by|on|with|in|via|using)(?:[\s.,:(]+(?:an?|the|special|additional|multiple|levels?|and|or|for|of|with|h\s?(?:&|and|/)\s?e|"
        r"ha?ematoxylin|eosin|immuno|(?:immuno)?stain(?:s|ed|ing)?|immunohistochem\w{1,8}|immunoperoxidase|ihc|antibod(?:y|ies)|to|directed|against|"
        r"histologic\w{0,4}|sections?)){0,9}[\s.,:(-]*$"
    ),
    re.IGNORECASE,
)
_DENIED = re.compile(
    over_line_ends(
        r"\b(?:no|negative for|free of|without)[\s.]{1,3}(?=(?:\S{1,30}\s){0,4}?(?:metasta|micrometasta|malignan|"
        r"tumou?r|"
        r"\S{0,20}carcinoma|neoplas|\S{0,10}organisms?|fung|bacilli|isolated|yeast|hyph|mycobact|helicobact|h\.?\s?pylori|"
        r"spirochet|viral|acid.fast|amyloid|iron|hemosiderin|mucin))"
    ),
    re.IGNORECASE,
)
_ORGANISM = re.compile(
    over_line_ends(
        r"organism|fung|bacilli|bacteri|yeast|hyph|helicobact|pylori|spirochet|viral|acid.fast|amyloid|iron|hemosid|mucin"
    ),
    re.IGNORECASE,
)
_SEEN = (
    r"detected|identified|seen|found|present|recogni[sz]ed|visible|highlighted|demonstrated|evidenced|appreciated|noted|"
    r"decorated"
)
_DETECTED = re.compile(
    over_line_ends(rf"\b(?:{_SEEN}|evident)[\s.]{{0,3}}(?:(?:only|best|also)[\s.]{{0,3}})?$"), re.IGNORECASE
)
_CONFIRMED = re.compile(over_line_ends(r"\b(?:confirmed|supported|verified)[\s.]{0,3}$"), re.IGNORECASE)
_DENIES = re.compile(
    over_line_ends(r"\b(?:no|not|without|negative|benign|absence|lack|loss|free|intact|unremarkable|normal)\b"),
    re.IGNORECASE,
)
_STAIN_WORD = re.compile(over_line_ends(r"stain|immuno|ihc"), re.IGNORECASE)
_NOTHING_FOUND = re.compile(
    over_line_ends(
        r"\b(?:negative for(?:\s\w{1,20}){0,2}?\s(?:tumou?r|malignan\w{1,4}|\w{0,20}carcinoma|metasta\w{1,4}|"
        r"neoplas\w{1,4})|"
        r"no (?:evidence of\s)?(?:\w{1,20}\s){0,2}?(?:tumou?r|malignan\w{1,4}|\w{0,20}carcinoma|metasta\w{1,4})|"
        r"negative (?:status|sentinel|lymph|nodes?))\b"
    ),
    re.IGNORECASE,
)
_TUMOUR_FOUND = re.compile(over_line_ends(r"\bpositive for|\bmetasta(?:tic|sis|ses)\b|\binvolve[sd]\b"), re.IGNORECASE)
_THIS_CONFIRMED = re.compile(
    over_line_ends(
        r"\b(?:this|these|which|findings?|results?|status|impression|(?:status|absence) of(?:\s\w{1,20}){1,5})"
        r"(?:\s(?:findings?|results?))?\s(?:is|are|was|were|has been|have been)\s(?:also\s)?"
        r"(?:confirmed|supported|verified)[\s.]{0,3}$"
    ),
    re.IGNORECASE,
)
_ABOVE = 360
"""Characters above a clause in which it is looked for what a stain confirms."""
_OF_EPITHELIUM = frozenset(("Pan-cytokeratin", "CK8/18", "CK7", "S100", "HMB-45", "Melan-A", "SOX10"))
"""Markers that show tumour in a lymph node."""


def verdict_by(text: str, items: list[Item], group: Group, start: int) -> str:
    """Whether a clause says that something was seen by an immunostain, or that no tumour was; "" for neither."""
    first = items[group.first]
    if first.stain is None:
        return ""
    window = text[max(start, first.start - _BY_WINDOW) : first.start]
    by = _BY.search(window)
    if by is None:
        return ""
    is_stain = _STAIN_WORD.search(by[0] + first.value) is not None or _is_of_stain(items, group.last)
    if by[0].split()[0].lower() in ("with", "on", "in", "using") and not is_stain:
        return ""
    said = window[: by.start()]
    if said.rstrip().endswith(","):
        return ""
    is_special = first.stain.kind is StainKind.SPECIAL
    denied = _DENIED.search(said)
    if denied and (not is_special or _ORGANISM.search(said, denied.start())):
        return "negative"
    if _THIS_CONFIRMED.search(said) and first.stain.name in _OF_EPITHELIUM:
        return _found_above(text, first.start - len(by[0]) - len("confirmed"))
    if _DENIES.search(said) or (is_special and not is_stain):
        return ""
    return "positive" if _DETECTED.search(said) or (is_special and _CONFIRMED.search(said)) else ""


def _found_above(text: str, end: int) -> str:
    """Whether the last statement about tumour above a place denies it ("negative"), or not; "" for none."""
    start = max(0, end - _ABOVE)
    nothing = list(_NOTHING_FOUND.finditer(text, start, end))
    last = nothing[-1].end() if nothing else start
    return "negative" if nothing and not _TUMOUR_FOUND.search(text, last, end) else ""


def _is_of_stain(items: list[Item], last: int) -> bool:
    """Whether a word of staining stands after a list: "GMS stain", "acid-fast and fungal stains"."""
    after = items[last + 1 : last + 5]
    noun = next((at for at, item in enumerate(after) if item.kind is Kind.STAIN), None)
    return noun is not None and all(item.kind in (Kind.AND, Kind.OTHER, Kind.CLOSE) for item in after[:noun])


_ALL_OF_THEM = (
    r"(?:(?:all|both|they|these|it)\s(?:of\s(?:them|these)\s)?(?:the\s)?(?:(?:two|three|four|five|six|seven)\s)?"
    r"(?:(?:immuno)?stains?|markers|antibodies|of these)?[\s.]{0,3})?"
)
_ON_TISSUE = r"tumou?r|malignan|metasta|micrometasta|\w{0,10}carcinoma|isolated|neoplas|involve"
_AND_IS = re.compile(
    over_line_ends(
        rf"\b(?:and[\s.]{{1,3}}{_ALL_OF_THEM}|(?:performed|done|obtained)\s(?:[^;]{{1,60}}[^;\w])?)"
        r"(?:is|are|was|were)[\s.]{1,3}(?:all\s|both\s|interpreted\sas\s|reported\sas\s|\w{1,20}ly\s){0,2}"
        rf"(positive|negative)\b(?!\s(?:for\s(?!(?:\w{{1,20}}\s)?(?:{_ON_TISSUE}))|lymph|nodes?|margins?)\b)"
    ),
    re.IGNORECASE,
)


def verdict_at_end(text: str, items: list[Item], group: Group, end: int) -> str:
    """The verdict of the last list of a clause, stated once and some way after it: "was done on A1 and is negative"."""
    verdicts = 0
    for item in items[group.last + 1 : group.last + 1 + _FAR_END]:
        if item.kind is Kind.MARKER:
            return ""
        verdicts += item.kind is Kind.VERDICT
    if verdicts != 1:
        return ""
    found = _AND_IS.search(text, items[group.last].end, min(end, items[group.last].end + _BY_WINDOW))
    return found[1].lower() if found else ""


_SHOWS_TUMOUR = re.compile(
    over_line_ends(
        r"tumou?r|carcinoma|metasta|micrometasta|neoplas|lesion|melanoma|malignan|atypical|single|isolated|individual|clusters?|"
        r"fibrill|gliofib|invasion|plaques?|tangles?|\bfoci\b|component|subset"
    ),
    re.IGNORECASE,
)
_SHOWS_OTHER = re.compile(
    over_line_ends(
        r"normal|benign|background|reactive|residual|internal|entrap|adjacent|neuro|control|native|physiolog|uninvolved|\bno\b|"
        r"\bnot\b|\black|loss|absen|endotheli|vess|vascul|basal|myoepi|lymphocyt|\b[TB]-?\b|histiocyt|macrophag|dendritic|mast|"
        r"plasma|stroma|adipocyt|extent|pattern|architect|that|neuron|axon|if|whether|margin"
    ),
    re.IGNORECASE,
)
_HIGHLIGHTS = re.compile(
    over_line_ends(
        r"highlight|stain(?:s|ed)$|label|decorat|marks|outlin|delineat|depict|demonstrat|show|reveal|identif"
    ),
    re.I,
)
_VESSEL_INVASION = re.compile(over_line_ends(r"\w*vascular (?:space )?invasion|angiolymphatic invasion"), re.IGNORECASE)
_SHOWN_ITEMS = 7


def verdict_shown(items: list[Item], group: Group) -> str:
    """What a list of markers shows: "positive" where it "highlights the tumour cells"; "" for anything else."""
    first = items[group.first]
    if first.stain is None or first.stain.kind is StainKind.SPECIAL or first.stain.name == "Ki-67":
        return ""
    at = group.last + 1
    while at < len(items) and (
        items[at].kind in (Kind.FILLER, Kind.OPEN, Kind.CLOSE, Kind.QUALITY)
        or items[at].value.casefold()
        in ("and", "stain", "immunostain", "immunostains", "immunohistochemistry", "staining")
        or (items[at].value.casefold() == "stains" and at + 1 < len(items) and items[at + 1].kind in _VERBS)
    ):
        at += 1
    if at >= len(items) or _HIGHLIGHTS.match(items[at].value) is None:
        return ""
    object_ = " ".join(item.value for item in items[at + 1 : at + 1 + _SHOWN_ITEMS] if item.kind is not Kind.MARKER)
    object_ = _VESSEL_INVASION.sub("invasion", object_)
    return "positive" if _SHOWS_TUMOUR.search(object_) and not _SHOWS_OTHER.search(object_) else ""


_VERBS = {Kind.SHOWS, Kind.AND, Kind.FILLER}


_NO = re.compile(over_line_ends(r"\b(?:no|without)[\s.]{1,3}(?:evidence of[\s.]{1,3})?$"), re.IGNORECASE)
_BACILLI_SEEN = re.compile(
    over_line_ends(rf"[^;]{{0,40}}?\b(?:bacilli|organisms?|bacteria)\b[^;]{{0,20}}?\b(?:{_SEEN})\b"), re.IGNORECASE
)
_ON_STAIN = re.compile(
    over_line_ends(r"[^;]{0,80}\b(?:immuno\w{1,20}|(?:special )?stains?|ihc|giemsa)\b"), re.IGNORECASE
)


def organism_denied(text: str, items: list[Item], group: Group, clause: tuple[int, int]) -> bool:
    """Whether a clause says that no organism was seen by its stain: "no H. pylori are identified on immunostain"."""
    first, last = items[group.first], items[group.last]
    if first.value.casefold().startswith("acid"):
        is_denied = _NO.search(text, max(clause[0], first.start - 20), first.start) is not None
        return is_denied and _BACILLI_SEEN.match(text, last.end, clause[1]) is not None
    return (
        first.stain is not None
        and first.stain.name in ORGANISMS
        and _NO.search(text, max(clause[0], first.start - 20), first.start) is not None
        and _ON_STAIN.match(text, last.end, clause[1]) is not None
    )
