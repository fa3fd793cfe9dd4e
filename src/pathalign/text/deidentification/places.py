"""Addresses, cities and postcodes: what is smaller than a state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import (
    EPONYMS,
    NAME_WORDS,
    NAMED_AFTER,
    VOCABULARY,
    is_medical,
    misread_pattern,
    read_through,
    with_misreadings,
    word_set,
)
from pathalign.text.deidentification.words import Words

_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|"
    "Illinois|Indiana|Iowa|Kansas|"
    "Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|"
    "Nevada|New Hampshire|"
    "New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|"
    "South Carolina|"
    "South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming|Ontario|Quebec|"
    "British Columbia|Alberta"
)
_CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|"
    "OR|PA|RI|SC|SD|TN|TX|"
    "UT|VT|VA|WA|WV|WI|WY|DC|PR|ON|QC|BC|AB"
)
_SUFFIXES = (
    "st street ave avenue rd road blvd boulevard dr drive lane ct court place plaza pkwy parkway hwy highway way "
    "terrace circle trail square broadway alley crescent turnpike gardens mews pike loop concession esplanade heights "
    "line row ridge hill grove cove bend run point parade close green walk quay rise"
)
_ORDINARY_SUFFIXES = word_set(
    "line row ridge hill grove cove bend run point parade close green walk quay rise loop pike heights"
)
"""Words that name a street only after a word that no report knows, all in capitals."""
_SUFFIX = rf"(?:{misread_pattern('|'.join(_SUFFIXES.split()))}|ln(?=\.?,?\s(?:apt|unit|suite|[A-Z][a-z]+,)))"
_SUFFIX_GATE = with_misreadings(word_set(_SUFFIXES)) | {"ln"}
_ZIP_KEYS = word_set("zip zipcode postal postcode post")
_W = r"[A-Za-zÀ-ÿ0-9'’.-]{1,24}"
_STREET = re.compile(
    rf"(?<![\w./-])\d[\dOolILS]{{0,5}}[A-Z]?(?:-\d{{1,4}})?,?\s{{1,2}}(?:(?:[NSEW]|north|south|east|west|[NS][EW])\.?\s{{1,2}})?"
    rf"(?P<name>(?:{_W}\s{{1,2}}){{1,4}}?){_SUFFIX}\b\.?(?:\s{_SUFFIX}\b\.?)?(?:\s(?:[NSEW]|[NS][EW])\b\.?)?"
    rf"(?:,?\s{{1,2}}(?:{misread_pattern('suite|ste|apt|apartment|unit|room|rm|floor|bldg|building')}|#)\.?\s?#?\s?[\w-]{{1,8}})?",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"(?:[Oo]ne|ONE|[Tt]wo|TWO|[Tt]hree|THREE|[Ff]our|FOUR|[Ff]ive|FIVE|[Ss]ix|SIX|[Ss]even|SEVEN|"
    r"[Ee]ight|EIGHT|[Nn]ine|NINE|[Tt]en|TEN) "
    rf"(?P<name>(?:[A-ZÀ-Ý]{_W} ){{1,3}}?)(?:{_SUFFIX})\b\.?",
    re.IGNORECASE,
)
_NUMERALS = word_set("one two three four five six seven eight nine ten")
_UNIT = re.compile(r"\b(?:suite|ste\.|apt\.?|apartment)\s?#?\s?(?=\w{0,4}\d)\w{1,6}\b", re.IGNORECASE)
_BOX = re.compile(r"\b(?:p\.?\s?o\.?\s?box|post office box|postfach)\s{1,2}#?\s?\d{1,7}\b", re.IGNORECASE)
_COMPOUND = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß-]{2,30}(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|straat|laan|gatan|vägen|gade|"
    r"vej),? {1,2}\d{1,4} ?[a-z]?\b"
    r"|\b[A-ZÄÖÜ]{3,30}(?:STRASSE|WEG|PLATZ|ALLEE|GASSE|STRAAT|LAAN) {1,2}\d{1,4}\b"
)
_KIND_FIRST = re.compile(
    r"\b(?:[Rr]ue|RUE|[Aa]venue|[Vv]ia|VIA|[Vv]iale|[Pp]iazza|[Cc]alle|CALLE|[Aa]venida|[Pp]laza|[Uu]l\.|[Uu]lica|"
    r"Im|Am)"
    r"(?: (?:de|du|des|del|della|la|le|los|las|di|da|DE|LA)){0,2}(?: [A-ZÀ-Ý][\wÀ-ÿ'’-]{2,24}){1,3},? {1,2}\d{1,4}\b"
)
_NUMBER_FIRST = re.compile(
    r"\b\d{1,4},? (?:rue|Rue|RUE|avenue|boulevard)(?: (?:de|du|des|la|le|DE|"
    r"LA)){0,2}(?: [A-ZÀ-Ý][\wÀ-ÿ'’-]{1,24}){1,3}"
)
_COMPOUND_ENDS = (
    "straße",
    "strasse",
    "straat",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "laan",
    "gatan",
    "gade",
    "vej",
    "vägen",
)
_KINDS_FIRST = word_set("rue avenue via viale piazza calle avenida plaza ul ulica im am")
_ZIP = re.compile(
    r"\.?,?\s{1,3}(?P<zip>(?=[OolILS]{0,2}\d)[\dOolILS]{5}(?:-[\dOolILS]{4})?)(?![\w-])"
    r"(?!\.\d|\s?(?:cm|mm)\b)"
)
_ZIP_FIELD = re.compile(
    r"\b(?:zip|postal|post)\s?-?(?:code)?[\s:.#]{1,4}(?P<value>\d[\dOolIS]{4}(?:-[\dOolIS]{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|"
    r"[A-Z]\d[A-Z]\s?\d[A-Z]\d)\b",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[A-Z]\s\d[A-Z]\d)(?![\w-])"
)
_CONTINENTAL = re.compile(
    r"(?<![\w.,/-])(?:[A-Z]{1,2}-)?\d{4,5} {1,2}(?P<city>[A-ZÄÖÜ][a-zäöüßéèó]{2,24}(?:[ "
    r"-][A-ZÄÖÜ][a-zäöüßéèó]{2,24})?)\b"
)
_STATE_CODES = frozenset(_CODES.lower().split("|"))
STATE_WORDS = frozenset(re.findall(r"\w+", _STATES.lower()))
"""The words of states' names, which may stay where nothing smaller stands with them."""
_STATE_NAMES = frozenset(state.lower() for state in _STATES.split("|") if " " not in state)
_STATE_ENDS = frozenset(state.lower().split()[-1] for state in _STATES.split("|") if " " in state)
_PERSONS = word_set("man woman male female patient lady gentleman boy girl he she originally person resident worker")
_PLACE_VERBS = word_set(
    "lives living resides residing resident transferred native moved hometown birthplace hails referred relocated "
    "travelled traveled born"
)
_CITIES = word_set(
    "boston chicago houston dallas phoenix philadelphia seattle denver detroit memphis nashville baltimore "
    "milwaukee albuquerque tucson fresno sacramento atlanta omaha miami oakland minneapolis tulsa cleveland "
    "wichita tampa honolulu anchorage cincinnati pittsburgh anaheim toledo plano orlando irvine newark durham "
    "buffalo chandler laredo madison lubbock reno norfolk boise spokane richmond rochester birmingham houston "
    "brooklyn manhattan bronx queens hartford providence toronto montreal vancouver calgary ottawa edmonton "
    "winnipeg london manchester liverpool leeds glasgow edinburgh dublin cardiff belfast bristol sheffield "
    "nottingham berlin hamburg munich münchen köln cologne frankfurt stuttgart heidelberg dresden leipzig zurich "
    "geneva basel amsterdam rotterdam utrecht brussels antwerp lyon marseille toulouse madrid barcelona seville "
    "valencia lisbon porto rome naples turin bologna athens warsaw krakow poznan prague budapest bucharest "
    "stockholm oslo copenhagen helsinki moscow istanbul ankara cairo lagos nairobi johannesburg mumbai delhi "
    "bangalore chennai kolkata karachi lahore dhaka beijing shanghai guangzhou tokyo osaka kyoto seoul busan "
    "taipei singapore bangkok manila jakarta melbourne brisbane perth auckland wellington havana bogota lima "
    "santiago"
)
_PREPOSITIONS = word_set("in at near from")
_PLACE_WORDS = _STATE_CODES | _STATE_NAMES | _STATE_ENDS | _PLACE_VERBS | _PREPOSITIONS | _CITIES
_DISEASE_PLACES = word_set("philadelphia milan vienna paris sydney bethesda nottingham rochester oxford bristol")
_NOT_STREET = re.compile(
    r"\b(?:cm|mm|x|of|and|in|the|to|with|from|is|are|for|at|on|lymph|nodes?|year|fragments?|sections?|blocks?|"
    r"grade|tumou?r)\b",
    re.IGNORECASE,
)


def find_places(words: Words) -> Iterator[Finding]:
    """Where somebody lives or works."""
    report, present = words.report, words.present
    for match in words.at_numbers(_STREET, ordinary=True) if not _SUFFIX_GATE.isdisjoint(present) else ():
        if not _NOT_STREET.search(match["name"]) and _is_street(match["name"], match[0]):
            yield Finding(match.start(), match.end(), Kind.PLACE, "street")
    for index in words.where(_NUMERALS) if not _SUFFIX_GATE.isdisjoint(present) else ():
        spelled = _SPELLED.match(report, words.starts[index]) if words.gap(index) == " " else None
        if spelled and _names_street(spelled["name"]) and not _NOT_STREET.search(spelled["name"]):
            yield Finding(spelled.start(), spelled.end(), Kind.PLACE, "spelled street")
    patterns = (
        ("unit", _UNIT, not present.isdisjoint(("suite", "ste", "apt", "apartment"))),
        ("box", _BOX, "box" in present or "postfach" in present),
        ("street abroad", _COMPOUND, any(low.endswith(_COMPOUND_ENDS) for low in words.unknown)),
    )
    for rule, pattern, worth in patterns:
        for match in pattern.finditer(report) if worth else ():
            yield Finding(match.start(), match.end(), Kind.PLACE, rule)
    abroad = [found for index in words.where(_KINDS_FIRST) if (found := _KIND_FIRST.match(report, words.starts[index]))]
    if not present.isdisjoint(("rue", "avenue", "boulevard")):
        abroad += words.at_numbers(_NUMBER_FIRST, ordinary=True)
    yield from (Finding(match.start(), match.end(), Kind.PLACE, "street abroad") for match in abroad)
    for match in words.at_numbers(_POSTCODE):
        yield Finding(match.start(), match.end(), Kind.PLACE, "postcode")
    for index in words.where(_ZIP_KEYS):
        if postal := _ZIP_FIELD.match(report, words.starts[index]):
            yield Finding(postal.start("value"), postal.end("value"), Kind.PLACE, "zip")
    for match in words.at_numbers(_CONTINENTAL) if words.longest_number >= 4 else ():
        if not _ordinary(re.split("[ -]", match["city"])[0]):
            yield Finding(match.start(), match.end(), Kind.PLACE, "postcode")
    yield from _by_word(words)


def _by_word(words: Words) -> Iterator[Finding]:
    """What a state, a verb or a city's own name says."""
    for index in words.where(_PLACE_WORDS):
        low, raw = words.lower[index], words.raw[index]
        if (low in _STATE_CODES and raw.isupper()) or (
            (low in _STATE_NAMES or low in _STATE_ENDS) and raw[0].isupper()
        ):
            yield from _with_state(words, index)
        if low in _PLACE_VERBS or (low == "from" and index and words.lower[index - 1] in _PERSONS):
            yield from _after_verb(words, index)
        elif low in _PREPOSITIONS and index and _is_verb(words.lower[index - 1]):
            yield from _seen_in(words, index)
        if low in _CITIES and raw[0].isupper() and low not in _DISEASE_PLACES:
            named_after = index + 1 < len(words) and words.lower[index + 1] in NAMED_AFTER
            if not named_after:
                yield Finding(words.starts[index], words.ends[index], Kind.PLACE, "city")


def _with_state(words: Words, index: int) -> Iterator[Finding]:
    """The postcode after a state and the city before it: "Springfield, IL 62704"."""
    zip_code = _ZIP.match(words.report, words.ends[index])
    if zip_code:
        yield Finding(zip_code.start("zip"), zip_code.end("zip"), Kind.PLACE, "zip")
    state = (
        index - 1 if words.lower[index] in _STATE_ENDS and index and words.lower[index - 1] in _STATE_STARTS else index
    )
    joint = words.gap(state - 1) if state else ""
    comma = joint.strip() == ","
    if not state or len(joint) > 4 or not (comma or (zip_code and joint.strip() in ("", "."))):
        return
    first = state
    while (
        first
        and state - first < 3
        and words.raw[first - 1][0].isupper()
        and (first == state or words.gap(first - 1) in (" ", ". ", "-"))
    ):
        low = words.lower[first - 1]
        if not read_through(low) or (_ordinary(low) and low not in _CITY_STARTS):
            break
        first -= 1
    if first < state and not all(_ordinary(words.lower[i]) for i in range(first, state)):
        yield Finding(words.starts[first], words.ends[state - 1], Kind.PLACE, "city")


_STATE_STARTS = word_set("new north south west rhode british district")
_CITY_STARTS = word_set(
    "new north south east west fort port saint st mount san santa los las el la des lake grand great cedar high"
)


def _is_verb(low: str) -> bool:
    return (low.endswith("ed") or low in _SEEN) and low not in _PLACE_VERBS


_WRITTEN_AS_TOWN = re.compile(r"[^\W\d_](?:[^\W\d_]|[015])+(?<=[^\W\d_])")


def _seen_in(words: Words, index: int) -> Iterator[Finding]:
    """Capitalised words that no list knows, after "seen in": no product with a capital within, no short code."""
    end = index + 1
    while end < min(index + 4, len(words)) and words.gap(end - 1) == " " and _may_be_place(words, end):
        end += 1
    low, raw = words.lower[index], words.raw[index + 1 : end]
    town = all(
        _WRITTEN_AS_TOWN.fullmatch(word)
        and word[1:] in (word[1:].lower(), word[1:].upper())
        and (low == "at" or len(word) > 4)
        for word in raw
    )
    if town and not all(_ordinary(word.lower()) or word.lower() in NAME_WORDS for word in raw):
        yield Finding(words.starts[index + 1], words.ends[end - 1], Kind.PLACE, "seen in")


def _after_verb(words: Words, index: int) -> Iterator[Finding]:
    """Capitalised words that no report knows, after "lives in", "transferred from", "woman from"."""
    at = index + 1
    while at < min(index + 4, len(words)) and words.lower[at] in _ON_THE_WAY:
        at += 1
    if at == index + 1 and words.lower[index] != "from":
        return
    end = at
    while end < min(at + 3, len(words)) and len(words.gap(end - 1)) < 3 and _may_be_place(words, end):
        end += 1
    if not all(_ordinary(words.lower[i]) for i in range(at, end)):
        yield Finding(words.starts[at], words.ends[end - 1], Kind.PLACE, "lives in")


_SEEN = word_set("seen done taken undergone lived worked sent surgery biopsy resection procedure")
_ON_THE_WAY = word_set("in at near of from to the with family")


def _may_be_place(words: Words, index: int) -> bool:
    """Whether a word may belong to the name of a town."""
    raw, low = words.raw[index], words.lower[index]
    known = _ordinary(low) and low not in _CITY_STARTS
    return raw[0].isupper() and len(raw) > 2 and bool(read_through(low)) and not known


def _ordinary(word: str) -> bool:
    low = read_through(word.lower())
    return not low or low in VOCABULARY or low in EPONYMS or is_medical(low)


def _names_street(name: str) -> bool:
    """Whether some words, all with capitals, hold one that no report knows: "One Kelmore Plaza"."""
    parts = name.split()
    known = [_ordinary(part.strip(".'")) for part in parts]
    return all(part[0].isupper() or part[0].isdigit() for part in parts) and not all(known)


def _is_street(name: str, whole: str) -> bool:
    """Whether the words between number and "Street" name one: capitals, and not all ordinary unless spelled out."""
    parts = name.split()
    if not any(part[0].isupper() or part[0].isdigit() for part in parts):
        return False
    last = whole.split()[-1].lower().strip(".")
    if last in _ORDINARY_SUFFIXES or whole.split()[0].endswith(","):
        return _names_street(name) and (last not in ("st", "ct", "dr") or "," not in whole.split()[0])
    doubtful = last in (
        "st",
        "ct",
        "dr",
        "way",
        "place",
        "circle",
        "square",
        "court",
        "ave",
        "road",
        "drive",
        "trail",
        "lane",
        "ln",
        "broadway",
    )
    return not doubtful or any(part.lower().strip(".") not in VOCABULARY for part in parts)
