"""The stage `pretrain`: the workspace's own patch encoder, from slides or from a folder of pictures.

It may be killed and run again, and be started by torchrun, as the stages of `runs` may.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Slide, Split
from pathalign.errors import MissingArtifact
from pathalign.evaluate.learning_curves import write_learning_curves
from pathalign.model.folder import save_weights
from pathalign.slides.slide_reading import ReadingConfig
from pathalign.store.artifact import digest, write_json, write_manifest, write_text
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.train.engine import METRICS, forget_checkpoint
from pathalign.train.model_card import encoder_card
from pathalign.train.pathssl.objective import WATCHED_PATCHES, PretrainObjective
from pathalign.train.pathssl.patch_folder import PatchFolder
from pathalign.train.pathssl.reading_notes import ReadingNotes
from pathalign.train.pathssl.recipe import PretrainRecipe
from pathalign.train.pathssl.rounds import PatchSupply, Rounds, sampled
from pathalign.train.pathssl.slide_patches import SlidePatches
from pathalign.train.stage import Stage, TrainedModel

STAGE = "pretrain"
FEWEST_PATCHES = 8


def pretrain_encoder(
    workspace: Workspace,
    recipe: PretrainRecipe,
    *,
    pictures: Path | None = None,
    reading: ReadingConfig | None = None,
    restart: bool = False,
    device: str = "auto",
    trackers: Sequence[str] = (),
    progress: Progress = silent,
) -> TrainedModel:
    """Train the workspace's own patch encoder on the tissue of its training split, or on a folder of `pictures`.

    Slides that cannot be read are recorded as outcomes of the stage, with their reasons, whichever process read them.
    Raises `MissingArtifact` when there are hardly any patches; the encoder that was there stays when there can be none.
    """
    folder = workspace.encoder_folder
    with (
        Stage.entered(workspace, STAGE, folder, device=device, trackers=trackers, progress=progress) as stage,
        Catalog(workspace.catalog_path) as catalog,
    ):
        slides = [slide for slide in catalog.slides(split=Split.TRAIN) if slide.path is not None]
        source = _Source(slides, pictures, recipe, reading or ReadingConfig())
        source.check()
        config = {**recipe.as_json(), "patch_mpp": recipe.supply.middle_mpp, "patch_px": recipe.supply.patch_px}
        parents = {source.kind: source.identity()}
        if stage.done("patch encoder", config, parents, restart=restart):
            return TrainedModel.untrained(folder, source.count)
        identity = {"inputs": parents, "config": config}
        notes = ReadingNotes()
        try:
            with source.objective(stage) as objective:
                final = stage.trained(objective, recipe.schedule, "Pre-training", identity=identity)
        finally:
            source.found().leave(stage.run, stage.world.rank)
            source.record(notes, stage, catalog)  # a run that was stopped, too, as far as the others have come
        stage.world.wait()
        source.record(notes, stage, catalog)

        def write() -> None:
            objective.finish()
            folder.mkdir(parents=True, exist_ok=True)
            save_weights(folder / "model.safetensors", objective.vit.state_dict())
            about = {
                "model_type": "pathalign-vit", "name": "workspace", "vit": recipe.vit.as_json(), "licence": "",
                "patch_mpp": recipe.supply.middle_mpp,
                "source": f"pathalign pretrain, self-supervised on this workspace's {source.kind}",
            }  # fmt: skip
            write_json(folder / "config.json", about)
            trained_on = f"{source.count} {source.kind}" + (" (training split only)" if pictures is None else "")
            write_text(folder / "README.md", encoder_card(trained_on=trained_on, supply=recipe.supply))
            write_manifest(folder, kind="patch encoder", config=config, parents=parents, licence="")
            write_learning_curves(stage.run / METRICS, stage.run / "curves.png")
            forget_checkpoint(stage.run)

        stage.written(write)
    return TrainedModel(
        folder=folder, slides=source.count, steps=recipe.schedule.steps, up_to_date=False, final=final,
        problems=notes.problems(STAGE), trained_on=source.kind,
    )  # fmt: skip


@dataclass(slots=True)
class _Source:
    """Where the patches come from."""

    slides: list[Slide]
    pictures: Path | None
    recipe: PretrainRecipe
    reading: ReadingConfig

    readers: list[SlidePatches | PatchFolder] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "slides" if self.pictures is None else "pictures"

    @property
    def count(self) -> int:
        return len(self.slides) if self.pictures is None else len(self._names())

    def check(self) -> None:
        """Raises `MissingArtifact` when there is nothing to read, before anything is changed."""
        self._reader(self.recipe.supply)

    def identity(self) -> str:
        """Changes when there is other data to learn from."""
        if self.pictures is None:
            return digest([[slide.slide_id, str(slide.path), slide.mpp] for slide in self.slides])
        return digest([[name, (self.pictures / name).stat().st_size] for name in self._names()])

    @contextmanager
    def objective(self, stage: Stage) -> Iterator[PretrainObjective]:
        """With batches from memory for the texture stem, and from a stream for the linear one.

        The sub-folders of pictures are labels for the log alone: how many of the watched patches lie nearest to one of
        their own.
        """
        recipe, schedule = self.recipe, self.recipe.schedule
        streams = recipe.vit.stem == "linear"
        most = WATCHED_PATCHES if streams else recipe.max_patches
        sample = replace(recipe.supply, round_patches=most, patches_per_visit=1)
        reader = self._reader(sample)
        with stage.progress("Reading patches", most) as advance:
            patches = sampled(reader)
            advance(most)
        labels = reader.labels() if isinstance(reader, PatchFolder) else None
        if len(patches) < FEWEST_PATCHES:
            raise MissingArtifact(
                f"Pre-training needs at least {FEWEST_PATCHES} patches; there are {len(patches)}. Run `pathalign add "
                "slides.csv` for more slides, or name a ready patch encoder with `pathalign embed --encoder NAME`."
            )
        if not streams:
            yield PretrainObjective(patches, recipe, labels=labels)
            return
        with Rounds(
            self._reader(recipe.supply), recipe.supply, batch=schedule.batch, steps=schedule.steps, seed=schedule.seed
        ) as rounds:
            yield PretrainObjective(patches, recipe, labels=labels, stream=rounds)

    def found(self) -> ReadingNotes:
        """What this process found out about slides, or pictures, by reading them."""
        notes = ReadingNotes()
        for reader in self.readers:
            notes.add(reader.outcomes)
        return notes

    def record(self, notes: ReadingNotes, stage: Stage, catalog: Catalog) -> None:
        """Add to the notes of the leading process what all processes left, and write outcomes into the catalog."""
        if not stage.world.leads:
            return
        notes.gather(stage.run)
        known = {slide.slide_id for slide in self.slides} if self.pictures is None else set()
        with catalog.transaction():
            for slide_id, (outcome, reason) in notes.outcomes.items():
                if slide_id in known:
                    catalog.put_outcome(STAGE, slide_id, outcome, reason)

    def _reader(self, supply: PatchSupply) -> SlidePatches | PatchFolder:
        seed = self.recipe.schedule.seed
        reader = (
            SlidePatches(self.slides, supply, seed=seed, reading=self.reading)
            if self.pictures is None
            else PatchFolder(self.pictures, supply, seed=seed)
        )
        self.readers.append(reader)
        return reader

    def _names(self) -> list[str]:
        assert self.pictures is not None
        return PatchFolder(self.pictures, self.recipe.supply, seed=0).names
