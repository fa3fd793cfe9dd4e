"""Which tissue and which patches: options that `tissue` and `embed` share, so that one shows what the other takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pathalign.domain.geometry import PatchSpec
from pathalign.errors import NeedsRepair

GRID_OPTIONS = (
    click.option("--mpp", type=float, help="Resolution of patches in micrometres per pixel "
                                           "(default: 1.0; of a named encoder what its card says)."),
    click.option("--patch-px", type=int, help="Side of a patch in pixels (default: 224; or what the card says)."),
    click.option("--overlap", default=0, show_default=True, help="Pixels that neighbouring patches share."),
    click.option("--min-tissue", default=0.25, show_default=True, help="Least share of tissue in a patch."),
    click.option("--max-patches", type=int, help="Keep so many of a slide, evenly spread (default: all)."),
    click.option("--seed", default=0, show_default=True, help="Which of the even choices --max-patches makes."),
    click.option("--mask-mpp", type=float, help="Resolution of the tissue mask (default: 16)."),
    click.option("--holes", type=float, metavar="UM2", help="Fill holes smaller than this (default: 12500; 0: none)."),
    click.option("--least-area", type=float, metavar="UM2", help="Leave out smaller islands (default: 12500)."),
    click.option("--no-pen", is_flag=True, help="Blue and green are stain, not pen (Alcian blue, trichrome)."),
    click.option("--annotations", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True),
                 help="Only patches within the regions of DIR/<slide_id>.geojson."),
    click.option("--class", "classes", metavar="NAME", multiple=True,
                 help="Only annotations of this class (again: or this)."),
)  # fmt: skip


def grid_of(asked: dict[str, Any], *, card: Any = None) -> tuple[PatchSpec, Any]:
    """The patches and the tissue (`TissueConfig`) that are asked for; raises `NeedsRepair` for values out of range.

    Side and resolution that are not asked for are those of an encoder's `card`, or the usual ones without.
    """
    from pathalign.slides.tissue.mask import TissueConfig

    if asked["classes"] and asked["annotations"] is None:
        raise NeedsRepair("`--class` chooses among annotations, and none are given. Add `--annotations DIR`.")
    given = {"mpp": asked["mask_mpp"], "holes_um2": asked["holes"], "least_area_um2": asked["least_area"]}
    usual = PatchSpec() if card is None else card
    try:
        spec = PatchSpec(
            patch_mpp=usual.patch_mpp if asked["mpp"] is None else asked["mpp"],
            patch_px=usual.patch_px if asked["patch_px"] is None else asked["patch_px"], min_tissue=asked["min_tissue"],
            overlap_px=asked["overlap"], max_patches=asked["max_patches"], seed=asked["seed"],
        )  # fmt: skip
        tissue = {name: value for name, value in given.items() if value is not None}
        return spec, TissueConfig(pen=not asked["no_pen"], **tissue)
    except ValueError as error:
        raise NeedsRepair(str(error)) from error
