"""Pre-training from a stream of patches of slides: killed and run again, and shared by two processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from pathalign.domain.records import Outcome, Slide, Split
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.testing.slides import draw_field, write_pyramid

pytestmark = pytest.mark.e2e

STEPS = 6
TRAINING = """
import json, os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from pathalign.encoders.workspace_vit import WorkspaceViTConfig
from pathalign.slides.slide_reading import ReadingConfig
from pathalign.store.workspace import open_workspace
from pathalign.train.engine import Schedule
from pathalign.train.pathssl.recipe import PretrainRecipe, Siamese
from pathalign.train.pathssl.rounds import PatchSupply
from pathalign.train.pretraining import pretrain_encoder

root, workers, last = sys.argv[1:]
recipe = PretrainRecipe(
    vit=WorkspaceViTConfig(image_px=32, dim=32, depth=1, heads=2),
    schedule=Schedule(steps=6, batch=8, warmup_steps=1, peak_lr=3e-3, checkpoint_every=2),
    siamese=Siamese(prototypes=8, projection_dim=8, projection_hidden=16, focal_anchors=2, focal_px=16),
    supply=PatchSupply(
        patch_px=32, mpps=(0.5, 1.0), round_patches=16, patches_per_visit=4, steps_per_round=2, lanes=4
    ),
)

@contextmanager
def progress(what, total):
    done = 0
    def advance(count):
        nonlocal done
        done += count
        if what == "Pre-training" and done == int(last):
            os.kill(os.getpid(), signal.SIGKILL)
    yield advance

done = pretrain_encoder(
    open_workspace(Path(root)), recipe, reading=ReadingConfig(workers=int(workers)), device="cpu", progress=progress,
)
if os.environ.get("RANK", "0") == "0":
    print(json.dumps([done.steps, sorted(problem.item for problem in done.problems)]))
"""
"""Three rounds of four visits of four patches, two steps of eight each; some lanes meet a broken slide alone."""
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def pretrain(root: Path, *, processes: int = 1, workers: int = 0, killed_at: int = 0) -> Any:
    """Pre-train in processes of their own, killed by SIGKILL after a step; steps done, and what could not be read."""
    script = root.parent / "training.py"
    script.write_text(TRAINING)
    alone = (sys.executable,) if processes == 1 else (sys.executable, *TORCHRUN)
    command = [*alone, str(script), str(root), str(workers), str(killed_at)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (-signal.SIGKILL if killed_at else 0), done.stderr
    return None if killed_at else json.loads(done.stdout)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> list[Slide]:
    """Eight slides for training of different tissue, and two that are broken."""
    folder = tmp_path_factory.mktemp("slides")
    names = [f"s{number}" for number in range(8)]
    for seed, name in enumerate(names):
        write_pyramid(folder / f"{name}.tif", draw_field("colon_benign", side_um=200, mpp=0.5, seed=seed), mpp=0.5)
    for name in ("b0", "b1"):
        (folder / f"{name}.tif").write_bytes(b"II*\0 and no more")
    return [
        Slide(slide_id=name, path=folder / f"{name}.tif", patient_id=name, case_id=name, split=Split.TRAIN)
        for name in (*names, "b0", "b1")
    ]


def workspace_of(root: Path, slides: list[Slide]) -> Workspace:
    """A workspace that holds them."""
    root.parent.mkdir(parents=True, exist_ok=True)
    workspace = create_workspace(root)
    with Catalog(workspace.catalog_path) as catalog:
        for slide in slides:
            catalog.put_slide(slide)
    return workspace


def weights(workspace: Workspace) -> dict[str, torch.Tensor]:
    """Of its encoder."""
    return load_file(workspace.encoder_folder / "model.safetensors")


def rows(workspace: Workspace) -> list[dict[str, float]]:
    """The log of its pre-training."""
    return [json.loads(row) for row in (workspace.run_folder("pretrain") / "metrics.jsonl").read_text().splitlines()]


def outcomes(workspace: Workspace) -> dict[str, Outcome]:
    """What the catalog says of its slides."""
    with Catalog(workspace.catalog_path) as catalog:
        return {name: outcome for name, (outcome, _) in catalog.outcomes("pretrain").items()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, slides: list[Slide]) -> Workspace:
    """Pre-trained on the slides by one process that nobody disturbed."""
    workspace = workspace_of(tmp_path_factory.mktemp("alone") / "ws", slides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        assert pretrain(workspace.root) == [STEPS, ["b0", "b1"]]
    return workspace


def test_killed_and_run_again_with_readers_of_its_own(tmp_path: Path, slides: list[Slide], alone: Workspace) -> None:
    """Killed in the second round and read by other processes afterwards: weights and log to the last byte."""
    workspace = workspace_of(tmp_path / "ws", slides)

    pretrain(workspace.root, killed_at=3)
    assert not (workspace.encoder_folder / "manifest.json").exists()
    assert pretrain(workspace.root, workers=2)[0] == STEPS

    expected = weights(alone)
    assert all(value.equal(expected[name]) for name, value in weights(workspace).items())
    assert rows(workspace) == rows(alone)


def test_two_processes_make_what_one_does(tmp_path: Path, slides: list[Slide], alone: Workspace) -> None:
    """Each reads half of the lanes; weights and log are equal to 1e-5, and outcomes are recorded whoever read."""
    workspace = workspace_of(tmp_path / "ws", slides)

    done = pretrain(workspace.root, processes=2)

    expected = weights(alone)
    for name, value in weights(workspace).items():
        torch.testing.assert_close(value, expected[name], atol=1e-5, rtol=0)
    for ours, theirs in zip(rows(workspace), rows(alone), strict=True):
        assert ours == pytest.approx(theirs, abs=2e-5)
    assert done == [STEPS, ["b0", "b1"]]
    assert outcomes(workspace) == outcomes(alone)
    assert {path.name for path in workspace.run_folder("pretrain").iterdir()} == {"curves.png", "metrics.jsonl"}
