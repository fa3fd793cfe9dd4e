"""The picture of a slide for the eye."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.slides.pictures.quality_picture import (
    INK_RGB,
    PATCH_RGB,
    TISSUE_RGB,
    UNREAD_RGB,
    draw_quality,
    quality_picture,
)
from pathalign.slides.tissue.mask import Tissue

pytestmark = pytest.mark.unit

MPP0 = 0.5


def tissue(height: int = 100, width: int = 160) -> Tissue:
    """A thumbnail at 16 mpp with tissue in the upper left quarter and ink at the right edge."""
    mask, ink = np.zeros((2, height, width), bool)
    mask[: height // 2, : width // 2] = True
    ink[:, -10:] = True
    thumbnail = np.full((height, width, 3), 240, np.uint8)
    return Tissue(thumbnail=thumbnail, mask=mask, ink=ink, mpp=16.0, glass_seen=True)


def grid(*cells: tuple[int, int]) -> PatchGrid:
    """Patches of 224 um."""
    return PatchGrid(
        spec=PatchSpec(), slide_mpp=MPP0, effective_mpp=1.0,
        xy_px0=np.array(cells, np.int32).reshape(-1, 2) * 448, tissue_share=np.ones(len(cells), np.float32),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("size", "shown"), [((100, 160), (400, 640)), ((2000, 1000), (640, 320)), ((3, 640), (3, 640))]
)
def test_the_longer_side_is_as_asked_for(size: tuple[int, int], shown: tuple[int, int]) -> None:
    """Small and large thumbnails alike become pictures of one size, in proportion."""
    picture = Image.open(io.BytesIO(quality_picture(tissue(*size))))

    assert (picture.height, picture.width) == shown
    assert picture.format == "JPEG"


def test_the_outline_runs_along_the_tissue() -> None:
    """Green lies on the rim of the tissue and nowhere else."""
    picture = draw_quality(tissue(), None, longest_px=640)

    green = (picture == TISSUE_RGB).all(-1)
    assert green[:200, 317:320].all()
    assert green[197:200, :320].all()
    assert not green[10:190, 10:310].any()
    assert not green[202:].any()


def test_patches_are_squares_in_their_place() -> None:
    """A patch at (448, 896) of level 0 is a square of 14 thumbnail pixels at (14, 28), four times as large here."""
    plain, drawn = (draw_quality(tissue(), some, longest_px=640) for some in (None, grid((1, 2))))

    y, x = np.nonzero((plain != drawn).any(-1))
    assert (x.min(), x.max(), y.min(), y.max()) == (56, 112, 112, 168)
    assert len(x) == pytest.approx(2 * 4 * 55, abs=6), "two pixels wide"
    assert np.abs(drawn[112, 80] - np.array(PATCH_RGB)).sum() < np.abs(plain[112, 80] - np.array(PATCH_RGB)).sum()


def test_small_patches_are_outlined_together() -> None:
    """On a large slide a line runs around the patches and none between them, so that the stain is seen."""
    large = tissue(1000, 1600)
    block = grid(*((x, y) for x in range(10, 40) for y in range(10, 30)))

    plain, drawn = (draw_quality(large, some, longest_px=640) for some in (None, block))

    changed = (plain != drawn).any(-1)
    y, x = np.nonzero(changed)
    assert (x.min(), x.max(), y.min(), y.max()) == (56, 224, 56, 168)
    assert not changed[60:165, 60:221].any()


def test_ink_is_outlined_and_stays_to_be_seen() -> None:
    """Yellow runs around ink; within, it is a little yellower than it was; elsewhere nothing changes."""
    picture = draw_quality(tissue(), None, longest_px=640)

    assert (picture[:, 600:603] == INK_RGB).all()
    within = picture[10:-10, 610:630].astype(int)
    assert (within[..., 2] < within[..., 0] - 20).all()
    assert np.abs(within - 240).max() < 60
    assert (picture[300, :600] == 240).all()


def test_what_was_not_read_is_striped_red() -> None:
    """A white hole in the file is not taken for glass or for tissue."""
    unread = np.zeros((100, 160), bool)
    unread[20:40, 20:40] = True

    picture = draw_quality(replace(tissue(), unread=unread), None, longest_px=640)

    red = (picture == UNREAD_RGB).all(-1)
    assert red[80:83, 80:160].all()
    assert 0.2 < red[90:150, 90:150].mean() < 0.3
    assert not red[:80].any()
    assert not red[160:].any()


def test_equal_input_gives_equal_bytes_and_is_left_alone() -> None:
    """The picture is a function of the mask; drawing does not touch the thumbnail."""
    one = tissue()

    assert quality_picture(one, grid((0, 0))) == quality_picture(tissue(), grid((0, 0)))
    assert quality_picture(one) != quality_picture(one, grid((0, 0)))
    assert (one.thumbnail == 240).all()
