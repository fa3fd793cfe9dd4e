"""OME-TIFF: one image in XML, its coarser levels as SubIFDs; a label image is a second series."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides.pyramid import halvings
from pathalign.testing.foreign_slides.tiff import write_directories
from pathalign.testing.foreign_slides.tiff_images import DESCRIPTION, REDUCED, jpeg_level, loud_strip


def write_ome_tiff(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float | None = 0.25,
    unit: str = "µm",
    levels: int = 3,
    tile_px: int = 256,
    label: bool = False,
    big: bool = True,
) -> None:
    """Write an OME-TIFF (BigTIFF unless told otherwise) of RGB in JPEG tiles; `mpp` is in `unit`."""
    height, width = image.shape[:2]
    size = "" if mpp is None else "".join(
        f' PhysicalSize{axis}="{mpp:g}" PhysicalSize{axis}Unit={quoteattr(unit)}' for axis in "XY"
    )  # fmt: skip
    series = [_image(0, width, height, size), *([_image(1, 64, 48, "")] if label else [])]
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        + "".join(series)
        + "</OME>"
    )
    finest, *coarser = halvings(image, levels)
    first = jpeg_level(finest, tile_px=tile_px, tags={DESCRIPTION: xml})
    first.children.extend(jpeg_level(level, tile_px=tile_px, tags={REDUCED: 1}) for level in coarser)
    write_directories(path, [first, *([loud_strip()] if label else [])], big=big)


def _image(number: int, width: int, height: int, size: str) -> str:
    return (
        f'<Image ID="Image:{number}" Name="{"label" if number else "slide"}"><Pixels ID="Pixels:{number}" '
        f'DimensionOrder="XYCZT" Type="uint8" SizeX="{width}" SizeY="{height}" SizeC="3" SizeZ="1" SizeT="1"{size}>'
        f'<Channel ID="Channel:{number}:0" SamplesPerPixel="3"/><TiffData IFD="{number}" PlaneCount="1"/></Pixels>'
        "</Image>"
    )
