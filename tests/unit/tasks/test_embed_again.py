"""`embed` run again: what is kept, what is made anew, what is a set of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from four_slides import HEADER, NAME, SPEC, WriteTable, files

from pathalign.domain.geometry import PatchSpec
from pathalign.errors import MissingArtifact, NeedsRepair, StaleArtifact
from pathalign.store.artifact import MANIFEST
from pathalign.store.embeddings import embedding_path, index_again, open_bag, read_bag, read_provenance
from pathalign.store.workspace import Workspace
from pathalign.tasks.embedding import embed
from pathalign.tasks.registration import add

pytestmark = pytest.mark.unit


@pytest.mark.slow
def test_int8_rows_are_a_set_of_their_own(filled: Workspace, make_encoder: Any) -> None:
    """Stored as asked for and said so; a set of floats is not continued with them, nor the other way round."""
    embed(filled, make_encoder(), spec=SPEC)

    with pytest.raises(StaleArtifact, match=r"differs from what is asked for in stored_as.*`--name NAME`"):
        embed(filled, make_encoder(), spec=SPEC, int8_rows=True)
    done = embed(filled, make_encoder(), spec=SPEC, int8_rows=True, name="small")
    again = embed(filled, make_encoder(), spec=SPEC, int8_rows=True, name="small")
    with pytest.raises(StaleArtifact, match="stored_as"):
        embed(filled, make_encoder(), spec=SPEC, name="small")

    assert (done.patches, again.slides_done_before) == (12, 4)
    small, half = (open_bag(embedding_path(filled.root / "embeddings" / name, "one")) for name in ("small", NAME))
    assert (small.int8, half.int8, half.provenance.get("stored_as")) == (True, False, None)
    np.testing.assert_allclose(small.embeddings, half.embeddings, atol=float(np.abs(half.embeddings).max()) / 250)
    assert small.provenance["stored_as"] == "int8 rows"
    assert "stored_as" in (filled.root / "embeddings" / "small" / MANIFEST).read_text()
    assert "stored_as" not in (filled.root / "embeddings" / NAME / MANIFEST).read_text()


def test_a_torn_file_is_made_again(filled: Workspace, make_encoder: Any) -> None:
    """That a file exists does not mean that it is complete."""
    embed(filled, make_encoder(), spec=SPEC)
    before = files(filled)
    path = filled.root / "embeddings" / NAME / "two.h5"
    path.write_bytes(path.read_bytes()[:500])

    done = embed(filled, make_encoder(), spec=SPEC)

    assert done.slides_done_before == 3
    assert files(filled) == before


@pytest.mark.parametrize("what", ["min_tissue", "encoder", "scaled_decode"])
@pytest.mark.slow
def test_other_parameters_are_refused_until_redo(filled: Workspace, make_encoder: Any, what: str) -> None:
    """A set of embeddings has one encoder and one set of parameters; `--redo` makes it anew."""
    embed(filled, make_encoder(), spec=SPEC)
    spec = PatchSpec(min_tissue=0.9) if what == "min_tissue" else SPEC
    weights = "others" if what == "encoder" else "none"

    scaled = what == "scaled_decode"

    with pytest.raises(StaleArtifact, match=rf"differs .* in {what}.*`--redo`.*`--name NAME`"):
        embed(filled, make_encoder(weights=weights), spec=spec, scaled_decode=scaled)

    before = files(filled)
    embed(filled, make_encoder(weights=weights), spec=spec, scaled_decode=scaled, redo=True)
    assert files(filled).keys() == before.keys()
    assert files(filled)[MANIFEST] != before[MANIFEST]


@pytest.mark.slow
def test_a_stopped_redo_leaves_no_complete_set(filled: Workspace, make_encoder: Any) -> None:
    """A set of old and new embeddings has no manifest; running again without `--redo` completes it."""
    embed(filled, make_encoder(), spec=SPEC)
    with pytest.raises(KeyboardInterrupt):
        embed(filled, make_encoder(weights="others", stop_at=2), spec=SPEC, redo=True)

    with pytest.raises(MissingArtifact):
        filled.embeddings_folder()

    embed(filled, make_encoder(weights="others"), spec=SPEC)
    folder = filled.embeddings_folder()
    made_by = {(read_provenance(path) or {})["encoder"]["weights_digest"] for path in folder.glob("*.h5")}
    assert made_by == {"others"}


@pytest.mark.slow
def test_another_resolution_has_its_own_folder(filled: Workspace, make_encoder: Any) -> None:
    """Sets of embeddings at two resolutions stand side by side."""
    embed(filled, make_encoder(), spec=SPEC)
    done = embed(filled, make_encoder(), spec=PatchSpec(patch_mpp=2.0))

    assert done.name == "colour-2mpp-224px"
    assert sorted(path.name for path in (filled.root / "embeddings").iterdir()) == [NAME, "colour-2mpp-224px"]


@pytest.mark.slow
def test_another_choice_of_patches_can_have_a_name(filled: Workspace, make_encoder: Any) -> None:
    """Sets of one encoder and resolution lie side by side when one is named; a name is no path."""
    embed(filled, make_encoder(), spec=SPEC)

    done = embed(filled, make_encoder(), spec=replace(SPEC, max_patches=1), name="few")

    assert (done.name, done.patches) == ("few", 3)
    assert sorted(path.name for path in (filled.root / "embeddings").iterdir()) == sorted([NAME, "few"])
    with pytest.raises(NeedsRepair, match="cannot name a set"):
        embed(filled, make_encoder(), spec=SPEC, name="../few")


@pytest.mark.slow
def test_a_corrected_mpp_embeds_that_slide_again(filled: Workspace, write_table: WriteTable, make_encoder: Any) -> None:
    """A slide's resolution is part of what its embeddings were made from."""
    embed(filled, make_encoder(), spec=SPEC)
    before = files(filled)
    add(filled, write_table("slides.csv", HEADER, ("one", "slides/one.tif", "0.5")))

    done = embed(filled, make_encoder(), spec=SPEC)

    assert done.slides_done_before == 3
    changed = {name for name, data in files(filled).items() if data != before[name]}
    assert changed == {"one.h5", MANIFEST}
    bag = read_bag(embedding_path(filled.root / "embeddings" / NAME, "one"), slide_id="one")
    assert (bag.slide_mpp, bag.side_px0, len(bag)) == (0.5, 448.0, 1)


def test_a_slide_that_breaks_later_loses_its_embeddings(
    filled: Workspace, slides: Path, make_encoder: Any, tear: Callable[[Path], None]
) -> None:
    """Embeddings of a slide that can no longer be read are not kept as if they were of it."""
    embed(filled, make_encoder(), spec=SPEC)
    before = files(filled)
    tear(slides / "two.tif")

    embed(filled, make_encoder(), spec=SPEC)

    assert before.keys() - files(filled).keys() == {"two.h5"}
    assert files(filled)[MANIFEST] != before[MANIFEST]


def test_leftovers_of_a_kill_are_removed_when_they_are_old(filled: Workspace, make_encoder: Any) -> None:
    """What is being written now, perhaps on another machine, stays; what began long ago does not."""
    folder = filled.root / "embeddings" / NAME
    folder.mkdir(parents=True)
    young, old = folder / ".one.h5.1.part", folder / ".two.h5.2.part"
    for part in (young, old):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))

    embed(filled, make_encoder(), spec=SPEC)

    assert (young.exists(), old.exists()) == (True, False)


def test_a_set_of_an_older_version_goes_on(filled: Workspace, make_encoder: Any) -> None:
    """Cards say more than they once did, and may say it in other words: neither makes embeddings stale."""
    embed(filled, make_encoder(), spec=SPEC)
    encoder = make_encoder()
    encoder._card = replace(encoder.card, licence="CC0-1.0", source="elsewhere")
    for path in (filled.root / "embeddings" / NAME).glob("*.h5"):
        with h5py.File(path, "r+") as file:
            provenance = json.loads(file.attrs["provenance"])
            for key in ("mean", "std", "pooling", "gated"):
                del provenance["encoder"][key]
            file.attrs["provenance"] = json.dumps(provenance)
        index_again(path)
        assert "pooling" not in (read_provenance(path) or {})["encoder"]

    done = embed(filled, encoder, spec=SPEC)

    assert (encoder.calls, done.slides_done_before) == (0, 4)


@pytest.mark.parametrize("other", [{"pooling": "mean of patch tokens"}, {"mean": (0.5, 0.5, 0.5)}])
def test_other_pooling_or_normalisation_is_another_encoder(
    filled: Workspace, make_encoder: Any, other: dict[str, Any]
) -> None:
    """The same weights with another pre-processing or pooling make other embeddings."""
    embed(filled, make_encoder(), spec=SPEC)
    encoder = make_encoder()
    encoder._card = replace(encoder.card, **other)

    with pytest.raises(StaleArtifact, match="differs from what is asked for in encoder"):
        embed(filled, encoder, spec=SPEC)
