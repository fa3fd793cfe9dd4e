"""A report without who it is about: `find_identifiers` says where they stand, `deidentify` takes them out.

Pure functions, in time that grows with the report's length alone. The rules are no legal guarantee:
docs/deidentification.md says how many of each kind they find.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pathalign.text.deidentification.contacts import find_contacts
from pathalign.text.deidentification.dates import find_ages, find_dates
from pathalign.text.deidentification.fields import find_fields
from pathalign.text.deidentification.identifiers import Finding, Kind, without_overlaps
from pathalign.text.deidentification.initials import find_initials
from pathalign.text.deidentification.institutions import find_institutions
from pathalign.text.deidentification.lexicon import folded
from pathalign.text.deidentification.names import find_again, find_names
from pathalign.text.deidentification.neighbours import find_beside
from pathalign.text.deidentification.numbers import find_numbers, find_tails
from pathalign.text.deidentification.occupations import find_occupations
from pathalign.text.deidentification.personal_fields import find_personal_fields
from pathalign.text.deidentification.places import find_places
from pathalign.text.deidentification.replacement import OffsetMap, replaced
from pathalign.text.deidentification.surrogates import Surrogates, Tags
from pathalign.text.deidentification.suspicion import find_suspicious
from pathalign.text.deidentification.suspicious_numbers import find_suspicious_numbers
from pathalign.text.deidentification.tagged import Tagged, find_tagged
from pathalign.text.deidentification.unknown_words import find_unknown
from pathalign.text.deidentification.words import words_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Deidentified:
    """A report after its identifiers were taken out."""

    text: str
    findings: tuple[Finding, ...]
    """In order, without overlaps; offsets are of the original."""
    offsets: OffsetMap

    def counts(self) -> dict[str, int]:
        """How many of each kind were taken out: all that a report of the removal may say."""
        return dict(sorted(Counter(finding.kind.value for finding in self.findings).items()))


_LEADERS = re.compile(r"(?<=[A-Za-z.#)])\.{3,60}:?(?=\s?\w)")
"""Dots that lead from a key to its value; a colon for the rules, and as long."""
_TAG = re.compile(rf"\[(?:AGE 90\+|(?:{'|'.join(kind.upper() for kind in Kind)}) \d+)\]")
"""What an earlier pass left, never to be taken for an identifier."""


def find_identifiers(report: str, tagged: Sequence[Tagged] = ()) -> list[Finding]:
    """Every identifier of a report, in order, without overlaps; `tagged` is what a model says beside the rules."""
    if "..." in report:
        report = _LEADERS.sub(lambda dots: ":" + " " * (len(dots[0]) - 1), report)
    words = words_of(report)
    found = [
        *find_fields(words),
        *find_personal_fields(words),
        *find_occupations(words),
        *find_names(words),
        *find_unknown(words),
        *find_initials(words),
        *find_dates(words),
        *find_ages(words),
        *find_numbers(words),
        *find_contacts(words),
        *find_institutions(words),
        *find_places(words),
        *find_suspicious(words),
        *find_suspicious_numbers(words),
        *find_tagged(words, tagged),
    ]
    found += find_beside(words, found)
    found += [*find_again(words, found), *find_tails(words, found)]
    return without_overlaps(_outside_tags(report, found))


def _outside_tags(report: str, findings: list[Finding]) -> list[Finding]:
    """The findings that touch no tag."""
    tags = list(_TAG.finditer(report)) if "[" in report else []
    if not tags:
        return findings
    starts = [tag.start() for tag in tags]

    def touches(finding: Finding) -> bool:
        last = bisect_left(starts, finding.end) - 1  # the last tag that begins before the finding ends
        return last >= 0 and tags[last].end() > finding.start

    return [finding for finding in findings if not touches(finding)]


def deidentify(
    report: str, replacement: Tags | Surrogates | None = None, *, tagged: Sequence[Tagged] = ()
) -> Deidentified:
    """The report with tags, or with surrogates, in the place of its identifiers, also those that a model `tagged`."""
    replacement = replacement or Tags()
    findings = find_identifiers(report, tagged)
    numbering = _Numbering()
    spans = [
        (
            f.start,
            f.end,
            replacement.make(f.kind, report[f.start : f.end], numbering.of(f.kind, report[f.start : f.end])),
        )
        for f in findings
    ]
    text, offsets = replaced(report, spans)
    return Deidentified(text=text, findings=tuple(findings), offsets=offsets)


class _Numbering:
    """Numbers of tags: the same for the same name, whole or in part, and for a number and its tail."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, str], int] = {}
        self._count: Counter[Kind] = Counter()

    def of(self, kind: Kind, text: str) -> int:
        """The number of an identifier; each of its words is remembered with it."""
        words = [
            word
            for word in re.findall(r"[^\W_]+", folded(text.casefold()) if kind is Kind.NAME else text.casefold())
            if len(word) > 2
        ] or [text.casefold()]
        keys = (
            words
            if kind is Kind.NAME
            else [" ".join(words), *(w for w in words if kind is Kind.ACCESSION and len(w) > 3)]
        )
        number = next((self._known[kind, key] for key in keys if (kind, key) in self._known), 0)
        if not number:
            self._count[kind] += 1
            number = self._count[kind]
        for key in keys:
            self._known.setdefault((kind, key), number)
        return number
