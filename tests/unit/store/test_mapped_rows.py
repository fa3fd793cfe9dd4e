"""Rows of an array in a file, by memory map."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pathalign.store.mapped_rows import mapped_rows

pytestmark = pytest.mark.unit

PATCHES, DIM, START = 8192, 256, 640
MAPS = Path("/proc/self/smaps")


@pytest.fixture
def mapped(tmp_path: Path) -> np.memmap:
    """Four megabytes in a file, from a byte on that begins no page, as in a shard."""
    array = np.random.default_rng(0).standard_normal((PATCHES, DIM)).astype(np.float16)
    path = tmp_path / "rows.bin"
    path.write_bytes(bytes(START) + array.tobytes())
    return np.memmap(path, dtype=np.float16, mode="r", offset=START, shape=(PATCHES, DIM))


def pages_there(name: str) -> int:
    """Bytes of a file's map that this process has; the kernel's own account."""
    entry = MAPS.read_text().split(name, 1)[1]
    return 1024 * int(entry.split("Rss:")[1].split()[0])


@pytest.mark.parametrize("rows", [3, PATCHES // 4, PATCHES])
def test_rows_are_those_of_numpy(mapped: np.memmap, rows: int) -> None:
    """Few or many, in any order, twice, and counted from the end: an array of its own with NumPy's rows."""
    wanted = np.random.default_rng(1).integers(-PATCHES, PATCHES, rows)

    found = mapped_rows(mapped, wanted)

    np.testing.assert_array_equal(found, np.array(mapped)[wanted])
    assert type(found) is np.ndarray
    assert found.base is None
    assert found.flags.writeable


def test_a_list_is_a_mask_or_rows_as_in_numpy(mapped: np.memmap) -> None:
    """A list of truth values picks rows and is not taken for zeros and ones; one of numbers does as an array does."""
    mask = np.arange(PATCHES) % 3 == 0

    np.testing.assert_array_equal(mapped_rows(mapped, mask.tolist()), np.array(mapped)[mask])
    np.testing.assert_array_equal(mapped_rows(mapped, [5, 1]), np.array(mapped)[[5, 1]])


@pytest.mark.parametrize("beyond", [PATCHES, -PATCHES - 1])
@pytest.mark.parametrize("rows", [1, PATCHES])
def test_a_row_that_there_is_not_raises(mapped: np.memmap, beyond: int, rows: int) -> None:
    """Rows are never wrapped or clipped."""
    with pytest.raises(IndexError):
        mapped_rows(mapped, np.full(rows, beyond))


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux says which pages of a map are there")
def test_many_rows_bring_all_pages_of_a_file_that_is_not_in_memory(tmp_path: Path, mapped: np.memmap) -> None:
    """The rows of one end are read with all others in one go."""
    with (tmp_path / "rows.bin").open("rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    device = tmp_path.stat().st_dev
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    if any(f" {os.major(device)}:{os.minor(device)} " in line and " tmpfs " in line for line in mounts):
        pytest.skip("a file that lies in memory cannot be dropped from it")
    before = pages_there("rows.bin")
    mapped_rows(mapped, np.arange(PATCHES // 8))
    assert before == 0
    assert pages_there("rows.bin") >= mapped.nbytes
