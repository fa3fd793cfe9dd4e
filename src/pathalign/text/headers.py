"""The header of a part: what was received, as written before the findings."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from pathalign.text.malignancy import is_malignant
from pathalign.text.organ import organ_of

_PROCEDURE = re.compile(
    r"\b(?:\w*tomy|biops\w+|excision|resection|dissection|margin|amputation|removal|curett\w+|bx)\b", re.IGNORECASE
)
_OPERATION = re.compile(
    r"\b(?:\w+ectomy|\w*otomy|biops\w+|excision|dissection|amputation|curett\w+|bx)\b", re.IGNORECASE
)
_SAID = re.compile(r"\.\s|:|\b(?:no|not|without|negative|free|benign|normal)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"")
_DASHED = re.compile(r"(?<=[\w)\]'\"])(?<!(?i:salpingo)) ?-\.\s(?![a-z])")  # "LUNG, BIOPSY -.": a dash at a line's end
_COLON = re.compile(r":(?!\d)")
_OTHER_END = re.compile(r"\s+[-–]\s*|\n|\.\s|\.?$|\s{3,}")
_LOST_COLON = re.compile(
    r"(?i:biopsy|excision|dissection|ectomy|\bbx)\.?\)?(?P<end>\s)(?=Neg|NEG|No |NO |Benign|BENIGN|Pos|POS|Meta|META|"
    r"Inva|INVA|Chronic|CHRONIC|One |ONE |Two |TWO )"
)  # "Spleen, biopsy Negative for tumor."
# "Specimen type: lobectomy" is a field of a table, not a header.
_FIELD = re.compile(
    r"(?:specimen|tumou?r|histologic\w*|microscopic|diagnos\w+|procedure|note)\b(?! (?:of|from))", re.IGNORECASE
)
HEADER_CHARS = 250
"""Characters within which a header ends."""
# A property of a tumour or a specimen: an item of a list of findings, not a part.
_PROPERTY = re.compile(
    r"[\s-]{0,3}(?:(?:no|all|the|an?|of|by|and|is|other|additional|focal|definite|evidence of|presence of|absence of"
    r"|greatest|maximum|largest|extensive|total|combined|composite|estimated|primary|regional|microscopic|gross|depth|type"
    r"|pathologic(?:al)?|histo(?:patho)?logic(?:al)?|surgical|resection|tumou?r|carcinoma|neoplasm|lymph(?:atic)?"
    r"|lympho-?vascular|angio-?lymphatic|vascular|venous|blood vessel|small vessel|peri-?neural|capsular|space"
    r"|extra-?\w+|invasi(?:ve|on)|fuhrman'?s?|nuclear|nottingham|gleason'?s?|modified|sbr|p?tnm|figo|ajcc"
    r"|mitotic) ){0,5}"
    r"(?:sizes?|grad(?:e|ing)s?|stag(?:e|ing)|types?|margins?|invasion|extension|involvement|invades?|extends?|measur\w+"
    r"|limited|confined|is|are|y?p?T[0-4xi]|status|necrosis|number(?= of)|scores?|diameters?|dimensions?|focality"
    r"|penetrat\w+|configuration|classification|activity|index|rate|count|findings?|features?|differentiation|laterality"
    r"|site|extent|volume|percent\w*|architecture|pattern|non-neoplastic|background|estrogen|progesterone|her-?2|p?TNM)\b",
    re.IGNORECASE,
)
_MOST_WORDS, _FEW_WORDS = 14, 9
_SPECIMEN_PREFIX = re.compile(r"\s*SPECIMENS?\b|\s*SP\s*:\s*", re.IGNORECASE)


@lru_cache(maxsize=256)
def split_header(text: str) -> tuple[str, str]:
    """(header, findings) of a part's text; the header is "" when the text begins with a finding.

    A header ends at a colon, or at a dash, a line end or a full stop when it names an organ or an operation and no
    diagnosis; a colon may be lost after an operation.
    """
    prefix = _SPECIMEN_PREFIX.match(text)
    if prefix and prefix[0].rstrip().endswith(":"):
        text = text[prefix.end() :]
    head = text[:HEADER_CHARS]
    for end in (_DASHED, _COLON, _OTHER_END, _LOST_COLON):
        cut = None if end is _DASHED and "-." not in head else end.search(head)
        if cut is None:
            continue
        written = head[: cut.start("end") if end is _LOST_COLON else cut.start()]
        header = written.strip(" .-\n\"'")
        if _FIELD.match(header):
            return "", text
        named = end is not _OTHER_END or (
            (organ_of(header) or _OPERATION.search(header)) and len(header.split()) <= _MOST_WORDS
        )
        if named and header.count(". ") <= 2 and header.count(";") <= 2 and not _states(written) and len(header) > 2:
            return header, text[cut.end() :]
    return "", text


def _states(header: str) -> bool:
    """Whether a header states a finding; what a surgeon quoted does not, nor does "cyst" beside the operation."""
    verdict = is_malignant(_QUOTED.sub(" ", header) if '"' in header else header)
    if verdict is False and len(header.split()) <= _FEW_WORDS and not _SAID.search(header):
        return _OPERATION.search(header) is None
    return verdict is not None


class Opening(IntEnum):
    """What the text behind a label opens with, the likeliest part last."""

    PROPERTY = 0
    """A property of a tumour or a specimen, as in a list of findings: "Tumor size: 2 cm", "Margins are free"."""
    WORDS = 1
    HEADER = 2
    SPECIMEN = 3
    """A header that names an organ or a margin."""
    OPERATION = 4
    """A header that names an operation."""


@lru_cache(maxsize=1024)
def opening_of(text: str) -> Opening:
    """What the text behind a label, of at most `HEADER_CHARS` characters, opens with."""
    bare = text.lstrip(" -")
    header, _ = split_header(bare)
    if _PROPERTY.match(bare) and not _OPERATION.search(header):
        return Opening.PROPERTY
    if not header:
        return Opening.WORDS
    if _OPERATION.search(header):
        return Opening.OPERATION
    if organ_of(header) or _PROCEDURE.search(header):
        return Opening.SPECIMEN
    return Opening.HEADER if header == header.upper() or "," in header else Opening.WORDS
