"""GeoJSON out and in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.errors import NeedsRepair
from pathalign.slides.regions.geojson import feature_collection, read_annotations
from pathalign.slides.regions.polygons import Polygon, coverage
from pathalign.slides.tissue.outline import outline

pytestmark = pytest.mark.unit

SQUARE = [[10, 10], [50, 10], [50, 40], [10, 40], [10, 10]]
HOLE = [[20, 20], [30, 20], [30, 30], [20, 30], [20, 20]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: Any, name: str | None = "Tumor") -> dict[str, Any]:
    classification = {"classification": {"name": name, "color": [200, 0, 0]}} if name else {}
    return {"type": "Feature", "geometry": geometry, "properties": {"objectType": "annotation", **classification}}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Writes a document and reads its annotations."""

    def reader(document: Any, **options: Any) -> list[Polygon]:
        path = tmp_path / "a.geojson"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return list(read_annotations(path, **options).polygons)

    return reader


def random_mask(seed: int) -> np.ndarray:
    """Islands, holes, islands in holes, and pixels that touch at corners only."""
    random = np.random.default_rng(seed)
    coarse = random.random((9, 11)) < 0.55
    mask = np.kron(coarse, np.ones((3, 2))).astype(bool)
    return mask ^ (random.random(mask.shape) < 0.04)


@pytest.mark.parametrize("seed", range(12))
def test_an_outline_filled_again_is_the_mask(seed: int) -> None:
    """Outlines follow the edges of pixels, so filling them gives every pixel back, wholly."""
    mask = random_mask(seed)

    polygons = outline(mask, px0_per_px=32.5)

    np.testing.assert_array_equal(coverage(polygons, mask.shape, px0_per_px=32.5), mask.astype(np.float32))
    assert sum(p.area for p in polygons) == pytest.approx(mask.sum() * 32.5**2)


def test_an_outline_has_corners_where_it_turns_only() -> None:
    """A rectangle with a rectangular hole is two rings of four corners."""
    mask = np.zeros((20, 30), bool)
    mask[3:15, 5:25] = True
    mask[6:9, 10:14] = False

    [found] = outline(mask, px0_per_px=2)

    assert [ring.tolist() for ring in found.rings] == [
        [[10, 6], [50, 6], [50, 30], [10, 30]],
        [[20, 12], [20, 18], [28, 18], [28, 12]],
    ]


def test_an_empty_mask_has_no_outline() -> None:
    """No tissue, no polygon."""
    assert outline(np.zeros((5, 5), bool), px0_per_px=1.0) == []


def test_what_is_written_is_read_again(read: Any) -> None:
    """Tissue comes back with its holes, and patches as squares with their share, relative to the scanned corner."""
    mask = random_mask(3)
    grid = PatchGrid(
        spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, xy_px0=np.array([[448, 896]], np.int32),
        tissue_share=np.array([0.75], np.float32),
    )  # fmt: skip

    document = feature_collection(outline(mask, px0_per_px=32.0), grid, origin_px0=(100, 50))

    back = read(document, classes=["Tissue"])
    moved = [Polygon(rings=tuple(ring + np.array([100, 50]) for ring in p.rings)) for p in back]
    np.testing.assert_array_equal(coverage(moved, mask.shape, px0_per_px=32.0), mask)
    tile = document["features"][-1]
    assert tile["geometry"]["coordinates"] == [[[348, 846], [796, 846], [796, 1294], [348, 1294], [348, 846]]]
    assert tile["properties"] == {
        "objectType": "tile", "classification": {"name": "Patch", "color": [31, 119, 180]},
        "measurements": {"tissue share": 0.75},
    }  # fmt: skip
    assert {f["properties"]["objectType"] for f in document["features"][:-1]} == {"annotation"}


@pytest.mark.parametrize(
    ("wrap", "count"),
    [
        (lambda p: p, 1),
        (feature, 1),
        (lambda p: [feature(p), feature(p)], 2),
        (lambda p: {"type": "FeatureCollection", "features": [feature(p)]}, 1),
        (lambda p: feature({"type": "MultiPolygon", "coordinates": [p["coordinates"], p["coordinates"]]}), 2),
        (lambda p: feature({"type": "GeometryCollection", "geometries": [p, p, p]}), 3),
    ],
)
def test_every_wrapping_is_read(read: Any, wrap: Any, count: int) -> None:
    """Geometries alone, features, lists and collections of them hold the same regions."""
    found = read(wrap(polygon(SQUARE, HOLE)))

    assert len(found) == count
    assert {p.area for p in found} == {40 * 30 - 100}
    assert [len(ring) for ring in found[0].rings] == [4, 4]


def test_classes_are_chosen_by_name(read: Any) -> None:
    """Only regions of the classes asked for; what is of no class has the empty name; a plain string is a class too."""
    features = [feature(polygon(SQUARE)), feature(polygon(HOLE), "Stroma"), feature(polygon(HOLE), None)]
    features[1]["properties"]["classification"] = "Stroma"

    assert [p.name for p in read(features)] == ["Tumor", "Stroma", ""]
    assert [p.name for p in read(features, classes=["Stroma"])] == ["Stroma"]
    with pytest.raises(NeedsRepair, match=r"a\.geojson holds no region of class Necrosis"):
        read(features, classes=["Necrosis"])


def test_a_region_left_out_is_not_judged(read: Any) -> None:
    """A line among other classes does no harm when the class asked for is whole."""
    line = feature({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "Ruler")

    assert len(read([line, feature(polygon(SQUARE))], classes=["Tumor"])) == 1


BOW_TIE = [[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (
            polygon(SQUARE[:-1]),
            r"feature 1: a ring ends where it began, this is open \(from \(10, 10\) to \(10, 40\)\)",
        ),
        (polygon(BOW_TIE), r"feature 1: a ring may not cross itself, this does near \(5, 5\)"),
        (polygon(SQUARE, BOW_TIE), r"feature 1: a ring may not cross itself"),
        (polygon([[0, 0], [1, 1], [0, 0]]), r"feature 1: a ring has at least three corners.*has 3 places"),
        (polygon([[0, 0], ["x", 1], [2, 2], [0, 0]]), r"feature 1: a corner of a ring is two numbers"),
        (polygon([[0, 0], [1], [2, 2], [0, 0]]), r"feature 1: a corner of a ring is two numbers"),
        (polygon([[0, 0], [1e999, 0], [2, 2], [0, 0]]), r"feature 1: a ring has at least three corners"),
        (polygon(), r"feature 1: a Polygon without a ring"),
        ({"type": "Polygon"}, r"feature 1: its coordinates are no list"),
        ({"type": "Point", "coordinates": [1, 2]}, r"feature 1: a region is a Polygon.*this is a Point"),
        ({"type": 5}, r"feature 1: .*of no known type"),
        (None, r"feature 1: its geometry or properties are missing"),
    ],
)
def test_a_broken_region_is_refused_by_its_number(read: Any, geometry: Any, message: str) -> None:
    """The message says which feature, what is wrong, and what to do; it never crashes."""
    with pytest.raises(NeedsRepair, match=message):
        read([feature(polygon(SQUARE)), feature(geometry)])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("no json", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("{}", "of no known type"),
        ("3", "no list of features"),
        ('{"type": "FeatureCollection"}', "no list of features"),
        ('[{"type": "Thing"}]', "feature 0: it is no GeoJSON feature"),
        ("[]", "holds no region"),
    ],
)
def test_a_file_that_is_none_is_refused(read: Any, document: str, message: str) -> None:
    """Whatever else the file is, it is told so."""
    with pytest.raises(NeedsRepair, match=message):
        read(document)


def test_a_ring_that_only_touches_itself_is_read(read: Any) -> None:
    """Pixel outlines touch themselves at corners; that is no crossing."""
    touching = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [2, 2], [2, 1], [3, 1], [3, 3], [0, 3], [0, 0]]

    assert read(polygon(touching))[0].area == pytest.approx(7)


def test_the_ground_truth_of_this_repository_is_valid() -> None:
    """The hand-drawn outlines of the real slides obey the same rules."""
    files = sorted((Path(__file__).parents[2] / "ground_truth").glob("*.geojson"))

    assert len(files) == 4
    assert all(polygon.area > 1e4 for path in files for polygon in read_annotations(path).polygons)
