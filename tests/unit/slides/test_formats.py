"""Every format that we can write or have real bytes of, read by every reader that knows it, against the true pixels."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tiffslide
from PIL import Image

from pathalign.errors import RefusedSlide, UnreadableSlide
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.thumbnail import read_thumbnail
from pathalign.testing.foreign_slides import LOUD
from pathalign.testing.foreign_slides.aperio import write_svs
from pathalign.testing.foreign_slides.dicom import write_dicom_series
from pathalign.testing.foreign_slides.hamamatsu import write_vms
from pathalign.testing.foreign_slides.leica import write_scn
from pathalign.testing.foreign_slides.mirax import write_mrxs
from pathalign.testing.foreign_slides.olympus import write_vsi
from pathalign.testing.foreign_slides.ome import write_ome_tiff
from pathalign.testing.foreign_slides.philips import write_philips
from pathalign.testing.foreign_slides.pyramid import halvings
from pathalign.testing.foreign_slides.trestle import write_trestle
from pathalign.testing.foreign_slides.ventana import write_bif
from pathalign.testing.foreign_slides.zeiss import write_czi
from pathalign.testing.slides import write_pyramid

pytestmark = pytest.mark.unit

WIDTH, HEIGHT, MPP = 1024, 512, 0.25
TABLE = Path(__file__).parents[3] / "docs" / "formats.md"
HOLES = frozenset({(0, 0), (0, 1), (2, 1)})


def smooth(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Smooth random colours, so that a shift of one pixel shows and JPEG does not; none of them is loud."""
    coarse = np.random.default_rng(3).integers(40, 216, (height // 16, width // 16, 3), np.uint8)
    coarse[..., 1] = np.maximum(coarse[..., 1], 100)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


IMAGE = smooth()


def with_white(image: np.ndarray, tiles: frozenset[tuple[int, int]]) -> np.ndarray:
    """The image without the 256-px tiles of these (column, row)."""
    image = image.copy()
    for column, row in tiles:
        image[row * 256 : (row + 1) * 256, column * 256 : (column + 1) * 256] = 255
    return image


def on_glass() -> np.ndarray:
    """The image at (128, 64) of a white glass."""
    glass = np.full((1024, 1536, 3), 255, np.uint8)
    glass[64 : 64 + HEIGHT, 128 : 128 + WIDTH] = IMAGE
    return glass


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a format is written, and what reading it must give."""

    row: str
    """Its row in docs/formats.md."""
    name: str
    write: Callable[[Path, np.ndarray], object]
    family: str
    decoder: str
    shows: np.ndarray | None = None
    """What it must show where that is not `IMAGE`."""
    bounds: tuple[int, int, int, int] | None = None
    openslide: bool = True
    tiffslide: bool = False
    data: str = ""
    """Where its pixels are, if not in the file itself."""
    by: str = ""
    """Where the resolution was found."""
    given_mpp: float | None = None
    """What the user must give."""

    def open(self, path: Path) -> SlideReader:
        """A slide of the format."""
        return SlideReader(path, given_mpp=self.given_mpp)

    @property
    def truth(self) -> np.ndarray:
        """The pixels of level 0."""
        return IMAGE if self.shows is None else self.shows


FORMATS = [
    Format(
        row="generic tiled TIFF", name="a.tif", family="generic-tiff", decoder="tiles", tiffslide=True,
        write=lambda path, image: write_pyramid(path, image, mpp=MPP, levels=2), by="TIFF resolution tags",
    ),
    Format(
        row="Aperio SVS, JPEG", name="a.svs", write=lambda path, image: write_svs(path, image), family="aperio",
        decoder="tiles", tiffslide=True, by="aperio",
    ),
    Format(
        row="Aperio SVS, JPEG", name="rgb.svs", write=lambda path, image: write_svs(path, image, rgb=True),
        family="aperio", decoder="tiles", tiffslide=True, by="aperio",
    ),
    Format(
        row="OME-TIFF", name="a.ome.tif", write=lambda path, image: write_ome_tiff(path, image, levels=2),
        family="ome-tiff", decoder="tiles", openslide=False, tiffslide=True, by="OME-XML",
    ),
    Format(
        row="Philips TIFF", name="a.tiff", family="philips", decoder="tiles", tiffslide=False, by="philips",
        write=lambda path, image: write_philips(path, image, missing=(0, 4, 6)), shows=with_white(IMAGE, HOLES),
    ),
    Format(
        row="Leica SCN", name="a.scn", write=lambda path, image: write_scn(path, image), family="leica",
        decoder="openslide", shows=on_glass(), bounds=(128, 64, WIDTH, HEIGHT), by="leica",
    ),
    Format(
        row="Ventana BIF", name="a.bif", write=lambda path, image: write_bif(path, image), family="ventana",
        decoder="openslide", shows=IMAGE[: 2 * 240 + 16, : 4 * 240 + 16], by="ventana",
    ),
    Format(
        row="Trestle TIFF", name="trestle.tif", family="trestle", decoder="openslide", by="TIFF",
        write=lambda path, image: write_trestle(path, image), shows=IMAGE[: 2 * 240 + 16, : 4 * 240 + 16],
    ),
    Format(
        row="Hamamatsu VMS", name="a.vms", write=lambda path, image: write_vms(path, image), family="hamamatsu",
        decoder="openslide", by="hamamatsu", data="a_0.jpg",
    ),
    Format(
        row="MIRAX (MRXS)", name="a.mrxs", write=lambda path, image: write_mrxs(path, image, never_scanned=HOLES),
        family="mirax", decoder="openslide", shows=with_white(IMAGE, HOLES), bounds=(256, 0, 768, 512), by="mirax",
        data="a/Data0000.dat",
    ),
    Format(
        row="DICOM", name="series/level0.dcm", family="dicom", decoder="openslide", by="dicom",
        write=lambda path, image: write_dicom_series(path.parent, image),
    ),
    Format(
        row="DICOM", name="sparse/level0.dcm", family="dicom", decoder="openslide", by="dicom",
        write=lambda path, image: write_dicom_series(
            path.parent, with_white(image, HOLES), missing=frozenset({0, 4, 6})
        ),
        shows=with_white(IMAGE, HOLES),
    ),
    Format(
        row="DICOM, several planes of focus", name="planes/level0.dcm", family="dicom", decoder="wsidicom",
        write=lambda path, image: write_dicom_series(path.parent, image, planes=3), openslide=False, by="DICOM",
    ),
    Format(
        row="Zeiss CZI", name="a.czi", write=lambda path, image: write_czi(path, image), family="zeiss",
        decoder="openslide", by="zeiss",
    ),
    Format(
        row="Zeiss CZI, JPEG XR or planes of focus", name="planes.czi", family="czi", decoder="fastslide",
        write=lambda path, image: write_czi(path, image, planes=3), openslide=False, by="czi",
    ),
    Format(
        row="Zeiss CZI, JPEG XR or planes of focus", name="xr.czi", family="czi", decoder="fastslide", by="czi",
        write=lambda path, image: write_czi(path, image, jpeg_xr=jpeg_xr), openslide=False,
    ),
    Format(
        row="Olympus VSI", name="a.vsi", write=lambda path, image: write_vsi(path, image), openslide=False,
        family="olympus-vsi", decoder="fastslide", by="slides.csv", given_mpp=MPP,
    ),
]  # fmt: skip


def jpeg_xr(bgr: np.ndarray) -> bytes:
    """Lossless JPEG XR, whose stream says that it holds RGB and does."""
    return imagecodecs.jpegxr_encode(np.ascontiguousarray(bgr[..., ::-1]), level=1.0)


@pytest.fixture(scope="module", params=FORMATS, ids=lambda of: of.name)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Format, Path]:
    """A format and a slide in it."""
    of = request.param
    path = tmp_path_factory.mktemp("format") / of.name
    path.parent.mkdir(exist_ok=True)
    of.write(path, IMAGE)
    return of, path


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference of two images in grey levels."""
    return float(np.abs(a.astype(float) - b).mean())


def test_the_pixels_are_the_true_ones(written: tuple[Format, Path]) -> None:
    """Level 0 and the level of half its size show what was written, in its place; holes and bare glass are white."""
    of, path = written
    with of.open(path) as slide:
        assert slide.size_px0 == of.truth.shape[1::-1]
        for halved, truth in enumerate(halvings(of.truth, 2)):
            size = truth.shape[1::-1]
            shown = slide.region((0.0, 0.0), size_px=size, mpp=MPP * 2**halved)

            assert slide.plan(MPP * 2**halved).level == halved
            assert distance(shown, truth) < 2.6
            assert distance(shown[:, 1:], truth[:, :-1]) > max(0.5, 1.5 * distance(shown, truth))
            unseen = shown[(truth == 255).all(-1)]
            assert (unseen > 240).sum() >= 0.99 * unseen.size


def test_who_read_it_and_at_which_resolution(written: tuple[Format, Path]) -> None:
    """Family, decoder, resolution with its source, and the bounds of what was scanned are told."""
    of, path = written
    with of.open(path) as slide:
        assert slide.source.family == of.family
        assert slide.source.decoder.startswith(of.decoder)
        assert slide.mpp == pytest.approx(MPP)
        assert of.by in slide.resolution.source
        assert slide.source.bounds_px0 == (of.bounds or (0, 0, *slide.size_px0))


def test_label_and_macro_images_are_never_seen(written: tuple[Format, Path]) -> None:
    """The loud colour of the label is nowhere in a slide, at any level."""
    of, path = written
    with of.open(path) as slide:
        for number, level in enumerate(slide.source.levels):
            shown = slide.source.read(number, 0, 0, *level.size_px).astype(int)

            assert (np.abs(shown - LOUD).max(-1) > 60).all()
        assert (np.abs(read_thumbnail(slide, 16.0).rgb.astype(int) - LOUD).max(-1) > 60).all()


def test_beyond_the_edge_is_white(written: tuple[Format, Path]) -> None:
    """A rectangle over each corner has its full size, what is on the slide in its place and white around it."""
    of, path = written
    with of.open(path) as slide:
        width, height = slide.size_px0
        before = slide.source.read(0, -40, -30, 100, 80)
        after = slide.source.read(0, width - 60, height - 50, 100, 80)
        nowhere = slide.source.read(0, width + 5, 0, 30, 20)
        first, last = slide.source.read(0, 0, 0, 60, 50), slide.source.read(0, width - 60, height - 50, 60, 50)

    assert before.shape == after.shape == (80, 100, 3)
    np.testing.assert_array_equal(before[30:, 40:], first)
    np.testing.assert_array_equal(after[:50, :60], last)
    for white in (before[:30], before[:, :40], after[50:], after[:, 60:], nowhere):
        assert (white == 255).all()


@pytest.mark.parametrize("written", [of for of in FORMATS if of.openslide], indirect=True, ids=lambda of: of.name)
def test_openslide_shows_the_same(written: tuple[Format, Path]) -> None:
    """Bit for bit, at both levels, laid on white; where OpenSlide shows the format rightly."""
    _, path = written
    with SlideReader(path) as slide, openslide.OpenSlide(path) as reference:
        for level in (0, 1):
            rgba = reference.read_region((64, 32), level, (400, 200))
            white = Image.new("RGBA", rgba.size, "white")
            shown = np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))
            np.testing.assert_array_equal(slide.source.read(level, 64 >> level, 32 >> level, 400, 200), shown)


@pytest.mark.parametrize("written", [of for of in FORMATS if of.tiffslide], indirect=True, ids=lambda of: of.name)
def test_tiffslide_shows_the_same(written: tuple[Format, Path]) -> None:
    """Within the rounding of another JPEG decoder."""
    _, path = written
    with warnings.catch_warnings(), SlideReader(path) as slide:
        warnings.simplefilter("ignore")
        with tiffslide.TiffSlide(path) as reference:
            for level in (0, 1):
                shown = np.asarray(reference.read_region((64, 32), level, (400, 200)))
                ours = slide.source.read(level, 64 >> level, 32 >> level, 400, 200)
                assert np.abs(ours.astype(int) - shown).max() <= 4


def zero_half_of_each_jpeg(path: Path) -> None:
    """The second half of each JPEG scan of some size becomes zeros, as when a copy was cut short and filled up."""
    data = bytearray(path.read_bytes())
    at = 0
    while (start := data.find(b"\xff\xda", at)) >= 0:
        end = data.find(b"\xff\xd9", start)
        if end - start > 3000:
            data[(start + end) // 2 : end] = bytes(end - (start + end) // 2)
        at = start + 2
    path.write_bytes(data)


WITH_JPEG = [of for of in FORMATS if of.decoder != "fastslide" and of.name != "a.czi"]


@pytest.mark.parametrize("of", WITH_JPEG, ids=lambda of: of.name)
def test_damaged_tiles_are_noticed(of: Format, tmp_path: Path) -> None:
    """Whoever but fastslide decodes the format, half a tile of zeros is an error and not grey pixels."""
    path = tmp_path / of.name
    path.parent.mkdir(exist_ok=True)
    of.write(path, IMAGE)
    zero_half_of_each_jpeg(path.parent / of.data if of.data else path)

    with SlideReader(path) as slide, pytest.raises(UnreadableSlide, match=rf"^{path.name} breaks"):
        slide.source.read(0, 0, 0, *slide.size_px0)


def test_a_hamamatsu_slide_is_openslides(real_data: Path) -> None:
    """Real NDPI bytes: every level is OpenSlide's own."""
    path = real_data / "slides" / "test3-DAPI-2.ndpi"
    with SlideReader(path) as slide, openslide.OpenSlide(path) as reference:
        assert (slide.source.family, slide.resolution.source) == ("hamamatsu", "file (hamamatsu)")
        for level in range(reference.level_count):
            side = 2**level
            shown = np.asarray(reference.read_region((10 * side, 20 * side), level, (40, 30)).convert("RGB"))
            np.testing.assert_array_equal(slide.source.read(level, 10, 20, 40, 30), shown)


def test_sixteen_bits_are_refused(tmp_path: Path) -> None:
    """OpenSlide would show the upper byte of each channel without a word."""
    write_czi(tmp_path / "a.czi", IMAGE, sixteen_bits=True)
    with openslide.OpenSlide(tmp_path / "a.czi"):
        pass

    with pytest.raises(RefusedSlide, match=r"^a\.czi has 16 bits a channel.*8-bit RGB"):
        SlideReader(tmp_path / "a.czi")


def test_the_label_of_an_ome_tiff_is_no_scene(tmp_path: Path) -> None:
    """A second image that is called a label is left alone; a second image of another name is refused."""
    write_ome_tiff(tmp_path / "a.ome.tif", IMAGE, label=True)
    data = (tmp_path / "a.ome.tif").read_bytes()
    (tmp_path / "b.ome.tif").write_bytes(data.replace(b'Name="label"', b'Name="other"'))

    with SlideReader(tmp_path / "a.ome.tif") as slide:
        assert slide.size_px0 == IMAGE.shape[1::-1]
    with pytest.raises(RefusedSlide, match=r"b\.ome\.tif holds 2 scenes"):
        SlideReader(tmp_path / "b.ome.tif")


@pytest.mark.parametrize(("unit", "size"), [("µm", 0.25), ("nm", 250.0), ("mm", 0.00025)])
def test_ome_xml_is_read_in_its_unit(tmp_path: Path, unit: str, size: float) -> None:
    """PhysicalSize is in micrometres, or in what its unit says."""
    write_ome_tiff(tmp_path / "a.ome.tif", IMAGE, mpp=size, unit=unit)

    with SlideReader(tmp_path / "a.ome.tif") as slide:
        assert slide.mpp == pytest.approx(0.25)


def test_the_table_names_every_format_that_is_tested() -> None:
    """docs/formats.md has a row for each, so it cannot fall behind; and says of no other that we wrote one."""
    rows = re.findall(r"^\| ([^|]+?) +\|(.*)\|$", TABLE.read_text(), flags=re.MULTILINE)
    told = dict(rows)

    assert {of.row for of in FORMATS} <= set(told)
    assert {name for name, rest in told.items() if "written" in rest} == {of.row for of in FORMATS} | {
        "plain PNG, JPEG, BMP", "untiled TIFF", "DICOMweb",
    }  # fmt: skip
    for of in FORMATS:
        reader = {"tiles": "direct"}.get(of.decoder, of.decoder)
        assert reader in told[of.row].lower(), f"{of.row} is read by {reader}"
