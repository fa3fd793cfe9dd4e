"""Broken copies of real slides amid good ones, through `add` and `embed` with reading processes, as a user runs it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pathalign.encoders.own_vit import MODEL_TYPE
from pathalign.encoders.workspace_vit import WorkspaceViT, WorkspaceViTConfig
from pathalign.testing.mutations import mutations
from pathalign.testing.slides import draw_field, write_pyramid

pytestmark = pytest.mark.e2e

REAL = ("OS-1-detail.ome.tif", "CMU-1-Small-Region.svs")
BROKEN_OF_EACH = 20


def verb(*arguments: str | Path) -> tuple[int, Any]:
    """A verb in a process of its own: its exit code and its document."""
    command = [sys.executable, "-m", "pathalign", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small transformer of random weights, which every pixel changes."""
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    config = WorkspaceViTConfig(dim=32, depth=1, heads=2, token_px=32)
    save_file(WorkspaceViT(config).state_dict(), folder / "model.safetensors")
    card = {"name": "random", "patch_mpp": 0.5, "licence": "Apache-2.0", "source": "random weights"}
    (folder / "config.json").write_text(json.dumps({"model_type": MODEL_TYPE, "vit": config.as_json(), **card}))
    return folder


@pytest.fixture(scope="module")
def good(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two real slides and a drawn one, which is embedded last."""
    drawn = tmp_path_factory.mktemp("good") / "drawn.tif"
    write_pyramid(drawn, draw_field("colon_benign", side_um=500, mpp=0.5, seed=1), mpp=0.5)
    return {name: real_data / "slides" / name for name in REAL} | {"zz-drawn": drawn}


@pytest.fixture(scope="module")
def broken(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Some broken copies of each real slide, drawn from all with a seed, and what is no slide at all."""
    folder = tmp_path_factory.mktemp("broken")
    paths = {}
    for name in REAL:
        every = list(mutations(real_data / "slides" / name, seed=1))
        for one in np.random.default_rng(1).choice(len(every), BROKEN_OF_EACH, replace=False).tolist():
            slide_id = f"{name}~{every[one].name}"
            paths[slide_id] = folder / slide_id / name  # alone: files side by side may be one series
            paths[slide_id].parent.mkdir()
            paths[slide_id].write_bytes(every[one].data)
    for name in ("loop", "absent", "pipe", "text"):
        paths[name] = folder / f"{name}.svs"
    paths["loop"].symlink_to(paths["loop"])
    os.mkfifo(paths["pipe"])
    paths["text"].write_text("slide_id,path\n")
    return paths


def embedded(root: Path, slides: dict[str, Path], encoder: Path) -> tuple[Any, Any, Any]:
    """A workspace of these slides: the documents of `add`, `embed` and `status`."""
    table = root.with_suffix(".csv")
    with table.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([("slide_id", "path"), *sorted(slides.items())])
    assert verb("init", root)[0] == 0
    code, added = verb("add", table, "-w", root)
    assert code in (0, 2)
    options = ("--encoder", encoder, "--mpp", "0.5", "--workers", "2", "--timeout", "60")
    code, done = verb("embed", "-w", root, *options)
    assert code in (0, 2)
    return added, done, verb("status", "-w", root)[1]


def test_broken_slides_cost_only_themselves(
    good: dict[str, Path], broken: dict[str, Path], encoder: Path, tmp_path: Path
) -> None:
    """Every slide has an outcome with its reason, and the good ones are to the byte what they are without the rest."""
    embedded(tmp_path / "alone", good, encoder)
    added, done, status = embedded(tmp_path / "beside", good | broken, encoder)

    refused = {problem["item"]: problem["reason"] for problem in added["problems"]}
    ended = {problem["slide_id"]: problem["reason"] for problem in status["problems"]}
    files = {path.stem: path for path in (tmp_path / "beside" / "embeddings").glob("*/*.h5")}
    assert [slide_id for slide_id in good | broken if slide_id not in refused | ended | files] == []
    assert all(len(reason) > 20 for reason in (refused | ended).values())
    assert sum(done["slides"].values()) == len(good) + len(broken) - len(refused)
    assert len(refused | ended) > len(broken) / 2, "most damage is seen"
    alone = {path.stem: path.read_bytes() for path in (tmp_path / "alone" / "embeddings").glob("*/*.h5")}
    assert alone.keys() == good.keys()
    assert [slide_id for slide_id, data in alone.items() if files[slide_id].read_bytes() != data] == []
