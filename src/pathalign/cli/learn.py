"""Verbs that learn: pretrain, train, index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pathalign.cli.console import emit, progress_bar, say, show_problems, with_device, with_json, with_workspace
from pathalign.domain.geometry import PatchSpec
from pathalign.errors import NeedsRepair
from pathalign.store.workspace import Workspace

WORKSPACE_ENCODER = "workspace"


def _spec(mpp: float, patch_px: int, min_tissue: float) -> PatchSpec:
    try:
        return PatchSpec(patch_mpp=mpp, patch_px=patch_px, min_tissue=min_tissue)
    except ValueError as error:
        raise NeedsRepair(str(error)) from error


def _how_options(verb: Any) -> Any:
    """How a training is carried out, which changes nothing about what comes out."""
    for option in (
        click.option(
            "--tracker", "trackers", multiple=True, metavar="NAME",
            help="Also send metrics to tensorboard or wandb; may be given twice.",
        ),
        click.option(
            "--device", default="auto", show_default=True, metavar="NAME",
            help="auto (a GPU if there is one), cpu or cuda; under torchrun each process takes its own GPU.",
        ),
    ):  # fmt: skip
        verb = option(verb)
    return verb


def _patch_options(verb: Any) -> Any:
    for option in (
        click.option("--min-tissue", default=0.25, show_default=True, help="Least share of tissue in a patch."),
        click.option("--patch-px", default=224, show_default=True, help="Side of a patch in pixels."),
        click.option(
            "--mpp",
            "mpps",
            type=float,
            multiple=True,
            help="Micrometres per pixel; may be given several times (default: 1; small and base: 0.5, 1 and 2).",
        ),
    ):
        verb = option(verb)
    return verb


@click.command(short_help="Train the workspace's own patch encoder, without labels.")
@_patch_options
@click.option(
    "--recipe", default="tiny", show_default=True, help="tiny: CPU minutes; small: ViT-S/16; base: ViT-B/16 (GPU)."
)
@click.option(
    "--patches", "pictures", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Train on the pictures below a folder instead of on slides; --mpp says what they were cut at (default: 1).",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(0), help="Processes that read slides (default: by device and cores).")
@click.option("--batch", type=click.IntRange(2), help="Patches of a step, of all processes (default: the recipe's).")
@click.option("--steps", type=click.IntRange(1), help="Steps of the schedule.")
@click.option("--restart", is_flag=True, help="Drop the checkpoint and train anew.")
@_how_options
@with_workspace
@with_json
def pretrain(
    recipe: str, mpps: tuple[float, ...], patch_px: int, min_tissue: float, pictures: Path | None, workers: int | None,
    workspace: Workspace, as_json: bool, **how: Any,
) -> None:  # fmt: skip
    """Train a vision transformer on the tissue of the training split, by masked siamese networks (MSN).

    It is what `embed` uses when no encoder is named, so that the chain runs where no weights can be downloaded.
    """
    from pathalign.encoders.device import pick_device
    from pathalign.slides.slide_reading import ReadingConfig
    from pathalign.tasks.local_engine import default_workers
    from pathalign.train.pathssl.recipe import pretrain_recipe

    supply = pretrain_recipe(recipe).supply
    mpps = mpps or (supply.mpps if pictures is None else (supply.middle_mpp,))
    for mpp in mpps:
        spec = _spec(mpp, patch_px, min_tissue)
    if workers is None:
        workers = default_workers(on_gpu=pick_device(how["device"]).type == "cuda")
    reading = ReadingConfig(workers=workers)
    done = run_pretrain(workspace, spec, recipe=recipe, mpps=mpps, pictures=pictures, reading=reading, **how)
    show_problems(done.problems)
    emit(as_json, done.as_json(), lambda: _show_trained(done, "pathalign embed"))


@click.group(no_args_is_help=False, short_help="Train PathAlign-R (retrieval) and PathAlign-G (generation).")
def train() -> None:
    """Train a model on the training split. Killed and run again, training ends with the same bytes.

    `torchrun --nproc-per-node N -m pathalign train ...` shares every step among N processes.
    """


def _training_options(verb: Any) -> Any:
    for option in (
        with_json,
        with_workspace,
        _how_options,
        click.option("--restart", is_flag=True, help="Drop checkpoint and model and train anew."),
        click.option("--seed", type=click.IntRange(0), help="Instead of the recipe's (0)."),
        click.option(
            "--shards", metavar="DIR", help="Read the embeddings from exported shards: a folder, or an http(s) address."
        ),
        click.option("--embeddings", metavar="NAME", help="Which embeddings, when the workspace has several sets."),
        click.option(
            "--text-encoder", metavar="NAME", help="A BERT (folder or Hub name) that the Q-Former starts from."
        ),
        click.option(
            "--recipe",
            default="tiny",
            show_default=True,
            metavar="NAME",
            help="tiny: CPU minutes; base: the paper's size; a file of changes to one of them (TOML or JSON); or the "
            "folder of a trained model, whose recipe it was.",
        ),
    ):
        verb = option(verb)
    return verb


def _given(**options: Any) -> dict[str, Any]:
    """Of the options those that were given; the others are the recipe's."""
    return {name: value for name, value in options.items() if value is not None}


def _where(embeddings: str | None, shards: str | None) -> dict[str, str | None]:
    if embeddings and shards:
        raise click.UsageError("`--shards` names the embeddings by themselves. Leave out `--embeddings`.")
    return {"embeddings": embeddings, "shards": shards}


@train.command(short_help="PathAlign-R: slides and texts into one space.")
@click.option("--steps", type=click.IntRange(1), help="Steps instead of the recipe's.")
@click.option("--lr", type=float, help="Peak learning rate instead of the recipe's.")
@_training_options
def retrieval(
    steps: int | None, lr: float | None, recipe: str, text_encoder: str | None, embeddings: str | None,
    shards: str | None, seed: int | None, restart: bool, device: str, trackers: tuple[str, ...], workspace: Workspace,
    as_json: bool,
) -> None:  # fmt: skip
    """Train the Q-Former and the text encoder with the image-text contrastive loss (ITC)."""
    from pathalign.train.recipes import retrieval_recipe
    from pathalign.train.runs import train_retrieval

    chosen = retrieval_recipe(recipe)
    changed = _given(steps=steps, peak_lr=lr, seed=seed)
    chosen = replace(chosen, schedule=replace(chosen.schedule, **changed), **_given(text_encoder=text_encoder))
    done = train_retrieval(
        workspace, chosen, **_where(embeddings, shards), restart=restart, device=device, trackers=trackers,
        progress=progress_bar,
    )  # fmt: skip
    emit(as_json, done.as_json(), lambda: _show_trained(done, "pathalign index"))


@train.command(short_help="PathAlign-G: text for a slide, through a frozen language model.")
@click.option(
    "--llm", metavar="NAME", help="A causal language model: folder or Hub name (default: a small one, trained here)."
)
@click.option(
    "--shard-llm", is_flag=True,
    help="Spread the weights of --llm over the processes of torchrun: for a model that does not fit one GPU.",
)  # fmt: skip
@click.option("--steps", type=click.IntRange(1), help="Steps of each stage instead of the recipe's.")
@_training_options
def generation(
    llm: str | None, shard_llm: bool, steps: int | None, recipe: str, text_encoder: str | None, embeddings: str | None,
    shards: str | None, seed: int | None, restart: bool, device: str, trackers: tuple[str, ...], workspace: Workspace,
    as_json: bool,
) -> None:  # fmt: skip
    """Stage 1 (ITC + ITM + ITG), then stage 2: queries -> projection -> soft prompt of a frozen language model.

    `torchrun --nproc-per-node 8 -m pathalign train generation --llm DIR --shard-llm` gives each of eight GPUs an eighth
    of the language model.
    """
    from pathalign.train.recipes import generation_recipe
    from pathalign.train.runs import train_generation

    chosen = generation_recipe(recipe)
    changed = _given(steps=steps, seed=seed)
    chosen = replace(
        chosen, stage1=replace(chosen.stage1, **changed), stage2=replace(chosen.stage2, **changed),
        **_given(text_encoder=text_encoder, llm=llm),
    )  # fmt: skip
    done = train_generation(
        workspace, chosen, **_where(embeddings, shards), restart=restart, shard_llm=shard_llm, device=device,
        trackers=trackers, progress=progress_bar,
    )  # fmt: skip
    emit(as_json, done.as_json(), lambda: _show_trained(done, "pathalign describe SLIDE_OR_CASE"))


@click.command(short_help="Vectors of slides and texts for search.")
@with_device
@with_workspace
@with_json
def index(device: str, workspace: Workspace, as_json: bool) -> None:
    """Embed every slide and every distinct text into the aligned space of PathAlign-R."""
    from pathalign.tasks.indexing import build_index

    done = build_index(workspace, device=device, progress=progress_bar)
    left_out = f" ({done.slides_left_out} without tissue or embeddings left out)" if done.slides_left_out else ""
    emit(
        as_json,
        done.as_json(),
        lambda: say(f"{done.slides} slides and {done.texts} texts indexed{left_out}. Next: pathalign search TEXT"),
    )


def run_pretrain(
    workspace: Workspace, spec: PatchSpec, *, recipe: str = "tiny", mpps: tuple[float, ...] = (),
    steps: int | None = None, batch: int | None = None, **how: Any,
) -> Any:  # fmt: skip
    """Pre-train with a recipe; `demo` and `embed` do so with the default. `how` goes to `pretrain_encoder`."""
    from pathalign.train.pathssl.recipe import pretrain_recipe
    from pathalign.train.pretraining import pretrain_encoder

    chosen = pretrain_recipe(recipe)
    schedule = replace(
        chosen.schedule, steps=steps or chosen.schedule.steps, batch=batch or chosen.schedule.batch
    )  # fmt: skip
    supply = replace(
        chosen.supply, mpps=mpps or (spec.patch_mpp,), patch_px=spec.patch_px, min_tissue=spec.min_tissue
    )  # fmt: skip
    chosen = replace(chosen, schedule=schedule, supply=supply)
    return pretrain_encoder(workspace, chosen, progress=progress_bar, **how)


def _show_trained(done: Any, next_step: str) -> None:
    if done.up_to_date:
        say(f"models/{done.folder.name} is up to date: same data, same recipe. `--restart` trains it anew.")
        return
    losses = ", ".join(f"{name} {value:.3f}" for name, value in done.final.items() if name.endswith(("loss", "nce")))
    say(
        f"models/{done.folder.name} trained on {done.slides} {done.trained_on} in {done.steps} steps ({losses}). "
        f"Next: {next_step}"
    )


COMMANDS = (pretrain, train, index)
