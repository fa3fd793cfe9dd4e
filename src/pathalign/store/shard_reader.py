"""Training shards, read: from a folder by memory map, or from a web server by byte ranges."""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock, local
from types import TracebackType
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote, urlsplit

import numpy as np
from jaxtyping import Float, Int

from pathalign.domain.geometry import Bag, centres_um
from pathalign.errors import MissingArtifact, StaleArtifact, UnknownName
from pathalign.store.artifact import MANIFEST
from pathalign.store.int8_rows import dequantised
from pathalign.store.mapped_rows import mapped_rows
from pathalign.store.shards import INDEX_FORMAT, INDEX_FORMAT_INT8, KIND

OPEN_SHARDS = 64
_MAPPING = Lock()
TIMEOUT_S = 30.0
GAP_BYTES = 1 << 16
"""Rows that lie closer together than this are fetched in one range: a round trip costs more than the bytes between."""


@runtime_checkable
class ShardBytes(Protocol):
    """Where the files of a set of shards lie."""

    def whole(self, name: str) -> bytes:
        """A small file, as it is."""

    def part(self, name: str, offset: int, count: int) -> np.ndarray:
        """Bytes of a shard as uint8; raises `StaleArtifact` when the shard ends before."""

    def size(self, name: str) -> int:
        """Bytes of a shard."""


class LocalShards:
    """Shards in a folder. A shard is mapped when it is first touched; pickled and forked without its maps.

    The last `OPEN_SHARDS` stay mapped: each keeps its file open. May be used by several threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._maps: dict[str, np.ndarray] = {}

    def whole(self, name: str) -> bytes:
        """A small file; raises `MissingArtifact` when it is not there."""
        path = self.folder / name
        if not path.is_file():
            raise MissingArtifact(
                f"{self.folder.name} holds no {name}: the shards are not complete. "
                "Run `pathalign export-embeddings DIR --format shards` again."
            )
        return path.read_bytes()

    def size(self, name: str) -> int:
        """Bytes of a shard, 0 when it is not there."""
        path = self.folder / name
        return path.stat().st_size if path.is_file() else 0

    def part(self, name: str, offset: int, count: int) -> np.ndarray:
        """A view of the mapped shard, read-only; nothing is copied."""
        with _MAPPING:
            if (mapped := self._maps.pop(name, None)) is None:
                mapped = np.memmap(self.folder / name, dtype=np.uint8, mode="r")
            self._maps[name] = mapped  # behind those that were used before
            if len(self._maps) > OPEN_SHARDS:
                del self._maps[next(iter(self._maps))]
        return _complete(name, np.asarray(mapped[offset : offset + count]), count)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_maps": {}}


class RemoteShards:
    """Shards behind an http(s) address; a connection is kept for each thread."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UnknownName(f"{address} is no address of shards; expected http://HOST/FOLDER or https://HOST/FOLDER.")
        self.address = address
        self._secure, self._host, self._path = parts.scheme == "https", parts.netloc, parts.path.rstrip("/")
        self._of_thread = local()
        self._connections: list[http.client.HTTPConnection] = []

    @property
    def _connection(self) -> http.client.HTTPConnection:
        """Of this thread."""
        if not hasattr(self._of_thread, "connection"):
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._of_thread.connection = kind(self._host, timeout=TIMEOUT_S)
            self._connections.append(self._of_thread.connection)
        found: http.client.HTTPConnection = self._of_thread.connection
        return found

    def __reduce__(self) -> tuple[type[RemoteShards], tuple[str]]:
        return RemoteShards, (self.address,)

    def whole(self, name: str) -> bytes:
        """A small file."""
        return self._get(name, {}, 200)

    def size(self, name: str) -> int:
        """Bytes of a shard, as the server says."""
        response = self._request("HEAD", name, {})
        response.read()
        return int(response.getheader("Content-Length", "0")) if response.status == 200 else 0

    def part(self, name: str, offset: int, count: int) -> np.ndarray:
        """Bytes of a shard by a range request."""
        if not count:
            return np.zeros(0, np.uint8)
        body = self._get(name, {"Range": f"bytes={offset}-{offset + count - 1}"}, 206)
        return _complete(name, np.frombuffer(body, np.uint8), count)

    def close(self) -> None:
        """Hang up; a connection that is used again is made again."""
        for connection in self._connections:
            connection.close()

    def _get(self, name: str, headers: dict[str, str], expected: int) -> bytes:
        with closing(self._request("GET", name, headers)) as response:
            if response.status == expected:
                return response.read()
            if response.status == 200:  # the whole shard would follow
                self._connection.close()
                raise StaleArtifact(
                    f"The server of {name} does not serve byte ranges. Copy the shards to a disk instead."
                )
            response.read()
            raise MissingArtifact(f"The server answered {response.status} {response.reason} for {name}.")

    def _request(self, method: str, name: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        for attempt in (0, 1):
            try:
                self._connection.request(method, f"{self._path}/{quote(name)}", headers=headers)
                return self._connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._connection.close()  # a server may hang up on an idle connection; once
                if attempt:
                    raise
        raise AssertionError("unreachable")


def _complete(name: str, data: np.ndarray, count: int) -> np.ndarray:
    if len(data) != count:
        raise StaleArtifact(f"{name} ends before its index says: it was cut off since. Export the shards again.")
    return data


@dataclass(frozen=True, slots=True)
class _Place:
    shard: str
    entry: dict[str, Any]


@dataclass(frozen=True)
class ShardBag:
    """One slide of a set of shards, unread but for its positions once they are asked for."""

    reader: ShardReader
    slide_id: str
    slide_mpp: float
    side_px0: float
    patches: int

    def __len__(self) -> int:
        return self.patches

    @property
    def embeddings(self) -> Float[np.ndarray, "patch dim"]:
        """All embeddings, read anew; from a folder a view of the mapped shard, but for int8 rows."""
        return self.reader.bag(self.slide_id).embeddings

    @cached_property
    def xy_px0(self) -> Int[np.ndarray, "patch 2"]:
        """Top-left corners in level-0 pixels, x first."""
        return self.reader.array(self.slide_id, "coords")

    @property
    def xy_um(self) -> Float[np.ndarray, "patch 2"]:
        """Centres of the patches in micrometres from the slide's origin."""
        return centres_um(self.xy_px0, side_px0=self.side_px0, slide_mpp=self.slide_mpp)

    def rows(self, indices: Int[np.ndarray, " row"] | Sequence[int]) -> Float[np.ndarray, "row dim"]:
        """The embeddings of some patches, in the order asked for; no others are read."""
        return self.reader.rows(self.slide_id, indices)


class ShardReader:
    """The slides of a set of shards. Nothing but manifest and index is read until a slide is asked for."""

    def __init__(self, shards: ShardBytes) -> None:
        """Read manifest and indices; raises `MissingArtifact` or `StaleArtifact` when a shard is not whole."""
        self._shards = shards
        manifest = self._json(MANIFEST)
        if manifest.get("kind") != KIND:
            raise StaleArtifact(
                f"{MANIFEST} describes a {manifest.get('kind')}, expected {KIND}. "
                "Name the folder that `pathalign export-embeddings DIR --format shards` wrote."
            )
        self.manifest = manifest
        self._places: dict[str, _Place] = {}
        for shard in manifest["shards"]:
            name = str(shard["shard"])
            if (size := shards.size(name)) != shard["bytes"]:
                raise StaleArtifact(
                    f"{name} has {size} bytes, its manifest says {shard['bytes']}: it is truncated or of another run. "
                    "Run `pathalign export-embeddings DIR --format shards` again."
                )
            index = self._json(name.removesuffix(".tar") + ".index.json")
            if index.get("format") not in (INDEX_FORMAT, INDEX_FORMAT_INT8) or index.get("sha256") != shard["sha256"]:
                raise StaleArtifact(f"The index of {name} is of another run, or of a format unknown here.")
            self._places |= {slide_id: _Place(name, entry) for slide_id, entry in index["slides"].items()}

    @classmethod
    def open(cls, where: Path | str) -> ShardReader:
        """Shards in a folder, or at an http(s) address."""
        return cls(RemoteShards(where) if isinstance(where, str) and "://" in where else LocalShards(Path(where)))

    def __enter__(self) -> ShardReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self._shards, RemoteShards):
            self._shards.close()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def name(self) -> str:
        """Of the set that the shards were made of."""
        return str(self.manifest["config"]["embeddings"]["name"])

    def __contains__(self, slide_id: str) -> bool:
        return slide_id in self._places

    def stored(self, slide_id: str) -> ShardBag:
        """The patches of a slide, unread; raises `UnknownName`."""
        facts = self._place(slide_id).entry["facts"]
        return ShardBag(
            reader=self, slide_id=slide_id, slide_mpp=float(facts["slide_mpp"]), side_px0=float(facts["side_px0"]),
            patches=self.patches(slide_id),
        )  # fmt: skip

    def __iter__(self) -> Iterator[str]:
        """Slides in the order of the shards, which is the shuffled one."""
        order = {str(shard["shard"]): number for number, shard in enumerate(self.manifest["shards"])}
        return iter(sorted(self._places, key=lambda name: (order[self._places[name].shard], self._offset(name))))

    def patches(self, slide_id: str) -> int:
        """How many patches a slide has."""
        return int(self._place(slide_id).entry["features"]["shape"][0])

    def bag(self, slide_id: str) -> Bag:
        """Embeddings and positions of a slide; from a folder both are views of the mapped shard, but for int8 rows."""
        entry = self._place(slide_id).entry
        facts, embeddings = entry["facts"], self.array(slide_id, "features")
        if "scale" in entry:
            embeddings = dequantised(embeddings, self.array(slide_id, "scale"))
        return Bag(
            slide_id=slide_id, embeddings=embeddings, xy_px0=self.array(slide_id, "coords"),
            slide_mpp=float(facts["slide_mpp"]), side_px0=float(facts["side_px0"]),
        )  # fmt: skip

    def array(self, slide_id: str, name: str) -> np.ndarray:
        """`features` or `coords` of a slide as they are stored, or the `scale` of int8 rows."""
        place = self._place(slide_id)
        entry = place.entry[name]
        data = self._shards.part(place.shard, entry["offset"], entry["nbytes"])
        return data.view(entry["dtype"]).reshape(entry["shape"])

    def rows(self, slide_id: str, indices: Int[np.ndarray, " row"] | Sequence[int]) -> Float[np.ndarray, "row dim"]:
        """The embeddings of some patches, in the order asked for; over the web only those rows travel."""
        found = self._rows(slide_id, "features", indices)
        if "scale" in self._place(slide_id).entry:
            return dequantised(found, self._rows(slide_id, "scale", indices))
        return found

    def _rows(self, slide_id: str, name: str, indices: Int[np.ndarray, " row"] | Sequence[int]) -> np.ndarray:
        if isinstance(self._shards, LocalShards):
            return mapped_rows(self.array(slide_id, name), indices)
        place = self._place(slide_id)
        entry = place.entry[name]
        patches, *rest = entry["shape"]
        wanted, back = np.unique(np.asarray(indices), return_inverse=True)
        if len(wanted) and not 0 <= wanted[0] <= wanted[-1] < patches:
            raise IndexError(f"Slide {slide_id} has {patches} patches; asked for {wanted[0]} to {wanted[-1]}.")
        width = math.prod(rest) * np.dtype(entry["dtype"]).itemsize
        found = np.empty((len(wanted), *rest), entry["dtype"])
        breaks = np.flatnonzero(np.diff(wanted) * width > GAP_BYTES) + 1
        for run in np.split(np.arange(len(wanted)), breaks):
            if len(run):
                first, last = int(wanted[run[0]]), int(wanted[run[-1]])
                data = self._shards.part(place.shard, entry["offset"] + first * width, (last - first + 1) * width)
                found[run] = data.view(entry["dtype"]).reshape(-1, *rest)[wanted[run] - first]
        return found[back]

    def _place(self, slide_id: str) -> _Place:
        if slide_id not in self._places:
            raise UnknownName(f"There is no slide {slide_id} among the {len(self)} slides of these shards.")
        return self._places[slide_id]

    def _offset(self, slide_id: str) -> int:
        return int(self._places[slide_id].entry["features"]["offset"])

    def _json(self, name: str) -> dict[str, Any]:
        text = self._shards.whole(name)
        try:
            return dict(json.loads(text))
        except ValueError as error:
            raise StaleArtifact(f"{name} is damaged: it is no JSON. Export the shards again.") from error
