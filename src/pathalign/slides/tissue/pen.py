"""Ink of a marker pen, and black: what is dark or coloured on a slide and no tissue.

Ink is told by how much of each colour it takes out of the light, in optical density (the logarithm). Every stain of
the laboratory (haematoxylin, eosin, DAB, and their mixtures) takes out about as much green as red or more; blue and
green inks take out clearly less green than red. Red ink takes out green and blue alike where it is deep, far more than
eosin; black takes out everything. The soft edge of a stroke is of the same hue, paler, and beside it.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float

from pathalign.slides.tissue.glass import highest, lowest

GREEN_TO_RED = 0.77
"""Optical density in green over that in red: haematoxylin has 0.85 to 1.1, blue ink up to 0.75, green up to 0.6."""
LEAST_DENSITY = 0.25
"""Optical density in red from which a hue is sure."""
EDGE_TO_RED = 0.95
"""The same ratio at the soft edge of a stroke, where ink is mixed with glass."""
BLACK, NEUTRAL = 0.35, 0.08
"""Black is darker than the one with less difference between its channels than the other."""
EDGE_UM = 80.0
"""How far the soft edge of a stroke reaches."""


def ink(rgb: Float[np.ndarray, "y x 3"], *, mpp: float, coloured: bool = True) -> Bool[np.ndarray, "y x"]:
    """Where a thumbnail (transmission, balanced by its glass) at `mpp` is covered by ink or is black.

    Without `coloured` only what is black: for stains that are blue, green or deep red themselves.
    """
    density = -np.log(np.clip(rgb, 1 / 255, 1))
    red, green, blue = (density[..., channel] for channel in range(3))
    cool = (red > LEAST_DENSITY) & (green < GREEN_TO_RED * red)
    warm = (green > 1.4) & (blue > 0.6 * green) & (red < 0.25 * green) & _is_even(green)
    brightest = highest(rgb)
    neutral = brightest - lowest(rgb) < NEUTRAL
    dark = (brightest < BLACK) & neutral
    core = _without_specks(((cool | warm) & coloured) | dark)
    if not core.any():
        return core
    paler = (
        (cool, (green < EDGE_TO_RED * red) & (red > 0.04)),
        (warm, (blue > 0.6 * green) & (red < 0.3 * green)),
        (dark, neutral),
    )
    covered = _near(core, 1)
    for hue, edge in paler:
        covered |= edge & _near(hue & core, EDGE_UM / mpp)
    return covered


def _is_even(density: Float[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
    """Ink lies as an even film; blood, the one tissue of its hue, is grained."""
    mean = cv2.blur(density, (3, 3), borderType=cv2.BORDER_REPLICATE)
    square = cv2.blur(density * density, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)) < 0.35 * mean)


def _without_specks(mask: Bool[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
    """Without what is smaller than 2 x 2 pixels: pigment and dye on the edge of a section are no pen."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), bool)


def _near(mask: Bool[np.ndarray, "y x"], radius: float | int) -> Bool[np.ndarray, "y x"]:
    """Within `radius` pixels of the mask."""
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) <= max(1.0, radius))
