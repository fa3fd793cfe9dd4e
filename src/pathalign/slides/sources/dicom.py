"""DICOM through wsidicom (extra `dicom`): what OpenSlide refuses, and DICOMweb. The one place that imports either.

Of several planes of focus the middle one is read, which the decoder's name records. LABEL and OVERVIEW images are never
opened. JPEG frames are decoded a second time, strictly, because wsidicom's decoder passes broken ones on.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from pathalign.errors import MissingExtra, RefusedSlide, UnreadableSlide
from pathalign.slides.content import dicom_files
from pathalign.slides.sources.edges import on_white
from pathalign.slides.sources.source import Level, ResolutionClaim, levels_of

_JPEG = "1.2.840.10008.1.2.4.50"
_ADDRESS = re.compile(r"\s*(https?://\S+)/studies/([0-9.]+)/series/([0-9.]+)/?\s*")
_BROKEN = (OSError, EOFError, ValueError, KeyError, AttributeError, RuntimeError, NotImplementedError, struct.error)
"""What wsidicom, pydicom, requests and the codecs raise of damaged or absent data, beside their own errors."""


def open_dicom(path: Path) -> DicomSource:
    """Open the series that a DICOM file, or the folder of one series, belongs to.

    Raises `MissingExtra` without wsidicom, `RefusedSlide` for a folder of several series, a series without pixels of
    a slide, several optical paths, greyscale or 16 bits, and `UnreadableSlide` when wsidicom does not open it.
    """
    wsidicom = _wsidicom(path.name)
    with reading(path.name):
        files = series_files(path)
        return DicomSource(path.name, wsidicom.WsiDicom.open(files))


def open_dicomweb(path: Path, *, client: Any = None) -> DicomSource:
    """Open the series at the address that a text file holds: `https://HOST/.../studies/UID/series/UID`.

    `client` is a wsidicom web client; by default one is made, which signs in with what ~/.netrc says of the host.
    """
    wsidicom = _wsidicom(path.name)
    address = _ADDRESS.fullmatch(path.read_text(errors="replace"))
    if address is None:
        raise UnreadableSlide(f"{path.name} holds no DICOMweb address (https://HOST/.../studies/UID/series/UID).")
    base, study, series = address.groups()
    with reading(path.name):
        one_thread = wsidicom.Settings(open_web_threads=1)
        client = client or wsidicom.WsiDicomWebClient.create_client(base)
        return DicomSource(path.name, wsidicom.WsiDicom.open_web(client, study, series, settings=one_thread))


def series_of_folder(folder: Path) -> list[Path]:
    """`series_files` of a folder, for another reader."""
    _wsidicom(folder.name)
    with reading(folder.name):
        return series_files(folder)


def series_files(path: Path) -> list[Path]:
    """The files with a slide's pixels of the series of a file, or of the one series in a folder."""
    from pydicom import dcmread

    kinds: dict[str, list[tuple[Path, str]]] = {}
    tags = ["SeriesInstanceUID", "ImageType"]
    for file in dicom_files(path if path.is_dir() else path.parent):
        header = dcmread(file, stop_before_pixels=True, specific_tags=tags)
        flavour = [*header.get("ImageType", []), "", "", ""][2]
        kinds.setdefault(str(header.get("SeriesInstanceUID", "")), []).append((file, flavour))
    if not path.is_dir():
        kinds = {series: files for series, files in kinds.items() if path in (file for file, _ in files)}
    if len(kinds) > 1:
        raise RefusedSlide(
            f"{path.name} holds {len(kinds)} DICOM series, and a slide is one. Name one file of the series instead."
        )
    (found,) = kinds.values()
    pixels = [file for file, flavour in found if flavour == "VOLUME"]
    if not pixels:
        seen = ", ".join(sorted({flavour for _, flavour in found} - {""})) or "no image"
        raise RefusedSlide(
            f"{path.name} belongs to a DICOM series that holds {seen}, not the pixels of a slide. Copy all files of "
            "the series into its folder; name any one that is of type VOLUME."
        )
    return pixels


def header_of(path: Path, tags: list[str]) -> Any | None:
    """Some attributes of the header of a DICOM slide, a file of its series or their folder; None without wsidicom.

    Raises `UnreadableSlide`, and `RefusedSlide` for a folder that is not one slide.
    """
    try:
        import wsidicom  # noqa: F401  brings pydicom, and the errors that are caught
        from pydicom import dcmread
    except ImportError:
        return None
    with reading(path.name):
        file = series_files(path)[0] if path.is_dir() else path
        return dcmread(file, stop_before_pixels=True, specific_tags=tags)


class DicomSource:
    """A series that wsidicom has opened."""

    def __init__(self, name: str, slide: Any) -> None:
        from wsidicom import __version__ as version

        self.name = name
        self.family = "dicom"
        self._slide = slide
        self._levels = list(slide.levels)
        first = self._levels[0]
        header = first.datasets[0]
        if len(first.optical_paths) > 1 or header.samples_per_pixel != 3 or header.bits != 8:
            slide.close()
            raise RefusedSlide(
                f"{name} has {len(first.optical_paths)} optical path(s), {header.samples_per_pixel} channel(s) and "
                f"{header.bits} bits; PathAlign reads one path of 8-bit colour (H&E, IHC). Remove it from slides.csv."
            )
        planes = list(first.focal_planes)
        self._plane = planes[len(planes) // 2]
        focus = f", plane of focus {len(planes) // 2 + 1} of {len(planes)}" if len(planes) > 1 else ""
        self.decoder = f"wsidicom {version}{focus}"
        sizes = [(int(level.size.width), int(level.size.height)) for level in self._levels]
        self.levels: tuple[Level, ...] = levels_of(sizes)
        mpp = first.mpp
        self.resolution_claims: tuple[ResolutionClaim, ...] = (
            ResolutionClaim(source="DICOM pixel spacing", mpp_x=float(mpp.width), mpp_y=float(mpp.height)),
        )
        self.bounds_px0: tuple[int, int, int, int] = (0, 0, *sizes[0])
        paths = slide.metadata.pyramid.optical_paths
        self.icc_profile: bytes | None = (paths[0].icc_profile or None) if paths else None
        self._sound: set[tuple[int, int, int]] = set()

    def read(self, level: int, left: int, top: int, width: int, height: int) -> UInt8[np.ndarray, "y x 3"]:
        """See `PixelSource.read`."""
        return on_white(
            lambda x, y, w, h: self._within(level, x, y, w, h), self.levels[level].size_px, left, top, width, height
        )

    def close(self) -> None:
        """See `PixelSource.close`."""
        self._slide.close()

    def _within(self, level: int, left: int, top: int, width: int, height: int) -> np.ndarray:
        of = self._levels[level]
        with reading(self.name):
            self._check_frames(level, left, top, width, height)
            return np.asarray(
                self._slide.read_region((left, top), of.level, (width, height), z=self._plane, threads=1, as_array=True)
            )[..., :3]

    def _check_frames(self, level: int, left: int, top: int, width: int, height: int) -> None:
        """Raise `ValueError` when a JPEG frame under a rectangle is broken; each is looked at once."""
        from wsidicom.geometry import Point

        of = self._levels[level]
        if str(of.default_instance.image_data.transfer_syntax) != _JPEG:
            return
        side_x, side_y = of.tile_size.width, of.tile_size.height
        for row in range(top // side_y, (top + height - 1) // side_y + 1):
            for column in range(left // side_x, (left + width - 1) // side_x + 1):
                if (level, row, column) not in self._sound:
                    frame = of.get_encoded_tile(Point(column, row), self._plane, crop_to_image_boundary=False)
                    simplejpeg.decode_jpeg(frame, strict=True)
                    self._sound.add((level, row, column))


def _wsidicom(name: str) -> Any:
    try:
        import wsidicom
    except ImportError as error:
        raise MissingExtra(
            f"{name} is DICOM that OpenSlide does not open; wsidicom may. Run `pip install 'pathalign[dicom]'`."
        ) from error
    return wsidicom


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Failures of the libraries as `UnreadableSlide`; pydicom's warnings of values that are too long are none."""
    from pydicom.errors import InvalidDicomError
    from wsidicom import errors

    own: tuple[type[Exception], ...] = tuple(
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield
        except (RefusedSlide, UnreadableSlide):
            raise
        except own + _BROKEN + (InvalidDicomError,) as error:
            raise UnreadableSlide(
                f"{name} breaks in wsidicom ({type(error).__name__}: {_plain(error)}). Copy the series again from its "
                "source, all files of it into one folder."
            ) from error


def _plain(error: Exception) -> str:
    """The library's words, without folders."""
    return re.sub(r"\S*/", "", str(error))[:200]
