"""A slide as a whole: the outline of the tissue on glass, the lesion within it, pen marks and dust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from pathalign.testing.layer import STRIP_PX, Layer, dyed, merged
from pathalign.testing.layout import ANGLES, outlines
from pathalign.testing.nuclei import STAMP_MPP
from pathalign.testing.stain import Stain, coloured, random_stain
from pathalign.testing.texture import FloatArray, Mask, Number, smooth_noise
from pathalign.testing.tissue_art import Tissue, at_mpp, benign_twin

EXTENTS: dict[str, tuple[float, float]] = {"focal": (0.05, 0.12), "moderate": (0.20, 0.40), "extensive": (0.50, 0.85)}
"""Share of the tissue that the lesion takes, by the word that the report uses for it."""
SCAR_UM = 12.0
"""A lesion is drawn a little beyond its border, which then blends into the normal tissue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One drawn slide with what is known about it."""

    image: NDArray[np.uint8]  # [y, x, 3]
    lesion_um: FloatArray  # [corner, 2], x first: the lesion's outline, empty when there is none
    lesion_fraction: float
    """Area of the lesion over the area of the tissue, air spaces and fat included in both."""


def draw_scene(rng: np.random.Generator, tissue: Tissue, extent: str | None, *, side_um: int, mpp: Number) -> Scene:
    """Draw a slide of [side_um, side_um]; `extent` names the share of a lesion and is None for benign tissue."""
    ground = _tissue_mask(rng, side_um, two_fragments=rng.random() < 0.25)
    corners, share = np.zeros((0, 2)), 0.0
    if extent is None:
        layer = tissue.art(rng, ground)
    else:
        corners = _lesion(rng, ground, EXTENTS[extent])
        inside = polygon_mask(corners, side_um)
        share = float((inside & ground).sum() / ground.sum())
        reach = ndimage.uniform_filter(inside.astype(np.float32), SCAR_UM)
        layer = merged(
            benign_twin(tissue).art(rng, ground & (reach < 1)),
            tissue.art(rng, ground & (reach > 0)),
            np.clip(reach * 2 - np.float32(0.5), 0, 1),
        )
    image = at_mpp(_on_glass(rng, layer, ground), mpp)
    return Scene(image=image, lesion_um=corners, lesion_fraction=share)


def draw_layer(rng: np.random.Generator, layer: Layer, ground: Mask, stain: Stain) -> NDArray[np.uint8]:
    """A layer in colour at 0.5 micrometres per pixel on slightly noisy glass: [2 * side, 2 * side, 3]."""
    side_px = 2 * ground.shape[0]
    palette = stain.palette()
    image = np.empty((side_px, side_px, 3), np.uint8)
    noise = np.abs(rng.standard_normal((STRIP_PX, side_px), dtype=np.float32)) * np.float32(0.012)
    for rows, haematoxylin, eosin in dyed(rng, layer, ground):
        speck = noise[: rows.stop - rows.start]
        image[rows] = coloured(palette, haematoxylin + speck, eosin + speck[:, ::-1])
    return image


def polygon_mask(corners_um: FloatArray, side_px: int) -> Mask:
    """The pixels of a plane within a polygon [corner, 2]: [side_px, side_px]."""
    canvas = Image.new("1", (side_px, side_px))
    if len(corners_um):
        ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for x, y in corners_um], fill=1)
    return np.asarray(canvas)


def _tissue_mask(rng: np.random.Generator, side_um: int, *, two_fragments: bool) -> Mask:
    """An irregular blob over about half of the field, or one of two fifths with a small one beside it."""
    centre = side_um / 2 + rng.normal(0, 0.01 * side_um, (1, 2))
    radius = (0.40 if not two_fragments else 0.35) * side_um
    shape = outlines(rng, centre, (0.97 * radius, 1.03 * radius), roughness=0.05, stretch=1.4)
    if two_fragments:
        corner = np.array([[0.13, 0.13]]) + rng.integers(0, 2, (1, 2)) * 0.74
        small = outlines(rng, corner * side_um, (0.09 * side_um, 0.12 * side_um), roughness=0.08, stretch=1.5)
        masks = [_filled(s.xy_um[0], s.radius_um[0], side_um) for s in (shape, small)]
        apart = ndimage.minimum_filter(~masks[0], 25)
        mask = masks[0] | (masks[1] & apart)
    else:
        mask = _filled(shape.xy_um[0], shape.radius_um[0], side_um)
    rough = np.clip(smooth_noise(rng, side_um, 14), -3, 3)  # so that it frays the edge and pierces no hole
    ragged = ndimage.uniform_filter(mask.astype(np.float32), 15) + 0.12 * rough
    edge = int(0.01 * side_um)
    ragged[:edge], ragged[-edge:], ragged[:, :edge], ragged[:, -edge:] = 0, 0, 0, 0
    return ragged > 0.5


def _filled(centre_um: FloatArray, radius_um: FloatArray, side_px: int) -> Mask:
    return polygon_mask(_ray_ends(centre_um, radius_um), side_px)


def _ray_ends(centre_um: FloatArray, radius_um: FloatArray) -> FloatArray:
    theta = np.arange(len(radius_um)) * (2 * np.pi / len(radius_um))
    return centre_um + np.stack([np.cos(theta), np.sin(theta)], axis=1) * radius_um[:, None]


def _lesion(rng: np.random.Generator, ground: Mask, share: tuple[float, float]) -> FloatArray:
    """A star-shaped region of about the wanted share that stays on the tissue: corners [ANGLES, 2] in micrometres.

    Of several centres the first from which the region can grow large enough is taken, else the roomiest one.
    """
    side = ground.shape[0]
    wanted = rng.uniform(share[0] + 0.1 * (share[1] - share[0]), share[1] - 0.1 * (share[1] - share[0]))
    area = float(ground.sum()) * wanted
    open_ground = ndimage.uniform_filter(ground.astype(np.float32), 9) > 0.5  # pinholes of the edge stop no ray
    labels, _ = ndimage.label(open_ground[::8, ::8])
    largest = np.argwhere(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])) * 8
    middle = largest.mean(axis=0)
    pull = 0.85 if share[0] >= 0.5 else 0.25
    best, best_room = np.zeros((0, 2)), 0.0
    for _ in range(16):
        y, x = middle + (largest[rng.integers(len(largest))] - middle) * (1 - pull)
        centre = np.array([x, y])
        if not open_ground[int(y), int(x)]:
            continue
        exits = _exits(open_ground, centre)
        wobble = outlines(rng, centre[None], (1.0, 1.0), roughness=0.08, stretch=1.4).radius_um[0]
        radius = _grown(exits, wobble * side, area)
        room = _star_area(exits)
        if room > best_room:
            best, best_room = _ray_ends(centre, radius), room
        if _star_area(radius) > 0.97 * area:
            return _ray_ends(centre, radius)
    return best


def _exits(ground: Mask, centre_um: FloatArray) -> FloatArray:
    """How far one can go from the centre in each direction before leaving the tissue: [ANGLES]."""
    steps = np.arange(0, ground.shape[0], 2.0)
    theta = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    x = (centre_um[0] + np.cos(theta)[:, None] * steps).astype(int)
    y = (centre_um[1] + np.sin(theta)[:, None] * steps).astype(int)
    outside = (x < 0) | (y < 0) | (x >= ground.shape[0]) | (y >= ground.shape[0])
    outside |= ~ground[np.clip(y, 0, ground.shape[0] - 1), np.clip(x, 0, ground.shape[0] - 1)]
    return steps[np.argmax(outside, axis=1)] - 2.0


def _grown(exits: FloatArray, wobble: FloatArray, area: float) -> FloatArray:
    """The wobbly contour scaled, by bisection, until it covers the area or has reached every exit: [ANGLES]."""
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _star_area(np.minimum(wobble * middle, exits)) < area else (low, middle)
    return np.minimum(wobble * high, exits)


def _star_area(radius_um: FloatArray) -> float:
    return float((radius_um * np.roll(radius_um, 1)).sum() * np.sin(2 * np.pi / ANGLES) / 2)


def _on_glass(rng: np.random.Generator, layer: Layer, ground: Mask) -> NDArray[np.uint8]:
    """The tissue in colour with what else lies on a slide: dust always, a stroke of a pen now and then."""
    image = draw_layer(rng, layer, ground, random_stain(rng))
    side = image.shape[0]
    for _ in range(rng.integers(3, 12)):
        size = int(rng.uniform(1, 4) / STAMP_MPP) + 2
        grey = int(rng.integers(60, 150))
        left, top = rng.integers(0, side - size, 2).tolist()
        speck = Image.new("RGB", (size, size), (255, 255, 255))
        ImageDraw.Draw(speck).ellipse((0, 0, size - 1, int(size * rng.uniform(0.5, 1))), fill=(grey, grey, grey))
        _shade(image, speck, left, top)
    if rng.random() < 0.2:
        ink = [(70, 90, 190), (60, 140, 100), (60, 60, 70)][rng.integers(3)]
        length, width = round(rng.uniform(0.3, 0.6) * side), round(0.025 * side)
        stroke = Image.new("RGB", (length, 2 * width), (255, 255, 255))
        xs = np.linspace(width, length - width, 12).tolist()
        ys = (width + rng.normal(0, 0.15 * width, 12)).tolist()
        ImageDraw.Draw(stroke).line(list(zip(xs, ys, strict=True)), fill=ink, width=width, joint="curve")
        top = int(rng.uniform(0, 0.02) * side)
        _shade(image, stroke, int(rng.uniform(0.02, 0.35) * side), int(rng.choice([top, side - 2 * width - top])))
    return image


def _shade(image: NDArray[np.uint8], dirt: Image.Image, left: int, top: int) -> None:
    """Let an image see through dirt, white being clear; in place, cut off at the border."""
    window = image[top : top + dirt.height, left : left + dirt.width]
    shade = np.asarray(dirt)[: window.shape[0], : window.shape[1]]
    window[:] = (window.astype(np.uint16) * shade // 255).astype(np.uint8)
