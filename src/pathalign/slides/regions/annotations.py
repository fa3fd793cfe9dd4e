"""Regions that a pathologist drew, and which patches lie within them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from pathalign.errors import NeedsRepair
from pathalign.slides.regions.polygons import Polygon, coverage


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotations:
    """The annotated regions of one slide, in level-0 pixels from the corner of what was scanned.

    That corner is the slide's origin for most formats. For MRXS, and others that state bounds, QuPath shows and counts
    from the corner of the bounds; so do these regions.
    """

    polygons: tuple[Polygon, ...]

    def of_classes(self, names: Collection[str]) -> Annotations:
        """Only the regions of some classes. Raises `NeedsRepair` when there is none of them."""
        kept = tuple(polygon for polygon in self.polygons if polygon.name in names)
        if not kept:
            present = sorted({polygon.name or "(no class)" for polygon in self.polygons})
            raise NeedsRepair(
                f"No annotation is of class {' or '.join(sorted(names))}; the file has "
                f"{', '.join(present) or 'no regions'}. Name one of these."
            )
        return replace(self, polygons=kept)

    def coverage(
        self, shape: tuple[int, int], *, px0_per_px: float, origin_px0: tuple[int, int] = (0, 0)
    ) -> Float[np.ndarray, "y x"]:
        """The share of each pixel of a mask that is annotated; `origin_px0` is the corner of what was scanned."""
        moved = [
            replace(polygon, rings=tuple(ring + np.array(origin_px0) for ring in polygon.rings))
            for polygon in self.polygons
        ]
        return coverage(moved, shape, px0_per_px=px0_per_px)
