"""What is taken out of a report: the kinds of identifier, and the places where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The identifiers of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)) that text can hold.

    Biometric records and photographs, the other two of the eighteen, are no text. Institutions stand beside places,
    accession numbers are the rule's "any other unique number".
    """

    NAME = "name"
    PLACE = "place"
    """Addresses, cities, postcodes: everything smaller than a state."""
    INSTITUTION = "institution"
    DATE = "date"
    """Every part of a date but a year that stands alone."""
    AGE = "age"
    """Ages over 89."""
    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    URL = "url"
    IP = "ip address"
    SSN = "social security number"
    MRN = "medical record number"
    ACCESSION = "accession number"
    HEALTH_PLAN = "health plan number"
    ACCOUNT = "account number"
    LICENCE = "licence number"
    DEVICE = "device number"
    VEHICLE = "vehicle number"
    NUMBER = "other number"
    FIELD = "unknown field"
    """The value of a header field that no list knows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One identifier: the characters [start, end) of the report, and the rule that found it."""

    start: int
    end: int
    kind: Kind
    rule: str


_WEAK = frozenset(("unknown pair", "unknown field"))
"""Rules that know that something must go, and not what it is."""


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in order, overlapping ones as one.

    The union has the kind of the longest of them, the first of equals; a rule that does not know the kind gives way.
    """
    merged: list[Finding] = []
    longest = 0
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        size = 0 if finding.rule in _WEAK else finding.end - finding.start
        last = merged[-1] if merged else None
        if last is None or finding.start >= last.end:
            merged.append(finding)
            longest = size
            continue
        named = finding if size > longest else last
        longest = max(longest, size)
        merged[-1] = Finding(last.start, max(last.end, finding.end), named.kind, named.rule)
    return merged
