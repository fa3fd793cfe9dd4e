"""Files of embeddings as other programs write them, for tests and benches: same names, types, chunks and attributes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float, Num


def write_trident(path: Path, embeddings: np.ndarray, xy_px0: np.ndarray, **changed: Any) -> None:
    """TRIDENT's `save_h5`: a chunk per patch, without end; 256 pixels at a nominal 20x of a 40x slide.

    Of any shape, as some versions keep [1, patch, dim] and an empty slide is [0]. `changed` are its attributes.
    """
    attributes = {
        "patch_size": 256, "patch_size_level0": 512, "level0_magnification": 40, "target_magnification": 20,
        "overlap": 0, "name": path.stem, "savetodir": "out", "level0_width": 90_000, "level0_height": 70_000,
    } | changed  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as f:
        for name, array in (("features", embeddings), ("coords", xy_px0.astype(np.int64))):
            f.create_dataset(
                name,
                data=array,
                maxshape=(None, *array.shape[1:]),
                chunks=(1, *array.shape[1:]) if array.size else True,
            )
        f["features"].attrs.update({"name": path.stem, "savetodir": "out", "encoder": "uni_v1"})
        f["coords"].attrs.update({name: value for name, value in attributes.items() if value is not None})


def write_clam(
    path: Path, embeddings: Float[np.ndarray, "patch dim"] | None, xy_px0: Num[np.ndarray, "patch 2"], *,
    grid: Path | None = None, level: int = 1, downsample: float = 4.0,
) -> None:  # fmt: skip
    """CLAM's two files: the embeddings without attributes, and the grid in `patches`; None leaves one out."""
    if embeddings is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as f:
            for name, array in (("features", embeddings.astype(np.float32)), ("coords", xy_px0.astype(np.int32))):
                f.create_dataset(name, data=array, maxshape=(None, *array.shape[1:]), chunks=(32, *array.shape[1:]))
    if grid is not None:
        grid.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(grid, "w") as f:
            coords = f.create_dataset("coords", data=xy_px0.astype(np.int64), maxshape=(None, 2), chunks=(1, 2))
            coords.attrs.update({
                "patch_size": 256, "patch_level": level, "downsample": (downsample, downsample),
                "downsampled_level_dim": (20_000, 16_000), "level_dim": (20_000, 16_000), "name": grid.stem,
                "save_path": "patches",
            })  # fmt: skip


def write_stamp(
    path: Path, embeddings: Float[np.ndarray, "patch dim"], xy_um: Num[np.ndarray, "patch 2"], *, version: str = "2.4"
) -> None:
    """STAMP's file of tiles of 256 um: 2.1 and later, `2.0`, or `1` (pixels of 256/224 um, no attributes)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as f:
        f["coords"] = xy_um.astype(np.float32)
        f["feats"] = embeddings.astype(np.float16)
        if version != "1":
            f.attrs.update({"stamp_version": version, "extractor": "uni2", "unit": "um", "feat_type": "tile"})
            sizes = {"tile_size": 256.0} if version == "2.0" else {"tile_size_um": 256.0, "tile_size_px": 224}
            f.attrs.update(sizes)


def write_atlaspatch(
    path: Path, features: dict[str, Float[np.ndarray, "patch dim"]], xy_px0: Num[np.ndarray, "patch 2"]
) -> None:
    """AtlasPatch's file: a group of features, five columns of coords, attributes of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as f:
        size = np.full((len(xy_px0), 2), 512)
        f["coords"] = np.concatenate([xy_px0, size, np.zeros((len(xy_px0), 1))], axis=1).astype(np.int32)
        for name, array in features.items():
            f.create_dataset(f"features/{name}", data=array.astype(np.float32), chunks=(2, array.shape[1]))
        f.attrs.update({
            "patch_size": 256, "patch_size_level0": 512, "level0_magnification": 40, "target_magnification": 20,
            "overlap": 0, "level0_width": 90_000, "level0_height": 70_000, "num_patches": len(xy_px0),
        })  # fmt: skip


def write_lazyslide(
    path: Path, embeddings: Float[np.ndarray, "patch dim"], xy_px0: Num[np.ndarray, "patch 2"], *, key: str = "uni",
    slide_mpp: float = 0.5,
) -> None:  # fmt: skip
    """A store of LazySlide (SpatialData 0.2 on zarr 3): tiles of 224 pixels at 1.0 mpp, the table in reverse order."""
    import pyarrow as pa
    import pyarrow.parquet as parquet
    import zarr

    count, side_px0 = len(xy_px0), round(224 / slide_mpp)
    root = zarr.open_group(path, mode="w")
    root.attrs.update({
        "spatialdata_attrs": {"version": "0.2"}, "slide_properties": {"mpp": slide_mpp, "n_level": 1},
        "tile_spec": {"tiles": {
            "height": 224, "width": 224, "stride_height": 224, "stride_width": 224, "mpp": 1.0, "ops_level": 0,
            "ops_downsample": 1.0, "base_level": 0, "base_downsample": side_px0 / 224, "tissue_name": "tissues",
        }},
    })  # fmt: skip
    table = root.create_group(f"tables/{key}_tiles")
    table.attrs.update({"encoding-type": "anndata", "region": "tiles", "instance_key": "tile_id"})
    order = np.arange(count)[::-1]
    table.create_array("X", data=np.ascontiguousarray(embeddings[order]))
    table.create_array("obs/tile_id", data=np.ascontiguousarray(order))
    (path / "shapes" / "tiles").mkdir(parents=True)
    boxes = [_box(float(x), float(y), float(side_px0)) for x, y in xy_px0]
    parquet.write_table(
        pa.table(
            {
                "tile_id": np.arange(count),
                "tissue_id": np.zeros(count, np.int64),
                "geometry": pa.array(boxes, pa.binary()),
            }
        ),
        path / "shapes" / "tiles" / "shapes.parquet",
    )


def _box(x: float, y: float, side: float) -> bytes:
    """A square in well-known binary, as shapely writes it."""
    ring = [(x + side, y), (x + side, y + side), (x, y + side), (x, y), (x + side, y)]
    return struct.pack("<BIII10d", 1, 3, 1, 5, *(number for corner in ring for number in corner))
