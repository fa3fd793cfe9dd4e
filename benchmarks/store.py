"""How fast embeddings are read: TRIDENT's layout (a chunk per patch, float32), ours, a bare NumPy map, and a shard.

    python benchmarks/store.py

One slide of 10,240 patches, at the length of a ViT-S (384) and of a ViT-L (1024); whole, and 2,048 random rows of it.
Warm is CPU time with the file in memory; cold is wall time after the kernel was asked to drop the file and did (checked
page by page). Layouts take turns, so that a busy machine slows all of them; a ratio is the median of those of the
rounds, and compares the time for the same patches. One plain read of our whole file, into new memory, is what the
machine allows to whoever returns an array; rows of a cold file are compared with it too, as most of its
pages have a row that is wanted. A map is read when each of its pages was touched. Prints a table and writes
benchmarks/out/store.json.
"""

from __future__ import annotations

import ctypes
import json
import math
import mmap
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import h5py
import numpy as np

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.store.embeddings import open_bag, write_bag
from pathalign.store.shard_reader import ShardReader
from pathalign.store.shards import write_shards
from pathalign.testing.foreign_embeddings import write_trident

OUT = Path(__file__).parent / "out" / "store.json"
PATCHES = 10_240
ROWS = 2048
DIMS = (384, 1024)
ROUNDS = 9
FEATURES_AT = 2048
"""Where the embeddings start in our file; the comparison with what was written would fail elsewhere."""
TRIDENT, OURS, MAPPED, ANYONE, NUMPY, SHARD, LIMIT = (
    "TRIDENT (h5py)", "ours (open_bag)", "ours, mapped", "ours (h5py)", "NumPy map (.npy)", "shard (ShardReader)",
    "one plain read",
)  # fmt: skip
ROWS_OF = (TRIDENT, OURS, ANYONE, NUMPY, SHARD)
Reading = Callable[[Path, np.ndarray | None], np.ndarray]


def main() -> None:
    rows = []
    OUT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT.parent) as folder:  # a disk, where /tmp may be memory
        for dim in DIMS:
            rows += slide(Path(folder) / str(dim), dim)
    print(
        f"{'dim':>5} {'read':12} {'state':6} {'layout':20} {'ms':>9} {'MB/s':>8} {'x TRIDENT':>10} {'x NumPy':>8} "
        f"{'x read':>7}"
    )
    for r in rows:
        print(
            f"{r['dim']:5} {r['read']:12} {r['state']:6} {r['layout']:20} {1e3 * r['seconds']:9.2f} "
            f"{r['mb_per_s']:8.0f} {r['times_trident']:10.1f} {r['times_numpy']:8.2f} {r['times_limit']:7.2f}"
        )
    goals = [goal for dim in DIMS for goal in goals_of(rows, dim)]
    for goal in goals:
        limit = f"; one plain read reaches {goal['limit']:.1f}" if goal["limit"] < goal["target"] else ""
        print(
            f"{'holds' if goal['holds'] else 'FAILS':6} {goal['goal']}: {goal['value']:.2f} "
            f"(target {goal['target']}{limit})"
        )
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, h5py {h5py.__version__}"
    OUT.write_text(json.dumps({"name": "store", "machine": machine, "rows": rows, "goals": goals}, indent=2))


def slide(folder: Path, dim: int) -> list[dict]:
    """All readings of one slide."""
    paths = write(folder, dim)
    wanted = np.random.default_rng(1).integers(0, PATCHES, ROWS)
    truth = np.load(paths[NUMPY])
    found = []
    for read, whole in (("whole slide", True), (f"{ROWS} rows", False)):
        for state in ("warm", "cold"):
            layouts = [name for name in paths if whole or name in ROWS_OF or (name == LIMIT and state == "cold")]
            times: dict[str, list[float]] = {name: [] for name in layouts}
            dropped = True
            for _ in range(ROUNDS):
                for name in layouts:
                    dropped &= settle(paths[name], cold=state == "cold")
                    give_back_memory()
                    clock = time.perf_counter if state == "cold" else time.process_time
                    begin = clock()
                    array = READINGS[name](paths[name], None if whole else wanted)
                    times[name].append(clock() - begin)
                    assert np.array_equal(array.astype(np.float16), truth if len(array) == PATCHES else truth[wanted])
                    del array  # a file that is mapped cannot be dropped from memory
            state = state if dropped else "warm*"  # * the kernel kept the file in memory: no cold figure on this disk
            found += [row(dim, read, state, name, times) for name in layouts]
    return found


def row(dim: int, read: str, state: str, layout: str, times: dict[str, list[float]]) -> dict:
    """One line of the table."""
    seconds = median(times[layout])
    patches = ROWS if read.endswith("rows") and layout != LIMIT else PATCHES
    ratios = {
        key: median(t / s for t, s in zip(times[of], times[layout], strict=True)) if of in times else math.nan
        for key, of in (("times_trident", TRIDENT), ("times_numpy", NUMPY), ("times_limit", LIMIT))
    }
    size = dim * patches * (4 if layout == TRIDENT else 2)
    return {
        "dim": dim, "read": read, "state": state, "layout": layout, "seconds": seconds,
        "mb_per_s": size / seconds / 1e6, **ratios,
    }  # fmt: skip


def write(folder: Path, dim: int) -> dict[str, Path]:
    """The same slide in every layout, flushed to the disk."""
    embeddings = np.random.default_rng(0).standard_normal((PATCHES, dim)).astype(np.float16)
    xy_px0 = (np.stack(np.divmod(np.arange(PATCHES), 128), axis=1)[:, ::-1] * 448).astype(np.int32)
    grid = PatchGrid(
        spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, xy_px0=xy_px0, tissue_share=np.ones(PATCHES, np.float32)
    )  # fmt: skip
    folder.mkdir()
    write_trident(folder / "trident.h5", embeddings.astype(np.float32), xy_px0)
    write_bag(folder / "slide.h5", slide_id="slide", embeddings=embeddings, grid=grid, provenance={})
    shutil.copyfile(folder / "slide.h5", folder / "again.h5")  # how a file was read last shows in what reading it costs
    np.save(folder / "slide.npy", embeddings)
    list(write_shards([open_bag(folder / "slide.h5")], folder, seed=0, config={}, parents={}, licence=""))
    paths = {
        TRIDENT: folder / "trident.h5", OURS: folder / "slide.h5", MAPPED: folder / "slide.h5",
        ANYONE: folder / "slide.h5", NUMPY: folder / "slide.npy", SHARD: folder / "shard-00000.tar",
        LIMIT: folder / "again.h5",
    }  # fmt: skip
    for path in paths.values():
        with path.open("rb") as f:
            os.fsync(f.fileno())
    return paths


def _hdf5(path: Path, wanted: np.ndarray | None) -> np.ndarray:
    with h5py.File(path, "r") as f:
        if wanted is None:
            return f["features"][:]
        rows, back = np.unique(wanted, return_inverse=True)  # h5py takes rising indices only
        return f["features"][rows][back]


def _ours(path: Path, wanted: np.ndarray | None) -> np.ndarray:
    file = open_bag(path)
    return file.bag().embeddings if wanted is None else file.rows(wanted)


def _mapped(path: Path, _: np.ndarray | None) -> np.ndarray:
    array = open_bag(path).embeddings
    np.add.reduce(array.reshape(-1).view(np.uint8)[:: mmap.PAGESIZE])
    return array


def _numpy(path: Path, wanted: np.ndarray | None) -> np.ndarray:
    array = np.load(path, mmap_mode="r")
    return np.array(array if wanted is None else array[wanted])


def _shard(path: Path, wanted: np.ndarray | None) -> np.ndarray:
    reader = ShardReader.open(path.parent)
    return np.array(reader.bag("slide").embeddings) if wanted is None else reader.rows("slide", wanted)


def _plain(path: Path, _: np.ndarray | None) -> np.ndarray:
    with path.open("rb", buffering=0) as f:
        size = os.fstat(f.fileno()).st_size
        memory = np.empty(size + mmap.PAGESIZE, np.uint8)  # from 16 bytes into a page some processors copy 3x slower
        data = memory[-memory.ctypes.data % mmap.PAGESIZE :][:size]
        assert f.readinto(data) == data.size
    length = (
        (data.size - FEATURES_AT) // PATCHES // 2 // 128 * 128
    )  # positions and index follow: under 128 numbers a row
    return data[FEATURES_AT : FEATURES_AT + 2 * PATCHES * length].view(np.float16).reshape(PATCHES, length)


READINGS: dict[str, Reading] = {
    TRIDENT: _hdf5, OURS: _ours, MAPPED: _mapped, ANYONE: _hdf5, NUMPY: _numpy, SHARD: _shard, LIMIT: _plain,
}  # fmt: skip
"""Each opens the file, reads, and closes it."""


def settle(path: Path, *, cold: bool) -> bool:
    """Bring a file into memory, or out of it; says whether that is where it is now."""
    with path.open("rb") as f:
        if not cold:
            while f.read(1 << 24):
                pass
            return True
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return resident(f.fileno()) < 0.01


def give_back_memory() -> None:
    """What earlier readings have freed goes to the kernel, so that none is spared the faults of new memory."""
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def resident(handle: int) -> float:
    """Share of a file's pages that are in memory (mincore)."""
    size = os.fstat(handle).st_size
    pages = -(-size // mmap.PAGESIZE)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    start = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, handle, 0)
    flags = (ctypes.c_ubyte * pages)()
    failed = libc.mincore(ctypes.c_void_p(start), ctypes.c_size_t(size), flags)
    libc.munmap(ctypes.c_void_p(start), ctypes.c_size_t(size))
    return 1.0 if failed else sum(flag & 1 for flag in flags) / pages


def goals_of(rows: list[dict], dim: int) -> list[dict]:
    """What the store has to reach, for one length of embedding."""
    at = {(r["layout"], r["read"].split()[-1], r["state"]): r for r in rows if r["dim"] == dim}
    wanted = [
        (OURS, "slide", "cold", "times_trident", 20), (OURS, "rows", "cold", "times_trident", 20),
        (OURS, "slide", "warm", "times_trident", 50), (OURS, "rows", "warm", "times_trident", 50),
        (MAPPED, "slide", "warm", "times_trident", 50),
        (OURS, "slide", "cold", "times_numpy", 0.8), (OURS, "slide", "warm", "times_numpy", 0.8),
        (OURS, "rows", "cold", "times_numpy", 0.8), (OURS, "rows", "warm", "times_numpy", 0.8),
        (OURS, "slide", "cold", "times_limit", 0.8), (OURS, "slide", "warm", "times_limit", 0.8),
        (OURS, "rows", "cold", "times_limit", 0.8),
    ]  # fmt: skip
    names = {"times_trident": "times trident", "times_numpy": "times numpy", "times_limit": "of one plain read"}
    return [
        {
            "goal": f"{dim}-d, {read}{', mapped' if layout == MAPPED else ''}, {state}: {names[key]}",
            "value": at[layout, read, state][key], "target": target,
            "limit": at.get((LIMIT, read, state), {}).get(key, math.inf) if layout == OURS else math.inf,
            "holds": at[layout, read, state][key] >= target,
        }
        for layout, read, state, key, target in wanted
        if (layout, read, state) in at
    ]  # fmt: skip


if __name__ == "__main__":
    main()
