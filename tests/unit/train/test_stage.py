"""What a training stage does around its steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from pathalign.errors import WorkspaceBusy
from pathalign.store.artifact import MANIFEST, write_manifest
from pathalign.store.workspace import create_workspace
from pathalign.train.engine import ALONE, Schedule, StepRandom, World
from pathalign.train.stage import Stage

pytestmark = pytest.mark.unit


class Falling:
    """A loss that falls."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.module = nn.Linear(2, 1)

    def losses(self, step: int, random: StepRandom, world: World = ALONE) -> dict[str, torch.Tensor]:
        """Of the weight's size."""
        return {"fit_loss": self.module.weight.square().sum()}


def test_a_stage_is_held_by_one(tmp_path: Path) -> None:
    """A second one is refused while it lasts, and not afterwards."""
    workspace = create_workspace(tmp_path)
    folder = workspace.model_folder("m")
    with Stage.entered(workspace, "train-m", folder, device="cpu") as stage:
        assert stage.world == ALONE
        with (
            pytest.raises(WorkspaceBusy, match="`train-m`"),
            Stage.entered(workspace, "train-m", folder, device="cpu"),
        ):
            pass
    with Stage.entered(workspace, "train-m", folder, device="cpu"):
        pass


def test_a_model_is_made_once(tmp_path: Path) -> None:
    """The same configuration is done; another is not, and the old model stays until then; a restart drops both."""
    workspace = create_workspace(tmp_path)
    folder = workspace.model_folder("m")
    folder.mkdir(parents=True)
    with Stage.entered(workspace, "train-m", folder, device="cpu") as stage:
        stage.run.mkdir(parents=True)
        for config, restart, done in (({"a": 1}, False, True), ({"a": 2}, False, False), ({"a": 1}, True, False)):
            write_manifest(folder, kind="m", config={"a": 1}, parents={}, licence="")
            assert stage.done("m", config, {}, restart=restart) is done
            assert (folder / MANIFEST).is_file() is not restart
            assert stage.run.is_dir() is not restart


def test_training_is_tracked_and_its_last_losses_are_told(tmp_path: Path) -> None:
    """The parts of the loss come back without the small print; a tracker has speed besides."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    workspace = create_workspace(tmp_path)
    with Stage.entered(
        workspace, "train-m", workspace.model_folder("m"), device="cpu", trackers=("tensorboard",)
    ) as stage:  # fmt: skip
        last = stage.trained(Falling(), Schedule(steps=3, batch=1), "Training", identity={}, part="first")

        assert set(last) == {"loss", "fit_loss"}
        events = accumulator.EventAccumulator(str(stage.run / "first" / "tensorboard"))
        events.Reload()
        assert {"fit_loss", "lr", "gradient_norm", "items_per_s", "waiting"} <= set(events.Tags()["scalars"])
        assert [event.step for event in events.Scalars("fit_loss")] == [1, 2, 3]
        assert events.Scalars("fit_loss")[-1].value == pytest.approx(last["fit_loss"])
