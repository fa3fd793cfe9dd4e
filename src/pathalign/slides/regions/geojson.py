"""GeoJSON as QuPath writes and reads it: regions in pixels of the full resolution, class and colour in `properties`.

QuPath counts from the corner of what was scanned, where a format states one (MRXS); so does a file of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pathalign.domain.geometry import PatchGrid
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.slides.regions.annotations import Annotations
from pathalign.slides.regions.polygons import Polygon, Ring
from pathalign.slides.regions.ring_checks import crossing

TISSUE_RGB, PATCH_RGB = (44, 160, 44), (31, 119, 180)


def feature_collection(
    polygons: Sequence[Polygon], grid: PatchGrid | None = None, *, origin_px0: tuple[int, int] = (0, 0)
) -> dict[str, Any]:
    """Tissue as annotations and the patches of a grid as tiles, for QuPath's File > Import objects.

    Places are given in level-0 pixels and written relative to `origin_px0`, the corner of what was scanned.
    """
    features = [
        _feature("annotation", [[_shifted(x, y, origin_px0) for x, y in ring] for ring in polygon.rings],
                 polygon.name or "Tissue", TISSUE_RGB)
        for polygon in polygons
    ]  # fmt: skip
    if grid is not None:
        side = grid.side_px0
        for (x, y), share in zip(grid.xy_px0.tolist(), grid.tissue_share.tolist(), strict=True):
            square = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
            tile = _feature("tile", [[_shifted(*corner, origin_px0) for corner in square]], "Patch", PATCH_RGB)
            tile["properties"]["measurements"] = {"tissue share": round(share, 4)}
            features.append(tile)
    return {"type": "FeatureCollection", "features": features}


def annotations_of_slide(path: Path | None, slide_id: str, *, classes: Sequence[str] = ()) -> Annotations | None:
    """The regions of a slide; None when none are asked for, `MissingArtifact` when its file is not there."""
    if path is None:
        return None
    if not path.is_file():
        raise MissingArtifact(
            f"{slide_id} has no annotations: no {path.name} is in the folder of `--annotations`. Export them, or run "
            "without that option."
        )
    return read_annotations(path, classes=classes)


def read_annotations(path: Path, *, classes: Sequence[str] = ()) -> Annotations:
    """The regions of a GeoJSON file; with `classes` only those of these classifications.

    Takes a FeatureCollection, a list of features, a feature or a bare geometry; Polygon, MultiPolygon and collections
    of these. Raises `NeedsRepair`, naming the feature (from 0), for other geometries, rings that are open, cross
    themselves or have fewer than three corners, and when no region is left.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError too
        raise NeedsRepair(f"{path.name} is not GeoJSON: it is no JSON. Export the annotations again.") from error
    polygons = []
    for index, feature in enumerate(_features(document, path.name)):
        where = f"{path.name}, feature {index}"
        properties = _mapping(feature.get("properties") or {}, where)
        name = _class_of(properties)
        if classes and name not in classes:
            continue
        polygons += [Polygon(rings=rings, name=name) for rings in _polygons(feature.get("geometry"), where)]
    found = Annotations(polygons=tuple(polygons))
    if not polygons:
        wanted = f" of class {' or '.join(classes)}" if classes else ""
        raise NeedsRepair(f"{path.name} holds no region{wanted}. Check the export, or the name of the class.")
    return found


def _feature(kind: str, rings: list[list[list[float]]], name: str, rgb: tuple[int, int, int]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]},
        "properties": {"objectType": kind, "classification": {"name": name, "color": list(rgb)}},
    }


def _shifted(x: float | int, y: float | int, origin_px0: tuple[int, int]) -> list[float]:
    return [round(float(x) - origin_px0[0], 2), round(float(y) - origin_px0[1], 2)]


def _features(document: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(document, dict):
        kind = document.get("type")
        if kind == "FeatureCollection":
            document = document.get("features")
        elif kind == "Feature":
            document = [document]
        else:
            document = [{"type": "Feature", "geometry": document}]
    if not isinstance(document, list):
        raise NeedsRepair(f"{name} is not GeoJSON: it has no list of features. Export the annotations again.")
    for index, feature in enumerate(document):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise NeedsRepair(
                f"{name}, feature {index}: it is no GeoJSON feature (its `type` is not `Feature`). Export it again."
            )
    return document


def _class_of(properties: dict[str, Any]) -> str:
    """QuPath's classification, an object with a name or (in older files) the name alone."""
    found = properties.get("classification")
    if isinstance(found, dict):
        names = found.get("names")
        found = found.get("name") or (": ".join(map(str, names)) if isinstance(names, list) else None)
    return str(found) if found else ""


def _polygons(geometry: Any, where: str, depth: int = 0) -> Iterator[tuple[Ring, ...]]:
    """The rings of every polygon of a geometry."""
    if depth > 8:
        raise NeedsRepair(f"{where}: its collections lie more than 8 deep in one another. Take them apart in QuPath.")
    geometry = _mapping(geometry, where)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        yield _rings(coordinates, where)
    elif kind == "MultiPolygon":
        for polygon in _items(coordinates, where):
            yield _rings(polygon, where)
    elif kind == "GeometryCollection":
        for part in _items(geometry.get("geometries"), where):
            yield from _polygons(part, where, depth + 1)
    else:
        raise NeedsRepair(
            f"{where}: a region is a Polygon or a MultiPolygon, this is {_shown(kind)}. Leave points and lines out of "
            "the export, or turn them into areas (in QuPath: Objects > Annotations)."
        )


def _rings(coordinates: Any, where: str) -> tuple[Ring, ...]:
    rings = tuple(_ring(corners, where) for corners in _items(coordinates, where))
    if not rings:
        raise NeedsRepair(f"{where}: a Polygon without a ring. Delete it and export again.")
    return rings


def _ring(corners: Any, where: str) -> Ring:
    try:
        ring = np.array([[float(corner[0]), float(corner[1])] for corner in _items(corners, where)])
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise NeedsRepair(f"{where}: a corner of a ring is two numbers, x and y. Export it again.") from error
    if len(ring) < 4 or not np.isfinite(ring).all():
        raise NeedsRepair(
            f"{where}: a ring has at least three corners, the first repeated at its end; this has {len(ring)} places. "
            "Delete it and export again."
        )
    if not np.array_equal(ring[0], ring[-1]):
        raise NeedsRepair(
            f"{where}: a ring ends where it began, this is open (from {_place(ring[0])} to {_place(ring[-1])}). "
            "Close the shape and export again."
        )
    ring = ring[:-1]
    if (place := crossing(ring)) is not None:
        raise NeedsRepair(
            f"{where}: a ring may not cross itself, this does near {_place(place)}, so inside and outside are not "
            "told apart. Draw it anew, or mend it (in QuPath: Objects > Annotations > Simplify shape)."
        )
    return ring


def _items(value: Any, where: str) -> Iterable[Any]:
    if not isinstance(value, list):
        raise NeedsRepair(f"{where}: its coordinates are no list. Export it again.")
    return value


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NeedsRepair(f"{where}: its geometry or properties are missing. Delete it and export again.")
    return value


def _shown(kind: Any) -> str:
    return f"a {kind}" if isinstance(kind, str) and kind.isalpha() and len(kind) < 30 else "of no known type"


def _place(xy: Any) -> str:
    return f"({xy[0]:.0f}, {xy[1]:.0f})"
