"""Philips TIFF: the size of whole tiles declared, never-scanned tiles left out, pixel sizes of each level in XML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides.pyramid import halvings
from pathalign.testing.foreign_slides.tiff import Value, write_directories
from pathalign.testing.foreign_slides.tiff_images import DESCRIPTION, REDUCED, SOFTWARE, jpeg_level, loud_strip


def write_philips(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    levels: int = 2,
    tile_px: int = 256,
    missing: tuple[int, ...] = (),
) -> None:
    """Write a Philips TIFF whose level 0 lacks the tiles of the indices `missing`.

    The sides of the image are multiples of `tile_px`, because readers take level 0 as it is declared.
    """
    image = image.copy()
    across = image.shape[1] // tile_px
    for index in missing:  # coarser levels, whose tiles are larger, show bare glass there
        top, left = index // across * tile_px, index % across * tile_px
        image[top : top + tile_px, left : left + tile_px] = 255
    pyramid = []
    for k, level in enumerate(halvings(image, levels)):
        lacking = missing if k == 0 else ()
        tags: dict[int, Value] = {REDUCED: 1, DESCRIPTION: f"level={k}"}
        if k == 0:
            tags = {DESCRIPTION: _xml(mpp, levels), SOFTWARE: "Philips DP v1.0"}
        pyramid.append(jpeg_level(level, tile_px=tile_px, abbreviated=True, missing=lacking, padded=True, tags=tags))
    write_directories(path, [*pyramid, loud_strip("Label"), loud_strip("Macro -offset=(0,0)-pixelsize=(0.03,0.03)")])


def _xml(mpp: float, levels: int) -> str:
    """What a Philips scanner writes of a slide, as far as readers ask for it. Spacings are in millimetres."""
    spacings = "".join(
        '<DataObject ObjectType="PixelDataRepresentation">'
        + _attribute("DICOM_PIXEL_SPACING", _spacing(mpp * 2**k))
        + _attribute("PIIM_PIXEL_DATA_REPRESENTATION_NUMBER", str(k))
        + "</DataObject>"
        for k in range(levels)
    )
    image = (
        '<DataObject ObjectType="DPScannedImage">'
        + _attribute("PIM_DP_IMAGE_TYPE", "WSI")
        + _attribute("DICOM_PIXEL_SPACING", _spacing(mpp))
        + _array("PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE", spacings)
        + "</DataObject>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        + _attribute("DICOM_MANUFACTURER", "PHILIPS")
        + _array("PIM_DP_SCANNED_IMAGES", image)
        + "</DataObject>"
    )


def _spacing(mpp: float) -> str:
    return f"&quot;{mpp / 1000:.9f}&quot; &quot;{mpp / 1000:.9f}&quot;"


def _attribute(name: str, text: str, kind: str = "IString") -> str:
    return f'<Attribute Name="{name}" Group="0x301D" Element="0x1003" PMSVR="{kind}">{text}</Attribute>'


def _array(name: str, content: str) -> str:
    return _attribute(name, f"<Array>{content}</Array>", "IDataObjectArray")
