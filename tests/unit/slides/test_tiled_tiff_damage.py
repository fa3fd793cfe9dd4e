"""Damaged tiled TIFFs: each is an error that names what is wrong, never pixels that are not the slide's."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pathalign.errors import NeedsRepair, UnreadableSlide
from pathalign.slides.sources.openslide_source import OpenSlideSource
from pathalign.slides.sources.tiled_tiff import TiledTiffSource, open_tiled_tiff
from pathalign.testing.foreign_slides import jpeg
from pathalign.testing.foreign_slides.tiff import Directory, Value, write_directories
from pathalign.testing.foreign_slides.tiff_images import jpeg_level

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def image(field_025: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(field_025[300:812, 200:968])


@pytest.fixture
def slide(image: np.ndarray, tmp_path: Path) -> Callable[..., Path]:
    """Writes the image as 2 x 3 tiles of 256 px, with tags changed and tiles replaced."""

    def write(*, tags: dict[int, Value] | None = None, blocks: dict[int, bytes] | None = None, **how: bool) -> Path:
        good = jpeg_level(image, **how)  # type: ignore[arg-type]
        stored = [(blocks or {}).get(number, block) for number, block in enumerate(good.blocks)]
        write_directories(tmp_path / "slide.tif", [Directory(tags={**good.tags, **(tags or {})}, blocks=stored)])
        return tmp_path / "slide.tif"

    return write


def read_all(path: Path) -> np.ndarray | None:
    """Level 0 of a file, or None where it is left to another reader."""
    source = open_tiled_tiff(path)
    if source is None:
        return None
    try:
        return source.read(0, 0, 0, *source.levels[0].size_px)
    finally:
        source.close()


def second_tile(path: Path) -> tuple[int, int]:
    """Where the second tile lies and how long it is."""
    with tifffile.TiffFile(path) as tiff:
        return tiff.pages[0].dataoffsets[1], tiff.pages[0].databytecounts[1]


@pytest.mark.parametrize("abbreviated", [False, True])
def test_half_a_tile_of_zeros_is_seen(slide: Callable[..., Path], abbreviated: bool) -> None:
    """A tile whose second half reads as zeros, as after a copy that was cut off, raises with its place."""
    path = slide(abbreviated=abbreviated)
    offset, count = second_tile(path)
    data = bytearray(path.read_bytes())
    data[offset + count // 2 : offset + count] = bytes(count - count // 2)
    path.write_bytes(data)
    with pytest.raises(
        UnreadableSlide, match=r"slide\.tif breaks in the tile at pixel \(256, 0\) of its level 0 .*Copy"
    ):
        read_all(path)


def test_forty_flipped_bytes_are_seen_where_they_can_be(slide: Callable[..., Path]) -> None:
    """Forty bytes inverted within a tile raise wherever they do in OpenSlide, and in more places.

    JPEG has no checksum: some damage is a valid stream of another picture (10 to 27 % of 400 tiles a quality), which no
    decoder can see; then the pixels are OpenSlide's. The tile beside it is still read.
    """
    path = slide()
    offset, count = second_tile(path)
    whole, seen, seen_by_openslide = path.read_bytes(), 0, 0
    for place in np.linspace(offset + 620, offset + count - 40, 25).astype(int):  # 620: behind the tables
        flipped = bytes(byte ^ 0xFF for byte in whole[place : place + 40])
        path.write_bytes(whole[:place] + flipped + whole[place + 40 :])
        source, peer = open_tiled_tiff(path), OpenSlideSource(path)
        assert source is not None
        theirs = ours = None
        with contextlib.suppress(UnreadableSlide):
            theirs = peer.read(0, 256, 0, 256, 256)
        with contextlib.suppress(UnreadableSlide):
            ours = source.read(0, 256, 0, 256, 256)
        seen, seen_by_openslide = seen + (ours is None), seen_by_openslide + (theirs is None)
        if ours is None:
            with pytest.raises(UnreadableSlide, match="Copy it again"):  # a broken tile is not kept as if it were whole
                source.read(0, 200, 0, 100, 100)
        else:
            np.testing.assert_array_equal(ours, theirs)
        assert source.read(0, 0, 0, 100, 100).shape == (100, 100, 3)
        source.close()
        peer.close()
    assert seen >= 15
    assert seen_by_openslide <= seen


WRONG_TAGS: dict[str, tuple[dict[int, Value], str]] = {
    "more pixels than tiles": ({256: 7680}, r"places for 6 .* tiles .* need 60"),
    "pixels beyond counting": ({256: 2**32 - 1, 257: 2**32 - 1}, "claims 4294967295 x 4294967295 pixels"),
    "no pixels": ({257: 0}, "claims 768 x 0 pixels"),
    "tiles without a side": ({322: 0}, "tiles of 0 x 256"),
    "tiles like walls": ({322: 2**31, 323: 2**31}, "tiles of 2147483648 x 2147483648"),
    "tiles of another size": ({256: 384, 257: 256, 322: 128, 323: 128}, "decode.*256|buffer is too small"),
    "larger tiles than stored": ({256: 1536, 257: 1024, 322: 512, 323: 512}, "decodes to 256 x 256 pixels, not 512"),
}


@pytest.mark.parametrize("name", WRONG_TAGS)
def test_sizes_that_do_not_fit_are_told(name: str, slide: Callable[..., Path]) -> None:
    """Sizes that contradict the tiles are an error that states both, and cost no memory."""
    tags, message = WRONG_TAGS[name]
    path = slide(tags=tags)
    tracemalloc.start()
    with pytest.raises(UnreadableSlide, match=message):
        read_all(path)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        (324, 2**31, r"ends after .*\(tile 1 at byte 2147483648"),
        (325, 2**30, "ends after .* lie beyond"),
        (325, 500_000, "claims 500000 bytes for tile 1"),
    ],
)
def test_tiles_that_cannot_be_are_told(
    tag: int, value: int, message: str, slide: Callable[..., Path], tmp_path: Path
) -> None:
    """A tile outside the file, or of more bytes than its pixels take, fails the slide when it is opened."""
    path = slide()
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[0].tags[tag].valueoffset
    data = bytearray(path.read_bytes()) + bytes(600_000)
    struct.pack_into("<I", data, place + 4, value)
    path.write_bytes(data)
    with pytest.raises(UnreadableSlide, match=message):
        open_tiled_tiff(path)


def test_a_jpeg_that_claims_to_be_huge(slide: Callable[..., Path], image: np.ndarray) -> None:
    """A tile whose own header claims 65,500 pixels a side is refused before 12 GB are asked for."""
    tile = jpeg.encode(image[:256, :256])
    at = tile.index(b"\xff\xc0") + 5
    path = slide(blocks={0: tile[:at] + struct.pack(">HH", 65500, 65500) + tile[at + 4 :]})
    with pytest.raises(UnreadableSlide, match="65500"):
        read_all(path)


def test_a_deflated_bomb_is_not_unpacked(image: np.ndarray, tmp_path: Path) -> None:
    """A deflated tile that holds more than its pixels is refused after one byte too many."""
    bomb = zlib.compress(bytes(2**26), 9)
    tags: dict[int, Value] = {256: 256, 257: 256, 258: [8, 8, 8], 259: 8, 262: 2, 277: 3, 284: 1, 322: 256, 323: 256}
    write_directories(tmp_path / "bomb.tif", [Directory(tags=tags, blocks=[bomb])])
    tracemalloc.start()
    with pytest.raises(UnreadableSlide, match="holds 196609 bytes of pixels, not 196608"):
        read_all(tmp_path / "bomb.tif")
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


@pytest.mark.parametrize("behind", [0, 1])
def test_directories_that_loop_are_damage(behind: int, image: np.ndarray, tmp_path: Path) -> None:
    """Levels behind a chain that comes back to its start are lost, so the slide is not read without them."""
    path = tmp_path / "slide.tif"
    write_directories(path, [jpeg_level(image), jpeg_level(image[::2, ::2], tags={254: 1})])
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[behind].offset
    data = bytearray(path.read_bytes())
    (count,) = struct.unpack_from("<H", data, last)
    struct.pack_into("<I", data, last + 2 + 12 * count, first)
    path.write_bytes(data)

    with pytest.raises(UnreadableSlide, match="bites its tail"):
        open_tiled_tiff(path)


@pytest.mark.slow
def test_a_file_cut_anywhere_is_refused_or_left(slide: Callable[..., Path], real_data: Path, tmp_path: Path) -> None:
    """Cut to any length, a slide raises, is left to other readers, or has all of its pixels: labels lie at the end."""
    for path in (slide(), real_data / "slides" / "CMU-1-Small-Region.svs"):
        data, cut = path.read_bytes(), tmp_path / "cut.tif"
        whole, opened = read_all(path), 0
        for length in np.linspace(0, len(data) - 1, 20).astype(int):
            cut.write_bytes(data[:length])
            try:
                pixels = read_all(cut)
            except UnreadableSlide as error:
                told = str(error)
                assert "cut.tif" in told
                assert str(tmp_path) not in told
                continue
            if pixels is not None:
                opened += 1
                np.testing.assert_array_equal(pixels, whole)
        assert opened <= 3


@pytest.mark.slow
def test_random_bytes_in_the_directories(image: np.ndarray, tmp_path: Path) -> None:
    """Wherever the directories are damaged, the slide is refused, left to other readers, or read: nothing else."""
    path = tmp_path / "slide.tif"
    write_directories(path, [jpeg_level(image, abbreviated=True), jpeg_level(image[::2, ::2], tags={254: 1})])
    data = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        places = [at for page in tiff.pages for at in range(page.offset, page.offset + 2 + 12 * len(page.tags) + 4)]
    rng = np.random.default_rng(1)
    ends = {"refused": 0, "left": 0, "read": 0}
    for _ in range(120):
        damaged = bytearray(data)
        for place in rng.choice([*range(2, 8), *places], rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            ends["read" if read_all(path) is not None else "left"] += 1
        except NeedsRepair:
            ends["refused"] += 1
    assert min(ends.values()) > 2, ends


def test_a_closed_slide_cannot_be_read(slide: Callable[..., Path]) -> None:
    """Reading after `close` is an error of the system, not pixels of another file that got the same descriptor."""
    source: TiledTiffSource | None = open_tiled_tiff(slide())
    assert source is not None
    source.close()
    source.close()
    with pytest.raises(OSError, match="descriptor"):
        source.read(0, 0, 0, 10, 10)
