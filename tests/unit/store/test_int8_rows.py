"""Embeddings as int8 with a scale for each row: the file, the shards, and what every reader gets."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.errors import StaleArtifact
from pathalign.store.embeddings import (
    EmbeddingFile,
    embedding_path,
    open_bag,
    read_bag,
    read_provenance,
    write_bag,
    write_floats,
)
from pathalign.store.int8_rows import dequantised, quantised
from pathalign.store.shard_reader import ShardReader
from pathalign.store.shards import write_shards

pytestmark = pytest.mark.unit

SIZES = {"a": 30, "b": 0, "c": 7}


def embeddings(patches: int, *, seed: int = 0) -> np.ndarray:
    """Rows of very different lengths, one of them of zeros."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((patches, 16)) * 10.0 ** random.integers(-3, 4, (patches, 1))
    rows[patches // 2 : patches // 2 + 1] = 0
    return rows.astype(np.float16)


def written(folder: Path, slide_id: str, patches: int, dtype: type = np.int8) -> EmbeddingFile:
    """A slide on a line of patches."""
    grid = PatchGrid(
        spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, tissue_share=np.ones(patches, np.float32),
        xy_px0=(np.arange(patches)[:, None] * np.array([[448, 7]])).astype(np.int32),
    )  # fmt: skip
    path = embedding_path(folder, slide_id)
    write_bag(
        path, slide_id=slide_id, embeddings=embeddings(patches), grid=grid, provenance={"slide": slide_id}, dtype=dtype
    )
    return open_bag(path)


def open_handles() -> int:
    """Files that this process has open; 0 where the system does not say."""
    place = Path("/proc/self/fd")
    return len(list(place.iterdir())) if place.is_dir() else 0


@pytest.fixture
def files(tmp_path: Path) -> list[EmbeddingFile]:
    """Three slides of int8 rows, one of them without tissue."""
    return [written(tmp_path / "set", slide_id, patches) for slide_id, patches in SIZES.items()]


def test_no_value_is_off_by_more_than_half_a_step() -> None:
    """Whatever a row's length, each value is within half of its scale, the largest within rounding, zeros are zeros."""
    truth = embeddings(200).astype(np.float32)

    rows, scale = quantised(truth)
    again = dequantised(rows, scale)

    assert (rows.dtype, scale.dtype, again.dtype) == (np.int8, np.float32, np.float32)
    assert (np.abs(again - truth) <= scale[:, None] * 0.5001).all()
    np.testing.assert_allclose(np.abs(again).max(1), np.abs(truth).max(1), rtol=1e-6)
    assert (again[100] == 0).all()
    assert np.abs(rows.astype(int)).max() == 127
    assert scale.max() / scale[scale > 0].min() > 1e5


def test_what_was_rounded_once_is_not_rounded_again() -> None:
    """Int8 rows that are read and written anew are the same rows."""
    rows, scale = quantised(embeddings(50).astype(np.float32))

    again, scale_again = quantised(dequantised(rows, scale))

    np.testing.assert_array_equal(again, rows)
    np.testing.assert_allclose(scale_again, scale, rtol=1e-6)


def test_every_way_of_reading_gives_the_same_floats(files: list[EmbeddingFile]) -> None:
    """The whole bag, the property and rows in any order are the products of rows and scales; facts say float32."""
    for file in files:
        expected = dequantised(*quantised(embeddings(len(file))))
        wanted = np.array([6, 0, 0, 3]) if len(file) else np.zeros(0, np.int64)

        np.testing.assert_array_equal(file.embeddings, expected)
        np.testing.assert_array_equal(read_bag(file.path, slide_id=file.slide_id).embeddings, expected)
        np.testing.assert_array_equal(file.rows(wanted), expected[wanted])
        assert (file.int8, file.dtype, file.dim, len(file)) == (True, np.float32, 16, SIZES[file.slide_id])
        assert file.bag().embeddings.dtype == file.rows(wanted).dtype == np.float32
        assert read_provenance(file.path) == {"slide": file.slide_id}
        file.check()


def test_the_file_says_what_it_is(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """int8 `features` and float32 `scale`, format 3, half the bytes; files of floats are as they were."""
    floats = written(tmp_path / "floats", "a", 30, np.float16)

    with h5py.File(files[0].path) as f, h5py.File(floats.path) as g:
        assert (f["features"].dtype, f["scale"].dtype, f["scale"].shape) == (np.int8, np.float32, (30,))
        assert f["features"].chunks is None
        assert f.attrs["pathalign_format"] == 3
        assert (g.attrs["pathalign_format"], "scale" in g) == (2, False)
    assert not floats.int8
    assert floats.embeddings.dtype == np.float16
    assert isinstance(floats.embeddings, np.memmap)
    assert isinstance(files[0].stored_embeddings, np.memmap)


def test_without_its_index_the_file_reads_the_same(files: list[EmbeddingFile]) -> None:
    """HDF5 says what the index said; and a pickled file is a path."""
    expected = files[0].embeddings
    assert len(pickle.dumps(files[0])) < 2000
    with h5py.File(files[0].path, "r+"):
        pass

    np.testing.assert_array_equal(open_bag(files[0].path).embeddings, expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(open_bag(files[0].path))).rows([4]), expected[[4]])


@pytest.mark.parametrize("lost", ["scale", "half of it", "features"])
def test_rows_and_scales_that_do_not_fit_are_damage(files: list[EmbeddingFile], lost: str) -> None:
    """Rows without their scales are never taken for embeddings, nor floats with scales."""
    with h5py.File(files[0].path, "r+") as f:
        if lost == "features":
            del f["features"]
            f["features"] = np.zeros((30, 16), np.float16)
        else:
            scale = f["scale"][:15]
            del f["scale"]
            if lost == "half of it":
                f["scale"] = scale

    with pytest.raises(StaleArtifact, match="int8 rows need a scale for each"):
        open_bag(files[0].path)


def test_a_changed_scale_is_found_when_asked(files: list[EmbeddingFile]) -> None:
    """The index has a checksum of the scales, too."""
    extent = files[0].extents["scale"]
    assert extent.crc32 == zlib.crc32(np.ascontiguousarray(files[0].scale).data)
    data = bytearray(files[0].path.read_bytes())
    data[extent.offset] ^= 1
    files[0].path.write_bytes(data)

    with pytest.raises(StaleArtifact, match="scale has changed"):
        open_bag(files[0].path).check()


def test_as_floats_for_other_programs(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """The same slide in half precision, without scales, with every attribute; beyond its range in single."""
    write_floats(files[0], tmp_path / "out.h5")

    file = open_bag(tmp_path / "out.h5")
    np.testing.assert_array_equal(file.embeddings, files[0].embeddings.astype(np.float16))
    np.testing.assert_array_equal(file.xy_px0, files[0].xy_px0)
    assert (file.dtype, file.int8, file.provenance) == (np.float16, False, files[0].provenance)
    with h5py.File(tmp_path / "out.h5") as f, h5py.File(files[0].path) as g:
        assert set(f) == set(g) - {"scale"}
        assert dict(f["features"].attrs) == dict(g["features"].attrs)
        assert f["coords"].attrs["patch_size"] == 224


def test_shards_hold_int8_rows(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """Bags and rows of shards are those of the files; what knows nothing of scales refuses the index."""
    out = tmp_path / "out"
    list(write_shards(files, out, seed=0, config={}, parents={}, licence=""))

    reader = ShardReader.open(out)

    for file in files:
        np.testing.assert_array_equal(reader.bag(file.slide_id).embeddings, file.embeddings)
        np.testing.assert_array_equal(reader.bag(file.slide_id).xy_px0, file.xy_px0)
    np.testing.assert_array_equal(reader.rows("a", [29, 3, 3]), files[0].embeddings[[29, 3, 3]])
    assert reader.array("a", "features").dtype == np.int8
    assert '"format": 2' in (out / "shard-00000.index.json").read_text()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    list(write_shards(files, out, seed=0, config={}, parents={}, licence=""))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_export_keeps_no_file_open(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """A map keeps its file open; of a set of 350,000 slides one is mapped at a time."""
    floats = [written(tmp_path / "floats", f"s{number}", 5, np.float16) for number in range(20)]
    handles = open_handles()

    list(write_shards([*files, *floats], tmp_path / "out", seed=0, config={}, parents={}, licence=""))

    assert open_handles() <= handles + 1
