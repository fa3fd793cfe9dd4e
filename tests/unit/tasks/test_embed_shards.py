"""`embed --shard I/N`: array jobs, and the plain run that closes their set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import NeedsRepair, StaleArtifact, WorkspaceBusy
from pathalign.store.artifact import MANIFEST
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.tasks.embedding import embed
from pathalign.tasks.registration import add
from pathalign.tasks.shards import Shard, parse_shard, read_outcomes, written_outcomes

pytestmark = pytest.mark.unit

SPEC = PatchSpec()


def home(workspace: Workspace) -> Path:
    """The one set of embeddings."""
    return next((workspace.root / "embeddings").iterdir())


def files(workspace: Workspace) -> dict[str, bytes]:
    """The bytes of everything in it."""
    return {path.name: path.read_bytes() for path in home(workspace).iterdir()}


def outcomes(workspace: Workspace) -> dict[str, tuple[Outcome, str]]:
    """Slide -> outcome and reason in the catalog."""
    with Catalog(workspace.catalog_path) as catalog:
        return catalog.outcomes("embed")


@pytest.mark.slow
def test_shards_and_a_closing_run_equal_one_run(
    filled: Workspace, tmp_path: Path, make_encoder: Any, slides: Path
) -> None:
    """Three shards touch neither catalog nor manifest; the plain run after them embeds nothing and closes the set."""
    whole = create_workspace(tmp_path / "whole")
    add(whole, tmp_path / "slides.csv")
    (slides / "two.tif").write_text("this is no slide")
    embed(whole, make_encoder(), spec=SPEC)
    catalog = filled.catalog_path.read_bytes()

    for index in (1, 2, 3):
        embed(filled, make_encoder(), spec=SPEC, shard=Shard(index=index, count=3))

    assert filled.catalog_path.read_bytes() == catalog
    assert outcomes(filled) == {}
    assert MANIFEST not in files(filled)
    lines = [line for path in written_outcomes(home(filled)) for line in read_outcomes(path)]
    assert {slide_id: outcome.value for slide_id, outcome, _ in lines} == {
        "glass": "empty", "one": "ok", "three": "ok", "two": "failed",
    }  # fmt: skip

    closing = make_encoder()
    embed(filled, closing, spec=SPEC)

    assert closing.calls == 0
    assert files(filled) == files(whole)
    assert outcomes(filled) == outcomes(whole)


def test_a_shard_leaves_a_catalog_that_changes_alone(filled: Workspace, make_encoder: Any) -> None:
    """What another process has written but not yet put into the catalog file would be missed, so it is refused."""
    with Catalog(filled.catalog_path) as catalog:
        catalog.put_outcome("embed", "one", Outcome.OK)
        with pytest.raises(WorkspaceBusy, match="being changed"):
            embed(filled, make_encoder(), spec=SPEC, shard=Shard(index=1, count=2))


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "a/b", "1/3/5"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    """`--shard` says what it takes."""
    with pytest.raises(NeedsRepair, match="I/N"):
        parse_shard(text)


def test_a_refused_shard_leaves_nothing(filled: Workspace, make_encoder: Any) -> None:
    """A shard with other parameters than the set has is refused, and the set is as it was."""
    embed(filled, make_encoder(), spec=SPEC)
    before = files(filled)

    with pytest.raises(StaleArtifact):
        embed(filled, make_encoder(), spec=replace(SPEC, max_patches=1), shard=Shard(index=1, count=2))

    assert files(filled) == before
