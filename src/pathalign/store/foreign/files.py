"""Where other programs put the file of a slide below the folder that a user names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pathalign.errors import BadEmbeddings
from pathalign.store.foreign.hdf5_layouts import holds_embeddings

SUFFIXES = (".h5", ".pt", ".zarr")


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignFile:
    """The file of one slide, and the grid that belongs to it where that is kept apart."""

    path: Path
    positions: Path | None


def foreign_files(
    folder: Path, slide_ids: Iterable[str], *, patches: Path | None = None, encoder: str | None = None
) -> dict[str, ForeignFile]:
    """The file of each slide that has one: SLIDE.h5, .pt or .zarr.

    Looked for in the folder itself, in CLAM's h5_files and pt_files, in AtlasPatch's patches, and in TRIDENT's
    features_ENCODER; HDF5 goes before .pt, which has no positions. `patches` is where the grids are when they are
    neither in the folder nor beside it. Raises `BadEmbeddings` when there are several features_ folders to choose from.
    """
    homes = [folder, folder / "h5_files", folder / "patches", folder / "pt_files", *_trident_homes(folder, encoder)]
    grids = [patches] if patches else [folder / "patches", folder.parent / "patches"]
    found = {}
    for slide_id in slide_ids:
        for suffix in SUFFIXES:
            path = next((p for home in homes if _is_source(p := home / f"{slide_id}{suffix}", grids)), None)
            if path is not None:
                found[slide_id] = ForeignFile(path=path, positions=_grid(grids, slide_id, path))
                break
    return found


def strangers(folder: Path, found: dict[str, ForeignFile]) -> list[str]:
    """Names of files of the folder that look like embeddings and belong to no slide."""
    taken = {file.path for file in found.values()}
    homes = {folder, *(path.parent for path in taken)}
    stems = {path.stem for path in taken}
    return sorted(
        path.name for home in homes for path in home.glob("*")
        if path.suffix in SUFFIXES and path not in taken and path.stem not in stems
    )  # fmt: skip


def _trident_homes(folder: Path, encoder: str | None) -> list[Path]:
    homes = sorted(home for home in folder.glob("features_*") if home.is_dir())
    if encoder is not None:
        homes = [home for home in homes if home.name == f"features_{encoder}"]
    if len(homes) > 1:
        raise BadEmbeddings(
            f"{folder.name} holds {', '.join(home.name for home in homes)}. "
            "Choose one with `--encoder-name`, or name that folder."
        )
    return homes


def _is_source(path: Path, grids: list[Path]) -> bool:
    if path.suffix == ".zarr":
        return path.is_dir()
    return path.is_file() and (path.parent not in grids or holds_embeddings(path))


def _grid(grids: list[Path], slide_id: str, path: Path) -> Path | None:
    names = (f"{slide_id}_patches.h5", f"{slide_id}.h5")
    return next(
        (grid / name for grid in grids for name in names if (grid / name).is_file() and grid / name != path), None
    )
