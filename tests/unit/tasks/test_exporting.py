"""Embeddings go out: files that TRIDENT reads, and training shards."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from pathalign.cli.main import cli
from pathalign.domain.records import SlideText, Split
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.store.artifact import MANIFEST, read_manifest
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, open_bag
from pathalign.store.foreign.placing import Given
from pathalign.store.shard_reader import ShardReader
from pathalign.store.workspace import Workspace
from pathalign.tasks.exporting import ExportFormat, export_embeddings
from pathalign.tasks.importing import ImportRequest, import_embeddings
from pathalign.tasks.registration import add
from pathalign.testing.foreign_embeddings import write_trident
from pathalign.train.recipes import QFormerSize, retrieval_recipe
from pathalign.train.runs import train_retrieval

pytestmark = pytest.mark.unit

XY = np.array([[0, 0], [512, 0], [512, 1024], [1024, 512]])


def embeddings(seed: int) -> np.ndarray:
    """Four embeddings in single precision."""
    return np.random.default_rng(seed).standard_normal((4, 8)).astype(np.float32)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file and its bytes."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def imported(workspace: Workspace, tmp_path: Path, write_table: Callable[..., Path]) -> Workspace:
    """A workspace with an imported set of two training slides and one test slide."""
    rows = [(name, "", name, name, "0.25", "test" if name == "c" else "train") for name in "abc"]
    header = ["slide_id", "path", "patient_id", "case_id", "mpp", "split"]
    assert not add(workspace, write_table("slides.csv", header, *rows)).problems
    for seed, name in enumerate("abc"):
        write_trident(tmp_path / "theirs" / f"{name}.h5", embeddings(seed), XY + seed, overlap=32)
    import_embeddings(workspace, tmp_path / "theirs")
    return workspace


def test_int8_rows_go_out_as_floats_for_trident_and_as_they_are_in_shards(imported: Workspace, tmp_path: Path) -> None:
    """A program that knows nothing of scales gets floats; shards keep the bytes small."""
    import_embeddings(imported, tmp_path / "theirs", ImportRequest(given=Given(int8=True), name="small"))

    export_embeddings(imported, tmp_path / "out", form=ExportFormat.TRIDENT, embeddings="small")
    export_embeddings(imported, tmp_path / "shards", form=ExportFormat.SHARDS, embeddings="small")

    small = open_bag(embedding_path(imported.embeddings_folder("small"), "b"))
    with h5py.File(tmp_path / "out" / "b.h5") as f:
        assert "scale" not in f
        np.testing.assert_array_equal(f["features"][:], small.embeddings.astype(np.float16))
        assert f["coords"].attrs["target_magnification"] > 0
    np.testing.assert_array_equal(ShardReader.open(tmp_path / "shards").bag("b").embeddings, small.embeddings)


@pytest.mark.slow
def test_shards_train_the_model_of_the_set(imported: Workspace, tmp_path: Path) -> None:
    """The same weights, card and configuration; and a set that is named besides is refused."""
    with Catalog(imported.catalog_path) as catalog:
        for name, words in (("a", "tubular adenoma"), ("b", "no tumour")):
            catalog.put_text(SlideText(
                slide_id=name, case_id=name, patient_id=name, part="A", retrieval_text=f"colon: {words}.",
                generation_text=f"{words}.", retrieval_key=words, concept_key=words, malignant=None, split=Split.TRAIN,
            ))  # fmt: skip
    export_embeddings(imported, tmp_path / "shards", form=ExportFormat.SHARDS)
    size = QFormerSize(
        dim=16, layers=2, heads=2, ffn_dim=24, num_query_tokens=3, projection_dim=8, max_text_tokens=24, vocab=80
    )  # fmt: skip
    tiny = retrieval_recipe("tiny")
    recipe = replace(tiny, size=size, schedule=replace(tiny.schedule, steps=2, batch=2))

    made = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shards in (None, str(tmp_path / "shards")):
            trained = train_retrieval(imported, recipe, shards=shards, restart=True)
            made.append(contents(trained.folder))
        assert train_retrieval(imported, recipe).up_to_date
    made = [{name: data for name, data in files.items() if name != MANIFEST} for files in made]
    refused = CliRunner().invoke(
        cli, ["train", "retrieval", "-w", str(imported.root), "--shards", "x", "--embeddings", "y"]
    )

    assert made[0] == made[1]
    assert "model.safetensors" in made[0]
    assert refused.exit_code == 2
    assert "Leave out `--embeddings`" in refused.output


def test_export_for_trident(imported: Workspace, tmp_path: Path) -> None:
    """What TRIDENT reads: features, coords and the attributes of its patcher, whose square is ours."""
    done = export_embeddings(imported, tmp_path / "out", form=ExportFormat.TRIDENT)

    assert (done.slides, done.patches, done.files) == (3, 12, 3)
    with h5py.File(tmp_path / "out" / "b.h5") as f:
        attributes = dict(f["coords"].attrs)
        np.testing.assert_array_equal(f["features"][:], embeddings(1))
        np.testing.assert_array_equal(f["coords"][:], XY + 1)
        assert f["features"].attrs["encoder"] == "uni_v1"
    source_mpp, target_mpp = 10 / attributes["level0_magnification"], 10 / attributes["target_magnification"]
    assert round(attributes["patch_size"] * target_mpp / source_mpp) == 512
    assert round(attributes["overlap"] * target_mpp / source_mpp) == 64
    assert (attributes["name"], int(attributes["patch_size_level0"])) == ("b", 512)


def test_out_and_in_again(imported: Workspace, tmp_path: Path) -> None:
    """An export is importable, by a workspace that knows no resolution, and no value changes."""
    export_embeddings(imported, tmp_path / "out", form=ExportFormat.TRIDENT)
    again = contents(tmp_path / "out")
    export_embeddings(imported, tmp_path / "out", form=ExportFormat.TRIDENT)
    assert contents(tmp_path / "out") == again

    done = import_embeddings(imported, tmp_path / "out", ImportRequest(name="again"))

    assert dict(done.layouts) == {"PathAlign": 3}
    for name in "abc":
        old, new = (
            open_bag(embedding_path(imported.embeddings_folder(s), name)) for s in ("uni_v1-0.5mpp-256px", "again")
        )
        np.testing.assert_array_equal(old.embeddings, new.embeddings)
        np.testing.assert_array_equal(old.xy_px0, new.xy_px0)
        assert (old.side_px0, old.effective_mpp, old.overlap_px) == (new.side_px0, new.effective_mpp, new.overlap_px)


def test_export_of_shards(imported: Workspace, tmp_path: Path) -> None:
    """The slides of one split, with licence and parents of the set."""
    done = export_embeddings(imported, tmp_path / "out", form=ExportFormat.SHARDS, split=Split.TRAIN, seed=3)

    reader = ShardReader.open(tmp_path / "out")
    assert (done.slides, sorted(reader)) == (2, ["a", "b"])
    np.testing.assert_array_equal(reader.bag("b").embeddings, embeddings(1))
    np.testing.assert_array_equal(reader.bag("b").xy_px0, XY + 1)
    source = read_manifest(imported.embeddings_folder(), kind="patch embeddings", repair="")
    assert reader.manifest["parents"] == {"embeddings": source["id"]}
    assert reader.manifest["config"]["seed"] == 3


def test_nothing_to_export(imported: Workspace, tmp_path: Path) -> None:
    """A split without slides is said, a set that is not there, a file where a folder is wanted; nothing is written."""
    with pytest.raises(MissingArtifact, match=r"no slide of the val split.*another `--split`"):
        export_embeddings(imported, tmp_path / "out", form=ExportFormat.TRIDENT, split=Split.VAL)
    with pytest.raises(MissingArtifact, match=r"no complete patch embeddings in other/.*sets: uni_v1-0\.5mpp-256px"):
        export_embeddings(imported, tmp_path / "out", form=ExportFormat.TRIDENT, embeddings="other")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").write_text("kept")
    with pytest.raises(NeedsRepair, match="out is a file"):
        export_embeddings(imported, tmp_path / "out", form=ExportFormat.SHARDS)
    assert (tmp_path / "out").read_text() == "kept"
