"""Embeddings in and out: what other programs made becomes a set that `train` takes, and goes out again."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from pathalign.cli.main import cli
from pathalign.domain.records import Outcome, SlideText, Split
from pathalign.errors import BadEmbeddings, MissingArtifact, StaleArtifact
from pathalign.store.artifact import MANIFEST, read_manifest
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, open_bag
from pathalign.store.foreign.placing import Given
from pathalign.store.workspace import Workspace
from pathalign.tasks.importing import Imported, ImportRequest, import_embeddings
from pathalign.tasks.indexing import build_index
from pathalign.tasks.registration import add
from pathalign.testing.foreign_embeddings import write_clam, write_lazyslide, write_stamp, write_trident
from pathalign.train.cohort import TrainingCohort
from pathalign.train.recipes import QFormerSize, retrieval_recipe
from pathalign.train.runs import train_retrieval

pytestmark = pytest.mark.unit

XY = np.array([[0, 0], [512, 0], [512, 1024], [1024, 512]])
WriteTable = Callable[..., Path]


def embeddings(seed: int, *, dim: int = 8, half: bool = False) -> np.ndarray:
    """Four embeddings, exact in half precision when asked."""
    found = np.random.default_rng(seed).standard_normal((4, dim)).astype(np.float32)
    return found.astype(np.float16).astype(np.float32) if half else found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where another program put its files."""
    return tmp_path / "theirs"


@pytest.fixture
def register(workspace: Workspace, write_table: WriteTable) -> Callable[..., None]:
    """Registers slides without pixels: `register("a", "b", mpp=0.25)`."""

    def registered(*slide_ids: str, mpp: str = "0.25", split: str = "train") -> None:
        rows = [(slide_id, "", slide_id, slide_id, mpp, split) for slide_id in slide_ids]
        header = ["slide_id", "path", "patient_id", "case_id", "mpp", "split"]
        done = add(workspace, write_table("slides.csv", header, *rows))
        assert not done.problems

    return registered


def take(workspace: Workspace, folder: Path, *, given: Given | None = None, **said: object) -> Imported:
    """Import a folder."""
    return import_embeddings(workspace, folder, ImportRequest(given=given or Given(), **said))


def reasons(done: Imported) -> dict[str, str]:
    """Slide -> why it did not make it."""
    return {problem.item: problem.reason for problem in done.problems}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file and its bytes."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_set_of_trident_comes_in(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """Values are those of the files, the set is complete, and says where it came from."""
    register("a", "b", "c")
    write_trident(folder / "a.h5", embeddings(1), XY)
    write_trident(folder / "b.h5", embeddings(2, half=True), XY + 7)
    write_trident(folder / "stranger.h5", embeddings(3), XY)

    done = take(workspace, folder, licence="CC-BY-NC-ND-4.0")

    assert (done.name, done.patches, done.slides_without_file) == ("uni_v1-0.5mpp-256px", 8, ["c"])
    assert (done.files_without_slide, dict(done.layouts), done.problems) == (["stranger.h5"], {"TRIDENT": 2}, [])
    target = workspace.embeddings_folder()
    files = {name: open_bag(embedding_path(target, name)) for name in ("a", "b")}
    np.testing.assert_array_equal(files["a"].embeddings, embeddings(1))
    np.testing.assert_array_equal(files["b"].embeddings, embeddings(2, half=True))
    np.testing.assert_array_equal(files["b"].xy_px0, XY + 7)
    assert (files["a"].dtype, files["b"].dtype) == (np.float32, np.float16)
    assert files["a"].tissue_share is None
    provenance = files["a"].provenance
    assert (provenance["layout"], provenance["imported"]["file"], provenance["patches"]) == ("TRIDENT", "a.h5", 4)
    manifest = read_manifest(target, kind="patch embeddings", repair="")
    assert (manifest["slides"], manifest["licence"]) == (2, "CC-BY-NC-ND-4.0")
    assert manifest["config"]["encoder"]["embedding_dim"] == 8
    with Catalog(workspace.catalog_path) as catalog:
        assert {name: outcome for name, (outcome, _) in catalog.outcomes("import-embeddings").items()} == {
            "a": Outcome.OK, "b": Outcome.OK,
        }  # fmt: skip


def test_one_bad_file_costs_one_slide(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """Each is recorded with its own reason; the good ones are as if alone."""
    names = ["good", "nan", "dim", "torn", "side", "words", "zero"]
    register(*names)
    write_trident(folder / "good.h5", embeddings(0), XY)
    take(workspace, folder)
    alone = contents(workspace.embeddings_folder())
    write_trident(folder / "nan.h5", embeddings(1) * np.nan, XY)
    write_trident(folder / "dim.h5", embeddings(1, dim=9), XY)
    write_trident(folder / "torn.h5", embeddings(1), XY)
    (folder / "torn.h5").write_bytes((folder / "torn.h5").read_bytes()[:2000])
    write_trident(folder / "side.h5", embeddings(1), XY, patch_size=224)
    (folder / "words.h5").write_text("no embeddings")
    (folder / "zero.h5").touch()

    done = take(workspace, folder)

    assert contents(workspace.embeddings_folder()) == alone
    assert dict(done.outcomes) == {Outcome.OK: 1, Outcome.REFUSED: 6}
    expected = {
        "nan": "not finite", "dim": "length 9, not 8 as most", "torn": "damaged", "side": "patch side 224, not 256",
        "words": "damaged", "zero": "damaged",
    }  # fmt: skip
    assert sorted(reasons(done)) == sorted(expected)
    for name, reason in expected.items():
        assert reason in reasons(done)[name]


def test_an_empty_slide_is_an_empty_file(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """It takes the length of an embedding from the others, whichever comes first."""
    register("a-empty", "b")
    write_trident(folder / "a-empty.h5", np.zeros(0, np.float32), np.zeros((0, 2)))
    write_trident(folder / "b.h5", embeddings(0), XY)

    done = take(workspace, folder)

    assert dict(done.outcomes) == {Outcome.EMPTY: 1, Outcome.OK: 1}
    file = open_bag(embedding_path(workspace.embeddings_folder(), "a-empty"))
    assert (len(file), file.dim) == (0, 8)


def test_again_is_the_same(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """A second run writes nothing; a file that changed is taken anew."""
    register("a", "b")
    write_trident(folder / "a.h5", embeddings(1), XY)
    write_trident(folder / "b.h5", embeddings(2), XY)
    take(workspace, folder)
    target = workspace.embeddings_folder()
    before, inode = contents(target), embedding_path(target, "b").stat().st_ino

    again = take(workspace, folder)
    assert contents(target) == before
    assert embedding_path(target, "b").stat().st_ino == inode
    assert again.slides_done_before == 1  # the first is read to know the set

    write_trident(folder / "b.h5", embeddings(3), XY)
    take(workspace, folder)
    np.testing.assert_array_equal(open_bag(embedding_path(target, "b")).embeddings, embeddings(3))
    assert contents(target)["a.h5"] == before["a.h5"]


def test_killed_in_the_middle(
    workspace: Workspace, folder: Path, register: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that stops between two slides leaves no manifest; the next ends with the bytes of one run."""
    register("a", "b")
    for seed, name in enumerate("ab"):
        write_trident(folder / f"{name}.h5", embeddings(seed), XY)
    whole = contents(workspace.embeddings_folder(take(workspace, folder).name))
    target = workspace.embeddings_folder()
    for path in target.iterdir():
        path.unlink()

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pathalign.tasks.imported_set.write_manifest", stop)
        with pytest.raises(KeyboardInterrupt):
            take(workspace, folder)
    assert not (target / MANIFEST).exists()
    take(workspace, folder)

    assert contents(target) == whole


def test_tensors_of_clam(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """A .pt file takes its positions from the grid; bfloat16 is exact; code in a file is not run."""
    register("a", "b", "c", "d")
    (folder / "pt_files").mkdir(parents=True)
    for name in "abc":
        write_clam(folder / "none", None, XY, grid=folder / "patches" / f"{name}.h5")
    torch.save(torch.from_numpy(embeddings(1)), folder / "pt_files" / "a.pt")
    torch.save(torch.from_numpy(embeddings(2)).bfloat16(), folder / "pt_files" / "b.pt")
    torch.save({"path": Path("x")}, folder / "pt_files" / "c.pt")
    torch.save(torch.from_numpy(embeddings(1)), folder / "pt_files" / "d.pt")

    done = take(workspace, folder, encoder="resnet50")

    target = workspace.embeddings_folder()
    np.testing.assert_array_equal(open_bag(embedding_path(target, "a")).embeddings, embeddings(1))
    expected = torch.from_numpy(embeddings(2)).bfloat16().float().numpy()
    np.testing.assert_array_equal(open_bag(embedding_path(target, "b")).embeddings, expected)
    assert done.name == "resnet50-1mpp-256px"
    assert "holds more than a tensor" in reasons(done)["c"]
    assert "no grid of that slide" in reasons(done)["d"]


def test_the_encoder_is_asked_for(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """CLAM's files do not name it, and embeddings of an unknown encoder are of no use."""
    register("a")
    write_clam(folder / "h5_files" / "a.h5", embeddings(0), XY, grid=folder / "patches" / "a.h5")

    done = take(workspace, folder)

    assert "`--encoder-name NAME`" in reasons(done)["a"]
    assert done.name == ""
    assert not list((workspace.root / "embeddings").glob("*"))


def test_a_store_of_lazyslide(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """It knows its own resolution, so the catalog need not."""
    register("a", mpp="")
    folder.mkdir()
    write_lazyslide(folder / "a.zarr", embeddings(0), XY)

    done = take(workspace, folder)

    assert (done.name, done.patches) == ("uni-1mpp-224px", 4)


def test_an_unknown_resolution_is_a_reason(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """A slide without mpp, pixels or a word in its file is refused with the repair."""
    register("a", mpp="")
    write_stamp(folder / "a.h5", embeddings(0), XY)

    assert "Add an `mpp` column" in reasons(take(workspace, folder))["a"]


def test_the_resolution_of_the_slides_own_pixels(
    workspace: Workspace, folder: Path, slides: Path, write_table: WriteTable
) -> None:
    """Where the slide is there it says its resolution, and positions beyond its edge are another slide's."""
    table = write_table(
        "slides.csv", ["slide_id", "path"], ["one", slides / "one.tif"], ["two", slides / "two.tif"]
    )  # fmt: skip
    add(workspace, table)
    write_trident(folder / "one.h5", embeddings(0), np.zeros((4, 2)), level0_magnification=10, target_magnification=10)
    write_trident(folder / "two.h5", embeddings(0), XY, level0_magnification=10, target_magnification=10)

    done = take(workspace, folder)

    file = open_bag(embedding_path(workspace.embeddings_folder(), "one"))
    assert (file.slide_mpp, file.side_px0, file.effective_mpp) == (1.0, 256.0, 1.0)
    assert "its slide ends at (480, 480)" in reasons(done)["two"]


def test_names_that_fit_no_slide(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """Nothing imported is an error that shows what was expected; so is a catalog without slides, and no folder."""
    write_trident(folder / "other.h5", embeddings(0), XY)

    with pytest.raises(MissingArtifact, match="`pathalign add"):
        take(workspace, folder)
    register("a")
    with pytest.raises(BadEmbeddings, match=r"as in a\.h5.*holds 1 files of other names"):
        take(workspace, folder)
    with pytest.raises(BadEmbeddings, match="is no folder"):
        take(workspace, folder / "absent")


def test_another_set_of_that_name(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """Embeddings of another length never join a set that is there."""
    register("a", "b")
    write_trident(folder / "a.h5", embeddings(0), XY)
    take(workspace, folder)
    write_trident(folder / "a.h5", embeddings(0, dim=5), XY)

    with pytest.raises(StaleArtifact, match=r"differs in encoder.*`--name NAME`"):
        take(workspace, folder)
    assert take(workspace, folder, name="other").name == "other"


def test_half_precision_on_request(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """The largest error stands in the provenance."""
    register("a")
    write_trident(folder / "a.h5", embeddings(0), XY)

    take(workspace, folder, given=Given(half=True))

    file = open_bag(embedding_path(workspace.embeddings_folder(), "a"))
    error = np.abs(file.embeddings.astype(np.float64) - embeddings(0)).max()
    assert (file.dtype, file.provenance["largest_error"]) == (np.float16, error)


def test_int8_rows_on_request(workspace: Workspace, folder: Path, register: Callable[..., None]) -> None:
    """Stored with a scale for each row; the largest error stands in the provenance, the kind in the manifest too."""
    register("a", "empty")
    write_trident(folder / "a.h5", embeddings(0), XY)
    write_trident(folder / "empty.h5", np.zeros((0, 8), np.float32), XY[:0])

    done = take(workspace, folder, given=Given(int8=True))

    file = open_bag(embedding_path(workspace.embeddings_folder(), "a"))
    error = np.abs(file.embeddings - embeddings(0)).max()
    assert done.outcomes[Outcome.OK] == 1
    assert (file.int8, file.provenance["largest_error"]) == (True, error)
    assert 0 < error < np.abs(embeddings(0)).max() / 250
    manifest = read_manifest(workspace.embeddings_folder(), kind="patch embeddings", repair="")
    assert manifest["config"]["stored_as"] == file.provenance["stored_as"] == "int8 rows"
    assert len(open_bag(embedding_path(workspace.embeddings_folder(), "empty"))) == 0
    assert take(workspace, folder, given=Given(int8=True)).slides_done_before == 1
    with pytest.raises(StaleArtifact, match=r"differs in stored_as.*`--name NAME`"):
        take(workspace, folder)


def test_a_set_of_our_own_becomes_int8_rows_and_comes_back(
    workspace: Workspace, folder: Path, register: Callable[..., None]
) -> None:
    """Imported from the folder of a set, it is a second set; imported from that, its values do not change again."""
    register("a")
    write_trident(folder / "a.h5", embeddings(0), XY)
    take(workspace, folder, name="floats")
    home = workspace.root / "embeddings"

    take(workspace, home / "floats", given=Given(int8=True), name="small", encoder="uni_v1")
    take(workspace, home / "small", name="back", encoder="uni_v1")

    small, back = (open_bag(home / name / "a.h5") for name in ("small", "back"))
    np.testing.assert_array_equal(back.embeddings, small.embeddings)
    assert (small.int8, back.int8) == (True, False)
    np.testing.assert_array_equal(back.xy_px0, XY)


def with_texts(workspace: Workspace, names: Sequence[str]) -> None:
    """Give slides two diagnoses by turns."""
    with Catalog(workspace.catalog_path) as catalog:
        for number, name in enumerate(names):
            words = ["tubular adenoma", "invasive adenocarcinoma"][number % 2]
            catalog.put_text(SlideText(
                slide_id=name, case_id=name, patient_id=name, part="A", retrieval_text=f"colon: {words}.",
                generation_text=f"{words}.", retrieval_key=words, concept_key=words, malignant=None, split=Split.TRAIN,
            ))  # fmt: skip


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.slow
def test_an_imported_set_is_trained_on(
    workspace: Workspace, folder: Path, register: Callable[..., None], int8: bool
) -> None:
    """The cohort reads it, `train retrieval` makes a model and `index` vectors; single precision and int8 too."""
    names = ["a", "b", "c", "d"]
    register(*names)
    for seed, name in enumerate(names):
        write_trident(folder / f"{name}.h5", embeddings(seed, half=seed % 2 == 0), XY)
    take(workspace, folder, given=Given(int8=int8))
    with_texts(workspace, names)
    with Catalog(workspace.catalog_path) as catalog:
        cohort = TrainingCohort.load(catalog, workspace.embeddings_folder())
    size = QFormerSize(
        dim=16, layers=2, heads=2, ffn_dim=24, num_query_tokens=3, projection_dim=8, max_text_tokens=24, vocab=80
    )  # fmt: skip
    tiny = retrieval_recipe("tiny")
    recipe = replace(tiny, size=size, schedule=replace(tiny.schedule, steps=2, batch=2))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trained = train_retrieval(workspace, recipe)

    assert len(cohort) == 4
    step = np.abs(embeddings(1)).max() / 127 / 2 if int8 else 0
    np.testing.assert_allclose(cohort.bag(1).embeddings, embeddings(1), atol=step * 1.001, rtol=0)
    indexed = build_index(workspace)
    assert indexed.slides == 4
    assert (trained.folder / "model.safetensors").is_file()
    config = json.loads((trained.folder / "config.json").read_text())
    assert config["embeddings"]["encoder"]["name"] == "uni_v1"


def test_the_verbs(workspace: Workspace, folder: Path, register: Callable[..., None], tmp_path: Path) -> None:
    """Both print one JSON document; an import without a usable file leaves with 2."""
    register("a")
    write_stamp(folder / "a.h5", embeddings(0), XY * 0.25)
    at = ["-w", str(workspace.root), "--json"]

    taken = CliRunner().invoke(cli, ["import-embeddings", str(folder), *at])
    given = CliRunner().invoke(cli, ["export-embeddings", str(tmp_path / "out"), "--format", "shards", *at])
    (folder / "a.h5").write_text("broken")
    broken = CliRunner().invoke(cli, ["import-embeddings", str(folder), "--name", "new", *at])

    assert (taken.exit_code, json.loads(taken.stdout)["patches"]) == (0, 4)
    assert json.loads(taken.stdout)["embeddings"] == "uni2-1.14286mpp-224px"
    assert (given.exit_code, json.loads(given.stdout)["files"]) == (0, 1)
    assert (broken.exit_code, json.loads(broken.stdout)["problems"][0]["item"]) == (2, "a")
