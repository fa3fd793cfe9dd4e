"""Dates in all usual shapes, and ages over 89. A year alone stays, as HIPAA lets it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import with_misreadings, word_set
from pathalign.text.deidentification.words import Words

_MONTH = (
    r"(?:jan(?:uary|uar|vier|uari)?|feb(?:ruary|ruar)?|f[ée]vrier|mar(?:ch|zo|s)?|m[äa]rz|apr(?:il)?|avril|abril|"
    r"may|mai|mayo|"
    r"june?|juni|juin|july?|juli|juillet|aug(?:ust)?|ao[uû]t|agosto|sept?(?:ember)?|septembre|oct(?:ober)?|"
    r"okt(?:ober)?|"
    r"octobre|octubre|nov(?:ember)?|novembre|dec(?:ember)?|dez(?:ember)?|d[ée]cembre|enero|febrero|junio|julio|"
    r"diciembre|"
    r"gennaio|febbraio|maggio|giugno|luglio|settembre|ottobre|dicembre)"
)
_MONTH = re.sub("[oils]", lambda letter: f"[{letter[0]}015li]", _MONTH)  # as OCR may have read it
_D = r"[0-9OolILSB]"
"""A digit as OCR may have read it."""
_YEAR4 = rf"(?:[1IlL]9|2[0OoQ]){_D}{_D}"
_YEAR = rf"(?:{_YEAR4}|['’]?{_D}{_D})"
_DD = rf"(?:\d{_D}?|[lILO]\d)"
"""A day, a number of at most two."""
_TIME = (
    r"(?:(?:,?\s{0,2}(?:at|@|T|,|-)?\s{0,2})[\dOolILS]{1,2}:[\dOolILS]{2}(?::[\dOolILS]{2})?(?:\.\d{1,6})?"
    r"\s?(?:[ap]\.?m\b\.?|hrs|hours|Z)?(?:\s?(?:E|C|M|P)[SD]T\b)?)?"
)
_NOT_SIZE = r"(?!\s?(?:[x×*]\s?\d|cm|mm)|[.,/-]?\d)"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s{1,2})?"

_NUMERIC = re.compile(
    rf"(?<![\w.,-])(?<!\d/)(?:"
    rf"{_D}{{1,2}}(?P<s1>\s?[/\-–]\s?|\.){_D}{{1,2}}(?:\s?(?P=s1)\s?){_YEAR}"  # 03/14/2019, 14.3.19, 3 - 14 - 2019
    rf"|\d{{1,2}}\. ?\d{{1,2}}\. ?(?:19|20)\d\d"
    rf"|{_YEAR4}(?P<s2>[/.\-]){_D}{{1,2}}(?P=s2){_D}{{1,2}}"  # 2019-03-14
    rf"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{{4}}(?:\d\d)?)?"  # 20190314
    rf"|(?:0?[1-9]|1[0-2])[/-](?:19|20)\d\d"  # 03/2019
    rf")(?!\w){_NOT_SIZE}{_TIME}",
    re.IGNORECASE,
)
_ISO_TIME = re.compile(r"(?<![\w-])(?:19|20)\d\d-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_DAY_MONTH = re.compile(
    rf"(?<![\w.,-])(?<!\d/){_DD}(?:st|nd|rd|th|\.)?(?:\s{{0,2}}of)?[\s./-]{{0,2}}{_MONTH}(?!(?![lIL]9\d\d)[^\W\d_])\.?"
    rf"(?:(?:,|\s|-|\.|/|of){{0,4}}{_YEAR}\b)?{_TIME}",
    re.IGNORECASE,
)
_DAY = rf"(?P<day>{_DD}|[lIS](?=(?:st|nd|rd|th)?,? \d))(?P<nth>st|nd|rd|th)?\b(?![.,]?\d)"
_MONTH_DAY = re.compile(
    rf"\b{_WEEKDAY}(?<![\w-]){_MONTH}(?!(?![lIL]9\d\d)[^\W\d_])\.?[\s./-]{{0,2}}(?:the\s)?"
    rf"(?:{_YEAR4}|{_DAY}(?P<year>[\s,./-]{{1,3}}(?:{_YEAR4}|['’]\d\d)\b)?|['’]\d\d\b)"
    rf"(?!\s?(?:cm|mm|x\s|%)){_TIME}",
    re.IGNORECASE,
)
_FULL_MONTH = re.compile(
    r"january|february|march|april|june|july|august|september|october|november|december|(?:mon|tues|wednes|thurs|"
    r"fri|satur|sun)",
    re.IGNORECASE,
)
_DATED = re.compile(r"\b(?:on|dated?|since|by|of|from|until|the)[\s:]{1,2}$", re.IGNORECASE)
_SLASHED = re.compile(r"(?<![\d/.,+-])(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?![\d/%]|\.\d)")
_BEFORE_SHORT = re.compile(
    r"\b(?:dated|on|since|from|until|till|seen|collected|received|reported|performed|signed|date|dob|"
    r"(?:biopsy|surgery|specimen|slides?|results?|report)(?: of| from)?)[:\s]{1,3}$",
    re.IGNORECASE,
)
_AFTER_SHORT = re.compile(
    r"\s?\(?\s?(?:lymph|(?:\w{1,16}[\s-]?){0,2}\bnodes?\b|positive|negative|hpf|cores?|levels?|blocks?|slides?|"
    r"sections?|fragments?|"
    r"total|examined|ribs?|lobes?|foci|cells?|points?|score|grade|cm|mm|x\b|are|show|contain|of\b|mitos|"
    r"quadrants?|pieces?|parts?|"
    r"cassettes?|left|right|up to|,? {1,2}~)",
    re.IGNORECASE,
)
_VERB = re.compile(r"\s(?:be|have|also|represent|show|contain|indicate|reflect|not|or|suggest)\b", re.IGNORECASE)
"""After "1. May": a verb, not a month."""
_NAMED_DAY = re.compile(
    r"(?<![-\w])(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|christmas(?: (?:day|eve))?|thanksgiving|"
    r"new year'?s (?:day|eve)|"
    r"independence day|labor day|memorial day|easter(?: (?:sunday|monday))?)(?![-\w])",
    re.IGNORECASE,
)
_MONTH_ALONE = re.compile(
    r"\b(?:in|since|during|until|late|early|mid|last|this|next|of|by|from)[\s-](?P<month>January|February|March|"
    r"April|May|"
    r"June|July|August|September|October|November|December|JANUARY|FEBRUARY|APRIL|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|"
    r"NOVEMBER|DECEMBER)\b"
)
_BORN = re.compile(
    r"\b(?:born|d\.?o\.?b\.?|birth\s?date|date of birth|year of birth)(?:\s(?:in|on|is))?[\s:.]{1,3}(?P<year>(?:18|"
    r"19|20)\d\d)\b",
    re.IGNORECASE,
)

_AGE = re.compile(
    r"(?<![\w./-])(?P<age>9[\dOolILS]|1[0-4Ool][\dOolILS])"
    r"(?:[\s-]{0,2}(?:years?|yrs?|y)\b(?! of (?:surv|foll))|[\s-]?y[./]?o[mf]?\b|\s?(?:/\s?)?[WBHA]?[MF]\b(?!-)|"
    r",? ?(?:fe)?males?\b|,? (?:wo)?man\b|(?:st|nd|rd|th) (?:year|birthday)|\s?J(?:ahre)?\b)",
    re.IGNORECASE,
)
_AGE_KEYED = re.compile(
    r"\b(?:age[ds]?(?: (?:at|on|when|in) [a-z]{2,12}(?: [a-z]{2,10})?)?|(?:patient|pt|stated) age|"
    r"(?:age|se?x|dob|race|gender)(?: ?[/|-] ?(?:age|se?x|dob|race|gender)){1,2}|"
    r"age \(yrs?\)|yrs|years|yr)(?:\s?\((?:in )?(?:years?|yrs?|y)\))?"
    r"(?:\s(?:of|is|was))?\s{0,2}[:.=(|,-]?\s{0,40}(?:(?:[MF]|(?:fe)?male)\s?[/,|-]?\s?)?(?P<age>9[\dOolILS]|1[0-4Ool][\dOolILS])(?![\w%]|\.\d|/\d|\s?(?:%|days?|"
    r"months?|weeks?|hours?))",
    re.IGNORECASE,
)
_AGE_WORDS = re.compile(
    r"\b(?P<age>ninety(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?|"
    r"one hundred(?:(?: and)?[\s-]\w{3,6})?)"
    r"(?=[\s-]{1,2}years?[\s-]{0,2}(?:old|of age))|\b(?P<word>(?:super)?centenarian|nonagenarian)\b|\bin (?:his|"
    r"her|their) (?P<decade>nineties|90s|90'?s)\b",
    re.IGNORECASE,
)


_MONTHS = word_set(
    "jan january januar janvier januari feb february februar février fevrier mar march marzo mars märz marz apr "
    "april avril abril may mai mayo june juni juin jun july juli juillet jul aug august août aout agosto sep sept "
    "september septembre oct october okt oktober octobre octubre nov november novembre dec december dez dezember "
    "décembre decembre enero febrero junio julio diciembre gennaio febbraio maggio giugno luglio settembre "
    "ottobre dicembre"
)
_DAYS = word_set(
    "monday tuesday wednesday thursday friday saturday sunday christmas thanksgiving independence labor memorial easter"
)
_READ_MONTHS = with_misreadings(_MONTHS)
_MONTH_NAMES = word_set("january february march april june july august september october november december")
_AGE_GATE = word_set("ninety hundred centenarian supercentenarian nonagenarian nineties")


_BORN_WORDS = word_set("born d dob birth birthdate date year")
"""The first words of what `_BORN` finds."""


def find_dates(words: Words) -> Iterator[Finding]:
    """Dates, and the times that follow them."""
    report, present = words.report, words.present
    for match in words.at_numbers(_NUMERIC):
        if _is_date(match[0]):
            yield _date(match, 0, "numeric")
    for match in words.at_numbers(_SLASHED) if "/" in report else ():
        before = report[max(0, match.start() - 14) : match.start()]
        if _BEFORE_SHORT.search(before) and not _AFTER_SHORT.match(report, match.end()):
            yield _date(match, 0, "short")
    if "T" in report:
        yield from (_date(match, 0, "timestamp") for match in words.at_numbers(_ISO_TIME))
    if _month_beside_number(words):
        for match in words.at_numbers(_DAY_MONTH, ordinary=True):
            if not (match[0][-3:].lower() == "may" and _VERB.match(report, match.end())):
                yield _date(match, 0, "day month")
        for match in _MONTH_DAY.finditer(report):
            spelled = match["year"] or match["nth"] or not match["day"] or _FULL_MONTH.match(match[0])
            if spelled or _DATED.search(report[max(0, match.start() - 8) : match.start()]):
                yield _date(match, 0, "month day")
    if not _MONTH_NAMES.isdisjoint(present) or "May" in report:
        yield from (_date(match, "month", "month") for match in _MONTH_ALONE.finditer(report))
    if not _DAYS.isdisjoint(present) or {"new", "eve"} <= present or {"new", "year"} <= present:
        yield from (_date(match, 0, "named day") for match in _NAMED_DAY.finditer(report))
    for index in words.where(_BORN_WORDS):
        if born := _BORN.match(report, words.starts[index]):
            yield _date(born, "year", "born")


def find_ages(words: Words) -> Iterator[Finding]:
    """Ages over 89, in digits and in words; younger ones stay."""
    if any(_NINETY.match(words.report, start) for start in words.odd_starts):
        yield from (_age(match, "age") for match in words.at_numbers(_AGE))
        yield from (_age(match, "age") for match in _AFTER_SEX.finditer(words.report))
        for index in words.where(_AGE_KEYS):
            match = _AGE_KEYED.match(words.report, words.starts[index])
            if match:
                yield _age(match, "age field")
        yield from (_age(match, "age of a person") for match in _AT_AGE.finditer(words.report))
        for index in words.where(_PERSONS):
            match = _AGE_OF_PERSON.match(words.report, words.starts[index])
            if match:
                yield _age(match, "age of a person")
    if not words.present.isdisjoint(_AGE_GATE) or ("90" in words.report and "s" in words.present):
        yield from (_age(match, "age in words") for match in _AGE_WORDS.finditer(words.report))


_AFTER_SEX = re.compile(
    r"(?<![\w/])(?:[MF]\s?/\s?|[WBHA]/?[MF],? |(?i:elderly \(|\bd\.? at ))(?P<age>9[\dOolIS]|"
    r"1[0-4Ool][\dOolIS])(?![\w%]|[./]\d)"
)
_NINETY = re.compile(r"9[\dOolILS]|1[0-4Ool][\dOolILS]")
_AGE_KEYS = word_set("age ages aged sex patient pt stated sx yrs years yr dob race gender")
_AGE_OF_PERSON = re.compile(
    r"(?:patient|pt|she|he|who|lady|woman|man|gentleman|mother|father|widow|widower|resident|decedent|deceased|subject|"
    r"donor|male|female|mr|mrs|ms)\b\.?(?: [A-Z][\w'-]{1,24})?,? (?:(?:is|was|now|just|turned|"
    r"turning|being|has|will|reached|became|nearly|almost|"
    r"aged|died|at|of|to|be|lived|currently|a|about|approximately|the age) ){0,4}(?P<age>9[\dOolILS]|"
    r"1[01Ool][\dOolILS])"
    r"(?=[,;.)]|\s?$| (?:and|with|who|at|when|on|in|this|last|next|years?)\b)(?!\.\d)",
    re.IGNORECASE,
)
_AT_AGE = re.compile(r"\bat (?P<age>9[\dOolIS]|1[01O][\dOolIS]),? (?:s?he|the patient|pt|her|his|who)\b", re.IGNORECASE)
_PERSONS = word_set(
    "patient pt she he who lady woman man gentleman mother father widow widower resident decedent "
    "deceased subject donor male female"
)


def _age(match: re.Match[str], rule: str) -> Finding:
    group = next(name for name, value in match.groupdict().items() if value)
    return Finding(match.start(group), match.end(group), Kind.AGE, rule)


def _month_beside_number(words: Words) -> bool:
    """Whether a word that may be a month ("may", "mar", "dec") stands beside a digit."""
    months = _READ_MONTHS & words.different | {low for low in words.coded if low[:3] in _READ_MONTHS}
    report, starts, ends = words.report, words.starts, words.ends
    return any(_NUMBERS.search(report, max(0, starts[index] - 6), ends[index] + 10) for index in words.where(months))


def _date(match: re.Match[str], group: int | str, rule: str) -> Finding:
    return Finding(match.start(group), match.end(group), Kind.DATE, rule)


_READ = str.maketrans("OolILSB", "0011158")
_NUMBERS = re.compile(r"\d+")


def _is_date(text: str) -> bool:
    """Whether the numbers of a match are a day, a month and a year in some order."""
    if sum(map(str.isdigit, text)) < 3:
        return False
    numbers = [int(number) for number in _NUMBERS.findall(text.translate(_READ))][:3]
    if len(numbers) < 3 or numbers[0] >= 1_000_000:
        return True
    first, second, third = numbers
    if first > 1000:
        second, third, first = first, second, third
        return second >= 1 and 1 <= third <= 31 and 1 <= first <= 31
    return 1 <= first <= 31 and 1 <= second <= 31 and min(first, second) <= 12
