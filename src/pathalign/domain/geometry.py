"""Where the patches of a slide lie. Frames are in the names: `_px0` level-0 pixels, `_px` patch pixels, `_um`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchSpec:
    """What is asked of every slide: the side of a patch and the resolution at which it is read."""

    patch_px: int = 224
    """Side of a patch as the encoder sees it, in pixels at `patch_mpp`."""
    patch_mpp: float = 1.0
    """Resolution at which patches are read, in micrometres per pixel."""
    min_tissue: float = 0.25
    """Least share of a patch's area that is tissue."""
    overlap_px: int = 0
    """How far neighbouring patches reach into one another, in patch pixels; the stride is `patch_px - overlap_px`."""
    max_patches: int | None = None
    """Keep at most so many patches of a slide, spread evenly over its tissue; None keeps all."""
    seed: int = 0
    """Which of the even subsets `max_patches` keeps."""

    def __post_init__(self) -> None:
        if self.patch_px < 16:
            raise ValueError(f"patch_px must be at least 16, got {self.patch_px}.")
        if not 0.05 <= self.patch_mpp <= 20:
            raise ValueError(f"patch_mpp must lie within 0.05-20 micrometres per pixel, got {self.patch_mpp}.")
        if not 0 < self.min_tissue <= 1:
            raise ValueError(f"min_tissue must be a share above 0 and at most 1, got {self.min_tissue}.")
        if not 0 <= self.overlap_px < self.patch_px:
            raise ValueError(f"overlap_px must be at least 0 and less than patch_px, got {self.overlap_px}.")
        if self.max_patches is not None and self.max_patches < 1:
            raise ValueError(f"max_patches must be at least 1, or None for all, got {self.max_patches}.")

    @property
    def stride_px(self) -> int:
        """From the corner of a patch to that of the next, in patch pixels."""
        return self.patch_px - self.overlap_px

    @property
    def side_um(self) -> float:
        """Side of a patch in micrometres, as asked for."""
        return self.patch_px * self.patch_mpp


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchGrid:
    """The tissue patches of one slide, sorted by (y, x)."""

    spec: PatchSpec
    slide_mpp: float
    """Level-0 resolution of the slide that the grid was planned on."""
    effective_mpp: float
    """Resolution at which patches are read: that of `spec`, or one of the slide's own within 2 % of it."""
    xy_px0: Int[np.ndarray, "patch 2"]
    """Top-left corners in level-0 pixels, x first, int32."""
    tissue_share: Float[np.ndarray, " patch"]
    """Share of each patch's area that is tissue."""

    @property
    def side_px0(self) -> float:
        """Side of a patch in level-0 pixels; not an integer for most scanners (0.2527 mpp is common)."""
        return self.spec.patch_px * self.effective_mpp / self.slide_mpp

    def only(self, kept: Int[np.ndarray, " kept"]) -> PatchGrid:
        """The same grid with the patches at the indices `kept` alone."""
        return replace(self, xy_px0=self.xy_px0[kept], tissue_share=self.tissue_share[kept])

    def __len__(self) -> int:
        return len(self.xy_px0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bag:
    """The patch embeddings of one slide, with their places."""

    slide_id: str
    embeddings: Float[np.ndarray, "patch dim"]
    xy_px0: Int[np.ndarray, "patch 2"]
    slide_mpp: float
    side_px0: float

    @property
    def xy_um(self) -> Float[np.ndarray, "patch 2"]:
        """Centres of the patches in micrometres from the slide's origin."""
        return centres_um(self.xy_px0, side_px0=self.side_px0, slide_mpp=self.slide_mpp)

    def rows(self, indices: Int[np.ndarray, " row"] | Sequence[int]) -> Float[np.ndarray, "row dim"]:
        """The embeddings of some patches, in the order asked for, as an array of its own."""
        return self.embeddings[np.asarray(indices)]

    def __len__(self) -> int:
        return len(self.embeddings)


def centres_um(
    xy_px0: Int[np.ndarray, "patch 2"], *, side_px0: float, slide_mpp: float
) -> Float[np.ndarray, "patch 2"]:
    """Centres, in micrometres from the slide's origin, of patches with these top-left corners."""
    return ((xy_px0.astype(np.float64) + side_px0 / 2) * slide_mpp).astype(np.float32)
