"""Where the tissue patches of a slide lie: a grid laid on the mask."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from pathalign.domain.even_subset import even_subset
from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.slides.regions.annotations import Annotations
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.mask import Tissue, TissueConfig, find_tissue


def plan_patches(
    slide: SlideReader, spec: PatchSpec, tissue: TissueConfig, *, annotations: Annotations | None = None
) -> PatchGrid:
    """The tissue patches of a slide; `find_tissue`, then `lay_grid`.

    Raises `RefusedSlide` for slides that are too coarse or not bright field.
    """
    slide.check_finer_than(spec.patch_mpp)
    return lay_grid(slide, spec, find_tissue(slide, tissue), annotations=annotations)


def lay_grid(
    slide: SlideReader, spec: PatchSpec, tissue: Tissue, *, annotations: Annotations | None = None
) -> PatchGrid:
    """The tissue patches of a slide whose tissue is known, on a grid that starts at its origin, sorted by (y, x).

    The grid is laid in micrometres: the same tissue scanned at another resolution gets the same patches. Corners lie on
    whole pixels of the level that is read. Patches that reach beyond the edge are left out. With annotations, a patch's
    share is that of its area which is tissue and annotated. `spec.max_patches` keeps an even subset.
    """
    slide.check_finer_than(spec.patch_mpp)
    plan = slide.plan(spec.patch_mpp)
    px0_per_px = plan.effective_mpp / slide.mpp
    side_px0, stride_px0 = spec.patch_px * px0_per_px, spec.stride_px * px0_per_px
    columns, rows = (max(0, int((size - side_px0) / stride_px0 + 1 + 1e-6)) for size in slide.size_px0)
    scale = slide.mpp / tissue.mpp
    cover: np.ndarray = tissue.mask
    if annotations is not None:
        origin = slide.source.bounds_px0[:2]
        cover = cover * annotations.coverage(tissue.mask.shape, px0_per_px=1 / scale, origin_px0=origin)
    share = share_per_cell(cover, rows, columns, side=side_px0 * scale, stride=stride_px0 * scale)
    row, column = np.nonzero(share >= spec.min_tissue)
    lattice = plan.lattice_px0
    xy_px0 = (np.rint(np.stack([column, row], axis=1) * stride_px0 / lattice) * lattice).astype(np.int32)
    grid = PatchGrid(
        spec=spec, slide_mpp=slide.mpp, effective_mpp=plan.effective_mpp, xy_px0=xy_px0,
        tissue_share=share[row, column].astype(np.float32),
    )  # fmt: skip
    if spec.max_patches is None or len(grid) <= spec.max_patches:
        return grid
    return grid.only(even_subset(grid.xy_px0, spec.max_patches, spec.seed))


def share_per_cell(
    cover: Bool[np.ndarray, "y x"] | Float[np.ndarray, "y x"], rows: int, columns: int, *, side: float, stride: float
) -> Float[np.ndarray, "row column"]:
    """Share of cover within each cell of a grid, exactly; cells are `side` mask pixels wide and `stride` apart.

    An integral image is interpolated at the fractional edges, so no cell gains or loses a mask pixel to rounding.
    """
    integral = np.zeros((cover.shape[0] + 1, cover.shape[1] + 1))
    integral[1:, 1:] = cover.cumsum(0, dtype=np.float64).cumsum(1)
    top, left = np.arange(rows) * stride, np.arange(columns) * stride
    y = np.minimum(np.stack([top, top + side]), cover.shape[0])
    x = np.minimum(np.stack([left, left + side]), cover.shape[1])
    between = _interpolated(_interpolated(integral, y.ravel()).T, x.ravel()).T.reshape(2, rows, 2, columns)
    area = between[1, :, 1] - between[0, :, 1] - between[1, :, 0] + between[0, :, 0]
    return np.clip(area / side**2, 0, 1)


def _interpolated(lines: Float[np.ndarray, "line x"], place: Float[np.ndarray, " place"]) -> np.ndarray:
    """Lines between whole numbers, linearly."""
    below = np.minimum(place.astype(np.int64), len(lines) - 2)
    weight = (place - below)[:, None]
    return np.asarray(lines[below] * (1 - weight) + lines[below + 1] * weight)
