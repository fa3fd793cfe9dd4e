"""The workspace: a folder whose rooms have fixed names, and the locks of its stages."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pathalign.errors import BadWorkspace, MissingArtifact, UnknownName, WorkspaceBusy
from pathalign.store.artifact import MANIFEST, write_json

WORKSPACE_FILE = "pathalign.json"
WORKSPACE_SCHEMA = 1


def set_name(encoder: str, *, patch_mpp: float | int, patch_px: int) -> str:
    """What a set of embeddings is called when the user does not say: one per encoder and resolution."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(encoder).name or encoder).strip("-.")
    return f"{stem or 'encoder'}-{patch_mpp:g}mpp-{patch_px}px"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds one cohort and everything made of it; `create_workspace` makes one."""

    root: Path

    @property
    def catalog_path(self) -> Path:
        """The SQLite catalog."""
        return self.root / "catalog.sqlite"

    @property
    def encoder_folder(self) -> Path:
        """The patch encoder that the workspace trained for itself."""
        return self.root / "models" / "encoder"

    @property
    def index_folder(self) -> Path:
        """Vectors for search."""
        return self.root / "index"

    def model_folder(self, name: str) -> Path:
        """A trained model: `retrieval` or `generation`."""
        return self.root / "models" / name

    def run_folder(self, name: str) -> Path:
        """Logs, checkpoints, metrics and figures of one run."""
        return self.root / "runs" / name

    def embeddings_folder(self, name: str | None = None) -> Path:
        """The patch embeddings called `name`; without a name the only ones there are.

        Raises `MissingArtifact` when there are none, or several to choose from, `UnknownName` for a name that is no
        name of a folder.
        """
        home = self.root / "embeddings"
        if name is not None:
            if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
                raise UnknownName(f"{name!r} cannot name a set of embeddings: use letters, digits, `.`, `-` and `_`.")
            return home / name
        present = sorted(folder.name for folder in home.glob("*") if (folder / MANIFEST).is_file())
        if not present:
            raise MissingArtifact("The workspace holds no complete patch embeddings. Run `pathalign embed` first.")
        if len(present) > 1:
            raise MissingArtifact(
                f"The workspace holds several sets of patch embeddings ({', '.join(present)}). "
                "Say which one with `--embeddings NAME`."
            )
        return home / present[0]

    @contextmanager
    def lock(self, stage: str) -> Iterator[None]:
        """Hold a stage for this process; raises `WorkspaceBusy` when another one does. A kill frees it."""
        path = self.root / ".locks" / f"{stage}.lock"
        path.parent.mkdir(exist_ok=True)
        with path.open("w") as f:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkspaceBusy(
                    f"Another process is running `{stage}` in this workspace. Wait for it, or stop it, then try again."
                ) from error
            yield


def create_workspace(root: Path) -> Workspace:
    """Make a workspace, or open the one that is there; files already in the folder stay."""
    root.mkdir(parents=True, exist_ok=True)
    root = root.resolve()
    if not (root / WORKSPACE_FILE).exists():
        write_json(root / WORKSPACE_FILE, {"kind": "pathalign workspace", "schema": WORKSPACE_SCHEMA})
    return open_workspace(root)


def open_workspace(root: Path) -> Workspace:
    """The workspace in `root`. Raises `BadWorkspace` when it is none, or of another schema."""
    path = root / WORKSPACE_FILE
    if not path.is_file():
        raise BadWorkspace(
            f"{root} is not a PathAlign workspace (it has no {WORKSPACE_FILE}). "
            "Make one with `pathalign init DIR`, then go there or name it with `-w DIR`."
        )
    try:
        schema = json.loads(path.read_text(encoding="utf-8")).get("schema")
    except ValueError as error:
        raise BadWorkspace(
            f"{path} is damaged: it is no JSON. Delete that one file and run `pathalign init` there; the rest stays."
        ) from error
    if schema != WORKSPACE_SCHEMA:
        raise BadWorkspace(
            f"{root} is a workspace of schema {schema}; this version reads schema {WORKSPACE_SCHEMA}. "
            "Install the version that made it, or make a new workspace and add the slides again."
        )
    return Workspace(root.resolve())
