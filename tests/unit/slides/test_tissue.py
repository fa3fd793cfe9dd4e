"""Where tissue lies."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from pathalign.errors import RefusedSlide
from pathalign.slides.regions.geojson import read_annotations
from pathalign.slides.regions.polygons import coverage
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.glass import find_glass
from pathalign.slides.tissue.mask import TissueConfig, find_tissue, mark_tissue, otsu, tissue_mask
from pathalign.slides.tissue.morphology import trimmed, without_lines
from pathalign.testing.artefacts import INKS, artefact_names, draw_artefact, mosaic
from pathalign.testing.slides import draw_field

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


TRUTH = Path(__file__).parents[2] / "ground_truth"
FAINT = {"faint IHC": 0.85, "bubble": 0.88, "nearly empty": 0.9}
"""Where the mask agrees less: colour of a few grey levels, a black rim across tissue, a piece that is mostly rim."""


@pytest.fixture(scope="session")
def drawn_field() -> np.ndarray:
    """Drawn colon at 16 um per pixel."""
    field = draw_field("colon_benign", side_um=640, mpp=0.5, seed=5)
    cut = [field[y : y + 224, x : x + 224] for y in range(0, 1056, 224) for x in range(0, 1056, 224)]
    return mosaic(np.stack([patch for patch in cut if patch.shape[:2] == (224, 224)]), seed=1)


def agreement(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union; 1 when both are empty."""
    union = (mask | truth).sum()
    return float((mask & truth).sum() / union) if union else 1.0


@pytest.mark.parametrize("name", artefact_names())
def test_tissue_is_found_beside_every_artefact(drawn_field: np.ndarray, name: str) -> None:
    """Pen of four colours, coverslips, dust, bubbles, borders, tints, pale and faint stains: the mask is the truth."""
    drawing = draw_artefact(name, drawn_field, seed=7)

    mask = tissue_mask(drawing.image, CONFIG)

    assert agreement(mask, drawing.tissue) > FAINT.get(name, 0.93)


@pytest.mark.parametrize("name", ["blue pen beside", "empty", "fat", "full", "faint IHC"])
def test_a_plain_threshold_fails_where_ours_holds(drawn_field: np.ndarray, name: str) -> None:
    """The drawings are not easy: Otsu's threshold on saturation alone is wrong on them."""
    drawing = draw_artefact(name, drawn_field, seed=0)
    value = drawing.image.max(-1) / 255
    saturation = np.where(value > 0, 1 - drawing.image.min(-1) / np.maximum(drawing.image.max(-1), 1), 0)

    assert agreement(saturation > otsu(saturation), drawing.tissue) < 0.9


@pytest.mark.parametrize(
    ("name", "mpp", "least"),
    [("CMU-1-Small-Region.svs", None, 0.9), ("TCGA-CR-7395-01A-01-TS1.svs", 0.5, 0.95), ("1065626.svs", None, 0.84),
     ("OS-1-detail.ome.tif", None, 0.97)],
)  # fmt: skip
@pytest.mark.slow
def test_real_tissue_is_what_was_traced_by_hand(real_data: Path, name: str, mpp: float | None, least: float) -> None:
    """The masks of the real slides agree with outlines that were traced by eye at 4 um per pixel."""
    with SlideReader(real_data / "slides" / name, given_mpp=mpp) as slide:
        found = find_tissue(slide, CONFIG)
        scale = found.mpp / slide.mpp
    traced = read_annotations(TRUTH / f"{name.split('.')[0]}.geojson")

    truth = coverage(traced.polygons, found.mask.shape, px0_per_px=scale) >= 0.5

    assert agreement(found.mask, truth) > least


@pytest.mark.parametrize("colour", INKS)
def test_ink_is_reported_apart(drawn_field: np.ndarray, colour: str) -> None:
    """What is taken for ink is the stroke and its soft edge, and never tissue."""
    beside = draw_artefact(f"{colour} pen beside", drawn_field, seed=2)
    clean = draw_artefact("clean", drawn_field, seed=2)

    found = mark_tissue(beside.image, CONFIG)

    assert found.ink.sum() > 3000
    assert not (found.ink & found.mask).any()
    assert not mark_tissue(clean.image, CONFIG).ink.any()


@pytest.mark.parametrize("colour", [(90, 160, 200), (60, 90, 180), (70, 140, 120), (185, 40, 60)])
def test_a_stain_of_the_colour_of_ink_is_tissue_on_request(colour: tuple[int, int, int]) -> None:
    """Alcian blue, trichrome, light green and clotted blood are taken for pen, unless the user says otherwise."""
    image, disc = painted(colour)

    assert mark_tissue(image, CONFIG).ink[disc].mean() > 0.9
    assert agreement(tissue_mask(image, TissueConfig(pen=False)), disc) > 0.93


def test_black_is_no_tissue_also_without_pen() -> None:
    """A black border and black pen are taken out whatever the stain."""
    assert not tissue_mask(stroke((15, 15, 20)), TissueConfig(pen=False)).any()


@pytest.mark.parametrize("tint", [(243, 242, 244), (250, 250, 250), (240, 232, 214), (196, 198, 200), (214, 222, 232)])
def test_glass_has_the_colour_that_it_has(tint: tuple[int, int, int]) -> None:
    """The glass is found whatever the white balance, also when more of the slide is tissue."""
    image = np.clip(np.array(tint) + np.random.default_rng(0).normal(0, 1, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    image[:80] = np.random.default_rng(1).integers(90, 220, (80, SIDE, 3))

    found = find_glass(image)

    assert found is not None
    np.testing.assert_allclose(found.rgb * 255, tint, atol=1.5)
    assert found.saturation < 0.03


def test_white_is_not_glass(drawn_field: np.ndarray) -> None:
    """Pure white was never scanned: beside grey glass it does not become the measure; alone it is no glass at all."""
    image = draw_artefact("grey glass", drawn_field, seed=0).image.copy()
    image[:160] = 255
    found = find_glass(image)

    assert found is not None
    np.testing.assert_allclose(found.rgb * 255, (196, 198, 200), atol=3)
    assert find_glass(np.full((SIDE, SIDE, 3), 255, np.uint8)) is None
    assert not mark_tissue(np.full((SIDE, SIDE, 3), 255, np.uint8), CONFIG).mask.any()


def test_a_slide_full_of_tissue_shows_no_glass(drawn_field: np.ndarray) -> None:
    """Tissue is never taken for glass, however pale it is in places."""
    assert not mark_tissue(drawn_field, CONFIG).glass_seen


@pytest.mark.parametrize("mpp", [8.0, 16.0, 32.0])
def test_lengths_are_in_micrometres(mpp: float) -> None:
    """The same slide at another resolution of the mask has the same tissue: areas within 3 %, small ones alike."""
    side = round(4800 / mpp)
    y, x = (np.mgrid[:side, :side] + 0.5) * mpp
    image = np.broadcast_to(np.array(GLASS, np.uint8), (side, side, 3)).copy()
    for centre, radius in (((1200, 1200), 700), ((3600, 3600), 40), ((3600, 1200), 150)):
        image[np.hypot(y - centre[0], x - centre[1]) < radius] = PINK
    image[np.hypot(y - 1200, x - 1200) < 40] = GLASS

    found = mark_tissue(image, TissueConfig(mpp=mpp))

    assert found.area_mm2 == pytest.approx(np.pi * (0.7**2 + 0.15**2), rel=0.03)


@pytest.mark.parametrize(("holes_um2", "kept"), [(0.0, 2), (1.25e4, 1), (1e6, 0)])
def test_holes_are_filled_up_to_an_area(holes_um2: float, kept: int) -> None:
    """A hole of 5,000 um2 and one of 50,000: none, the small one, or both are filled."""
    image, _ = painted(PINK, radius=50)
    y, x = np.mgrid[:SIDE, :SIDE]
    image[np.hypot(y - 45, x - 45) < 2.5] = GLASS
    image[np.hypot(y - 70, x - 70) < 7.9] = GLASS

    mask = tissue_mask(image, TissueConfig(holes_um2=holes_um2, close_um=0.0))

    assert (not mask[45, 45]) + (not mask[70, 70]) == kept


def test_a_line_is_no_tissue_and_a_core_is() -> None:
    """What is 3 mm long and nowhere 56 um wide is a line; a needle core of 300 um is not."""
    mask = np.zeros((300, 300), bool)
    mask[:, 20:23] = True
    mask[50:250, 100:119] = True
    mask[10:14, 200:240] = True

    kept = without_lines(mask, 16.0)

    assert not kept[:, 20:23].any()
    np.testing.assert_array_equal(kept[:, 30:], mask[:, 30:])


def test_an_outline_runs_where_half_a_pixel_is_covered() -> None:
    """Pixels of the rim stay when half or more of them is tissue."""
    density = np.zeros((30, 30))
    density[5:25, 5:25] = 0.4
    density[4, 5:25], density[25, 5:25] = 0.4 * 0.6, 0.4 * 0.4
    mask = density > 0

    kept = trimmed(mask, density, reach=5)

    assert kept[4, 5:25].all()
    assert not kept[25].any()
    np.testing.assert_array_equal(kept[5:25], mask[5:25])


def test_a_small_slide_in_a_large_black_frame_is_bright_field() -> None:
    """Nine tenths of black are no fluorescence where the rest is glass and tissue."""
    image, disc = painted(PINK)
    framed = np.pad(image, ((130, 130), (130, 130), (0, 0)))

    mask = tissue_mask(framed, CONFIG)

    assert agreement(mask[130:-130, 130:-130], disc) > 0.93


@pytest.mark.parametrize("level", [30, 90, 200])
def test_fluorescence_of_any_strength_is_refused(level: int) -> None:
    """A signal on black, weak or strong, in every channel, over a part of the slide or most of it."""
    image = np.full((SIDE, SIDE, 3), 4, np.uint8)
    image[20:80, 20:80] = np.random.default_rng(0).integers(level // 2, level, (60, 60, 1))

    with pytest.raises(RefusedSlide, match="bright-field"):
        tissue_mask(image, CONFIG)


@pytest.mark.parametrize(
    "options", [{"mpp": 0.5}, {"mpp": 100.0}, {"least_saturation": 0.0}, {"least_saturation": 0.2}, {"holes_um2": -1.0}]
)
def test_parameters_out_of_range_are_refused(options: dict[str, float]) -> None:
    """A configuration that cannot be meant is refused where it is made."""
    with pytest.raises(ValueError, match="must"):
        TissueConfig(**options)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (2, 2), (4, 7)])
def test_the_smallest_thumbnails_do_no_harm(shape: tuple[int, int]) -> None:
    """A slide of a few pixels has a mask of its shape."""
    image = np.full((*shape, 3), PINK, np.uint8)

    assert tissue_mask(image, CONFIG).shape == shape
