"""Nuclei and other small bodies, painted as stamps at 0.5 micrometres per pixel.

A *mark* is one of a few kinds of stamp. Nuclei add haematoxylin, vacuoles (mucin, fat, macrophages) take both dyes
away, red cells add eosin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from pathalign.testing.texture import FloatArray, Plane

STAMP_MPP = 0.5
ORIENTATIONS = 12
VARIANTS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkKind:
    """How one kind of small body looks."""

    long_um: float
    short_um: float
    strength: float
    """Peak of the stamp in its plane: dye concentration of a nucleus, opacity (0-1) of a vacuole or a red cell."""
    hollow: float = 0.0
    """How pale the centre is against the rim (0 = solid): the open chromatin of large nuclei."""
    spread: float = 0.12
    """Relative spread of size from one body to the next; large in pleomorphic tumours."""
    plane: str = "nucleus"


KINDS: dict[str, MarkKind] = {
    "lymphocyte": MarkKind(long_um=6.0, short_um=5.6, strength=1.75),
    "plasma": MarkKind(long_um=6.6, short_um=5.6, strength=1.55, hollow=0.15),
    "spindle": MarkKind(long_um=15.0, short_um=3.0, strength=1.35),
    "basal": MarkKind(long_um=7.5, short_um=5.0, strength=1.6, hollow=0.1),
    "round": MarkKind(long_um=7.2, short_um=6.4, strength=1.5, hollow=0.2),
    "septal": MarkKind(long_um=8.0, short_um=4.2, strength=1.6, hollow=0.1),
    "pencil": MarkKind(long_um=14.0, short_um=5.2, strength=1.85, hollow=0.15, spread=0.16),
    "cuboidal": MarkKind(long_um=10.0, short_um=8.6, strength=1.55, hollow=0.42, spread=0.15),
    "squamous": MarkKind(long_um=11.5, short_um=8.6, strength=1.45, hollow=0.35, spread=0.2),
    "pleomorphic": MarkKind(long_um=11.5, short_um=8.2, strength=1.6, hollow=0.4, spread=0.26),
    "vesicular": MarkKind(long_um=12.5, short_um=11.0, strength=1.4, hollow=0.5, spread=0.18),
    "blast": MarkKind(long_um=9.4, short_um=8.4, strength=1.45, hollow=0.42, spread=0.12),
    "centroblast": MarkKind(long_um=8.0, short_um=6.6, strength=1.2, hollow=0.35, spread=0.15),
    "debris": MarkKind(long_um=3.2, short_um=2.8, strength=1.6, spread=0.3),
    "goblet": MarkKind(long_um=13.5, short_um=9.5, strength=0.92, plane="vacuole"),
    "macrophage": MarkKind(long_um=18.0, short_um=15.0, strength=0.75, spread=0.2, plane="vacuole"),
    "red cell": MarkKind(long_um=7.0, short_um=6.4, strength=0.9, hollow=0.15, spread=0.05, plane="red"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """Many bodies of one kind."""

    kind: str
    xy_um: FloatArray  # [mark, 2], x first, centres
    angle: FloatArray  # [mark], radians, of the long axis

    def where(self, keep: np.ndarray) -> Marks:
        """Only those that a boolean array [mark] selects."""
        return Marks(kind=self.kind, xy_um=self.xy_um[keep], angle=self.angle[keep])


def scattered(rng: np.random.Generator, kind: str, xy_um: FloatArray, angle: FloatArray | None = None) -> Marks:
    """Marks at the points, turned at random unless angles [mark] are given."""
    turned = rng.uniform(0, np.pi, len(xy_um)) if angle is None else angle + rng.normal(0, 0.15, len(xy_um))
    return Marks(kind=kind, xy_um=xy_um, angle=turned)


def paint(rng: np.random.Generator, plane: Plane, marks: Marks) -> None:
    """Stamp the marks into a plane at `STAMP_MPP`, in place; where they overlap the stronger one shows."""
    stamps = _stamps(marks.kind)
    variant = rng.integers(VARIANTS, size=len(marks.angle))
    turn = np.rint(marks.angle * (ORIENTATIONS / np.pi)).astype(int) % ORIENTATIONS
    chosen = (variant * ORIENTATIONS + turn).tolist()
    half = stamps[0].shape[0] // 2
    side = plane.shape[0]
    corners = np.floor(marks.xy_um / STAMP_MPP).astype(int) - half
    for k, (x, y) in zip(chosen, corners.tolist(), strict=True):
        stamp = stamps[k]
        reach = stamp.shape[0]
        if x < 0 or y < 0 or x + reach > side or y + reach > side:
            left, top = max(-x, 0), max(-y, 0)
            stamp = stamp[top : max(side - y, top), left : max(side - x, left)]
            x, y = x + left, y + top
        window = plane[y : y + stamp.shape[0], x : x + stamp.shape[1]]
        np.maximum(window, stamp, out=window)


@cache
def _stamps(kind: str) -> list[Plane]:
    """Every variant of a kind in every orientation, each [side, side]; the same in every process."""
    look = KINDS[kind]
    rng = np.random.default_rng(sorted(KINDS).index(kind))
    half = int(np.ceil(look.long_um * (1 + 2 * look.spread) / STAMP_MPP / 2)) + 2
    offset = (np.arange(-half, half + 1) * STAMP_MPP).astype(np.float32)
    stamps = []
    for _ in range(VARIANTS):
        size = np.clip(rng.normal(1, look.spread), 1 - 2 * look.spread, 1 + 2 * look.spread)
        depth = look.strength * rng.uniform(0.82, 1.12)
        lobes = rng.normal(0, 0.04 + look.spread / 5, 3) / (1, 2, 4)
        phases = rng.uniform(0, 2 * np.pi, 3)
        spots = rng.uniform(-0.5, 0.5, (3, 2))
        for k in range(ORIENTATIONS):
            cos, sin = np.cos(k * np.pi / ORIENTATIONS), np.sin(k * np.pi / ORIENTATIONS)
            u = (offset[None, :] * cos + offset[:, None] * sin) / (look.long_um * size / 2)
            v = (-offset[None, :] * sin + offset[:, None] * cos) / (look.short_um * size / 2)
            angle = np.arctan2(v, u)
            edge = 1 + sum(a * np.cos((j + 2) * angle + p) for j, (a, p) in enumerate(zip(lobes, phases, strict=True)))
            radius = np.hypot(u, v) / edge
            soft = np.clip((1 - radius) * look.short_um * size / 2 / 0.9 + 0.5, 0, 1)
            inner = 1 - look.hollow * np.clip(1.4 - 1.6 * radius, 0, 1)
            if look.hollow > 0.25:  # nucleolus and clumps of chromatin
                for x, y in spots:
                    inner = inner + 0.45 * np.exp(-((u - x) ** 2 + (v - y) ** 2) / 0.035)
            stamps.append((depth * soft * np.clip(inner, 0, 1.1)).astype(np.float32))
    return stamps
