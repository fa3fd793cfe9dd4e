"""Margins, sides and sites, and how far a tumour is from them.

All patterns are for text in small letters.
"""

from __future__ import annotations

import re

from pathalign.text.statements.measures import UNIT

_DISTANCE = re.compile(
    rf"\bwithin (?:[a-z]+ ){{0,3}}[<>]?\s?\d+(?:[.,]\d+)?\s?{UNIT}\b|\d\s?{UNIT}\b[ \w]{{0,20}}\b(?:from|away|"
    rf"distant|to the (?:closest|nearest))\b"
    rf"|\bfrom\b[^,;]{{0,40}}?\bby [<>]?\s?\d+(?:[.,]\d+)?\s?{UNIT}\b|\bdistance\b"
)
_MARGIN_HINTS = ("margi", "resection", "ink", "clearance", "line", "edge", "cut e", "limits", "border")
_MARGIN = re.compile(
    r"\b(?:(?<!non-)margi(?!nal|nat)\w{0,4}|(?:resection|incision|excision|surgical|amputation) (?:lines?|edges?|"
    r"planes?|limits?|borders?|ends?)|(?:lines?|edges?|limits?|borders?|planes?) of (?:resection|incision|excision)|"
    r"inked (?:surface|edge|line)|(?:at|on|touching) (?:the )?ink|cut (?:ends?|edges?)|clearance)\b"
)
# "Vascular, ureteral and soft tissue margins": one margin after the other, and no findings.
_OF_MARGINS = re.compile(
    r"^\W*(?:(?:and|all|the|soft tissue|vascular|ureter\w*|bronchial|parenchymal|mucosal|deep|radial|proximal|distal|"
    r"oral|aboral|"
    r"anterior|posterior|lateral|medial|superior|inferior|peripheral|circumferential|urethral|renal|vein|artery|"
    r"arterial|venous|"
    r"capsular|skin|perirenal|fat|bladder neck|apical|basal|pleural|chest wall|left|right|cervical|vaginal|bile duct|"
    r"pancreatic|"
    r"uncinate|retroperitoneal|gastric|esophageal|duodenal|mesenteric|bone|isthmus)\W*){1,4}$"
)
_SIDE_ALONE = re.compile(
    r"^\W*(?:(?:and|the|of|breast|lung|kidney|lobe|side|upper|lower|middle|outer|inner|right|left|bilateral|quadrants?|"
    r"o'?clock|laterality|is|to|at|in|located|position|superior|inferior|lateral|medial|anterior|posterior|"
    r"isthmus|walls?|apex|base|dome|trigone|fundus|antrum|cardia|pylor\w+|midline|poles?|hil(?:um|ar)|segments?|"
    r"central|"
    r"peripheral|proximal|distal|both|"
    r"\d{1,2})\W+)+$"
)
_SIDE = re.compile(
    r"\b(?:right|left|bilateral|quadrants?|o'?clock|anterior|posterior|superior|inferior|upper|lower|isthmus|apex|dome|"
    r"trigone|fundus|antrum|cardia|pylor\w+|midline)\b"
)
_SITUATED = re.compile(r"\b(?:located|situated|subpleural region|involv\w+ both (?:the )?(?:right|left|lobes|sides))\b")
# A tumour in a side, or that reaches one: "invading the right seminal vesicle", "adenoma, left lobe".
_SIDED = re.compile(
    r"\b(?:(?:in|within|at)(?!(?: \w+){1,6} (?:is|are|was|were|does|do|shows?|has|have|measures|invades|extends|"
    r"involves|represents?)\b)|"
    r"involv\w+|invad\w+|infiltrat\w+|extend\w* (?:in)?to|"
    r"extension (?:in)?to|arising (?:from|in)|"
    r"occup\w+)(?: of)?(?: (?:the|a|an|both|\w+ (?:portion|part|aspect|wall) of)){0,2}"
    r" (?:(?:right|left|bilateral)\b(?! and left (?:kidney|breast))|(?:upper|lower|middle|mid|posterior|anterior|"
    r"lateral|"
    r"medial|inner|outer|inferior|superior)(?:[ -]\w+)? (?:lobes?|poles?|quadrants?|thirds?|base|apex|wall|third)\b)"
    r"(?![^,;.]{0,40}\bnodes?\b)"
    r"|, (?:right|left) (?:(?:upper|lower|middle|mid|posterior|anterior) )?(?:lobe|pole|quadrant|side|base|"
    r"apex)\b(?![^.]{0,200}:)"
)
# ... and nothing else: "The tumor involves both the right and left lobes".
_ONLY_SIDED = re.compile(
    r"^\W*(?:the )?(?:\w+ )?(?:tumou?rs?|(?:adeno)?carcinoma|neoplas(?:m|ia)|lesions?|mass|dcis|disease) (?:involves|"
    r"occupies|is (?:located|present|situated|seen|found|identified|confined))\b(?: (?:in|within|at|"
    r"to))?(?: both)?(?: the)?"
    r"(?=[^.;:]*\b(?:lobes?|quadrants?|zones?|poles?|sides?|apex|base)\b)"
    r"(?:\W*\b(?:and|the|of|in|right|left|bilateral|both|lobes?|sides?|upper|lower|middle|mid|outer|inner|quadrants?|"
    r"zones?|peripheral|transition|poles?|anterior|posterior|lateral|medial|postero\w+|antero\w+|apex|base|through|"
    r"apical|basal|prostate|gland|breast|thyroid|lung|kidney|to|from)\b)+\W*$"
)
_LOCATED = re.compile(
    r"\b(?:seen|present|confined|lies|arising|found|involves)\b[^,;]{0,25}\b(?:in|at|within|of|the)\b"
    r"[^,;]{0,20}\b(?:left|right|upper|lower|quadrant|o'?clock|anterior|posterior)\b"
)


def of_margin(low: str) -> bool:
    """Whether a stretch of text names a margin."""
    return any(map(low.__contains__, _MARGIN_HINTS)) and _MARGIN.search(low) is not None


def names_only_margins(clause: str) -> bool:
    """Whether a clause is one of a list of margins, and no finding."""
    return _OF_MARGINS.match(clause) is not None


def has_distance(low: str) -> bool:
    """Whether it is said how far something is from something."""
    return _DISTANCE.search(low) is not None


def has_side(low: str) -> bool:
    """Whether a side or a site is named."""
    return _SIDE.search(low) is not None


def is_only_side(low: str) -> bool:
    """Whether a sentence that names a side says nothing else, or only that the tumour is there."""
    return _SIDE_ALONE.match(low + " ") is not None or _ONLY_SIDED.match(low) is not None


def is_situated(low: str, *, measured: bool) -> bool:
    """Whether it is said where a tumour lies; `measured` is whether its size or its number is stated too."""
    if measured and (has_distance(low) or _LOCATED.search(low)):
        return True
    return _SITUATED.search(low) is not None


def sided_at(low: str) -> re.Match[str] | None:
    """Where it is said in which side a finding lies, or which it reaches."""
    return _SIDED.search(low)
