"""A foreign bag in our frame: level-0 pixels, a resolution in micrometres per pixel, and no value changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.errors import BadEmbeddings, MissingResolution
from pathalign.store.foreign.foreign_bag import PX0, UM, ForeignBag
from pathalign.store.int8_rows import dequantised, quantised

SAME = 0.02
"""Two statements of a resolution that differ by less are the same scanner's; above, one of them is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What the user says of a set where its files do not. What a file does say is never overruled."""

    patch_px: int | None = None
    patch_mpp: float | None = None
    coords_unit: str | None = None
    half: bool = False
    """Round embeddings to half precision, and record the largest error."""
    int8: bool = False
    """Round embeddings to int8 with a scale for each row, and record the largest error."""

    def as_json(self) -> dict[str, Any]:
        """What the provenance says was given; what a version before did not know is there only where it was given."""
        return {name: value for name, value in asdict(self).items() if name != "int8" or value}


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedBag:
    """One slide's embeddings, ready to be written as ours."""

    embeddings: Float[np.ndarray, "patch dim"]
    grid: PatchGrid
    facts: dict[str, Any]
    """For the provenance: layout, unit and what rounding changed."""
    arrays: dict[str, np.ndarray]
    """Positions as they came, where whole pixels do not say them exactly."""


def placed(name: str, bag: ForeignBag, *, slide_mpp: float | None, given: Given) -> PlacedBag:
    """Put a foreign bag onto a grid. `slide_mpp` is the slide's level-0 resolution where it is known otherwise.

    Raises `MissingResolution` when nobody says it, and `BadEmbeddings` when the patch side or the unit of the
    positions is unknown, when statements contradict one another, or when positions leave 32 bits.
    """
    _check_complete(name, bag, given)
    slide_mpp = _slide_mpp(name, bag, slide_mpp)
    patch_px = _patch_px(name, bag, given)
    unit = bag.unit or given.coords_unit
    side_px0 = _side_px0(name, bag, slide_mpp, patch_px, given)
    effective_mpp = side_px0 * slide_mpp / patch_px
    xy_px0, rounding_um = _whole_pixels(name, bag.coords, 1.0 if unit == PX0 else slide_mpp, slide_mpp)
    try:
        spec = PatchSpec(
            patch_px=patch_px,
            patch_mpp=given.patch_mpp or bag.patch_mpp or _rounded(effective_mpp),
            overlap_px=bag.overlap_px,
        )
    except ValueError as error:
        raise BadEmbeddings(f"{name} ({bag.layout}) describes patches that cannot be: {error}") from error
    grid = PatchGrid(
        spec=spec, slide_mpp=slide_mpp, effective_mpp=effective_mpp, xy_px0=xy_px0,
        tissue_share=np.full(len(bag), np.nan, np.float32),
    )  # fmt: skip
    embeddings, largest_error = kept(name, bag.embeddings, half=given.half)
    if given.int8:
        largest_error = float(np.abs(dequantised(*quantised(embeddings)) - bag.embeddings).max(initial=0))
    return PlacedBag(
        embeddings=embeddings, grid=grid,
        facts={
            "layout": bag.layout, "coords_unit": unit, "coords_rounding_um": rounding_um,
            "dtype": str(bag.embeddings.dtype), "largest_error": largest_error,
        },
        arrays={"coords_given": np.asarray(bag.coords)} if rounding_um else {},
    )  # fmt: skip


def kept(name: str, embeddings: Float[np.ndarray, "patch dim"], *, half: bool) -> tuple[np.ndarray, float]:
    """Embeddings in the smallest precision that holds every value, and the largest error: 0 unless `half` rounds."""
    for dtype in (np.float16, np.float32):
        with np.errstate(over="ignore"):
            smaller = embeddings.astype(dtype)
        if np.array_equal(smaller.astype(embeddings.dtype), embeddings):
            return smaller, 0.0
        if half:
            error = float(np.abs(smaller.astype(np.float64) - embeddings).max())
            if not np.isfinite(error):
                raise BadEmbeddings(
                    f"{name} has values up to {np.abs(embeddings).max():.3g}, more than half precision holds (65,504). "
                    "Leave out `--half`."
                )
            return smaller, error
    return embeddings, 0.0


def _check_complete(name: str, bag: ForeignBag, given: Given) -> None:
    """Ask for everything that neither file nor user says, at once."""
    missing, repairs = [], []
    if not (bag.patch_px or given.patch_px):
        missing.append("the side of its patches")
        repairs.append("`--patch-px PIXELS`")
    if not (bag.unit or given.coords_unit):
        missing.append("whether its positions are level-0 pixels or micrometres")
        repairs.append(f"`--coords-unit {PX0}` or `--coords-unit {UM}`")
    if not (bag.side_px0 or bag.side_um or given.patch_mpp):
        missing.append("how much of the slide a patch covers")
        repairs.append("`--patch-mpp MPP`")
    if missing:
        raise BadEmbeddings(
            f"{name} ({bag.layout}) does not say {', nor '.join(missing)}, and no grid of that run does. "
            f"Say {', '.join(repairs)}; a grid kept elsewhere: `--patches DIR`."
        )


def _slide_mpp(name: str, bag: ForeignBag, known: float | None) -> float:
    if known is None and bag.slide_mpp is None:
        raise MissingResolution(
            f"{name} ({bag.layout}) does not say the resolution of its slide, and the catalog does not know it. "
            "Add an `mpp` column to slides.csv, or give the slide's `path`, and run `pathalign add` again; "
            "a magnification is no substitute, and we do not guess."
        )
    if known is not None and bag.slide_mpp is not None and abs(known / bag.slide_mpp - 1) > SAME:
        raise BadEmbeddings(
            f"{name} ({bag.layout}) was made at {bag.slide_mpp:g} micrometres per level-0 pixel, the catalog says "
            f"{known:g}. Correct the `mpp` column of slides.csv."
        )
    mpp = known if known is not None else bag.slide_mpp
    assert mpp is not None
    return mpp


def _patch_px(name: str, bag: ForeignBag, given: Given) -> int:
    if bag.patch_px and given.patch_px and bag.patch_px != given.patch_px:
        raise BadEmbeddings(
            f"{name} ({bag.layout}) has patches of {bag.patch_px} pixels, not {given.patch_px}. Leave out `--patch-px`."
        )
    patch_px = bag.patch_px or given.patch_px
    assert patch_px is not None
    return patch_px


def _side_px0(name: str, bag: ForeignBag, slide_mpp: float, patch_px: int, given: Given) -> float:
    if bag.side_px0:
        side_px0 = bag.side_px0
    elif bag.side_um:
        side_px0 = bag.side_um / slide_mpp
    else:
        assert given.patch_mpp is not None
        return patch_px * given.patch_mpp / slide_mpp
    effective_mpp = side_px0 * slide_mpp / patch_px
    if given.patch_mpp and not 0.5 < effective_mpp / given.patch_mpp < 2:
        raise BadEmbeddings(
            f"{name} ({bag.layout}) has patches at {effective_mpp:.3g} micrometres per pixel, not {given.patch_mpp:g}. "
            "Leave out `--patch-mpp`, or import them into a set of their own."
        )
    return side_px0


def _whole_pixels(
    name: str, coords: np.ndarray, unit_per_px0: float, slide_mpp: float
) -> tuple[Int[np.ndarray, "patch 2"], float]:
    """Positions in level-0 pixels, and the largest rounding in micrometres (0 for whole pixels)."""
    exact_px0 = coords.astype(np.float64) / unit_per_px0
    if len(exact_px0) and np.abs(exact_px0).max() >= 2**31:
        raise BadEmbeddings(f"{name} has a position of {np.abs(exact_px0).max():.4g} level-0 pixels, beyond any slide.")
    xy_px0 = np.rint(exact_px0).astype(np.int32)
    return xy_px0, float(np.abs(exact_px0 - xy_px0).max(initial=0.0)) * slide_mpp


def _rounded(mpp: float) -> float:
    """What was asked for, when nobody says it: 0.5054 on one scanner and 0.4984 on another are both 0.5."""
    return float(f"{mpp:.2g}")
