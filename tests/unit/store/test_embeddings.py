"""Patch embeddings on disk."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.errors import MissingArtifact, StaleArtifact
from pathalign.store.embeddings import embedding_path, index_again, open_bag, read_bag, read_provenance, write_bag
from pathalign.store.trailing_index import append_index, read_index

pytestmark = pytest.mark.unit

PROVENANCE = {"encoder": {"name": "e"}, "patches": 5}


def a_grid(patches: int) -> PatchGrid:
    """A grid of that many patches at a resolution that gives a fraction of a pixel."""
    xy_px0 = np.arange(patches)[:, None] * np.array([[886, 3]])
    return PatchGrid(
        spec=PatchSpec(patch_px=224, patch_mpp=1.0, overlap_px=32), slide_mpp=0.2527, effective_mpp=1.0,
        xy_px0=xy_px0.astype(np.int32),
        tissue_share=np.linspace(0.25, 1, patches, dtype=np.float32),
    )  # fmt: skip


def written(path: Path, *, patches: int = 5) -> np.ndarray:
    """Write a bag and return its embeddings."""
    embeddings = np.random.default_rng(0).standard_normal((patches, 8)).astype(np.float16)
    write_bag(path, slide_id="s1", embeddings=embeddings, grid=a_grid(patches), provenance=PROVENANCE)
    return embeddings


@pytest.mark.parametrize("patches", [0, 1, 5])
def test_a_bag_comes_back(tmp_path: Path, patches: int) -> None:
    """Embeddings and positions are exact; a slide without tissue is an empty, valid bag."""
    path = embedding_path(tmp_path, "s1")
    embeddings = written(path, patches=patches)

    bag = read_bag(path, slide_id="s1")

    np.testing.assert_array_equal(bag.embeddings, embeddings)
    np.testing.assert_array_equal(bag.xy_px0, a_grid(patches).xy_px0)
    assert (bag.slide_id, bag.slide_mpp, bag.side_px0) == ("s1", 0.2527, 224 / 0.2527)
    assert (bag.embeddings.dtype, bag.xy_px0.dtype) == (np.float16, np.int32)
    assert len(bag) == patches
    assert read_provenance(path) == PROVENANCE


def test_the_file_speaks_tridents_language(tmp_path: Path) -> None:
    """`features` float16 and `coords` int32 are contiguous, with TRIDENT's attributes."""
    path = tmp_path / "s1.h5"
    written(path)

    with h5py.File(path) as f:
        features, coords = f["features"], f["coords"]
        assert (features.dtype, coords.dtype) == (np.float16, np.int32)
        assert features.chunks is None
        assert coords.chunks is None
        assert {name: coords.attrs[name] for name in ("name", "patch_size", "patch_size_level0", "overlap")} == {
            "name": "s1", "patch_size": 224, "patch_size_level0": 886, "overlap": 32,
        }  # fmt: skip


def test_equal_input_is_equal_bytes(tmp_path: Path) -> None:
    """No time stamp or order of keys reaches the file."""
    written(tmp_path / "a.h5")
    written(tmp_path / "b.h5")

    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file_has_no_provenance(tmp_path: Path, share: float) -> None:
    """A file that was cut off at any place is not taken for complete, and reading it says what to do."""
    path = tmp_path / "s1.h5"
    written(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    assert read_provenance(path) is None
    with pytest.raises(StaleArtifact, match="`pathalign embed"):
        read_bag(path, slide_id="s1")


def test_a_slide_without_embeddings(tmp_path: Path) -> None:
    """A missing file has no provenance, and reading it names the slide and both repairs."""
    path = embedding_path(tmp_path, "s1")

    assert read_provenance(path) is None
    with pytest.raises(MissingArtifact, match=r"Slide s1 .*`pathalign embed`.*`pathalign status --problems`"):
        read_bag(path, slide_id="s1")


def test_another_format_is_stale(tmp_path: Path) -> None:
    """A file of TRIDENT itself, or of another format, is not read as ours."""
    path = tmp_path / "s1.h5"
    with h5py.File(path, "w") as f:
        f["features"] = np.zeros((2, 3))

    assert read_provenance(path) is None
    with pytest.raises(StaleArtifact, match="not of embedding format 2"):
        read_bag(path, slide_id="s1")


def test_as_many_embeddings_as_patches(tmp_path: Path) -> None:
    """A count that does not fit the grid is a bug, and nothing is written."""
    with pytest.raises(AssertionError, match="4 embeddings for 5 patches"):
        write_bag(
            tmp_path / "s.h5", slide_id="s", embeddings=np.zeros((4, 2), np.float32), grid=a_grid(5), provenance={}
        )
    assert list(tmp_path.iterdir()) == []


def test_rows_come_from_the_mapped_file(tmp_path: Path) -> None:
    """Rows in any order, and twice, are those of the array that HDF5 reads; the map is read-only and aligned."""
    path = tmp_path / "s1.h5"
    written(path, patches=50)
    with h5py.File(path) as f:
        expected, coords = f["features"][:], f["coords"][:]
    indices = np.array([49, 0, 7, 7, 23])

    file = open_bag(path)

    np.testing.assert_array_equal(file.rows(indices), expected[indices])
    np.testing.assert_array_equal(file.embeddings, expected)
    np.testing.assert_array_equal(file.xy_px0, coords)
    assert isinstance(file.embeddings, np.memmap)
    assert not file.embeddings.flags.writeable
    assert file.embeddings.ctypes.data % 64 == 0
    assert not isinstance(file.rows(indices), np.memmap)


def test_an_open_bag_tells_its_facts(tmp_path: Path) -> None:
    """Resolution, sides, overlap and provenance are there without reading an embedding."""
    written(tmp_path / "s1.h5")

    file = open_bag(tmp_path / "s1.h5")

    assert (len(file), file.dim, file.dtype, file.slide_id) == (5, 8, np.float16, "s1")
    assert (file.slide_mpp, file.effective_mpp, file.patch_px, file.overlap_px) == (0.2527, 1.0, 224, 32)
    assert file.provenance == PROVENANCE
    np.testing.assert_allclose(file.tissue_share, np.linspace(0.25, 1, 5), atol=1e-3)


@pytest.mark.parametrize("storage", [{"chunks": (1, 8)}, {"chunks": (4, 8), "compression": "gzip"}])
def test_a_repacked_file_is_read_through_hdf5(tmp_path: Path, storage: dict[str, object]) -> None:
    """A file that another tool has chunked or compressed gives the same rows."""
    path = tmp_path / "s1.h5"
    embeddings = written(path)
    with h5py.File(path, "a") as f:
        attributes = dict(f["features"].attrs)
        del f["features"]
        f.create_dataset("features", data=embeddings, **storage)
        f["features"].attrs.update(attributes)

    file = open_bag(path)

    np.testing.assert_array_equal(file.rows(np.array([4, 1])), embeddings[[4, 1]])
    np.testing.assert_array_equal(file.bag().embeddings, embeddings)
    assert not file.embeddings.flags.writeable


def test_an_open_bag_is_pickled_as_a_path(tmp_path: Path) -> None:
    """A worker gets where the rows lie, not the rows; and its rows are the same."""
    path = tmp_path / "s1.h5"
    embeddings = written(path, patches=4000)
    file = open_bag(path)
    assert len(file.embeddings) == 4000

    pickled = pickle.dumps(file)

    assert len(pickled) < 4000
    np.testing.assert_array_equal(pickle.loads(pickled).rows(np.array([3999])), embeddings[[3999]])


def test_an_empty_slide_has_no_rows(tmp_path: Path) -> None:
    """A slide without tissue opens like any other."""
    written(tmp_path / "s1.h5", patches=0)

    file = open_bag(tmp_path / "s1.h5")

    assert (len(file), file.dim, file.rows(np.zeros(0, np.int64)).shape) == (0, 8, (0, 8))


def test_a_file_of_format_1_is_still_read(tmp_path: Path) -> None:
    """A file of the first format, without the effective resolution, comes back; nobody embeds again for it."""
    path = tmp_path / "s1.h5"
    embeddings = written(path)
    with h5py.File(path, "a") as f:
        f.attrs["pathalign_format"] = 1
        del f.attrs["effective_mpp"], f.attrs["patch_mpp"]

    file = open_bag(path)

    np.testing.assert_array_equal(file.bag().embeddings, embeddings)
    assert file.effective_mpp == pytest.approx(1.0)


def test_arrays_that_do_not_fit_are_damage(tmp_path: Path) -> None:
    """Fewer positions than embeddings is said when the file is opened, not when a model trips over it."""
    path = tmp_path / "s1.h5"
    written(path)
    with h5py.File(path, "a") as f:
        attributes, coords = dict(f["coords"].attrs), f["coords"][:3]
        del f["coords"]
        f["coords"] = coords
        f["coords"].attrs.update(attributes)

    with pytest.raises(StaleArtifact, match=r"damaged .*do not fit.*`pathalign embed`"):
        open_bag(path)


def test_a_file_cut_off_after_it_was_opened(tmp_path: Path) -> None:
    """Reading the whole of it says so; short arrays are never given."""
    path = tmp_path / "s1.h5"
    written(path, patches=500)
    file = open_bag(path)
    with path.open("r+b") as f:
        f.truncate(4096)

    with pytest.raises(StaleArtifact, match="cut off"):
        file.bag()


def without_index(path: Path) -> None:
    """Cut the index off, as HDF5 does when it opens a file for writing."""
    with h5py.File(path, "r+"):
        pass


def test_hdf5_drops_the_index_of_a_file_that_it_may_change(tmp_path: Path) -> None:
    """Opened for writing, changed or not, a file has no index: an index that is there is true."""
    path = tmp_path / "s1.h5"
    written(path)
    assert read_index(path) is not None

    without_index(path)

    assert read_index(path) is None


def test_a_file_without_its_index_reads_the_same(tmp_path: Path) -> None:
    """HDF5 says what the index says, and `index_again` gives the bytes back."""
    path = tmp_path / "s1.h5"
    written(path)
    before, indexed = path.read_bytes(), open_bag(path)
    without_index(path)

    plain = open_bag(path)
    assert (plain.provenance, plain.side_px0, len(plain)) == (indexed.provenance, indexed.side_px0, len(indexed))
    np.testing.assert_array_equal(plain.embeddings, indexed.embeddings)
    np.testing.assert_array_equal(plain.xy_px0, indexed.xy_px0)
    index_again(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", [-1, -10, -14, -22, -30])
def test_a_damaged_index_is_not_believed(tmp_path: Path, place: int) -> None:
    """A flipped byte in it or in its footer is damage, and the file is made again."""
    path = tmp_path / "s1.h5"
    written(path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)

    assert read_provenance(path) is None
    with pytest.raises(StaleArtifact, match="damaged behind its HDF5 part"):
        open_bag(path)


def test_other_versions_of_hdf5_say_where_they_end(tmp_path: Path) -> None:
    """Files of every superblock version that h5py writes have nothing behind their end, and an index is found there."""
    for name, versions in {"v0": ("earliest", "v108"), "v2": ("v108", "v108"), "v3": ("v110", "latest")}.items():
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w", libver=versions) as f:
            f["x"] = np.arange(1000)
        assert read_index(path) is None

        append_index(path, {"provenance": {"a": 1}})

        assert read_index(path) == {"provenance": {"a": 1}}
        with h5py.File(path) as f:
            assert f["x"][999] == 999


def test_a_long_index_is_read_whole(tmp_path: Path) -> None:
    """Provenance longer than what is read at once comes back."""
    path = tmp_path / "s1.h5"
    provenance = {"note": "x" * 20_000}
    write_bag(path, slide_id="s1", embeddings=np.zeros((5, 8), np.float16), grid=a_grid(5), provenance=provenance)

    assert read_index(path)["provenance"] == provenance


def test_a_changed_byte_of_an_embedding_is_found_when_asked(tmp_path: Path) -> None:
    """Checksums are in the index; without it there is nothing to compare with."""
    path = tmp_path / "s1.h5"
    written(path)
    file = open_bag(path)
    file.check()
    data = bytearray(path.read_bytes())
    data[file.extents["features"].offset + 3] ^= 1
    path.write_bytes(data)

    with pytest.raises(StaleArtifact, match="features has changed"):
        open_bag(path).check()
    without_index(path)
    open_bag(path).check()
