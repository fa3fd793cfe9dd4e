"""Where the tissue patches of a slide lie: a grid laid on the mask."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue import TissueConfig, tissue_mask


def plan_patches(slide: SlideReader, spec: PatchSpec, tissue: TissueConfig) -> PatchGrid:
    """The tissue patches of a slide, on a grid that starts at its origin, sorted by (y, x).

    The grid is laid in micrometres: the same tissue scanned at another resolution gets the same patches. Corners lie on
    whole pixels of the level that is read. Patches that reach beyond the edge are left out. Raises `RefusedSlide` for
    slides that are too coarse or not bright field.
    """
    slide.check_finer_than(spec.patch_mpp)
    plan = slide.plan(spec.patch_mpp)
    side_px0 = spec.patch_px * plan.effective_mpp / slide.mpp
    columns, rows = (int(size / side_px0 + 1e-6) for size in slide.size_px0)
    thumbnail = slide.thumbnail(tissue.mpp)
    mask = tissue_mask(thumbnail.rgb, tissue, name=slide.name)
    share = _share_per_cell(mask, rows, columns, side_px0 * slide.mpp / thumbnail.mpp)
    row, column = np.nonzero(share >= spec.min_tissue)
    lattice = plan.lattice_px0
    xy_px0 = (np.rint(np.stack([column, row], axis=1) * side_px0 / lattice) * lattice).astype(np.int32)
    return PatchGrid(
        spec=spec, slide_mpp=slide.mpp, effective_mpp=plan.effective_mpp, xy_px0=xy_px0,
        tissue_share=share[row, column].astype(np.float32),
    )  # fmt: skip


def _share_per_cell(mask: Bool[np.ndarray, "y x"], rows: int, columns: int, side: float) -> np.ndarray:
    """Share of tissue within each cell of a grid whose cells are `side` mask pixels wide (a fraction), exactly.

    An integral image is interpolated at the fractional edges, so no cell gains or loses a mask pixel to rounding.
    """
    integral = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1))
    integral[1:, 1:] = mask.cumsum(0).cumsum(1)
    y = np.minimum(np.arange(rows + 1) * side, mask.shape[0])
    x = np.minimum(np.arange(columns + 1) * side, mask.shape[1])
    along_x = np.stack([np.interp(x, np.arange(integral.shape[1]), line) for line in integral])
    corners = np.stack([np.interp(y, np.arange(integral.shape[0]), line) for line in along_x.T], axis=1)
    area = corners[1:, 1:] - corners[:-1, 1:] - corners[1:, :-1] + corners[:-1, :-1]
    return area / side**2
