"""Sample ids of GTEx: GTEX-1117F-0126 is donor and tissue sample; its note is of the sample."""

from __future__ import annotations

import re

from pathalign.text.slide_names.slide_name import SlideName

CONVENTION = "GTEx sample"
_SAMPLE = re.compile(r"(?P<sample>(?P<donor>GTEX-[0-9A-Z]{4,5})-\d{4})(?:\.[0-9A-Fa-f-]{36})?")


def read_gtex(name: str) -> SlideName | None:
    """The sample as case and its donor as patient; None for all else. Slides of one donor must share a split."""
    found = _SAMPLE.fullmatch(name)
    return SlideName(convention=CONVENTION, case=found["sample"], patient=found["donor"]) if found else None
