"""Olympus VSI: a TIFF of the overview, and the slide in a folder beside it, as JPEG tiles in an ETS file.

Where the pixel size stands in the TIFF is not known well enough to write it, so such a slide has none.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides import LOUD, jpeg
from pathalign.testing.foreign_slides.pyramid import halvings, tiles
from pathalign.testing.foreign_slides.tiff import write_directories
from pathalign.testing.foreign_slides.tiff_images import jpeg_level

_UNSIGNED_BYTE, _RGB, _JPEG = 2, 4, 2


def write_vsi(path: Path, image: NDArray[np.uint8], *, levels: int = 2, tile_px: int = 256) -> None:
    """Write a VSI whose overview is of the loud colour."""
    write_directories(path, [jpeg_level(np.full((256, 256, 3), LOUD, np.uint8))])
    folder = path.parent / f"_{path.stem}_" / "stack1"
    folder.mkdir(parents=True)
    (folder / "frame_t.ets").write_bytes(_ets(image, levels, tile_px))


def _ets(image: NDArray[np.uint8], levels: int, tile_px: int) -> bytes:
    """Two headers, the tiles, and a table of their places: column, row, channel, level, offset, length."""
    settings = struct.pack(
        "<4s" + "i" * 9, b"ETS\0", 0x30001, _UNSIGNED_BYTE, 3, _RGB, _JPEG, 92, tile_px, tile_px, 1
    ) + bytes(4 * 17) + b"\xff" * 3 + bytes(40 - 3) + struct.pack("<ii", 0, 1)  # fmt: skip
    body = bytearray(bytes(64) + settings)
    records = []
    for k, level in enumerate(halvings(image, levels)):
        across = -(-level.shape[1] // tile_px)
        for number, tile in enumerate(tiles(level, tile_px)):
            stream = jpeg.encode(tile)
            row, column = divmod(number, across)
            records.append(struct.pack("<iiiiiqii", 4, column, row, 0, k, len(body), len(stream), 0))
            body += stream
    table_at = len(body)
    body += b"".join(records)
    struct.pack_into(
        "<4siiiqiiqii", body, 0, b"SIS\0", 64, 2, 4, 64, len(settings), 0, table_at, len(records), 0
    )  # fmt: skip
    return bytes(body)
