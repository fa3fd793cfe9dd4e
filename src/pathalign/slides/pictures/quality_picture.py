"""One small picture per slide for the eye: thumbnail, outlines of tissue and ink, grid of patches. No label image."""

from __future__ import annotations

import io

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from pathalign.domain.geometry import PatchGrid
from pathalign.slides.tissue.mask import Tissue

LONGEST_PX = 640
TISSUE_RGB, PATCH_RGB, INK_RGB, UNREAD_RGB = (0, 150, 60), (20, 70, 200), (255, 190, 0), (220, 0, 40)
QUALITY = 80
PATCH_WEIGHT, INK_WEIGHT = 0.55, 0.15
"""How much of a picture they cover; pen must still be seen to be pen."""
SQUARES_FROM_PX = 16
"""Smaller patches are outlined together: a line around each would cover the stain."""
STRIPE_PX = 12


def quality_picture(tissue: Tissue, grid: PatchGrid | None = None, *, longest_px: int = LONGEST_PX) -> bytes:
    """A JPEG whose longer side is `longest_px`; see `draw_quality` for its colours."""
    return _jpeg(draw_quality(tissue, grid, longest_px=longest_px))


def draw_quality(tissue: Tissue, grid: PatchGrid | None, *, longest_px: int) -> UInt8[np.ndarray, "y x 3"]:
    """The pixels of the picture: tissue is outlined green, ink yellow, patches blue; red is unreadable."""
    height, width = tissue.mask.shape
    scale = longest_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(tissue.thumbnail, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    inked = _scaled(tissue.ink, size)
    _blend(picture, inked, INK_RGB, INK_WEIGHT)
    if grid is not None and len(grid):
        _blend(picture, _outlines(grid, size, scale * grid.slide_mpp / tissue.mpp), PATCH_RGB, PATCH_WEIGHT)
    _blend(picture, _rim(inked), INK_RGB, 1.0)
    _blend(picture, _rim(_scaled(tissue.mask, size)), TISSUE_RGB, 1.0)
    if tissue.unread is not None:
        unread = _scaled(tissue.unread, size)
        _blend(picture, _rim(unread) | (unread & _stripes(unread.shape)), UNREAD_RGB, 1.0)
    return np.asarray(picture)


def _rim(inside: Bool[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
    """The outermost three pixels of a region."""
    return inside & ~cv2.erode(inside.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0).astype(bool)


def _stripes(shape: tuple[int, ...]) -> Bool[np.ndarray, "y x"]:
    """Diagonal stripes, a quarter of the ground."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((y + x) % STRIPE_PX < STRIPE_PX // 4)


def _outlines(grid: PatchGrid, size: tuple[int, int], px_per_px0: float) -> Bool[np.ndarray, "y x"]:
    """A line around each patch, two pixels wide so that the contact sheet shows it; or around all that touch."""
    drawn = np.zeros((size[1], size[0]), np.uint8)
    corners = np.floor(grid.xy_px0 * px_per_px0).astype(int)
    ends = np.minimum(np.floor((grid.xy_px0 + grid.side_px0) * px_per_px0).astype(int), np.array(size) - 1)
    apart = grid.side_px0 * px_per_px0 >= SQUARES_FROM_PX
    for (left, top), (right, bottom) in zip(corners.tolist(), ends.tolist(), strict=True):
        if apart:
            cv2.rectangle(drawn, (left, top), (right, bottom), 1)
            cv2.rectangle(drawn, (left + 1, top + 1), (right - 1, bottom - 1), 1)
        else:
            drawn[top : bottom + 1, left : right + 1] = 1
    return drawn.astype(bool) if apart else _rim(drawn.astype(bool))


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
