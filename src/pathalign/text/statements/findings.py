"""What of a sentence a slide shows, what was measured, and what says where: told by its clauses.

All patterns are for text in small letters.
"""

from __future__ import annotations

import re

from pathalign.text.statements.statement import Kind

_UNIT = r"(?:cms?|mms?|centimet\w+|millimet\w+|microns?|µm|grams?|gms?|g|ml|cc)"
_NUMBER = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|single|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif)ty(?:[- ]\w+)?)"
)
_MEASURED = re.compile(
    rf"\b(?:measur(?:es|ed|ing|ement)\b|diam[ae]t[ae]r\b|dimensions?\b|weigh\w*"
    rf"|(?<!level )(?<!station ){_NUMBER}(?! of the) (?:(?:\(\d+\)\s)?(?:[\w-]+\s){{0,3}}?"
    r"(?:nodes?|fragments?|foci|nodules?|pieces|metastas[ei]s|stones?)\b"
    rf"|(?:of|out of) (?:\w+ ){{0,2}}(?:{_NUMBER}|lymph nodes?)\b)|multiple \(#?\d+\)|multiple, \(?#?\d|"
    r"nodes? \(\d+|number (?:of(?! \w+ cells?\b| cells?\b| mito)|with|examined|involved|positive|submitted|identified)\b|"
    r"greatest extent\b|depth\b|"
    r"(?:ischemi[ac]|formalin|fixation)\b.{0,40}\d ?(?:minutes?|mins?|hours?|hrs?)\b)"
)
_MULTIPLE = re.compile(
    r"\bmultiple (?:[\w-]+ ){0,3}?(?:nodes?|fragments?|foci|nodules?|pieces|metastas[ei]s|lesions)\b"
)
# What was done at the bench and what was seen there: received, cut, inked, put into cassettes.
_BENCH = re.compile(
    r"\breceived (?:fresh|in (?:formalin|saline)|unfixed)\b|\b(?:entirely|representatively|totally|all) (?:submitted|"
    r"embedded)\b|\bsubmitted (?:entirely|representatively|in (?:toto|total|(?:\w+ ){0,3}cassettes?))\b|"
    r"\brepresentative sections?\b(?![^.;]*\b(?:show|demonstrat|exhibit))|\b(?:tissue|nodes?|specimens?) (?:(?:is|are|was|were|has been) )?submitted\b(?! as)|"
    r"\bin toto\b|\bcassettes?\b|\bserially sectioned\b|\b(?:is|are|was|were) inked\b|\binked (?:black|blue|green|"
    r"red|orange|yellow)\b|\bspecimen consists? of\b|\bbisected\b"
)
_SHOWS = re.compile(r"\bshow(?:s|ed|ing)?\b")
_BENCH_HINTS = (
    "received", "submitted", "embedded", "sections", "toto", "cassette", "sectioned", "inked", "specimen con",
    "bisected",
)  # fmt: skip
# Stones and how often a tumour occurs, which no slide shows.
_UNSHOWN = re.compile(
    r"\b(?:\w*lithiasis|stones?|calculi|calculus|multi(?:focal|centric)\w*|uni(?:focal|centric)\w*|solitary|"
    r"multiple satellite (?:lesions?|nodules?))\b"
)
_UNSHOWN_ALONE = re.compile(
    r"^(?:[^:]{0,40}findings\W+)?(?:\b(?:tumou?rs?|is|are|of|no|evidence|yes|not|identified|presents?|absent|disease|"
    r"and|with|gallbladder|renal|solitary|multiple|satellite|lesions?|nodules?|also|stones?|calculi|calculus|"
    r"(?:multi|uni)(?:focal|centric)\w*|(?:chole|nephro|uro|choledocho)lithiasis)\b\W*)+$"
)
_DIGIT = re.compile(r"\d")
_COUNTED = re.compile(
    rf"\d(?:\s?-?{_UNIT}\b|\s?[x×]\s?\d|(?<![\d.+/]\d)\d*\s?(?:/|of|out of)\s?\d+\b(?!\s?(?:hpf|high)))"
)
_MEASURING = (
    "measur", "diam", "dimension", "weigh", "greatest extent", "depth", "gross", "one", "two", "three",
    "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thir", "fif", "twen", "for", "single",
    "number ",
)  # fmt: skip
"""Without one of these or a digit nothing is measured."""
_VOLUME = re.compile(
    r"\d ?%[^.]{0,60}\b(?:volume|prostate|gland|specimen|sampled|examined|"
    r"tumou?r mass)\b|\bstenosis\W{0,3}\d+ ?%|\b(?:grossly|gross) (?:measured|size)"
)
_DISTANCE = re.compile(
    rf"\bwithin (?:[a-z]+ ){{0,3}}[<>]?\s?\d+(?:[.,]\d+)?\s?{_UNIT}\b|\d\s?{_UNIT}\b[ \w]{{0,20}}\b(?:from|away|"
    rf"distant|to the (?:closest|nearest))\b"
    rf"|\bfrom\b[^,;]{{0,40}}?\bby [<>]?\s?\d+(?:[.,]\d+)?\s?{_UNIT}\b|\bdistance\b"
)
# Numbers of grades are no counts.
_GRADED = re.compile(
    r"\b(?:grade|gleason|score|nottingham|fuhrman|figo|isup|edmondson|ishak|pattern|nuclear|mitotic|tubul\w+|"
    r"architectural|fibrosis)\b[^,;.]{0,24}?\d ?(?:/|of|out of|\(of|\+|to|-) ?(?:\d+|[iv]+)\b|\bstage \(?\d(?:\s?-\s?\d)? (?:of|out of) \d|"
    r"\b\d ?\+ ?\d(?: ?= ?\d+)?|\b[mtp]?-?\d{4,5}/\d"
)
_MARGIN_HINTS = ("margi", "resection", "inked", "clearance", "line", "edge", "cut e", "limit", "border", " ink")
_MARGIN = re.compile(
    r"(?<!non-)\bmargi(?!nal|nat)\w{0,4}\b|\b(?:resection|incision|excision|surgical|amputation) (?:lines?|edges?|planes?|"
    r"limits?|borders?|ends?)\b|\binked (?:surface|edge|line)|\b(?:at|on|touching) (?:the )?ink\b|"
    r"\b(?:limits?|borders?|planes?) of (?:resection|incision|excision)\b|"
    r"\b(?:lines?|edges?) of (?:resection|incision|excision)\b|\bcut (?:ends?|edges?)\b|\bclearance\b"
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
_TUMOUR_THERE = re.compile(
    r"\b(?:no|contain\w*|(?:positive|negative) for|(?:un)?involved by|free of|absence of) (?:\w+ ){0,3}(?:tumou?r|neoplas)"
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
_PATTERN = re.compile(r"\b(?:gleason|pattern|grade)\b")
_REACHES = re.compile(r"\b(?:exten(?:ds?|ding)|invad\w+|infiltrat\w+|involv(?:es|ing))\b")
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
    r"\b(?:(?:in|within|at)(?=(?: \w+){1,7}\W*(?:$|[,;.(]))|involv\w+|invad\w+|infiltrat\w+|extend\w* (?:in)?to|extension (?:in)?to|arising (?:from|in)|"
    r"occup\w+)(?: of)?(?: (?:the|a|an|both|\w+ (?:portion|part|aspect|wall) of)){0,2}"
    r" (?:(?:right|left|bilateral)\b(?! and left (?:kidney|breast))|(?:upper|lower|middle|mid|posterior|anterior|lateral|"
    r"medial|inner|outer|inferior|superior)(?:[ -]\w+)? (?:lobes?|poles?|quadrants?|thirds?|base|apex|wall|third)\b)"
    r"(?![^,;.]{0,40}\bnodes?\b)"
    r"|, (?:right|left) (?:(?:upper|lower|middle|mid|posterior|anterior) )?(?:lobe|pole|quadrant|side|base|apex)\b(?!.*:)"
)
# ... and nothing else: "The tumor involves both the right and left lobes".
_ONLY_SIDED = re.compile(
    r"^\W*(?:the )?(?:\w+ )?(?:tumou?rs?|(?:adeno)?carcinoma|neoplas(?:m|ia)|lesions?|mass|dcis|disease) (?:involves|"
    r"occupies|is (?:located|present|situated|seen|found|identified|confined))\b(?: (?:in|within|at|to))?(?: both)?(?: the)?"
    r"(?=[^.;:]*\b(?:lobes?|quadrants?|zones?|poles?|sides?|apex|base)\b)"
    r"(?:\W*\b(?:and|the|of|in|right|left|bilateral|both|lobes?|sides?|upper|lower|middle|mid|outer|inner|quadrants?|"
    r"zones?|peripheral|transition|poles?|anterior|posterior|lateral|medial|postero\w+|antero\w+|apex|base|through|"
    r"apical|basal|prostate|gland|breast|thyroid|lung|kidney|to|from)\b)+\W*$"
)
_LOCATED = re.compile(
    r"\b(?:seen|present|confined|lies|arising|found|involves)\b[^,;]{0,25}\b(?:in|at|within|of|the)\b"
    r"[^,;]{0,20}\b(?:left|right|upper|lower|quadrant|o'?clock|anterior|posterior)\b"
)
_FINDING = re.compile(
    r"\b\w*(?:omas?|omata|itis|osis|oses|plasias?|plastic|trophy|trophic|invasi\w+|invesi\w+|cellular|adenopathy|"
    r"opathic)\b"
    r"|\b\w*(?:carcin|tumor|metast)\w+"
    r"|\b(?:malignan\w*|neoplas\w*|\w*metasta\w+|anthraco\w+|pigment\w*|invad\w+|invol\w+|infiltrat\w+|exten(?:ds?|"
    r"ding|sion|sive\w*)|necro\w+|"
    r"inflam\w+|benign|unremarkable|normal|abnormalit\w+|differentiat\w+|grade|gleason|patterns?|dysplas\w+|atypi\w+|"
    r"mitos\w+|mitotic|nuclei|nuclear|nucleoli|cytoplasm\w*|cells?|stroma\w*|gland(?:s|ular)|tubul\w+|papill\w+|"
    r"cyst(?:s|ic)?|polyps?|tumou?rs?|lesions?|histolog\w+|confined|limited|penetrat\w+|perineural|lymphovascular|"
    r"angiolymph\w*|vascular|capsul\w+|ulcerat\w*|ha?emorrhag\w*|congest\w*|edema|\w*calcifi\w+|reactive|infarct\w*|"
    r"thromb\w*|emboli|na?ev(?:us|i)|hernia|positive|negative|tumou?r-free|patholog(?:y|ies|ic|ical)(?! report)|barrett\w*|"
    r"mucosa\w*|epitheli\w+|scar|"
    r"\w*morpholog\w+|activity|dcis|lcis|pin|cin|parenchym\w*|macrophages|changes?|architectur\w+|cancer|leuka?emia|goit(?:er|re)|disease|"
    r"spindle|oncocytic|muscle|muscularis|fat|fatty|adipose|fibrous|lymphoid|islets|plaques?|\w*autoly\w+|medulla|"
    r"cortex|"
    r"epidermis|fascia|artifacts?|tissue|features|appearance|clark|breslow|fuhrman|g[1-4](?:-\d)?|r0|free|"
    r"cribriform|solid|comedo\w*|micropapillary|trabecular|acinar|alveolar|lepidic|insular|storiform|fascicular|"
    r"nest(?:s|ed)|"
    r"sheets|signet|mucinous|venous|lymphatics?|laesion\w+|reactiv[ao]\w*|lymphonod\w+|expansion|granul\w+|"
    r"foreign body)\b"
)
# Words that size alone may go with: "tumor, 3 cm" says no more than "3 cm".
_BARE = re.compile(
    r"\b(?:(?:primary )?tumou?rs?(?!-free)|neoplas(?:m|ia)|lymph nodes? positive|(?:positive )?(?:lymph )?nodes?|"
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
_ONLY_LABELS = re.compile(rf"^(?:\d{{1,2}}\W+|[a-z][.)]\s+)?(?:(?:{_LABELS})\b\W*){{1,6}}$")
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
    r"^(?:the )?(?:adrenals?(?: glands?)?|lymph nodes?|(?:skeletal )?muscle|spleen|gallbladder|ovar\w+|nipple|skin|"
    r"parathyroids?|seminal vesicles?|thymus|appendix|omentum)$"
)
_PROCEDURE_ALONE = re.compile(
    r"^(?=.*(?:ectomy|otomy|resection|excision|biopsy|dissection|sampling))"
    r"\W*(?:(?:\w*ectomy|\w*otomy|resection|excision|biopsy|dissection|partial|total|radical|simple|core|needle|"
    r"wedge|left|"
    r"right|and|with|subtotal|lymph|node|local|sentinel|sampling|of|the|tumou?r)\W*)+$"
)


_OPERATION = re.compile(
    r"^\W*(?:x\W+)?(?:(?:surgical|total|partial|core|needle|wedge|excisional|incisional|local|wide|radical|simple|"
    r"laparoscopic|robotic|completion|near|subtotal|modified|segmental|skin[- ]sparing) ){0,2}"
    r"(?:resection|excision|lobectomy|mastectomy|lumpectomy|enucleation|thyroidectomy|gastrectomy|colectomy|"
    r"prostatectomy|hysterectomy|cystectomy|nephrectomy|esophagectomy|pneumonectomy)\W*$"
)
_MOST_LABEL_WORDS, _FEW_WORDS = 6, 4
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
    if _MARGIN.search(label):
        if _TISSUE.match(value) and not _is_measured(value) and not _VERDICT_ENDS.search(value):
            return frozenset({Kind.VISIBLE})  # a margin sent on its own, and what it is made of
        return _BOTH if _is_measured(low) else _POSITION
    if _ORGAN_ALONE.match(label) and _ABSENT.match(value):
        return _MEASURE
    if _POSITION_FIELD.search(label):
        return _BOTH if _is_measured(value) else _POSITION
    if _PROCEDURE_ALONE.match(value) and not _PROCEDURE_ALONE.match(label):
        return _MEASURE
    if _MEASURED_FIELD.search(label) and not _seen_beside(value):
        return _BOTH if _of_margin(low) else _MEASURE
    graded = _GRADE_LABEL.search(label) and _GRADE_VALUE.match(value)
    if graded or (_PRESENCE.match(value) and not _is_measured(value)):
        return frozenset({Kind.VISIBLE})
    return None


def _digit(value: str) -> bool:
    return _DIGIT.search(value) is not None or "zero" in value or "none" in value


def of_clauses(low: str) -> frozenset[Kind]:
    """Kinds of a sentence that is no field: measured, of a position, visible."""
    if _OPERATION.match(low):
        return _MEASURE
    if _ONLY_LABELS.match(low):
        return frozenset()
    sided = _SIDE.search(low) is not None
    if sided and (_SIDE_ALONE.match(low + " ") or _ONLY_SIDED.match(low)):
        return _POSITION
    if _UNSHOWN.search(low) and _UNSHOWN_ALONE.match(low):
        return _MEASURE
    if any(map(low.__contains__, _BENCH_HINTS)) and _BENCH.search(low) and not _SHOWS.search(low):
        return _BOTH if _of_margin(low) else _MEASURE
    found = set[Kind]()
    if _is_measured(low):
        found.add(Kind.MEASURED)
    margin = _of_margin(low)
    if margin or (found and (_DISTANCE.search(low) or _LOCATED.search(low))) or _SITUATED.search(low):
        found.add(Kind.POSITION)
    elif sided and _is_sided(low):
        found.add(Kind.POSITION)
    if "multiple" in low and not found and _MULTIPLE.search(low) and not _seen_beside(low):
        found.add(Kind.MEASURED)
    if (_seen_beside(low) if found or margin else _FINDING.search(low)) or _BARE_PRESENCE.match(low):
        found.add(Kind.VISIBLE)
    return frozenset(found)


def _is_sided(low: str) -> bool:
    """Whether a finding lies in a side, or reaches one; not "in the left lung a scar is seen", of which it is told."""
    at = _SIDED.search(low)
    if at is None:
        return False
    return _FINDING.search(low, 0, at.start()) is not None or (at[0][:3] in ("inv", "inf", "ext", "occ"))


def _of_margin(low: str) -> bool:
    return any(map(low.__contains__, _MARGIN_HINTS)) and _MARGIN.search(low) is not None


def _is_measured(low: str) -> bool:
    """Whether a size, a weight or a count is stated; grades are none."""
    digit = _DIGIT.search(low) is not None
    if not digit and not any(map(low.__contains__, _MEASURING)):
        return False
    counts = _GRADED.sub(" ", low) if digit else low
    found = (digit and _COUNTED.search(counts)) or _MEASURED.search(counts) or _is_volume(low)
    return bool(found)


def _is_volume(low: str) -> bool:
    return ("%" in low or "gross" in low) and _VOLUME.search(low) is not None


def has_finding(low: str) -> bool:
    """Whether words of a finding stand in a stretch of text."""
    return _FINDING.search(low) is not None


def _seen_beside(low: str) -> bool:
    """Whether a clause of a sentence says what a slide shows beside sizes, counts and margins."""
    of_margin, sent_alone = False, _MARGIN_ALONE.search(low) is not None
    lists_margins = _of_margin(low)
    for clause in _CLAUSE.split(low):
        if lists_margins and _OF_MARGINS.match(clause):
            continue
        if _of_margin(clause):
            of_margin = not sent_alone
            if _REACHES.search(clause) and not _DENIED.search(clause):
                return True
        elif of_margin and (_STATUS.match(clause) or _STATUS_AFTER.search(clause)):
            continue  # "margin of resection, negative for carcinoma"
        elif not (_DISTANCE.search(clause) or (_is_volume(clause) and not _PATTERN.search(clause))) and (
            _TUMOUR_THERE.search(clause) or _FINDING.search(_BARE.sub(" ", clause))
        ):
            return True
    return False
