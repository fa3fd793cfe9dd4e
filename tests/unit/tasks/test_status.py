"""`status`: what comes next, and what became of slides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathalign.store.workspace import Workspace
from pathalign.tasks.importing import ImportRequest, import_embeddings
from pathalign.tasks.registration import add
from pathalign.tasks.status import read_status
from pathalign.testing.foreign_embeddings import write_trident

pytestmark = pytest.mark.unit


def test_slides_without_pixels_are_imported_next(
    workspace: Workspace, tmp_path: Path, write_table: Callable[..., Path]
) -> None:
    """Where no slide has a path there is nothing to embed; files that could not be taken are among the problems."""
    rows = [(name, "", "0.25") for name in ("good", "torn")]
    add(workspace, write_table("slides.csv", ("slide_id", "path", "mpp"), *rows))
    before = read_status(workspace)
    write_trident(tmp_path / "theirs" / "good.h5", np.ones((2, 8), np.float32), np.array([[0, 0], [512, 0]]))
    (tmp_path / "theirs" / "torn.h5").write_text("torn")

    import_embeddings(workspace, tmp_path / "theirs", ImportRequest())

    after = read_status(workspace)
    assert before.next_step == "pathalign import-embeddings DIR"
    assert after.next_step == "pathalign train retrieval"
    assert [(problem["slide_id"], problem["outcome"]) for problem in after.problems] == [("torn", "refused")]
