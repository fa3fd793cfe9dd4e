"""Which source reads a file: chosen by its content, not by its name.

| content | read by | else |
|---|---|---|
| TIFF | the direct tile decoder, after a comparison of some tiles with OpenSlide | OpenSlide, then as a plain image |
| DICOM | OpenSlide | wsidicom (extra `dicom`) |
| PNG, JPEG, BMP | decoded whole | |
| CZI | OpenSlide | fastslide (extra `fastslide`) |
| iSyntax, VSI | fastslide (extra `fastslide`) | |
| a DICOMweb address in a text file | wsidicom (extra `dicom`) | |
| all else: NDPI by its tags, MRXS, SCN, BIF, VMS, SVSLIDE ... | OpenSlide | |
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pathalign.errors import MissingExtra, NeedsRepair, UnreadableSlide
from pathalign.slides.content import Content, look_at
from pathalign.slides.sources.source import PixelSource
from pathalign.slides.sources.tiff_directory import directories, read_header

MOST_PIXELS = 10**12
"""Of a level; a whole glass, 26 x 76 mm, has 8e11 at 0.05 µm per pixel."""

Open = Callable[[Path], PixelSource]


def open_source(path: Path) -> PixelSource:
    """Open the pixels of a slide; raises `UnreadableSlide`, `RefusedSlide` or `MissingExtra` with the repair."""
    content = look_at(path)
    refusals: list[NeedsRepair] = []
    for opener in _OPENERS.get(content, (_openslide,)):
        try:
            return opener(path)
        except (UnreadableSlide, MissingExtra) as refusal:
            refusals.append(refusal)
    if len(refusals) == 1:
        raise refusals[0]
    raise UnreadableSlide(f"{refusals[0]} The file is {content.value}; of another reader: {refusals[-1]}")


def _tiff(path: Path) -> PixelSource:
    from pathalign.slides import cross_check
    from pathalign.slides.sources.tiled_tiff import open_tiled_tiff

    direct = open_tiled_tiff(path)
    if direct is not None:
        doubt = cross_check.cross_check(direct, path)
        if doubt is None:
            return direct
        direct.close()
        other = _openslide(path)
        other.decoder += f", not the direct decoder ({doubt})"
        return other
    _refuse_boundless(path)
    try:
        return _openslide(path)
    except UnreadableSlide as refusal:
        try:
            return _plain(path)
        except UnreadableSlide:
            raise refusal from None


def _refuse_boundless(path: Path) -> None:
    """Refuse a TIFF that claims more pixels than any slide has: OpenSlide makes room for them when it opens it."""
    sizes = []
    with path.open("rb") as opened, suppress(UnreadableSlide):  # what else is broken is for who reads it to say
        file = read_header(path.name, opened.fileno())
        if file is not None and (file.big or file.size < 2**32):  # beyond that an NDPI has places in its own manner
            for directory in directories(file):
                sizes.append((directory.integer(256, 0), directory.integer(257, 0)))  # noqa: PERF401, the chain may break
    for width, height in sizes:
        if width * height > MOST_PIXELS:
            raise UnreadableSlide(
                f"{path.name} claims {width} x {height} pixels, more than any slide has: its header is damaged. "
                "Copy it again from its source."
            )


def _openslide(path: Path) -> PixelSource:
    from pathalign.slides.sources.openslide_source import OpenSlideSource

    return OpenSlideSource(path)


def _openslide_of_folder(path: Path) -> PixelSource:
    from pathalign.slides.sources.dicom import series_of_folder

    return _openslide(series_of_folder(path)[0])  # OpenSlide gathers the series around any one of its files


def _plain(path: Path) -> PixelSource:
    from pathalign.slides.sources.plain_image import PlainImageSource

    return PlainImageSource(path)


def _dicom(path: Path) -> PixelSource:
    from pathalign.slides.sources.dicom import open_dicom

    return open_dicom(path)


def _dicomweb(path: Path) -> PixelSource:
    from pathalign.slides.sources.dicom import open_dicomweb

    return open_dicomweb(path)


def _fastslide(path: Path) -> PixelSource:
    from pathalign.slides.sources.fastslide_source import FastSlideSource

    return FastSlideSource(path)


_OPENERS: dict[Content, tuple[Open, ...]] = {
    Content.TIFF: (_tiff,),
    Content.DICOM: (_openslide, _dicom),
    Content.DICOM_FOLDER: (_openslide_of_folder, _dicom),
    Content.DICOMWEB: (_dicomweb,),
    Content.CZI: (_openslide, _fastslide),
    Content.ISYNTAX: (_fastslide,),
    Content.VSI: (_fastslide,),
    Content.PNG: (_plain,),
    Content.JPEG: (_plain,),
    Content.BMP: (_plain,),
}
