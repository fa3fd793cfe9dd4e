"""The slides of the fixture `filled` as rows of a table, and the set of embeddings that is made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pathalign.domain.geometry import PatchSpec
from pathalign.store.workspace import Workspace

WriteTable = Callable[..., Path]
SPEC = PatchSpec()
HEADER = ("slide_id", "path", "mpp")
GOOD = (("one", "slides/one.tif", ""), ("three", "slides/three.tif", ""))
OTHERS = (("two", "slides/two.tif", ""), ("glass", "slides/glass.tif", ""))
NAME = "colour-1mpp-224px"


def files(workspace: Workspace) -> dict[str, bytes]:
    """The bytes of everything in the set of embeddings."""
    return {path.name: path.read_bytes() for path in (workspace.root / "embeddings" / NAME).iterdir()}
