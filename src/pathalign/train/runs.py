"""The training stages of a workspace that need texts: train retrieval, train generation. Each writes one model folder.

Each may be killed and run again: it goes on from its last checkpoint and ends with the same bytes. Each may be started
by torchrun: the processes share every step, and the first of them writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Split
from pathalign.model.describer import Describer
from pathalign.model.folder import save_model
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.store.artifact import read_manifest, strictest_licence, write_manifest
from pathalign.store.catalog import Catalog
from pathalign.store.shard_reader import ShardReader
from pathalign.store.stored_bag import BagFolder, BagSource
from pathalign.store.workspace import Workspace
from pathalign.train.cohort import TrainingCohort
from pathalign.train.engine import forget_checkpoint
from pathalign.train.generation import Stage1Objective, Stage2Objective, scale_prompt
from pathalign.train.language_model import LanguageModelObjective
from pathalign.train.model_card import model_card
from pathalign.train.recipes import GenerationRecipe, RetrievalRecipe
from pathalign.train.retrieval import ContrastiveObjective, new_aligner
from pathalign.train.sharded_language_model import (
    ShardedLanguageModel,
    refuse_sharding_for_nothing,
    refuse_too_large,
)
from pathalign.train.stage import Stage, TrainedModel

RETRIEVAL, GENERATION = "retrieval", "generation"
EMBEDDINGS_REPAIR = "Run `pathalign embed`."


def train_retrieval(
    workspace: Workspace,
    recipe: RetrievalRecipe,
    *,
    embeddings: str | None = None,
    shards: str | None = None,
    restart: bool = False,
    device: str = "auto",
    trackers: Sequence[str] = (),
    progress: Progress = silent,
) -> TrainedModel:
    """Train PathAlign-R on the training split.

    Of the `embeddings` of that name, or of `shards` of a set: a folder or an address. Either gives the same model.
    """
    folder = workspace.model_folder(RETRIEVAL)
    with (
        Stage.entered(
            workspace, "train-retrieval", folder, device=device, trackers=trackers, progress=progress
        ) as stage,
        Catalog(workspace.catalog_path) as catalog,
    ):  # fmt: skip
        source, parents = _parents(workspace, catalog, embeddings, shards)
        config = recipe.as_json()
        done = stage.done(RETRIEVAL, config, parents, restart=restart)
        cohort = TrainingCohort.load(catalog, source.bags)
        if done:
            return TrainedModel.untrained(folder, len(cohort))
        seed = recipe.schedule.seed
        aligner = new_aligner(cohort, recipe.size, text_encoder=recipe.text_encoder, seed=seed)
        objective = ContrastiveObjective(aligner, cohort, recipe.schedule, recipe.augmentation)
        identity = {"config": config, "parents": parents}
        final = stage.trained(objective, recipe.schedule, "Training PathAlign-R", identity=identity)

        def write() -> None:
            card = model_card(RETRIEVAL, cohort=cohort, recipe=config, licence=source.licence)
            save_model(folder, aligner, about=source.as_json(), card=card)
            write_manifest(folder, kind=RETRIEVAL, config=config, parents=parents, licence=source.licence)
            forget_checkpoint(stage.run)

        stage.written(write)
    return TrainedModel(folder=folder, slides=len(cohort), steps=recipe.schedule.steps, up_to_date=False, final=final)


def train_generation(
    workspace: Workspace,
    recipe: GenerationRecipe,
    *,
    embeddings: str | None = None,
    shards: str | None = None,
    restart: bool = False,
    shard_llm: bool = False,
    device: str = "auto",
    trackers: Sequence[str] = (),
    progress: Progress = silent,
) -> TrainedModel:
    """Train PathAlign-G on the training split: the language model if none is named, stage 1, stage 2.

    Of the `embeddings` of that name, or of `shards` of a set: a folder or an address. Either gives the same model.
    `shard_llm` spreads the named language model over the processes, so that none holds it whole. It is no part of the
    recipe: a run may go on with or without it. Raises `NeedsRepair` when there is one process or no such model.
    """
    folder = workspace.model_folder(GENERATION)
    with (
        Stage.entered(
            workspace, "train-generation", folder, device=device, trackers=trackers, progress=progress
        ) as stage,
        Catalog(workspace.catalog_path) as catalog,
    ):  # fmt: skip
        if shard_llm:
            refuse_sharding_for_nothing(recipe.llm, stage.world)
        source, parents = _parents(workspace, catalog, embeddings, shards)
        config = recipe.as_json()
        done = stage.done(GENERATION, config, parents, restart=restart)
        cohort = TrainingCohort.load(catalog, source.bags)
        if done:
            return TrainedModel.untrained(folder, len(cohort))
        identity = {"config": config, "parents": parents}
        language_model = _language_model(stage, cohort, recipe, identity, shard_llm=shard_llm)
        describer, final = _trained_describer(stage, cohort, recipe, identity, language_model)

        def write() -> None:
            licence = strictest_licence(source.licence)
            card = model_card(GENERATION, cohort=cohort, recipe=config, licence=licence)
            save_model(folder, describer, about=source.as_json(), card=card)
            write_manifest(folder, kind=GENERATION, config=config, parents=parents, licence=licence)
            for part in ("language-model", "stage1", "stage2"):
                forget_checkpoint(stage.run / part)

        stage.written(write)
    steps = recipe.stage1.steps + recipe.stage2.steps
    return TrainedModel(folder=folder, slides=len(cohort), steps=steps, up_to_date=False, final=final)


def _trained_describer(
    stage: Stage,
    cohort: TrainingCohort,
    recipe: GenerationRecipe,
    identity: Mapping[str, Any],
    language_model: FrozenLanguageModel,
) -> tuple[Describer, dict[str, float]]:
    """The describer after both stages, and the loss parts of both."""
    seed = recipe.stage1.seed
    aligner = new_aligner(cohort, recipe.size, text_encoder=recipe.text_encoder, seed=seed)
    describer = Describer(aligner, language_model)
    stage1 = Stage1Objective(describer, cohort, recipe.stage1, recipe.augmentation, recipe.slides_at_once)
    first = stage.trained(stage1, recipe.stage1, "PathAlign-G stage 1", identity=identity, part="stage1")
    torch.manual_seed(seed + 1)
    scale_prompt(describer)
    stage2 = Stage2Objective(describer, cohort, recipe.stage2, recipe.augmentation)
    second = stage.trained(stage2, recipe.stage2, "PathAlign-G stage 2", identity=identity, part="stage2")
    return describer, {**{f"stage1_{name}": value for name, value in first.items()}, **second}


@dataclass(frozen=True, slots=True)
class _Source:
    """The patch embeddings that a model is trained on."""

    bags: BagSource
    config: Mapping[str, Any]
    """Of the set, with its name."""
    licence: str

    def as_json(self) -> dict[str, Any]:
        """What a model's config.json says of the embeddings that it takes."""
        return {"embeddings": dict(self.config)}


def _parents(
    workspace: Workspace, catalog: Catalog, embeddings: str | None, shards: str | None
) -> tuple[_Source, dict[str, str]]:
    texts = catalog.texts_digest(Split.TRAIN)
    if shards is not None:
        reader = ShardReader.open(shards)
        made_of = reader.manifest["config"]["embeddings"], str(reader.manifest["licence"])
        return _Source(reader, *made_of), {"embeddings": reader.manifest["parents"]["embeddings"], "texts": texts}
    folder = workspace.embeddings_folder(embeddings)
    manifest = read_manifest(folder, kind="patch embeddings", repair=EMBEDDINGS_REPAIR)
    config = {"name": folder.name, **manifest["config"]}
    source = _Source(BagFolder(folder), config, str(manifest["licence"]))
    return source, {"embeddings": manifest["id"], "texts": texts}


def _language_model(
    stage: Stage, cohort: TrainingCohort, recipe: GenerationRecipe, identity: Mapping[str, Any], *, shard_llm: bool
) -> FrozenLanguageModel:
    if recipe.llm is not None and shard_llm:
        return ShardedLanguageModel.spread(recipe.llm, stage.world)
    if recipe.llm is not None:
        refuse_too_large(recipe.llm, stage.world.device)
        return FrozenLanguageModel.load(recipe.llm)
    texts = [text.generation_text for text in cohort.texts]
    objective = LanguageModelObjective(texts, recipe.language_model)
    schedule = recipe.language_model.schedule
    stage.trained(objective, schedule, "Language model", identity=identity, part="language-model")
    return objective.frozen()
