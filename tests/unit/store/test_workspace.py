"""The workspace and its locks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pathalign.errors import BadWorkspace, MissingArtifact, WorkspaceBusy
from pathalign.store.artifact import write_json, write_manifest
from pathalign.store.workspace import Workspace, create_workspace, open_workspace

pytestmark = pytest.mark.unit

HOLDER = """
import sys
from pathlib import Path
from pathalign.store.workspace import open_workspace
with open_workspace(Path(sys.argv[1])).lock("embed"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return create_workspace(tmp_path / "w")


def test_making_a_workspace_twice_opens_it(workspace: Workspace) -> None:
    """A second `create_workspace` changes nothing, and files already in the folder stay."""
    (workspace.root / "notes.txt").write_text("mine")
    before = (workspace.root / "pathalign.json").read_bytes()

    assert create_workspace(workspace.root) == workspace == open_workspace(workspace.root)
    assert (workspace.root / "pathalign.json").read_bytes() == before
    assert (workspace.root / "notes.txt").read_text() == "mine"


def test_a_plain_folder_is_no_workspace(tmp_path: Path) -> None:
    """A folder without the workspace file is refused with how to make one."""
    with pytest.raises(BadWorkspace, match=r"is not a PathAlign workspace.*`pathalign init DIR`"):
        open_workspace(tmp_path)


def test_another_schema_is_refused(workspace: Workspace) -> None:
    """A workspace of a later version is refused, not misread."""
    write_json(workspace.root / "pathalign.json", {"schema": 7})

    with pytest.raises(BadWorkspace, match="schema 7; this version reads schema 1"):
        open_workspace(workspace.root)


def test_a_damaged_workspace_file_is_refused(workspace: Workspace) -> None:
    """A workspace file that is no JSON is refused with words for a user."""
    (workspace.root / "pathalign.json").write_text("{")

    with pytest.raises(BadWorkspace, match=r"pathalign\.json"):
        open_workspace(workspace.root)


def test_rooms_have_fixed_names(workspace: Workspace) -> None:
    """The layout of the contract: catalog.sqlite, embeddings/, models/, index/, runs/."""
    root = workspace.root

    assert workspace.catalog_path == root / "catalog.sqlite"
    assert workspace.embeddings_folder("e") == root / "embeddings" / "e"
    assert workspace.model_folder("retrieval") == root / "models" / "retrieval"
    assert workspace.encoder_folder.parent == root / "models"
    assert workspace.index_folder == root / "index"
    assert workspace.run_folder("evaluate") == root / "runs" / "evaluate"


def test_the_only_complete_embeddings_are_taken(workspace: Workspace) -> None:
    """Embeddings without a manifest do not count; with several complete ones the choice is the user's."""
    with pytest.raises(MissingArtifact, match="Run `pathalign embed` first"):
        workspace.embeddings_folder()
    (workspace.root / "embeddings" / "half").mkdir(parents=True)
    for name in ("b", "a"):
        write_manifest(workspace.embeddings_folder(name), kind="patch embeddings", config={}, parents={}, licence="")
        if name == "b":
            assert workspace.embeddings_folder().name == "b"

    with pytest.raises(MissingArtifact, match=r"\(a, b\)\. Say which one with `--embeddings NAME`"):
        workspace.embeddings_folder()


def test_a_lock_is_exclusive_across_processes(workspace: Workspace) -> None:
    """While another process holds a stage it is refused, other stages are free, and a kill frees it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(workspace.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(WorkspaceBusy, match=r"Another process is running `embed`.*try again"),
            workspace.lock("embed"),
        ):
            pass
        with workspace.lock("index"):
            pass
        holder.kill()
        holder.wait()
        with workspace.lock("embed"):
            pass


def test_a_lock_is_freed_when_its_stage_raises(workspace: Workspace) -> None:
    """A stage that fails can be run again at once."""

    def fail() -> None:
        with workspace.lock("embed"):
            raise OSError

    with pytest.raises(OSError, match=r"^$"):
        fail()

    with workspace.lock("embed"):
        pass
