"""Tiled TIFFs decoded directly, beside OpenSlide, tifffile and Pillow."""

from __future__ import annotations

import importlib.util
import io
import os
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from pathalign.errors import MissingExtra, RefusedSlide, UnreadableSlide
from pathalign.slides.sources.openslide_source import OpenSlideSource
from pathalign.slides.sources.source import PixelSource
from pathalign.slides.sources.tiff_directory import read_header
from pathalign.slides.sources.tiff_layout import tiff_layout
from pathalign.slides.sources.tile_codecs import ycbcr_to_rgb
from pathalign.slides.sources.tiled_tiff import TiledTiffSource, open_tiled_tiff
from pathalign.testing.foreign_slides import jpeg
from pathalign.testing.foreign_slides.philips import write_philips
from pathalign.testing.foreign_slides.pyramid import halvings, tiles
from pathalign.testing.foreign_slides.tiff import Directory, write_directories
from pathalign.testing.foreign_slides.tiff_images import jpeg_level, loud_strip, resolution_tags

pytestmark = pytest.mark.unit

APERIO = "Aperio Image Library v12.0.15\n700x500 (128x128)|AppMag = 20|MPP = 0.4990"
OME = '<OME><Image ID="Image:0" Name="scan"><Pixels SizeC="3" SizeT="1" SizeZ="{z}" PhysicalSizeX="250" \
PhysicalSizeXUnit="nm" PhysicalSizeY="0.25" PhysicalSizeYUnit="µm" Type="uint8"/></Image>{more}</OME>'
DESCRIPTION = 270


@pytest.fixture(scope="module")
def image(field_025: np.ndarray) -> np.ndarray:
    """500 x 700 pixels: no multiple of a tile's side."""
    return np.ascontiguousarray(field_025[300:800, 200:900])


def level(image: np.ndarray, encode: Callable[[np.ndarray], bytes], compression: int, **tags: object) -> Directory:
    """A level of 128-px tiles in any encoding; tags by number as `t262=6`."""
    height, width = image.shape[:2]
    more = {int(name[1:]): value for name, value in tags.items()}
    return Directory(
        tags={
            256: width, 257: height, 258: [8, 8, 8], 259: compression, 262: 2, 277: 3, 284: 1, 322: 128, 323: 128,
            **more,
        },  # type: ignore[arg-type]
        blocks=[encode(tile) for tile in tiles(image, 128)],
    )  # fmt: skip


def deflated(tile: np.ndarray) -> bytes:
    return zlib.compress(tile.tobytes())


def differences(tile: np.ndarray) -> bytes:
    """Predictor 2, deflated."""
    return zlib.compress(np.diff(tile, axis=1, prepend=np.zeros_like(tile[:, :1])).tobytes())


def jpeg2000(tile: np.ndarray) -> bytes:
    return imagecodecs.jpeg2k_encode(np.ascontiguousarray(tile), level=0, codecformat="j2k", mct=False)


def jpeg2000_ycbcr(tile: np.ndarray) -> bytes:
    return jpeg2000(np.asarray(Image.fromarray(np.ascontiguousarray(tile)).convert("YCbCr")))


ENCODINGS: dict[str, Callable[[np.ndarray], Directory]] = {
    **{
        f"JPEG {sampling}": lambda image, sampling=sampling: level(
            image, lambda tile: jpeg.encode(tile, quality=80, subsampling=sampling), 7, t262=6
        )
        for sampling in ("4:4:4", "4:2:2", "4:2:0")
    },
    "JPEG with shared tables": lambda image: jpeg_level(image, tile_px=128, abbreviated=True),
    "JPEG in RGB that does not say so": lambda image: jpeg_level(image, tile_px=128, rgb=True),
    "JPEG in RGB with shared tables": lambda image: jpeg_level(image, tile_px=128, rgb=True, abbreviated=True),
    "uncompressed": lambda image: level(image, lambda tile: tile.tobytes(), 1),
    "deflate": lambda image: level(image, deflated, 8),
    "deflate, old number": lambda image: level(image, deflated, 32946),
    "deflate with predictor": lambda image: level(image, differences, 8, t317=2),
    "LZW": lambda image: level(image, lambda tile: imagecodecs.lzw_encode(tile.tobytes()), 5),
    "JPEG 2000 in RGB": lambda image: level(image, jpeg2000, 33005, t270=APERIO),
    "JPEG 2000 in YCbCr": lambda image: level(image, jpeg2000_ycbcr, 33003, t262=6, t270=APERIO),
}


def opened(path: Path) -> TiledTiffSource:
    source = open_tiled_tiff(path)
    assert source is not None
    return source


def whole(source: PixelSource, level: int) -> np.ndarray:
    return source.read(level, 0, 0, *source.levels[level].size_px)


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_is_openslides_to_the_bit(name: str, image: np.ndarray, tmp_path: Path) -> None:
    """Every encoding gives OpenSlide's pixels exactly; lossless ones give the image back."""
    path = tmp_path / "slide.tif"
    write_directories(path, [ENCODINGS[name](image)])
    source = opened(path)

    np.testing.assert_array_equal(whole(source, 0), whole(OpenSlideSource(path), 0))
    if not name.startswith("JPEG"):
        np.testing.assert_array_equal(whole(source, 0), image)
    else:
        assert np.abs(whole(source, 0).astype(int) - image).mean() < 6


def test_real_slides_are_openslides_to_the_bit(real_data: Path) -> None:
    """JPEG in Aperio's RGB and JPEG 2000 in RGB are exact; chroma-subsampled JPEG 2000 differs by one grey level.

    Of a level whose downsample is no whole number OpenSlide blends neighbours, but for a region from its corner.
    """
    for name, most in (("CMU-1-Small-Region.svs", 0), ("TCGA-CR-7395-01A-01-TS1.svs", 0), ("1065626.svs", 1)):
        path = real_data / "slides" / name
        ours, theirs = opened(path), OpenSlideSource(path)
        stored = [level for level in ours.levels if not level.scaled_decode]
        assert [level.size_px for level in stored] == [level.size_px for level in theirs.levels]
        for number in range(len(stored)):
            place = (number, 0, 0, 700, 500) if number else (0, 500, 400, 700, 500)
            difference = np.abs(ours.read(*place).astype(int) - theirs.read(*place))
            assert difference.max() <= most


def test_a_tile_that_says_ycbcr_is_not_taken_for_rgb(real_data: Path) -> None:
    """Bio-Formats tags YCbCr tiles as RGB; their own JFIF marker is believed, as Pillow does."""
    path = real_data / "slides" / "OS-1-detail.ome.tif"
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        data = path.read_bytes()[page.dataoffsets[0] :][: page.databytecounts[0]]
    np.testing.assert_array_equal(opened(path).read(0, 0, 0, 512, 512), np.asarray(Image.open(io.BytesIO(data))))


def test_tiles_lie_where_tifffile_finds_them(real_data: Path, image: np.ndarray, tmp_path: Path) -> None:
    """The index of tiles is tifffile's, classic and BigTIFF, little- and big-endian."""
    paths = [real_data / "slides" / name for name in ("CMU-1-Small-Region.svs", "1065626.svs", "OS-1-detail.ome.tif")]
    for order in "<>":
        for big in (False, True):
            paths.append(tmp_path / f"{ord(order)}{big}.tif")
            with tifffile.TiffWriter(paths[-1], bigtiff=big, byteorder=order) as writer:
                writer.write(image, tile=(128, 128), photometric="rgb", subifds=1)
                writer.write(image[::2, ::2], tile=(128, 128), photometric="rgb", subfiletype=1)
    for path in paths:
        with tifffile.TiffFile(path) as tiff, path.open("rb") as file:
            header = read_header(path.name, file.fileno())
            assert header is not None
            layout = tiff_layout(header)
            assert layout is not None
            pages = [page for page in tiff.pages if page.is_tiled]
            pages += list(tiff.pages[0].pages) if tiff.pages[0].subifds else []
            assert len(layout.images) == len(pages)
            for found, page in zip(layout.images, pages, strict=True):
                assert found.size_px == (page.imagewidth, page.imagelength)
                np.testing.assert_array_equal(found.offsets, page.dataoffsets)
                np.testing.assert_array_equal(found.byte_counts, page.databytecounts)


def test_what_was_never_scanned_or_lies_beyond_is_white(image: np.ndarray, tmp_path: Path) -> None:
    """Tiles without data and all beyond the edge are white, at every edge; the padding of tiles is not shown."""
    path = tmp_path / "slide.tif"
    write_directories(path, [jpeg_level(image, tile_px=128, missing=(0, 9))])
    source = opened(path)
    inside = whole(source, 0)
    assert (inside[:128, :128] == 255).all()
    assert (inside[128:256, 384:512] == 255).all()
    assert (inside[:128, 128:384] < 255).any()

    framed = source.read(0, -30, -20, 780, 560)
    np.testing.assert_array_equal(framed[20:520, 30:730], inside)
    framed[20:520, 30:730] = 255
    assert (framed == 255).all()
    assert (source.read(0, 5000, 5000, 10, 10) == 255).all()


def test_bigtiff_is_read_as_tiff_is(image: np.ndarray, tmp_path: Path) -> None:
    """A BigTIFF holds the same pixels."""
    for big in (False, True):
        write_directories(tmp_path / f"{big}.tif", [jpeg_level(image, tile_px=128, abbreviated=True)], big=big)
    np.testing.assert_array_equal(*(whole(opened(tmp_path / f"{big}.tif"), 0) for big in (False, True)))


def test_beyond_two_to_the_31_pixels(image: np.ndarray, tmp_path: Path) -> None:
    """Of 65,536 x 65,536 pixels, the last tile is found where it is, and nothing is allocated for the rest."""
    side, tile = 65536, image[:512, :512]
    path = tmp_path / "huge.tif"
    last = jpeg.encode(np.ascontiguousarray(tile[:512, :512]).repeat(2, 0)[:512].repeat(2, 1)[:, :512])
    blocks = [b""] * (128 * 128 - 1) + [last]
    tags = {256: side, 257: side, 258: [8, 8, 8], 259: 7, 262: 6, 277: 3, 284: 1, 322: 512, 323: 512}
    write_directories(path, [Directory(tags=tags, blocks=blocks)], big=True)  # type: ignore[arg-type]
    source = opened(path)

    corner = source.read(0, side - 520, side - 520, 600, 600)
    assert (corner[:8] == 255).all()
    assert (corner[520:] == 255).all()
    np.testing.assert_array_equal(corner[8:520, 8:520], np.asarray(Image.open(io.BytesIO(last))))
    assert (source.read(0, 40000, 50000, 300, 300) == 255).all()


def test_levels_of_a_philips_slide_lose_their_padding(image: np.ndarray, tmp_path: Path) -> None:
    """Philips pads levels to whole tiles; sizes and pixels are those that OpenSlide makes of its XML."""
    path = tmp_path / "slide.tiff"
    write_philips(path, image[:384, :640], levels=3, tile_px=128, missing=(2,))
    ours, theirs = opened(path), OpenSlideSource(path)

    assert ours.family == theirs.family == "philips"
    stored = [level for level in ours.levels if not level.scaled_decode]
    assert [level.size_px for level in stored] == [level.size_px for level in theirs.levels]
    assert [(claim.mpp_x, claim.mpp_y) for claim in ours.resolution_claims] == [(0.25, 0.25)]
    for number in range(3):
        np.testing.assert_array_equal(whole(ours, number), whole(theirs, number))


def test_levels_that_the_decoder_makes(image: np.ndarray, tmp_path: Path) -> None:
    """JPEG levels are halved while they are decoded, near the area mean, up to the next level that the file has."""
    path = tmp_path / "slide.tif"
    small = halvings(image, 3)[2]
    write_directories(path, [jpeg_level(image, tile_px=128), jpeg_level(small, tile_px=128, tags={254: 1})])
    source = opened(path)

    assert [(level.downsample, level.scaled_decode) for level in source.levels] == [
        (1, False), (4, False), (2, True), (8, True), (16, True), (32, True),
    ]  # fmt: skip
    for number in (2, 3):
        factor = int(source.levels[number].downsample)
        width, height = 700 // factor, 500 // factor
        mean = image[: height * factor, : width * factor].reshape(height, factor, width, factor, 3).mean((1, 3))
        assert np.abs(source.read(number, 0, 0, width, height) - mean).mean() < 3


def test_labels_are_never_levels(image: np.ndarray, tmp_path: Path) -> None:
    """Strips, and tiled pictures that call themselves a label, are neither levels nor scenes."""
    path = tmp_path / "slide.svs"
    label = jpeg_level(image[:300, :200], tile_px=128, tags={DESCRIPTION: "Aperio Image Library\nlabel 200x300"})
    write_directories(path, [jpeg_level(image, tile_px=128, tags={DESCRIPTION: APERIO}), loud_strip("x"), label])
    assert [level.size_px for level in opened(path).levels if not level.scaled_decode] == [(700, 500)]


def test_labels_in_ome_xml_are_no_scenes(image: np.ndarray, tmp_path: Path) -> None:
    """An OME-TIFF beside whose slide a label and a macro image are listed has one scene."""
    more = '<Image ID="Image:1" Name="label image"></Image><Image ID="Image:2" Name="macro image"></Image>'
    tags = {DESCRIPTION: OME.format(z=1, more=more)}
    write_directories(tmp_path / "o.ome.tif", [jpeg_level(image, tile_px=128, tags=tags), loud_strip()])
    assert opened(tmp_path / "o.ome.tif").family == "ome-tiff"


def test_claims_in_the_order_of_belief(image: np.ndarray, tmp_path: Path) -> None:
    """The vendor's word comes before the tags; a tag without a unit claims nothing."""
    tags, unitless = resolution_tags(0.5), {282: (72, 1), 283: (72, 1), 296: 1}
    cases = {
        "aperio.svs": ({**tags, DESCRIPTION: APERIO}, [("aperio MPP", 0.499), ("TIFF resolution tags", 0.5)]),
        "o.tif": ({**tags, DESCRIPTION: OME.format(z=1, more="")}, [("OME-XML", 0.25), ("TIFF resolution tags", 0.5)]),
        "plain.tif": (tags, [("TIFF resolution tags", 0.5)]),
        "unitless.tif": (unitless, []),
        "inches.tif": ({282: (72, 1), 283: (72, 1)}, [("TIFF resolution tags", 352.7778)]),
    }  # fmt: skip
    for name, (more, expected) in cases.items():
        write_directories(tmp_path / name, [jpeg_level(image, tile_px=128, tags=more)])
        claims = opened(tmp_path / name).resolution_claims
        assert [(claim.source, round(claim.mpp_x, 4)) for claim in claims] == expected
        assert all(claim.mpp_x == pytest.approx(claim.mpp_y, rel=1e-3) for claim in claims)


REFUSED = {
    "16 bits": ({258: [16, 16, 16]}, "16 bits"),
    "one channel": ({258: 8, 262: 1, 277: 1}, "one channel"),
    "palette": ({258: 8, 262: 3, 277: 1}, "palette"),
    "CMYK": ({258: [8, 8, 8, 8], 262: 5, 277: 4}, "CMYK"),
    "planar": ({284: 2}, "planar"),
    "planes": ({DESCRIPTION: OME.format(z=5, more="")}, "5 planes of focus"),
    "OME scenes": ({DESCRIPTION: OME.format(z=1, more='<Image ID="Image:1" Name="second"></Image>')}, "2 scenes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_one_rgb_plane_is_refused(name: str, image: np.ndarray, tmp_path: Path) -> None:
    """The reason and the repair are named."""
    tags, reason = REFUSED[name]
    path = tmp_path / "slide.ome.tif"
    write_directories(path, [jpeg_level(image, tile_px=128, tags=tags)])  # type: ignore[arg-type]
    with pytest.raises(RefusedSlide, match=rf"slide\.ome\.tif .*{reason}.*(Convert|Export)"):
        open_tiled_tiff(path)


@pytest.mark.parametrize(("second", "reason"), [((500, 700), "planes of focus"), ((400, 300), "scenes")])
def test_several_pictures_are_not_a_pyramid(
    second: tuple[int, int], reason: str, image: np.ndarray, tmp_path: Path
) -> None:
    """A second full-resolution picture is refused, unless it is the first one smaller."""
    path = tmp_path / "slide.tif"
    other = np.ascontiguousarray(image[: second[0], : second[1]])
    write_directories(path, [jpeg_level(image, tile_px=128), jpeg_level(other, tile_px=128)])
    with pytest.raises(RefusedSlide, match=reason):
        open_tiled_tiff(path)


def test_other_formats_are_left_to_other_readers(real_data: Path, tmp_path: Path) -> None:
    """NDPI, DICOM, strips and what is no TIFF at all are not opened, and not refused."""
    write_directories(tmp_path / "strip.tif", [loud_strip()])
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.tif").write_text("II is how a TIFF begins")
    paths = [*tmp_path.iterdir(), *(real_data / "slides").glob("*.ndpi"), *(real_data / "slides").glob("*.dcm")]
    assert len(paths) == 7
    assert [open_tiled_tiff(path) for path in paths] == [None] * 7


def test_without_the_extra(image: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without imagecodecs JPEG 2000 is left to OpenSlide, and where OpenSlide does not open the family, it is named."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "imagecodecs" else found(name))
    aperio, ome = tmp_path / "a.svs", tmp_path / "o.ome.tif"
    write_directories(aperio, [ENCODINGS["JPEG 2000 in RGB"](image)])
    write_directories(ome, [level(image, jpeg2000, 33005, t270=OME.format(z=1, more=""))])

    assert open_tiled_tiff(aperio) is None
    with pytest.raises(MissingExtra, match=r"pip install 'pathalign\[jpeg2000\]'"):
        open_tiled_tiff(ome)


def test_an_open_slide_does_not_cross_a_fork(image: np.ndarray, tmp_path: Path) -> None:
    """A child that reads from its parent's source gets an error that says what to do."""
    path = tmp_path / "slide.tif"
    write_directories(path, [jpeg_level(image, tile_px=128)])
    source = opened(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of a fork beside threads
        child = os.fork()
    if not child:
        try:
            source.read(0, 0, 0, 16, 16)
        except RuntimeError as error:
            os._exit(7 if "must not cross a fork" in str(error) else 1)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_small_cache_changes_nothing_but_time(
    image: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles that leave the cache are decoded again into memory that others used, in the same pixels."""
    path = tmp_path / "slide.tif"
    write_directories(path, [jpeg_level(image, tile_px=128), jpeg_level(image[::2, ::2], tile_px=64, tags={254: 1})])
    expected = [whole(opened(path), number) for number in range(2)]
    for name in ("LEAST_BYTES", "MOST_BYTES", "SLAB_BYTES"):
        monkeypatch.setattr(f"pathalign.slides.sources.tile_cache.{name}", 2 * 128 * 128 * 3)
    source = opened(path)
    for left, top, number in [(0, 0, 0), (40, 90, 0), (30, 0, 1), (300, 100, 0), (0, 0, 1), (40, 90, 0)]:
        expect = expected[number][top : top + 150, left : left + 200]
        np.testing.assert_array_equal(source.read(number, left, top, 200, 150), expect)


def test_ycbcr_in_fixed_point() -> None:
    """The conversion used for JPEG 2000 is JFIF's to the rounding, and white and black stay themselves."""
    ycbcr = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    exact = (ycbcr - np.array([0.0, 128, 128])) @ np.array([[1, 1, 1], [0, -0.344136, 1.772], [1.402, -0.714136, 0]])
    assert np.abs(ycbcr_to_rgb(ycbcr) - exact.clip(0, 255)).max() < 0.51
    ends = np.array([[[255, 128, 128], [0, 128, 128]]], np.uint8)
    np.testing.assert_array_equal(ycbcr_to_rgb(ends), [[[255] * 3, [0] * 3]])


def test_a_jpeg_2000_tile_that_was_not_written_whole_breaks(image: np.ndarray, tmp_path: Path) -> None:
    """Its decoder takes zeros for pixels, and says nothing."""
    whole_tile = jpeg2000(image[:128, :128])
    half = whole_tile[: len(whole_tile) // 2] + bytes(len(whole_tile) - len(whole_tile) // 2)
    imagecodecs.jpeg2k_decode(half)
    path = tmp_path / "half.tif"
    write_directories(path, [level(image, lambda _: half, 33005)])

    source = open_tiled_tiff(path)
    assert source is not None
    with pytest.raises(UnreadableSlide, match="zero bytes"):
        source.read(0, 0, 0, 64, 64)
    source.close()


def test_an_alpha_channel_is_for_another_reader(image: np.ndarray, tmp_path: Path) -> None:
    """Four channels are not cut to three: OpenSlide lays them on white."""
    four = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    path = tmp_path / "alpha.tif"
    write_directories(path, [level(four, lambda tile: tile.tobytes(), 1, t258=[8, 8, 8, 8], t277=4, t338=2)])

    assert open_tiled_tiff(path) is None
