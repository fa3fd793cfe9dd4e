"""The training stages of a workspace: pretrain, train retrieval, train generation. Each writes one model folder.

Each may be killed and run again: it goes on from its last checkpoint and ends with the same bytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Split
from pathalign.errors import MissingArtifact, PathAlignError
from pathalign.model.describer import Describer
from pathalign.model.folder import save_model, save_weights
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.store.artifact import (
    MANIFEST,
    digest,
    read_manifest,
    strictest_licence,
    write_json,
    write_manifest,
    write_text,
)
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.train.cohort import TrainingCohort
from pathalign.train.engine import Objective, Schedule, forget_checkpoint, train
from pathalign.train.generation import Stage1Objective, Stage2Objective, scale_prompt
from pathalign.train.language_model import LanguageModelObjective
from pathalign.train.model_card import encoder_card, model_card
from pathalign.train.pretraining import PretrainObjective, PretrainRecipe
from pathalign.train.recipes import GenerationRecipe, RetrievalRecipe
from pathalign.train.retrieval import ContrastiveObjective, new_aligner

RETRIEVAL, GENERATION, ENCODER = "retrieval", "generation", "encoder"
EMBEDDINGS_REPAIR = "Run `pathalign embed`."


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedModel:
    """What a training stage did."""

    folder: Path
    slides: int
    steps: int
    up_to_date: bool
    """True when the same model was there already, so that nothing was trained."""
    final: Mapping[str, float]
    """The parts of the loss at the last step; empty when nothing was trained."""

    def as_json(self) -> dict[str, object]:
        """The document of `train --json`."""
        return {**asdict(self), "folder": str(self.folder), "final": dict(self.final)}


def pretrain_encoder(
    workspace: Workspace,
    recipe: PretrainRecipe,
    *,
    spec: PatchSpec,
    restart: bool = False,
    progress: Progress = silent,
) -> TrainedModel:
    """Train the workspace's own patch encoder on the tissue of its training split, without labels or texts."""
    folder, run = workspace.encoder_folder, workspace.run_folder("pretrain")
    with workspace.lock("pretrain"), Catalog(workspace.catalog_path) as catalog:
        slides = [slide for slide in catalog.slides(split=Split.TRAIN) if slide.path is not None]
        inputs = digest([[slide.slide_id, str(slide.path), slide.mpp] for slide in slides])
        config = {**recipe.as_json(), "patch_mpp": spec.patch_mpp, "patch_px": spec.patch_px}
        with _stage(folder, run, "patch encoder", config, {"slides": inputs}, restart) as done:
            if done:
                return _untrained(folder, len(slides))
            patches = _sample_patches(slides, spec, recipe, progress)
            objective = PretrainObjective(patches, recipe)
            final = _run(
                objective, recipe.schedule, run, {"inputs": inputs, "config": config}, "Pre-training", progress
            )
            (folder / MANIFEST).unlink(missing_ok=True)
            folder.mkdir(parents=True, exist_ok=True)
            save_weights(folder / "model.safetensors", objective.module.vit.state_dict())
            about = {
                "model_type": "pathalign-vit", "name": "workspace", "vit": recipe.vit.as_json(), "licence": "",
                "patch_mpp": spec.patch_mpp, "source": "pathalign pretrain, self-supervised on this workspace's slides",
            }  # fmt: skip
            write_json(folder / "config.json", about)
            write_text(folder / "README.md", encoder_card(slides=len(slides), patches=len(patches), spec=spec))
            write_manifest(folder, kind="patch encoder", config=config, parents={"slides": inputs}, licence="")
            forget_checkpoint(run)
    return TrainedModel(folder=folder, slides=len(slides), steps=recipe.schedule.steps, up_to_date=False, final=final)


def train_retrieval(
    workspace: Workspace,
    recipe: RetrievalRecipe,
    *,
    embeddings: str | None = None,
    restart: bool = False,
    progress: Progress = silent,
) -> TrainedModel:
    """Train PathAlign-R on the training split."""
    folder, run = workspace.model_folder(RETRIEVAL), workspace.run_folder("train-retrieval")
    with workspace.lock("train-retrieval"), Catalog(workspace.catalog_path) as catalog:
        source, parents = _parents(workspace, catalog, embeddings)
        config = recipe.as_json()
        with _stage(folder, run, RETRIEVAL, config, parents, restart) as done:
            cohort = TrainingCohort.load(catalog, source.folder)
            if done:
                return _untrained(folder, len(cohort))
            seed = recipe.schedule.seed
            aligner = new_aligner(cohort, recipe.size, text_encoder=recipe.text_encoder, seed=seed)
            objective = ContrastiveObjective(aligner, cohort, recipe.schedule, recipe.augmentation)
            identity = {"config": config, "parents": parents}
            final = _run(objective, recipe.schedule, run, identity, "Training PathAlign-R", progress)
            (folder / MANIFEST).unlink(missing_ok=True)
            card = model_card(RETRIEVAL, cohort=cohort, recipe=config, licence=source.licence)
            save_model(folder, aligner, about=source.as_json(), card=card)
            write_manifest(folder, kind=RETRIEVAL, config=config, parents=parents, licence=source.licence)
            forget_checkpoint(run)
    return TrainedModel(folder=folder, slides=len(cohort), steps=recipe.schedule.steps, up_to_date=False, final=final)


def train_generation(
    workspace: Workspace,
    recipe: GenerationRecipe,
    *,
    embeddings: str | None = None,
    restart: bool = False,
    progress: Progress = silent,
) -> TrainedModel:
    """Train PathAlign-G on the training split: the language model if none is named, stage 1, stage 2."""
    folder, run = workspace.model_folder(GENERATION), workspace.run_folder("train-generation")
    with workspace.lock("train-generation"), Catalog(workspace.catalog_path) as catalog:
        source, parents = _parents(workspace, catalog, embeddings)
        config = recipe.as_json()
        with _stage(folder, run, GENERATION, config, parents, restart) as done:
            cohort = TrainingCohort.load(catalog, source.folder)
            if done:
                return _untrained(folder, len(cohort))
            identity = {"config": config, "parents": parents}
            language_model = _language_model(cohort, recipe, run, identity, progress)
            seed = recipe.stage1.seed
            aligner = new_aligner(cohort, recipe.size, text_encoder=recipe.text_encoder, seed=seed)
            describer = Describer(aligner, language_model)
            stage1 = Stage1Objective(describer, cohort, recipe.stage1, recipe.augmentation)
            first = _run(stage1, recipe.stage1, run / "stage1", identity, "PathAlign-G stage 1", progress)
            torch.manual_seed(seed + 1)
            scale_prompt(describer)
            stage2 = Stage2Objective(describer, cohort, recipe.stage2, recipe.augmentation)
            second = _run(stage2, recipe.stage2, run / "stage2", identity, "PathAlign-G stage 2", progress)
            (folder / MANIFEST).unlink(missing_ok=True)
            licence = strictest_licence(source.licence)
            card = model_card(GENERATION, cohort=cohort, recipe=config, licence=licence)
            save_model(folder, describer, about=source.as_json(), card=card)
            write_manifest(folder, kind=GENERATION, config=config, parents=parents, licence=licence)
            for part in ("language-model", "stage1", "stage2"):
                forget_checkpoint(run / part)
    steps = recipe.stage1.steps + recipe.stage2.steps
    final = {**{f"stage1_{name}": value for name, value in first.items()}, **second}
    return TrainedModel(folder=folder, slides=len(cohort), steps=steps, up_to_date=False, final=final)


@dataclass(frozen=True, slots=True)
class _Source:
    """The patch embeddings that a model is trained on."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def licence(self) -> str:
        return str(self.manifest["licence"])

    def as_json(self) -> dict[str, Any]:
        """What a model's config.json says of the embeddings that it takes."""
        return {"embeddings": {"name": self.folder.name, **self.manifest["config"]}}


def _parents(workspace: Workspace, catalog: Catalog, embeddings: str | None) -> tuple[_Source, dict[str, str]]:
    folder = workspace.embeddings_folder(embeddings)
    manifest = read_manifest(folder, kind="patch embeddings", repair=EMBEDDINGS_REPAIR)
    texts = catalog.texts_digest(Split.TRAIN)
    return _Source(folder, manifest), {"embeddings": manifest["id"], "texts": texts}


@contextmanager
def _stage(
    folder: Path, run: Path, kind: str, config: Mapping[str, Any], parents: Mapping[str, str], restart: bool
) -> Iterator[bool]:
    """Whether the artifact is there already; if not, clears the way for a new one."""
    if restart:
        shutil.rmtree(run, ignore_errors=True)
    wanted = digest({"kind": kind, "config": dict(config), "parents": dict(parents)})
    if (folder / MANIFEST).is_file() and not restart:
        yield read_manifest(folder, kind=kind, repair="Train it again with `--restart`.")["id"] == wanted
        return
    (folder / MANIFEST).unlink(missing_ok=True)
    yield False


def _untrained(folder: Path, slides: int) -> TrainedModel:
    return TrainedModel(folder=folder, slides=slides, steps=0, up_to_date=True, final={})


def _run(
    objective: Objective, schedule: Schedule, run: Path, identity: Mapping[str, Any], what: str, progress: Progress
) -> dict[str, float]:
    run.mkdir(parents=True, exist_ok=True)
    last: dict[str, float] = {}
    with progress(what, schedule.steps) as advance:
        at = 0

        def on_step(step: int, row: dict[str, float]) -> None:
            nonlocal at
            advance(step - at)
            at = step
            last.update(row)

        train(objective, schedule, run, identity=identity, on_step=on_step)
    return last


def _language_model(
    cohort: TrainingCohort, recipe: GenerationRecipe, run: Path, identity: Mapping[str, Any], progress: Progress
) -> FrozenLanguageModel:
    if recipe.llm is not None:
        return FrozenLanguageModel.load(recipe.llm)
    texts = [text.generation_text for text in cohort.texts]
    objective = LanguageModelObjective(texts, recipe.language_model)
    schedule = recipe.language_model.schedule
    _run(objective, schedule, run / "language-model", identity, "Language model", progress)
    return objective.frozen()


def _sample_patches(slides: list[Any], spec: PatchSpec, recipe: PretrainRecipe, progress: Progress) -> torch.Tensor:
    """Up to `max_patches` tissue patches, the same number from every slide as far as it goes, in a fixed order."""
    if not slides:
        raise MissingArtifact(
            "The training split holds no slide to pre-train on. Run `pathalign add slides.csv` first."
        )
    share = max(1, recipe.max_patches // len(slides))
    chosen: list[np.ndarray] = []
    with progress("Reading patches", len(slides)) as advance:
        for number, slide in enumerate(slides):
            if len(chosen) < recipe.max_patches:
                chosen += _patches_of(slide, spec, share, np.random.default_rng([recipe.schedule.seed, number]))
            advance(1)
    if len(chosen) < 8:
        raise MissingArtifact(
            f"Pre-training needs at least 8 tissue patches in the training split; there are {len(chosen)}. "
            "Add slides, or name a ready patch encoder with `pathalign embed --encoder NAME`."
        )
    return torch.from_numpy(np.stack(chosen[: recipe.max_patches]))


def _patches_of(slide: Any, spec: PatchSpec, most: int, random: np.random.Generator) -> list[np.ndarray]:
    try:
        with SlideReader(slide.path, given_mpp=slide.mpp) as reader:
            grid = plan_patches(reader, spec, TissueConfig())
            kept = np.sort(random.permutation(len(grid))[:most])
            return [patch for batch in read_patches(reader, grid.only(kept), batch=64) for patch in batch]
    except (PathAlignError, OSError):
        return []  # `embed` records the slide with its reason; pre-training does without it
