"""Every real slide opens, or is refused with what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openslide
import pytest

from pathalign.domain.geometry import PatchSpec
from pathalign.errors import MissingResolution, NeedsRepair, RefusedSlide, UnreadableSlide
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.thumbnail import read_thumbnail
from pathalign.slides.tissue.mask import TissueConfig

pytestmark = pytest.mark.unit

CMU, TCGA = "CMU-1-Small-Region.svs", "TCGA-CR-7395-01A-01-TS1.svs"
LONE_LEVEL = (RefusedSlide, r"is one low-resolution level \(\d+ x \d+ pixels\) of a DICOM series.*Copy all files")
REFUSED = {
    TCGA: (MissingResolution, r"has no pixel size.*`mpp` column to slides\.csv"),
    "test3-DAPI-2.ndpi": (RefusedSlide, r"fluorescence"),
    "multi_frame_jpeg2000_camelyon_challenge_image.dcm": LONE_LEVEL,
    "multiframe_camelyon_challenge_image.dcm": LONE_LEVEL,
    "test_wsi.dcm": (RefusedSlide, r"a DICOM series that holds LABEL, not the pixels of a slide.*type VOLUME"),
}
OPENED = {CMU: (0.499, 13), "1065626.svs": (0.5026, 10), "OS-1-detail.ome.tif": (0.2271, 1)}
FAMILIES = {CMU: "aperio", "1065626.svs": "aperio", "OS-1-detail.ome.tif": "ome-tiff"}


def count_patches(path: Path, *, mpp: float | None = None) -> int:
    """How many 224-um patches a slide has, after all of them were read."""
    with SlideReader(path, given_mpp=mpp) as slide:
        grid = plan_patches(slide, PatchSpec(), TissueConfig())
        pixels = list(read_patches(slide, grid, batch=16))
    assert sum(map(len, pixels)) == len(grid)
    return len(grid)


def test_every_real_slide_is_judged_here(real_data: Path) -> None:
    """A slide that is added to the test data needs its expectation."""
    assert {path.name for path in (real_data / "slides").iterdir()} == {*REFUSED, *OPENED}


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.slow
def test_good_slides_are_read(real_data: Path, name: str) -> None:
    """Bright-field slides with a pixel size give their patches."""
    mpp, count = OPENED[name]

    with SlideReader(real_data / "slides" / name) as slide:
        assert slide.mpp == pytest.approx(mpp, abs=1e-4)
        assert slide.source.family == FAMILIES[name]
    assert count_patches(real_data / "slides" / name) == pytest.approx(count, abs=1)


@pytest.mark.parametrize("name", REFUSED)
def test_the_others_are_refused_with_the_repair(real_data: Path, name: str) -> None:
    """The message names the slide, what was seen and what to do, and no folder."""
    kind, message = REFUSED[name]

    with pytest.raises(NeedsRepair, match=message) as caught:
        count_patches(real_data / "slides" / name)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(name)
    assert str(real_data) not in str(caught.value)


def test_the_repair_that_is_named_works(real_data: Path) -> None:
    """With the mpp column filled in, the frozen section without a pixel size is read."""
    assert count_patches(real_data / "slides" / TCGA, mpp=0.5) == pytest.approx(49, abs=2)


def test_patches_of_a_real_slide_are_its_pixels(real_data: Path) -> None:
    """A patch is the area mean of what OpenSlide shows there."""
    path = real_data / "slides" / CMU
    with SlideReader(path, given_mpp=0.5) as slide:
        grid = plan_patches(slide, PatchSpec(), TissueConfig())
        patch = next(iter(read_patches(slide, grid, batch=1)))[0]

    with openslide.OpenSlide(path) as slide:
        x, y = (int(value) for value in grid.xy_px0[0])
        shown = np.asarray(slide.read_region((x, y), 0, (448, 448)).convert("RGB")).astype(float)
    np.testing.assert_allclose(patch, shown.reshape(224, 2, 224, 2, 3).mean((1, 3)), atol=1)


def test_tissue_of_a_real_slide_is_most_of_what_has_colour(real_data: Path) -> None:
    """Taken patches are darker and more coloured than the rest of the slide."""
    with SlideReader(real_data / "slides" / TCGA, given_mpp=0.5) as slide:
        grid = plan_patches(slide, PatchSpec(), TissueConfig())
        thumbnail = read_thumbnail(slide, 16.0).rgb.astype(float)
    taken = np.zeros(thumbnail.shape[:2], bool)
    for x, y in (grid.xy_px0 * 0.5 / 16).astype(int):
        taken[y : y + 14, x : x + 14] = True

    colour = thumbnail.max(-1) - thumbnail.min(-1)
    assert colour[taken].mean() > 2 * colour[~taken].mean()


def pixels_of(path: Path, *, most: int | None = None) -> np.ndarray:
    """All patches of a slide, or an even choice of them."""
    with SlideReader(path) as slide:
        grid = plan_patches(slide, PatchSpec(max_patches=most), TissueConfig())
        return np.concatenate(list(read_patches(slide, grid, batch=16)))


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.6])
def test_a_truncated_copy_is_unreadable_and_not_a_crash(
    real_data: Path, tmp_path: Path, name: str, share: float
) -> None:
    """A copy whose tissue was cut off is refused, on opening or on reading."""
    path = truncated(real_data / "slides" / name, tmp_path, share)

    with pytest.raises(UnreadableSlide, match=name):
        pixels_of(path)


@pytest.mark.slow
def test_a_copy_without_its_tail_is_refused_or_whole(real_data: Path, tmp_path: Path) -> None:
    """Where only the label and macro images were cut off a slide may open, and then no pixel of it is another."""
    path = truncated(real_data / "slides" / "1065626.svs", tmp_path, 0.95)

    whole = pixels_of(real_data / "slides" / "1065626.svs", most=3)
    np.testing.assert_array_equal(pixels_of(path, most=3), whole)


def truncated(path: Path, folder: Path, share: float) -> Path:
    """A copy of the first bytes of a file."""
    whole = path.read_bytes()
    (folder / path.name).write_bytes(whole[: int(len(whole) * share)])
    return folder / path.name


def test_broken_pixels_are_told_with_their_place(real_data: Path, tmp_path: Path) -> None:
    """A slide that opens but whose data is overwritten is unreadable, and the message says to copy it again."""
    data = bytearray((real_data / "slides" / CMU).read_bytes())
    data[200_000:1_000_000] = bytes(800_000)  # tiles; the directory follows at 1,275,950
    path = tmp_path / CMU
    path.write_bytes(data)
    with openslide.OpenSlide(path):
        pass

    with pytest.raises(
        UnreadableSlide, match=r"breaks in the tile at pixel \(\d+, \d+\) of its level 0.*Copy it again"
    ):
        count_patches(path)
