"""Barcodes of The Cancer Genome Atlas: TCGA-XX-YYYY-01A-01-TS1 is patient, sample, portion, slide."""

from __future__ import annotations

import re

from pathalign.text.slide_names.slide_name import SlideName

CONVENTION = "TCGA barcode"
# Files of the data portal bear the barcode and, after a full stop, a UUID.
_BARCODE = re.compile(
    r"(?P<patient>TCGA-[0-9A-Z]{2}-[0-9A-Z]{4})"
    r"(?:-(?P<sample>(?P<type>\d{2})[A-Z])(?:-(?P<portion>\d{2})(?:-(?P<slide>(?P<kind>TS|MS|BS|DX)[0-9A-Z]{1,2}))?)?)?"
    r"(?:\.[0-9A-Fa-f-]{36})?"
)
_KINDS = {"TS": "frozen", "MS": "frozen", "BS": "frozen", "DX": "diagnostic"}
_NORMAL = range(10, 20)
"""Sample types of tissue, blood and cells that are normal; 01-09 are tumours."""


def read_tcga(name: str) -> SlideName | None:
    """The patient, portion and slide of a TCGA barcode; None for all else.

    TS, MS and BS (top, middle and bottom) are frozen sections around the portion that was analysed, DX a diagnostic
    one in paraffin. Portions are not the parts of a report, so none is told, and of a diagnostic slide no block.
    """
    found = _BARCODE.fullmatch(name)
    if found is None:
        return None
    kind = _KINDS.get(found["kind"] or "", "")
    return SlideName(
        convention=CONVENTION, case=found["patient"], patient=found["patient"],
        block=f"{found['sample']}-{found['portion']}" if kind == "frozen" else "",
        slide=found["slide"] or "", kind=kind, normal_tissue=int(found["type"] or 1) in _NORMAL,
    )  # fmt: skip
