"""Verbs that gather and look: init, add, curate, status, doctor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from pathalign.cli.console import ERR, emit, progress_bar, say, show_problems, table, with_json, with_workspace
from pathalign.cli.curation import curate_with, tell_extras, with_extras
from pathalign.store.workspace import Workspace, create_workspace


@click.command(short_help="Make a workspace.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@with_json
def init(folder: Path, as_json: bool) -> None:
    """Make a workspace in DIR (default: this folder)."""
    workspace = create_workspace(folder)
    next_step = "pathalign add SLIDES.csv --reports REPORTS.csv"
    document: dict[str, object] = {"workspace": str(workspace.root), "next": next_step}
    emit(as_json, document, lambda: say(f"A workspace is in {workspace.root}. Next: {next_step}"))


@click.command(short_help="Register slides and reports from tables; again means update.")
@click.argument("slides", type=click.Path(path_type=Path), metavar="SLIDES.csv")
@click.option("--reports", type=click.Path(path_type=Path), metavar="REPORTS.csv", help="Columns case_id, report.")
@click.option(
    "--names",
    default="auto",
    show_default=True,
    metavar="auto|off|REGEX",
    help="Fill an empty patient_id, case_id, part_id, block_id or stain from the slide's name: by accession numbers "
    '("S24-12345 A1-2"), TCGA barcodes and GTEx samples; not at all; or by a regular expression of the whole name '
    "with groups case, patient, part, block, slide, stain.",
)
@click.option(
    "--barcodes",
    type=click.Path(path_type=Path),
    metavar="BARCODES.csv",
    help="Columns barcode (a slide_id or file name), and any of patient_id, case_id, part_id, block_id, stain.",
)
@click.option(
    "--strict", is_flag=True, help="Leave with exit code 2 when any row is bad; good rows are stored all the same."
)
@click.option(
    "--workers",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Processes that open slides, so that a file that hangs or crashes its reader costs one row; 0: none.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    help="Seconds that opening a slide may take.",
)
@with_workspace
@with_json
def add(
    slides: Path, reports: Path | None, names: str, barcodes: Path | None, strict: bool, workers: int, timeout_s: float,
    workspace: Workspace, as_json: bool,
) -> None:  # fmt: skip
    """Register slides and reports.

    SLIDES.csv needs slide_id and path; patient_id, case_id, part_id, block_id, stain, mpp and split are optional. Paths
    are relative to the table. A bad row is reported with its line and reason; the good ones are stored. Without a split
    column patients are divided 70/10/20 into train, val and test, by a hash of their id.

    What a cell says holds; an empty one is filled from the barcode table, the slide's name or its DICOM header where
    they leave no doubt, and how many is told.
    """
    from pathalign.slides.slide_reading import ReadingConfig
    from pathalign.tasks import registration
    from pathalign.text.slide_names.convention import NameConvention

    reading = ReadingConfig(workers=workers, timeout_s=timeout_s, batch=1)
    done = registration.add(
        workspace, slides, reports, names=NameConvention.of(names), barcodes_table=barcodes, reading=reading,
        progress=progress_bar,
    )  # fmt: skip
    show_problems(done.problems)
    for note in done.notes:
        ERR.print(Text(f"  {note}", style="yellow"), soft_wrap=True)

    def show() -> None:
        say(
            f"{done.slides_added} slides added, {done.slides_updated} updated; "
            f"{done.reports_added} reports added or changed."
        )
        for convention, columns in done.from_names.items():
            say(f"From {convention}: " + ", ".join(f"{name} {n}" for name, n in columns.items()) + ".")
        if done.problems:
            ERR.print(f"Rows left out, for the reasons above: {len(done.problems)}.")

    emit(as_json, done.as_json(), show)
    if done.problems and (strict or not (done.slides_added or done.slides_updated)):
        raise click.exceptions.Exit(2)


@click.command(short_help="Reports -> parts -> retrieval text and generation text of every slide.")
@click.option(
    "--deidentify",
    type=click.Choice(["tags", "surrogates", "off"]),
    default="tags",
    show_default=True,
    help="What stands in the place of names, dates, numbers and places of persons: numbered tags, invented values, or "
    "they themselves.",
)
@with_extras
@with_workspace
@with_json
def curate(deidentify: str, extras: Mapping[str, Any], workspace: Workspace, as_json: bool) -> None:
    """Find the diagnosis of each part in the reports and give every slide its two texts.

    The retrieval text is rich; the generation text holds only what a slide can show: no sizes, sides, node counts or
    margins' distances. Reports that cannot be parsed are listed, not guessed at.

    Identifiers of patients and staff are taken out of a report before it is read. What is found and what may be missed:
    docs/deidentification.md.
    """
    done, document = curate_with(workspace, deidentify, extras)
    show_problems(done.problems)

    def show() -> None:
        say(
            f"{done.reports} reports, {done.parts} parts; {done.slides_with_text} slides have text: "
            f"{done.distinct_texts} distinct, {done.distinct_concepts} distinct in what a slide shows."
        )
        if done.removed:
            by_model = f"; {done.removed_by_model} of them by the model" if done.removed_by_model is not None else ""
            say("Taken out: " + ", ".join(f"{kind} {count}" for kind, count in done.removed.items()) + f"{by_model}.")
        tell_extras(document)

    emit(as_json, document, show)


@click.command(short_help="What the workspace holds, what is missing, what comes next.")
@click.option("--slides", "show_slides", is_flag=True, help="List the slides.")
@click.option("--problems", "show_reasons", is_flag=True, help="List slides that were not embedded, and why.")
@with_workspace
@with_json
def status(show_slides: bool, show_reasons: bool, workspace: Workspace, as_json: bool) -> None:
    """Look at a workspace without changing it."""
    from pathalign.tasks.status import read_status

    found = read_status(workspace)

    def show() -> None:
        table(
            ["", "count"],
            [*found.counts.items(), *((f"slides in {name}", n) for name, n in sorted(found.splits.items()))],
        )
        table(["artifact", "id"], [(name, identity or "missing") for name, identity in found.artifacts.items()])
        if found.outcomes:
            say("embed: " + ", ".join(f"{n} {name}" for name, n in sorted(found.outcomes.items())))
        if show_slides:
            table(["slide", "case", "split"], [(s.slide_id, s.case_id, s.split.value) for s in found.slides])
        if show_reasons and found.problems:
            table(["slide", "outcome", "reason"], [(p["slide_id"], p["outcome"], p["reason"]) for p in found.problems])
        elif show_reasons:
            say("No slide has a problem.")
        say(f"Next: {found.next_step}" if found.next_step else "The chain is complete.")

    emit(as_json, found.as_json(), show)


@click.command(short_help="What is installed and usable on this machine.")
@with_json
def doctor(as_json: bool) -> None:
    """Look at Python, libraries, CPU, GPU and disk, and say what to do about what is missing."""
    from pathalign.tasks.doctor import examine

    findings = examine(Path.cwd())
    healthy = all(finding.ok for finding in findings)
    document: dict[str, object] = {"healthy": healthy, "findings": [asdict(finding) for finding in findings]}
    emit(as_json, document, lambda: table(
        ["", "what", "found", "repair"], [("ok" if f.ok else "!!", f.what, f.found, f.repair) for f in findings]
    ))  # fmt: skip
    if not healthy:
        raise click.exceptions.Exit(1)


COMMANDS = (init, add, curate, status, doctor)
