"""Pictures without a pyramid."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from pathalign.errors import MissingResolution, NeedsRepair, RefusedSlide, UnreadableSlide
from pathalign.slides.slide_reader import SlideReader

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """Smooth colours."""
    coarse = np.random.default_rng(5).integers(0, 255, (12, 16, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    ("name", "options", "family"),
    [
        ("a.png", {}, "plain-png"), ("a.bmp", {}, "plain-bmp"), ("a.tif", {"compression": None}, "plain-tiff"),
        ("b.tif", {"compression": "tiff_lzw"}, "plain-tiff"), ("c.tif", {"compression": "tiff_deflate"}, "plain-tiff"),
        ("a.jpg", {"quality": 95, "subsampling": 0}, "plain-jpeg"),
    ],
)  # fmt: skip
def test_a_picture_is_one_level(
    tmp_path: Path, image: np.ndarray, name: str, options: dict[str, Any], family: str
) -> None:
    """Its pixels are as stored, with the resolution that the user gave, whatever its name says."""
    path = tmp_path / "without_ending"
    Image.fromarray(image).save(tmp_path / name, **options)
    (tmp_path / name).rename(path)

    with SlideReader(path, given_mpp=0.5) as slide:
        shown = slide.region((-10.0, 200.0), size_px=(400, 60), mpp=0.5)
        assert (slide.source.family, slide.size_px0) == (family, (320, 240))

    stored = image if name != "a.jpg" else np.asarray(Image.open(path))
    assert np.abs(shown[:40, 10:330].astype(int) - stored[200:]).max() <= (3 if name == "a.jpg" else 0)
    assert (shown[40:] == 255).all()
    assert (shown[:, :10] == 255).all()
    assert (shown[:, 330:] == 255).all()


def test_what_is_transparent_is_white(tmp_path: Path, image: np.ndarray) -> None:
    """Alpha is laid on white, half of it half; a palette is its colours."""
    rgba = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    rgba[:50, :, 3], rgba[50:100, :, 3] = 0, 128
    Image.fromarray(rgba).save(tmp_path / "a.png")
    Image.fromarray(image).quantize(32).save(tmp_path / "p.png")

    with SlideReader(tmp_path / "a.png", given_mpp=0.5) as slide:
        shown = slide.source.read(0, 0, 0, 320, 240)
    with SlideReader(tmp_path / "p.png", given_mpp=0.5) as slide:
        palette = slide.source.read(0, 0, 0, 320, 240)

    assert (shown[:50] == 255).all()
    np.testing.assert_allclose(shown[50:100], (image[50:100].astype(float) + 255) / 2, atol=2)
    np.testing.assert_array_equal(shown[100:], image[100:])
    np.testing.assert_array_equal(palette, np.asarray(Image.open(tmp_path / "p.png").convert("RGB")))


def test_a_printer_s_resolution_is_bogus(tmp_path: Path, image: np.ndarray) -> None:
    """72 dots per inch are 352.8 um: refused with the column; a plausible density is taken."""
    Image.fromarray(image).save(tmp_path / "a.png", dpi=(72, 72))
    Image.fromarray(image).save(tmp_path / "b.png", dpi=(25400 / 0.5, 25400 / 0.5))
    Image.fromarray(image).save(tmp_path / "c.png")

    with pytest.raises(MissingResolution, match=r"claims a pixel size of 352\.\d+ x .*PNG dots per inch.*`mpp` column"):
        SlideReader(tmp_path / "a.png")
    with SlideReader(tmp_path / "b.png") as slide:
        assert slide.mpp == pytest.approx(0.5, rel=1e-3)
    with pytest.raises(MissingResolution, match="has no pixel size"):
        SlideReader(tmp_path / "c.png")


def pictures_to_refuse() -> dict[str, Image.Image]:
    """Of each kind that is no 8-bit colour picture one."""
    grey = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    return {
        "grey.png": Image.fromarray(grey.astype(np.uint8)),
        "deep.png": Image.fromarray(grey),
        "cmyk.jpg": Image.new("CMYK", (64, 64)),
        "grey.jpg": Image.fromarray(grey.astype(np.uint8)),
        "grey.tif": Image.fromarray(grey),
    }


@pytest.mark.parametrize("name", pictures_to_refuse())
def test_what_is_no_8_bit_colour_is_refused(tmp_path: Path, name: str) -> None:
    """Greyscale, CMYK and 16 bits are refused with what was seen."""
    pictures_to_refuse()[name].save(tmp_path / name)

    with pytest.raises(NeedsRepair, match=rf"^{name} .*"):
        SlideReader(tmp_path / name, given_mpp=0.5)


def test_a_16_bit_colour_png_is_refused(tmp_path: Path) -> None:
    """Pillow would cut it to 8 bits without a word; its header says 16."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8, 3), 40_000, np.uint16))

    with pytest.raises(RefusedSlide, match=r"no 8-bit colour picture \(mode RGB, 16 bits a channel\).*8-bit RGB"):
        SlideReader(tmp_path / "a.png", given_mpp=0.5)


def test_several_pictures_in_one_file_are_refused(tmp_path: Path, image: np.ndarray) -> None:
    """Which one is the slide is not guessed."""
    frames = [Image.fromarray(image), Image.fromarray(255 - image)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])

    with pytest.raises(RefusedSlide, match=r"holds 2 pictures"):
        SlideReader(tmp_path / "a.png", given_mpp=0.5)


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path, image: np.ndarray, side: int) -> None:
    """What a header claims asks for no memory: the message says how to make a pyramid."""
    Image.fromarray(image).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "a.png").write_bytes(data)

    with pytest.raises(RefusedSlide, match=r"^a\.png is one picture of more than 80 million pixels.*vips tiffsave"):
        SlideReader(tmp_path / "a.png", given_mpp=0.5)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.tif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_unreadable(tmp_path: Path, image: np.ndarray, name: str, share: float) -> None:
    """On opening or on reading, never grey pixels without a word."""
    Image.fromarray(image).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(UnreadableSlide, match=rf"^{name} .*Copy the file again|^{name} cannot be opened"):
        decoded(tmp_path / name)


def decoded(path: Path) -> np.ndarray:
    """All pixels of a picture of 320 x 240."""
    with SlideReader(path, given_mpp=0.5) as slide:
        return slide.source.read(0, 0, 0, 320, 240)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_flipped_bytes_are_noticed(tmp_path: Path, image: np.ndarray, name: str) -> None:
    """Checksums of a PNG are compared and JPEG is decoded strictly."""
    Image.fromarray(image).save(tmp_path / name)
    data = bytearray((tmp_path / name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(byte ^ 0xFF for byte in data[middle : middle + 40])
    (tmp_path / name).write_bytes(data)

    with pytest.raises(UnreadableSlide, match="breaks while it is decoded"):
        decoded(tmp_path / name)


def test_a_tiff_without_a_width_is_unreadable(tmp_path: Path, image: np.ndarray) -> None:
    """Pillow's complaint of missing dimensions is one of ours."""
    Image.fromarray(image).save(tmp_path / "a.tif")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    (directory,) = struct.unpack("<I", data[4:8])
    assert data[directory + 2 : directory + 4] == struct.pack("<H", 256)
    data[directory + 2 : directory + 4] = struct.pack("<H", 255)
    (tmp_path / "a.tif").write_bytes(data)

    with pytest.raises(UnreadableSlide, match=r"^a\.tif cannot be opened"):
        SlideReader(tmp_path / "a.tif", given_mpp=0.5)
