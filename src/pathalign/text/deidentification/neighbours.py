"""What stands beside an identifier that was found: the town behind a street, the number beside a name, who signed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.initials import are_initials
from pathalign.text.deidentification.lexicon import EPONYMS, VOCABULARY, is_medical, read_through
from pathalign.text.deidentification.words import Words

_SIGNED_BESIDE = frozenset((Kind.DATE, Kind.IP, Kind.FAX, Kind.LICENCE))
_STREET_RULES = frozenset(("street", "street abroad", "spelled street", "box"))
_TOWN = r"(?P<town>[^\W\d_a-zà-ÿ][\w'’-]{2,24}(?: [^\W\d_a-zà-ÿ][\w'’-]{2,24}){0,2})"
_ZIP = r"(?P<zip>(?=[OolILSB]{0,3}\d)[\dOolILSB]{5}(?:-[\dOolILSB]{4})?)(?![\w-]|\.\d|\s?(?:cm|mm)\b)"
_STATE = r"(?:,? ?[A-Z][A-Za-z]\.?)?"
_AFTER_STREET = re.compile(
    rf"[,.;]?\s{{0,3}}(?:[*|;•·-]\s{{0,3}}|\s{{2,8}}|(?:in|IN|at|AT) )?(?:{_TOWN}{_STATE})?[,.;]?(?:\s{{0,4}}{_ZIP})?"
)
_AFTER_INSTITUTION = re.compile(
    rf"[,.]?\s{{0,3}}(?:[,|*;•·(/]|[-–]|in|of|"
    rf"at)\s{{1,4}}{_TOWN}(?P<ends>{_STATE}[,.]?\s{{1,4}}{_ZIP}|(?= [a-z]{{3}})|(?=\s{{0,2}}[,.;:)|"
    rf"*/\n]|\s{{2}}|\s?$))"
)
_NEXT_TOWN = re.compile(rf" (?:to|and|or|via|then|TO|AND|OR|VIA) {_TOWN}(?=[,.;)\n]|\s?$| [a-z])")
_ZIP_NEXT = re.compile(rf"{_STATE}[,.]?[\s|]{{1,5}}{_ZIP}")
_TOWN_AFTER = re.compile(
    rf"(?:,? (?:M\.? ?D|D\.? ?O|Ph\.? ?D|R\.? ?N)\b\.?)?(?:\)?,? (?:in|of|from|IN|OF|FROM) |\),? |, | "
    rf"\(){_TOWN}(?P<ends>\s?[,.;:)|]|\s{{2}}|\s?$)?"
)
_TOWN_BEFORE = re.compile(
    r"(?:\(|, |; |\b(?:at|in|At|In|AT|IN) )(?P<town>[^\W\d_a-zà-ÿ][\w'’-]{3,24}(?: "
    r"[^\W\d_a-zà-ÿ][\w'’-]{2,24})?),? (?:on )?$"
)
_STREET_START = re.compile(
    r"(?:(?:\b(?:R\.? ?R\.?|R\.?D\.?|rural route|route|unit|suite|ste\.?|apt\.?|lot|floor|no\.|box|"
    r"p\.? ?o\.? box|hc)|#) ?#?"
    r"(?:\w{0,4}\d\w{0,3}|[A-Z])?,? |\b\d{1,5}[A-Z]?[-–/])$",
    re.IGNORECASE,
)
_STREET_END = re.compile(
    r",? {1,2}(?:\d{1,3}(?:st|nd|rd|th) (?:floor|fl)\b\.?|(?:bldg|building|tower|wing|floor|level|"
    r"suite|ste|apt|unit|rm|room|mail ?stop|"
    r"box)\.? ?#?(?:[A-Z]\b|\w{0,3}\d\w{0,4})|(?:[NSEW]|[NS][EW])\b\.?)",
    re.IGNORECASE,
)
_NUMBER_AFTER = re.compile(
    r"[\"”']?(?: and| AND)?(?:,? {0,3}\(?\d{2,3} ?/?[MF]\)?)?[ \t,;:|/(\[#*-]{1,12}(?:(?:no|nr|mrn|"
    r"id|unit|acct)\b[ .:#]{1,4})?"
    r"(?P<number>[A-Z]{0,3}[\dOolIS]{2,10}(?:[- ][\dOolIS]{2,4}){0,2})(?![\w.,/:-]?\w|\s?(?:cm|mm|g|"
    r"gm|year|yr|y/?o|[x×])\b)"
)
_NUMBER_BEFORE = re.compile(
    r"(?<![\w.,/-])(?P<number>[A-Z]{0,3}[\dOolIS]{2,10}(?:[- ][\dOolIS]{2,4}){0,2})[ \t|:;/()\[\]*-]{2,12}$"
)
_INITIALS_AFTER = re.compile(
    r"[ ,;:]{0,3}(?:[\(/](?P<a>[A-Za-z]{2,4})\)?(?![\w/])|(?:[bB][yY]|BY|[pP]er|PER) "
    r"(?P<b>[A-Za-z]{2,4})\b(?=\s{2}|[.,;:)\n]|$| to\b| TO\b)|(?<=[ ;:])(?P<c>[A-Za-z]{2,4})(?=\s{2}|"
    r"\n|[.;)]|$))"
)
_SIGNER_AFTER = re.compile(
    r"[,;]? {1,3}(?:by |- )?(?P<who>(?:[A-Z]\. ?){1,2}(?:[a-z]{2,3} |[A-Z][a-z] "
    r"){0,2}(?P<last>[A-Z][\w'’]{2,24})(?:-[A-Z][\w'’]{2,24})?)"
)
_INITIALS_BEFORE = re.compile(
    r"(?:\((?P<a>[A-Za-z]{2,4}),? ?|(?:^|\s{2}|[\n|\t]\s?|[.,;:/]\s)(?P<b>[A-Za-z]{2,4})(?:,?[ "
    r"\t]{1,8}|\s?[/:]\s?)|(?<=[A-Za-z] )(?P<d>[A-Z]{3}|[a-z]{3}) |\b(?:[bB][yY]|[pP]er|PER) "
    r"(?P<c>[A-Za-z]{2,4}),? {1,2}(?:on |ON )?)$"
)


def find_beside(words: Words, findings: list[Finding]) -> list[Finding]:
    """What the findings make clear around them."""
    report, found = words.report, list[Finding]()
    for finding in findings:
        if finding.kind is Kind.PLACE and finding.rule in _STREET_RULES:
            found += _around_street(report, finding)
        elif finding.kind is Kind.INSTITUTION or finding.kind is Kind.PLACE:
            found += _town_and_zip(report, finding)
        elif finding.kind is Kind.NAME:
            found += _numbers(report, finding)
            found += _town_after(report, finding)
            found += _typist(report, finding)
        elif finding.kind in _SIGNED_BESIDE:
            found += _signers(report, finding)
            found += _town_after(report, finding) if finding.kind is Kind.LICENCE else ()
        elif finding.kind is not Kind.AGE and finding.kind is not Kind.FIELD:
            found += _town_after(report, finding)
    for town in [finding for finding in found if finding.rule == "town"]:
        if match := _ZIP_NEXT.match(report, town.end):
            found.append(Finding(match.start("zip"), match.end("zip"), Kind.PLACE, "zip"))
    return found


def _town_after(report: str, finding: Finding) -> Iterator[Finding]:
    """A town that a person or who is numbered is of: "pastor Jane Roe of Kelmore", "(lic. 12345), Kelmore"."""
    match = _TOWN_AFTER.match(report, finding.end)
    if match and (match["ends"] is not None or (not match["town"].isupper() and finding.kind is Kind.NAME)):
        town = _town_of(match["town"], certain=False)
        if town > 3 and not is_medical(match["town"][:town].lower()):
            yield Finding(match.start("town"), match.start("town") + town, Kind.PLACE, "town")


def _around_street(report: str, street: Finding) -> Iterator[Finding]:
    start, end = street.start, street.end
    while before := _STREET_START.search(report, max(0, start - 24), start):
        start = before.start()
    while after := _STREET_END.match(report, end):
        end = after.end()
    if (start, end) != (street.start, street.end):
        yield Finding(start, end, Kind.PLACE, "address")
    match = _AFTER_STREET.match(report, end)
    if match is None:
        return
    if match["town"]:
        town = _town_of(match["town"], certain=match["zip"] is not None)
        if not town:
            return
        yield Finding(match.start("town"), match.start("town") + town, Kind.PLACE, "town")
    if match["zip"]:
        yield Finding(match.start("zip"), match.end("zip"), Kind.PLACE, "zip")


def _town_of(text: str, *, certain: bool) -> int:
    """Characters of a town at the beginning of some words in capitals; 0 where they are ordinary words."""
    length = 0
    for match in re.finditer(r"[^ ]+", text):
        low = (read_through(match[0].lower()) or match[0].lower()).replace("-", "")
        ordinary = low in VOCABULARY or low in EPONYMS
        if ordinary and not (certain and length):
            break
        length = match.end()
    if not length and certain and not any(is_medical(word) for word in text.lower().split()):
        return len(text)
    return length


def _town_and_zip(report: str, finding: Finding) -> Iterator[Finding]:
    end = finding.end
    if finding.kind is Kind.INSTITUTION:
        match = _AFTER_INSTITUTION.match(report, end)
        town = _town_of(match["town"], certain=match["zip"] is not None) if match else 0
        if match and town:
            yield Finding(match.start("town"), match.start("town") + town, Kind.PLACE, "town")
            if match["zip"]:
                yield Finding(match.start("zip"), match.end("zip"), Kind.PLACE, "zip")
            return
    else:
        match = _NEXT_TOWN.match(report, end)
        town = _town_of(match["town"], certain=False) if match else 0
        if match and town:
            yield Finding(match.start("town"), match.start("town") + town, Kind.PLACE, "town")
    match = _ZIP_NEXT.match(report, end) if finding.rule != "zip" else None
    if match:
        yield Finding(match.start("zip"), match.end("zip"), Kind.PLACE, "zip")


def _numbers(report: str, name: Finding) -> Iterator[Finding]:
    """A record number beside a name: "ROE, JANE  96-46-74", "Roe, Jane (940-66-32)"."""
    for match in (
        _NUMBER_AFTER.match(report, name.end),
        _NUMBER_BEFORE.search(report, max(0, name.start - 28), name.start),
    ):
        if match and sum(map(str.isdigit, match["number"])) >= (5 if match.start() < name.start else 4):
            yield Finding(match.start("number"), match.end("number"), Kind.MRN, "number beside a name")


def _typist(report: str, name: Finding) -> Iterator[Finding]:
    """Who typed, behind who dictated: "Dr. Roe / jqx"."""
    other = _OTHER.match(report, name.end)
    if other and other["last"].lower() not in VOCABULARY:
        yield Finding(other.start("who"), other.end("who"), Kind.NAME, "listed beside a name")
    match = _TYPIST.match(report, name.end)
    if match and are_initials(match["who"]):
        yield Finding(match.start("who"), match.end("who"), Kind.NAME, "initials")


_OTHER = re.compile(
    r"(?:,? (?:and|AND)|[,;/]| &) ?(?:Dr\.? )?(?P<who>(?:[A-Z]\. ?){1,2}(?:[A-Za-z]{2,3} "
    r"){0,2}(?P<last>[A-Z][\w'’]{2,24})"
    r"(?:-[A-Z][\w'’]{2,24})?)"
)
"""A person with an initial, listed after another."""
_TYPIST = re.compile(r"\s?[/:]\s?(?P<who>[a-z]{2,3}|[A-Z]{2,4})(?=\s{2}|[.;,)\n]|$| \d| [A-Za-z]{3,9}\.? \d)")


def _signers(report: str, date: Finding) -> Iterator[Finding]:
    """Initials beside a date: "(JQX, 3/4/2011)", "3/4/2011 (jqx)", "3/4/2011 by JQX"."""
    for match in (
        _INITIALS_AFTER.match(report, date.end),
        _INITIALS_BEFORE.search(report, max(0, date.start - 16), date.start),
    ):
        for group in ("a", "b", "c", "d"):
            if match and match.groupdict().get(group) and are_initials(match[group]):
                yield Finding(match.start(group), match.end(group), Kind.NAME, "initials")
    town = _TOWN_BEFORE.search(report, max(0, date.start - 40), date.start) if date.kind is Kind.DATE else None
    if town and _town_of(town["town"], certain=False) == len(town["town"]) and not is_medical(town["town"].lower()):
        yield Finding(town.start("town"), town.end("town"), Kind.PLACE, "town")
    signer = _SIGNER_AFTER.match(report, date.end)
    if signer and signer["last"].lower() not in VOCABULARY:
        yield Finding(signer.start("who"), signer.end("who"), Kind.NAME, "signer")
