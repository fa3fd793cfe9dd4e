"""Training shards: written, read by others, by memory map and over the web."""

from __future__ import annotations

import http.server
import io
import json
import pickle
import re
import socket
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.errors import MissingArtifact, StaleArtifact, UnknownName
from pathalign.store.artifact import MANIFEST
from pathalign.store.embeddings import EmbeddingFile, embedding_path, open_bag, write_bag
from pathalign.store.shard_reader import LocalShards, ShardReader
from pathalign.store.shards import member_name, shuffled, write_shards

pytestmark = pytest.mark.unit

PATCHES = {"a": 30, "TCGA-AD-6964.b": 7, "empty": 0, "d": 1, "e": 12}
REAL_CONNECT = socket.socket.connect


@pytest.fixture
def files(tmp_path: Path) -> list[EmbeddingFile]:
    """Five slides of 16-d embeddings, one of them without tissue."""
    found = []
    for seed, (slide_id, patches) in enumerate(PATCHES.items()):
        path = embedding_path(tmp_path / "set", slide_id)
        grid = PatchGrid(
            spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, tissue_share=np.ones(patches, np.float32),
            xy_px0=(np.arange(patches)[:, None] * np.array([[448, 7]])).astype(np.int32),
        )  # fmt: skip
        embeddings = np.random.default_rng(seed).standard_normal((patches, 16)).astype(np.float16)
        write_bag(path, slide_id=slide_id, embeddings=embeddings, grid=grid, provenance={"slide": slide_id})
        found.append(open_bag(path))
    return found


def export(files: list[EmbeddingFile], folder: Path, *, seed: int = 0, shard_bytes: int = 8192) -> int:
    """Write shards and say of how many slides."""
    return sum(
        write_shards(files, folder, seed=seed, shard_bytes=shard_bytes, config={}, parents={}, licence="CC0")
    )  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    """Every file and its bytes."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_any_tar_and_numpy_read_a_shard(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """tarfile lists the members and numpy.load opens them; all slides are there once."""
    assert export(files, tmp_path / "out") == 5

    found = {}
    for shard in sorted((tmp_path / "out").glob("*.tar")):
        with tarfile.open(shard) as tar:
            names = tar.getnames()
            for name in (name for name in names if name.endswith(".json")):
                key = name.removesuffix(".json")
                slide_id = json.loads(tar.extractfile(name).read())["slide_id"]
                arrays = [
                    np.load(io.BytesIO(tar.extractfile(f"{key}.{what}.npy").read())) for what in ("features", "coords")
                ]
                found[slide_id] = arrays
    assert sorted(found) == sorted(PATCHES)
    for file in files:
        np.testing.assert_array_equal(found[file.slide_id][0], file.embeddings)
        np.testing.assert_array_equal(found[file.slide_id][1], file.xy_px0)


def test_members_group_as_webdataset_groups_them(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """What stands before the first dot of a member's name is one slide, even where its name has dots."""
    export(files, tmp_path / "out", shard_bytes=1 << 20)

    with tarfile.open(tmp_path / "out" / "shard-00000.tar") as tar:
        split = [re.match(r"^([^.]+)\.(.+)$", name).groups() for name in tar.getnames()]

    keys = list(dict.fromkeys(key for key, _ in split))
    assert split == [(key, kind) for key in keys for kind in ("features.npy", "coords.npy", "json")]
    assert sorted(keys) == sorted(member_name(slide_id) for slide_id in PATCHES)
    assert len({member_name(name) for name in ("a.b", "a%2Eb", "a/b", "ab")}) == 4


def test_a_shard_is_read_by_memory_map(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """Bags and rows equal those of the set; they are aligned, read-only views, and pickled without them."""
    export(files, tmp_path / "out")

    reader = ShardReader.open(tmp_path / "out")

    for file in files:
        bag = reader.bag(file.slide_id)
        np.testing.assert_array_equal(bag.embeddings, file.embeddings)
        np.testing.assert_array_equal(bag.xy_px0, file.xy_px0)
        assert (bag.embeddings.dtype, bag.slide_mpp, bag.side_px0) == (np.float16, 0.5, 448.0)
        assert reader.patches(file.slide_id) == len(file)
    bag = reader.bag("a")
    assert not bag.embeddings.flags.writeable
    assert bag.embeddings.ctypes.data % 64 == 0
    np.testing.assert_array_equal(reader.rows("a", np.array([29, 3, 3])), files[0].embeddings[[29, 3, 3]])
    copy = pickle.loads(pickle.dumps(reader))
    np.testing.assert_array_equal(copy.rows("a", np.array([5])), files[0].embeddings[[5]])


def test_shards_keep_to_their_size(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """No shard is larger than asked for, and several are needed here."""
    export(files, tmp_path / "out", shard_bytes=8192)

    sizes = [path.stat().st_size for path in (tmp_path / "out").glob("*.tar")]
    assert len(sizes) > 1
    assert max(sizes) <= 8192


def test_a_slide_larger_than_a_shard_gets_its_own(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """A limit below every slide gives one shard each."""
    export(files, tmp_path / "out", shard_bytes=1)

    assert len(list((tmp_path / "out").glob("*.tar"))) == 5


def test_the_seed_decides_the_order(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """Equal seeds give equal bytes, whatever order the slides came in; another seed gives another order."""
    export(files, tmp_path / "a")
    export(files[::-1], tmp_path / "b")
    export(files, tmp_path / "c", seed=1)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert list(ShardReader.open(tmp_path / "a")) == shuffled(list(PATCHES), seed=0)
    assert list(ShardReader.open(tmp_path / "c")) == shuffled(list(PATCHES), seed=1)
    assert shuffled(list(PATCHES), seed=0) != shuffled(list(PATCHES), seed=1)


def test_killed_and_run_again_is_one_run(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """A run that ends after the first shard leaves it; the next run does not write it again and ends the same."""
    export(files, tmp_path / "whole")
    run = write_shards(files, tmp_path / "cut", seed=0, shard_bytes=8192, config={}, parents={}, licence="CC0")
    next(run)
    run.close()
    first = tmp_path / "cut" / "shard-00000.tar"
    inode = first.stat().st_ino
    assert not (tmp_path / "cut" / MANIFEST).exists()
    with pytest.raises(MissingArtifact, match="not complete"):
        ShardReader.open(tmp_path / "cut")

    export(files, tmp_path / "cut")

    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert first.stat().st_ino == inode


def test_fewer_slides_leave_no_old_shard(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """Shards of a larger run that is no longer true are dropped; what else lies in the folder stays."""
    export(files, tmp_path / "out", shard_bytes=1)
    (tmp_path / "out" / "notes.txt").write_text("mine")

    export(files[:2], tmp_path / "out", shard_bytes=1)

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json", "notes.txt", "shard-00000.index.json", "shard-00000.tar", "shard-00001.index.json",
        "shard-00001.tar",
    ]  # fmt: skip


def test_a_truncated_shard_is_refused(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """A shard shorter than its manifest says is seen at opening, and one cut off later when it is read."""
    export(files, tmp_path / "out", shard_bytes=1 << 20)
    shard = tmp_path / "out" / "shard-00000.tar"
    reader = ShardReader.open(tmp_path / "out")
    shard.write_bytes(shard.read_bytes()[:1024])

    with pytest.raises(StaleArtifact, match=r"shard-00000.tar has 1024 bytes.*export-embeddings"):
        ShardReader.open(tmp_path / "out")
    with pytest.raises(StaleArtifact, match="ends before"):
        [reader.bag(slide_id) for slide_id in PATCHES]


def test_an_index_of_another_run_is_refused(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """Offsets are only trusted for the bytes that they were written with."""
    export(files, tmp_path / "out", shard_bytes=1 << 20)
    export(files, tmp_path / "other", shard_bytes=1 << 20, seed=1)
    name = "shard-00000.index.json"
    (tmp_path / "out" / name).write_bytes((tmp_path / "other" / name).read_bytes())

    with pytest.raises(StaleArtifact, match="another run"):
        ShardReader.open(tmp_path / "out")


def test_a_slide_that_is_not_there(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """An unknown slide is named."""
    export(files, tmp_path / "out")

    with pytest.raises(UnknownName, match="no slide nobody among the 5 slides"):
        ShardReader.open(tmp_path / "out").bag("nobody")


class RangeHandler(http.server.SimpleHTTPRequestHandler):
    """A file server that knows byte ranges, as object stores do; counts the bytes it sends of shards."""

    protocol_version = "HTTP/1.1"
    sent: list[int]
    ranges = True

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        asked = re.match(r"bytes=(\d+)-(\d+)$", self.headers.get("Range", ""))
        if asked and self.ranges:
            data = data[int(asked[1]) : int(asked[2]) + 1]
            self.sent.append(len(data))
            self.send_response(206)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(
    files: list[EmbeddingFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, type[RangeHandler]]]:
    """The shards behind http on this machine; connections to anywhere else stay forbidden."""

    def loopback_only(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] == "127.0.0.1", "a test tried to open a network connection"
        REAL_CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)
    export(files, tmp_path / "out")
    handler = type("Handler", (RangeHandler,), {"sent": [], "ranges": True})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/out", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_shards_are_read_over_the_web(served: tuple[str, type[RangeHandler]], files: list[EmbeddingFile]) -> None:
    """Range requests give the bags and rows of the set, and only the bytes of what was asked for travel."""
    address, handler = served

    with ShardReader.open(address) as reader:
        for file in files:
            np.testing.assert_array_equal(reader.bag(file.slide_id).embeddings, file.embeddings)
        handler.sent.clear()
        rows = reader.rows("a", np.array([11, 10, 11]))

    np.testing.assert_array_equal(rows, files[0].embeddings[[11, 10, 11]])
    assert handler.sent == [2 * 16 * 2]


def test_rows_far_apart_are_fetched_apart(
    served: tuple[str, type[RangeHandler]], files: list[EmbeddingFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows with more between them than a round trip is worth are two ranges."""
    address, handler = served
    monkeypatch.setattr("pathalign.store.shard_reader.GAP_BYTES", 100)

    with ShardReader.open(address) as reader:
        rows = reader.rows("a", np.array([29, 0, 1]))
        with pytest.raises(IndexError, match="30 patches"):
            reader.rows("a", np.array([30]))

    np.testing.assert_array_equal(rows, files[0].embeddings[[29, 0, 1]])
    assert sorted(handler.sent) == [1 * 32, 2 * 32]


@pytest.mark.slow
def test_threads_read_over_the_web_side_by_side(
    served: tuple[str, type[RangeHandler]], files: list[EmbeddingFile]
) -> None:
    """Each has a connection of its own, so answers are not mixed up; pickled, a reader is its address."""
    address, _ = served
    names = [file.slide_id for file in files if len(file)] * 20

    with ShardReader.open(address) as reader, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda name: reader.stored(name).rows([0]), names))
        again = pickle.loads(pickle.dumps(reader))
        assert len(again) == len(files)
        again.__exit__(None, None, None)

    rows = {file.slide_id: file.rows([0]) for file in files if len(file)}
    for name, row in zip(names, found, strict=True):
        np.testing.assert_array_equal(row, rows[name])


def test_a_stored_slide_is_unread(served: tuple[str, type[RangeHandler]], files: list[EmbeddingFile]) -> None:
    """Its facts are in the index; positions are fetched once, rows when they are asked for."""
    address, handler = served

    with ShardReader.open(address) as reader:
        assert ("a" in reader, "nobody" in reader) == (True, False)
        bag = reader.stored("a")
        assert (len(bag), bag.slide_mpp, bag.side_px0, handler.sent) == (30, 0.5, 448.0, [])
        for _ in range(2):
            np.testing.assert_array_equal(bag.xy_px0, files[0].xy_px0)
        np.testing.assert_array_equal(bag.rows([7, 5]), files[0].embeddings[[7, 5]])

        assert handler.sent == [30 * 8, 3 * 32]
        np.testing.assert_array_equal(bag.embeddings, files[0].embeddings)
        np.testing.assert_array_equal(bag.xy_um, files[0].xy_um)


def test_few_shards_stay_mapped(files: list[EmbeddingFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A map keeps its file open, and there may be thousands of shards; what was dropped is mapped again."""
    monkeypatch.setattr("pathalign.store.shard_reader.OPEN_SHARDS", 2)
    export(files, tmp_path / "out", shard_bytes=1)
    shards = LocalShards(tmp_path / "out")
    reader = ShardReader(shards)

    for file in [*files, *files]:
        np.testing.assert_array_equal(reader.bag(file.slide_id).embeddings, file.embeddings)
        assert len(shards._maps) <= 2


def test_a_server_without_ranges_is_refused(served: tuple[str, type[RangeHandler]]) -> None:
    """A server that answers with the whole shard is not taken for one that answers with a part."""
    address, handler = served

    with ShardReader.open(address) as reader:
        handler.ranges = False
        with pytest.raises(StaleArtifact, match="does not serve byte ranges"):
            reader.bag("a")


def test_an_address_is_http() -> None:
    """Other schemes are refused, not tried."""
    with pytest.raises(UnknownName, match="expected http"):
        ShardReader.open("file:///somewhere")


def test_local_shards_are_not_pickled_with_their_maps(files: list[EmbeddingFile], tmp_path: Path) -> None:
    """A worker gets a folder, not a gigabyte."""
    export(files, tmp_path / "out", shard_bytes=1 << 20)
    shards = LocalShards(tmp_path / "out")
    shards.part("shard-00000.tar", 0, 512)

    assert len(pickle.dumps(shards)) < 500
