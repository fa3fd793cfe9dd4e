"""Telephones, faxes, e-mail, web and network addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import word_set
from pathalign.text.deidentification.words import Words

_D = r"[0-9OolILSB]"
_EMAIL = re.compile(
    r"(?<![\w.+'-])[\w.+'-]{1,64}\s?(?:@|\(at\)|\[at\])\s?(?:[\w-]{1,63}\s?\.\s?){1,5}[A-Za-z]{2,24}\b", re.IGNORECASE
)
_URL = re.compile(
    r"\b(?:https?|ftp)\s?:\s?//[^\s<>\"')\]]{1,2000}|\bwww\.[^\s<>\"')\]]{1,2000}"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|info|health|hospital|io|ac\.uk|nhs\.uk|co\.uk|"
    r"de|fr|ca)"
    r"\b(?:/[^\s<>\"')\]]{0,2000})?",
    re.IGNORECASE,
)
_IP4 = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)(?::\d{2,5})?"
)
_IP6 = re.compile(
    r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?:[0-9a-f]{1,4}|:)(?::?[0-9a-f]{0,4}){0,6}(?![\w:])", re.IGNORECASE
)
_MAC = re.compile(r"(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])", re.IGNORECASE)

_PHONE = re.compile(
    rf"(?<![\w.,/-])(?:"
    rf"(?:\+|00)(?:\d{{1,3}}|[lI](?= \d))[\s.-]?(?:\(0?\)\s?)?(?:\(?{_D}{{1,5}}\)?[\s./-]?){{1,4}}{_D}{{2,5}}"  # +44 20
    rf"|(?:1[\s.-]{{1,2}})?\([2-9lSB]{_D}{{2}}\)[\s-]{{0,2}}{_D}{{3}}\s?[\s.-]\s?{_D}{{4}}"  # (617) 555-0123
    rf"|(?:1[\s.-]{{1,2}})?[2-9SB]{_D}{{2}}(?:\s?[.\-–/]\s?|\s){_D}{{3}}\s?[.\-–]\s?{_D}{{4}}"  # 617-555-0123
    rf"|[2-9]{_D}{{2}} {_D}{{3}} {_D}{{4}}"
    rf"|[2-9]{_D}{{2}}-{_D}{{4}}"  # 555-0123
    rf"|0\d{{2,4}}[\s/-]\d{{3,4}}[\s-]?\d{{3,5}}"  # 020 7946 0958, 06221/56-0
    rf"|\d{_D}{{2}}[-.]{_D}{{3}}[-.]{_D}{{4}}"
    rf")(?!\d|[A-WYZa-wyz_%]|[.,-]\d|\s?(?:cm|mm))(?:,?\s?(?:ext?n?\.?|extension|x|[l1]oca[l1]|poste)\s?#?[\dOlIS]{{1,6}}\b)?",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\s?(?:x|ext?n?\.?|extension)\s?#?\s?[\dOlIS]{2,6}\b(?!\s?(?:cm|mm|x|[.,]\d))", re.IGNORECASE)
_KEYED = re.compile(
    r"\b(?P<key>(?:tele)?phone|tel|ph|telefax|fax|facsimile|pager|beeper|bleep|mobile|cell(?= ?(?:ph|"
    r"no|#|:))|ext|pgr|bpr|beep|pg(?=[ .:#])|vocera|voicemail|"
    r"hotline|call(?:ed)? at)\b"
    r"\s?(?:phone|no\b|nbr|number|num|is|at|line)?[\s.:#)\-]{0,5}"
    r"(?P<number>[+(]{0,2}(?:\d|[lI](?=[ -]?\d))(?:[\s().\-/]{0,2}[\dOolILS]){2,16}"
    r"(?:,?\s?(?:ext?n?\.?|x|[l1]oca[l1])\s?[\dOlIS]{1,6})?)"
    r"(?![\w%]|\s?(?:cm|mm)\b)",
    re.IGNORECASE,
)
_FAX = re.compile(r"(?:fax|facsimile)\W{0,12}$", re.IGNORECASE)
_CATALOGUE = re.compile(
    r"(?:cat(?:alog(?:ue)?)?|ref|clone|ventana|dako|leica|roche|order|product)[\s.#:no]{0,8}$", re.IGNORECASE
)


_TOPS = word_set("com org net edu gov info health hospital io uk de fr ca")
_DOMAIN = re.compile(r"\.\s?(?:com|org|net|edu|gov|info|health|hospital|io|uk|de|fr|ca)\b", re.IGNORECASE)
_KEYS = word_set(
    "phone telephone tel ph telefax fax facsimile pager beeper bleep mobile cell ext hotline call "
    "called pgr bpr beep pg vocera voicemail"
)
_PAGED = re.compile(
    r"(?:\bat\s|\bto\s|\bon\s|\(|#|:|^)\s{0,2}(?P<number>\d[\dOolIS]{3,6})(?![\w.,/-]?\w)", re.IGNORECASE
)


def find_contacts(words: Words) -> Iterator[Finding]:
    """How somebody may be reached."""
    yield from _on_networks(words)
    yield from _paged(words)
    report = words.report
    for match in words.at_numbers(_PHONE) if words.longest_number >= 2 else ():
        before = report[max(0, match.start() - 24) : match.start()]
        if not (len(match[0]) == 8 and _CATALOGUE.search(before)):
            kind = Kind.FAX if _FAX.search(before) else Kind.PHONE
            extension = _EXTENSION.match(report, match.end())
            yield Finding(match.start(), extension.end() if extension else match.end(), kind, "number of a telephone")
    for index in words.where(_KEYS):
        keyed = _KEYED.match(report, words.starts[index])
        if keyed and not (words.lower[index] in ("pgr", "bpr", "pg") and sum(map(str.isdigit, keyed["number"])) < 4):
            kind = Kind.FAX if _FAX.search(keyed["key"]) else Kind.PHONE
            yield Finding(keyed.start("number"), keyed.end("number"), kind, "telephone field")


def _paged(words: Words) -> Iterator[Finding]:
    """The number at which somebody was paged: "paged to Jane Roe at 55502", "was paged (52093)"."""
    for index in words.where(_PAGING):
        after = words.report[words.ends[index] : words.ends[index] + 70]
        match = _PAGED.search(after)
        if match and (words.lower[index] != "page" or len(match["number"]) > 4):
            at = words.ends[index]
            yield Finding(at + match.start("number"), at + match.end("number"), Kind.PHONE, "pager")


_PAGING = word_set("page paged pager beeper beeped bleeped")


def _on_networks(words: Words) -> Iterator[Finding]:
    """E-mail, web and network addresses; each rule looks only where its marks stand."""
    report = words.report
    domain = not _TOPS.isdisjoint(words.present) and _DOMAIN.search(report) is not None
    if "@" in report or (domain and "at" in words.present):
        yield from (Finding(m.start(), m.end(), Kind.EMAIL, "e-mail") for m in _EMAIL.finditer(report))
    if domain or "://" in report or "www." in report.lower():
        for match in _URL.finditer(report):
            yield Finding(match.start(), match.start() + len(match[0].rstrip(".,;:")), Kind.URL, "url")
    if _DOTTED.search(report):
        yield from (Finding(m.start(), m.end(), Kind.IP, "ip 4") for m in words.at_numbers(_IP4))
    for rule, pattern in (("ip 6", _IP6), ("mac", _MAC)) if "::" in report or _COLONS.search(report) else ():
        for match in pattern.finditer(report):
            if rule == "mac" or match[0].count(":") >= 4 or "::" in match[0]:
                yield Finding(match.start(), match.start() + len(match[0].rstrip(":")), Kind.IP, rule)


_DOTTED = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
_COLONS = re.compile(r":[0-9a-f]{1,4}:[0-9a-f]", re.IGNORECASE)
