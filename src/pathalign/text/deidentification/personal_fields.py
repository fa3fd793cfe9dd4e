"""Fields that say what somebody is and not what somebody has: religion, occupation, language, citizenship."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import word_set
from pathalign.text.deidentification.words import Words

_KEYS = word_set(
    "religion religious faith parish church congregation denomination synagogue mosque diocese occupation profession "
    "employer employment workplace employed residency insurance rel occ relation kin lang job "
    "citizen occup trade school education marital civil citizenship nationality ethnicity ethnic "
    "language languages interpreter veteran military branch rank regiment country birthplace tribe tribal band treaty "
    "affiliation community hobby hobbies maiden nickname county township municipality immigration visa "
    "clan caste union housing income class status spoken origin heritage dialect clergy pastor work worship "
    "race room ward bill service funeral"
)
_FIELD = re.compile(
    r"(?P<key>\b[A-Za-z'’]{3,20}(?: ?[/&(,.]? ?[A-Za-z'’.]{1,14}\)?){0,4}?)[ \t]{0,3}(?:[:=]|\t|\.{3,})[ \t]{0,60}"
    r"(?P<value>[^\s:;|][^\n\t:;|]{0,60}?)(?=[ \t]{2}|[\n\t:;|]|[ \t]?$|\.\s|\.?$|, ?[A-Z][a-z]{2,12}:)"
)
_BARE = re.compile(
    r"(?:^|[\n\t|]\s?|\s{2}|\.\s)(?P<key>nationality|religion|religious preference|occupation|"
    r"ethnicity|citizenship|denomination|"
    r"profession|employer|marital status|(?:preferred|primary|spoken) language|parish|tribe|"
    r"birthplace|interpreter|race|room|ward|bill type|service|rank|school|trade|"
    r"veteran status|citizen|language|clergy)[ \t]{1,6}"
    r"(?P<value>[A-Za-z][A-Za-z' /-]{2,30}?)(?=[ \t]{2}|[\n\t|;]|\.\s|[ .]?$)",
    re.IGNORECASE,
)
"""A column without a colon."""
_BARE_KEYS = word_set(
    "nationality religion religious occupation ethnicity citizenship denomination profession employer marital language "
    "parish tribe birthplace interpreter race room ward bill service rank school trade veteran citizen clergy"
)
_ABOUT_PERSONS = re.compile(
    r"place of (?:work|worship|birth|origin|employment)|religio|faith|parish|church|congregation|"
    r"denominat|synagogue|mosque|diocese|occupation\b|profession\b|employ|"
    r"workplace|\blang\b|job (?:title|desc)|residency|insurance class|\brel\b|\bocc\b|relation\b|"
    r"citizen|\boccup\b|\btrade\b|\bschool|education|(?:marital|civil|veteran|military|immigration|"
    r"citizenship|employment|"
    r"work|student|living|legal|housing) status|marital|citizen|nationality|ethnic|language|spoken|interpreter|"
    r"veteran|military|\bbranch\b|\brank\b|regiment|country (?:of|or)|birthplace|trib(?:e|al)|\bband\b|treaty|"
    r"affiliation|community|hobb|maiden|nickname|\bcounty\b|township|municipal|immigration|\bvisa\b|"
    r"\bclan\b|caste|\bunion\b(?! of)|housing|income|fin(?:ancial|\.)? ?class|national origin|heritage|dialect|clergy|"
    r"\brace\b|\broom\b|\bward\b|bill(?:ing)? type|service\b|funeral",
    re.IGNORECASE,
)
_OF_MEDICINE = re.compile(
    r"tumou?r|node|margin|marker|mutation|tissue|specimen|cell|histolog|who\b|grade|stage|stain|vein|arter|bronch|duct|"
    r"nerve|receptor|vascular|urinary|exposure|history|gross|micro",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"(?:[mfynu]|yes|no|none|unknown|n/?a|not \w+|declined|refused|other|(?:non[- ]?)?hispanic\b.*|"
    r"(?:non[- ]?)?latin\w\b.*|white|black|"
    r"caucasian|asian|african[- ]american|native american|american indian|pacific islander|multiracial|w|b|h|a|"
    r"female|male|see \w+|pending|same|\W*)",
    re.IGNORECASE,
)
_FINDING = re.compile(
    r"\b(?:left|right|bilateral|lymph|nodes?|lesions?|tumou?rs?|margins?|specimens?|tissues?|biops\w+|benign|malignan\w*|"
    r"negative|positive|present|absent|identified|\w{2,20}(?:ectomy|otomy|omas?|itis|plasia|osis))\b",
    re.IGNORECASE,
)


def find_personal_fields(words: Words) -> Iterator[Finding]:
    """Values of such fields, wherever they stand."""
    report, seen = words.report, -1
    for index in words.where(_KEYS):
        first = index
        while first and index - first < 3 and words.lower[first - 1] in _FIRST and len(words.gap(first - 1)) < 4:
            first -= 1
        start = words.starts[first]
        if start <= seen:
            continue
        match = (
            _BARE.search(report, max(0, start - 3), start + 80) if words.lower[index] in _BARE_KEYS else None
        ) or _FIELD.match(report, start)
        if match is None or not _ABOUT_PERSONS.search(match["key"]) or _OF_MEDICINE.search(match["key"]):
            continue
        value = match["value"].rstrip(" .,")
        if (
            report[match.end("value") :].lstrip(" ")[:1] == ":"
            and "  " not in report[match.end("value") : match.end("value") + 2]
        ):
            continue
        if not value or _KEPT.fullmatch(value) or _FINDING.search(value):
            continue
        seen = match.end("value")
        yield Finding(match.start("value"), match.start("value") + len(value), Kind.FIELD, "personal field")


_FIRST = word_set(
    "preferred primary home native mother's mothers place country of fin financial highest pt "
    "patient current usual civil"
)
