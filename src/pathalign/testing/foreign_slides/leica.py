"""Leica SCN: a BigTIFF whose first image is the macro image, with the scanned areas placed on the glass by XML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides import LOUD
from pathalign.testing.foreign_slides.pyramid import halvings
from pathalign.testing.foreign_slides.tiff import write_directories
from pathalign.testing.foreign_slides.tiff_images import DESCRIPTION, REDUCED, jpeg_level, resolution_tags


def write_scn(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    offset_px0: tuple[int, int] = (128, 64),
    glass_px0: tuple[int, int] = (1536, 1024),
    levels: int = 2,
) -> None:
    """Write an SCN whose one scanned area lies at `offset_px0` of a glass of `glass_px0` pixels (width, height)."""
    nm = round(mpp * 1000)
    pyramid = halvings(image, levels)
    macro = np.full((256, 384, 3), LOUD, np.uint8)
    dimensions = "".join(
        f'<dimension sizeX="{level.shape[1]}" sizeY="{level.shape[0]}" r="{k}" ifd="{k + 1}"/>'
        for k, level in enumerate(pyramid)
    )
    glass = f'sizeX="{glass_px0[0] * nm}" sizeY="{glass_px0[1] * nm}"'
    height, width = image.shape[:2]
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        f'<collection name="slide" {glass}><barcode></barcode>'
        + _image(f'{glass} offsetX="0" offsetY="0"', '<dimension sizeX="384" sizeY="256" r="0" ifd="0"/>', "0.6")
        + _image(
            f'sizeX="{width * nm}" sizeY="{height * nm}" offsetX="{offset_px0[0] * nm}" offsetY="{offset_px0[1] * nm}"',
            dimensions,
            "20",
        )
        + "</collection></scn>"
    )
    write_directories(
        path,
        [
            jpeg_level(macro, tags={DESCRIPTION: xml}),
            *(
                jpeg_level(level, tags={REDUCED: min(k, 1), **resolution_tags(mpp * 2**k)})
                for k, level in enumerate(pyramid)
            ),
        ],
        big=True,
    )


def _image(view: str, dimensions: str, objective: str) -> str:
    return (
        '<image name="image"><creationDate>2020-01-01T00:00:00Z</creationDate><device model="SCN" version="1"/>'
        f'<pixels sizeX="1" sizeY="1">{dimensions}</pixels><view {view}/><scanSettings><objectiveSettings><objective>'
        f"{objective}</objective></objectiveSettings><illuminationSettings><numericalAperture>0.7</numericalAperture>"
        "<illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings></image>"
    )
