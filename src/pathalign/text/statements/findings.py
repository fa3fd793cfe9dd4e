"""What of a sentence a slide shows, beside what was measured and what says where: told by its fields and clauses.

All patterns are for text in small letters.
"""

from __future__ import annotations

import re

from pathalign.text.statements.measures import has_digit, is_measured, is_of_bench, is_of_many, is_received, is_volume
from pathalign.text.statements.positions import (
    has_distance,
    has_side,
    is_only_side,
    is_situated,
    names_only_margins,
    of_margin,
    sided_at,
)
from pathalign.text.statements.statement import Kind

_TUMOUR_THERE = re.compile(
    r"\b(?:no|contain\w*|(?:positive|negative) for|(?:un)?involved by|free of|absence of) (?:\w+ ){0,3}(?:tumou?r|"
    r"neoplas)"
)
_DENIED = re.compile(r"\b(?:no|not|negative|free|closest)\b")
_MARGIN_ALONE = re.compile(r"\bmargin\b[^.]{0,40}\b(?:biopsy|excision|shave)\b")
_TISSUE = re.compile(
    r"^\W*(?:[a-z-]+ ){0,3}(?:mucosa|submucosa|muscle|epithelium|cartilage|bone|nerve|parenchyma|tissue|skin|"
    r"salivary)\b"
)
_STATUS = re.compile(r"^\W*(?:all |is |are )*(?:negative|free|positive|uninvolved|involved|clear|not|no)\b")
_VERDICT_ENDS = re.compile(r":\s*(?:negative|positive|free|uninvolved|involved|clear)\b[^:]*$")
_STATUS_AFTER = re.compile(r"\)\s*(?:(?:are|is|all) ){0,2}(?:negative|free|positive|uninvolved|clear)\b[^,;]*$")
_PATTERN = re.compile(r"\b(?:gleason|pattern|grade|dcis|lcis|in[ -]situ)\b")
_REACHES = re.compile(r"\b(?:exten(?:ds?|ding)|invad\w+|infiltrat\w+|involv(?:es|ing))\b")
# By their ends, then by their first letters: the engine tries few at each word.
_FINDING = re.compile(
    r"\b\w*(?:omas?|omata|itis|osis|oses|plasias?|plastic|trophy|trophic|invasi\w+|invesi\w+|cellular|adenopathy|"
    r"opathic|morpholog\w+|calcifi\w+|autoly\w+|ectasi[as]|vascular|\w{4}otic)\b"
    r"|\b\w*(?:carcin|tumor|metast)\w+"
    r"|\b(?:a(?:bnormalit\w+|bscess\w*|cinar|ctivity|dhesions?|dipose|lveolar|myloid\w*|ngiolymph\w*|nthraco\w+|"
    r"ppearance|rchitectur\w+|rtifacts?|troph\w+|typi\w+)|"
    r"b(?:arrett\w*|enign|reslow|ullae?)|"
    r"c(?:ancer(?:ous)?|apsul\w+|ells?|hanges?|holestasis|hromophobe|in|lark|omedo\w*|onfined|ongest\w*|"
    r"orpora albicantia|orpus luteum|ortex|ribriform|yst(?:s|ic)?|ytoplasm\w*)|"
    r"d(?:cis|ecidu\w+|ifferentiat\w+|isease|iverticul\w+|ysplas\w+)|"
    r"e(?:dema|mboli|mphysem\w+|osinophil\w*|pidermis|pitheli\w+|xpansion|xten(?:ds?|ding|sion|sive\w*)|xudate)|"
    r"f(?:ascia|ascicular|at|atty|eatures|ibrin\w*|ibrous|istula|oreign body|ree|uhrman)|"
    r"g(?:[1-4](?:-\d)?|land(?:s|ular)|leason|oit(?:er|re)|rade|ranul\w+|rowth(?! factor))|"
    r"h(?:a?emorrhag\w*|ernia|istiocyt\w+|istolog\w+)|"
    r"i(?:nfarct\w*|nfiltrat\w+|nflam\w+|nsular|nvad\w+|nvol\w+|schemi\w+|slets)|"
    r"keratinocyt\w+|"
    r"l(?:aesion\w+|cis|epidic|esions?|euka?emia|imited|ymphatics?|ymphocyt\w+|ymphoid|ymphonod\w+|ymphovascular)|"
    r"m(?:acrophages|alignan\w*|edulla|elanocyt\w+|esothelial|icropapillary|itos\w+|itotic|ucinous|ucosa\w*|uscle|"
    r"uscularis|yxoid)|"
    r"n(?:a?ev(?:us|i)|ecro\w+|egative|eoplas\w*|est(?:s|ed)|eutrophil\w*|ormal|uclear|uclei|ucleoli|ucleus)|"
    r"oncocytic|"
    r"p(?:apill\w+|arenchym\w*|atholog(?:y|ies|ic|ical)(?<!surgical pathology)(?! (?:report|diagnos|#|stag))|"
    r"atterns?|enetrat\w+|erineural|igment\w*|in|laques?|neumonia|olyps?|ositive|roliferati\w+)|"
    r"r(?:0|eactive|eactiv[ao]\w*)|"
    r"s(?:car|ecretory|heets|ignet|olid|pindle|toriform|troma\w*)|"
    r"t(?:hromb\w*|issue|rabecular|ubul\w+|umou?r-free|umou?rs?)|"
    r"u(?:lcer\w*|nremarkable)|venous)\b"
)
# Words that size alone may go with: "tumor, 3 cm" says no more than "3 cm".
_BARE = re.compile(
    r"\b(?:(?:primary )?tumou?rs?(?!-free)|neoplas(?:m|ia)|number of positive (?:lymph )?nodes?|"
    r"number with metasta\w+|stenosis|lesions?|mass|nodules?|foc(?:us|i)|histologic(?:al)? sections?|slides?|"
    r"invasi\w+ component|depth of (?:stromal |myometrial |tumou?r )?invasion|"
    r"greatest extent|extent|lymph|nodes?|parenchyma\w*|changes)\b"
)
_CLAUSE = re.compile(r"\s(?:with|and)\s(?=(?:all\s)?(?:\w+\s)?margins?\b)|[;,](?!\d)|\(|\.\s|:\s|\s-\s")
_LABELS = (
    r"extent|of|the|and|invasion|invasi\w{2,3}|histologic(?:al)?|histology|grade|score|patterns?|numbers?|involved|"
    r"examined|"
    r"specimens?|margins?|types?|tumou?rs?|size|status|veins?|renal|lymphatics?|vascular|perineural|angiolymphatic|"
    r"nottingham|gleason|fuhrman|nuclear|mitotic|frequency|count|rate|features|characteristics|findings|other|"
    r"additional|"
    r"pathologic(?:al)?|significant|comments?|sites?|location|laterality|lymph|nodes?|bronchial|surgical|resection|"
    r"spread|"
    r"clearance|pigmentation|thickness|depth|stage|staging|information|data|summary|synoptic|microscopic|macroscopic|"
    r"light|"
    r"microscopy|description|examination|diagnosis|final|key|procedure|capsular|capsule|space|within|component|in situ|"
    r"edmondson|steiner|bloom|richardson|scarff|modified|primary tumou?r|regional|distant|metasta[ns][ei]s|pt|pn|pm|"
    r"ptnm|cytomorphology|"
    r"carcinoma|for|dimensions?|maximum|linear|volume|secondary|primary|differentiation|necrosis|extension"
)
_ONLY_LABELS = re.compile(rf"^(?:\d{{1,2}}[^\w%]+|[a-z][.)]\s+)?(?:(?:{_LABELS})\b\W*){{1,6}}$")
_FIELD = re.compile(
    r"^[^a-z]*(?:[a-z][.)]\s*)?(?P<label>[a-z][^:=]{1,90}?)\s*(?:\([^)]{0,40}\)\s*)?[:=](?!\d\d)(?P<value>.*)$",
    re.DOTALL,
)
_MEASURED_FIELD = re.compile(
    r"\b(?:si[zs][ea]|weight|dimensions?|procedures?|specimens?(?: types?)?|\w*focality|multicentric\w*|number|"
    r"multi-?focal|ischemi[ac] time|time in formalin|fixation(?: time)?|thickness|depth|"
    r"quantitation|"
    r"integrity|received|node group|nodes|distance|volume|operation|diameter|type of (?:resection|operation|"
    r"procedure|\w+ectomy)|count(?! \())\b"
)
_POSITION_FIELD = re.compile(r"\b(?:sites?|location|laterality|locali[sz]ation|topography|side$)\b")
_ABSENT = re.compile(
    r"^\W*(?:not (?:present|identified|included|found|seen)|none(?: (?:identified|present))?|"
    r"absent)\W*$"
)
_PRESENCE = re.compile(
    r"^\W*(?:(?:is|are) )?(?:(?:not )?(?:present|identif\w+|seen|found|extensive)|absent|none|yes|no|negative|"
    r"positive|focal|"
    r"multifocal|minimal|marked|moderate|mild|high|low|(?:partial|complete|incomplete)(?=\W*$))\b"
)
_BARE_PRESENCE = re.compile(r"^\W*(?:is |are )?(?:not )?(?:present|identif\w+|seen|absent|found)\W*$")
_GRADE_VALUE = re.compile(r"^\W*(?:grade )?[ivx\d]{1,3}\b")
_GRADE_LABEL = re.compile(
    r"\b(?:grade|score|pattern|gleason|nottingham|level|mitos\w+|mitotic|nuclear|tubul\w+|"
    r"differentiation)\b"
)
_ORGAN_ALONE = re.compile(
    r"^(?:the )?(?:adrenals?(?: glands?)?|lymph nodes?(?: status)?|(?:skeletal )?muscle|spleen|gallbladder|ovar\w+|"
    r"nipple|skin|"
    r"parathyroids?|seminal vesicles?|thymus|appendix|omentum)$"
)
_PROCEDURE_ALONE = re.compile(
    r"^(?=.*(?:ectomy|otomy|resection|excision|biopsy|dissection|sampling))"
    r"\W*(?:(?:\w*ectomy|\w*otomy|procedure|resection|excision|biopsy|dissection|partial|total|radical|simple|core|"
    r"needle|"
    r"wedge|left|"
    r"right|and|with|subtotal|lymph|node|local|sentinel|sampling|of|the|tumou?r)\W*)+$"
)

_MOST_LABEL_WORDS, _FEW_WORDS, _PAIR = 6, 4, 2
_REACHING = ("inv", "inf", "ext", "occ")
_COUNT_LABEL = re.compile(r"(?:(?:total|no|lymph nodes?|nodes?)\W+){0,2}(?:number|size|no\.? of|positive)\b")
_TISSUE_NAME = re.compile(r"mucosa|serosa|muscularis|propria|fat|stroma|myometrium|dermis|tissue|wall")
_MEASURE, _POSITION = frozenset({Kind.MEASURED}), frozenset({Kind.POSITION})
_BOTH = _MEASURE | _POSITION


def of_field(low: str) -> frozenset[Kind] | None:
    """The kinds of a sentence that is a field of a table, "Tumor size: 3 cm"; None when it is none that we know."""
    field = _FIELD.match(low) if ":" in low or "=" in low else None
    if field is None:
        return None
    label, value = field["label"].strip(), field["value"]
    if not value.strip(" .:;-"):
        return frozenset() if len(label.split()) <= 6 else None
    if len(label.split()) > _MOST_LABEL_WORDS:
        return _MEASURE if _COUNT_LABEL.match(label) and _digit(value) else None
    if _COUNT_LABEL.match(label) and _digit(value) and len(value.split()) <= _FEW_WORDS:
        return _MEASURE
    if "depth" in label and not _digit(value) and _TISSUE_NAME.search(value):
        return frozenset({Kind.VISIBLE})
    if of_margin(label):
        if _TISSUE.match(value) and not is_measured(value) and not _VERDICT_ENDS.search(value):
            return frozenset({Kind.VISIBLE})  # a margin sent on its own, and what it is made of
        return _BOTH if is_measured(low) or "distance" in label else _POSITION
    if _ORGAN_ALONE.match(label) and _ABSENT.match(value):
        return _MEASURE
    if _POSITION_FIELD.search(label):
        return _BOTH if is_measured(value) else _POSITION
    if "focality" in label and ":" not in value and ";" not in value:
        return _MEASURE
    if _PROCEDURE_ALONE.match(value) and not _PROCEDURE_ALONE.match(label):
        return _MEASURE
    if _MEASURED_FIELD.search(label) and not _seen_beside(value):
        return _BOTH if of_margin(low) else _MEASURE
    graded = _GRADE_LABEL.search(label) and _GRADE_VALUE.match(value)
    if graded or (_PRESENCE.match(value) and not is_measured(value)):
        return frozenset({Kind.VISIBLE})
    return None


def _digit(value: str) -> bool:
    return has_digit(value) or "zero" in value or "none" in value


def of_clauses(low: str) -> frozenset[Kind]:
    """Kinds of a sentence that is no field: measured, of a position, visible."""
    if is_received(low):
        return _MEASURE
    if _ONLY_LABELS.match(low):
        return frozenset()
    sided = has_side(low)
    if sided and is_only_side(low):
        return _POSITION
    if is_of_bench(low):
        parts = low.split(";")
        beside = of_clauses(parts[0]) if len(parts) == _PAIR and not is_of_bench(parts[0]) else frozenset[Kind]()
        return (_BOTH if of_margin(low) else _MEASURE) | beside
    measured, margin = is_measured(low), of_margin(low)
    found = {Kind.MEASURED} if measured else set[Kind]()
    if margin or is_situated(low, measured=measured) or (sided and _is_sided(low)):
        found.add(Kind.POSITION)
    if not found and is_of_many(low) and not _seen_beside(low):
        found.add(Kind.MEASURED)
    if (_seen_beside(low) if found or margin else _FINDING.search(low)) or _BARE_PRESENCE.match(low):
        found.add(Kind.VISIBLE)
    return frozenset(found)


def _is_sided(low: str) -> bool:
    """Whether a finding lies in a side, or reaches one; not "in the left lung a scar is seen", of which it is told."""
    at = sided_at(low)
    if at is None:
        return False
    return _FINDING.search(low, 0, at.start()) is not None or at[0].startswith(_REACHING)


def has_finding(low: str) -> bool:
    """Whether words of a finding stand in a stretch of text."""
    return _FINDING.search(low) is not None


def _seen_beside(low: str) -> bool:
    """Whether a clause of a sentence says what a slide shows beside sizes, counts and margins."""
    beside_margin, sent_alone = False, _MARGIN_ALONE.search(low) is not None
    lists_margins = of_margin(low)
    for clause in _CLAUSE.split(low):
        if clause.strip() == "lymph nodes positive":
            continue  # a label
        if lists_margins and names_only_margins(clause):
            continue
        if lists_margins and of_margin(clause):
            beside_margin = not sent_alone
            if _REACHES.search(clause) and not _DENIED.search(clause):
                return True
        elif beside_margin and (_STATUS.match(clause) or _STATUS_AFTER.search(clause)):
            continue  # "margin of resection, negative for carcinoma"
        elif not (has_distance(clause) or (is_volume(clause) and not _PATTERN.search(clause))) and (
            _TUMOUR_THERE.search(clause) or _FINDING.search(_BARE.sub(" ", clause))
        ):
            return True
    return False
