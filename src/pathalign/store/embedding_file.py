"""One slide's embeddings without loading them: facts at once, rows by memory map."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float, Float32, Int, Num

from pathalign.domain.geometry import Bag, centres_um
from pathalign.errors import MissingArtifact, StaleArtifact
from pathalign.store.hdf5 import DAMAGE, brief, stored
from pathalign.store.int8_rows import dequantised
from pathalign.store.mapped_rows import mapped_rows
from pathalign.store.trailing_index import read_index

FORMAT = 2
"""What `write_bag` writes; 2 added the effective resolution, and embeddings in the precision that they came in."""
FORMAT_INT8 = 3
"""What it writes of int8 rows: readers that know nothing of their scales must refuse them."""
READABLE = (1, 2, 3)
_ARRAYS = ("features", "scale", "coords", "tissue_share")
_MAPS = ("stored_embeddings", "scale", "xy_px0", "tissue_share")
"""Properties that hold a map of the file once they were asked for."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """Where an array lies in a file."""

    offset: int | None
    """First byte; None when the array is chunked or compressed and only HDF5 can read it."""
    shape: tuple[int, ...]
    dtype: np.dtype
    crc32: int | None
    """Of the array's bytes; None where the index is gone."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingFile:
    """The embeddings of one slide on disk. Holds no open handle: may be forked, pickled and kept by the thousand."""

    path: Path
    slide_id: str
    slide_mpp: float
    side_px0: float
    """Side of a patch in level-0 pixels."""
    effective_mpp: float
    """Resolution at which the patches were read."""
    patch_px: int
    overlap_px: int
    provenance: Mapping[str, Any]
    extents: Mapping[str, _Extent]

    def __len__(self) -> int:
        return self.extents["features"].shape[0]

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self.extents["features"].shape[1]

    @property
    def int8(self) -> bool:
        """Whether embeddings are stored as int8 rows."""
        return "scale" in self.extents

    @property
    def dtype(self) -> np.dtype:
        """Type of embeddings as they are read.

        float16 where the values fit, which is always so of our own; wider where they were imported wider, and float32
        of int8 rows.
        """
        return np.dtype(np.float32) if self.int8 else self.extents["features"].dtype

    @property
    def embeddings(self) -> Float[np.ndarray, "patch dim"]:
        """All embeddings, read-only; a memory map, so that only the rows that are touched are read.

        Of int8 rows, what they stand for: computed anew each time that it is asked for.
        """
        return self.stored_embeddings if self.scale is None else dequantised(self.stored_embeddings, self.scale)

    @cached_property
    def stored_embeddings(self) -> Num[np.ndarray, "patch dim"]:
        """Embeddings as they lie in the file, read-only: floats, or int8 to be multiplied by `scale`; a memory map."""
        return self._array("features")

    @cached_property
    def scale(self) -> Float32[np.ndarray, " patch"] | None:
        """The scale of each row; None where rows are floats."""
        return self._array("scale") if self.int8 else None

    @cached_property
    def xy_px0(self) -> Int[np.ndarray, "patch 2"]:
        """Top-left corners in level-0 pixels, x first, read-only."""
        return self._array("coords")

    @property
    def xy_um(self) -> Float[np.ndarray, "patch 2"]:
        """Centres of the patches in micrometres from the slide's origin."""
        return centres_um(self.xy_px0, side_px0=self.side_px0, slide_mpp=self.slide_mpp)

    @cached_property
    def tissue_share(self) -> Float[np.ndarray, " patch"] | None:
        """Share of each patch that is tissue; None where it is not known (imported)."""
        return self._array("tissue_share") if "tissue_share" in self.extents else None

    def rows(self, indices: Int[np.ndarray, " row"] | Sequence[int]) -> Float[np.ndarray, "row dim"]:
        """The embeddings of some patches, in the order asked for, as an array of its own."""
        found = mapped_rows(self.stored_embeddings, indices)
        return found if self.scale is None else dequantised(found, mapped_rows(self.scale, indices))

    def bag(self) -> Bag:
        """Everything in memory. One plain read per array, which beats the page faults of a map."""
        embeddings = self._loaded("features")
        if self.int8:
            embeddings = dequantised(embeddings, self._loaded("scale"))
        return Bag(
            slide_id=self.slide_id, embeddings=embeddings, xy_px0=self._loaded("coords"),
            slide_mpp=self.slide_mpp, side_px0=self.side_px0,
        )  # fmt: skip

    def check(self) -> None:
        """Read everything and compare it with the checksums of the index, where there are any.

        Raises `StaleArtifact` when a byte has changed. Reading never does so: it would take four times as long.
        """
        for name, extent in self.extents.items():
            if extent.crc32 is not None and zlib.crc32(np.ascontiguousarray(self._loaded(name)).data) != extent.crc32:
                raise StaleArtifact(f"{self.path.name} is damaged: {name} has changed. Run `pathalign embed` again.")

    def __getstate__(self) -> dict[str, Any]:
        # A memory map would be pickled as a copy of the whole array.
        return {name: value for name, value in self.__dict__.items() if name not in _MAPS}

    def _array(self, name: str) -> np.ndarray:
        extent = self.extents[name]
        if extent.offset is not None and all(extent.shape):  # a map of nothing is an error of the operating system
            return np.memmap(self.path, dtype=extent.dtype, mode="r", offset=extent.offset, shape=extent.shape)
        array = self._loaded(name)
        array.flags.writeable = False
        return array

    def _loaded(self, name: str) -> np.ndarray:
        extent = self.extents[name]
        if extent.offset is None:
            try:
                with h5py.File(self.path, "r") as f:
                    return stored(f[name])
            except DAMAGE as error:
                raise StaleArtifact(
                    f"{self.path.name} is damaged ({brief(error)}). Run `pathalign embed` again."
                ) from error
        array = np.empty(extent.shape, extent.dtype)
        with self.path.open("rb", buffering=0) as f:
            f.seek(extent.offset)
            rest = array.reshape(-1).view(np.uint8).data
            while rest:
                if not (count := f.readinto(rest)):
                    raise StaleArtifact(f"{self.path.name} was cut off since it was opened. Run `pathalign embed`.")
                rest = rest[count:]
        return array


def open_bag(path: Path, *, slide_id: str | None = None) -> EmbeddingFile:
    """Open one slide's embeddings; the slide is the file's name unless it is given.

    Raises `MissingArtifact` when the slide has none and `StaleArtifact` when the file is truncated, damaged or of
    another format.
    """
    slide_id = path.stem if slide_id is None else slide_id
    if not path.is_file():
        raise MissingArtifact(
            f"Slide {slide_id} has no patch embeddings in {path.parent.name}. Run `pathalign embed`; "
            "if it did run, `pathalign status --problems` says why the slide was left out."
        )
    index = read_index(path)
    if index is not None and index["facts"]["pathalign_format"] in READABLE:
        return _from_index(path, slide_id, index)
    try:
        with h5py.File(path, "r") as f:
            if f.attrs.get("pathalign_format") in READABLE:
                return _from_index(path, slide_id, index_of(f, path.stat().st_size))
    except DAMAGE as error:
        raise StaleArtifact(
            f"{path.name} is damaged or no complete HDF5 file ({brief(error)}). Run `pathalign embed` again."
        ) from error
    raise StaleArtifact(
        f"{path.name} is not of embedding format {FORMAT}. Run `pathalign embed --redo`; embeddings of another "
        "program come in with `pathalign import-embeddings DIR`."
    )


def index_of(f: h5py.File, size: int) -> dict[str, Any]:
    """What `open_bag` must know of an open file of `size` bytes, as JSON can say it.

    Raises `ValueError` when its arrays do not fit together, or end beyond the file.
    """
    attributes = f["coords"].attrs
    slide_mpp, side_px0 = float(f.attrs["slide_mpp"]), float(f.attrs["side_px0"])
    patch_px = int(attributes["patch_size"])
    index = {
        "facts": {
            "pathalign_format": int(f.attrs["pathalign_format"]), "slide_mpp": slide_mpp, "side_px0": side_px0,
            "effective_mpp": float(f.attrs.get("effective_mpp", side_px0 * slide_mpp / patch_px)),
            "patch_px": patch_px, "overlap_px": int(attributes["overlap"]),
        },
        "provenance": json.loads(f.attrs["provenance"]),
        "arrays": {name: _extent(f[name]) for name in _ARRAYS if name in f},
    }  # fmt: skip
    features, coords = index["arrays"]["features"]["shape"], index["arrays"]["coords"]["shape"]
    if len(features) != 2 or coords != [features[0], 2]:
        raise ValueError(f"features {features} and coords {coords} do not fit")
    whole = np.dtype(index["arrays"]["features"]["dtype"]).kind == "i"
    if whole != ("scale" in index["arrays"]) or (whole and index["arrays"]["scale"]["shape"] != features[:1]):
        raise ValueError("int8 rows need a scale for each, and floats have none")
    for name, extent in index["arrays"].items():
        end = (extent["offset"] or 0) + np.dtype(extent["dtype"]).itemsize * math.prod(extent["shape"])
        if extent["offset"] is not None and end > size:
            raise ValueError(f"{name} ends at byte {end}, the file at byte {size}")
    return index


def _extent(dataset: h5py.Dataset) -> dict[str, Any]:
    # `get_offset` is None for chunked data, and for an empty dataset, which has no bytes to point at.
    plain = dataset.chunks is None and dataset.id.get_create_plist().get_layout() == h5py.h5d.CONTIGUOUS
    return {
        "offset": dataset.id.get_offset() if plain else None, "shape": list(dataset.shape), "dtype": dataset.dtype.str
    }  # fmt: skip


def _from_index(path: Path, slide_id: str, index: Mapping[str, Any]) -> EmbeddingFile:
    facts = {name: value for name, value in index["facts"].items() if name != "pathalign_format"}
    extents = {
        name: _Extent(extent["offset"], tuple(extent["shape"]), np.dtype(extent["dtype"]), extent.get("crc32"))
        for name, extent in index["arrays"].items()
    }
    return EmbeddingFile(path=path, slide_id=slide_id, provenance=index["provenance"], extents=extents, **facts)
