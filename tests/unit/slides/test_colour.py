"""ICC profiles to sRGB: once, as littleCMS does it, and recorded."""

from __future__ import annotations

import io
import struct
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pathalign.errors import RefusedSlide
from pathalign.slides import colour
from pathalign.slides.colour import AS_STORED, NO_PROFILE, ToSrgb
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.thumbnail import read_thumbnail
from pathalign.testing.foreign_slides.aperio import write_svs
from pathalign.testing.foreign_slides.dicom import write_dicom_series

pytestmark = pytest.mark.unit


@cache  # littleCMS writes the time into it
def swapping_profile() -> bytes:
    """SRGB whose red and blue colorants are exchanged: pixels stored under it as red are blue."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack(">I", data[128:132])
    places = {}
    for k in range(count):
        at = 132 + 12 * k
        places[bytes(data[at : at + 4])] = at
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)


def by_littlecms(rgb: np.ndarray, profile: bytes) -> np.ndarray:
    """What littleCMS itself makes of it."""
    image = ImageCms.profileToProfile(
        Image.fromarray(rgb), ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.PERCEPTUAL,
    )  # fmt: skip
    return np.asarray(image)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """Smooth colours."""
    coarse = np.random.default_rng(5).integers(0, 255, (16, 16, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((512, 512), Image.Resampling.BICUBIC))


def test_a_profile_that_swaps_channels_swaps_them(image: np.ndarray) -> None:
    """Red becomes blue, and every pixel is littleCMS's."""
    convert = ToSrgb(swapping_profile(), name="a.svs")

    converted = convert(image)

    np.testing.assert_array_equal(converted, by_littlecms(image, swapping_profile()))
    assert np.abs(converted.astype(int) - image[..., ::-1]).max() <= 2
    assert convert.record.startswith("sRGB by ICC ")


@pytest.mark.slow
def test_the_table_of_all_colours_changes_no_byte(image: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many pixels answers are looked up, and are littleCMS's still."""
    convert = ToSrgb(swapping_profile(), name="a.svs")
    noise = np.random.default_rng(2).integers(0, 256, (300, 200, 3), np.uint8)
    monkeypatch.setattr(colour, "_COLOURS", noise.size // 3 + 1)

    first, second, whole = convert(noise), convert(noise), convert(image)

    np.testing.assert_array_equal(first, by_littlecms(noise, swapping_profile()))
    np.testing.assert_array_equal(second, first)
    np.testing.assert_array_equal(whole, by_littlecms(image, swapping_profile()))


def test_a_slide_is_converted_once_after_reading(tmp_path: Path, image: np.ndarray) -> None:
    """With the option a region is littleCMS's version of the region without; so is the thumbnail; both are recorded."""
    write_svs(tmp_path / "a.svs", image, icc=swapping_profile())

    with SlideReader(tmp_path / "a.svs") as raw, SlideReader(tmp_path / "a.svs", icc=True) as converted:
        for mpp in (0.25, 0.5, 0.8):
            plain = raw.region((20.0, 30.0), size_px=(100, 80), mpp=mpp)
            np.testing.assert_array_equal(
                converted.region((20.0, 30.0), size_px=(100, 80), mpp=mpp), by_littlecms(plain, swapping_profile())
            )
        np.testing.assert_array_equal(
            read_thumbnail(converted, 4.0).rgb, by_littlecms(read_thumbnail(raw, 4.0).rgb, swapping_profile())
        )
        assert raw.colour == AS_STORED
        assert converted.colour.startswith("sRGB by ICC ")
        assert converted.colour.endswith(", perceptual")


def test_openslide_hands_the_profile_over(tmp_path: Path, image: np.ndarray) -> None:
    """The bytes are those that were embedded."""
    paths = write_dicom_series(tmp_path / "series", image, icc=swapping_profile())

    with SlideReader(paths[0]) as slide:
        assert slide.source.decoder.startswith("openslide")
        assert slide.source.icc_profile == swapping_profile()


def test_wsidicom_hands_the_profile_over(tmp_path: Path, image: np.ndarray) -> None:
    """The bytes are those that were embedded."""
    paths = write_dicom_series(tmp_path / "series", image, icc=swapping_profile(), planes=3)

    with SlideReader(paths[0]) as slide:
        assert slide.source.decoder.startswith("wsidicom")
        assert slide.source.icc_profile == swapping_profile()


def test_a_slide_without_a_profile_is_recorded_so(tmp_path: Path, image: np.ndarray) -> None:
    """To ask for the conversion is no error; the pixels are as stored and the record says `none`."""
    write_svs(tmp_path / "a.svs", image)

    with SlideReader(tmp_path / "a.svs") as raw, SlideReader(tmp_path / "a.svs", icc=True) as slide:
        assert slide.colour == NO_PROFILE == "none"
        np.testing.assert_array_equal(
            slide.region((0.0, 0.0), size_px=(64, 64), mpp=0.25), raw.region((0.0, 0.0), size_px=(64, 64), mpp=0.25)
        )


@pytest.mark.parametrize(
    "profile", [b"no profile at all", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_a_profile_that_is_of_no_use_is_refused(profile: bytes) -> None:
    """Broken, or not one of RGB: the message names the slide and the repair."""
    with pytest.raises(RefusedSlide, match=r"^a\.svs has a colour profile that does not turn RGB into sRGB.*Read the"):
        ToSrgb(profile, name="a.svs")
