"""The stage `pretrain`, with patches streamed from slides or pictures: what it makes, goes on with and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from pathalign.domain.progress import Advance
from pathalign.domain.records import Outcome, Slide, Split
from pathalign.encoders.registry import load_encoder
from pathalign.encoders.workspace_vit import WorkspaceViTConfig
from pathalign.errors import MissingArtifact, NeedsRepair, StaleArtifact
from pathalign.store.artifact import MANIFEST
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.testing.slides import draw_field, write_pyramid
from pathalign.train.engine import Schedule
from pathalign.train.pathssl.recipe import PretrainRecipe, Siamese
from pathalign.train.pathssl.rounds import PatchSupply
from pathalign.train.pretraining import STAGE, pretrain_encoder
from pathalign.train.stage import TrainedModel

pytestmark = pytest.mark.unit

RECIPE = PretrainRecipe(
    vit=WorkspaceViTConfig(image_px=32, dim=32, depth=1, heads=2),
    schedule=Schedule(steps=5, batch=4, warmup_steps=1, peak_lr=3e-3, checkpoint_every=2),
    siamese=Siamese(prototypes=8, projection_dim=8, projection_hidden=16, focal_anchors=1, focal_px=16),
    supply=PatchSupply(patch_px=32, mpps=(0.5, 1.0), round_patches=8, patches_per_visit=2, steps_per_round=2, lanes=2),
)
"""Three rounds of four visits to two slides at two resolutions, two steps each."""


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> list[Slide]:
    """Two slides for training, one that is broken, and one for the test."""
    folder = tmp_path_factory.mktemp("slides")
    for seed, name in enumerate(("one", "two", "kept")):
        write_pyramid(folder / f"{name}.tif", draw_field("colon_benign", side_um=160, mpp=0.5, seed=seed), mpp=0.5)
    (folder / "broken.tif").write_bytes(b"II*\0 and no more")
    return [
        Slide(
            slide_id=name, path=folder / f"{name}.tif", patient_id=name, case_id=name,
            split=Split.TEST if name == "kept" else Split.TRAIN,
        )
        for name in ("one", "two", "kept", "broken")
    ]  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine pictures in two sub-folders, and one that is too small."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for number in range(9):
        (folder / str(number % 2)).mkdir(exist_ok=True)
        pixels = random.integers(0, 256, (32, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / str(number % 2) / f"{number}.png")
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    return folder


def workspace_of(root: Path, slides: list[Slide]) -> Workspace:
    """A workspace that holds them."""
    workspace = create_workspace(root)
    with Catalog(workspace.catalog_path) as catalog:
        for slide in slides:
            catalog.put_slide(slide)
    return workspace


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows_of(workspace: Workspace) -> list[dict[str, float]]:
    """The log of the pre-training."""
    return [json.loads(row) for row in (workspace.run_folder(STAGE) / "metrics.jsonl").read_text().splitlines()]


@contextmanager
def dying(what: str, total: int) -> Iterator[Advance]:
    """Interrupts a pre-training after its third step."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if what == "Pre-training" and done == 3:
            raise KeyboardInterrupt

    yield advance


@pytest.fixture
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves are not drawn: that takes as long as these trainings."""
    monkeypatch.setattr("pathalign.train.pretraining.write_learning_curves", lambda *_: [])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, slides: list[Slide]) -> tuple[Workspace, TrainedModel]:
    """Pre-trained on the slides in one run, with one thread, as tests have (the last bits follow from their number)."""
    workspace = workspace_of(tmp_path_factory.mktemp("trained"), slides)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    done = pretrain_encoder(workspace, RECIPE)
    torch.set_num_threads(threads)
    return workspace, done


@pytest.mark.slow
def test_an_encoder_of_the_training_slides(trained: tuple[Workspace, TrainedModel]) -> None:
    """It is an encoder like any other with a card; outcomes are of the training split alone, with reasons."""
    workspace, done = trained

    assert (done.slides, done.trained_on, done.steps, done.up_to_date) == (3, "slides", 5, False)
    assert [problem.item for problem in done.problems] == ["broken"]
    with Catalog(workspace.catalog_path) as catalog:
        outcomes = catalog.outcomes(STAGE)
    assert {name: outcome for name, (outcome, _) in outcomes.items()} == {
        "broken": Outcome.FAILED, "one": Outcome.OK, "two": Outcome.OK,
    }  # fmt: skip
    assert "broken.tif" in outcomes["broken"][1]
    encoder = load_encoder("workspace", own_folder=workspace.encoder_folder)
    assert (encoder.card.embedding_dim, encoder.card.patch_px, encoder.card.patch_mpp) == (64, 32, 1.0)
    embeddings = encoder.encode(torch.randint(256, (3, 32, 32, 3), dtype=torch.uint8))
    assert embeddings.isfinite().all()
    assert embeddings.std(0).min() > 0
    card = (workspace.encoder_folder / "README.md").read_text()
    assert "3 slides (training split only),\n32 px at 0.5, 1 um per pixel (`embed` takes the middle one, 1)" in card
    assert set(files(workspace.run_folder(STAGE))) == {"curves.png", "metrics.jsonl"}


@pytest.mark.slow
def test_the_log_watches_for_collapse(trained: tuple[Workspace, TrainedModel]) -> None:
    """Losses at each step; rank and the use of prototypes at checkpoints."""
    workspace, done = trained
    rows = rows_of(workspace)

    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert all({"msn_loss", "entropy_loss", "lr", "gradient_norm"} <= set(row) for row in rows)
    watched = {"embedding_rank", "prototype_entropy", "assignment_entropy"}
    assert [row["step"] for row in rows if watched <= set(row)] == [2, 4, 5]
    assert done.final["msn_loss"] == pytest.approx(rows[-1]["msn_loss"], abs=1e-5)


@pytest.mark.slow
def test_killed_and_resumed_is_equal(
    tmp_path: Path, slides: list[Slide], trained: tuple[Workspace, TrainedModel]
) -> None:
    """Killed within the second round of slides and run again: the same bytes; with other options it is refused."""
    workspace = workspace_of(tmp_path, slides)
    with pytest.raises(KeyboardInterrupt):
        pretrain_encoder(workspace, RECIPE, progress=dying)
    assert not (workspace.encoder_folder / MANIFEST).exists()
    with Catalog(workspace.catalog_path) as catalog:
        assert catalog.outcomes(STAGE)["broken"][0] == Outcome.FAILED
    with pytest.raises(StaleArtifact, match=r"another configuration or other data.*`--restart`"):
        pretrain_encoder(workspace, replace(RECIPE, supply=replace(RECIPE.supply, mpps=(1.0,))))

    pretrain_encoder(workspace, RECIPE)

    assert files(workspace.encoder_folder) == files(trained[0].encoder_folder)
    assert files(workspace.run_folder(STAGE)) == files(trained[0].run_folder(STAGE))


@pytest.mark.usefixtures("no_curves")
@pytest.mark.slow
def test_a_folder_of_pictures_is_resumed_too(tmp_path: Path, pictures: Path) -> None:
    """Without any slide; killed and resumed it ends with the bytes of one run, and small pictures are told."""
    whole, killed = (workspace_of(tmp_path / name, []) for name in ("whole", "killed"))
    short = replace(RECIPE, schedule=replace(RECIPE.schedule, steps=4))
    done = pretrain_encoder(whole, short, pictures=pictures)
    with pytest.raises(KeyboardInterrupt):
        pretrain_encoder(killed, short, pictures=pictures, progress=dying)
    pretrain_encoder(killed, short, pictures=pictures)

    assert (done.slides, done.trained_on) == (10, "pictures")
    assert [(problem.item, problem.reason) for problem in done.problems] == [
        ("small.png", "small.png has 8 x 8 pixels, a patch 32")
    ]
    weights, expected = (load_file(each.encoder_folder / "model.safetensors") for each in (killed, whole))
    assert all(weights[name].equal(value) for name, value in expected.items())
    assert files(killed.run_folder(STAGE)) == files(whole.run_folder(STAGE))
    scores = [row["nearest_label_score"] for row in rows_of(whole) if "nearest_label_score" in row]
    assert len(scores) == 2
    assert all(0 <= score <= 1 for score in scores)
    assert pretrain_encoder(whole, short, pictures=pictures).up_to_date


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no slides": ({"slides": 0}, r"no slide that can be read at 0\.5 or 1\.0 .*`pathalign add slides\.csv`"),
    "finer than the slides": ({"mpps": (0.1,), "known_mpp": 0.5}, r"can be read at 0\.1 .* coarser ones with `--mpp`"),
    "broken slides alone": ({"broken": True}, r"found no patch .*`pathalign status --problems` has the reasons"),
    "too few patches": ({"slides": 1, "watched": 4}, r"at least 8 patches; there are 4\. Run `pathalign add"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_there_is_nothing_to_learn_from(
    case: str, tmp_path: Path, slides: list[Slide], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the repair, nothing passes for an encoder, and the reasons of slides are recorded."""
    how, message = REFUSED[case]
    chosen = slides[-1:] if how.get("broken") else slides[: how.get("slides", 2)]
    workspace = workspace_of(tmp_path, [replace(slide, mpp=how.get("known_mpp")) for slide in chosen])
    if "watched" in how:
        monkeypatch.setattr("pathalign.train.pretraining.WATCHED_PATCHES", how["watched"])
    recipe = replace(RECIPE, supply=replace(RECIPE.supply, mpps=how.get("mpps", RECIPE.supply.mpps)))

    with pytest.raises(MissingArtifact, match=message):
        pretrain_encoder(workspace, recipe)

    assert not (workspace.encoder_folder / MANIFEST).exists()
    with Catalog(workspace.catalog_path) as catalog:
        assert [outcome for outcome, _ in catalog.outcomes(STAGE).values()] == {
            "broken slides alone": [Outcome.FAILED], "too few patches": [Outcome.OK],
        }.get(case, [])  # fmt: skip


def test_a_slide_that_says_itself_that_it_is_coarse(tmp_path: Path, slides: list[Slide]) -> None:
    """Where only the file knows its resolution, the slide is refused with its reason."""
    workspace = workspace_of(tmp_path, slides[:1])

    with pytest.raises(MissingArtifact, match="found no patch to learn from"):
        pretrain_encoder(workspace, replace(RECIPE, supply=replace(RECIPE.supply, mpps=(0.1,))))

    with Catalog(workspace.catalog_path) as catalog:
        outcome, reason = catalog.outcomes(STAGE)["one"]
    assert outcome == Outcome.REFUSED
    assert "one.tif" in reason


@pytest.mark.usefixtures("no_curves")
def test_what_cannot_be_leaves_the_encoder_that_is_there(tmp_path: Path, slides: list[Slide], pictures: Path) -> None:
    """A resolution that no slide has, or a folder without pictures, costs nobody an encoder."""
    workspace = workspace_of(tmp_path / "ws", [replace(slide, mpp=0.5) for slide in slides[:2]])
    pretrain_encoder(workspace, RECIPE, pictures=pictures)
    there = files(workspace.encoder_folder)
    (tmp_path / "none").mkdir()

    with pytest.raises(MissingArtifact, match="no slide that can be read"):
        pretrain_encoder(workspace, replace(RECIPE, supply=replace(RECIPE.supply, mpps=(0.1,))))
    with pytest.raises(MissingArtifact, match="There is no picture"):
        pretrain_encoder(workspace, RECIPE, pictures=tmp_path / "none")
    with pytest.raises(NeedsRepair, match=r"accumulate is 2\. Set it to 1 and lower the batch with `--batch`"):
        pretrain_encoder(workspace, replace(RECIPE, schedule=replace(RECIPE.schedule, accumulate=2)))

    assert files(workspace.encoder_folder) == there
