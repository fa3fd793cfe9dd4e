"""A picture without a pyramid: PNG, JPEG, BMP or an untiled TIFF, decoded whole. White where it is transparent."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL
import simplejpeg
from jaxtyping import UInt8
from PIL import Image

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.sources.edges import on_white
from pathalign.slides.sources.source import Level, ResolutionClaim

MOST_PIXELS = 80_000_000
"""Decoded whole, such a picture takes 240 MB; what is larger belongs in a pyramid."""
FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
_BROKEN = (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, struct.error, UserWarning)
"""What Pillow raises of damaged headers and data."""
_COLOUR = ("RGB", "RGBA", "P")
_UM_PER_INCH = 25_400.0
_COMPRESSION, _TILE_WIDTH = 259, 322  # tags of TIFF


class PlainImageSource:
    """A picture that is one level. Its pixels are decoded when they are first asked for, and kept."""

    def __init__(self, path: Path) -> None:
        """Read its header.

        Raises `UnreadableSlide` when it is broken, and `RefusedSlide` when it has too many pixels, more than 8 bits,
        no colour or more than one picture.
        """
        self.name = path.name
        self._path = path
        self._pixels: np.ndarray | None = None
        try:
            with _strictly(), Image.open(path, formats=FORMATS) as image:
                self._format = str(image.format)
                size, mode, info = image.size, image.mode, dict(image.info)
                frames = int(getattr(image, "n_frames", 1))
                if self._format == "TIFF" and not _plain_tiff(image):
                    raise ValueError("tiles or JPEG data, which are not for this reader")
        except Image.DecompressionBombError as error:  # Pillow's own limit, twice as high, before the size is known
            raise RefusedSlide(self._too_large()) from error
        except _BROKEN as error:
            raise UnreadableSlide(f"{self.name} cannot be opened as a picture. {_AGAIN}") from error
        self._check(size, mode, frames)
        self.family = f"plain-{self._format.lower()}"
        self.decoder = f"simplejpeg {simplejpeg.__version__}" if self._format == "JPEG" else f"pillow {PIL.__version__}"
        self.levels: tuple[Level, ...] = (Level(size_px=size, downsample=1.0),)
        self.resolution_claims: tuple[ResolutionClaim, ...] = _claims(self._format, info)
        self.bounds_px0: tuple[int, int, int, int] = (0, 0, *size)
        profile = info.get("icc_profile")
        self.icc_profile: bytes | None = profile or None

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        assert level == 0
        if self._pixels is None:
            self._pixels = self._decode()
        pixels = self._pixels
        return on_white(
            lambda x, y, w, h: pixels[y : y + h, x : x + w], self.levels[0].size_px, left, top, width, height
        )

    def close(self) -> None:
        """See `PixelSource.close`."""
        self._pixels = None

    def _check(self, size: tuple[int, int], mode: str, frames: int) -> None:
        width, height = size
        if width * height > MOST_PIXELS:
            raise RefusedSlide(self._too_large())
        if frames > 1:
            raise RefusedSlide(
                f"{self.name} holds {frames} pictures, and nothing says which is the slide. Save the one that is meant."
            )
        if mode not in _COLOUR or self._bits() > 8:
            raise RefusedSlide(
                f"{self.name} is no 8-bit colour picture (mode {mode}, {self._bits()} bits a channel); greyscale, "
                "CMYK and 16 bits cannot be read as stained tissue. Export it as 8-bit RGB."
            )

    def _too_large(self) -> str:
        return (
            f"{self.name} is one picture of more than {MOST_PIXELS // 10**6} million pixels, which are read of a "
            "pyramid only. Make one: `vips tiffsave IN OUT.tif --tile --pyramid --compression jpeg --Q 90`."
        )

    def _bits(self) -> int:
        """Bits of a channel; Pillow cuts a 16-bit PNG to 8 without a word."""
        with self._path.open("rb") as file:
            return file.read(25)[24] if self._format == "PNG" else 8

    def _decode(self) -> UInt8[np.ndarray, "y x 3"]:
        try:
            if self._format == "JPEG":
                return np.asarray(simplejpeg.decode_jpeg(self._path.read_bytes(), colorspace="RGB", strict=True))
            with _strictly(), Image.open(self._path, formats=FORMATS) as image:
                image.verify()  # compares the checksums of a PNG, which decoding does not
            with _strictly(), Image.open(self._path, formats=FORMATS) as image:
                rgba = image.convert("RGBA")
        except _BROKEN as error:
            raise UnreadableSlide(f"{self.name} breaks while it is decoded. {_AGAIN}") from error
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))


@contextmanager
def _strictly() -> Iterator[None]:
    """Pillow warns of broken headers and goes on; here it stops. Its warning of size comes before our own limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


_AGAIN = "Copy the file again from its source."


def _plain_tiff(image: Image.Image) -> bool:
    """Whether an open TIFF is untiled and compressed, if at all, by a method that notices what is broken."""
    tags: dict[int, object] = getattr(image, "tag_v2", {})
    return _TILE_WIDTH not in tags and tags.get(_COMPRESSION, 1) in (1, 5, 8, 32773, 32946)


def _claims(kind: str, info: dict[str | tuple[int, int], object]) -> tuple[ResolutionClaim, ...]:
    dpi = info.get("dpi")
    if not (isinstance(dpi, tuple) and len(dpi) == 2 and min(dpi) > 0):
        return ()
    source = {"TIFF": "TIFF resolution tags"}.get(kind, f"{kind} dots per inch")
    return (ResolutionClaim(source=source, mpp_x=_UM_PER_INCH / float(dpi[0]), mpp_y=_UM_PER_INCH / float(dpi[1])),)
