"""From dye concentrations to colour: Beer-Lambert with the haematoxylin and eosin vectors of Macenko et al. 2009."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.texture import Plane

HAEMATOXYLIN = (0.5626, 0.7201, 0.4062)
EOSIN = (0.2159, 0.8012, 0.5581)
STEPS = 256
MAX_CONCENTRATION = 2.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Stain:
    """How one laboratory and scanner render the two dyes."""

    haematoxylin: tuple[float, float, float] = HAEMATOXYLIN
    """Absorbance of red, green and blue at concentration 1."""
    eosin: tuple[float, float, float] = EOSIN
    white: tuple[float, float, float] = (243.0, 242.0, 244.0)
    """Colour of empty glass."""

    def palette(self) -> NDArray[np.uint32]:
        """Colour of every pair of concentrations in 0..MAX_CONCENTRATION, haematoxylin first: [STEPS * STEPS].

        Red, green, blue and an unused byte make one number, so that one look-up moves a pixel.
        """
        steps = np.linspace(0, MAX_CONCENTRATION, STEPS)
        absorbed = steps[:, None, None] * np.array(self.haematoxylin) + steps[None, :, None] * np.array(self.eosin)
        colours = np.zeros((STEPS * STEPS, 4), np.uint8)
        colours[:, :3] = np.rint(np.array(self.white) * np.exp(-absorbed)).reshape(-1, 3)
        return colours.view(np.uint32)[:, 0]


def random_stain(rng: np.random.Generator) -> Stain:
    """A stain as laboratories differ: strength of each dye within 20 %, a slight turn of hue, warm or cool glass."""

    def varied(vector: tuple[float, float, float]) -> tuple[float, float, float]:
        red, green, blue = np.array(vector) * rng.uniform(0.82, 1.2) * rng.uniform(0.95, 1.05, 3)
        return float(red), float(green), float(blue)

    glass = rng.uniform(240, 246)
    tint = rng.uniform(-3, 1, 3)
    red, green, blue = (float(glass + t) for t in tint)
    return Stain(haematoxylin=varied(HAEMATOXYLIN), eosin=varied(EOSIN), white=(red, green, blue))


def coloured(palette: NDArray[np.uint32], haematoxylin: Plane, eosin: Plane) -> NDArray[np.uint8]:
    """Concentrations [y, x] to an image [y, x, 3], by the palette of a stain."""
    scale = np.float32((STEPS - 1) / MAX_CONCENTRATION)
    first = np.clip(haematoxylin * scale + np.float32(0.5), 0, STEPS - 1).astype(np.uint16)
    second = np.clip(eosin * scale + np.float32(0.5), 0, STEPS - 1).astype(np.uint16)
    image = palette[first * np.uint16(STEPS) + second]
    return image.view(np.uint8).reshape(*image.shape, 4)[..., :3]
