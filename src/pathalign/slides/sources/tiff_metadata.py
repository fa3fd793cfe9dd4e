"""What the texts of a tiled TIFF say: who wrote it, how large a pixel is, what a picture shows.

Descriptions are XML or near it, often without being well formed; the few attributes that matter are looked up by
pattern, so that no entity of an untrusted file is ever expanded.
"""

from __future__ import annotations

import re

from pathalign.slides.sources.source import ResolutionClaim
from pathalign.slides.sources.tiff_directory import Directory

_UM_PER = {
    "pm": 1e-6, "Å": 1e-4, "nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6,
    "in": 25400.0,
}  # fmt: skip
_PER_UNIT_UM = {2: 25400.0, 3: 10000.0}
"""ResolutionUnit: inch, centimetre; 1 is no unit at all."""


def family_of(first: Directory) -> str | None:
    """The family of a tiled TIFF by its first directory; None for those whose tiles only OpenSlide can lay out."""
    description = first.text(270)
    start, software = description[:8192], first.text(305)
    if 65420 in first or first.text(271).startswith("Hamamatsu"):
        return None  # NDPI: one JPEG per level, cut at restart markers
    if "leica-microsystems.com/scn" in start or software.startswith("MedScan"):
        return None  # SCN has several scans in one frame; Trestle's tiles overlap
    if b"iScan" in first.raw(700) or "<iScan" in start:
        return None  # Ventana: tiles to be stitched
    if start.startswith("Aperio"):
        return "aperio"
    if software.startswith("Philips") and "DPUfsImport" in description:
        return "philips"
    return "ome-tiff" if re.search(r"<(?:\w+:)?OME[\s>]", start) else "generic-tiff"


def says_not_a_level(description: str) -> bool:
    """Whether a picture says of itself that it is a label, a macro image or a thumbnail."""
    return re.search(r"\b(label|macro|thumbnail|overview)\b", description[:2048], re.IGNORECASE) is not None


def ome_refusal(description: str) -> str | None:
    """Why an OME-XML does not describe one RGB plane; None when it does."""
    images = re.findall(r"<(?:\w+:)?Image\b([^>]*)>", description)
    pictures = [image for image in images if not says_not_a_level(image)]
    pixels = _attributes(description, "Pixels")
    if len(pictures) > 1:
        return f"holds {len(pictures)} scenes, and which one is meant is not said."
    for axis, what in (("SizeZ", "planes of focus"), ("SizeT", "points in time")):
        if pixels.get(axis, "1") != "1":
            return f"holds {pixels[axis]} {what}; PathAlign reads one."
    return None


def philips_spacings_mm(description: str) -> list[float]:
    """Millimetres per pixel along x of each level of a Philips slide, finest first."""
    parts = re.split(r"ObjectType=[\"']PixelDataRepresentation[\"']", description)[1:]
    return [spacing[0] for part in parts if (spacing := _philips_spacing_mm(part))]


def claims(first: Directory, family: str) -> tuple[ResolutionClaim, ...]:
    """What a file claims of its pixel size: vendor, OME-XML, Aperio's description, resolution tags, in that order."""
    description = first.text(270)
    found = []
    if family == "philips" and (spacing := _philips_spacing_mm(description)):
        found.append(
            ResolutionClaim(source="philips DICOM_PIXEL_SPACING", mpp_x=spacing[0] * 1e3, mpp_y=spacing[1] * 1e3)
        )
    if family == "ome-tiff" and (size := _ome_size_um(description)):
        found.append(ResolutionClaim(source="OME-XML", mpp_x=size[0], mpp_y=size[1]))
    if family == "aperio" and (match := re.search(r"\bMPP\s*=\s*([0-9.]+(?:[eE][-+]?\d+)?)", description)):
        mpp = _number(match[1])
        found += [ResolutionClaim(source="aperio MPP", mpp_x=mpp, mpp_y=mpp)] if mpp else []
    unit_um = _PER_UNIT_UM.get(first.integer(296, 2))
    across, down = first.rational(282), first.rational(283)
    if unit_um and across and down and min(across, down) > 0:
        found.append(ResolutionClaim(source="TIFF resolution tags", mpp_x=unit_um / across, mpp_y=unit_um / down))
    return tuple(found)


def _ome_size_um(description: str) -> tuple[float, float] | None:
    pixels = _attributes(description, "Pixels")
    sides = []
    for axis in ("X", "Y"):
        value = _number(pixels.get(f"PhysicalSize{axis}", ""))
        unit = _UM_PER.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        if value is None or unit is None:  # a "pixel" is no length
            return None
        sides.append(value * unit)
    return sides[0], sides[1]


def _philips_spacing_mm(text: str) -> tuple[float, float] | None:
    """The first pixel spacing of a text as (x, y); DICOM has the distance of rows first."""
    match = re.search(r"Name=[\"']DICOM_PIXEL_SPACING[\"'][^>]*>([^<]*)<", text)
    values = [_number(value) for value in re.findall(r"[0-9.eE+-]+", match[1])] if match else []
    if len(values) != 2 or not values[0] or not values[1]:
        return None
    return values[1], values[0]


def _attributes(xml: str, element: str) -> dict[str, str]:
    match = re.search(rf"<(?:\w+:)?{element}\b([^>]*)>", xml)
    return {name: value for name, _, value in re.findall(r"(\w+)=([\"'])(.*?)\2", match[1])} if match else {}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
