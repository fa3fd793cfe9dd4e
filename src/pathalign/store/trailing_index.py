"""Where the arrays of an embedding file lie, said once more after its HDF5 ends, for readers that cannot wait.

HDF5 needs 2 ms to say it, which is more than reading the embeddings takes. The library ignores what follows its end,
and cuts it off when it opens the file for writing: an index that is there is true. Without one we ask HDF5.

    JSON: facts, provenance, arrays | little-endian, 8 bytes: length of the JSON | 4 bytes: its CRC-32 | PATHAIDX
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pathalign.errors import StaleArtifact

MAGIC = b"PATHAIDX"
_FOOTER = struct.Struct("<QI8s")


def append_index(path: Path, index: Mapping[str, Any]) -> None:
    """Put an index behind a closed HDF5 file that has none."""
    text = json.dumps(dict(index), sort_keys=True).encode()
    with path.open("ab") as f:
        f.write(text + _FOOTER.pack(len(text), zlib.crc32(text), MAGIC))


def read_index(path: Path) -> dict[str, Any] | None:
    """The index of a file; None when nothing follows its HDF5, or when it is no whole HDF5 file to begin with.

    Raises `StaleArtifact` when something follows that is no index of it: the file was cut off, or is damaged.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        size, end = os.fstat(handle).st_size, _hdf5_end(os.pread(handle, 64, 0))
        if end is None or size <= end:
            return None
        after = os.pread(handle, size - end, end)
    finally:
        os.close(handle)
    if len(after) > _FOOTER.size:
        length, checksum, magic = _FOOTER.unpack_from(after, len(after) - _FOOTER.size)
        text = after[:length]
        if magic == MAGIC and length == len(after) - _FOOTER.size and zlib.crc32(text) == checksum:
            return dict(json.loads(text))
    raise StaleArtifact(f"{path.name} is cut off or damaged behind its HDF5 part. Run `pathalign embed` again.")


def _hdf5_end(head: bytes) -> int | None:
    """Where HDF5 says that its file ends (the superblock's end-of-file address); None when it is no such file."""
    if len(head) < 64 or head[:8] != b"\x89HDF\r\n\x1a\n":
        return None
    version, (width, place) = head[8], (head[13], 40) if head[8] < 2 else (head[9], 28)
    if version == 1:
        place += 4
    return int.from_bytes(head[place : place + 8], "little") if width == 8 else None
