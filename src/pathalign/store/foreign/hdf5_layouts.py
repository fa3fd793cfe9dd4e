"""HDF5 files of TRIDENT, CLAM, STAMP and AtlasPatch, told apart by what is in them.

TRIDENT     features [patch, dim], coords [patch, 2] level-0 pixels; attributes on coords: patch_size,
            patch_size_level0, level0_magnification, target_magnification, overlap
CLAM        features, coords without attributes; patches/SLIDE.h5 beside it says patch_size, patch_level, downsample
STAMP       feats, coords in micrometres; attributes of the file: unit, tile_size_um, tile_size_px (2.1 and later),
            tile_size (2.0); before that neither, and a stride of 224 stands for 256 um
AtlasPatch  features/ENCODER, coords [patch, 5] = x, y, read_w, read_h, level; attributes of the file
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pathalign.errors import BadEmbeddings
from pathalign.store.foreign.foreign_bag import PX0, UM, ForeignBag, checked_arrays, number, text, whole
from pathalign.store.hdf5 import DAMAGE, brief, stored
from pathalign.store.int8_rows import dequantised

_NAMES = ("features", "feats", "patch_embeddings")
"""What the embeddings are called; the last in STAMP's files of multiplexed slides."""


def read_hdf5(path: Path, *, positions: Path | None = None, encoder: str | None = None) -> ForeignBag:
    """Read one slide; `positions` is the file with the grid that CLAM and TRIDENT keep apart, `encoder` chooses.

    Raises `BadEmbeddings` with the reason when the file is damaged, of no known layout, or holds no patch embeddings.
    """
    try:
        with h5py.File(path, "r") as f:
            return _read(path, f, positions, encoder)
    except BadEmbeddings:
        raise  # which is a ValueError too
    except DAMAGE as error:
        raise BadEmbeddings(f"{path.name} is damaged or no complete HDF5 file ({brief(error)}).") from error


def read_grid(path: Path, embeddings: np.ndarray, *, name: str) -> ForeignBag:
    """Embeddings that have no positions of their own, with those of a grid file of CLAM or TRIDENT."""
    coords, attributes = _grid(path, name)
    features, coords = checked_arrays(name, embeddings, coords)
    return _with_pixels(features, coords, attributes, encoder=None)


def holds_embeddings(path: Path) -> bool:
    """Whether an HDF5 file has embeddings in it, rather than a grid alone; a damaged one counts, to be reported."""
    try:
        with h5py.File(path, "r") as f:
            return any(name in f for name in _NAMES)
    except DAMAGE:
        return True


def embedding_length(path: Path, *, encoder: str | None = None) -> int | None:
    """The length of an embedding, without reading one; None when the file does not say, or is damaged."""
    try:
        with h5py.File(path, "r") as f:
            found = next((f[name] for name in _NAMES if name in f), None)
            if isinstance(found, h5py.Group):
                found = found.get(encoder) if encoder else next(iter(found.values()), None)
            return int(found.shape[-1]) if isinstance(found, h5py.Dataset) and found.ndim > 1 and found.size else None
    except DAMAGE:
        return None


def _read(path: Path, f: h5py.File, positions: Path | None, encoder: str | None) -> ForeignBag:
    if isinstance(f.get("features"), h5py.Group):
        return _atlaspatch(path, f, encoder)
    name = next((name for name in _NAMES if isinstance(f.get(name), h5py.Dataset)), "")
    if not name:
        raise BadEmbeddings(
            f"{path.name} holds {', '.join(sorted(map(str, f))) or 'nothing'}; expected features (TRIDENT, CLAM), "
            "features/ENCODER (AtlasPatch) or feats (STAMP)."
        )
    if not isinstance(f.get("coords"), h5py.Dataset):
        if name == "features" and positions is not None:
            return read_grid(positions, stored(f[name]), name=path.name)
        raise BadEmbeddings(
            f"{path.name} has embeddings but no coords: where they lie on the slide is lost, and the model needs it."
        )
    if (kind := text(f.attrs, "feat_type")) not in (None, "tile"):
        raise BadEmbeddings(f"{path.name} holds {kind} embeddings; expected those of tiles (`stamp preprocess`).")
    rows = stored(f[name])
    if "pathalign_format" in f.attrs and "scale" in f:
        rows = dequantised(rows, stored(f["scale"]))
    embeddings, coords = checked_arrays(path.name, rows, stored(f["coords"]))
    if name != "features":
        return _stamp(f, embeddings, coords)
    if "pathalign_format" in f.attrs:
        return _own(f, embeddings, coords)
    attributes = dict(f["coords"].attrs)
    if "patch_size" not in attributes and positions is not None:
        attributes = _attributes(positions, coords, path.name)
    return _with_pixels(embeddings, coords, attributes, encoder=text(f[name].attrs, "encoder"))


def _with_pixels(embeddings: np.ndarray, coords: np.ndarray, attributes: Any, *, encoder: str | None) -> ForeignBag:
    """TRIDENT's attributes, or CLAM's."""
    patch_px = whole(attributes, "patch_size")
    side_px0 = number(attributes, "patch_size_level0")
    source, target = number(attributes, "level0_magnification"), number(attributes, "target_magnification")
    is_clam = "patch_level" in attributes or not attributes
    if patch_px and source and target:  # TRIDENT reads this square; `patch_size_level0` is the same, rounded down
        side_px0 = float(round(patch_px * source / target))
    elif patch_px and side_px0 is None and (downsample := number(attributes, "downsample")):
        side_px0 = patch_px * downsample
    elif patch_px and side_px0 is None and attributes.get("patch_level") == 0:
        side_px0 = float(patch_px)
    size = attributes.get("level_dim") if is_clam and attributes.get("patch_level") == 0 else None
    width, height = whole(attributes, "level0_width"), whole(attributes, "level0_height")
    if size is not None:
        width, height = (int(side) for side in np.asarray(size).ravel()[:2])
    return ForeignBag(
        layout="CLAM" if is_clam else "TRIDENT", embeddings=embeddings, coords=coords, unit=PX0, patch_px=patch_px,
        side_px0=side_px0, patch_mpp=10 / target if target else None, overlap_px=whole(attributes, "overlap") or 0,
        encoder=encoder, size_px0=(width, height) if width and height else None,
    )  # fmt: skip


def _stamp(f: h5py.File, embeddings: np.ndarray, coords: np.ndarray) -> ForeignBag:
    side_um, patch_px = number(f.attrs, "tile_size_um"), whole(f.attrs, "tile_size_px")
    unit = text(f.attrs, "unit")
    if side_um is None and unit == UM:
        side_um = number(f.attrs, "tile_size")
    if side_um is None and round(_stride(coords)) == 224:  # STAMP before 2.0: 224 pixels of 256 um, in pixels
        side_um, patch_px, unit = 256.0, 224, UM
        coords = coords * (256 / 224)
    known = side_um is not None
    return ForeignBag(
        layout="STAMP", embeddings=embeddings, coords=coords, unit=UM if known else None, patch_px=patch_px,
        side_um=side_um, patch_mpp=side_um / patch_px if side_um and patch_px else None,
        encoder=text(f.attrs, "extractor"),
    )  # fmt: skip


def _atlaspatch(path: Path, f: h5py.File, encoder: str | None) -> ForeignBag:
    present = sorted(f["features"])
    if encoder is None and len(present) == 1:
        encoder = present[0]
    if encoder not in present or not isinstance(f.get("coords"), h5py.Dataset):
        asked = f"no {encoder}" if encoder else "no single encoder"
        raise BadEmbeddings(
            f"{path.name} (AtlasPatch) has {asked}; it holds features of {', '.join(present) or 'none'}. "
            "Choose one with `--encoder-name`."
        )
    embeddings, coords = checked_arrays(path.name, stored(f["features"][encoder]), stored(f["coords"]))
    return replace(_with_pixels(embeddings, coords, dict(f.attrs), encoder=encoder), layout="AtlasPatch")


def _own(f: h5py.File, embeddings: np.ndarray, coords: np.ndarray) -> ForeignBag:
    attributes = f["coords"].attrs
    return ForeignBag(
        layout="PathAlign", embeddings=embeddings, coords=coords, unit=PX0, patch_px=whole(attributes, "patch_size"),
        side_px0=number(f.attrs, "side_px0"), patch_mpp=number(f.attrs, "patch_mpp"),
        slide_mpp=number(f.attrs, "slide_mpp"), overlap_px=whole(attributes, "overlap") or 0,
        encoder=text(f["features"].attrs, "encoder"),
    )  # fmt: skip


def _attributes(positions: Path, coords: np.ndarray, name: str) -> dict[str, Any]:
    """The attributes of the grid file, when it is the grid that the embeddings were made on."""
    expected, attributes = _grid(positions, name)
    if not np.array_equal(expected.reshape(-1, 2), coords):
        raise BadEmbeddings(
            f"{name} and its grid {positions.parent.name}/{positions.name} have different positions: they are not "
            "of one run. Import the embeddings that were made on this grid."
        )
    return attributes


def _grid(path: Path, name: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Positions and attributes of a grid file."""
    try:
        with h5py.File(path, "r") as f:
            return stored(f["coords"]), dict(f["coords"].attrs)
    except DAMAGE as error:
        raise BadEmbeddings(f"{path.name}, the grid of {name}, is damaged ({brief(error)}).") from error


def _stride(coords: np.ndarray) -> float:
    """The step of the grid: the smallest distance between two columns or two rows."""
    steps = [np.diff(np.unique(coords[:, axis])) for axis in (0, 1)]
    return float(min((step.min() for step in steps if len(step)), default=0.0))
