"""By which convention names of slides are read: the known ones, a pattern of the user's own, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pathalign.errors import BadNamePattern
from pathalign.text.slide_names.accession import read_accession
from pathalign.text.slide_names.gtex import read_gtex
from pathalign.text.slide_names.slide_name import SlideName, stem
from pathalign.text.slide_names.tcga import read_tcga

_GROUPS = ("case", "patient", "part", "block", "slide", "stain")


@dataclass(frozen=True, slots=True)
class NameConvention:
    """How names are read."""

    pattern: re.Pattern[str] | None = None
    """The user's own, of the whole name without folder and suffix; it replaces the known conventions."""
    known: bool = True
    """Accession numbers, TCGA barcodes and GTEx samples are read."""

    @classmethod
    def of(cls, option: str) -> NameConvention:
        """What the option says: "auto", "off", or a regular expression with named groups; raises `BadNamePattern`."""
        if option in ("auto", "off"):
            return cls(known=option == "auto")
        try:
            pattern = re.compile(option)
        except re.error as error:
            raise BadNamePattern(
                f"The pattern for names of slides is no regular expression: {error}. {_REPAIR}"
            ) from error
        unknown = sorted(set(pattern.groupindex) - set(_GROUPS))
        if unknown or not pattern.groupindex:
            seen = f"the unknown group {unknown[0]!r}" if unknown else "no named group"
            raise BadNamePattern(f"The pattern for names of slides has {seen}. {_REPAIR}")
        return cls(pattern=pattern, known=False)

    def read(self, *names: str) -> SlideName | None:
        """What several names of one slide (its id, its file) say together; None when they say nothing or disagree."""
        found = [record for name in dict.fromkeys(map(stem, names)) if name and (record := self._read(name))]
        return together(found)

    def _read(self, name: str) -> SlideName | None:
        if self.pattern is None:
            return read_tcga(name) or read_gtex(name) or read_accession(name) if self.known else None
        found = self.pattern.fullmatch(name)
        if found is None:
            return None
        told = {name: value or "" for name, value in found.groupdict().items()}
        return SlideName(
            convention="own pattern", case=told.get("case", ""), patient=told.get("patient", ""),
            part=told.get("part", ""), block=told.get("block", ""), slide=told.get("slide", ""),
            stain=told.get("stain", ""),
        )  # fmt: skip


_REPAIR = (
    f"Name its groups {', '.join(_GROUPS)}, such as '(?P<case>S\\d+-\\d+)_(?P<part>[A-Z])(?P<block>\\d+)'; or say "
    "auto or off."
)


def together(records: list[SlideName]) -> SlideName | None:
    """Several records of one slide as one, the first filled up from the others; None for none, or when two disagree."""
    if not records:
        return None
    merged = records[0]
    for record in records[1:]:
        for name in _GROUPS:
            one, other = getattr(merged, name), getattr(record, name)
            if one and other and one != other:
                return None
            if other and not one:
                merged = replace(merged, **{name: other})
    return merged
