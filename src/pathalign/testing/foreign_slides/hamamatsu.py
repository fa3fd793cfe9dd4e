"""Hamamatsu VMS: a text file that names JPEG images side by side, a coarse map, and a macro image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pathalign.testing.foreign_slides import LOUD
from pathalign.testing.foreign_slides.pyramid import halvings

_RESTART_PX, _MCU_PX = 256, 8


def write_vms(path: Path, image: NDArray[np.uint8], *, mpp: float = 0.25, image_px: int = 512) -> None:
    """Write a VMS of JPEG images `image_px` wide and as high as the slide, whose width is a multiple of that."""
    height, width = image.shape[:2]
    columns = width // image_px
    names = [f"{path.stem}_{column}.jpg" for column in range(columns)]
    for column, name in enumerate(names):
        _write_jpeg(path.parent / name, image[:, column * image_px : (column + 1) * image_px])
    _write_jpeg(path.parent / f"{path.stem}_map.jpg", halvings(image, 5)[-1])
    _write_jpeg(path.parent / f"{path.stem}_macro.jpg", np.full((48, 64, 3), LOUD, np.uint8))
    files = "".join(f"ImageFile{f'({k},0)' if k else ''}={name}\n" for k, name in enumerate(names))
    path.write_text(
        f"[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns={columns}\nNoJpegRows=1\n{files}"
        f"MapFile={path.stem}_map.jpg\nMacroImage={path.stem}_macro.jpg\nOptimisationFile=\n"
        f"PhysicalWidth={round(width * mpp * 1000)}\nPhysicalHeight={round(height * mpp * 1000)}\nSourceLens=20\n"
    )


def _write_jpeg(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Restart markers cut the scan into pieces that a reader finds and decodes by themselves."""
    Image.fromarray(np.ascontiguousarray(pixels)).save(
        path, "JPEG", quality=92, subsampling="4:4:4",
        restart_marker_blocks=min(_RESTART_PX, pixels.shape[1]) // _MCU_PX,
    )  # fmt: skip
