"""Morphology of masks: growing, closing, opening, and leaving out what is too small or too thin. Lengths in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float

LINE_UM = 56.0
"""What is nowhere wider than this and long is a line: the edge of a coverslip, a scratch, a fibre."""
LINE_LENGTH_UM = 3000.0


def grown(sure: Bool[np.ndarray, "y x"], pale: Bool[np.ndarray, "y x"], reach: float | int) -> Bool[np.ndarray, "y x"]:
    """`sure`, and what of `pale` touches it, no further than `reach` pixels away."""
    near = cv2.distanceTransform((~sure).astype(np.uint8), cv2.DIST_L2, 5) <= reach
    _, labels = cv2.connectedComponents(((pale & near) | sure).astype(np.uint8), connectivity=8)
    wanted = np.zeros(labels.max() + 1, bool)
    wanted[np.unique(labels[sure])] = True
    wanted[0] = False
    return wanted[labels]


def closed(mask: Bool[np.ndarray, "y x"], radius: float | int) -> Bool[np.ndarray, "y x"]:
    """Gaps narrower than twice the radius are closed; what lies beyond the edge is not tissue."""
    whole = round(radius)
    if whole < 1:
        return mask
    disk = (np.hypot(*np.mgrid[-whole : whole + 1, -whole : whole + 1]) <= whole).astype(np.uint8)
    padded = np.pad(mask, whole).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disk)[whole:-whole, whole:-whole], bool)


def opened(mask: Bool[np.ndarray, "y x"], side: int = 2) -> Bool[np.ndarray, "y x"]:
    """Without what is nowhere `side` pixels wide."""
    square = np.ones((side, side), np.uint8)
    last = side - 1 - side // 2  # of an even square, erosion and dilation must be anchored at opposite corners
    return np.asarray(cv2.dilate(cv2.erode(mask.astype(np.uint8), square), square, anchor=(last, last)), bool)


def trimmed(mask: Bool[np.ndarray, "y x"], density: Float[np.ndarray, "y x"], *, reach: int) -> Bool[np.ndarray, "y x"]:
    """Without the pixels of the rim that are less than half as dense as the tissue within `reach` of them.

    A pixel half of which is glass is half as dense: so the outline runs where half of a pixel is covered.
    """
    window = (2 * max(1, reach) + 1,) * 2
    core = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    beside = np.where(cv2.blur(core.astype(np.float32), window) > 1e-6, core, mask).astype(np.float32)
    mean = cv2.blur(density.astype(np.float32) * beside, window) / np.maximum(cv2.blur(beside, window), 1e-6)
    return mask & (core | (density >= 0.5 * mean))


def without_lines(mask: Bool[np.ndarray, "y x"], mpp: float) -> Bool[np.ndarray, "y x"]:
    """Without the islands that are long and nowhere wider than a line: edges of coverslips, scratches, fibres."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, labels[mask], depth[mask])
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = ((2 * deepest - 1) * mpp > LINE_UM) | (length * mpp < LINE_LENGTH_UM)
    keep[0] = False
    return keep[labels]


def without_islands(
    mask: Bool[np.ndarray, "y x"], least_px: float, *, keep_at_edge: bool = False
) -> Bool[np.ndarray, "y x"]:
    """Without what is smaller than `least_px`; `keep_at_edge` keeps what touches the edge, however small."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= least_px
    if keep_at_edge:
        keep[np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))] = True
    keep[0] = False
    return keep[labels]
