"""Where tissue lies: RGB -> HSV, threshold, morphology, on a thumbnail. Deterministic; parameters are recorded.

Tissue takes up light in a coloured way: it is saturated and darker than glass. Otsu's threshold finds where glass ends,
bounded on both sides, because Otsu on an almost empty slide splits noise (and noise is not tissue), and on a full one
splits tissue. Pen and black borders are taken out first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8
from scipy import ndimage

from pathalign.errors import RefusedSlide


@dataclass(frozen=True, kw_only=True, slots=True)
class TissueConfig:
    """Parameters of the tissue mask."""

    mpp: float = 16.0
    """Resolution of the mask."""
    least_saturation: float = 0.06
    """The threshold never falls below; glass and scanner noise stay under it."""
    most_saturation: float = 0.14
    """The threshold never rises above; pale, fatty tissue reaches it."""
    close_um: float = 64.0
    """Gaps narrower than this are closed."""
    least_area_um2: float = 2.5e4
    """Smaller islands are dust; 2.5e4 is half of a 224-um patch."""

    def as_json(self) -> dict[str, Any]:
        """What the provenance of embeddings records."""
        return {"method": "hsv-otsu-morphology", **asdict(self)}


def tissue_mask(
    thumbnail: UInt8[np.ndarray, "y x 3"], config: TissueConfig, *, name: str = "The slide"
) -> Bool[np.ndarray, "y x"]:
    """True where there is tissue.

    Raises `RefusedSlide` when the slide is not bright field (dark ground with bright signal).
    """
    rgb = thumbnail.astype(np.float32) / 255
    value = rgb.max(-1)
    _refuse_dark_field(value, name)
    saturation = np.where(value > 0, (value - rgb.min(-1)) / np.maximum(value, 1e-6), 0)
    saturation = ndimage.median_filter(saturation, size=3, mode="nearest")
    threshold = float(np.clip(_otsu(saturation), config.least_saturation, config.most_saturation))
    mask = (saturation > threshold) & ~_pen_or_border(rgb, value)
    radius = max(1, round(config.close_um / 2 / config.mpp))
    disk = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) <= radius
    padded = np.pad(mask, radius)
    closed = ndimage.binary_closing(padded, disk)[radius:-radius, radius:-radius]
    opened = ndimage.binary_opening(closed, np.ones((2, 2), bool))
    labels, count = ndimage.label(opened)
    if not count:
        return np.zeros_like(mask)
    area_um2 = np.bincount(labels.ravel()) * config.mpp**2
    large = area_um2 >= config.least_area_um2
    large[0] = False
    return large[labels]


def _otsu(values: np.ndarray) -> float:
    """Otsu's threshold of values within 0..1 (Otsu 1979), on 256 bins."""
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sum_below = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sum_below / below - (sum_below[-1] - sum_below) / above) ** 2
    return float(centres[np.nanargmax(np.where(np.isfinite(between), between, -1))])


def _refuse_dark_field(value: np.ndarray, name: str) -> None:
    """A bright-field slide has bright glass around its tissue; fluorescence is signal on black."""
    if float(np.mean(value < 0.15)) > 0.6 and float(np.mean(value > 0.6)) < 0.2:
        raise RefusedSlide(
            f"{name} is dark almost everywhere, as fluorescence is; PathAlign reads bright-field slides (H&E, IHC). "
            "Remove it from slides.csv."
        )


def _pen_or_border(rgb: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Ink (strong blue, green or red that no stain has) and black; grown by a pixel, for ink bleeds at its edge."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    blue_ink = (blue > red + 0.25) & (blue > green + 0.15)
    green_ink = (green > red + 0.08) & (green > blue - 0.02)
    red_ink = (red > 0.6) & (green < 0.25) & (blue < 0.3)
    black = value < 0.2
    return ndimage.binary_dilation(blue_ink | green_ink | red_ink | black, iterations=1)
