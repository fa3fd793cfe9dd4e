"""Encoded tiles to RGB: one decoder per compression, each strict, none larger in memory than the tile it was told of.

Every decoder raises `ValueError` with the codec's own words when the data is broken; the source adds which tile it was.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from pathalign.errors import MissingExtra

Tile = UInt8[np.ndarray, "y x 3"]
TileDecoder = Callable[[bytes, Tile], None]
"""Decodes the bytes of one tile into an array of the tile's shape; raises `ValueError` when they are broken."""

YCBCR, RGB = 6, 2  # PhotometricInterpretation
UNCOMPRESSED, LZW, JPEG, DEFLATE, OLD_DEFLATE = 1, 5, 7, 8, 32946  # Compression
J2K_YCBCR, J2K_RGB, J2K = 33003, 33005, 34712
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
_NEVER_WRITTEN = bytes(256)
"""JPEG 2000 decodes whatever follows damage without a word; blocks of a disk that were never written show here. The
longest run in the sound tiles of two real slides is 11."""
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True, kw_only=True, slots=True)
class TileEncoding:
    """How the tiles of a directory are stored, in the numbers of TIFF."""

    compression: int
    photometric: int
    predictor: int
    tables: bytes
    """JPEG tables that the tiles share; empty when each has its own."""


def tile_decoder(encoding: TileEncoding, *, shrink: int = 1) -> tuple[TileDecoder, str] | None:
    """The decoder of tiles and what to call it; None for an encoding that is not read here.

    `shrink` (2, 4 or 8) lets the JPEG decoder make tiles of half, a quarter or an eighth of their side. Raises
    `MissingExtra` when the tiles need imagecodecs and it is not installed.
    """
    compression, photometric, predictor = encoding.compression, encoding.photometric, encoding.predictor
    if compression == JPEG and photometric in (RGB, YCBCR):
        decode = partial(_decode_jpeg, jpeg_prefix(photometric, encoding.tables), shrink)
        return decode, f"tiles, libjpeg-turbo (simplejpeg {'.'.join(simplejpeg.__version_info__)})"
    if shrink != 1:
        return None
    if compression in (J2K_YCBCR, J2K_RGB, J2K) and photometric in (RGB, YCBCR):
        ycbcr = compression == J2K_YCBCR or (compression == J2K and photometric == YCBCR)
        codecs = _imagecodecs()
        return partial(_decode_jpeg2000, codecs, ycbcr), f"tiles, OpenJPEG (imagecodecs {codecs.__version__})"
    if photometric != RGB or predictor not in (1, 2):
        return None
    if compression == UNCOMPRESSED:
        return partial(_decode_plain, _as_it_is, predictor), "tiles, uncompressed"
    if compression in (DEFLATE, OLD_DEFLATE):
        return partial(_decode_plain, _inflate, predictor), f"tiles, zlib {zlib.ZLIB_RUNTIME_VERSION}"
    if compression == LZW:
        codecs = _imagecodecs()
        unpack = partial(_unpack_lzw, codecs)
        return partial(_decode_plain, unpack, predictor), f"tiles, LZW (imagecodecs {codecs.__version__})"
    return None


def jpeg_prefix(photometric: int, tables: bytes) -> bytes:
    """What goes before a JPEG tile in place of its first two bytes: colour transform and shared tables.

    Aperio stores RGB without saying so within the stream, which decoders then take for YCbCr (47 grey levels wrong).
    An Adobe marker says it. A tile's own JFIF or Adobe marker comes later and wins: Bio-Formats tags YCbCr as RGB.
    """
    adobe = _ADOBE + (b"\x01" if photometric == YCBCR else b"\x00")
    shared = tables[2:] if tables.startswith(_JPEG_START) else tables
    end = shared.rfind(_JPEG_END)
    return _JPEG_START + adobe + (shared[:end] if end >= 0 else shared)


def _decode_jpeg(prefix: bytes, shrink: int, data: bytes, out: Tile) -> None:
    if data[:2] != _JPEG_START:
        raise ValueError("not the start of a JPEG stream")
    # Decoding into `out` also bounds the memory: a damaged header that claims 65,500 pixels a side is refused.
    if shrink == 1:
        made = simplejpeg.decode_jpeg(prefix + data[2:], "RGB", buffer=out)
    else:
        made = simplejpeg.decode_jpeg(
            prefix + data[2:], "RGB", min_height=out.shape[0], min_width=out.shape[1], min_factor=shrink, buffer=out
        )
    if made.shape != out.shape:
        raise ValueError(f"decodes to {made.shape[1]} x {made.shape[0]} pixels, not {out.shape[1]} x {out.shape[0]}")


def _decode_jpeg2000(codecs: Any, ycbcr: bool, data: bytes, out: Tile) -> None:
    """The size and the components are read from the codestream's SIZ marker before anything is decoded."""
    if _NEVER_WRITTEN in data:
        raise ValueError(f"a run of {len(_NEVER_WRITTEN)} zero bytes, which the coder does not make")
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(data) < start + 51:
        raise ValueError("not a JPEG 2000 codestream")
    right, below, left, top = (int.from_bytes(data[start + at : start + at + 4], "big") for at in (8, 12, 16, 20))
    components = int.from_bytes(data[start + 40 : start + 42], "big")
    if (below - top, right - left, components) != out.shape:
        raise ValueError(f"holds {right - left} x {below - top} pixels of {components} channels")
    subsampled = any(data[start + at] != 1 for at in (43, 44, 46, 47, 49, 50))
    try:
        made = codecs.jpeg2k_decode(data, verbose=0, numthreads=1)
    except codecs.Jpeg2kError as error:
        raise ValueError(str(error)) from error
    if made.shape != out.shape or made.dtype != np.uint8:
        raise ValueError(f"decodes to {made.dtype} {list(made.shape)}")
    out[:] = ycbcr_to_rgb(made) if ycbcr and not subsampled else made  # OpenJPEG converts what is subsampled itself


def ycbcr_to_rgb(image: Tile) -> Tile:
    """Full-range YCbCr to RGB in the fixed-point arithmetic of JFIF decoders (16 bits, rounded)."""
    y, cb, cr = (image[..., channel].astype(np.int32) for channel in range(3))
    cb -= 128
    cr -= 128
    half = 1 << 15
    red = y + ((91881 * cr + half) >> 16)
    green = y + ((-22554 * cb - 46802 * cr + half) >> 16)
    blue = y + ((116130 * cb + half) >> 16)
    return np.stack([red, green, blue], axis=-1).clip(0, 255).astype(np.uint8)


def _decode_plain(unpack: Callable[[bytes, int], bytes], predictor: int, data: bytes, out: Tile) -> None:
    raw = unpack(data, out.size)
    if len(raw) != out.size:
        raise ValueError(f"holds {len(raw)} bytes of pixels, not {out.size}")
    pixels = np.frombuffer(raw, np.uint8).reshape(out.shape)
    if predictor == 2:  # each pixel is stored as its difference from the one to its left
        np.cumsum(pixels, axis=1, dtype=np.uint8, out=out)
    else:
        out[:] = pixels


def _as_it_is(data: bytes, _: int) -> bytes:
    return data


def _inflate(data: bytes, length: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, length + 1)  # one more than due shows that there is too much
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _unpack_lzw(codecs: Any, data: bytes, length: int) -> bytes:
    try:
        return codecs.lzw_decode(data, out=length)
    except codecs.LzwError as error:
        raise ValueError(str(error)) from error


def _imagecodecs() -> Any:
    """The package of codecs; the one place that imports it."""
    if importlib.util.find_spec("imagecodecs") is None:
        raise MissingExtra(
            "The tiles of this slide are JPEG 2000 or LZW, which need an extra package. "
            "Install it: pip install 'pathalign[jpeg2000]'."
        )
    import imagecodecs

    return imagecodecs
