"""What makes the tissue of a slide worth a look."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from pathalign.domain.geometry import PatchGrid
from pathalign.slides.tissue.mask import Tissue

NEARLY_EMPTY_MM2 = 1.0
"""A needle core is 10 mm², a small endoscopic biopsy 1 to 3."""
MUCH_INK = 0.25
"""Ink and black, as a share of the tissue and itself."""
LOW_SHARE = 0.5
"""Mean share of tissue in a patch; below it most patches show more glass than tissue."""
NEARLY_ALL = 0.95


class Flag(StrEnum):
    """Most suspicious first."""

    UNREADABLE = "partly unreadable"
    NO_TISSUE = "no tissue"
    NO_PATCH = "tissue but no patch"
    NEARLY_EMPTY = "nearly empty"
    MUCH_INK = "much ink or black"
    NO_GLASS = "no glass seen"
    NEARLY_ALL = "tissue everywhere"
    LOW_SHARE = "little tissue per patch"


def flags_of(tissue: Tissue, grid: PatchGrid) -> tuple[Flag, ...]:
    """What to look at, most suspicious first."""
    pixels, ink = int(tissue.mask.sum()), int(tissue.ink.sum())
    found = {
        Flag.UNREADABLE: tissue.unread is not None,
        Flag.NO_TISSUE: pixels == 0,
        Flag.NO_PATCH: pixels > 0 and len(grid) == 0,
        Flag.NEARLY_EMPTY: 0 < tissue.area_mm2 < NEARLY_EMPTY_MM2,
        Flag.MUCH_INK: ink > MUCH_INK * (pixels + ink),
        Flag.NO_GLASS: not tissue.glass_seen,
        Flag.NEARLY_ALL: tissue.glass_seen and pixels > NEARLY_ALL * tissue.mask.size,
        Flag.LOW_SHARE: len(grid) > 0 and float(np.mean(grid.tissue_share)) < LOW_SHARE,
    }
    return tuple(flag for flag, holds in found.items() if holds)
