"""Patch embeddings on disk: one HDF5 file per slide, under the field's names (`features`, `coords`).

The names and attributes are TRIDENT's, so whoever reads `f["features"][:]` reads ours; the datasets are contiguous,
which reads 20-100 times faster than a chunk per patch. docs/embeddings.md describes the file for other programs.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float

from pathalign.domain.geometry import Bag, PatchGrid
from pathalign.store.artifact import written_aside
from pathalign.store.embedding_file import FORMAT, FORMAT_INT8, EmbeddingFile, index_of, open_bag
from pathalign.store.hdf5 import DAMAGE
from pathalign.store.int8_rows import quantised
from pathalign.store.trailing_index import append_index, read_index

__all__ = ["FORMAT", "EmbeddingFile", "embedding_path", "open_bag", "read_bag", "read_provenance", "write_bag"]

ALIGNMENT = 64
"""Arrays start at a multiple of this many bytes: a cache line, so that a memory map is aligned for any dtype."""


def embedding_path(folder: Path, slide_id: str) -> Path:
    """Where the embeddings of a slide lie within a set."""
    return folder / f"{slide_id}.h5"


def write_bag(
    path: Path,
    *,
    slide_id: str,
    embeddings: Float[np.ndarray, "patch dim"],
    grid: PatchGrid,
    provenance: Mapping[str, Any],
    dtype: np.dtype | type[np.number] = np.float16,
    attributes: Mapping[str, Any] | None = None,
    arrays: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write one slide's embeddings; a slide without tissue gives an empty, valid file.

    `dtype` is what they are kept in: floats, or int8 with a scale for each row. `attributes` are further facts in
    TRIDENT's names (`level0_width`, ...); `arrays` are further datasets. A grid whose tissue shares are all NaN
    does not know them, and none are written.
    """
    assert len(embeddings) == len(grid), f"{len(embeddings)} embeddings for {len(grid)} patches"
    datasets = {"features": embeddings.astype(dtype)} if dtype != np.int8 else _int8(embeddings)
    datasets |= {"coords": grid.xy_px0.astype(np.int32), **(arrays or {})}
    if not len(grid) or not np.isnan(grid.tissue_share).all():
        datasets["tissue_share"] = grid.tissue_share.astype(np.float16)
    with written_aside(path) as aside:
        _write_hdf5(aside, slide_id, datasets, grid, provenance, attributes or {})
        index_again(aside)


def write_floats(file: EmbeddingFile, path: Path) -> None:
    """Write a file of int8 rows as one of floats, which programs that know nothing of scales can read.

    In half precision where that holds every value, which is so of our own; else in single.
    """
    embeddings = file.embeddings
    with np.errstate(over="ignore"):
        half = embeddings.astype(np.float16)
    with h5py.File(file.path, "r") as old, _created(path) as new:
        for name in (name for name in old if name != "scale"):
            data = old[name][()] if name != "features" else half if np.isfinite(half).all() else embeddings
            new.create_dataset(name, data=data)
            new[name].attrs.update(old[name].attrs)
        new.attrs.update(old.attrs)
        new.attrs["pathalign_format"] = FORMAT
    index_again(path)


def index_again(path: Path) -> None:
    """Put the index of a file that was just written, or changed, behind it."""
    with h5py.File(path, "r") as f:
        index = index_of(f, path.stat().st_size)
        for name, extent in index["arrays"].items():
            extent["crc32"] = zlib.crc32(f[name][()].data)
    append_index(path, index)


def _write_hdf5(
    path: Path, slide_id: str, datasets: Mapping[str, np.ndarray], grid: PatchGrid, provenance: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> None:  # fmt: skip
    with _created(path) as f:
        for name, array in datasets.items():
            f.create_dataset(name, data=array)
        f["features"].attrs["name"] = slide_id
        if isinstance(encoder := provenance.get("encoder"), Mapping) and "name" in encoder:
            f["features"].attrs["encoder"] = encoder["name"]
        coords = f["coords"].attrs
        coords["name"] = slide_id
        coords["patch_size"] = grid.spec.patch_px
        coords["patch_size_level0"] = round(grid.side_px0)
        coords["overlap"] = grid.spec.overlap_px
        for name, value in attributes.items():
            coords[name] = value
        f.attrs["pathalign_format"] = FORMAT_INT8 if "scale" in f else FORMAT
        f.attrs["slide_mpp"] = grid.slide_mpp
        f.attrs["side_px0"] = grid.side_px0
        f.attrs["patch_mpp"] = grid.spec.patch_mpp
        f.attrs["effective_mpp"] = grid.effective_mpp
        f.attrs["provenance"] = json.dumps(dict(provenance), sort_keys=True)


def _int8(embeddings: Float[np.ndarray, "patch dim"]) -> dict[str, np.ndarray]:
    rows, scale = quantised(embeddings)
    return {"features": rows, "scale": scale}


def read_bag(path: Path, *, slide_id: str) -> Bag:
    """Read one slide's embeddings.

    Raises `MissingArtifact` when the slide has none and `StaleArtifact` when the file is damaged or of another format.
    """
    return open_bag(path, slide_id=slide_id).bag()


def read_provenance(path: Path) -> dict[str, Any] | None:
    """What a file says it was made from; None when there is no complete file."""
    if not path.is_file():
        return None
    try:
        index = read_index(path)
        if index is not None:
            return dict(index["provenance"])
        with h5py.File(path, "r") as f:
            return dict(json.loads(f.attrs["provenance"]))
    except DAMAGE:  # a `StaleArtifact` is a ValueError
        return None


def _created(path: Path) -> h5py.File:
    return h5py.File(
        path, "w", libver=("earliest", "v110"), alignment_threshold=ALIGNMENT, alignment_interval=ALIGNMENT
    )
