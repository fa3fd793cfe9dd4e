"""Normal tissue of four organs: colonic mucosa, lung, breast, lymph node.

Every function draws one `Layer` of [side, side] micrometres and spends work only where the mask asks for it.
"""

from __future__ import annotations

import numpy as np

from pathalign.testing.layer import Layer
from pathalign.testing.layout import along, at, jittered, network, outlines, signed_distance
from pathalign.testing.nuclei import Marks, scattered
from pathalign.testing.texture import FloatArray, Mask, Number, Plane, fibres, smooth_noise, soft_step


def within(mask: Mask | Plane, xy_um: FloatArray) -> FloatArray:
    """The points that lie on the mask."""
    return xy_um[at(mask, xy_um) > 0]


def sown(
    rng: np.random.Generator, kind: str, ground: Mask, pitch_um: Number, share: Number = 1.0, jitter: Number = 0.38
) -> Marks:
    """Marks strewn over the ground about `pitch_um` apart, of which a share is kept."""
    xy = within(ground, jittered(rng, ground.shape[0], pitch_um, jitter))
    return scattered(rng, kind, xy[rng.random(len(xy)) < share])


def colon(rng: np.random.Generator, where: Mask) -> Layer:
    """Mucosa: round crypts in rank and file, a ring of pale goblet cells in each, a cellular lamina propria."""
    side = where.shape[0]
    crypts = outlines(rng, within(where, jittered(rng, side, 88, 0.1)), (33, 39), roughness=0.04, stretch=1.3)
    distance = signed_distance(crypts, side)
    epithelium = soft_step(-distance, 2)
    lumen = soft_step(-distance - 28, 3)
    stroma = 0.30 + 0.07 * smooth_noise(rng, side, 9) + 0.05 * fibres(rng, side, 9)
    eosin = stroma + epithelium * (0.30 - stroma)
    haematoxylin = 0.13 + 0.05 * epithelium
    goblets, out = along(crypts, 10.5, 15.5)
    basal, basal_out = along(crypts, 6.6, 4.2)
    lamina = where & (distance > 4)
    return Layer(
        haematoxylin=haematoxylin * (1 - lumen),
        eosin=eosin * (1 - 0.9 * lumen),
        marks=[
            scattered(rng, "goblet", goblets, out),
            scattered(rng, "basal", basal, basal_out + np.pi / 2),
            sown(rng, "plasma", lamina, 9, 0.5),
            sown(rng, "spindle", lamina, 22, 0.4),
        ],
    )


def lung(rng: np.random.Generator, where: Mask) -> Layer:
    """Parenchyma: a lace of thin septa around air spaces, a few vessels, a few macrophages and red cells."""
    side = where.shape[0]
    wall = network(within(where, jittered(rng, side, 84, 0.42)), side, 155)
    wall = wall + 4 * smooth_noise(rng, side, 26) + 2 * smooth_noise(rng, side, 8)
    broken = smooth_noise(rng, side, 60) > 1.15  # septa end freely in the plane of section
    septum = soft_step(10.5 - wall, 2) * ~broken
    vessels = outlines(rng, within(where, jittered(rng, side, 430, 0.3)), (26, 52), roughness=0.06, stretch=1.6)
    distance = signed_distance(vessels, side)
    adventitia = soft_step(14 - np.abs(distance), 4)
    bore = soft_step(-distance - 14, 3)
    tissue = np.maximum(septum, adventitia) * (1 - bore)
    eosin = tissue * (0.50 + 0.10 * smooth_noise(rng, side, 7) + 0.06 * adventitia * fibres(rng, side, 8))
    solid = where & (tissue > 0.5)
    return Layer(
        haematoxylin=tissue * 0.12,
        eosin=np.maximum(eosin, 0.02),
        marks=[
            sown(rng, "septal", solid, 8.5, 0.5),
            sown(rng, "red cell", solid, 12, 0.35),
            sown(rng, "red cell", where & (bore > 0.5), 8.5, 0.8),
            sown(rng, "plasma", where & (tissue < 0.2), 75, 0.25),
        ],
    )


def breast(rng: np.random.Generator, where: Mask) -> Layer:
    """Lobules of small two-layered acini in loose stroma, set in dense collagen, with lobes of fat."""
    side = where.shape[0]
    lobules = outlines(rng, within(where, jittered(rng, side, 285, 0.22)), (72, 100), roughness=0.08, stretch=1.4)
    loose = signed_distance(lobules, side, margin_um=45)
    fat = soft_step(smooth_noise(rng, side, 230) * 60 + np.minimum(loose, 40) - 58, 10)
    adipocytes = network(within(where & (fat > 0.01), jittered(rng, side, 62, 0.3)), side, 120)
    membrane = soft_step(3.2 - adipocytes, 1.5)
    acini_at = within(where & (loose < -14), jittered(rng, side, 37, 0.16))
    acini = outlines(rng, acini_at, (12.5, 16), roughness=0.06, stretch=1.4)
    distance = signed_distance(acini, side)
    epithelium = soft_step(-distance, 2)
    lumen = soft_step(-distance - 10.5, 2)
    strands = fibres(rng, side, 13)
    collagen = 0.60 + 0.15 * strands + 0.08 * smooth_noise(rng, side, 20)
    in_lobule = soft_step(-loose, 10)
    stroma = collagen + in_lobule * (0.30 + 0.05 * strands - collagen)
    stroma = stroma + fat * (0.42 * membrane - stroma)
    eosin = (stroma + epithelium * (0.38 - stroma)) * (1 - 0.9 * lumen)
    haematoxylin = 0.05 + 0.06 * in_lobule + 0.14 * epithelium
    haematoxylin = haematoxylin * (1 - np.maximum(lumen, fat * (1 - epithelium)))
    inner, _ = along(acini, 6.6, 4.4)
    outer, out = along(acini, 9.5, 0.2)
    return Layer(
        haematoxylin=haematoxylin,
        eosin=np.maximum(eosin, 0.01),
        marks=[
            scattered(rng, "round", inner),
            scattered(rng, "basal", outer, out + np.pi / 2),
            sown(rng, "spindle", where & (loose < 0) & (distance > 3), 17, 0.5),
            sown(rng, "spindle", where & (loose >= 0) & (fat < 0.3), 30, 0.5),
            sown(rng, "septal", where & (fat > 0.7) & (membrane > 0.6), 12, 0.12),
        ],
    )


def lymph_node(rng: np.random.Generator, where: Mask) -> Layer:
    """Small dark lymphocytes shoulder to shoulder, follicles with pale germinal centres, pale sinuses."""
    side = where.shape[0]
    follicles = outlines(rng, within(where, jittered(rng, side, 330, 0.2)), (88, 122), roughness=0.05, stretch=1.35)
    distance = signed_distance(follicles, side)
    centre = distance < -30
    sinus = soft_step(9 - 90 * np.abs(smooth_noise(rng, side, 150)) - np.maximum(-distance, 0), 4)
    pale = soft_step(-distance - 30, 14)
    between = where & (distance > 4) & (sinus < 0.5)
    return Layer(
        haematoxylin=(0.24 - 0.08 * pale) * (1 - 0.7 * sinus),
        eosin=(0.24 + 0.06 * smooth_noise(rng, side, 12) + 0.06 * pale) * (1 - 0.55 * sinus),
        marks=[
            sown(rng, "lymphocyte", between, 6.9, 0.9),
            sown(rng, "lymphocyte", where & ~centre & (distance <= 4), 5.9, 1.0, 0.25),
            sown(rng, "centroblast", where & centre, 8.6, 0.85),
            sown(rng, "macrophage", where & centre, 46, 0.6),
            sown(rng, "lymphocyte", where & (sinus > 0.5), 15, 0.6),
            sown(rng, "spindle", where & (sinus > 0.4), 24, 0.4),
        ],
    )
