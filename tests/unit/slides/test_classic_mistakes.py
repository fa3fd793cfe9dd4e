"""What slide pipelines get wrong: one test for each classic mistake, in the order of the list that we keep of them.

Each is small and could fail alone; the tests of the modules go into the depth.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest
from PIL import Image

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import MissingResolution, RefusedSlide, StaleArtifact, UnreadableSlide
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.resampling import coverage
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.slide_reading import Ended, Finished, Pixels, Planned, ReadRequest, read_slide
from pathalign.slides.sources.source import downsamples
from pathalign.slides.sources.tiled_tiff import open_tiled_tiff
from pathalign.slides.thumbnail import read_thumbnail
from pathalign.slides.tissue.mask import TissueConfig, tissue_mask
from pathalign.store.embeddings import read_bag, read_provenance, write_bag
from pathalign.testing.artefacts import MPP as DRAWN_MPP
from pathalign.testing.artefacts import SIDE, draw_artefact
from pathalign.testing.foreign_slides.aperio import write_svs
from pathalign.testing.foreign_slides.dicom import write_dicom_series
from pathalign.testing.foreign_slides.mirax import write_mrxs
from pathalign.testing.foreign_slides.tiff import Directory, write_directories
from pathalign.testing.slides import draw_field

pytestmark = pytest.mark.unit

Written = Callable[..., Path]
SPEC = PatchSpec(patch_px=64, patch_mpp=1.0)


def pixels_of(slide: SlideReader, spec: PatchSpec = SPEC) -> tuple[PatchGrid, np.ndarray]:
    """The grid of a slide and all its patches."""
    grid = plan_patches(slide, spec, TissueConfig())
    return grid, np.concatenate(
        [np.zeros((0, spec.patch_px, spec.patch_px, 3), np.uint8), *read_patches(slide, grid, batch=8)]
    )


def area_mean(image: np.ndarray, whole: int) -> np.ndarray:
    """The mean of each square of `whole` pixels, unrounded."""
    height, width = (side // whole for side in image.shape[:2])
    return image[: height * whole, : width * whole].reshape(height, whole, width, whole, 3).mean((1, 3))


def test_01_a_missing_or_bogus_resolution_is_refused_not_guessed(written: Written, field_025: np.ndarray) -> None:
    """Neither no tag nor a printer's 72 dpi is a pixel size; what the user gives repairs it, and its source is kept."""
    for mpp in (None, 352.8, 264.6):
        path = written(field_025, mpp=mpp)
        with pytest.raises(MissingResolution, match=r"`mpp` column"):
            SlideReader(path)
        with SlideReader(path, given_mpp=0.25) as slide:
            assert (slide.mpp, slide.resolution.source) == (0.25, "slides.csv")


def test_02_pixels_must_be_square_and_resolution_is_no_integer(written: Written, field_025: np.ndarray) -> None:
    """The effective resolution of patches is stored as it is, not as the magnification that a label says."""
    with SlideReader(written(field_025, mpp=0.2527)) as slide:
        grid = plan_patches(slide, PatchSpec(patch_px=64, patch_mpp=0.5), TissueConfig())

    assert grid.effective_mpp == pytest.approx(0.5054)
    assert grid.side_px0 == pytest.approx(128)


def test_03_patches_come_from_the_next_finer_level_by_averaging(written: Written, field_025: np.ndarray) -> None:
    """Where a pyramid has no level of the resolution asked for, the finer one is averaged, never the nearest picked."""
    path = written(field_025, mpp=0.25, levels=1)
    with SlideReader(path) as slide:
        found = slide.region((64, 32), size_px=(100, 80), mpp=0.5).astype(float)
        level0 = slide.source.read(0, 64, 32, 200, 160)

    np.testing.assert_allclose(found, area_mean(level0, 2), atol=0.51)


def test_04_a_downsample_that_is_no_integer_follows_one_rule() -> None:
    """Rounding of a level's size is no scale, and a true fraction weighs source pixels by the ground they share."""
    assert downsamples([(46001, 30003), (11500, 7500)]) == [1.0, 4.0]
    assert downsamples([(2001, 1001), (1000, 500)]) == [1.0, 2.0]

    weights = coverage(4, 0.25, 2.5, 11)
    ramp = weights @ (np.arange(11) + 0.5)
    np.testing.assert_allclose(ramp, 0.25 + 2.5 * (np.arange(4) + 0.5), atol=1e-12)  # no pixel is shifted


def test_05_beyond_the_edge_is_white_and_arrays_are_never_short(written: Written, field_025: np.ndarray) -> None:
    """A region across a corner has the size asked for; patches of a grid lie within the slide."""
    with SlideReader(written(field_025, mpp=0.25)) as slide:
        width, height = slide.size_px0
        corner = slide.region((width - 40, height - 24), size_px=(96, 80), mpp=0.25)
        grid = plan_patches(slide, SPEC, TissueConfig())

    assert corner.shape == (80, 96, 3)
    assert (corner[24:] == 255).all()
    assert (corner[:, 40:] == 255).all()
    assert corner[:24, :40].mean() < 250
    assert (grid.xy_px0 + grid.side_px0 <= [width, height]).all()


def test_06_holes_and_transparency_are_white_not_black_tissue(tmp_path: Path) -> None:
    """What MIRAX never scanned is white, and no patch of tissue lies there."""
    image = draw_field("colon_benign", side_um=512, mpp=0.5, seed=1)
    write_mrxs(tmp_path / "slide.mrxs", image, mpp=0.5, never_scanned=frozenset({(0, 0)}))

    with SlideReader(tmp_path / "slide.mrxs") as slide:
        left, top = slide.source.bounds_px0[:2]
        hole = slide.region((left, top), size_px=(200, 200), mpp=0.5)
        tissue = slide.region((left + 600, top + 600), size_px=(200, 200), mpp=0.5)

    assert (hole == 255).all()
    assert tissue.mean() < 240


@pytest.mark.slow
def test_07_a_thumbnail_without_a_pyramid_needs_little_memory(tmp_path: Path, written: Written) -> None:
    """A slide of one level is read in blocks and scaled in the decoder; the whole would be 48 MB."""
    field = draw_field("colon_benign", side_um=1000, mpp=0.5, seed=2)
    path = written(np.tile(field, (2, 2, 1)), mpp=0.5, levels=1)
    with SlideReader(path) as slide:
        slide.source.read(0, 0, 0, 8, 8)
        tracemalloc.start()
        thumbnail = read_thumbnail(slide, 16.0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 16e6
    np.testing.assert_allclose(thumbnail.rgb[8:48, 8:48].mean((0, 1)), field[256:1536, 256:1536].mean((0, 1)), atol=4)


NOT_TISSUE = (
    "empty", "nearly empty", "blue pen beside", "green pen beside", "black pen beside", "red pen beside",
    "black border",
)  # fmt: skip


@pytest.mark.parametrize("name", NOT_TISSUE)
def test_08_pen_borders_and_noise_are_no_tissue(name: str) -> None:
    """Otsu's threshold of an empty slide is no tissue; neither is ink on glass nor the scanner's black border."""
    field = draw_field("colon_benign", side_um=400, mpp=DRAWN_MPP, seed=3)
    many = -(-SIDE // len(field))
    field = np.tile(field, (many, many, 1))[:SIDE, :SIDE]
    drawing = draw_artefact(name, field, seed=0)

    found = tissue_mask(drawing.image, TissueConfig(mpp=DRAWN_MPP))

    wrong = found & ~drawing.tissue
    assert wrong.sum() <= 0.1 * max(drawing.tissue.sum(), 1)


_DIGEST = """
import hashlib, sys
from pathlib import Path
from pathalign.domain.geometry import PatchSpec
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.mask import TissueConfig
with SlideReader(Path(sys.argv[1])) as slide:
    grid = plan_patches(slide, PatchSpec(patch_px=64, patch_mpp=0.9), TissueConfig())
    digest = hashlib.sha256(grid.xy_px0.tobytes())
    for batch in read_patches(slide, grid, batch=int(sys.argv[2])):
        digest.update(batch.tobytes())
print(len(grid), digest.hexdigest())
"""


@pytest.mark.slow
def test_09_the_same_bytes_every_run_and_sorted(written: Written, field_025: np.ndarray) -> None:
    """Neither the number of threads nor the batch nor the process changes a byte; patches are sorted by (y, x)."""
    path = written(field_025, mpp=0.25)
    told = [
        subprocess.run(
            [sys.executable, "-c", _DIGEST, path, batch], capture_output=True, text=True, check=True,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for batch, threads in (("8", "1"), ("5", "2"))
    ]  # fmt: skip
    with SlideReader(path) as slide:
        grid = plan_patches(slide, SPEC, TissueConfig())

    assert told[0] == told[1] != ""
    assert int(told[0].split()[0]) > 20
    assert grid.xy_px0[:, ::-1].tolist() == sorted(grid.xy_px0[:, ::-1].tolist())


def test_10_colour_is_a_recorded_choice(tmp_path: Path, field_025: np.ndarray) -> None:
    """Without being asked nothing is applied; asked, it is recorded, also that there was nothing to apply."""
    write_svs(tmp_path / "slide.svs", field_025)

    with SlideReader(tmp_path / "slide.svs") as plain, SlideReader(tmp_path / "slide.svs", icc=True) as asked:
        assert plain.colour != asked.colour
        np.testing.assert_array_equal(
            plain.region((0, 0), size_px=(64, 64), mpp=0.25), asked.region((0, 0), size_px=(64, 64), mpp=0.25)
        )


def test_11_aperio_s_rgb_jpeg_is_not_taken_for_ycbcr(tmp_path: Path, field_025: np.ndarray) -> None:
    """RGB within JPEG without any marker that says so has its colours, not those 47 grey levels away."""
    write_svs(tmp_path / "slide.svs", field_025, rgb=True)

    with SlideReader(tmp_path / "slide.svs") as slide:
        found = slide.region((0, 0), size_px=(400, 400), mpp=0.25)

    assert np.abs(found.astype(float) - field_025[:400, :400]).mean() < 4


def test_12_the_decoder_is_named_and_agrees_with_openslide(written: Written, field_025: np.ndarray) -> None:
    """Decoders upsample colour differently: the provenance says which one it was, and bytes are OpenSlide's."""
    path = written(field_025, mpp=0.25)
    with SlideReader(path) as slide, openslide.OpenSlide(path) as peer:
        found = slide.source.read(0, 100, 60, 300, 300)
        shown = np.asarray(peer.read_region((100, 60), 0, (300, 300)).convert("RGB"))
        decoder = slide.source.decoder

    assert "libjpeg-turbo" in decoder
    np.testing.assert_array_equal(found, shown)


def test_13_a_broken_tile_is_no_patch(written: Written, field_025: np.ndarray) -> None:
    """Half a tile that was never written costs the patches that it touches, and the slide where that is too many."""
    path = written(field_025, mpp=0.25, levels=1)
    source = open_tiled_tiff(path)
    assert source is not None
    offset, count = (int(of[4]) for of in (source._decoded[0].offsets, source._decoded[0].byte_counts))
    source.close()
    data = bytearray(path.read_bytes())
    data[offset + count // 2 : offset + count] = bytes(count - count // 2)
    path.write_bytes(data)

    def ending(max_broken: float) -> list[object]:
        request = ReadRequest(
            slide_id="s", path=path, given_mpp=None, spec=SPEC, tissue=TissueConfig(), batch=8, max_broken=max_broken
        )
        return list(read_slide(request))

    strict, lenient = ending(0.0), ending(0.5)
    assert isinstance(strict[-1], Ended)
    assert strict[-1].outcome is Outcome.FAILED
    assert isinstance(lenient[-1], Finished)
    sent = sum(len(event.rgb) for event in lenient if isinstance(event, Pixels))
    assert 0 < (~lenient[-1].is_whole).sum() == len(lenient[-1].is_whole) - sent


def test_14_sixteen_bits_are_not_scaled_in_silence(tmp_path: Path) -> None:
    """A TIFF of 16 bits is refused, and the message says what it is."""
    tags = {
        256: 64, 257: 64, 258: [16, 16, 16], 259: 1, 262: 2, 277: 3, 284: 1, 322: 64, 323: 64,
    }  # fmt: skip
    write_directories(tmp_path / "deep.tif", [Directory(tags=tags, blocks=[bytes(64 * 64 * 6)])])

    with pytest.raises((RefusedSlide, UnreadableSlide), match="16"):
        SlideReader(tmp_path / "deep.tif", given_mpp=0.5)


@pytest.mark.slow
def test_15_one_file_of_a_series_and_planes_of_focus(tmp_path: Path, field_025: np.ndarray) -> None:
    """A coarse level alone is not the slide; of several planes of focus one is chosen, and recorded."""
    paths = write_dicom_series(tmp_path / "series", field_025, levels=3)
    for path in paths[:2]:
        path.unlink()
    alone = next(path for path in paths if path.exists())

    with pytest.raises(RefusedSlide, match="one low-resolution level"):
        SlideReader(alone)
    planes = write_dicom_series(tmp_path / "planes", field_025, planes=3)
    with SlideReader(planes[0]) as slide:
        assert slide.source.decoder.endswith("plane of focus 2 of 3")


def test_16_past_two_to_the_31_pixels() -> None:
    """Positions of a slide of 200,000 x 150,000 pixels survive: products are taken in 64 bits or as fractions."""
    grid = PatchGrid(
        spec=SPEC, slide_mpp=0.25, effective_mpp=1.0, xy_px0=np.array([[199_000, 149_000]], np.int32),
        tissue_share=np.ones(1, np.float32),
    )  # fmt: skip
    assert (grid.xy_px0[:, 1].astype(np.int64) * 200_000 + grid.xy_px0[:, 0]).item() == 29_800_199_000
    assert grid.side_px0 == 256.0


def _read_in_child(source: object, told: object) -> None:
    try:
        source.read(0, 0, 0, 8, 8)  # type: ignore[attr-defined]
    except RuntimeError as error:
        told.put(str(error))  # type: ignore[attr-defined]
    else:
        told.put("read")  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform != "linux", reason="fork is Linux's")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_17_an_open_slide_does_not_cross_a_fork(written: Written, field_025: np.ndarray) -> None:
    """Parent and child would move one file offset; the child is told to open the slide itself."""
    source = open_tiled_tiff(written(field_025, mpp=0.25))
    assert source is not None
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    child = context.Process(target=_read_in_child, args=(source, told))
    child.start()
    message = told.get(timeout=60)
    child.join()
    source.close()

    assert "Open it in the process that reads it" in message


def test_18_a_file_that_is_there_is_not_complete_nor_the_one_asked_for(tmp_path: Path) -> None:
    """A truncated file has no provenance, so it is made again; one of other parameters says so by its provenance."""
    grid = PatchGrid(
        spec=SPEC, slide_mpp=0.5, effective_mpp=1.0, xy_px0=np.arange(40, dtype=np.int32).reshape(20, 2),
        tissue_share=np.ones(20, np.float32),
    )  # fmt: skip
    path = tmp_path / "s.h5"
    write_bag(path, slide_id="s", embeddings=np.ones((20, 8), np.float16), grid=grid, provenance={"patch_mpp": 1.0})
    whole = path.read_bytes()

    assert (read_provenance(path) or {})["patch_mpp"] == 1.0
    path.write_bytes(whole[:-200])
    assert read_provenance(path) is None
    with pytest.raises(StaleArtifact):
        read_bag(path, slide_id="s")


def test_19_coordinates_are_level_0_pixels_x_first(written: Written) -> None:
    """On a slide wider than high, with tissue at its right end only, x is large and y is not."""
    image = np.full((640, 2560, 3), 244, np.uint8)
    image[:, 1920:] = draw_field("colon_benign", side_um=320, mpp=0.5, seed=4)
    with SlideReader(written(image, mpp=0.5, levels=1)) as slide:
        grid, patches = pixels_of(slide)
        x, y = grid.xy_px0[0].tolist()
        again = slide.source.read(0, x, y, 128, 128)

    assert len(grid) > 10
    assert grid.xy_px0[:, 0].min() >= 1792
    assert grid.xy_px0[:, 1].max() < 640
    np.testing.assert_allclose(patches[0], area_mean(again, 2), atol=0.51)


def test_20_an_empty_slide_is_a_valid_artifact(written: Written, tmp_path: Path) -> None:
    """Glass without tissue gives a grid of no patches, and a file that says so."""
    rng = np.random.default_rng(0)
    glass = rng.normal(243, 1.5, (1024, 1024, 3)).astype(np.uint8)
    request = ReadRequest(
        slide_id="glass", path=written(glass, mpp=0.5), given_mpp=None, spec=SPEC, tissue=TissueConfig(), batch=8,
        max_broken=0.0,
    )  # fmt: skip

    planned, finished = read_slide(request)

    assert isinstance(planned, Planned)
    assert isinstance(finished, Finished)
    write_bag(
        tmp_path / "glass.h5", slide_id="glass", embeddings=np.zeros((0, 8), np.float16), grid=planned.grid,
        provenance={},
    )  # fmt: skip
    bag = read_bag(tmp_path / "glass.h5", slide_id="glass")
    assert (bag.embeddings.shape, bag.xy_px0.shape) == ((0, 8), (0, 2))


def test_21_no_patch_image_touches_the_disk(
    written: Written, field_025: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patches go from the decoder to the encoder as bytes: reading a slide writes no file."""
    path = written(field_025, mpp=0.25)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: pytest.fail("an image was encoded"))
    request = ReadRequest(
        slide_id="s", path=path, given_mpp=None, spec=SPEC, tissue=TissueConfig(), batch=8, max_broken=0.0
    )

    events = list(read_slide(request))

    assert sum(len(event.rgb) for event in events if isinstance(event, Pixels)) > 20
    assert sorted(tmp_path.rglob("*")) == before
