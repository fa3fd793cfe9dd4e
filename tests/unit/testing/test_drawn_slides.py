"""Slide files as OpenSlide reads them, and fields at several resolutions."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pathalign.errors import NeedsRepair, UnknownName
from pathalign.testing.slides import draw_field, write_pyramid
from pathalign.testing.tissue_art import TISSUES

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def field() -> NDArray[np.uint8]:
    """A tissue field whose sides are no multiple of a tile."""
    return draw_field("colon_benign", side_um=350, mpp=0.5, seed=3)


def read_level(slide: openslide.OpenSlide, level: int) -> NDArray[np.uint8]:
    """All pixels of a level, [y, x, 3]."""
    return np.asarray(slide.read_region((0, 0), level, slide.level_dimensions[level]).convert("RGB"))


def test_openslide_sees_every_level_and_the_resolution(tmp_path: Path, field: NDArray[np.uint8]) -> None:
    """A written pyramid opens as a generic TIFF with half-size levels and the mpp that was asked for."""
    path = tmp_path / "a.tif"

    write_pyramid(path, field, mpp=0.2527)

    with openslide.OpenSlide(path) as slide:
        assert slide.properties["openslide.vendor"] == "generic-tiff"
        assert slide.level_dimensions == ((700, 700), (350, 350), (175, 175))
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.2527, rel=1e-6)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(0.2527, rel=1e-6)
        assert slide.properties["openslide.level[0].tile-width"] == "256"


def test_pixels_survive_within_jpeg_error(tmp_path: Path, field: NDArray[np.uint8]) -> None:
    """OpenSlide reads back what was drawn: no swap of channels, no shift, no colour space taken for another."""
    path = tmp_path / "a.tif"

    write_pyramid(path, field, mpp=0.5, quality=95)

    with openslide.OpenSlide(path) as slide:
        seen, half = read_level(slide, 0).astype(int), read_level(slide, 1).astype(int)
    error = np.abs(seen - field)
    assert error.mean() < 5
    assert np.abs((seen - field).mean(axis=(0, 1))).max() < 0.6
    drawn_half = np.asarray(Image.fromarray(field).reduce(2)).astype(int)
    assert np.abs(half - drawn_half).mean() < 5
    moved = np.abs(seen[:, 1:] - field[:, :-1].astype(int)).mean()
    assert moved > 1.5 * error.mean()


def test_flat_colour_survives_exactly(tmp_path: Path) -> None:
    """A flat saturated colour comes back within two grey levels, so YCbCr is tagged as YCbCr."""
    image = np.broadcast_to(np.array([200, 40, 120], np.uint8), (300, 520, 3)).copy()

    write_pyramid(tmp_path / "a.tif", image, mpp=1.0, levels=1)

    with openslide.OpenSlide(tmp_path / "a.tif") as slide:
        assert slide.level_dimensions == ((520, 300),)
        assert np.abs(read_level(slide, 0).astype(int) - image).max() <= 2


def test_without_mpp_the_file_is_silent(tmp_path: Path, field: NDArray[np.uint8]) -> None:
    """With mpp None there is no resolution tag at all; OpenSlide adds the default unit, inch, but no mpp."""
    write_pyramid(tmp_path / "a.tif", field, mpp=None)

    with openslide.OpenSlide(tmp_path / "a.tif") as slide:
        assert not [name for name in slide.properties if re.search("mpp|[XY]Resolution", name)]
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert not {282, 283, 296} & {tag.code for page in tif.pages for tag in page.tags}


def test_no_codec_package_is_needed(tmp_path: Path) -> None:
    """Slides are written where neither tifffile nor imagecodecs can be imported."""
    script = (
        "import sys; sys.modules['imagecodecs'] = sys.modules['tifffile'] = None\n"
        "import numpy as np; from pathlib import Path; from pathalign.testing.slides import write_pyramid\n"
        f"write_pyramid(Path({str(tmp_path / 'a.tif')!r}), np.zeros((300, 300, 3), np.uint8), mpp=0.5)"
    )

    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)

    assert (tmp_path / "a.tif").is_file()


def test_tifffile_finds_a_sound_file(
    tmp_path: Path, field: NDArray[np.uint8], caplog: pytest.LogCaptureFixture
) -> None:
    """An independent reader sees every directory, every tile within the file, and has nothing to complain of."""
    write_pyramid(tmp_path / "a.tif", field, mpp=0.25)

    size = (tmp_path / "a.tif").stat().st_size
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert [page.shape for page in tif.pages] == [(700, 700, 3), (350, 350, 3), (175, 175, 3)]
        for k, page in enumerate(tif.pages):
            assert page.is_tiled
            assert page.is_reduced == (k > 0)
            assert len(page.dataoffsets) == [9, 4, 1][k]
            assert max(np.add(page.dataoffsets, page.databytecounts)) < size
            assert page.get_resolution("micrometer") == (pytest.approx(4 / 2**k),) * 2
            first = (tmp_path / "a.tif").read_bytes()[page.dataoffsets[0] :][: page.databytecounts[0]]
            assert Image.open(io.BytesIO(first)).size == (256, 256)
    assert not caplog.records


def test_levels_stop_at_a_pixel(tmp_path: Path) -> None:
    """Asking for more levels than the image has halvings gives those there are."""
    write_pyramid(tmp_path / "a.tif", np.full((40, 5, 3), 200, np.uint8), mpp=1.0, levels=9)

    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert [page.shape for page in tif.pages] == [(40, 5, 3), (20, 2, 3), (10, 1, 3)]


@pytest.mark.parametrize(
    ("image", "tile_px"),
    [
        (np.zeros((8, 8), np.uint8), 256),
        (np.zeros((8, 8, 4), np.uint8), 256),
        (np.zeros((8, 8, 3), np.uint8), 100),
    ],
)
def test_what_is_no_slide_is_refused(tmp_path: Path, image: np.ndarray, tile_px: int) -> None:
    """Grey or RGBA images and odd tiles are refused before a file exists."""
    with pytest.raises(NeedsRepair):
        write_pyramid(tmp_path / "a.tif", image, mpp=0.5, tile_px=tile_px)

    assert not (tmp_path / "a.tif").exists()


@pytest.mark.parametrize("kind", list(TISSUES))
def test_two_resolutions_show_the_same_tissue(kind: str) -> None:
    """A field at 0.25 mpp, averaged two by two, is the field at 0.5; another seed is another tissue."""
    coarse = draw_field(kind, side_um=200, mpp=0.5, seed=1).astype(int)
    fine = draw_field(kind, side_um=200, mpp=0.25, seed=1)
    other = draw_field(kind, side_um=200, mpp=0.5, seed=2).astype(int)

    averaged = np.asarray(Image.fromarray(fine).reduce(2)).astype(int)

    assert fine.shape == (800, 800, 3)
    assert np.abs(averaged - coarse).mean() < 4
    assert np.abs(other - coarse).mean() > 4 * np.abs(averaged - coarse).mean()


@pytest.mark.parametrize("mpp", [0.23, 0.5, 1.0, 1.7])
def test_a_field_has_the_size_asked_for(mpp: float) -> None:
    """Sides are side_um / mpp, rounded, also where neither is a round number."""
    image = draw_field("lung_benign", side_um=150.5, mpp=mpp, seed=0)

    assert image.shape == (round(150.5 / mpp), round(150.5 / mpp), 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("mpp", [0.0, -0.5, float("nan"), float("inf")])
def test_a_resolution_that_is_none_is_refused(tmp_path: Path, mpp: float) -> None:
    """Zero, negative and non-finite pixel sizes go into no file."""
    with pytest.raises(NeedsRepair, match="mpp"):
        write_pyramid(tmp_path / "a.tif", np.zeros((8, 8, 3), np.uint8), mpp=mpp)
    with pytest.raises(NeedsRepair, match="mpp"):
        draw_field("lung_benign", side_um=100, mpp=mpp, seed=0)


def test_an_unknown_tissue_is_refused_with_the_names_there_are() -> None:
    """The message lists what can be drawn."""
    with pytest.raises(UnknownName, match="colon_benign"):
        draw_field("spleen", side_um=100, mpp=0.5, seed=0)


@pytest.mark.slow
def test_tissues_differ_in_texture_and_not_only_in_colour() -> None:
    """A nearest centroid on grey, colour-free texture tells the ten tissues apart at 1 um/px far above chance."""

    def texture(kind: str, seed: int) -> NDArray[np.float64]:
        grey = draw_field(kind, side_um=224, mpp=1.0, seed=seed).astype(float).mean(axis=2)
        grey = (grey - grey.mean()) / grey.std()
        power = np.abs(np.fft.rfft2(grey)) ** 2
        radius = np.hypot(np.fft.fftfreq(224)[:, None], np.fft.rfftfreq(224)[None, :])
        bands = [power[(radius >= low) & (radius < low * 1.5)].mean() for low in 0.006 * 1.5 ** np.arange(11)]
        histogram = np.histogram(grey, bins=np.linspace(-3, 3, 13))[0] / grey.size
        return np.concatenate([np.log(bands), 8 * histogram])

    kinds = list(TISSUES)
    centroids = np.array([np.mean([texture(kind, seed) for seed in range(4)], axis=0) for kind in kinds])
    hits = [
        int(np.argmin(((centroids - texture(kind, seed)) ** 2).sum(axis=1))) == k
        for k, kind in enumerate(kinds)
        for seed in (10, 11, 12)
    ]
    assert np.mean(hits) > 0.7
