"""Ventana BIF: overlapping camera tiles, joined by XML; rows are numbered upwards and every other one backwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides.pyramid import halvings, overlapping_mosaic
from pathalign.testing.foreign_slides.tiff import Value, write_directories
from pathalign.testing.foreign_slides.tiff_images import DESCRIPTION, XML_PACKET, jpeg_level, loud_strip


def write_bif(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    tile_px: int = 256,
    overlap_px: int = 16,
    levels: int = 2,
) -> None:
    """Write a BIF of one scanned area.

    The image is cut to as many tiles as it holds; neighbours share `overlap_px` pixels, which the mosaic repeats.
    """
    mosaic, rows, columns = overlapping_mosaic(image, tile_px, overlap_px)
    iscan = f'<iScan Magnification="20" ScanRes="{mpp:g}" UnitNumber="1"/>'
    pyramid = []
    for k, level in enumerate(halvings(mosaic, levels)):
        tags: dict[int, Value] = {DESCRIPTION: f"level={k} mag={20 / 2**k:g} quality=90"}
        if k == 0:
            tags[XML_PACKET] = _encode_info(rows, columns, tile_px, overlap_px)
        pyramid.append(jpeg_level(level, tile_px=tile_px, tags=tags))
    label = loud_strip("Label_Image", tags={XML_PACKET: f"<Metadata>{iscan}</Metadata>".encode()})
    write_directories(path, [label, loud_strip("Thumbnail"), *pyramid], big=True)


def _encode_info(rows: int, columns: int, tile_px: int, overlap_px: int) -> bytes:
    joints = []
    for row in range(rows):
        for column in range(columns):
            here = _number(row, column, rows, columns)
            if column + 1 < columns:
                right = _number(row, column + 1, rows, columns)
                joints.append(_joint(here, right, "RIGHT", overlap_px, 0))
            if row > 0:
                joints.append(_joint(here, _number(row - 1, column, rows, columns), "UP", 0, overlap_px))
    return (
        f'<EncodeInfo Ver="2"><SlideStitchInfo><ImageInfo AOIScanned="1" AOIIndex="0" Width="{tile_px}" '
        f'Height="{tile_px}" NumRows="{rows}" NumCols="{columns}" Pos-X="0" Pos-Y="0">{"".join(joints)}</ImageInfo>'
        '</SlideStitchInfo><AoiOrigin><AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>'
    ).encode()


def _number(row: int, column: int, rows: int, columns: int) -> int:
    upwards = rows - 1 - row
    return upwards * columns + (columns - 1 - column if upwards % 2 else column) + 1


def _joint(first: int, second: int, direction: str, x: int, y: int) -> str:
    return (
        f'<TileJointInfo FlagJoined="1" Confidence="100" Direction="{direction}" Tile1="{first}" Tile2="{second}" '
        f'OverlapX="{x}" OverlapY="{y}"/>'
    )
