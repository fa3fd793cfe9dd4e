"""The header of a report, "key: value": known keys say what their value is; the value of an unknown key is dropped.

The header is what stands before the first heading of a medical section, provided that it looks like one: two fields
that identify somebody. Fields of names and of birth count wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import NAME_WORDS, VOCABULARY, misread_pattern, word_set
from pathalign.text.deidentification.name_shapes import CREDENTIALS, name_forward
from pathalign.text.deidentification.words import Words

_IDENTIFYING = re.compile(
    r"patient|\bpt\b|\bname|m\.?r\.?n\b|med(?:ical)? rec|\bdob\b|d\.o\.b|birth|accession|\bssn\b|address|phone|"
    r"\bfax\b|"
    r"acc(?:oun)?t\b|\btel\b|telephone|physician|provider|surgeon|doctor|attending|collected|received|reported|"
    r"hospital|facility|insurance|"
    r"visit|encounter|\bnpi\b|\bclia\b|\bid\b|pathologist|\bunit (?:no|#)|\bcase\b|director",
    re.IGNORECASE,
)
_OF_HEADERS = re.compile(
    rf"{_IDENTIFYING.pattern}|request|order|referr|employ|contact|religio|occupation|marital|citizen|"
    r"nationality|language|policy|payer|residence|clinician|facsimile|(?:surgical|lab|record) number$",
    re.IGNORECASE,
)
_MEDICAL = re.compile(
    r"diagnos|\bdx\b|gross|macroscop|microscop|clinical|history|specimen|tissue|site\b|procedure|operation|"
    r"operative|comment|"
    r"\bnotes?\b|synop|tumou?r|histolog|grade|margin|node|stage|staging|\bp?t?nm\b|invasion|size|section|stain|"
    r"immuno|marker|"
    r"receptor|\ber\b|\bpr\b|her-?2|frozen|addend|amend|laterality|organ\b|material|impression|interpretation|"
    r"conclusion|findings?|"
    r"result|block|cassette|slide|\bsex\b|gender|\bage\b|\brace\b|ethnic|part\b|method|summary|description|"
    r"indication|symptom|"
    r"pre-?op|post-?op|weight|gleason|nottingham|score|\bink|container|fixation|fixative|ischemi|focality|extent|"
    r"depth|biops|"
    r"resection|excision|excised|cytolog|test\b|tests\b|\bcodes?\b|icd|snomed|\bcpt\b|molecular|mutation|type\b|"
    r"ectomy|extract|teeth|tooth|(?<!marital )(?<!civil )(?<!employment )(?<!insurance )status|source",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:^|[\n.;]\s{0,3}|\s{2})(?:final |pathologic(?:al)? |surgical |anatomic |microscopic |post-?operative |"
    r"pre-?operative |clinical )*"
    r"(?:diagnos[ie]s|dx|gross(?: description| examination)?|macroscop\w{1,8}|microscop\w{1,8}|clinical (?:history|"
    r"information|data|details)|"
    r"history|specimens?(?:\(s\))?(?: (?:submitted|received|information|source|type))?|tissues? (?:submitted|"
    r"received)|material (?:submitted|received)|"
    r"source of (?:specimen|tissue)|procedure|operation|comment|synoptic|impression|interpretation|addendum|"
    r"intra-?operative)\b(?! ?(?:no\b|number|nr\b|#|id\b|date|taken|collected|obtained))"
    r"[^:\n.]{0,40}(?:[:.\n]|$)",
    re.IGNORECASE,
)
_MONTH = misread_pattern("(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_BEGINS_DATE = re.compile(
    r"\s{0,3}(?:[\dlIO]{1,4}(?P<mark>[/.-])[\dlIO]{1,2}(?P=mark)[\dlIO]{2,4}"
    rf"|[\dlIOS]{{1,2}}[- ]?{_MONTH}|{_MONTH}[a-z0-9]{{0,6}}\.? \d)",
    re.IGNORECASE,
)
"""After "Procedure performed:" a date, so that the header goes on."""
LONGEST_HEADER = 2000
"""Characters of a report among which its header is sought."""
LONGEST_VALUE = 100
LONGEST_KEY = 45

_NAME_KEY = re.compile(
    r"(?<![\w-])(?:(?:patient|pt\.?|pat|maiden|last|first|middle|legal|full|preferred|family|given|mother'?s|"
    r"father'?s|spouse|guardian|sur|fore|nick|other)"
    r"[ '’s-]{0,3}names?|patient|pt|name|(?:(?:attending|referring|requesting|ordering|consulting|"
    r"primary(?: care)?|responsible|submitting|treating|"
    r"admitting|supervising|sign(?:ing)?[ -]?out|reporting|examining|attend|refer|req|reg|ord|family|operating|"
    r"assisting)\.?[ ]{1,2})?"
    r"(?:physicians?|phys|doctors?|surgeons?|pathologists?|providers?|clinicians?|residents?|fellows?|consultants?|"
    r"md|drs?|practitioner|gp|pcp)|"
    r"attending|prosector|dictated|transcribed|signed|authorized|authorised|verified|approved|transcriptionist|"
    r"typist|cytotechnologist|histotechnologist|"
    r"technologist|technician|assistant|"
    r"screener|reviewer|author|operator|(?:requested|ordered|submitted|received|collected|verified|approved|"
    r"interpreted|reviewed|read|performed|entered|"
    r"dictated|transcribed|grossed|signed|signed out|released|reported|authenticated) by|signature|(?:copy|"
    r"copies)(?: to)?|cc|attention|attn|(?:emergency )?contact|"
    r"next of kin|kin|guardian|guarantor|insured|subscriber|policy holder|notified|called to|reported to|caller|"
    r"director|secretary|mother|father|"
    r"spouse|husband|wife|alias(?:es)?|aka|maiden|decedent|deceased|donor|participant|staff|coordinator|"
    r"counsell?or|manager|abstractor|investigator|presenter|chief|chair(?:man)?|anesth(?:esiologist)?|nurse|holder|"
    r"witness(?:ed by)?|released to|returned to|head)(?:\(s\))?(?: name)?(?: ?\((?:print|last, ?first|electronic|"
    r"print name|name|pcp)\))?\s{0,3}$",
    re.IGNORECASE,
)
_NAME_LAST = word_set(
    "name names patient pt physician physicians phys doctor doctors surgeon surgeons pathologist pathologists "
    "provider providers clinician clinicians resident residents fellow fellows consultant consultants md dr drs "
    "practitioner gp pcp attending prosector dictated transcribed transcriptionist typist cytotechnologist "
    "signed authorized authorised verified approved "
    "histotechnologist technologist technician assistant screener reviewer author operator by signature copy "
    "copies to cc attention attn contact kin guardian guarantor insured subscriber holder notified caller "
    "director secretary mother father spouse husband wife alias aliases aka maiden decedent deceased donor participant "
    "staff coordinator counselor counsellor manager abstractor investigator presenter chief chair chairman anesth "
    "anesthesiologist nurse witness head"
)
_DATE_KEY = re.compile(
    r"(?<![\w-])(?:d\.?o\.?b\.?|(?:date|year) of birth|birth ?date|b\.?date|d\.?o\.?d\.?|date of death|born)\s{0,3}$",
    re.IGNORECASE,
)
_DATE_VALUE = re.compile(r"[ \t]{0,6}(?P<value>[\w/.,’'-]{4,12}(?<=\d))")
_PLACE_KEY = re.compile(
    r"(?<![\w-])(?:(?P<institution>(?:submitting |referring )?(?:facility|hospital|institution|clinic|laboratory|"
    r"lab|practice|organi[sz]ation)|performed at|"
    r"site of service|client|collection site)|(?:home |mailing |street |work |patient |"
    r"business )?address(?: line)?(?: ?[12])?|city(?:,? ?/?state)?(?:/zip)?|"
    r"city/town|town|county|residence|(?:patient )?location|birthplace|place of birth|ward|room|bed|rm/bed|"
    r"loc)\s{0,3}$",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A key and where its value begins."""

    key: str
    start: int
    """Of the key."""
    value: int


def find_fields(words: Words) -> Iterator[Finding]:
    """Values of header fields."""
    report = words.report
    header = header_end(report)
    for field in fields(report, len(report), header):
        in_header = field.start < header
        last = field.key.rsplit(None, 1)[-1].lower()
        if (last in _NAME_LAST or last[-1] == ")") and _NAME_KEY.search(field.key):
            found = list(_name_field(words, field, in_header=in_header))
            yield from found or (_other_field(report, field, header, known=False) if in_header else ())
        elif _DATE_KEY.search(field.key):
            match = _DATE_VALUE.match(report, field.value)
            if match:
                yield Finding(match.start("value"), match.end("value"), Kind.DATE, "date field")
        elif in_header:
            yield from _other_field(report, field, header)


_BIRTH_LASTS = ("ob", "ob.", "o.b", "o.b.", "od", "od.", "o.d", "o.d.", "birth", "date", "death", "born")


def _counts_anywhere(before: str) -> bool:
    """Whether the last word before a colon may be that of a key of a name, or of birth and death."""
    last = (before.rsplit(None, 1) or ("",))[-1].lower().rpartition(";")[2]
    return last in _NAME_LAST or last[-1:] == ")" or last.endswith(_BIRTH_LASTS)


def fields(report: str, limit: int, header: int = LONGEST_HEADER) -> Iterator[Field]:
    """Every colon, tab or equals sign with the words before it on its line, within its sentence.

    After the header only those whose last word may be that of a name or a birth.
    """
    last = 0
    for at in _colons(report, limit):
        if at and report[at - 1].isdigit() and not report[at + 1 : at + 2].isspace():
            continue  # a time, a ratio
        start = max(last, at - LONGEST_KEY)
        before = report[start:at]
        if start >= header and not _counts_anywhere(before):
            last = at + 1
            continue
        cut = 1 + max(
            before.rfind("\n"), before.rfind("\t"), before.rfind(";"), before.rfind(". ") + 1 or -1,
            before.rfind("  ") + 1 or -1,
        )  # fmt: skip
        if before[cut:].strip():
            yield Field(before[cut:].strip(), start + cut, at + 1)
        last = at + 1


def _colons(report: str, limit: int) -> list[int]:
    """Where `_COLON` matches, found by its characters: ten times as fast."""
    places = list[int]()
    for mark in ":=":
        at = report.find(mark, 0, limit)
        while at >= 0:
            places.append(at)
            at = report.find(mark, at + 1, limit)
    if "=" in report:
        places.sort()
    return [at for at in places if _COLON.match(report, at, limit)]


_COLON = re.compile(r"[:=](?!\d\d\b)|:(?=\s)")


def header_end(report: str) -> int:
    """Where the header of a report ends; 0 for a report without one."""
    section = next(
        (
            s
            for s in _SECTION.finditer(report, 0, LONGEST_HEADER)
            if s.end() > 60 and not _BEGINS_DATE.match(report, s.end())
        ),
        None,
    )
    end = section.start() if section else min(len(report), LONGEST_HEADER)
    known = sum(_is_of_header(field.key) for field in fields(report, end))
    return end if known >= 2 else 0


@lru_cache(maxsize=4096)  # reports repeat their keys
def _is_of_header(key: str) -> bool:
    return _OF_HEADERS.search(key) is not None


def _other_field(report: str, field: Field, header: int, *, known: bool = True) -> Iterator[Finding]:
    """The value of a field of a place, and of one that is neither medical nor known."""
    place = _PLACE_KEY.search(field.key)
    if known and not place and (_IDENTIFYING.search(field.key) or _is_medical(field.key)):
        return
    start = field.value
    while start < header and report[start] in " \t":
        start += 1
    end = _value_end(report, start, header)
    value = report[start:end]
    if not value or (place and not _names(value)) or value.lower() in _EMPTY:
        return
    if _FINDING.match(value) if place else _FINDING.search(value.split("  ")[0]):
        return
    if place:
        yield Finding(start, end, Kind.INSTITUTION if place["institution"] else Kind.PLACE, "place field")
    else:
        yield Finding(start, end, Kind.FIELD, "unknown field")


_DOUBTFUL = re.compile(
    r"\b(?:grade|type|status|source|site|part|tests?|codes?|section|size|result|method|summary|description|notes?|material|"
    r"extent|procedure|score|stage|marker|container|weight|depth|findings?)\b[\s:#./-]{0,3}",
    re.IGNORECASE,
)
"""Words of medical keys that stand in others too."""
_OF_PERSONS = re.compile(
    r"\b(?:bill(?:ing)?|rank|pay|payment|funeral|period of|service|class|room|school|work|job|home|family|visit|bed|"
    r"coverage|benefit|housing|transport|arriv\w{2,4}|discharge|consent|privacy|release|legal|custody|diet|vip|alert|employ\w{2,5}|"
    r"insurance|policy|client|customer|account|priority|mail|contact|veteran|military|student)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def _is_medical(key: str) -> bool:
    """Whether a key is one of medicine: not "Bill type" nor "Rank/Grade", of which a word is of persons."""
    if not _MEDICAL.search(key):
        return False
    rest = _DOUBTFUL.sub("", key)
    return _MEDICAL.search(rest) is not None or not _OF_PERSONS.search(rest)


_FINDING = re.compile(
    r"\b(?:left|right|bilateral|upper|lower|anterior|posterior|inferior|superior|lymph|nodes?|masse?s?|lesions?|cysts?|"
    r"tumou?rs?|margins?|specimens?|tissues?|diagnos\w{2,5}|biops(?:y|ies)|resections?|excisions?|benign|malignan\w{1,3}|"
    r"negative|positive|lungs?|livers?|kidneys?|renal|breasts?|colon|rectum|prostate|bladder|uterus|cervix|ovar(?:y|ies)|"
    r"thyroid|parathyroid|pancreas|stomach|esophagus|brain|skin|spleen|adrenal|pleura|necks?|tongue|larynx|testis|"
    r"\w{2,20}(?:ectomy|otomy|ostomy|omas?|itis|plasia|osis))\b",
    re.IGNORECASE,
)
"""In the value of an unknown field, what a report is about rather than whom."""
_EMPTY = frozenset(
    ("female", "male", "f", "m", "none", "n/a", "na", "unknown", "unspecified", "not given", "not specified")
)


def _names(value: str) -> bool:
    """Whether a value holds a digit or a word that ordinary reports lack."""
    words = re.findall(r"[^\W_]+", value.lower())
    return bool(words) and any(w not in VOCABULARY or w in NAME_WORDS for w in words)


_VALUE_END = re.compile(r"[\n\t]|[ ]{3,}|(?<=[a-z0-9)])\.\s")


def _value_end(report: str, start: int, limit: int) -> int:
    """Where the value of a field ends: at the line's end, a wide gap, a sentence's end or the next key."""
    limit = min(limit, start + LONGEST_VALUE)
    stop = _VALUE_END.search(report, start, limit)
    end = stop.start() if stop else limit
    colon = _COLON.search(report, start, min(end + 2, limit))
    if colon:
        words = report[start : colon.start()].split(" ")
        tails = [" ".join(words[i:]) for i in range(len(words))]
        known = next(
            (t for t in tails if t and (_IDENTIFYING.match(t) or _MEDICAL.match(t) or _PLACE_KEY.match(t))), tails[-1]
        )
        end = min(end, colon.start() - len(known))
    while end > start and report[end - 1] in " \t.,;":
        end -= 1
    return end


def _name_field(words: Words, field: Field, *, in_header: bool) -> Iterator[Finding]:
    """The name in a field; in a header with lines all that the line holds, whatever words it is made of."""
    report, start = words.report, field.value
    index = words.from_offset(start)
    if (
        index >= len(words)
        or report[start : words.starts[index]].strip("\"'( \t\n")
        or words.starts[index] - start > 45
    ):
        return
    while index < len(words) and words.lower[index] in ("dr", "drs", "mr", "mrs", "ms", "miss", "prof"):
        index += 1
    end = name_forward(words, index, sure=True)
    while end > index:
        yield Finding(words.starts[index], words.ends[end - 1], Kind.NAME, "name field")
        while end < len(words) and words.lower[end] in CREDENTIALS and len(words.gap(end - 1)) < 4:
            end += 1
        if end >= len(words) or words.gap(end - 1).strip() not in (";", "/", "&", ",") or "\n" in words.gap(end - 1):
            return
        index, end = end, name_forward(words, end, sure=True)
    if index < len(words) and _BY_INITIALS.search(field.key) and _are_initials(words, index):
        yield Finding(words.starts[index], words.ends[index], Kind.NAME, "initials")
    if in_header and index < len(words):
        line, broken, _ = report[start : start + LONGEST_VALUE].partition("\n")
        alone = (
            broken
            and line.strip()
            and ":" not in line
            and "   " not in line.strip()
            and not any(map(str.isdigit, line))
        )
        if alone and len(line.split()) <= 5:
            begin = start + len(line) - len(line.lstrip())
            yield Finding(begin, start + len(line.rstrip(" .\t\r")), Kind.NAME, "name field")


_BY_INITIALS = re.compile(
    r"transcri|dictat|typ|screen|gross|enter|assist|techn|secretar|signed|verified", re.IGNORECASE
)


def _are_initials(words: Words, index: int) -> bool:
    """Whether a word may be the initials of who typed a report ("jks")."""
    raw, low = words.raw[index], words.lower[index]
    return 2 <= len(raw) <= 4 and raw.isalpha() and low not in VOCABULARY and low not in CREDENTIALS
