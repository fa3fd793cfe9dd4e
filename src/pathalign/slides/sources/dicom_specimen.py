"""What the header of a DICOM slide says of the glass: whose it is, what lies on it, what it was stained with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.sources.dicom import header_of, reading

_TAGS = [
    "ContainerIdentifier", "BarcodeValue", "ContainerDescription", "LabelText", "SpecimenDescriptionSequence"
]  # fmt: skip
_STAINING = {("127790008", "SCT"), ("P3-00003", "SRT")}
"""Codes of the processing type of a step: DICOM PS3.16, TID 8003."""
_USING = {("424361007", "SCT"), ("G-C350", "SRT"), ("F-61D98", "SRT")}
"""Codes of "using substance", of which fixation and embedding have some too."""
_STAIN_NAMES = frozenset(("stain", "specimen stain", "staining", "stain name", "staining protocol"))
"""Concepts of codes of their own that scanners' software writes instead, by their meaning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecimenLabels:
    """What a DICOM slide says of where it comes from, as the laboratory wrote it."""

    container: str
    """Identifier of the glass."""
    specimens: tuple[str, ...]
    """Identifiers of what lies on it."""
    barcode: str = ""
    substances: tuple[tuple[str, ...], ...] = ()
    """For each specimen whose preparation tells it, what it was stained with: ("hematoxylin stain", "eosin")."""
    label: tuple[str, ...] = field(default=(), repr=False)
    """Lines of the label and of the container's description; they may name a patient, and are to be shown nowhere."""


def specimen_labels(path: Path) -> SpecimenLabels | None:
    """What the header of a DICOM slide says of its glass; None when it says nothing or is not read.

    `path` is a file of the series or its folder. Of the header only the container, its label, and the identifiers and
    stains of specimens are read. Without wsidicom (extra `dicom`) it is None.
    """
    try:
        header = header_of(path, _TAGS)
        if header is None:
            return None
        with reading(path.name):  # a sequence is read when it is looked at
            found = _labels(header)
    except (UnreadableSlide, RefusedSlide):  # whether the slide can be read is for its source to say
        return None
    return found if found != SpecimenLabels(container="", specimens=()) else None


def _labels(header: Any) -> SpecimenLabels:
    specimens = list(header.get("SpecimenDescriptionSequence") or [])
    identifiers = [_text(item, "SpecimenIdentifier") for item in specimens]
    substances = [tuple(_substances(item)) for item in specimens]
    lines = f"{_text(header, 'ContainerDescription')}\n{_text(header, 'LabelText')}".splitlines()
    return SpecimenLabels(
        container=_text(header, "ContainerIdentifier"),
        specimens=tuple(name for name in identifiers if name),
        barcode=_text(header, "BarcodeValue"),
        substances=tuple(used for used in substances if used),
        label=tuple(line.strip() for line in lines if line.strip()),
    )


def _substances(specimen: Any) -> Iterator[str]:
    """What the staining steps of a specimen name, each once, in order."""
    seen: set[str] = set()
    for step in specimen.get("SpecimenPreparationSequence") or []:
        items = list(step.get("SpecimenPreparationStepContentItemSequence") or [])
        stains = any(_code(item, "ConceptCodeSequence")[:2] in _STAINING for item in items)
        for item in items:
            *code, meaning = _code(item, "ConceptNameCodeSequence")
            if meaning.casefold() in _STAIN_NAMES or (stains and tuple(code) in _USING):
                name = _code(item, "ConceptCodeSequence")[2] or _text(item, "TextValue")
                if name and name not in seen:
                    seen.add(name)
                    yield name


def _code(item: Any, sequence: str) -> tuple[str, str, str]:
    """(value, scheme, meaning) of the first code of a sequence; "" for what is not there."""
    for code in item.get(sequence) or []:
        return _text(code, "CodeValue"), _text(code, "CodingSchemeDesignator"), _text(code, "CodeMeaning")
    return "", "", ""


def _text(dataset: Any, name: str) -> str:
    return str(dataset.get(name) or "").strip()
