"""`export-embeddings`: a set of embeddings -> files that TRIDENT reads, or training shards."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import h5py

from pathalign.domain.progress import Progress, silent
from pathalign.domain.records import Split
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.store.artifact import MANIFEST, read_manifest, written_aside
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import EmbeddingFile, embedding_path, index_again, open_bag, write_floats
from pathalign.store.shards import SHARD_BYTES, write_shards
from pathalign.store.workspace import Workspace

MAGNIFICATION_MPP = 10.0
"""Micrometres per pixel at a nominal magnification of 1; TRIDENT's patcher divides by it too, so ratios are exact."""


class ExportFormat(StrEnum):
    """What is written."""

    TRIDENT = "trident"
    """One HDF5 per slide."""
    SHARDS = "shards"
    """Tar files of .npy with a byte index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What `export-embeddings` did."""

    embeddings: str
    format: ExportFormat
    folder: Path
    slides: int
    patches: int
    files: int

    def as_json(self) -> dict[str, object]:
        """The document of `export-embeddings --json`."""
        return {
            "embeddings": self.embeddings, "format": self.format.value, "folder": str(self.folder),
            "slides": self.slides, "patches": self.patches, "files": self.files,
        }  # fmt: skip


def export_embeddings(
    workspace: Workspace, folder: Path, *, form: ExportFormat, embeddings: str | None = None,
    split: Split | None = None, seed: int = 0, shard_bytes: int = SHARD_BYTES, progress: Progress = silent,
) -> Exported:  # fmt: skip
    """Write a complete set, or one split of it, to a folder outside; again gives the same bytes.

    Raises `MissingArtifact` when there is no complete set or it has no slide of that split, `StaleArtifact` when a
    file of it is damaged, and `NeedsRepair` when `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise NeedsRepair(f"{folder.name} is a file; expected the folder to write to. Name another one.")
    source = workspace.embeddings_folder(embeddings)
    there = ", ".join(path.parent.name for path in sorted(source.parent.glob(f"*/{MANIFEST}")))
    repair = f"Complete sets: {there or 'none'}. Name one of them, or run `pathalign embed`."
    manifest = read_manifest(source, kind="patch embeddings", repair=repair)
    with Catalog(workspace.catalog_path) as catalog:
        names = [slide.slide_id for slide in catalog.slides(split=split)]
    files = [open_bag(path, slide_id=name) for name in names if (path := embedding_path(source, name)).is_file()]
    if not files:
        wanted = f"of the {split.value} split " if split else ""
        hint = "Name another `--split`, or leave it out." if split else "Run `pathalign embed` first."
        raise MissingArtifact(f"embeddings/{source.name} holds no slide {wanted}that is in the catalog. {hint}")
    with progress(f"Exporting {source.name}", len(files)) as advance:
        if form is ExportFormat.SHARDS:
            for file in files:
                file.check()
            for count in write_shards(
                files, folder, seed=seed, shard_bytes=shard_bytes, licence=manifest["licence"],
                config={"embeddings": {"name": source.name, **manifest["config"]}, "split": split and split.value},
                parents={"embeddings": manifest["id"]},
            ):  # fmt: skip
                advance(count)
        else:
            for file in files:
                file.check()
                write_trident(file, embedding_path(folder, file.slide_id))
                advance(1)
    pattern = "shard-*.tar" if form is ExportFormat.SHARDS else "*.h5"
    return Exported(
        embeddings=source.name, format=form, folder=folder, slides=len(files),
        patches=sum(len(file) for file in files), files=len(list(folder.glob(pattern))),
    )  # fmt: skip


def write_trident(file: EmbeddingFile, path: Path) -> None:
    """The same file with the two magnifications that TRIDENT's patcher asks for; only int8 rows change, into floats.

    They are 10 / micrometres per pixel, not an objective: TRIDENT divides them, and gets the side that was read.
    """
    with written_aside(path) as aside:
        if file.int8:
            write_floats(file, aside)
        else:
            shutil.copyfile(file.path, aside)
        with h5py.File(aside, "r+") as f:
            f["coords"].attrs["level0_magnification"] = MAGNIFICATION_MPP / file.slide_mpp
            f["coords"].attrs["target_magnification"] = MAGNIFICATION_MPP / file.effective_mpp
        index_again(aside)
