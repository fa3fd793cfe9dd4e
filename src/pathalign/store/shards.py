"""Training shards: uncompressed tar files of .npy arrays with a byte index beside each, written.

    shard-00000.tar         SLIDE.features.npy, SLIDE.coords.npy, SLIDE.json for each slide; WebDataset reads it
                            (of int8 rows SLIDE.scale.npy, too)
    shard-00000.index.json  for each slide and array: first byte, bytes, dtype, shape; `ShardReader` reads by it
    manifest.json           the shards with their sizes; written last

Slides are shuffled over the shards by a seed, so that reading the shards in order is reading slides at random.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from pathalign.store.artifact import MANIFEST, digest, write_json, write_manifest, written_aside
from pathalign.store.embedding_file import EmbeddingFile
from pathalign.store.int8_rows import STORED_AS

KIND = "embedding shards"
INDEX_FORMAT = 1
INDEX_FORMAT_INT8 = 2
"""Of a shard with int8 rows: readers that know nothing of their scales must refuse it."""
SHARD_BYTES = 1 << 30
_BLOCK = tarfile.BLOCKSIZE


def shuffled(slide_ids: Sequence[str], *, seed: int) -> list[str]:
    """Slides in an order that depends on the seed and on their names alone, whatever the version of NumPy."""
    return sorted(slide_ids, key=lambda name: (hashlib.sha256(f"{seed}:{name}".encode()).digest(), name))


def write_shards(
    files: Sequence[EmbeddingFile], folder: Path, *, seed: int, shard_bytes: int = SHARD_BYTES,
    config: Mapping[str, Any], parents: Mapping[str, str], licence: str,
) -> Iterator[int]:  # fmt: skip
    """Write the slides into shards of at most `shard_bytes` (a larger slide gets its own), giving slides as they end.

    Killed and run again it goes on at the first shard that is not whole, and gives the same bytes. Drain it: the
    manifest is written at the end.
    """
    by_id = {file.slide_id: file for file in files}
    plan = [
        [by_id[name] for name in names]
        for names in _split({name: _size(by_id[name]) for name in shuffled(list(by_id), seed=seed)}, shard_bytes)
    ]
    (folder / MANIFEST).unlink(missing_ok=True)
    shards = []
    for number, slides in enumerate(plan):
        path = folder / f"shard-{number:05d}.tar"
        identity = digest([_identity(file) for file in slides])
        index = _whole(path, identity, _format(slides))
        if index is None:
            index = _write_shard(path, slides, identity)
        shards.append({key: index[key] for key in ("shard", "bytes", "sha256")} | {"slides": len(slides)})
        yield len(slides)
    _drop_leftovers(folder, len(plan))
    write_manifest(
        folder, kind=KIND, config={**config, "seed": seed, "shard_bytes": shard_bytes}, parents=parents,
        licence=licence, shards=shards, slides=len(by_id), patches=sum(len(file) for file in files),
    )  # fmt: skip


def index_path(shard: Path) -> Path:
    """Where the byte index of a shard lies."""
    return shard.with_name(f"{shard.stem}.index.json")


def member_name(slide_id: str) -> str:
    """A slide's name within a shard: WebDataset takes what stands before the first dot, so dots become %2E."""
    return slide_id.replace("%", "%25").replace(".", "%2E").replace("/", "%2F")


def _split(sizes: Mapping[str, int], limit: int) -> list[list[str]]:
    shards: list[list[str]] = []
    room = 0
    for name, size in sizes.items():
        if not shards or size > room:
            shards.append([])
            room = limit - 2 * _BLOCK  # the end of a tar
        shards[-1].append(name)
        room -= size
    return shards


def _identity(file: EmbeddingFile) -> list[Any]:
    kind = [STORED_AS] if file.int8 else []
    return [file.slide_id, dict(file.provenance), list(file.extents["features"].shape), *kind]


def _write_shard(path: Path, slides: Sequence[EmbeddingFile], identity: str) -> dict[str, Any]:
    entries = {}
    with written_aside(path) as aside:
        with aside.open("wb") as f:
            for file in slides:
                entries[file.slide_id] = _write_slide(f, file)
            f.write(b"\0" * 2 * _BLOCK)
            size = f.tell()
        with aside.open("rb") as f:
            sha256 = hashlib.file_digest(f, "sha256").hexdigest()
    index = {
        "format": _format(slides), "shard": path.name, "bytes": size, "sha256": sha256, "identity": identity,
        "slides": entries,
    }  # fmt: skip
    write_json(index_path(path), index)
    return index


def _format(slides: Sequence[EmbeddingFile]) -> int:
    return INDEX_FORMAT_INT8 if any(file.int8 for file in slides) else INDEX_FORMAT


def _write_slide(f: IO[bytes], file: EmbeddingFile) -> dict[str, Any]:
    name = member_name(file.slide_id)
    facts = {
        "slide_id": file.slide_id, "slide_mpp": file.slide_mpp, "side_px0": file.side_px0, "patch_px": file.patch_px,
        "effective_mpp": file.effective_mpp,
    }  # fmt: skip
    entry: dict[str, Any] = {"facts": facts}
    mapped = replace(file)  # whose maps end here: a map keeps its file open, and there may be more than can be
    arrays = {"features": mapped.stored_embeddings, "scale": mapped.scale, "coords": mapped.xy_px0}
    for key, array in arrays.items():
        if array is None:
            continue
        head = _npy_header(array)
        f.write(_tar_header(f"{name}.{key}.npy", len(head) + array.nbytes))
        f.write(head)
        entry[key] = {
            "offset": f.tell(), "nbytes": array.nbytes, "dtype": array.dtype.str, "shape": list(array.shape)
        }  # fmt: skip
        f.write(np.ascontiguousarray(array).data)
        f.write(b"\0" * (-f.tell() % _BLOCK))
    text = json.dumps(facts, sort_keys=True).encode()
    f.write(_tar_header(f"{name}.json", len(text)) + text)
    f.write(b"\0" * (-f.tell() % _BLOCK))
    return entry


def _size(file: EmbeddingFile) -> int:
    """Bytes of a slide in a shard, at most: its arrays and the facts, each with headers and padding."""
    row = file.dim * file.extents["features"].dtype.itemsize + 2 * 4 + 4 * file.int8
    around = len(_tar_header(f"{member_name(file.slide_id)}.features.npy", 0)) + 2 * _BLOCK
    return len(file) * row + (3 + file.int8) * around


def _npy_header(array: np.ndarray) -> bytes:
    head = io.BytesIO()
    described = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
    np.lib.format.write_array_header_1_0(head, described)
    return head.getvalue()


def _tar_header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)  # no time, owner or group: equal slides are equal bytes
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _whole(path: Path, identity: str, form: int) -> dict[str, Any] | None:
    """The index of a shard that is there, of those slides, and of the right size."""
    if not (path.is_file() and index_path(path).is_file()):
        return None
    try:
        index = json.loads(index_path(path).read_text(encoding="utf-8"))
    except ValueError:
        return None
    fits = index.get("format") == form and index.get("identity") == identity
    return dict(index) if fits and index.get("bytes") == path.stat().st_size else None


def _drop_leftovers(folder: Path, count: int) -> None:
    """Shards of an earlier run that had more of them; nothing else in the folder is touched."""
    for path in folder.glob("shard-*.tar"):
        number = path.stem.removeprefix("shard-")
        if number.isdigit() and int(number) >= count:
            index_path(path).unlink(missing_ok=True)
            path.unlink()
