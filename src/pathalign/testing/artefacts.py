"""Thumbnails of slides with one artefact each, and exactly where their tissue is: a ground truth for tissue masks.

Tissue is a disk or a blob cut from a field of real or drawn pixels and laid on glass; the artefact is drawn over it.
What ink covers counts as no tissue: nobody can diagnose under it. Everything is at one resolution, 16 um per pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pathalign.testing.texture import FloatArray, Mask, Number

SIDE, MPP = 320, 16.0
GLASS = (243, 242, 244)
INKS = {
    "blue": (35, 60, 175), "green": (25, 125, 75), "black": (22, 22, 26), "red": (205, 25, 45),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A thumbnail and its truth."""

    image: NDArray[np.uint8]  # [y, x, 3]
    tissue: Mask  # [y, x]


Draw = Callable[[NDArray[np.uint8], np.random.Generator], Drawing]


def artefact_names() -> list[str]:
    """What can be drawn."""
    return list(_DRAW)


def draw_artefact(name: str, field: NDArray[np.uint8], *, seed: int) -> Drawing:
    """One artefact on a slide whose tissue is cut from `field`: [SIDE, SIDE, 3] at MPP."""
    if field.shape != (SIDE, SIDE, 3):
        raise ValueError(f"a field of {SIDE} x {SIDE} RGB pixels is needed, got {list(field.shape)}.")
    return _DRAW[name](field, np.random.default_rng([seed, 3]))


def mosaic(patches: NDArray[np.uint8], *, seed: int) -> NDArray[np.uint8]:
    """A field [SIDE, SIDE, 3] of patches [n, y, x, 3] at 0.5 um per pixel, each averaged to MPP, turned and flipped."""
    rng = np.random.default_rng([seed, 4])
    factor = round(MPP / 0.5)
    side = patches.shape[1] // factor
    whole = patches[:, : side * factor, : side * factor].astype(np.float32)
    small = whole.reshape(len(patches), side, factor, side, factor, 3).mean((2, 4))
    many = -(-SIDE // side)
    chosen = small[rng.integers(0, len(small), many * many)]
    rows = [
        np.concatenate([np.rot90(p, int(rng.integers(4))) for p in chosen[i * many : (i + 1) * many]], axis=1)
        for i in range(many)
    ]
    return np.rint(np.concatenate(rows)[:SIDE, :SIDE]).astype(np.uint8)


def _blob(rng: np.random.Generator, *, radius: Number = 90, centre: tuple[Number, Number] = (0.5, 0.5)) -> Mask:
    """A round piece with a wavy outline."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    dy, dx = y - centre[0] * SIDE, x - centre[1] * SIDE
    angle = np.arctan2(dy, dx)
    waves = sum(rng.normal(0, 0.05) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 4, 5, 7))
    return np.asarray(np.hypot(dy, dx) < radius * (1 + waves))


def _glass(rng: np.random.Generator, colour: tuple[Number, Number, Number] = GLASS, noise: Number = 1.0) -> FloatArray:
    return np.asarray(np.array(colour) + noise * rng.standard_normal((SIDE, SIDE, 3)), np.float64)


def _laid(field: NDArray[np.uint8], mask: Mask, ground: FloatArray) -> FloatArray:
    """Tissue on glass; the glass tints it as it tints itself. The outline is blended over a pixel."""
    cover = ndimage.uniform_filter(mask.astype(np.float64), 2)[..., None]
    return np.asarray(ground * (1 - cover) + field * (ground / 243) * cover)


def _drawn(image: FloatArray, tissue: Mask) -> Drawing:
    return Drawing(image=np.clip(np.rint(image), 0, 255).astype(np.uint8), tissue=tissue)


def _paler(field: NDArray[np.uint8], share: Number) -> NDArray[np.uint8]:
    """The same stain, weaker: density times `share`."""
    return np.asarray(243 * (np.maximum(field, 4) / 243.0) ** share).astype(np.uint8)


def _clean(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    mask = _blob(rng)
    return _drawn(_laid(field, mask, _glass(rng)), mask)


def _stroke(points: list[tuple[Number, Number]], width: Number) -> FloatArray:
    """How much of each pixel a line through points (x, y) covers, soft at its edges over two pixels."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    distance = np.full((SIDE, SIDE), np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
        distance = np.minimum(distance, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return np.asarray(np.clip((width / 2 + 1 - distance) / 2, 0, 1))


def _ring(centre: tuple[Number, Number], radius: Number) -> list[tuple[Number, Number]]:
    return [(centre[0] + radius * np.cos(t), centre[1] + radius * np.sin(t)) for t in np.linspace(0, 6.0, 30)]


def _inked(image: FloatArray, cover: FloatArray, ink: tuple[int, int, int], *, streaks: FloatArray) -> FloatArray:
    """Ink over what is there: it takes its share of the light, unevenly, as a felt tip does."""
    film = (np.array(ink) / 243.0) ** (cover * streaks)[..., None]
    return np.asarray(image * film)


def _pen(colour: str, *, over: bool) -> Draw:
    def draw(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
        mask = _blob(rng, radius=80, centre=(0.5, 0.6))
        points = [(60.0, 30.0), (170.0, 290.0)] if over else [*_ring((70, 70), 40), (20.0, 250.0), (30.0, 300.0)]
        cover = _stroke(points, 18)
        streaks = np.clip(1 + 0.12 * ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 1.5) * 3, 0.7, 1.3)
        image = _inked(_laid(field, mask, _glass(rng)), cover, INKS[colour], streaks=streaks)
        return _drawn(image, mask & (cover < 0.15))

    return draw


def _coverslip(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """The edge of a coverslip: a grey line with coloured fringes; beyond it the glass is yellower and darker."""
    drawing = _clean(field, rng)
    image = drawing.image.astype(np.float64)
    image[:, :22] *= (0.985, 0.98, 0.965)
    image[:, 20:24] *= 0.55
    image[:, 19:20] *= (0.95, 0.9, 0.75)
    image[:, 24:25] *= (0.8, 0.9, 0.97)
    return _drawn(image, drawing.tissue)


def _dust(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """Sixty specks of 30 to 90 um, dark, brown, pink or blue, and a fibre."""
    drawing = _clean(field, rng)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    image = drawing.image.astype(np.float64)
    apart = ~ndimage.binary_dilation(drawing.tissue, iterations=6)
    for _ in range(60):
        speck = np.hypot(y - rng.uniform(0, SIDE), x - rng.uniform(0, SIDE)) < rng.uniform(0.9, 2.8)
        speck &= apart
        image[speck] = [(60, 55, 50), (120, 90, 60), (200, 110, 160), (90, 90, 150)][rng.integers(4)]
    fibre = _stroke([(15, 300), (60, 240), (70, 180)], 1.2)[..., None]
    return _drawn(image * (1 - fibre) + np.array((110, 100, 150)) * fibre, drawing.tissue)


def _bubble(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """A bubble half over the tissue: a dark rim with a bright inner edge, what is under it a little paler."""
    drawing = _clean(field, rng)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    radius = np.hypot(y - 90, x - 90)
    image = drawing.image.astype(np.float64)
    image[radius < 60] = 243 - (243 - image[radius < 60]) * 0.85
    rim = np.exp(-(((radius - 60) / 2.2) ** 2))[..., None]
    return _drawn(image * (1 - 0.75 * rim * np.array((1.0, 0.98, 0.94))), drawing.tissue)


def _black_border(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """A scanner's black surround, its edge blurred by scaling."""
    drawing = _clean(field, rng)
    inside = np.zeros((SIDE, SIDE))
    inside[28:-40, 34:-20] = 1
    inside = ndimage.uniform_filter(inside, 2)
    return _drawn(drawing.image * inside[..., None], drawing.tissue & (inside > 0.5))


def _white_surround(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """Steps of pure white where nothing was scanned."""
    drawing = _clean(field, rng)
    image = drawing.image.astype(np.float64)
    image[:40, :] = 255
    image[:120, :70] = 255
    image[-30:, 200:] = 255
    return _drawn(image, drawing.tissue & ~(image.min(-1) == 255))


def _ihc(share: Number) -> Draw:
    """Haematoxylin counterstain, pale, with brown DAB in a third of the tissue."""

    def draw(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
        mask = _blob(rng)
        grain = -np.log(np.maximum(field.mean(-1), 8) / 243)  # the field's own texture, recoloured
        brown = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 6)
        brown = np.clip(brown / brown.std() - 0.4, 0, 1)[..., None]
        density = grain[..., None] * ((1 - brown) * (0.65, 0.70, 0.29) + brown * (0.35, 0.75, 1.0))
        stained = 243 * np.exp(-share * density)
        return _drawn(_laid(stained.astype(np.uint8), mask, _glass(rng)), mask)

    return draw


def _fat(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """Half of the piece is fat: membranes a few um thin, so that most of each pixel is empty."""
    mask = _blob(rng)
    right = np.arange(SIDE)[None, :] > SIDE / 2
    lace = np.clip(0.10 + 0.03 * rng.standard_normal((SIDE, SIDE)), 0.03, 1)[..., None]
    fat = 243 - (243 - np.array((205, 120, 165))) * lace * 2
    return _drawn(_laid(np.where(right[..., None], fat, field).astype(np.uint8), mask, _glass(rng)), mask)


def _tinted(colour: tuple[Number, Number, Number]) -> Draw:
    def draw(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
        mask = _blob(rng)
        slope = np.linspace(0.99, 1.01, SIDE)[None, :, None]  # lamps are not even
        return _drawn(_laid(field, mask, _glass(rng, colour) * slope), mask)

    return draw


def _nearly_empty(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """One piece of half a millimetre on five."""
    mask = _blob(rng, radius=16, centre=(0.3, 0.7))
    return _drawn(_laid(field, mask, _glass(rng)), mask)


def _empty(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:  # noqa: ARG001  a Draw
    """Nothing but noise and a shadow."""
    shadow = np.linspace(0.94, 1.0, SIDE)[:, None, None]
    return _drawn(_glass(rng, noise=2.0) * shadow, np.zeros((SIDE, SIDE), bool))


def _full(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """No glass anywhere."""
    return _drawn(field + rng.standard_normal((SIDE, SIDE, 3)), np.ones((SIDE, SIDE), bool))


def _hole(field: NDArray[np.uint8], rng: np.random.Generator) -> Drawing:
    """A lumen of a square millimetre, which is a hole, and one of 80 um, which belongs to the tissue."""
    mask = _blob(rng)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    large, small = np.hypot(y - 150, x - 150) < 35, np.hypot(y - 200, x - 190) < 2.5
    image = _laid(field, mask & ~large & ~small, _glass(rng))
    return _drawn(image, mask & ~large)


_DRAW: dict[str, Draw] = {
    "clean": _clean,
    **{f"{colour} pen beside": _pen(colour, over=False) for colour in INKS},
    **{f"{colour} pen over tissue": _pen(colour, over=True) for colour in INKS},
    "coverslip edge": _coverslip,
    "dust and fibre": _dust,
    "bubble": _bubble,
    "black border": _black_border,
    "white surround": _white_surround,
    "IHC": _ihc(0.6),
    "faint IHC": _ihc(0.3),
    "pale H&E": lambda field, rng: _clean(_paler(field, 0.3), rng),
    "fat": _fat,
    "yellow glass": _tinted((240, 232, 214)),
    "grey glass": _tinted((196, 198, 200)),
    "hole": _hole,
    "nearly empty": _nearly_empty,
    "empty": _empty,
    "full": _full,
}
