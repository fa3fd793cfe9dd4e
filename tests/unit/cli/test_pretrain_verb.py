"""`pretrain`: what its options ask of the training, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pathalign.cli.main import cli
from pathalign.domain.records import Problem
from pathalign.errors import PathAlignError
from pathalign.slides.slide_reading import ReadingConfig
from pathalign.store.workspace import create_workspace
from pathalign.train.pathssl.recipe import PretrainRecipe, pretrain_recipe
from pathalign.train.stage import TrainedModel

pytestmark = pytest.mark.unit


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the training was asked for."""
    seen: dict[str, Any] = {}

    def pretrain_encoder(workspace: Any, recipe: PretrainRecipe, **how: Any) -> TrainedModel:
        seen.update(recipe=recipe, **how)
        return TrainedModel(
            folder=workspace.encoder_folder, slides=3, steps=recipe.schedule.steps, up_to_date=False,
            final={"msn_loss": 1.5}, trained_on="slides" if how["pictures"] is None else "pictures",
            problems=[Problem(source="pretrain", line=None, item="torn", reason="torn.tif ends early")],
        )  # fmt: skip

    monkeypatch.setattr("pathalign.train.pretraining.pretrain_encoder", pretrain_encoder)
    return seen


def run(tmp_path: Path, options: str) -> Result:
    """`pretrain` in an empty workspace, beside an empty folder."""
    root = create_workspace(tmp_path / "ws").root
    (tmp_path / "cut").mkdir()
    words = options.replace("CUT", str(tmp_path / "cut")).split()
    return CliRunner().invoke(cli, ["pretrain", "-w", str(root), *words])


@pytest.mark.parametrize("name", ["tiny", "small", "base"])
def test_a_recipe_as_it_is(name: str, asked: dict[str, Any], tmp_path: Path) -> None:
    """Nothing but the name leaves a recipe as it is."""
    done = run(tmp_path, f"--recipe {name}")

    assert done.exit_code == 0, done.output
    assert asked["recipe"] == pretrain_recipe(name)
    assert (asked["pictures"], asked["restart"], asked["device"], asked["trackers"]) == (None, False, "auto", ())
    assert "models/encoder trained on 3 slides" in done.output
    assert "Next: pathalign embed" in done.output
    assert "torn" in done.output


def test_options_that_change_what_is_learnt(asked: dict[str, Any], tmp_path: Path) -> None:
    """Resolutions, side, tissue, batch and steps; everything else is the recipe's."""
    done = run(
        tmp_path,
        "--recipe small --mpp 0.25 --mpp 0.5 --patch-px 256 --min-tissue 0.5 --batch 16 --steps 7 --patches CUT",
    )

    assert done.exit_code == 0, done.output
    recipe = asked["recipe"]
    supply = recipe.supply
    assert (supply.mpps, supply.patch_px, supply.min_tissue) == ((0.25, 0.5), 256, 0.5)
    assert (recipe.schedule.batch, recipe.schedule.steps) == (16, 7)
    assert recipe.schedule.peak_lr == pretrain_recipe("small").schedule.peak_lr
    assert recipe.vit == pretrain_recipe("small").vit
    assert asked["pictures"] == tmp_path / "cut"
    assert "trained on 3 pictures in 7 steps" in done.output


def test_pictures_are_of_one_resolution(asked: dict[str, Any], tmp_path: Path) -> None:
    """A recipe's resolutions are those at which slides are read; of pictures `--mpp` says it, or the middle one."""
    done = run(tmp_path, "--recipe small --patches CUT")

    assert done.exit_code == 0, done.output
    assert asked["recipe"].supply.mpps == (1.0,)


def test_options_that_change_how_it_is_done(asked: dict[str, Any], tmp_path: Path) -> None:
    """Readers, device, trackers and a new start."""
    done = run(tmp_path, "--workers 3 --device cpu --tracker tensorboard --tracker wandb --restart")

    assert done.exit_code == 0, done.output
    assert asked["recipe"] == pretrain_recipe("tiny")
    assert asked["reading"] == ReadingConfig(workers=3)
    assert (asked["device"], asked["trackers"], asked["restart"]) == ("cpu", ("tensorboard", "wandb"), True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--recipe huge", "There is no recipe 'huge'; choose one of tiny, small, base."),
        ("--mpp 0", "patch_mpp"),
        ("--mpp 1 --mpp 0.001", "mpp"),
        ("--patch-px 1", "patch_px"),
        ("--min-tissue 2", "min_tissue"),
    ],
)
def test_values_that_cannot_be(options: str, message: str, asked: dict[str, Any], tmp_path: Path) -> None:
    """Refused with the value's name before anything is read."""
    done = run(tmp_path, options)

    assert isinstance(done.exception, PathAlignError), done.output
    assert message in str(done.exception)
    assert not asked


@pytest.mark.parametrize("options", ["--batch 1", "--workers -1", "--steps 0", "--patches nowhere", "--mpp fine"])
def test_options_that_are_no_values(options: str, asked: dict[str, Any], tmp_path: Path) -> None:
    """The command line itself refuses them, naming the option."""
    done = run(tmp_path, options)

    assert done.exit_code == 2
    assert f"Invalid value for '{options.split()[0]}'" in done.output
    assert not asked
