"""Carcinomas and lymphoma, each told from the normal tissue of its organ by architecture and by its nuclei."""

from __future__ import annotations

import numpy as np

from pathalign.testing.benign_art import sown, within
from pathalign.testing.layer import Layer
from pathalign.testing.layout import Outlines, along, at, jittered, network, outlines, signed_distance
from pathalign.testing.nuclei import Marks, scattered
from pathalign.testing.texture import Mask, Number, Plane, fibres, smooth_noise, soft_step


def rows(
    rng: np.random.Generator,
    kind: str,
    glands: Outlines,
    distance: Plane,
    *,
    spacing_um: Number,
    depth_um: Number,
    radial: bool,
) -> Marks:
    """A row of nuclei along each gland; those that a neighbouring gland overlaps by more than 4 um are left out."""
    xy, out = along(glands, spacing_um, depth_um)
    xy = xy + rng.normal(0, 1.0, xy.shape)
    seen = at(distance, xy) > -depth_um - 4
    return scattered(rng, kind, xy[seen], out[seen] if radial else None)


def colon_adenocarcinoma(rng: np.random.Generator, where: Mask) -> Layer:
    """Crowded, angular, back-to-back glands with stratified pencil nuclei and dirty necrosis, in a fibrous stroma."""
    side = where.shape[0]
    glands = outlines(rng, within(where, jittered(rng, side, 98, 0.34)), (34, 66), roughness=0.2, stretch=2.2)
    distance = signed_distance(glands, side)
    epithelium = soft_step(-distance, 2)
    lumen = soft_step(-distance - 23 + 3 * smooth_noise(rng, side, 9), 3)
    necrosis = lumen * soft_step(smooth_noise(rng, side, 20) + 0.3 * smooth_noise(rng, side, 5), 0.8)
    stroma = 0.48 + 0.13 * fibres(rng, side, 12) + 0.06 * smooth_noise(rng, side, 10)
    eosin = (stroma + epithelium * (0.44 - stroma)) * (1 - lumen) + necrosis * 0.45
    lymphoid = smooth_noise(rng, side, 90) > 0.9
    return Layer(
        haematoxylin=(0.08 + 0.34 * epithelium) * (1 - lumen) + 0.1 * necrosis,
        eosin=eosin,
        marks=[
            rows(rng, "pencil", glands, distance, spacing_um=5.6, depth_um=7, radial=True),
            rows(rng, "pencil", glands, distance, spacing_um=7.5, depth_um=14, radial=True),
            sown(rng, "debris", where & (necrosis > 0.5), 8, 0.6),
            sown(rng, "spindle", where & (distance > 5), 15, 0.6),
            sown(rng, "lymphocyte", where & (distance > 4) & lymphoid, 8, 0.8),
        ],
    )


def lung_adenocarcinoma(rng: np.random.Generator, where: Mask) -> Layer:
    """Acini of cuboidal cells with round, open nuclei around empty lumens, in scar with lymphocytes."""
    side = where.shape[0]
    acini = outlines(rng, within(where, jittered(rng, side, 74, 0.24)), (22, 36), roughness=0.11, stretch=1.7)
    distance = signed_distance(acini, side)
    epithelium = soft_step(-distance, 2)
    lumen = soft_step(-distance - 14 + 2 * smooth_noise(rng, side, 7), 2)
    stroma = 0.60 + 0.14 * fibres(rng, side, 10) + 0.06 * smooth_noise(rng, side, 14)
    lymphoid = smooth_noise(rng, side, 70) > 0.7
    return Layer(
        haematoxylin=(0.07 + 0.17 * epithelium) * (1 - lumen),
        eosin=(stroma + epithelium * (0.45 - stroma)) * (1 - 0.97 * lumen),
        marks=[
            rows(rng, "cuboidal", acini, distance, spacing_um=9.2, depth_um=6.5, radial=False),
            sown(rng, "spindle", where & (distance > 5), 18, 0.5),
            sown(rng, "lymphocyte", where & (distance > 4) & lymphoid, 7.5, 0.8),
        ],
    )


def squamous_cell_carcinoma(rng: np.random.Generator, where: Mask) -> Layer:
    """Solid pink nests of polygonal cells with visible borders and whorled keratin pearls, darker at their rims."""
    side = where.shape[0]
    nests_at = jittered(rng, side, 175, 0.28)
    depth = network(nests_at, side, 260) + 9 * smooth_noise(rng, side, 36) + 3 * smooth_noise(rng, side, 11)
    nest = soft_step(depth - 30, 3)
    solid = where & (depth > 30)
    cells_at = within(solid, jittered(rng, side, 15.5, 0.26))
    borders = soft_step(2.4 - network(cells_at, side, 26), 1.5)
    pearls_at = within(where, nests_at + rng.normal(0, 12, nests_at.shape))
    pearls = outlines(rng, pearls_at[rng.random(len(pearls_at)) < 0.75], (20, 38), roughness=0.07, stretch=1.4)
    distance = signed_distance(pearls, side)
    pearl = soft_step(-distance, 5)
    whorl = np.sin(distance * np.float32(2 * np.pi / 6.5) + smooth_noise(rng, side, 14))
    stroma = 0.30 + 0.10 * fibres(rng, side, 10)
    cells = 0.66 + 0.07 * smooth_noise(rng, side, 17) - 0.30 * borders
    eosin = stroma + nest * (cells - stroma)
    eosin = eosin + pearl * (1.05 + 0.22 * whorl - eosin)
    rim = (at(depth, cells_at) < 50) & (at(distance, cells_at) > 2)
    inner = ~rim & (at(distance, cells_at) > 2)
    return Layer(
        haematoxylin=(0.08 + 0.10 * nest) * (1 - 0.9 * pearl),
        eosin=eosin,
        marks=[
            scattered(rng, "pleomorphic", cells_at[rim]),
            scattered(rng, "squamous", cells_at[inner]),
            sown(rng, "lymphocyte", where & (depth < 24), 10, 0.5),
            sown(rng, "spindle", where & (depth < 26), 17, 0.5),
            sown(rng, "debris", where & (distance < -6), 13, 0.35),
        ],
    )


def invasive_ductal_carcinoma(rng: np.random.Generator, where: Mask) -> Layer:
    """Thin cords and small nests of large uneven cells that wind through a pale desmoplastic stroma."""
    side = where.shape[0]
    winding = 40 * np.abs(smooth_noise(rng, side, 52) + 0.25 * smooth_noise(rng, side, 15))
    nests = 26 * (smooth_noise(rng, side, 60) - 1.2)
    depth: Plane = np.maximum(11.5 - winding, nests)
    cord = soft_step(depth, 2)
    stroma: Plane = 0.32 + 0.12 * fibres(rng, side, 14) + 0.07 * smooth_noise(rng, side, 8)
    return Layer(
        haematoxylin=0.08 + 0.20 * cord,
        eosin=stroma + cord * (0.48 - stroma),
        marks=[
            sown(rng, "pleomorphic", where & (depth > 0), 11, 0.92, 0.3),
            sown(rng, "spindle", where & (depth < -4), 17, 0.45),
            sown(rng, "lymphocyte", where & (depth < -4), 24, 0.4),
        ],
    )


def metastatic_carcinoma(rng: np.random.Generator, where: Mask) -> Layer:
    """Islands of large pink cells, some with punched-out lumens, pushing aside the lymphocytes of a node."""
    side = where.shape[0]
    islands_at = jittered(rng, side, 125, 0.34)
    depth = network(islands_at, side, 215) + 8 * smooth_noise(rng, side, 30)
    island = soft_step(depth - 17, 3)
    holes_at = within(where & (depth > 40), jittered(rng, side, 46, 0.3))
    holes = outlines(rng, holes_at[rng.random(len(holes_at)) < 0.7], (8, 16), roughness=0.1, stretch=1.6)
    distance = signed_distance(holes, side)
    lumen = soft_step(-distance, 2)
    stroma = 0.46 + 0.12 * fibres(rng, side, 9)
    cells = 0.50 + 0.08 * smooth_noise(rng, side, 12)
    return Layer(
        haematoxylin=(0.10 + 0.16 * island) * (1 - lumen),
        eosin=(stroma + island * (cells - stroma)) * (1 - 0.95 * lumen),
        marks=[
            sown(rng, "vesicular", where & (depth > 21) & (distance > 5), 14, 0.95, 0.26),
            sown(rng, "lymphocyte", where & (depth < 13), 7, 0.75),
            sown(rng, "spindle", where & (depth < 15), 20, 0.5),
        ],
    )


def lymphoma(rng: np.random.Generator, where: Mask) -> Layer:
    """A monotonous sheet of large lymphoid cells without follicles; pale macrophages make a starry sky."""
    side = where.shape[0]
    band = soft_step(5 - 120 * np.abs(smooth_noise(rng, side, 170)), 4)
    return Layer(
        haematoxylin=0.20 * (1 - 0.6 * band),
        eosin=0.27 + 0.05 * smooth_noise(rng, side, 10) + band * (0.25 + 0.08 * fibres(rng, side, 9)),
        marks=[
            sown(rng, "blast", where & (band < 0.5), 9.9, 0.97, 0.25),
            sown(rng, "macrophage", where & (band < 0.3), 62, 0.7),
            sown(rng, "debris", where & (band < 0.3), 40, 0.5),
            sown(rng, "spindle", where & (band > 0.5), 14, 0.6),
        ],
    )
