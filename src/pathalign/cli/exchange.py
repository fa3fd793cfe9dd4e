"""Verbs that take embeddings in and give them out: import-embeddings, export-embeddings."""

from __future__ import annotations

from pathlib import Path

import click

from pathalign.cli.console import ERR, emit, progress_bar, say, show_problems, with_json, with_workspace
from pathalign.store.workspace import Workspace

MEGABYTE = 1 << 20


@click.command("import-embeddings", short_help="Take in embeddings of TRIDENT, CLAM, STAMP, AtlasPatch, LazySlide.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--encoder-name", metavar="NAME", help="The encoder, where the files do not say it or hold several.")
@click.option("--licence", default="", metavar="TEXT", help="The encoder's licence; models inherit it.")
@click.option("--patches", type=click.Path(path_type=Path), metavar="DIR", help="Grids that CLAM keeps elsewhere.")
@click.option("--patch-px", type=click.IntRange(16), help="Side of a patch in pixels, where the files do not say it.")
@click.option("--patch-mpp", type=click.FloatRange(0.05, 20), help="Resolution of patches, where they do not say it.")
@click.option("--coords-unit", type=click.Choice(["px0", "um"]), help="Unit of positions, where they do not say it.")
@click.option("--half", is_flag=True, help="Round to half precision; the largest error is recorded.")
@click.option("--int8", is_flag=True, help="Store as int8, one scale per patch; the largest error is recorded.")
@click.option("--name", metavar="NAME", help="Name of the set (default: made of encoder, resolution and side).")
@with_workspace
@with_json
def import_embeddings(
    folder: Path, encoder_name: str | None, licence: str, patches: Path | None, patch_px: int | None,
    patch_mpp: float | None, coords_unit: str | None, half: bool, int8: bool, name: str | None, workspace: Workspace,
    as_json: bool,
) -> None:  # fmt: skip
    """Take in patch embeddings that another program made, so that `train` can start from them.

    DIR holds a file per slide of the catalog: SLIDE_ID.h5, .pt or .zarr. A slide needs no `path`, but its resolution
    must be known: from its `mpp` column, its pixels, or the file. Values are kept exactly: in half precision where that
    holds them, else as they are. A file that cannot be used is listed with its reason and the rest goes on.
    """
    from pathalign.store.foreign.placing import Given
    from pathalign.tasks import importing

    if half and int8:
        raise click.UsageError("`--half` and `--int8` are two ways to round. Give one of them.")
    given = Given(patch_px=patch_px, patch_mpp=patch_mpp, coords_unit=coords_unit, half=half, int8=int8)
    request = importing.ImportRequest(encoder=encoder_name, licence=licence, name=name, patches=patches, given=given)
    done = importing.import_embeddings(workspace, folder, request, progress=progress_bar)
    show_problems(done.problems)

    def show() -> None:
        told = ", ".join(f"{count} {outcome.value}" for outcome, count in done.outcomes.items())
        say(
            f"{done.patches} patches in embeddings/{done.name or '(none)'}; slides: {told} "
            f"({done.slides_done_before} were done before, {len(done.slides_without_file)} have no file)."
        )
        if done.files_without_slide:
            say(f"Files that belong to no slide of the catalog: {len(done.files_without_slide)}.")

    emit(as_json, done.as_json(), show)
    if not done.name:
        ERR.print("No file could be used, for the reasons above.")
        raise click.exceptions.Exit(2)


@click.command("export-embeddings", short_help="Give embeddings out: files for TRIDENT, or training shards.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["trident", "shards"]), default="trident", show_default=True,
    help="One HDF5 per slide; or tar files of .npy with a byte index.",
)  # fmt: skip
@click.option("--embeddings", metavar="NAME", help="Which embeddings, when the workspace has several sets.")
@click.option("--split", type=click.Choice(["train", "val", "test"]), help="The slides of one split only.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Order of slides over the shards.")
@click.option("--shard-mb", type=click.IntRange(1), default=1024, show_default=True, help="Most MiB of a shard.")
@with_workspace
@with_json
def export_embeddings(
    folder: Path, form: str, embeddings: str | None, split: str | None, seed: int, shard_mb: int, workspace: Workspace,
    as_json: bool,
) -> None:  # fmt: skip
    """Write the patch embeddings to DIR in a form that other programs read.

    trident: DIR/SLIDE_ID.h5 with features and coords. shards: uncompressed tar files that WebDataset, tarfile and
    numpy read, with an index of bytes beside each for memory maps and range requests; slides are shuffled by the seed.
    """
    from pathalign.domain.records import Split
    from pathalign.tasks import exporting

    done = exporting.export_embeddings(
        workspace, folder, form=exporting.ExportFormat(form), embeddings=embeddings,
        split=Split(split) if split else None, seed=seed, shard_bytes=shard_mb * MEGABYTE, progress=progress_bar,
    )  # fmt: skip
    emit(as_json, done.as_json(), lambda: say(
        f"{done.slides} slides, {done.patches} patches of {done.embeddings} written to {done.folder} "
        f"({done.files} files)."
    ))  # fmt: skip


COMMANDS = (import_embeddings, export_embeddings)
