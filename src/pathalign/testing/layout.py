"""Where things lie in tissue: jittered points, gland outlines, cells of a network. All lengths in micrometres.

Outlines are painted into planes as distance fields, one small window per outline, so that the cost follows the area
drawn and no tree search is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from pathalign.testing.texture import FloatArray, Mask, Number, Plane

ANGLES = 128
REACH_UM = 260
"""Half side of the largest window that an outline or a cell of a network may need."""
FAR_UM = 64.0
"""Distance written where no outline is near."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlines:
    """Closed contours, star-shaped around their centres (glands, follicles, vessels)."""

    xy_um: FloatArray  # [outline, 2], x first
    radius_um: FloatArray  # [outline, ANGLES], radius at angle k * 2 pi / ANGLES


def jittered(rng: np.random.Generator, side_um: Number, pitch_um: Number, jitter: Number) -> FloatArray:
    """Points of a hexagonal lattice, each moved by up to `jitter` pitches: [point, 2], x first, also just outside."""
    columns = np.arange(-pitch_um, side_um + pitch_um, pitch_um)
    rows = np.arange(-pitch_um, side_um + pitch_um, pitch_um * 0.866)
    x, y = np.meshgrid(columns, rows)
    x = x + (np.arange(len(rows))[:, None] % 2) * pitch_um / 2
    xy = np.stack([x.ravel(), y.ravel()], axis=1)
    return xy + rng.uniform(-jitter, jitter, xy.shape) * pitch_um


def at(plane: Plane | Mask, xy_um: FloatArray) -> FloatArray:
    """Values of a plane under the points, which are clipped to its border: [point]."""
    x, y = np.clip(xy_um.astype(np.int64), 0, plane.shape[0] - 1).T
    return plane[y, x].astype(np.float64)


def outlines(
    rng: np.random.Generator,
    xy_um: FloatArray,
    radius_um: tuple[Number, Number],
    *,
    roughness: Number = 0.05,
    stretch: Number = 1.2,
) -> Outlines:
    """Contours around the points, of a mean radius in the range, lobed by `roughness`, elongated up to `stretch`."""
    theta = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    n = len(xy_um)
    mean = rng.uniform(*radius_um, (n, 1))
    axis = rng.uniform(1, stretch, (n, 1))
    turned = theta[None, :] - rng.uniform(0, np.pi, (n, 1))
    radius = mean / np.sqrt((np.cos(turned) / np.sqrt(axis)) ** 2 + (np.sin(turned) * np.sqrt(axis)) ** 2)
    wave = np.zeros((n, ANGLES))
    for k in range(2, 7):
        strength = rng.normal(0, roughness * 2 / k, (n, 1))
        wave += strength * np.cos(k * theta[None, :] + rng.uniform(0, 2 * np.pi, (n, 1)))
    return Outlines(xy_um=xy_um, radius_um=radius * np.clip(1 + wave, 0.45, 1.7))


def signed_distance(shapes: Outlines, side_px: int, margin_um: Number = 20.0) -> Plane:
    """Radial distance to the nearest outline, negative inside, `FAR_UM` where none is within the margin."""
    plane = np.full((side_px, side_px), FAR_UM, np.float32)
    radius_um = shapes.radius_um.astype(np.float32)
    polar, bins = _polar()
    for k, (target, source) in _windows(shapes.xy_um, shapes.radius_um.max(axis=1, initial=0) + margin_um, side_px):
        window = plane[target]
        np.minimum(window, polar[source] - radius_um[k][bins[source]], out=window)
    return plane


def network(xy_um: FloatArray, side_px: int, reach_um: Number) -> Plane:
    """How much farther the second nearest point is than the nearest: 0 on the walls between cells, large inside."""
    first = np.full((side_px, side_px), 2 * reach_um, np.float32)
    second = first.copy()
    polar, _ = _polar()
    for _, (target, source) in _windows(xy_um, np.full(len(xy_um), reach_um, np.float64), side_px):
        near, far, radial = first[target], second[target], polar[source]
        np.minimum(far, np.maximum(near, radial), out=far)
        np.minimum(near, radial, out=near)
    return second - first


def along(shapes: Outlines, spacing_um: Number, depth_um: Number) -> tuple[FloatArray, FloatArray]:
    """Points every `spacing_um` along each contour, `depth_um` inside it: [point, 2] and outward angles [point]."""
    counts = np.maximum((2 * np.pi * (shapes.radius_um.mean(axis=1) - depth_um) / spacing_um).astype(int), 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    theta = step * 2 * np.pi / np.maximum(counts[owner], 1)
    radius = shapes.radius_um[owner, (theta * ANGLES / (2 * np.pi)).astype(int) % ANGLES] - depth_um
    xy = shapes.xy_um[owner] + np.stack([np.cos(theta), np.sin(theta)], axis=1) * radius[:, None]
    return xy, theta


Window = tuple[slice, slice]


def _windows(xy_um: FloatArray, half_um: FloatArray, side_px: int) -> Iterator[tuple[int, tuple[Window, Window]]]:
    """For each point that touches the plane: its window in the plane and the same window in the polar grid."""
    centres = np.rint(xy_um).astype(int)
    halves = np.minimum(np.ceil(half_um).astype(int), REACH_UM)
    for k, ((x, y), half) in enumerate(zip(centres.tolist(), halves.tolist(), strict=True)):
        left, right = max(x - half, 0), min(x + half + 1, side_px)
        top, bottom = max(y - half, 0), min(y + half + 1, side_px)
        if left < right and top < bottom:
            source = (
                slice(top - y + REACH_UM, bottom - y + REACH_UM),
                slice(left - x + REACH_UM, right - x + REACH_UM),
            )
            yield k, ((slice(top, bottom), slice(left, right)), source)


@cache
def _polar() -> tuple[Plane, np.ndarray]:
    """Radius and angle bin of every pixel of a window around its centre, computed once."""
    offset = np.arange(-REACH_UM, REACH_UM + 1, dtype=np.float32)
    angle = np.arctan2(offset[:, None], offset[None, :])
    bins = np.rint(angle * (ANGLES / (2 * np.pi))).astype(np.int16) % ANGLES
    return np.hypot(offset[:, None], offset[None, :]), bins
