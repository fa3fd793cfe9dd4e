"""Zeiss CZI: subblocks (BGR as it is or in JPEG XR) placed by their directory; a label image as an attachment."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathalign.testing.foreign_slides import LOUD, jpeg
from pathalign.testing.foreign_slides.pyramid import halvings

_BGR24, _BGR48 = 3, 4
_AS_THEY_ARE, _JPEG_XR = 0, 4
_SUBBLOCK_HEADER = 288


def write_czi(
    path: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    levels: int = 2,
    tile_px: int = 256,
    planes: int = 1,
    sixteen_bits: bool = False,
    jpeg_xr: Callable[[NDArray[np.uint8]], bytes] | None = None,
) -> None:
    """Write a CZI whose sides are multiples of `tile_px * 2 ** (levels - 1)`; its origin lies at (-1000, -500).

    With several `planes` each subblock names its plane of focus, and all but the middle one show the negative. With
    `sixteen_bits` the channels are 257 times the image's. `jpeg_xr` encodes the BGR pixels of a tile, as most scanners
    do; without it they are stored as they are.
    """
    body = bytearray(_segment("ZISRAWFILE", bytes(480)))
    entries = []
    for plane in range(planes):
        shown = image if plane == planes // 2 else 255 - image
        for k, level in enumerate(halvings(shown, levels)):
            for top in range(0, level.shape[0], tile_px):
                for left in range(0, level.shape[1], tile_px):
                    tile = level[top : top + tile_px, left : left + tile_px]
                    depth = plane if planes > 1 else None
                    bgr = np.ascontiguousarray(tile[..., ::-1])
                    data = jpeg_xr(bgr) if jpeg_xr else (bgr.astype("<u2") * 257 if sixteen_bits else bgr).tobytes()
                    codes = (_BGR48 if sixteen_bits else _BGR24, _JPEG_XR if jpeg_xr else _AS_THEY_ARE)
                    entries.append(_entry(len(body), left, top, tile.shape, 2**k, depth, codes))
                    body += _subblock(entries[-1], data)
    directory_at = len(body)
    body += _segment("ZISRAWDIRECTORY", struct.pack("<i124x", len(entries)) + b"".join(entries))
    metadata_at = len(body)
    xml = _xml(image.shape[1], image.shape[0], mpp, planes, sixteen_bits)
    body += _segment("ZISRAWMETADATA", struct.pack("<ii248x", len(xml), 0) + xml)
    label_at = len(body)
    label = jpeg.encode(np.full((48, 64, 3), LOUD, np.uint8))
    attachment = struct.pack("<2s10xqi16s8s80s", b"A1", label_at, 0, bytes(16), b"JPG", b"Label")
    body += _segment("ZISRAWATTACH", struct.pack("<i12x", len(label)) + attachment + bytes(112) + label)
    attachments_at = len(body)
    body += _segment("ZISRAWATTDIR", struct.pack("<i252x", 1) + attachment)
    head = struct.pack(
        "<iiii16s16siqqiq", 1, 0, 0, 0, b"1" * 16, b"1" * 16, 0, directory_at, metadata_at, 0, attachments_at
    )
    body[32 : 32 + len(head)] = head
    path.write_bytes(body)


def _segment(name: str, content: bytes) -> bytes:
    padding = bytes(-len(content) % 32)
    return struct.pack("<16sqq", name.encode(), len(content) + len(padding), len(content)) + content + padding


def _entry(
    at: int, left: int, top: int, shape: tuple[int, ...], downsample: int, plane: int | None, codes: tuple[int, int]
) -> bytes:
    """A directory entry: codes of pixel type and compression, place in the file, place in pixels of level 0."""
    height, width = shape[:2]
    dimensions = [
        _dimension("X", left * downsample - 1000, width * downsample, width),
        _dimension("Y", top * downsample - 500, height * downsample, height),
        _dimension("C", 0, 1, 1),
    ]
    if plane is not None:
        dimensions.append(_dimension("Z", plane, 1, 1))
    kind, compression = codes
    head = struct.pack("<2siqiib5xi", b"DV", kind, at, 0, compression, min(downsample - 1, 1), len(dimensions))
    return head + b"".join(dimensions)


def _dimension(name: str, start: int, size: int, stored: int) -> bytes:
    return struct.pack("<4siifi", name.encode(), start, size, float(start), stored)


def _subblock(entry: bytes, data: bytes) -> bytes:
    head = struct.pack("<iiq", 0, 0, len(data)) + entry
    return _segment("ZISRAWSUBBLOCK", head.ljust(_SUBBLOCK_HEADER - 32, b"\0") + data)


def _xml(width: int, height: int, mpp: float, planes: int, sixteen_bits: bool) -> bytes:
    distances = "".join(f'<Distance Id="{axis}"><Value>{mpp * 1e-6:.6g}</Value></Distance>' for axis in "XY")
    return (
        '<?xml version="1.0"?><ImageDocument><Metadata><Information><Image>'
        f"<ComponentBitCount>{16 if sixteen_bits else 8}</ComponentBitCount>"
        f"<PixelType>{'Bgr48' if sixteen_bits else 'Bgr24'}</PixelType>"
        f"<SizeX>{width}</SizeX><SizeY>{height}</SizeY><SizeC>1</SizeC><SizeZ>{planes}</SizeZ></Image></Information>"
        f"<Scaling><Items>{distances}</Items></Scaling></Metadata></ImageDocument>"
    ).encode()
