"""What a model of named entities tags in a report, as findings beside those of the rules.

A model knows names in sentences that rules have no word for; of pathology it knows little. So its tags are read as a
suspicion: what is a term, an eponym, a block, a stage, a count or a code stays, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pathalign.text.deidentification.identifiers import Finding, Kind
from pathalign.text.deidentification.lexicon import (
    EPONYM_SURNAMES,
    EPONYMS,
    PARTICLES,
    VOCABULARY,
    is_medical,
    word_set,
)
from pathalign.text.deidentification.name_shapes import name_like
from pathalign.text.deidentification.places import STATE_WORDS
from pathalign.text.deidentification.words import Words

MODEL = "model"
"""The rule of a finding that a model tagged."""

KINDS: dict[str, Kind] = {
    label: kind
    for kind, labels in {
        Kind.NAME: "NAME PER PERSON PATIENT DOCTOR STAFF HCW USERNAME PATIENTNAME DOCTORNAME FIRSTNAME LASTNAME "
        "MIDDLENAME GIVENNAME SURNAME",
        Kind.PLACE: "LOC LOCATION GPE CITY STREET STREETADDRESS ADDRESS ZIP ZIPCODE POSTALCODE COUNTY LOCATIONOTHER "
        "LOCOTH",
        Kind.INSTITUTION: "ORG ORGANIZATION ORGANISATION HOSP HOSPITAL FACILITY VENDOR PATORG COMPANY",
        Kind.DATE: "DATE DATETIME DOB BIRTHDATE DATEOFBIRTH",
        Kind.AGE: "AGE",
        Kind.PHONE: "PHONE PHONENUMBER TELEPHONE CONTACT FAX PAGER",
        Kind.EMAIL: "EMAIL",
        Kind.URL: "URL",
        Kind.IP: "IP IPADDRESS",
        Kind.SSN: "SSN SOCIALSECURITYNUMBER",
        Kind.MRN: "MRN MEDICALRECORD MEDICALRECORDNUMBER",
        Kind.NUMBER: "ID IDNUM BIOID ACCOUNT ACCOUNTNUMBER HEALTHPLAN LICENSE LICENCE DEVICE NUMBER OTHERPHI UNIQUE",
        Kind.FIELD: "PROFESSION OCCUPATION",
    }.items()
    for label in labels.split()
}
"""Kinds by the labels of the usual corpora (i2b2 2006 and 2014, CoNLL, OntoNotes), letters alone."""

_PREFIX = re.compile(r"^[BIOESLU][-_]", re.IGNORECASE)
_WITH_DIGITS = frozenset((Kind.DATE, Kind.AGE, Kind.PHONE, Kind.SSN, Kind.MRN, Kind.NUMBER, Kind.IP))
_FEWEST_DIGITS = {Kind.PHONE: 5, Kind.SSN: 4, Kind.MRN: 4, Kind.NUMBER: 4}
_OLDEST = 89
"""Years of age that may stay."""
_YEAR = re.compile(r"(?:18|19|20)\d\d|\d{1,2}/\d{1,2}")
_CODE = re.compile(
    r"[TMPDEF]-?[\dxX]{5}|[A-Za-z]{1,3}\d{1,3}(?:[-/][A-Za-z]?\d{1,3})?|\d{4}/\d|8[018]\d{3}|[CDcd]\d{2}(?:\.\d)?|"
    r"[cprya]*[TNM][\dxX][a-d]?.*|\d+(?:[.,]\d+)?(?:\s?[xX]\s?\d+(?:[.,]\d+)?)*\s?(?:cm|mm|g|gm|%|x)?"
)
"""SNOMED, blocks and markers, ICD and CPT codes, stages, sizes; a plain number only below `_FEWEST_DIGITS`."""
_PLAIN, _CPT = re.compile(r"\d+"), re.compile(r"8[018]\d{3}")
_COUNTRY = word_set("usa america united")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A stretch [start, end) of a report, with the label that a model gives it."""

    start: int
    end: int
    label: str


def kind_of_label(label: str) -> Kind | None:
    """The kind of identifier that a label names ("B-PATIENT", "I-HOSP"), or None for another ("O", "MISC")."""
    return KINDS.get(re.sub(r"[^A-Z]", "", _PREFIX.sub("", label).upper()))


def find_tagged(words: Words, tagged: Iterable[Tagged]) -> list[Finding]:
    """The findings among what a model tagged, whole words each."""
    found = []
    for one in tagged:
        kind = kind_of_label(one.label)
        if kind is None or one.start >= one.end:
            continue
        start, end = _whole_words(words.report, one.start, one.end)
        if kind in _WITH_DIGITS or kind in (Kind.EMAIL, Kind.URL):
            kept = (start, end) if _may_be_number(words.report[start:end].strip(), kind) else None
        else:
            kept = _named(words, start, end, kind)
        if kept is not None:
            found.append(Finding(*kept, kind, MODEL))
    return found


def _whole_words(report: str, start: int, end: int) -> tuple[int, int]:
    """A stretch that ends where words do, without spaces and marks at its edges."""
    while start > 0 and report[start - 1].isalnum() and report[start].isalnum():
        start -= 1
    while end < len(report) and report[end].isalnum() and report[end - 1].isalnum():
        end += 1
    while start < end and not report[start].isalnum() and report[start] not in "(+":
        start += 1
    while end > start and not report[end - 1].isalnum():
        end -= 1
    return start, end


def _may_be_number(text: str, kind: Kind) -> bool:
    """Whether a stretch that should hold digits, or be an address of the net, may be what a model says."""
    digits = sum(map(str.isdigit, text))
    if kind in (Kind.EMAIL, Kind.URL):
        return "@" in text or "." in text.strip(".")
    if kind is Kind.AGE:
        return any(int(number) > _OLDEST for number in _PLAIN.findall(text)[:2] if len(number) <= 3)
    if not digits:
        return False
    if kind is Kind.DATE:
        return _YEAR.fullmatch(text) is None and (digits > 2 or any(map(str.isalpha, text)))
    if _PLAIN.fullmatch(text):
        return digits >= max(_FEWEST_DIGITS.get(kind, 1), 5) and _CPT.fullmatch(text) is None
    return digits >= _FEWEST_DIGITS.get(kind, 1) and _CODE.fullmatch(text) is None


def _named(words: Words, start: int, end: int, kind: Kind) -> tuple[int, int] | None:
    """What is left of a name, a place or an institution between the terms at its edges; None when nothing is."""
    first, last = words.from_offset(start), words.from_offset(end) - 1
    telling = [at for at in range(first, last + 1) if _is_telling(words, at, kind)]
    if not telling:
        return None
    if kind is Kind.INSTITUTION:  # "Mercy General Hospital" is one, whatever its words
        return start, end
    first, last = telling[0], telling[-1]
    while first > words.from_offset(start) and words.lower[first - 1] in PARTICLES:
        first -= 1
    begins = words.starts[first] if first > words.from_offset(start) else start
    ends = words.ends[last] if words.ends[last] < end else end
    return begins, ends


def _is_telling(words: Words, at: int, kind: Kind) -> bool:
    """Whether a word says who or where, and is no term, no eponym and no state."""
    raw, low = words.raw[at], words.lower[at]
    if kind is Kind.NAME:
        return name_like(words, at, sure=low not in EPONYMS and low not in EPONYM_SURNAMES)
    if kind is Kind.PLACE and (low in STATE_WORDS or low in _COUNTRY):
        return False
    known = low in VOCABULARY or low in EPONYMS or is_medical(low)
    return len(raw) > 2 and raw[0].isupper() and not known and _CODE.fullmatch(raw) is None
