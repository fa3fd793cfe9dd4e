"""JPEG tiles as vendors store them: tables apart, RGB without a word of it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_DQT, _DHT, _SOF0, _SOS, _APP0, _APP14 = 0xDB, 0xC4, 0xC0, 0xDA, 0xE0, 0xEE


def encode(pixels: NDArray[np.uint8], *, quality: int = 92, subsampling: str = "4:4:4", rgb: bool = False) -> bytes:
    """One JPEG stream of uint8 [y, x, 3].

    With `rgb` the channels are stored as they are and nothing says so, as Aperio does it: no Adobe marker, component
    numbers 1, 2, 3, which decoders take for YCbCr.
    """
    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if not rgb:
        image.save(stream, "JPEG", quality=quality, subsampling=subsampling)
        return stream.getvalue()
    image.save(stream, "JPEG", quality=quality, keep_rgb=True)
    out = _SOI
    for marker, body in _segments(stream.getvalue()):
        if marker in (_APP0, _APP14):
            continue
        out += _segment(marker, _renumbered(marker, body))
    return out + _scan(stream.getvalue())


def split(stream: bytes) -> tuple[bytes, bytes]:
    """The tables of a stream (a JPEGTables tag) and the stream without them."""
    tables, rest = _SOI, _SOI
    for marker, body in _segments(stream):
        if marker in (_DQT, _DHT):
            tables += _segment(marker, body)
        else:
            rest += _segment(marker, body)
    return tables + _EOI, rest + _scan(stream)


def _segments(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment up to the scan's header, which is included."""
    at = 2
    while True:
        marker = stream[at + 1]
        (length,) = struct.unpack(">H", stream[at + 2 : at + 4])
        yield marker, stream[at + 4 : at + 2 + length]
        if marker == _SOS:
            return
        at += 2 + length


def _scan(stream: bytes) -> bytes:
    """What follows the scan's header."""
    before = 2 + sum(4 + len(body) for _, body in _segments(stream))
    return stream[before:]


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _renumbered(marker: int, body: bytes) -> bytes:
    """Components R, G, B become 1, 2, 3 in the headers of the frame and of the scan."""
    first, step = {_SOF0: (6, 3), _SOS: (1, 2)}.get(marker, (0, 0))
    if not step:
        return body
    out = bytearray(body)
    for k in range(3):
        out[first + k * step] = k + 1
    return bytes(out)
