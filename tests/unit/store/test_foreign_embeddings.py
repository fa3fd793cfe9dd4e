"""Embeddings of other programs, read without changing a value."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from pathalign.errors import BadEmbeddings, MissingResolution
from pathalign.store.foreign.files import foreign_files, strangers
from pathalign.store.foreign.foreign_bag import ForeignBag
from pathalign.store.foreign.hdf5_layouts import read_grid, read_hdf5
from pathalign.store.foreign.lazyslide_store import read_lazyslide
from pathalign.store.foreign.placing import Given, PlacedBag, kept, placed
from pathalign.testing.foreign_embeddings import (
    write_atlaspatch,
    write_clam,
    write_lazyslide,
    write_stamp,
    write_trident,
)

pytestmark = pytest.mark.unit

XY = np.array([[0, 0], [512, 0], [512, 1024], [70_000, 512]])
EMBEDDINGS = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
HALVES = EMBEDDINGS.astype(np.float16)


def place(bag: ForeignBag, *, slide_mpp: float | None = 0.25, **given: object) -> PlacedBag:
    """Placed on a slide of 0.25 mpp."""
    return placed("s.h5", bag, slide_mpp=slide_mpp, given=Given(**given))


def test_trident(tmp_path: Path) -> None:
    """Embeddings and positions are exact; side and resolution come from the attributes."""
    write_trident(tmp_path / "s.h5", EMBEDDINGS, XY)

    ready = place(read_hdf5(tmp_path / "s.h5"), slide_mpp=0.2527)

    np.testing.assert_array_equal(ready.embeddings, EMBEDDINGS)
    np.testing.assert_array_equal(ready.grid.xy_px0, XY)
    assert ready.embeddings.dtype == np.float32
    assert (ready.grid.side_px0, ready.grid.spec.patch_px, ready.grid.spec.patch_mpp) == (512.0, 256, 0.5)
    assert ready.grid.effective_mpp == pytest.approx(0.5054)
    assert ready.facts["layout"] == "TRIDENT"


@pytest.mark.parametrize(("source", "target", "side_px0"), [(40, 20, 448), (60, 20, 672), (40, 15, 597), (40, 60, 149)])
def test_the_square_that_trident_reads(tmp_path: Path, source: int, target: int, side_px0: int) -> None:
    """round(224 * source / target), where `patch_size_level0` is rounded down."""
    write_trident(
        tmp_path / "s.h5", EMBEDDINGS, XY, patch_size=224, level0_magnification=source, target_magnification=target,
        patch_size_level0=224 * source // target,
    )  # fmt: skip

    assert read_hdf5(tmp_path / "s.h5").side_px0 == side_px0


@pytest.mark.parametrize("shape", [(1, 4, 6), (4, 6)])
def test_a_leading_batch_dimension_is_taken_off(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Some versions keep [1, patch, dim]."""
    write_trident(tmp_path / "s.h5", EMBEDDINGS.reshape(shape), XY.reshape(*shape[:-1], 2))

    np.testing.assert_array_equal(read_hdf5(tmp_path / "s.h5").embeddings, EMBEDDINGS)


@pytest.mark.parametrize("shape", [(0,), (0, 6)])
def test_an_empty_slide_of_trident(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """No patches is no error, whether or not the file knows the length of an embedding."""
    write_trident(tmp_path / "s.h5", np.zeros(shape, np.float32), np.zeros((0, 2)))

    assert len(place(read_hdf5(tmp_path / "s.h5")).grid) == 0


def test_clam_with_its_grid(tmp_path: Path) -> None:
    """The embeddings are in one file, how large a patch is in another."""
    write_clam(tmp_path / "h5_files" / "s.h5", EMBEDDINGS, XY, grid=tmp_path / "patches" / "s.h5")

    file = foreign_files(tmp_path, ["s"])["s"]
    ready = place(read_hdf5(file.path, positions=file.positions))

    np.testing.assert_array_equal(ready.embeddings, EMBEDDINGS)
    np.testing.assert_array_equal(ready.grid.xy_px0, XY)
    assert (ready.grid.side_px0, ready.grid.spec.patch_mpp, ready.facts["layout"]) == (1024.0, 1.0, "CLAM")


def test_clam_with_another_runs_grid(tmp_path: Path) -> None:
    """A grid with other positions is of another run, and nothing of it is believed."""
    write_clam(tmp_path / "s.h5", EMBEDDINGS, XY)
    write_clam(tmp_path / "none", None, XY + 1, grid=tmp_path / "patches" / "s.h5")

    with pytest.raises(BadEmbeddings, match="different positions"):
        read_hdf5(tmp_path / "s.h5", positions=tmp_path / "patches" / "s.h5")


def test_clam_without_a_grid(tmp_path: Path) -> None:
    """What the file does not say is asked for, and taken from the options."""
    write_clam(tmp_path / "s.h5", EMBEDDINGS, XY)
    bag = read_hdf5(tmp_path / "s.h5")

    with pytest.raises(BadEmbeddings, match=r"side of its patches.*`--patch-px .*`--patch-mpp .*`--patches DIR`"):
        place(bag)
    with pytest.raises(BadEmbeddings, match=r"how much of the slide.*Say `--patch-mpp MPP`"):
        place(bag, patch_px=256)
    assert place(bag, patch_px=256, patch_mpp=0.5).grid.side_px0 == 512.0


def test_a_tensor_takes_the_positions_of_its_grid(tmp_path: Path) -> None:
    """CLAM's .pt has no positions; a grid of another length is not its grid."""
    grid = tmp_path / "patches" / "s.h5"
    write_clam(tmp_path / "none", None, XY, grid=grid)

    np.testing.assert_array_equal(read_grid(grid, EMBEDDINGS, name="s.pt").coords, XY)
    with pytest.raises(BadEmbeddings, match="3 embeddings and positions of shape"):
        read_grid(grid, EMBEDDINGS[:3], name="s.pt")


@pytest.mark.parametrize("version", ["2.4", "2.0"])
def test_stamp_in_micrometres(tmp_path: Path, version: str) -> None:
    """Positions are divided by the slide's resolution; those that are no whole pixels are kept beside."""
    xy_um = np.array([[0.0, 0.0], [256.0, 0.0], [256.0, 512.0], [1000.1, 256.0]])
    write_stamp(tmp_path / "s.h5", EMBEDDINGS, xy_um, version=version)
    given = {} if version == "2.4" else {"patch_px": 224}

    ready = place(read_hdf5(tmp_path / "s.h5"), slide_mpp=0.25, **given)

    np.testing.assert_array_equal(ready.embeddings, HALVES)
    assert ready.embeddings.dtype == np.float16
    np.testing.assert_array_equal(ready.grid.xy_px0, [[0, 0], [1024, 0], [1024, 2048], [4000, 1024]])
    assert ready.grid.side_px0 == 1024.0
    assert ready.grid.effective_mpp == pytest.approx(256 / 224)
    assert ready.facts["coords_rounding_um"] == pytest.approx(0.1, abs=1e-4)
    np.testing.assert_array_equal(ready.arrays["coords_given"], xy_um.astype(np.float32))


def test_stamp_before_2(tmp_path: Path) -> None:
    """Without attributes a stride of 224 stands for 256 um, as STAMP itself reads it."""
    write_stamp(tmp_path / "s.h5", EMBEDDINGS, np.array([[0, 0], [224, 0], [224, 448], [448, 224]]), version="1")

    ready = place(read_hdf5(tmp_path / "s.h5"), slide_mpp=0.5)

    np.testing.assert_array_equal(ready.grid.xy_px0, [[0, 0], [512, 0], [512, 1024], [1024, 512]])
    assert (ready.grid.side_px0, ready.grid.spec.patch_px) == (512.0, 224)


def test_a_vector_of_a_patient_is_refused(tmp_path: Path) -> None:
    """STAMP marks what is no longer one embedding per tile."""
    write_stamp(tmp_path / "s.h5", EMBEDDINGS, XY)
    with h5py.File(tmp_path / "s.h5", "a") as f:
        f.attrs["feat_type"] = "patient"

    with pytest.raises(BadEmbeddings, match="patient embeddings; expected those of tiles"):
        read_hdf5(tmp_path / "s.h5")


def test_a_real_file(real_data: Path) -> None:
    """Features of a real colon slide, without any attribute: what is missing is asked for, the rest is exact."""
    path = real_data / "features" / "TCGA-AD-6964-01Z-00-DX1.h5"
    with h5py.File(path) as f:
        feats, coords = f["feats"][:], f["coords"][:]
    bag = read_hdf5(path)
    assert (bag.layout, bag.unit, bag.patch_px) == ("STAMP", None, None)

    with pytest.raises(BadEmbeddings, match=r"`--patch-px PIXELS`, `--coords-unit px0` or .*, `--patch-mpp MPP`"):
        place(bag)
    with pytest.raises(BadEmbeddings, match=r"whether its positions.*Say `--coords-unit px0` or `--coords-unit um`;"):
        place(bag, patch_px=512, patch_mpp=0.25)
    ready = place(bag, patch_px=512, patch_mpp=0.25, coords_unit="px0")

    np.testing.assert_array_equal(ready.embeddings, feats)
    np.testing.assert_array_equal(ready.grid.xy_px0, coords)
    assert (ready.embeddings.shape, ready.embeddings.dtype, ready.grid.side_px0) == ((777, 512), np.float32, 512.0)
    assert ready.arrays == {}


def test_atlaspatch(tmp_path: Path) -> None:
    """The first two of five columns are the corner; the encoder chooses among several."""
    write_atlaspatch(tmp_path / "s.h5", {"uni_v1": EMBEDDINGS, "resnet50": EMBEDDINGS[:, :3]}, XY)

    bag = read_hdf5(tmp_path / "s.h5", encoder="uni_v1")

    np.testing.assert_array_equal(place(bag).embeddings, EMBEDDINGS)
    np.testing.assert_array_equal(place(bag).grid.xy_px0, XY)
    assert (bag.layout, bag.encoder, bag.side_px0, bag.size_px0) == ("AtlasPatch", "uni_v1", 512.0, (90_000, 70_000))
    with pytest.raises(BadEmbeddings, match=r"resnet50, uni_v1\. Choose one with `--encoder-name`"):
        read_hdf5(tmp_path / "s.h5")


@pytest.mark.slow
def test_lazyslide(tmp_path: Path) -> None:
    """Rows of the table are matched with tiles by their id, not by their order; the store knows its resolution."""
    write_lazyslide(tmp_path / "s.zarr", EMBEDDINGS, XY)

    ready = place(read_lazyslide(tmp_path / "s.zarr"), slide_mpp=None)

    np.testing.assert_array_equal(ready.embeddings, EMBEDDINGS[::-1])
    np.testing.assert_array_equal(ready.grid.xy_px0, XY[::-1])
    assert (ready.grid.slide_mpp, ready.grid.side_px0, ready.grid.effective_mpp) == (0.5, 448.0, 1.0)
    with pytest.raises(BadEmbeddings, match="uni_tiles; choose one"):
        read_lazyslide(tmp_path / "s.zarr", encoder="conch")
    with pytest.raises(BadEmbeddings, match=r"made at 0\.5 .* catalog says 0\.25"):
        place(read_lazyslide(tmp_path / "s.zarr"), slide_mpp=0.25)


def test_a_broken_store_of_lazyslide(tmp_path: Path) -> None:
    """A folder that is no store, and one without its tiles, are refused with the reason."""
    (tmp_path / "a.zarr").mkdir()
    write_lazyslide(tmp_path / "b.zarr", EMBEDDINGS, XY)
    (tmp_path / "b.zarr" / "shapes" / "tiles" / "shapes.parquet").unlink()

    for name in ("a.zarr", "b.zarr"):
        with pytest.raises(BadEmbeddings, match="no complete store of LazySlide"):
            read_lazyslide(tmp_path / name)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, bad: float) -> None:
    """One such number in an embedding refuses the slide."""
    embeddings = EMBEDDINGS.copy()
    embeddings[2, 1] = bad
    write_trident(tmp_path / "s.h5", embeddings, XY)

    with pytest.raises(BadEmbeddings, match="not finite in 1 of 4 embeddings"):
        read_hdf5(tmp_path / "s.h5")


def test_a_vector_of_a_whole_slide_is_refused(tmp_path: Path) -> None:
    """TRIDENT's slide encoders keep one vector under the same name."""
    with h5py.File(tmp_path / "s.h5", "w") as f:
        f["features"], f["coords"] = EMBEDDINGS[0], XY

    with pytest.raises(BadEmbeddings, match="the vector of a whole slide"):
        read_hdf5(tmp_path / "s.h5")


@pytest.mark.parametrize(
    ("datasets", "reason"),
    [
        ({"feats": EMBEDDINGS}, "no coords"),
        ({"features": EMBEDDINGS, "coords": XY[:2]}, "4 embeddings and positions of shape"),
        ({"features": EMBEDDINGS.astype(np.int32), "coords": XY}, "type int32"),
        ({"coords": XY}, "holds coords; expected features"),
        ({}, "holds nothing; expected features"),
    ],
)
def test_what_lacks_something_is_refused(tmp_path: Path, datasets: dict[str, np.ndarray], reason: str) -> None:
    """The reason names what was found."""
    with h5py.File(tmp_path / "s.h5", "w") as f:
        for name, array in datasets.items():
            f[name] = array

    with pytest.raises(BadEmbeddings, match=reason):
        read_hdf5(tmp_path / "s.h5")


@pytest.mark.parametrize("size", [0, 100, 3000])
def test_a_damaged_file_is_refused(tmp_path: Path, size: int) -> None:
    """Cut off anywhere, it is no embeddings."""
    write_trident(tmp_path / "s.h5", EMBEDDINGS, XY)
    (tmp_path / "s.h5").write_bytes((tmp_path / "s.h5").read_bytes()[:size])

    with pytest.raises(BadEmbeddings, match=r"s\.h5 is damaged"):
        read_hdf5(tmp_path / "s.h5")


def test_an_unknown_resolution_is_refused(tmp_path: Path) -> None:
    """TRIDENT's magnifications are nominal: 40x is no 0.25 um, and nothing is guessed from it."""
    write_trident(tmp_path / "s.h5", EMBEDDINGS, XY)

    with pytest.raises(MissingResolution, match=r"`mpp` column.*a magnification is no substitute"):
        place(read_hdf5(tmp_path / "s.h5"), slide_mpp=None)


def test_an_option_never_overrules_a_file(tmp_path: Path) -> None:
    """A side or resolution that the file contradicts is refused."""
    write_trident(tmp_path / "s.h5", EMBEDDINGS, XY)
    bag = read_hdf5(tmp_path / "s.h5")

    with pytest.raises(BadEmbeddings, match="patches of 256 pixels, not 224"):
        place(bag, patch_px=224)
    with pytest.raises(BadEmbeddings, match=r"patches at 0\.5 micrometres per pixel, not 1"):
        place(bag, patch_mpp=1.0)


def test_positions_beyond_32_bits_are_refused(tmp_path: Path) -> None:
    """They would wrap around to somewhere on the slide."""
    write_trident(tmp_path / "s.h5", EMBEDDINGS, XY + 2**31)

    with pytest.raises(BadEmbeddings, match="beyond any slide"):
        place(read_hdf5(tmp_path / "s.h5"))


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(0.5, np.float16), (65504.0, np.float16), (70000.0, np.float32), (0.1, np.float64), (1e300, np.float64)],
)
def test_the_smallest_precision_that_is_exact(value: float, dtype: type) -> None:
    """No value changes: half precision where it holds them, else single, else as they came."""
    embeddings = np.array([[value, 1.0]])

    smaller, error = kept("s.h5", embeddings, half=False)

    assert (smaller.dtype, error) == (dtype, 0.0)
    np.testing.assert_array_equal(smaller.astype(np.float64), embeddings)


def test_half_precision_on_request_says_its_error() -> None:
    """The largest difference is recorded; values beyond its range are refused."""
    smaller, error = kept("s.h5", EMBEDDINGS, half=True)

    assert smaller.dtype == np.float16
    assert error == np.abs(HALVES.astype(np.float64) - EMBEDDINGS).max() > 0
    with pytest.raises(BadEmbeddings, match=r"up to 7e\+04, more than half precision holds"):
        kept("s.h5", EMBEDDINGS[:1] * 0 + 70000, half=True)


def test_where_files_lie(tmp_path: Path) -> None:
    """TRIDENT's, CLAM's and AtlasPatch's folders are known; HDF5 goes before .pt, a grid alone is no embeddings."""
    write_trident(tmp_path / "features_uni_v1" / "t.h5", EMBEDDINGS, XY)
    write_clam(tmp_path / "h5_files" / "c.h5", EMBEDDINGS, XY, grid=tmp_path / "patches" / "c.h5")
    write_atlaspatch(tmp_path / "patches" / "a.h5", {"uni": EMBEDDINGS}, XY)
    write_clam(tmp_path / "none", None, XY, grid=tmp_path / "patches" / "p_patches.h5")
    for path in ("pt_files/p.pt", "pt_files/c.pt", "h5_files/stranger.h5"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()

    files = foreign_files(tmp_path, ["t", "c", "a", "p", "absent"])

    found = {name: str(file.path.relative_to(tmp_path)) for name, file in files.items()}
    assert found == {"t": "features_uni_v1/t.h5", "c": "h5_files/c.h5", "a": "patches/a.h5", "p": "pt_files/p.pt"}
    grids = {name: file.positions.name for name, file in files.items() if file.positions}
    assert grids == {"c": "c.h5", "p": "p_patches.h5"}
    assert strangers(tmp_path, files) == ["p_patches.h5", "stranger.h5"]


def test_several_encoders_of_trident(tmp_path: Path) -> None:
    """Which one is asked, not guessed."""
    for encoder in ("uni_v1", "conch_v1"):
        write_trident(tmp_path / f"features_{encoder}" / "s.h5", EMBEDDINGS, XY)

    with pytest.raises(BadEmbeddings, match="features_conch_v1, features_uni_v1"):
        foreign_files(tmp_path, ["s"])
    assert foreign_files(tmp_path, ["s"], encoder="uni_v1")["s"].path.parent.name == "features_uni_v1"


@pytest.mark.parametrize("layout", ["trident", "stamp", "atlaspatch"])
def test_flipped_bytes_are_a_reason_or_change_nothing_but_values(tmp_path: Path, layout: str) -> None:
    """Of many damaged copies each is refused with the file's name, or read in the shape that it has."""
    path = tmp_path / "s.h5"
    if layout == "atlaspatch":
        write_atlaspatch(path, {"uni": EMBEDDINGS}, XY)
    else:
        {"trident": write_trident, "stamp": write_stamp}[layout](path, EMBEDDINGS, XY)
    whole, random, refused = path.read_bytes(), np.random.default_rng(0), []
    for _ in range(60):
        data = bytearray(whole)
        for place in random.integers(0, min(len(data), 2500), 3):
            data[place] = random.integers(0, 256)
        path.write_bytes(data)
        try:
            bag = read_hdf5(path)
        except BadEmbeddings as error:
            refused.append(str(error))
        else:
            assert len(bag.coords) == len(bag) <= 4

    assert len(refused) > 5
    assert all("s.h5" in reason for reason in refused)
