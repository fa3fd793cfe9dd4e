"""`tissue`: look over the tissue of every slide before anything is embedded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pathalign.cli.console import emit, progress_bar, say, show_problems, with_json, with_workspace
from pathalign.domain.geometry import PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import NeedsRepair
from pathalign.store.workspace import Workspace

_OPTIONS = (
    click.option("--mpp", default=1.0, show_default=True, help="Resolution of patches in micrometres per pixel."),
    click.option("--patch-px", default=224, show_default=True, help="Side of a patch in pixels."),
    click.option("--overlap", default=0, show_default=True, help="Pixels that neighbouring patches share."),
    click.option("--min-tissue", default=0.25, show_default=True, help="Least share of tissue in a patch."),
    click.option("--max-patches", type=int, help="Keep so many of a slide, evenly spread (default: all)."),
    click.option("--seed", default=0, show_default=True, help="Which of the even choices --max-patches makes."),
    click.option("--mask-mpp", type=float, help="Resolution of the tissue mask (default: 16)."),
    click.option("--holes", type=float, metavar="UM2", help="Fill holes smaller than this (default: 12500; 0: none)."),
    click.option("--least-area", type=float, metavar="UM2", help="Leave out smaller islands (default: 12500)."),
    click.option("--no-pen", is_flag=True, help="Blue and green are stain, not pen (Alcian blue, trichrome)."),
    click.option("--geojson", is_flag=True, help="Also write tissue and patches for QuPath."),
    click.option("--annotations", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True),
                 help="Only patches within the regions of DIR/<slide_id>.geojson."),
    click.option("--class", "classes", metavar="NAME", multiple=True,
                 help="Only annotations of this class (again: or this)."),
    click.option("--redo", is_flag=True, help="Look again at slides that are done."),
)  # fmt: skip


def _options(verb: Any) -> Any:
    for option in reversed(_OPTIONS):
        verb = option(verb)
    return verb


@click.command(short_help="Find tissue and draw a contact sheet to look over, without embedding.")
@click.argument("ids", metavar="[ID...]", nargs=-1)
@_options
@with_workspace
@with_json
def tissue(ids: tuple[str, ...], workspace: Workspace, as_json: bool, redo: bool, **asked: Any) -> None:
    """Find the tissue and the patches of every slide (or of the slides and cases named) and draw them.

    Writes runs/tissue: a picture per slide, contact-sheet.html with the suspicious slides first, tissue.csv. It embeds
    nothing. A slide that cannot be read is recorded with its reason. What tissue is: docs/tissue.md.
    """
    from pathalign.tasks.tissue import survey_tissue

    done = survey_tissue(workspace, _config(asked), ids=ids, redo=redo, progress=progress_bar)
    show_problems(done.problems)
    document = done.as_json()

    def show() -> None:
        told = ", ".join(f"{done.outcomes[outcome]} {outcome.value}" for outcome in Outcome if done.outcomes[outcome])
        flagged = sum(bool(row.flags) for row in done.rows.values())
        say(
            f"{document['tissue_mm2']:.1f} mm² of tissue, {document['patches']} patches; slides: {told} "
            f"({done.slides_done_before} were done before); {flagged} to look at. Open {document['contact_sheet']}"
        )

    emit(as_json, document, show)
    if not any(row.outcome in (Outcome.OK, Outcome.EMPTY) for row in done.rows.values()):
        raise click.exceptions.Exit(2)


def _config(asked: dict[str, Any]) -> Any:
    from pathalign.slides.tissue import TissueConfig
    from pathalign.tasks.tissue import SurveyConfig

    given = {"mpp": asked["mask_mpp"], "holes_um2": asked["holes"], "least_area_um2": asked["least_area"]}
    try:
        return SurveyConfig(
            spec=PatchSpec(
                patch_mpp=asked["mpp"], patch_px=asked["patch_px"], min_tissue=asked["min_tissue"],
                overlap_px=asked["overlap"], max_patches=asked["max_patches"], seed=asked["seed"],
            ),
            tissue=TissueConfig(
                pen=not asked["no_pen"], **{name: value for name, value in given.items() if value is not None}
            ),
            geojson=asked["geojson"], annotations=asked["annotations"], classes=tuple(asked["classes"]),
        )  # fmt: skip
    except ValueError as error:
        raise NeedsRepair(str(error)) from error


COMMANDS = (tissue,)
