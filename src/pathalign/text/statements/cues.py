"""Words that tell of what kind a statement is."""

from __future__ import annotations

import re

from pathalign.text.headings import SectionKind
from pathalign.text.statements.staging import is_staging
from pathalign.text.statements.statement import Kind

# All patterns are for text in small letters.
_UNASSESSED = re.compile(
    r"\bnot (?:specified|applicable|assess\w*|reported|recorded|provided|stated|examined|known|available|indicated|"
    r"determined|evaluated|performed)\b|\bcannot be (?:assessed|determined|evaluated)\b|\bn/?a\b|\bunknown\b|"
    r"\bpending\b"
    r"|^\W*(?:additional )?(?:comments?|notes?)\W+none\b|^\W*(?:to follow|deferred)\b"
)
_ABOUT_REPORT = re.compile(
    r"\b(?:see|refer to)\b(?=\W*(?:\w+\W+){0,3}(?:comments?|notes?|below|above|synop\w*|micro\w*|description|"
    r"template|parts?|reports?|"
    r"addend\w*|diagnos\w*|$))|^\W*(?:please )?(?:see|refer)\b|\baddend(?:um|a)\b|\breviewed\b|\bconsensus\b|"
    r"\bfrozen section diagnos\w+\b[^.]*\bconfirm"
    r"|\bcase (?:was|is|has been) (?:discussed|shown|sent|seen)|\bintradepartment\w+|\bconsult(?:ed|ation|ant)\b|"
    r"\bperformed by\b"
    r"|\bdictated\b|\bsigned\b|\bsignature\b|\b(?:fda|clia)\b|\bresearch\b|\binvestigational\b|\bclinical purposes\b|"
    r"\bpathologists?\b"
    r"|\bstaging manual\b|\bamended\b|\bsnomed\b|\bicd\b|^\W*[cm] ?\d{2}[,.]?\d?\W*$|^\W*[mtp]-?\d{4,5}\b|"
    r"\bnotified\b|\bcopy to\b|\bdr\b"
    r"|\bbe reported\b|\baccession\b|\bslides? (?:are|is|were) (?:sent|submitted)|\bfax\b|\bteaching physician\b"
)
_RECOMMENDED = re.compile(
    r"\brecommend\w*|\b(?:is|are) (?:strongly )?(?:advised|suggested|advisable|required)\b|\bcorrelat\w+ (?:with|"
    r"is)\b|\bclinical correlation\b"
    r"|\bfollow-?up (?:is|with|suggested|advised)\b|\bplease correlate\b|\bshould be (?:considered|followed|"
    r"performed|correlated)\b|\badvise\b"
)
_MARKERS = (
    r"er|pr|pgr|her-?\s?2(?:[ /-]?neu)?|c-?erb\w*|ki-?\s?67|mib-?\s?1|p\s?(?:16|53|63|40|504s)|s-?100|ttf-?\s?1|"
    r"napsin|ck-?\s?\d+\S*|cd-?\s?\d+\w*|cam\s?5\.2|"
    r"hmb-?\s?45|melan-?a|mart-?1|vimentin|desmin|actin|calretinin|wt-?1|gata-?3|pax-?\s?\d|ca-?ix|ca-?9|racemase|"
    r"amacr|psa|psap|synaptophysin|"
    r"chromogranin|gfap|ema|cea|egfr|mlh-?1|msh-?\s?[26]|pms-?2|idh-?1|atrx|inhibin|hepar-?1|cdx-?\s?2|c-?kit|"
    r"keratins?|"
    r"cytokeratins?|ae1\S*|estrogen|progesterone|oestrogen|e-?cadherin|afp|thyroglobulin|calcitonin|oct-?\s?[34]\S*|"
    r"sall-?4|plap|d2-?40|"
    r"podoplanin|bcl-?\s?\d|cyclin|dog-?1|sma|mucin|mucicarmine|pas-?d?|trichrome|reticulin|elastic|gms|afb|hpv|ebv|"
    r"eber"
)
_IHC = re.compile(
    r"\bimmuno\w+|\bihc\b|\b(?:special|elastic|histochemical|keratin|trichrome|mucin|pas|immuno\w*) stains?\b|"
    r"\bstain(?:s|ed|ing)?\b(?= (?:for|with|were|was|are|is|show|positive|negative|intensity|index|confirm|reveal))"
    rf"|\b(?:{_MARKERS})\b[^.;]{{0,40}}?(?:\bpositiv\w*|\bnegativ\w*|[+]|\(-\)|\breactiv\w*|\bexpress\w*|\bstain\w*|"
    rf"\bindex\b|\bintact\b|\bpreserved\b|\d ?%|\bimmuno|\bscore\b|\blabel\w+|\bstatus\b)"
    rf"|(?:\bpositiv\w*|\bnegativ\w*|\breactiv\w*|\bexpress\w*|\bstain\w*)\s+(?:\w+\s+){{0,3}}?(?:for|with|of|"
    rf"in)?\s*(?:{_MARKERS})\b"
    r"|\b(?:estrogen|progesterone|oestrogen|hormone) receptors?\b|\bproliferation index\b|\blabell?ing index\b|"
    r"\bclone\b|\bantibod\w+"
)
_MOLECULAR = re.compile(
    r"\bmutat\w+|\bfish\b|\bin[ -]situ hybridi[sz]\w+|\bcytogen\w+|\bcodons?\b|\bexons?\b|\bgenes?\b|\bgenetic\w*|"
    r"\bchromosom\w*|\bpcr\b|\bsequenc\w+|"
    r"\bmolecular\b|\bamplifi(?:ed|cation)\b|\brearrange\w+|\btranslocation\w*|\bmicrosatellite\b|\bmsi\b|"
    r"\b(?:k-?ras|braf|alk|nras|egfr)\b"
    r"|\b1p/?19q\b|\bkaryotype\b|\bdna\b|\bassay\b|\bmlpa\b|\bploid\w*|\bdeletion\b|\bmethylat\w+|"
    r"\bhybridi[sz]ation\b|\ballel\w+|\bwild[ -]type\b"
)
_CLINICAL = re.compile(
    r"\by(?:ear|r)s?[ -]?old\b|\by/o\b|\bhistory\b|\bsmok(?:er|ing)\b|\bpatient\b|\bpresent(?:s|ed|ing) with\b|"
    r"\bclinical(?:ly)? (?:history|diagnosis|information|impression|suspicion|stage|data)\b"
    r"|\b(?:chemo|radio)?therapy\b|\bpre-?op\w*\b|\bpost-?op\w*\b|\bpsa(?: value| level)?\s?[:=]|\bserum\b|\bldh\b|"
    r"\bct scan\b|\bmri\b|\bultrasound\b|\bradiolog\w+|\bimaging\b|\bbiopsy (?:proven|showed)\b|\bprevious(?:ly)?\b|"
    r"\bstatus[ -]post\b|\bs/p\b|\bprior\b|\betiology\b"
)
_UNIT = r"(?:cms?|mms?|centimet\w+|millimet\w+|microns?|µm|grams?|gms?|gm|g|ml|cc)"
_NUMBER = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|single|multiple|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif)ty(?:[- ]\w+)?)"
)
_MEASURED = re.compile(
    rf"\d\s?-?{_UNIT}\b|\d\s?[x×]\s?\d|\bmeasur(?:es|ed|ing|ement)\b|\bdiameter\b|\bdimensions?\b|\bweigh\w*"
    rf"|(?<![\d.+])\d+\s?(?:/|of|out of)\s?\d+\b(?!\s?hpf)|\b{_NUMBER} (?:\(\d+\)\s)?(?:[\w-]+\s){{0,3}}?(?:nodes?|"
    rf"fragments?|foci|nodules?|pieces)\b|\bnodes? \(\d+"
    rf"|\b{_NUMBER} (?:of|out of) (?:\w+ )?{_NUMBER}\b|\b\d+ ?%|\bnumber of\b|\bgreatest extent\b|\bthickness\b|"
    rf"\bdepth\b"
)
_GRADED = re.compile(
    r"\b(?:grade|gleason|score|nottingham|fuhrman|figo|who|isup|edmondson|ishak|pattern|nuclear|mitotic|tubul\w+|"
    r"architectural|stage)\b[^,;.]{0,30}?\d ?(?:/|of|out of|\+|to|-) ?(?:\d+|[iv]+)\b"
    r"|\b\d ?\+ ?\d(?: ?= ?\d+)?(?:/10)?|\bdue to\b|\bgrade \d+ ?\((?:of|out of) \d\)|(?:grade|fuhrman|nottingham|"
    r"score|figo)[^a-z]{0,6}\d ?/ ?\d"
)
_PERCENT_PATTERN = re.compile(r"\d+(?:\s?-\s?\d+)? ?%")
_POSITION = re.compile(
    r"\bmargins?\b|\bmargine?s?\b|\bresection (?:line|edge|plane)s?\b|\bcut surface margin|\bclearance\b|"
    r"\binked (?:surface|edge|line)"
)
_FIELD = re.compile(
    r"^\W*(?:\(?[a-z0-9]{1,2}[.)]\s*)?(?P<label>[a-z][a-z0-9 ,/()'&#-]{2,70}?)\s*(?:\([^)]{0,40}\)\s*)?[:=](?!\d\d)\s*"
    r"(?P<value>.*)$",
    re.DOTALL,
)
_FIELD_MEASURED = re.compile(
    r"\b(?:size|weight|dimensions?|procedure|specimens?(?: types?)?|focality|number|thickness|depth|quantitation|"
    r"integrity|"
    r"received|node group|distance|volume|extent of resection|type of (?:resection|operation|procedure)|operation|"
    r"lymph nodes? (?:sampling|examined)|diameter)\b"
)
_FIELD_POSITION = re.compile(
    r"\b(?:margins?|site|location|laterality|localization|localisation|quadrant|topography|side)\b"
)
_FIELD_VISIBLE = re.compile(
    r"\b(?:type|grade|grading|differentiation|invasion|extent|extension|pattern|necrosis|histolog\w+|features?|"
    r"findings?|"
    r"mitos\w+|mitotic\w*|infiltrat\w+|inflammat\w+|involvement|metasta\w+|component|pathology|gleason|effect|"
    r"diagnos\w+|other|capsule|fibrosis|configuration|infiltration|spread|level|variant|dysplasia|hyperplasia|"
    r"in situ|nodules?|tumou?r|kidney|gland|tissue|node|nodes)\b"
)
_ABSENT = re.compile(
    r"^(?:not (?:present|identified|submitted|included|found|received|seen)|none(?: (?:identified|submitted|"
    r"present))?|absent|n/?a)\W*$"
)
_ORGAN_ALONE = re.compile(
    r"^(?:the )?(?:adrenal glands?|lymph nodes?|skeletal muscle|muscle|spleen|gallbladder|ovar\w+|nipple|skin|"
    r"parathyroids?|seminal vesicles?|muscularis propria)$"
)
_SIDE_ALONE = re.compile(
    r"^\W*(?:(?:and|the|of|breast|lung|kidney|lobe|side|upper|lower|middle|outer|inner|right|left|bilateral|"
    r"quadrants?|o'clock|laterality|is|to|at|in|located|position|superior|inferior|lateral|medial|anterior|posterior|"
    r"\d{1,2})\W*)+$"
)
_SIDE = re.compile(r"\b(?:right|left|bilateral|quadrants?|o'clock|anterior|posterior|superior|inferior|upper|lower)\b")
_LOCATED = re.compile(
    r"\b(?:located|situated|seen|present|confined|lies|arising|found)\b[^,;]{0,25}\b(?:in|at|within|"
    r"of)\b[^,;]{0,20}\b(?:left|right|upper|lower|quadrant|segment|o'clock|region)\b|\bsubpleural region\b"
)
_FINDING = re.compile(
    r"\b\w*(?:carcinomas?|sarcomas?|melanomas?|lymphomas?|gliomas?|blastomas?|adenomas?|omas?|omata|itis|osis|oses|"
    r"plasia|plasias|plastic|trophy|trophic)\b"
    r"|\b(?:malignan\w*|neoplas\w*|metasta\w+|invas\w+|invad\w+|invol\w+|infiltrat\w+|exten(?:ds?|ding|sion|sive\w*)|"
    r"necro\w+|inflam\w+|benign|unremarkable|normal|abnormalit\w+|differentiat\w+|"
    r"grade|gleason|pattern|patterns|dysplas\w+|atypi\w+|mitos\w+|mitotic|nuclei|nuclear|nucleoli|cytoplasm\w*|"
    r"cells?|stroma\w*|gland(?:s|ular)|tubul\w+|papill\w+|cyst(?:s|ic)?|polyps?|tumou?rs?|lesions?|histolog\w+|"
    r"confined|limited|penetrat\w+|perineural|lymphovascular|angiolymph\w*|vascular|capsul\w+|ulcerat\w*|"
    r"hemorrhag\w*|haemorrhag\w*|congest\w*|edema|calcifi\w+|microcalcifi\w+|reactive|infarct\w*|thromb\w*|emboli|"
    r"positive|negative|tumor-free|patholog\w+|morpholog\w+|barrett\w*|mucosa\w*|epitheli\w+|gliosis|scar|dcis|lcis|"
    r"pin|cin|parenchym\w*|macrophages|changes?|architectur\w+|cancer|leukemia|seminoma|teratoma|goiter|goitre|"
    r"disease|spindle|oncocytic|adipose tissue|muscle|fat|tissue|features|appearance|clark|breslow|fuhrman|"
    r"g[1-4](?:-\d)?|r0|diagnosis)\b"
)
_STRONG = re.compile(
    r"\b(?:differentiated|histolog(?:y|ic(?:al(?:ly)?)?)|hyperplasia|dysplasia|invasi(?:on|ve)|infiltrat\w+|grade|"
    r"necrosis|sections show|mitos\w+|microscop\w+|metaplasia|adenosis|inflammation|gleason)\b"
)
_ONLY_SIZE = re.compile(
    rf"^\W*(?:(?:the|tumou?r|mass|lesion|nodule|focus|largest|greatest|maximum|size|diameter|dimension|of|is|in|"
    rf"measures?|measuring|specimen|approximately|about|with|a|and|was|grossly|total|overall|largest|invasive|"
    rf"component|x|by|to|up|{_UNIT}|\d+(?:[.,]\d+)?)\W*)+$"
)
_VOLUME = re.compile(
    r"\d ?%[^.]*\b(?:of the|of)\b[^.]*\b(?:volume|prostate|gland|specimen|sampled|examined)\b|\b(?:grossly|"
    r"gross) (?:measured|size)"
)
_DISTANCE = re.compile(
    rf"\b(?:within|to|by|from|than|into)\s(?:[a-z<]+\s){{0,3}}[<>]?\s?\d+(?:[.,]\d+)?\s?{_UNIT}\b|"
    rf"\d\s?{_UNIT}\s(?:from|away|distant)\b"
)
_CLAUSE = re.compile(r"[;,](?!\d)|[:.]\s|\s-\s|\band\b(?= the)")

_SECTION = {
    SectionKind.CLINICAL: Kind.CLINICAL,
    SectionKind.ADMINISTRATIVE: Kind.ADMINISTRATIVE,
    SectionKind.DISCLAIMER: Kind.ADMINISTRATIVE,
}


def kinds_of(text: str, low: str, section: SectionKind | None) -> tuple[Kind, ...]:
    """The kinds of a sentence; `low` is the same in small letters."""
    found: set[Kind] = set()
    if is_staging(text):
        found.add(Kind.STAGING)
    molecular, ihc = _MOLECULAR.search(low), _IHC.search(low)
    if molecular:
        found.add(Kind.MOLECULAR)
    if ihc and (not molecular or "immuno" in low or "ihc" in low or "stain" in low):
        found.add(Kind.IHC)
    if _RECOMMENDED.search(low):
        return (Kind.RECOMMENDATION,)
    if not found and (_UNASSESSED.search(low) or _ABOUT_REPORT.search(low)):
        return (Kind.ADMINISTRATIVE,)
    if not found and (section is SectionKind.CLINICAL or _CLINICAL.search(low)):
        return (Kind.CLINICAL,)
    if section in _SECTION and not found:
        return (_SECTION[section],)
    field = _FIELD.match(low)
    if field and not found:
        kinds = _of_field(field["label"], field["value"])
        if kinds is not None:
            return kinds
    if ihc or molecular:
        before = low[: min(match.start() for match in (ihc, molecular) if match)]
        if _STRONG.search(before):
            found.add(Kind.VISIBLE)
        return tuple(kind for kind in Kind if kind in found)
    return tuple(kind for kind in Kind if kind in found | _of_clauses(low))


def _of_field(label: str, value: str) -> tuple[Kind, ...] | None:
    """The kinds of a field of a table and its value; None when the label is none of a table's."""
    if not value.strip(" .:;-"):
        return () if len(label.split()) <= 6 else None
    if _ORGAN_ALONE.match(label) and _ABSENT.match(value):
        return (Kind.MEASURED,)
    if len(label.split()) > 6:
        return None
    if _FIELD_POSITION.search(label) and "margin" not in label:
        return (Kind.POSITION,)
    if _FIELD_MEASURED.search(label):
        return (Kind.MEASURED,)
    return None


def _of_clauses(low: str) -> set[Kind]:
    """Kinds that the clauses of a sentence have: measured, of a position, visible."""
    found: set[Kind] = set()
    if _SIDE_ALONE.match(low):
        return {Kind.POSITION} if _SIDE.search(low) else set()
    graded = _GRADED.sub(" ", low)
    if _MEASURED.search(graded):
        found.add(Kind.MEASURED)
    if _POSITION.search(low):
        found.add(Kind.POSITION)
    if _FINDING.search(low):
        found.add(Kind.VISIBLE)
    return found
