"""What the name of a slide says of where it comes from, by conventions that leave no doubt, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SlideName:
    """A name that a convention reads; "" for what it does not tell."""

    convention: str
    """Which convention: "accession", "TCGA barcode", or one of the user's own."""
    case: str
    """"S24-12345"; of a TCGA barcode the patient, who has one report."""
    patient: str = ""
    """Only where the name tells it apart from the case."""
    part: str = ""
    block: str = ""
    """With the part's letter, as it is written on the cassette: "A1"."""
    slide: str = ""
    """Number of the slide of the block, or level: "2", "L2"."""
    stain: str = ""
    """As written."""
    kind: str = ""
    """"diagnostic", "frozen" or ""."""
    normal_tissue: bool = False
    """The slide is of tissue that was taken as normal: what the report says of a tumour is not on it."""


_SUFFIX = re.compile(
    r"\.(?:svs|tiff?|ndpis?|mrxs|scn|bif|vms|vmu|svslide|dcm|dicom|czi|isyntax|vsi|ome|btf|qptiff|png|jpe?g|bmp|h5)$",
    re.IGNORECASE,
)


def stem(name: str) -> str:
    """The name of a slide's file without its folder and the suffixes of its format."""
    name = re.split(r"[/\\]", name.strip())[-1]
    while (bare := _SUFFIX.sub("", name)) != name and bare:
        name = bare
    return name
