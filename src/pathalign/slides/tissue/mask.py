"""Where tissue lies: RGB -> HSV, Otsu's threshold, morphology, on a thumbnail. Deterministic; parameters are recorded.

Tissue takes up light in a coloured way: it is more saturated than the slide's own glass. Otsu's threshold finds where
glass ends, bounded on both sides, because Otsu on an almost empty slide splits noise (and noise is not tissue), and on
a full one splits tissue. Around what is surely tissue, paler pixels are taken while they stand out of the noise of the
glass: fat, and stains that are faint. Pen and black are taken out. docs/tissue.md says what tissue is and is not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from pathalign.errors import RefusedSlide
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.thumbnail import read_thumbnail
from pathalign.slides.tissue.glass import Glass, balanced, find_glass, grain_of, highest, lowest, saturation_of
from pathalign.slides.tissue.morphology import closed, grown, opened, trimmed, without_islands, without_lines
from pathalign.slides.tissue.pen import ink

VERSION = 2
"""Counts changes of the method that change masks."""
GRAINED = 2.0
"""Tissue varies this many times as much in brightness as glass, within 80 um."""
BESIDE_UM = 80.0
"""A pixel at the edge is compared with the tissue within this distance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TissueConfig:
    """Parameters of the tissue mask."""

    mpp: float = 16.0
    """Resolution of the mask."""
    least_saturation: float = 0.03
    """The threshold never falls below; glass and scanner noise stay under it."""
    most_saturation: float = 0.07
    """The threshold never rises above; pale, fatty tissue reaches it."""
    faint_saturation: float = 0.014
    """Fainter colour than the threshold is tissue where it is sustained over 80 um and the place is grained: a pale
    stain is; tinted glass is smooth."""
    grow_um: float = 160.0
    """How far around sure tissue paler tissue is looked for."""
    close_um: float = 64.0
    """Gaps narrower than this are closed."""
    holes_um2: float = 1.25e4
    """Holes smaller than this are filled: lumina, vessels, small tears. 0 keeps every hole."""
    least_area_um2: float = 1.25e4
    """Smaller islands are dust; 1.25e4 is a quarter of a 224-um patch, less than which makes no patch."""

    pen: bool = True
    """Blue, green and deep red are pen. False for stains of these colours (Alcian blue, trichrome): then only black is
    taken out."""

    def __post_init__(self) -> None:
        if not 1 <= self.mpp <= 64:
            raise ValueError(f"the mask's mpp must lie within 1-64 micrometres per pixel, got {self.mpp}.")
        if not 0 < self.least_saturation <= self.most_saturation < 1:
            raise ValueError(
                "least_saturation and most_saturation must rise within 0-1, got "
                f"{self.least_saturation} and {self.most_saturation}."
            )
        if min(self.grow_um, self.close_um, self.holes_um2, self.least_area_um2) < 0:
            raise ValueError("lengths and areas of the tissue mask must be at least 0.")

    def as_json(self) -> dict[str, Any]:
        """What the provenance of embeddings records."""
        return {"method": "hsv-otsu-morphology", "version": VERSION, **asdict(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tissue:
    """The tissue of one slide, on its thumbnail."""

    thumbnail: UInt8[np.ndarray, "y x 3"]
    mask: Bool[np.ndarray, "y x"]
    """True where there is tissue."""
    ink: Bool[np.ndarray, "y x"]
    """True where there is pen, or black; never tissue."""
    mpp: float
    """Micrometres per pixel of the three, exactly; pixel 0 starts where level-0 pixel 0 does."""
    glass_seen: bool
    """False where everything is covered, and colour was judged against pure white."""
    unread: Bool[np.ndarray, "y x"] | None = None
    """True where the file is damaged: there may be tissue, so it counts as tissue. None where all was read."""

    @property
    def area_mm2(self) -> float:
        """Area of the tissue."""
        return float(self.mask.sum()) * self.mpp**2 / 1e6


def find_tissue(slide: SlideReader, config: TissueConfig) -> Tissue:
    """The tissue of a slide; what of its thumbnail is damaged may be tissue, so it counts as such until it is read.

    Raises `RefusedSlide` for a slide that is not bright field, `UnreadableSlide` for one that is damaged all over.
    """
    thumbnail = read_thumbnail(slide, config.mpp)
    found = mark_tissue(thumbnail.rgb, config, mpp=thumbnail.mpp, name=slide.name)
    if thumbnail.is_read.all():
        return found
    unread = ~thumbnail.is_read
    mask = _filled(found.mask | unread, config, thumbnail.mpp) & ~found.ink
    return replace(found, mask=mask | unread, unread=unread)


def tissue_mask(
    thumbnail: UInt8[np.ndarray, "y x 3"], config: TissueConfig, *, mpp: float | None = None, name: str = "The slide"
) -> Bool[np.ndarray, "y x"]:
    """True where there is tissue; see `mark_tissue`."""
    return mark_tissue(thumbnail, config, mpp=mpp, name=name).mask


def mark_tissue(
    thumbnail: UInt8[np.ndarray, "y x 3"], config: TissueConfig, *, mpp: float | None = None, name: str = "The slide"
) -> Tissue:
    """The tissue on a thumbnail at `mpp` (default: the one that the configuration asks for).

    Raises `RefusedSlide` when the slide is not bright field (dark ground with bright signal).
    """
    mpp = mpp or config.mpp
    glass = find_glass(thumbnail)
    _refuse_dark_field(thumbnail, glass, name)
    rgb = balanced(thumbnail, glass.rgb if glass else np.ones(3, np.float32))
    inked = ink(rgb, mpp=mpp, coloured=config.pen)
    saturation = saturation_of(rgb)
    saturation[inked] = 0
    sure, pale = _by_threshold(saturation, inked, glass, config)
    if glass:
        sure |= _faint(thumbnail, saturation, glass, config.faint_saturation)
    mask = grown(sure, pale, config.grow_um / mpp)
    mask = opened(closed(mask, config.close_um / 2 / mpp) & ~inked)
    mask = trimmed(mask, 1 - lowest(rgb), reach=round(BESIDE_UM / mpp))
    mask = without_islands(without_lines(mask, mpp), config.least_area_um2 / mpp**2)
    mask = _filled(mask, config, mpp) & ~inked
    return Tissue(thumbnail=thumbnail, mask=mask, ink=inked, mpp=mpp, glass_seen=glass is not None)


def _filled(mask: Bool[np.ndarray, "y x"], config: TissueConfig, mpp: float) -> Bool[np.ndarray, "y x"]:
    """Without its small holes."""
    return ~without_islands(~mask, config.holes_um2 / mpp**2, keep_at_edge=True)


def _by_threshold(
    saturation: Float[np.ndarray, "y x"], inked: Bool[np.ndarray, "y x"], glass: Glass | None, config: TissueConfig
) -> tuple[Bool[np.ndarray, "y x"], Bool[np.ndarray, "y x"]]:
    """Where tissue is sure, and where it is possible."""
    noise = glass.saturation if glass else config.least_saturation
    least = max(config.least_saturation, 1.5 * noise)
    threshold = np.clip(otsu(saturation[~inked]), least, max(config.most_saturation, least))
    return saturation > threshold, saturation > max(noise, config.least_saturation / 2)


def _faint(
    thumbnail: UInt8[np.ndarray, "y x 3"], saturation: Float[np.ndarray, "y x"], glass: Glass, least: float
) -> Bool[np.ndarray, "y x"]:
    """Where colour is faint, but at most places around, and the ground is more grained than glass."""
    sustained = cv2.medianBlur(saturation, 5) > max(least, 0.75 * glass.saturation)
    return opened(sustained & (grain_of(thumbnail) > GRAINED * max(glass.grain, 0.3)), 5)


def otsu(values: Float[np.ndarray, " *any"]) -> float:
    """Otsu's threshold of values within 0..1 (Otsu 1979), on 256 bins; 0 where all are equal."""
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sum_below = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sum_below / below - (sum_below[-1] - sum_below) / above) ** 2
    return float(centres[np.argmax(np.where(np.isfinite(between), between, -1))])


def _refuse_dark_field(thumbnail: UInt8[np.ndarray, "y x 3"], glass: Glass | None, name: str) -> None:
    """Bright-field slides are bright wherever they are not black; fluorescence is a signal of any strength on black."""
    value = highest(thumbnail) / 255
    dark, bright = float(np.mean(value < 0.15)), float(np.mean(value > 0.6))
    if (dark > 0.6 and bright < 0.2 and glass is None) or (dark > 0.4 and bright < 0.5 * (1 - dark)):
        raise RefusedSlide(
            f"{name} is dark almost everywhere, as fluorescence is; PathAlign reads bright-field slides (H&E, IHC). "
            "Remove it from slides.csv."
        )
