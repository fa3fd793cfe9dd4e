"""Patch embeddings on disk: one HDF5 file per slide, under the field's names (`features`, `coords`).

The names and attributes are TRIDENT's, so whoever reads `f["features"][:]` reads ours; the datasets are contiguous,
which reads 20-100 times faster than a chunk per patch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float

from pathalign.domain.geometry import Bag, PatchGrid
from pathalign.errors import MissingArtifact, StaleArtifact
from pathalign.store.artifact import written_aside

FORMAT = 1


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
) -> None:
    """Write one slide's embeddings; a slide without tissue gives an empty, valid file."""
    assert len(embeddings) == len(grid), f"{len(embeddings)} embeddings for {len(grid)} patches"
    with written_aside(path) as aside, h5py.File(aside, "w", libver=("earliest", "v110")) as f:
        f.create_dataset("features", data=embeddings.astype(np.float16))
        coords = f.create_dataset("coords", data=grid.xy_px0.astype(np.int32))
        f.create_dataset("tissue_share", data=grid.tissue_share.astype(np.float16))
        coords.attrs["name"] = slide_id
        coords.attrs["patch_size"] = grid.spec.patch_px
        coords.attrs["patch_size_level0"] = round(grid.side_px0)
        coords.attrs["overlap"] = 0
        f.attrs["pathalign_format"] = FORMAT
        f.attrs["slide_mpp"] = grid.slide_mpp
        f.attrs["side_px0"] = grid.side_px0
        f.attrs["provenance"] = json.dumps(dict(provenance), sort_keys=True)


def read_bag(path: Path, *, slide_id: str) -> Bag:
    """Read one slide's embeddings.

    Raises `MissingArtifact` when the slide has none and `StaleArtifact` when the file is damaged or of another format.
    """
    if not path.is_file():
        raise MissingArtifact(
            f"Slide {slide_id} has no patch embeddings in {path.parent.name}. Run `pathalign embed`; "
            "if it did run, `pathalign status --problems` says why the slide was left out."
        )
    try:
        file = h5py.File(path)
    except OSError as error:
        raise StaleArtifact(f"{path.name} is no complete HDF5 file. Run `pathalign embed` again.") from error
    with file as f:
        if f.attrs.get("pathalign_format") != FORMAT:
            raise StaleArtifact(f"{path.name} is not of embedding format {FORMAT}. Run `pathalign embed --redo`.")
        return Bag(
            slide_id=slide_id,
            embeddings=f["features"][:],
            xy_px0=f["coords"][:],
            slide_mpp=float(f.attrs["slide_mpp"]),
            side_px0=float(f.attrs["side_px0"]),
        )


def read_provenance(path: Path) -> dict[str, Any] | None:
    """What a file says it was made from; None when there is no complete file."""
    if not path.is_file():
        return None
    try:
        with h5py.File(path) as f:
            return dict(json.loads(f.attrs["provenance"]))
    except (OSError, KeyError, json.JSONDecodeError):
        return None
