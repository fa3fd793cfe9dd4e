"""`tissue`: look over the tissue of every slide before anything is embedded."""

from __future__ import annotations

from typing import Any

import click

from pathalign.cli.console import emit, progress_bar, say, show_problems, with_json, with_workspace
from pathalign.cli.grid_options import GRID_OPTIONS, grid_of
from pathalign.domain.records import Outcome
from pathalign.errors import NeedsRepair
from pathalign.store.workspace import Workspace

_OPTIONS = (
    *GRID_OPTIONS,
    click.option("--geojson", is_flag=True, help="Also write tissue and patches for QuPath."),
    click.option("--redo", is_flag=True, help="Look again at slides that are done."),
    click.option("--workers", type=int, help="Processes that read; 0: none but this (default: one per core)."),
    click.option("--timeout", default=300.0, show_default=True, help="Seconds without progress that end a slide."),
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

    config, reading = _config(asked), _reading(asked)
    done = survey_tissue(workspace, config, ids=ids, reading=reading, redo=redo, progress=progress_bar)
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
    from pathalign.tasks.tissue import SurveyConfig

    spec, tissue = grid_of(asked)
    return SurveyConfig(
        spec=spec, tissue=tissue, geojson=asked["geojson"], annotations=asked["annotations"],
        classes=tuple(asked["classes"]),
    )  # fmt: skip


def _reading(asked: dict[str, Any]) -> Any:
    from pathalign.slides.slide_reading import ReadingConfig
    from pathalign.slides.workers.cores import usable_cores
    from pathalign.slides.workers.pool import MOST_WORKERS

    try:
        workers = min(MOST_WORKERS, usable_cores()) if asked["workers"] is None else asked["workers"]
        return ReadingConfig(workers=workers, timeout_s=asked["timeout"], batch=1)
    except ValueError as error:
        raise NeedsRepair(str(error)) from error


COMMANDS = (tissue,)
