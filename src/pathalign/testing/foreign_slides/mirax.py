"""MIRAX (MRXS): an .mrxs file that is a mere thumbnail, and a folder of settings, an index and one data file.

Written from what OpenSlide's documentation and reader say of the format. Camera positions are never stored where
nothing was scanned, so a slide has holes, and OpenSlide reports the bounds of what there is.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides import LOUD, jpeg
from pathalign.testing.foreign_slides.pyramid import halvings, tiles

_SLIDE_ID = "0123456789ABCDEF0123456789ABCDEF"
_VERSION = "01.02"


def write_mrxs(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    tile_px: int = 256,
    levels: int = 2,
    never_scanned: frozenset[tuple[int, int]] = frozenset(),
) -> None:
    """Write an MRXS of an image whose sides are multiples of `tile_px * 2 ** (levels - 1)`.

    `never_scanned` holds the (column, row) of tiles that no level stores. The label image is of the loud colour.
    """
    rows, columns = image.shape[0] // tile_px, image.shape[1] // tile_px
    folder = path.with_suffix("")
    folder.mkdir()
    loud = jpeg.encode(np.full((48, 64, 3), LOUD, np.uint8))
    data = bytearray(b"\0" * 64)
    label_at, label_length = len(data), len(loud)
    data += loud
    entries: list[list[tuple[int, int, int]]] = []  # of each level: image number, offset, length
    image = image.copy()
    for column, row in never_scanned:  # coarser levels show a hole that is smaller than their tile in the fill colour
        image[row * tile_px : (row + 1) * tile_px, column * tile_px : (column + 1) * tile_px] = 255
    for k, level in enumerate(halvings(image, levels)):
        side, entries_of_level = 2**k, []
        wide = columns // side
        for number, tile in enumerate(tiles(level, tile_px)):
            row, column = (number // wide) * side, (number % wide) * side
            inside = [(column + x, row + y) for y in range(side) for x in range(side)]
            if all(place in never_scanned for place in inside):
                continue
            stream = jpeg.encode(tile)
            entries_of_level.append((row * columns + column, len(data), len(stream)))
            data += stream
        entries.append(entries_of_level)
    (folder / "Data0000.dat").write_bytes(data)
    (folder / "Index.dat").write_bytes(_index(entries, (label_at, label_length)))
    (folder / "Slidedat.ini").write_text(_settings(columns, rows, mpp, tile_px, levels), newline="\r\n")
    path.write_bytes(loud)


def _index(entries: list[list[tuple[int, int, int]]], label: tuple[int, int]) -> bytes:
    """Two roots, the list of levels, and of each level one page of entries; the label as a record of its own."""
    head = len(_VERSION) + len(_SLIDE_ID)
    body = bytearray(_VERSION.encode() + _SLIDE_ID.encode() + bytes(8))
    level_list = len(body)
    body += bytes(4 * len(entries))
    for k, entries_of_level in enumerate(entries):
        struct.pack_into("<i", body, level_list + 4 * k, len(body))
        body += struct.pack("<ii", 0, len(body) + 8)
        body += struct.pack("<ii", len(entries_of_level), 0)
        for number, offset, length in entries_of_level:
            body += struct.pack("<iiii", number, offset, length, 0)
    records = len(body)
    body += struct.pack("<i", len(body) + 4)
    body += struct.pack("<ii", 0, len(body) + 8)
    body += struct.pack("<iiiiiii", 1, 0, 0, 0, *label, 0)
    struct.pack_into("<ii", body, head, level_list, records)
    return bytes(body)


def _settings(columns: int, rows: int, mpp: float, tile_px: int, levels: int) -> str:
    sections = "".join(
        f"HIER_0_VAL_{k} = ZoomLevel_{k}\nHIER_0_VAL_{k}_SECTION = LAYER_0_LEVEL_{k}_SECTION\n" for k in range(levels)
    )
    text = (
        f"[GENERAL]\nSLIDE_VERSION = 01.02\nSLIDE_ID = {_SLIDE_ID}\nIMAGENUMBER_X = {columns}\nIMAGENUMBER_Y = {rows}\n"
        "OBJECTIVE_MAGNIFICATION = 20\nCameraImageDivisionsPerSide = 1\n\n"
        f"[HIERARCHICAL]\nHIER_COUNT = 1\nNONHIER_COUNT = 1\nINDEXFILE = Index.dat\nHIER_0_NAME = Slide zoom level\n"
        f"HIER_0_COUNT = {levels}\n{sections}"
        "NONHIER_0_NAME = Scan data layer\nNONHIER_0_COUNT = 1\nNONHIER_0_VAL_0 = ScanDataLayer_SlideBarcode\n"
        "NONHIER_0_VAL_0_SECTION = NONHIERLAYER_0_SECTION\n\n"
        "[NONHIERLAYER_0_SECTION]\nBARCODE_IMAGE_TYPE = JPEG\n\n"
        "[DATAFILE]\nFILE_COUNT = 1\nFILE_0 = Data0000.dat\n"
    )
    for k in range(levels):
        text += (
            f"\n[LAYER_0_LEVEL_{k}_SECTION]\nIMAGE_CONCAT_FACTOR = {min(k, 1)}\nOVERLAP_X = 0\nOVERLAP_Y = 0\n"
            f"MICROMETER_PER_PIXEL_X = {mpp * 2**k:g}\nMICROMETER_PER_PIXEL_Y = {mpp * 2**k:g}\n"
            f"IMAGE_FILL_COLOR_BGR = 16777215\nDIGITIZER_WIDTH = {tile_px}\nDIGITIZER_HEIGHT = {tile_px}\n"
            "IMAGE_FORMAT = JPEG\n"
        )
    return text
