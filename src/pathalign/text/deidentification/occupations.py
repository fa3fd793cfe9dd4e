"""Occupations and creeds that stand alone in a column or behind a key, whatever the key is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import folded, word_set
from pathalign.text.deidentification.words import Words

_NOUNS = word_set(
    "miner teacher farmer rancher welder carpenter electrician plumber mechanic machinist trucker driver waitress "
    "waiter chef cook baker butcher barber hairdresser beautician tailor seamstress janitor custodian housekeeper "
    "homemaker housewife nanny maid soldier sailor marine veteran airman policeman policewoman fireman "
    "firefighter postman mailman librarian accountant bookkeeper banker lawyer attorney judge engineer architect "
    "scientist chemist professor clergyman priest nun minister missionary pastor musician artist actor actress "
    "writer journalist photographer salesman saleswoman cashier receptionist clerk shopkeeper merchant grocer "
    "fisherman logger lumberjack roofer painter plasterer mason bricklayer laborer labourer foreman steelworker "
    "millworker autoworker boilermaker pipefitter shipfitter longshoreman stevedore dockworker seaman pilot "
    "stewardess conductor brakeman gardener landscaper florist jeweler cobbler blacksmith weaver textile retired "
    "unemployed disabled student pensioner widow widower widowed divorced separated bachelor spinster lutheran "
    "quaker hindu baptist methodist catholic protestant presbyterian episcopalian episcopal anglican jewish "
    "muslim moslem islamic buddhist sikh jain mormon lds adventist pentecostal orthodox mennonite amish unitarian "
    "atheist agnostic shinto taoist bahai zoroastrian evangelical christian congregational nazarene jehovah's "
    "witness wiccan rastafarian coptic maronite"
)
_BEFORE = word_set(
    "retired former disabled school coal truck bus taxi police factory mill steel iron farm dairy construction "
    "railroad rail road postal army navy office sales bank law high elementary music art dance head self semi "
    "gold ship oil gas roman greek russian eastern southern seventh-day seventh day reform free"
)
_AFTER = word_set("worker workers driver teacher operator clerk employed operative foreman hand owner officer")
_FOLDED = {folded(word) for word in _NOUNS}
_FOLDED_BEFORE = {folded(word) for word in _BEFORE | _NOUNS}
_OPENS = re.compile(
    r"(?:[:=|\t\n(]\s{0,40}|\s{2,40}|^|(?:\brace|\bsex|\broom|\bward|\bservice|\bbed|\brel|\bocc)\.? {1,4})$",
    re.IGNORECASE,
)
_CLOSES = re.compile(r"\s{2}|[ .;,]{0,2}(?:[\n|\t)]|$)|\.\s")
_SECTION_KEY = re.compile(
    r"(?:histor|clinical|diagnos|comment|tumor|site|specimen|type|margin|gross|micro)\w{0,12}\s?:\s{0,40}$",
    re.IGNORECASE,
)


def find_occupations(words: Words) -> Iterator[Finding]:
    """Values that are nothing but an occupation, a creed, a state of marriage or of employment."""
    report = words.report
    misread = {low for low in words.unknown if len(low) > 4 and folded(low) in _FOLDED}
    for low in (_NOUNS & words.different) | misread:
        index = words.last[low]
        while index >= 0:
            first, end = index, index + 1
            while (
                first
                and index - first < 3
                and words.gap(first - 1) in (" ", "-", "/")
                and (folded(words.lower[first - 1]) in _FOLDED_BEFORE)
            ):
                first -= 1
            if end < len(words) and words.gap(index) == " " and words.lower[end] in _AFTER:
                end += 1
            start, stop = words.starts[first], words.ends[end - 1]
            before = report[max(0, start - 60) : start]
            if _OPENS.search(before) and _CLOSES.match(report, stop) and not _SECTION_KEY.search(before):
                yield Finding(start, stop, Kind.FIELD, "occupation")
            index = words.same[index]
