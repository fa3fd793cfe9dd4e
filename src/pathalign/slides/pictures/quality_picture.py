"""One small picture per slide for the eye: thumbnail, outline of the tissue, grid of patches, ink. No label image."""

from __future__ import annotations

import io

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from pathalign.domain.geometry import PatchGrid
from pathalign.slides.tissue.mask import Tissue

LONGEST_PX = 640
TISSUE_RGB, PATCH_RGB, INK_RGB = (0, 130, 60), (20, 70, 200), (255, 190, 0)
QUALITY = 80
PATCH_WEIGHT, INK_WEIGHT = 0.55, 0.45


def quality_picture(tissue: Tissue, grid: PatchGrid | None = None, *, longest_px: int = LONGEST_PX) -> bytes:
    """A JPEG whose longer side is `longest_px`; tissue is outlined green, patches are blue squares, ink is yellow."""
    return _jpeg(draw_quality(tissue, grid, longest_px=longest_px))


def draw_quality(tissue: Tissue, grid: PatchGrid | None, *, longest_px: int) -> UInt8[np.ndarray, "y x 3"]:
    """The pixels of the picture."""
    height, width = tissue.mask.shape
    scale = longest_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(tissue.thumbnail, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    _blend(picture, _scaled(tissue.ink, size), INK_RGB, INK_WEIGHT)
    if grid is not None and len(grid):
        _blend(picture, _squares(grid, size, scale * grid.slide_mpp / tissue.mpp), PATCH_RGB, PATCH_WEIGHT)
    inside = _scaled(tissue.mask, size)
    rim = inside & ~cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0).astype(bool)
    _blend(picture, rim, TISSUE_RGB, 1.0)
    return np.asarray(picture)


def _squares(grid: PatchGrid, size: tuple[int, int], px_per_px0: float) -> Bool[np.ndarray, "y x"]:
    """The outlines of the patches, a pixel wide."""
    drawn = np.zeros((size[1], size[0]), np.uint8)
    corners = np.floor(grid.xy_px0 * px_per_px0).astype(int)
    ends = np.floor((grid.xy_px0 + grid.side_px0) * px_per_px0).astype(int)
    for (left, top), (right, bottom) in zip(corners.tolist(), ends.tolist(), strict=True):
        cv2.rectangle(drawn, (left, top), (min(right, size[0] - 1), min(bottom, size[1] - 1)), 1)
    return drawn.astype(bool)


def _scaled(mask: Bool[np.ndarray, "y x"], size: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), bool)


def _blend(
    picture: UInt8[np.ndarray, "y x 3"], where: Bool[np.ndarray, "y x"], rgb: tuple[int, int, int], weight: float
) -> None:
    picture[where] = np.rint(picture[where] * (1 - weight) + np.array(rgb) * weight).astype(np.uint8)


def _jpeg(picture: UInt8[np.ndarray, "y x 3"]) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=QUALITY, subsampling="4:2:0", optimize=True)
    return encoded.getvalue()
