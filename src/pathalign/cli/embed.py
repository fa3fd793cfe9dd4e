"""`embed`: slides -> patch embeddings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pathalign.cli.console import ERR, emit, progress_bar, say, show_problems, with_json, with_workspace
from pathalign.cli.grid_options import GRID_OPTIONS, grid_of
from pathalign.cli.learn import WORKSPACE_ENCODER, run_pretrain
from pathalign.domain.geometry import PatchSpec
from pathalign.errors import NeedsRepair
from pathalign.store.artifact import MANIFEST
from pathalign.store.workspace import Workspace, set_name

_WHAT = (
    click.option(
        "--encoder", default=WORKSPACE_ENCODER, metavar="NAME", show_default=True,
        help="The workspace's own, a name of `pathalign encoders`, a folder or file, a URL or a Hub name.",
    ),
    click.option("--weights", metavar="FILE", type=click.Path(path_type=Path, exists=True),
                 help="Weights of a public encoder, where they cannot be downloaded."),
    *GRID_OPTIONS,
    click.option("--max-broken", default=0.01, show_default=True, help="Share of broken patches that fails a slide."),
    click.option("--icc", is_flag=True, help="Turn colours into sRGB by each slide's own profile."),
    click.option("--scaled-decode", is_flag=True, help="Let the JPEG decoder halve: faster, some grey levels off."),
    click.option("--dtype", type=click.Choice(["float16", "int8"]), default="float16", show_default=True,
                 help="What embeddings are stored in; int8: half the bytes, one scale per patch."),
    click.option("--name", metavar="NAME", help="Name of the set (default: made of encoder, resolution and side)."),
    click.option("--redo", is_flag=True, help="Embed slides again that are done."),
)  # fmt: skip
_HOW = (
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."),
    click.option("--runtime", type=click.Choice(["auto", "torch", "openvino", "onnxruntime"]), default="auto",
                 show_default=True, help="What computes the encoder; auto: the fastest that is installed."),
    click.option("--precision", type=click.Choice(["auto", "float32", "bfloat16", "int8"]), default="auto",
                 show_default=True, help="auto: bfloat16 where there are units for it. int8 makes other embeddings."),
    click.option("--compile", "compiled", is_flag=True, help="On a GPU: compile the encoder, a minute at the start."),
    click.option("--workers", type=int, help="Processes that read; 0: none but this (default: by device and cores)."),
    click.option("--batch", type=int, help="Patches per call of the encoder (default: 16; on a GPU up to 128)."),
    click.option("--timeout", default=300.0, show_default=True, help="Seconds without progress that end a slide."),
    click.option("--memory", default=8.0, show_default=True, help="GiB that a reading process may use."),
    click.option("--shard", metavar="I/N", help="Every N-th slide only: job I of an array; a plain embed follows."),
    click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
                 help="ray: the cluster at RAY_ADDRESS, or the cores here."),
)  # fmt: skip


def _options(verb: Any) -> Any:
    for option in reversed((*_WHAT, *_HOW)):
        verb = option(verb)
    return verb


@click.command(short_help="Slides -> patch embeddings, one file per slide; resumable.")
@_options
@with_workspace
@with_json
def embed(workspace: Workspace, as_json: bool, redo: bool, **asked: Any) -> None:
    """Find the tissue of every slide and embed its patches.

    A slide that cannot be read is recorded with its reason and the run goes on. Killed and run again, it goes on where
    it was. Without --encoder the workspace's own encoder is trained first, if that has not been done. More than one
    machine: docs/scale.md.
    """
    from pathalign.encoders.acceleration.gpu import gpu_batch
    from pathalign.encoders.device import pick_device
    from pathalign.encoders.registry import load_encoder
    from pathalign.tasks import embedding
    from pathalign.tasks.shards import parse_shard

    spec, tissue = grid_of(asked)
    shard = parse_shard(asked["shard"]) if asked["shard"] else None
    device = pick_device(asked["device"] if asked["engine"] == "local" else "cpu")
    reading = _reading(asked, on_gpu=device.type == "cuda")
    if asked["encoder"] == WORKSPACE_ENCODER and not (workspace.encoder_folder / MANIFEST).is_file():
        if shard:
            raise NeedsRepair(
                "The workspace has no patch encoder yet, and a shard may not train one. Run `pathalign pretrain` "
                "first, or name one with `--encoder`."
            )
        ERR.print("The workspace has no patch encoder yet and none is named: training its own first.")
        run_pretrain(workspace, PatchSpec(patch_mpp=spec.patch_mpp, patch_px=spec.patch_px, min_tissue=spec.min_tissue))
    encoder = load_encoder(
        asked["encoder"], own_folder=workspace.encoder_folder, weights=asked["weights"], device=device
    )
    if asked["encoder"] != WORKSPACE_ENCODER:
        spec, tissue = grid_of(asked, card=encoder.card)
        _tell_of_resolution(encoder.card, spec)
    encoder = _accelerated(workspace, encoder, asked, spec=spec, tissue=tissue, reading=reading)
    if device.type == "cuda" and asked["batch"] is None:
        reading = replace(reading, batch=gpu_batch(encoder, patch_px=spec.patch_px))
    done = embedding.embed(
        workspace,
        encoder,
        spec=spec,
        name=asked["name"],
        tissue=tissue,
        reading=reading,
        engine=asked["engine"],
        shard=shard,
        icc=asked["icc"],
        scaled_decode=asked["scaled_decode"],
        int8_rows=asked["dtype"] == "int8",
        annotations=asked["annotations"],
        classes=asked["classes"],
        redo=redo,
        progress=progress_bar,
    )
    show_problems(done.problems)
    emit(as_json, done.as_json(), lambda: _show(done))
    if not done.patches and not shard:
        ERR.print(
            "No slide gave a patch of tissue, for the reasons above. Repair them and run `pathalign embed` again."
        )
        raise click.exceptions.Exit(2)


def _tell_of_resolution(card: Any, spec: PatchSpec) -> None:
    """Another resolution than that of the card is allowed, and said."""
    if spec.patch_mpp != card.patch_mpp:
        ERR.print(
            f"{card.name} was made for {card.patch_mpp:g} mpp; patches are read at {spec.patch_mpp:g}, as asked for.",
            soft_wrap=True,
        )


def _accelerated(
    workspace: Workspace, encoder: Any, asked: dict[str, Any], *, spec: PatchSpec, tissue: Any, reading: Any
) -> Any:
    """The encoder as `--runtime`, `--precision` and `--compile` ask for it."""
    from pathalign.encoders.acceleration.asking import accelerated
    from pathalign.tasks.calibration import calibration_patches

    runtime, precision = (None if asked[key] == "auto" else asked[key] for key in ("runtime", "precision"))
    if asked["engine"] == "ray" and runtime is None and precision is None and not asked["compiled"]:
        return encoder  # the nodes of a cluster need not have what this machine has
    name = asked["name"] or set_name(encoder.card.name, patch_mpp=spec.patch_mpp, patch_px=spec.patch_px)

    def calibrate() -> Any:
        return calibration_patches(
            workspace, workspace.embeddings_folder(name), spec=spec, tissue=tissue, reading=reading,
            may_read=asked["shard"] is None,
        )  # fmt: skip

    return accelerated(
        encoder, patch_px=spec.patch_px, runtime=runtime, precision=precision, compiled=asked["compiled"],
        calibrate=calibrate, tell=ERR.print,
    )  # fmt: skip


def _reading(asked: dict[str, Any], *, on_gpu: bool) -> Any:
    from pathalign.encoders.device import CPU_BATCH, GPU_BATCH
    from pathalign.slides.slide_reading import ReadingConfig
    from pathalign.tasks.local_engine import default_workers

    batch, workers = asked["batch"], asked["workers"]
    try:
        return ReadingConfig(
            workers=default_workers(on_gpu=on_gpu or asked["engine"] == "ray") if workers is None else workers,
            batch=(GPU_BATCH if on_gpu else CPU_BATCH) if batch is None else batch, timeout_s=asked["timeout"],
            max_broken=asked["max_broken"], memory_gib=asked["memory"],
        )  # fmt: skip
    except ValueError as error:
        raise NeedsRepair(str(error)) from error


def _show(done: Any) -> None:
    told = ", ".join(f"{count} {outcome.value}" for outcome, count in done.outcomes.items())
    before = f"{done.slides_done_before} were done before"
    say(f"{done.patches} patches in embeddings/{done.name}; slides: {told} ({before}).")
    if done.broken_patches:
        say(f"{done.broken_patches} broken patches were left out: pathalign status --problems")
    if done.shard:
        say(f"Shard {done.shard} is done. When all are, run `pathalign embed` once, as here but without --shard.")


COMMANDS = (embed,)
