"""The glass of a slide: its colour, by which a thumbnail is balanced, and how much its colour varies.

Scanners differ in white balance and lamps, and a coverslip tints: colour is therefore judged against the slide's own
glass. It is the brightest smooth, nearly neutral ground that there is enough of; a slide full of tissue shows none.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Shaped, UInt8

DARKEST, MOST_COLOUR = 0.45, 0.12
"""Glass is brighter than the one and less saturated than the other; more is a stain."""
STEEPEST = 4.0
"""Grey levels from one pixel (blurred) to the next; glass is smoother, tissue hardly anywhere."""
LEAST_SHARE = 0.004
"""A slide shows glass when this share of it is glass; the lumina of a slide full of tissue are less, or not smooth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Glass:
    """What empty glass looks like on one slide."""

    rgb: Float[np.ndarray, " 3"]
    """Its colour, 0..1."""
    saturation: float
    """Saturation that glass reaches by noise alone once the thumbnail is balanced by its colour."""
    grain: float
    """How its brightness varies within a few pixels (`grain_of`), in grey levels."""


def find_glass(thumbnail: UInt8[np.ndarray, "y x 3"]) -> Glass | None:
    """The glass of a slide, or None where none is seen. Pure white is no glass: nothing was scanned there."""
    blurred = cv2.blur(thumbnail, (3, 3), borderType=cv2.BORDER_REPLICATE)
    high, low = highest(blurred).astype(np.float32), lowest(blurred).astype(np.float32)
    scanned = lowest(thumbnail) < 254
    plain = (high > DARKEST * 255) & (high - low < MOST_COLOUR * high) & scanned
    grey = grey_of(blurred)
    smooth = _step(grey) < STEEPEST
    candidates = plain & smooth
    if candidates.sum() < max(16, LEAST_SHARE * max(1, scanned.sum())):
        return None
    peak = _brightest_peak(grey[candidates])
    ground = candidates & (np.abs(grey - peak) <= 3)
    rgb = np.median(thumbnail[ground], axis=0) / 255
    grain = float(np.median(grain_of(thumbnail)[ground]))
    return Glass(rgb=rgb.astype(np.float32), saturation=_noise(balanced(thumbnail, rgb), ground), grain=grain)


def balanced(thumbnail: UInt8[np.ndarray, "y x 3"], glass_rgb: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "y x 3"]:
    """Transmission of each channel: 1 where there is glass (or brighter), 0 where no light came through."""
    return np.minimum(thumbnail.astype(np.float32) / (255 * np.asarray(glass_rgb, np.float32)), 1)


def highest(rgb: Shaped[np.ndarray, "y x 3"]) -> Shaped[np.ndarray, "y x"]:
    """The largest channel of each pixel, ten times faster than numpy's maximum along so short an axis."""
    return np.asarray(np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]))


def lowest(rgb: Shaped[np.ndarray, "y x 3"]) -> Shaped[np.ndarray, "y x"]:
    """The smallest channel of each pixel."""
    return np.asarray(np.minimum(np.minimum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]))


def grey_of(thumbnail: UInt8[np.ndarray, "y x 3"]) -> Float[np.ndarray, "y x"]:
    """The mean of the channels."""
    red, green, blue = (thumbnail[..., channel].astype(np.float32) for channel in range(3))
    return np.asarray((red + green + blue) / 3)


def saturation_of(rgb: Float[np.ndarray, "y x 3"]) -> Float[np.ndarray, "y x"]:
    """Saturation in the sense of HSV, 0..1; lone pixels are smoothed away."""
    value = highest(rgb)
    saturation = np.where(value > 0, (value - lowest(rgb)) / np.maximum(value, 1e-6), 0).astype(np.float32)
    return np.asarray(cv2.medianBlur(saturation, 3))


def grain_of(thumbnail: UInt8[np.ndarray, "y x 3"]) -> Float[np.ndarray, "y x"]:
    """How brightness varies within 5 x 5 pixels, in grey levels; a median, so that an edge nearby is not grain."""
    grey = grey_of(thumbnail)
    return np.asarray(1.4826 * cv2.medianBlur(np.abs(grey - cv2.medianBlur(grey, 5)), 5))


def _noise(rgb: Float[np.ndarray, "y x 3"], ground: Bool[np.ndarray, "y x"]) -> float:
    """Median and five robust deviations: neither some dust nor some pale tissue in the ground moves it."""
    values = saturation_of(rgb)[ground]
    median = float(np.median(values))
    return median + 5 * 1.4826 * max(float(np.median(np.abs(values - median))), 0.5 / 255)


def _step(grey: Float[np.ndarray, "y x"]) -> Float[np.ndarray, "y x"]:
    """The largest difference of each pixel to a neighbour."""
    window = np.ones((3, 3), np.uint8)
    return np.asarray(np.maximum(cv2.dilate(grey, window) - grey, grey - cv2.erode(grey, window)))


def _brightest_peak(grey: Float[np.ndarray, " pixel"]) -> float:
    """The brightest peak that has a fifth of the highest one, in grey levels: pale tissue may cover more than glass."""
    counts = np.bincount(np.rint(grey).astype(int), minlength=256).astype(np.float64)
    smoothed = np.convolve(counts, np.ones(5) / 5, mode="same")
    is_peak = smoothed == np.array([smoothed[max(0, i - 4) : i + 5].max() for i in range(256)])
    return float(np.flatnonzero(is_peak & (smoothed >= smoothed.max() / 5))[-1])
