"""`embed`: outcomes, resuming, and what makes embeddings stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from four_slides import GOOD, HEADER, NAME, OTHERS, SPEC, WriteTable, files

from pathalign.domain.records import Outcome
from pathalign.errors import MissingArtifact
from pathalign.slides.slide_reading import ReadingConfig, ReadRequest
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.store.artifact import MANIFEST
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, read_bag, read_provenance
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.tasks.collection import SlideResult
from pathalign.tasks.embedding import embed
from pathalign.tasks.embedding_set import EmbeddingSet
from pathalign.tasks.registration import add
from pathalign.tasks.status import read_status
from pathalign.testing.slides import draw_field, write_pyramid

pytestmark = pytest.mark.unit


def outcomes(workspace: Workspace) -> dict[str, Outcome]:
    """Slide -> outcome in the catalog."""
    with Catalog(workspace.catalog_path) as catalog:
        return {slide_id: outcome for slide_id, (outcome, _) in catalog.outcomes("embed").items()}


def test_glass_gives_an_empty_valid_file(filled: Workspace, make_encoder: Any) -> None:
    """A slide without tissue has a file without patches and an outcome of its own."""
    done = embed(filled, make_encoder(), spec=SPEC)

    assert outcomes(filled) == {"glass": Outcome.EMPTY, "one": Outcome.OK, "three": Outcome.OK, "two": Outcome.OK}
    bag = read_bag(embedding_path(filled.root / "embeddings" / NAME, "glass"), slide_id="glass")
    assert bag.embeddings.shape == (0, 6)
    assert bag.xy_px0.shape == (0, 2)
    assert done.as_json()["slides"] == {"ok": 3, "empty": 1, "refused": 0, "failed": 0, "timed out": 0}
    assert done.patches == 12
    assert done.problems == []


@pytest.mark.slow
def test_a_broken_slide_harms_no_other(
    filled: Workspace,
    slides: Path,
    tmp_path: Path,
    write_table: WriteTable,
    make_encoder: Any,
    tear: Callable[[Path], None],
) -> None:
    """Slides that break, vanish or are too coarse are recorded; the others have the bytes of a run without them."""
    alone = create_workspace(tmp_path / "alone")
    add(alone, write_table("good.csv", HEADER, *GOOD))
    embed(alone, make_encoder(), spec=SPEC)
    rows = [*GOOD, ("coarse", "slides/one.tif", "4.0"), *OTHERS]
    add(filled, write_table("slides.csv", HEADER, *rows))
    tear(slides / "two.tif")
    (slides / "glass.tif").unlink()

    done = embed(filled, make_encoder(), spec=SPEC)

    assert {name: data for name, data in files(filled).items() if name.endswith(".h5")} == {
        name: data for name, data in files(alone).items() if name.endswith(".h5")
    }
    found = outcomes(filled)
    assert [found[i] for i in ("one", "three")] == [Outcome.OK, Outcome.OK]
    assert found["coarse"] == Outcome.REFUSED
    assert found["two"] == Outcome.FAILED
    reasons = {problem.item: problem.reason for problem in done.problems}
    assert sorted(reasons) == ["coarse", "glass", "two"]
    assert "two.tif breaks" in reasons["two"]
    assert "is not there" in reasons["glass"]
    assert "--mpp 4" in reasons["coarse"]


@pytest.mark.parametrize("stop_at", [1, 2, 3])
@pytest.mark.slow
def test_stopped_and_run_again_is_equal(
    filled: Workspace, tmp_path: Path, write_table: WriteTable, make_encoder: Any, stop_at: int
) -> None:
    """Whenever `embed` is stopped, running it again ends with the bytes of one run, and does only what is missing."""
    whole = create_workspace(tmp_path / "whole")
    add(whole, tmp_path / "slides.csv")
    embed(whole, make_encoder(), spec=SPEC)

    with pytest.raises(KeyboardInterrupt):
        embed(filled, make_encoder(stop_at=stop_at), spec=SPEC)
    assert MANIFEST not in files(filled)
    resumed = make_encoder()
    done = embed(filled, resumed, spec=SPEC)

    assert files(filled) == files(whole)
    assert resumed.calls == 3 - (stop_at - 1)
    assert done.slides_done_before == stop_at, "glass comes first and needs no encoder"
    assert done.patches == 12


def test_again_does_nothing(filled: Workspace, make_encoder: Any) -> None:
    """What is done is left as it is, empty slides too."""
    embed(filled, make_encoder(), spec=SPEC)
    before = files(filled)
    encoder = make_encoder()

    done = embed(filled, encoder, spec=SPEC)

    assert encoder.calls == 0
    assert done.slides_done_before == 4
    assert files(filled) == before
    assert outcomes(filled)["glass"] == Outcome.EMPTY


@pytest.mark.slow
def test_the_decoder_halves_on_request(
    workspace: Workspace, tmp_path: Path, write_table: WriteTable, make_encoder: Any
) -> None:
    """With `scaled_decode` a slide of one level is halved by its decoder: the same patches, nearly the same colours."""
    write_pyramid(tmp_path / "fine.tif", draw_field("colon_benign", side_um=960, mpp=0.5, seed=0), mpp=0.5, levels=1)
    add(workspace, write_table("slides.csv", HEADER, ("fine", "fine.tif", "")))
    path = workspace.root / "embeddings" / NAME / "fine.h5"
    bags = []
    for scaled_decode in (False, True):
        embed(workspace, make_encoder(), spec=SPEC, scaled_decode=scaled_decode, redo=True)
        bags.append(read_bag(path, slide_id="fine"))
        assert (read_provenance(path) or {})["scaled_decode"] is scaled_decode

    mean, scaled = bags
    np.testing.assert_array_equal(mean.xy_px0, scaled.xy_px0)
    grey_levels = 255 * np.abs(mean.embeddings.astype(float) - scaled.embeddings)
    assert len(grey_levels) == 16
    assert 0 < grey_levels.max() < 2.5  # mean and deviation of each channel


def test_a_pixel_size_that_the_file_contradicts_is_recorded(
    workspace: Workspace, slides: Path, write_table: WriteTable, make_encoder: Any
) -> None:
    """What the file says of its pixel size stands beside what the user said; where they agree, nothing does."""
    rows = [("given", slides / "one.tif", "0.9"), ("agreed", slides / "two.tif", "1.0")]
    add(workspace, write_table("slides.csv", HEADER, *rows))
    embed(workspace, make_encoder(), spec=SPEC)

    facts = {name: read_provenance(workspace.root / "embeddings" / NAME / f"{name}.h5") or {} for name, *_ in rows}
    assert facts["given"]["slide_mpp"] == 0.9
    assert facts["given"]["slide_mpp_disagrees_with"] == "1 (TIFF resolution tags)"
    assert "slide_mpp_disagrees_with" not in facts["agreed"]


@pytest.mark.slow
def test_numbers_that_are_not_finite_fail_the_slide(filled: Workspace, make_encoder: Any) -> None:
    """An encoder that overflows half precision is told, and no file of such numbers is left."""
    embed(filled, make_encoder(), spec=SPEC)
    overflowing = make_encoder(weights="large")
    overflowing.encode = lambda patches: make_encoder().encode(patches) * np.float32(1e30)

    done = embed(filled, overflowing, spec=SPEC, redo=True)

    assert {problem.item for problem in done.problems} == {"one", "two", "three"}
    assert [name for name in files(filled) if name.endswith(".h5")] == ["glass.h5"]


def test_nothing_to_embed_names_the_repair(workspace: Workspace, write_table: WriteTable, make_encoder: Any) -> None:
    """A catalog without pixels says what to do."""
    add(workspace, write_table("slides.csv", HEADER, ("imported", "", "")))

    with pytest.raises(MissingArtifact, match="pathalign add"):
        embed(workspace, make_encoder(), spec=SPEC)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.slow
def test_workers_write_the_same_bytes(
    filled: Workspace, tmp_path: Path, write_table: WriteTable, make_encoder: Any, workers: int
) -> None:
    """Reading in processes of their own changes no byte of the set, its manifest included."""
    whole = create_workspace(tmp_path / "whole")
    add(whole, tmp_path / "slides.csv")
    embed(whole, make_encoder(), spec=SPEC)

    done = embed(filled, make_encoder(), spec=SPEC, reading=ReadingConfig(workers=workers))

    assert files(filled) == files(whole)
    assert done.outcomes == {Outcome.OK: 3, Outcome.EMPTY: 1}


@pytest.mark.slow
def test_broken_patches_are_counted_and_told(
    filled: Workspace, slides: Path, make_encoder: Any, tear: Callable[..., None]
) -> None:
    """What was left out is in outcome, provenance and `status`; a stricter limit embeds anew and fails."""
    tear(slides / "one.tif", tiles=slice(3, 4))  # of level 0, which only the last of four patches touches
    reading = ReadingConfig(max_broken=0.5)

    done = embed(filled, make_encoder(), spec=SPEC, reading=reading)
    again = embed(filled, make_encoder(), spec=SPEC, reading=reading)

    assert (done.broken_patches, again.broken_patches, done.patches) == (1, 1, 11)
    provenance = read_provenance(embedding_path(filled.root / "embeddings" / NAME, "one")) or {}
    assert (provenance["patches"], provenance["broken_patches"]) == (3, 1)
    told = {row["slide_id"]: row["reason"] for row in read_status(filled).problems}
    assert told["one"] == "1 of 4 patches are broken and were left out"
    assert embed(filled, make_encoder(), spec=SPEC).outcomes[Outcome.FAILED] == 1


def test_a_slide_that_times_out_keeps_what_was_made_of_it(filled: Workspace, make_encoder: Any) -> None:
    """Slow storage says nothing against embeddings that were made with the same parameters; others are dropped."""
    embed(filled, make_encoder(), spec=SPEC)
    before = files(filled)
    folder = filled.root / "embeddings" / NAME
    old = read_provenance(folder / "one.h5") or {}
    config = {name: old[name] for name in ("encoder", "patch_px", "tissue")}
    request = ReadRequest(
        slide_id="one", path=filled.root.parent / "slides" / "one.tif", given_mpp=None, spec=SPEC,
        tissue=TissueConfig(), batch=32, max_broken=0.01,
    )  # fmt: skip
    late = SlideResult(request=request, outcome=Outcome.TIMED_OUT, reason="no progress")

    EmbeddingSet(folder, config=config, licence="CC0").record(late)
    assert files(filled) == before
    EmbeddingSet(folder, config={**config, "patch_px": 512}, licence="CC0").record(late)
    assert before.keys() - files(filled).keys() == {"one.h5", MANIFEST}


def test_annotations_restrict_the_patches(filled: Workspace, tmp_path: Path, make_encoder: Any) -> None:
    """Only patches within the drawn regions are embedded; other regions embed that slide again, and none refuse it."""
    regions = tmp_path / "regions"
    regions.mkdir()

    def draw(slide_id: str, side: int) -> None:
        ring = [[0, 0], [side, 0], [side, side], [0, side], [0, 0]]
        (regions / f"{slide_id}.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))

    for slide_id, side in {"one": 230, "two": 480, "glass": 480}.items():
        draw(slide_id, side)

    done = embed(filled, make_encoder(), spec=SPEC, annotations=regions)
    folder = filled.root / "embeddings" / NAME
    assert read_bag(folder / "one.h5", slide_id="one").xy_px0.tolist() == [[0, 0]]
    assert len(read_bag(folder / "two.h5", slide_id="two")) == 4
    assert outcomes(filled)["three"] == Outcome.REFUSED
    assert "three.geojson" in done.problems[0].reason

    draw("one", 480)
    again = embed(filled, make_encoder(), spec=SPEC, annotations=regions)
    assert again.slides_done_before == 2
    assert len(read_bag(folder / "one.h5", slide_id="one")) == 4
