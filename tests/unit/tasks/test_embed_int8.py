"""`embed` with an encoder of bytes: another set, whose scales stay what they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pathalign.domain.geometry import PatchSpec
from pathalign.encoders.acceleration import accelerated
from pathalign.encoders.acceleration.accelerated import AcceleratedEncoder
from pathalign.encoders.acceleration.choice import Route
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.errors import MissingArtifact, NeedsRepair, StaleArtifact
from pathalign.store.embeddings import embedding_path, read_provenance
from pathalign.store.foreign.placing import Given
from pathalign.store.workspace import Workspace
from pathalign.tasks.calibration import FILE, PATCHES_OF_EACH, calibration_patches
from pathalign.tasks.embedding import embed
from pathalign.tasks.registration import add

pytestmark = pytest.mark.unit

SPEC = PatchSpec()
NAME = "mean-1mpp-224px"


class _Mean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, pixels):
        return pixels.mean((2, 3)) * self.weight


@pytest.fixture
def encoder() -> TorchEncoder:
    card = EncoderCard(
        name="mean", embedding_dim=3, patch_px=224, patch_mpp=1.0, licence="CC0", source="test", weights_digest="0"
    )
    return TorchEncoder(_Mean(), card)


@pytest.fixture
def in_bytes(encoder, monkeypatch) -> AcceleratedEncoder:
    """The set-up of a runtime is tested elsewhere; here it is the module itself."""
    monkeypatch.setattr(
        AcceleratedEncoder, "_built", lambda self: lambda x: self.encoder.module(torch.tensor(x)).numpy()
    )
    monkeypatch.setattr(accelerated.onnx_runtime, "version", lambda: "1.0")
    return AcceleratedEncoder(encoder, Route(runtime="onnxruntime", precision="int8"), patch_px=224)


@pytest.mark.slow
def test_bytes_make_another_set(filled: Workspace, encoder, in_bytes):
    """Neither may complete the other; a set in other last bits may, and tells of each slide how it was computed."""
    folder = filled.embeddings_folder(NAME)
    embed(filled, encoder, spec=SPEC)
    with pytest.raises(StaleArtifact, match="int8"):
        embed(filled, in_bytes, spec=SPEC)

    embed(filled, in_bytes, spec=SPEC, redo=True)
    told = read_provenance(embedding_path(folder, "one"))
    assert told["int8"] == {"runtime": "onnxruntime", "calibration": None}
    assert told["computed"]["runtime"] == "onnxruntime 1.0"
    assert told["computed"]["precision"] == "int8"
    with pytest.raises(StaleArtifact, match="int8"):
        embed(filled, encoder, spec=SPEC)


def test_sets_from_before_stay_what_they_are(filled: Workspace, encoder, monkeypatch):
    """An encoder without bytes adds nothing to what a set is known by, whatever its runtime."""
    monkeypatch.setattr(AcceleratedEncoder, "_ready", lambda _: None)
    embed(filled, encoder, spec=SPEC)
    told = read_provenance(embedding_path(filled.embeddings_folder(NAME), "one"))
    assert "int8" not in told

    again = embed(filled, AcceleratedEncoder(encoder, Route(runtime="openvino"), patch_px=224), spec=SPEC)

    assert again.slides_done_before == 4


def test_patches_to_calibrate_on_are_chosen_once(filled: Workspace, tmp_path: Path):
    """Of all slides alike, the same each time, and from then on those that lie there."""
    first, second = (calibration_patches(filled, tmp_path / name, spec=SPEC) for name in ("a", "b"))

    assert first.shape == (3 * PATCHES_OF_EACH, 224, 224, 3)
    assert torch.equal(first, second)
    np.save(tmp_path / "a" / FILE, first[:2].numpy())
    assert torch.equal(calibration_patches(filled, tmp_path / "a", spec=SPEC), first[:2])


def test_a_shard_takes_what_lies_there(filled: Workspace, tmp_path: Path):
    """It may not choose: each job of an array would choose its own."""
    with pytest.raises(NeedsRepair, match="shard"):
        calibration_patches(filled, tmp_path, spec=SPEC, may_read=False)
    chosen = calibration_patches(filled, tmp_path, spec=SPEC)
    assert torch.equal(calibration_patches(filled, tmp_path, spec=SPEC, may_read=False), chosen)


def test_without_a_patch_there_is_no_scale(workspace: Workspace, slides: Path, write_table, tmp_path: Path):
    """And nothing is left behind."""
    add(workspace, write_table("slides.csv", ("slide_id", "path", "mpp"), ("glass", "slides/glass.tif", "")))

    with pytest.raises(MissingArtifact, match="calibrate"):
        calibration_patches(workspace, tmp_path / "set", spec=SPEC)
    assert not (tmp_path / "set" / FILE).exists()


def test_what_was_given_before_reads_as_before() -> None:
    """Sets that were imported before int8 rows existed are not imported again for a word in their provenance."""
    assert Given(half=True).as_json() == {"patch_px": None, "patch_mpp": None, "coords_unit": None, "half": True}
    assert Given(int8=True).as_json()["int8"] is True
