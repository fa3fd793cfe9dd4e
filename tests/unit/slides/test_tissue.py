"""Where tissue lies."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest

from pathalign.errors import RefusedSlide
from pathalign.slides.tissue import TissueConfig, tissue_mask

pytestmark = pytest.mark.unit

SIDE = 120
GLASS, PINK, BROWN = (243, 242, 244), (214, 130, 180), (150, 110, 85)
CONFIG = TissueConfig()


def glass(noise: float = 2.0, seed: int = 0) -> np.ndarray:
    """Empty glass as a scanner sees it, each channel with its own noise."""
    random = np.random.default_rng(seed)
    return np.clip(GLASS + noise * random.standard_normal((SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def painted(colour: tuple[int, int, int], radius: float = 25) -> tuple[np.ndarray, np.ndarray]:
    """A disc of one colour on glass, and where it is."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    disc = np.hypot(y, x) < radius
    image = glass()
    image[disc] = colour
    return image, disc


def stroke(colour: tuple[int, int, int]) -> np.ndarray:
    """A thick pen stroke with soft edges on glass."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    depth = np.clip((6 - np.abs(y - 40 - x / 3)) / 2, 0, 1)[..., None]
    return (glass() * (1 - depth) + np.array(colour) * depth).astype(np.uint8)


@pytest.mark.parametrize("colour", [PINK, BROWN, (120, 70, 150), (236, 214, 226)])
def test_stained_tissue_is_found(colour: tuple[int, int, int]) -> None:
    """Eosin, DAB, haematoxylin and pale pink alike are found, to within a pixel of their edge."""
    image, disc = painted(colour)

    mask = tissue_mask(image, CONFIG)

    assert (mask & disc).sum() / (mask | disc).sum() > 0.93


@pytest.mark.parametrize("noise", [0.0, 1.0, 3.0, 5.0])
def test_noise_is_not_tissue(noise: float) -> None:
    """Empty glass holds none, however Otsu would split its noise."""
    assert not tissue_mask(glass(noise), CONFIG).any()


@pytest.mark.parametrize("grey", [255, 200, 128])
def test_a_grey_slide_holds_no_tissue(grey: int) -> None:
    """What has no colour at all is glass, shadow or a bubble."""
    assert not tissue_mask(np.full((SIDE, SIDE, 3), grey, np.uint8), CONFIG).any()


@pytest.mark.parametrize(
    "colour", [(20, 40, 160), (60, 90, 200), (20, 110, 60), (10, 140, 90), (200, 20, 40), (15, 15, 20)]
)
def test_a_pen_mark_alone_is_not_tissue(colour: tuple[int, int, int]) -> None:
    """Blue, green, red and black ink give nothing, soft edges included."""
    assert not tissue_mask(stroke(colour), CONFIG).any()


def test_a_pen_mark_beside_tissue_leaves_the_tissue() -> None:
    """Ink is taken out, tissue stays."""
    image, disc = painted(PINK)
    image[5:12, :] = (20, 40, 160)

    mask = tissue_mask(image, CONFIG)

    assert not mask[:14].any()
    assert mask[disc].mean() > 0.95


def test_a_slide_full_of_tissue_is_all_tissue() -> None:
    """Without glass Otsu would split tissue; the upper bound keeps all of it."""
    image = np.broadcast_to(np.array(PINK, np.uint8), (SIDE, SIDE, 3)).copy()
    image[:, SIDE // 2 :] = (90, 50, 140)

    assert tissue_mask(image, CONFIG).mean() > 0.98


def test_dust_is_not_tissue() -> None:
    """Islands below the least area are left out; the area is in um2, whatever the resolution of the mask."""
    small, _ = painted(PINK, radius=4)

    assert not tissue_mask(small, CONFIG).any()
    assert tissue_mask(small, TissueConfig(least_area_um2=5e3)).any()
    assert tissue_mask(small, TissueConfig(mpp=32.0)).any()


def test_the_mask_does_not_depend_on_the_place() -> None:
    """Tissue moved on the glass is the same tissue."""
    image, _ = painted(PINK)
    flipped = tissue_mask(np.ascontiguousarray(image[::-1, ::-1]), CONFIG)

    assert np.abs(flipped[::-1, ::-1].sum() - tissue_mask(image, CONFIG).sum()) < 20
    np.testing.assert_array_equal(tissue_mask(image, CONFIG), tissue_mask(image, CONFIG))


def test_fluorescence_is_refused() -> None:
    """Bright signal on black is no bright-field slide."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[40:60, 40:60] = (20, 60, 230)

    with pytest.raises(RefusedSlide, match=r"^a\.ndpi is dark almost everywhere.*bright-field.*Remove it"):
        tissue_mask(image, CONFIG, name="a.ndpi")


def test_a_black_border_is_not_fluorescence() -> None:
    """A scanner's black surround is ignored, tissue within it is found."""
    image, disc = painted(PINK)
    framed = np.pad(image, ((30, 30), (30, 30), (0, 0)))

    mask = tissue_mask(framed, CONFIG)

    assert mask[30:-30, 30:-30][disc].mean() > 0.95
    assert not mask[:29].any()


def test_parameters_are_recorded() -> None:
    """Provenance holds the method and every parameter, as JSON."""
    recorded = json.loads(json.dumps(TissueConfig(mpp=8.0).as_json()))

    assert recorded["method"] == "hsv-otsu-morphology"
    assert recorded["mpp"] == 8.0
    assert recorded["version"] == 2
    assert set(recorded) == {"method", "version", *(field.name for field in fields(TissueConfig))}
