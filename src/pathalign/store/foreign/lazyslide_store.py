"""LazySlide's SpatialData folders (`SLIDE.zarr`), read without SpatialData: the table, its tiles and their spec.

tables/KEY/X [tile, dim], tables/KEY/obs/tile_id; attribute `region` names the tiles, KEY is ENCODER_TILES
shapes/TILES/shapes.parquet: tile_id and a box per tile, in level-0 pixels (WKB)
attributes of the root: tile_spec[TILES] (width, stride_width, mpp), slide_properties.mpp
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.errors import BadEmbeddings, MissingExtra
from pathalign.store.foreign.foreign_bag import PX0, ForeignBag, checked_arrays, number, whole

_POLYGON = 3


def read_lazyslide(path: Path, *, encoder: str | None = None) -> ForeignBag:
    """Read one slide; `encoder` is the key of a table, with or without the name of its tiles.

    Raises `MissingExtra` without zarr and pyarrow, `BadEmbeddings` when the folder holds no such table.
    """
    try:
        import pyarrow.parquet as parquet
        import zarr
    except ImportError as error:
        raise MissingExtra(
            f"{path.name} is a store of LazySlide, which zarr and pyarrow read. "
            "Install them with `pip install 'pathalign[lazyslide]'`."
        ) from error
    try:
        root = zarr.open_group(path, mode="r", use_consolidated=False)
        key = _key(path, root, encoder)
        table: Any = root[f"tables/{key}"]
        tiles = str(np.asarray(table.attrs["region"]).ravel()[0])
        shapes = parquet.read_table(path / "shapes" / tiles / "shapes.parquet")
        if not isinstance(table["X"], zarr.Array):
            raise BadEmbeddings(f"{path.name} keeps {key} as a sparse matrix, which embeddings are not.")
        embeddings, tile_ids = np.asarray(table["X"][:]), np.asarray(table["obs/tile_id"][:])
    except BadEmbeddings:
        raise  # which is a ValueError too
    except (KeyError, ValueError, OSError, zarr.errors.BaseZarrError) as error:
        raise BadEmbeddings(f"{path.name} is no complete store of LazySlide ({error}).") from error
    boxes = np.array([_bounds(path, wkb) for wkb in shapes["geometry"].to_pylist()], np.float64).reshape(-1, 4)
    names = shapes["tile_id"].to_pylist() if "tile_id" in shapes.column_names else range(len(boxes))
    rows = {name: row for row, name in enumerate(names)}
    if missing := [name for name in tile_ids.tolist() if name not in rows]:
        raise BadEmbeddings(f"{path.name} has embeddings of {len(missing)} tiles that are not among its {tiles}.")
    order = np.array([rows[name] for name in tile_ids.tolist()], np.int64)
    embeddings, coords = checked_arrays(path.name, embeddings, boxes[order, :2])
    attributes: dict[str, Any] = dict(root.attrs)
    spec = attributes.get("tile_spec", {}).get(tiles, {})
    properties = attributes.get("slide_properties", {})
    patch_px, stride_px = whole(spec, "width"), whole(spec, "stride_width")
    return ForeignBag(
        layout="LazySlide", embeddings=embeddings, coords=coords, unit=PX0, patch_px=patch_px,
        side_px0=float(boxes[0, 2] - boxes[0, 0]) if len(boxes) else None, patch_mpp=number(spec, "mpp"),
        slide_mpp=number(properties, "mpp"),
        overlap_px=max(0, patch_px - stride_px) if patch_px and stride_px else 0,
        encoder=key.removesuffix(f"_{tiles}"),
    )  # fmt: skip


def _key(path: Path, root: Any, encoder: str | None) -> str:
    present = sorted(root["tables"].group_keys()) if "tables" in root else []
    of_tiles = [key for key in present if root[f"tables/{key}"].attrs.get("instance_key") == "tile_id"]
    fitting = [key for key in of_tiles if encoder is None or key == encoder or key.startswith(f"{encoder}_")]
    if len(fitting) != 1:
        raise BadEmbeddings(
            f"{path.name} holds embeddings of tiles under {', '.join(of_tiles) or 'no key'}; "
            "choose one with `--encoder-name KEY`."
        )
    return fitting[0]


def _bounds(path: Path, wkb: bytes) -> tuple[float, float, float, float]:
    """Least x and y, greatest x and y of a polygon in well-known binary."""
    order = "<" if wkb[:1] == b"\x01" else ">"
    kind, rings, points = struct.unpack_from(f"{order}III", wkb, 1) if len(wkb) > 13 else (0, 0, 0)
    if kind != _POLYGON or rings != 1 or len(wkb) != 13 + 16 * points:
        raise BadEmbeddings(f"{path.name} has a tile that is no simple box.")
    xy = np.frombuffer(wkb, f"{order}f8", count=2 * points, offset=13).reshape(-1, 2)
    return (*xy.min(0).tolist(), *xy.max(0).tolist())
