"""One tissue as it is drawn: two washes of dye and the marks upon them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pathalign.testing.layout import at
from pathalign.testing.nuclei import KINDS, STAMP_MPP, Marks, paint
from pathalign.testing.texture import UM_PER_PX, Mask, Plane

STRIP_PX = 192


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """Dye that one tissue takes up, before any nucleus is painted."""

    haematoxylin: Plane  # [side, side], concentration
    eosin: Plane  # [side, side]
    marks: list[Marks]


def merged(under: Layer, over: Layer, cover: Plane) -> Layer:
    """`over` laid upon `under` where `cover` [side, side] is 1; marks go by the side of 0.5 that they lie on."""
    marks = [m.where(at(cover, m.xy_um) < 0.5) for m in under.marks]
    marks += [m.where(at(cover, m.xy_um) >= 0.5) for m in over.marks]
    return Layer(
        haematoxylin=under.haematoxylin + cover * (over.haematoxylin - under.haematoxylin),
        eosin=under.eosin + cover * (over.eosin - under.eosin),
        marks=marks,
    )


def dyed(rng: np.random.Generator, layer: Layer, tissue: Mask) -> Iterator[tuple[slice, Plane, Plane]]:
    """Haematoxylin and eosin at 0.5 micrometres per pixel, zero outside the tissue, in strips of rows from the top.

    Strips of [STRIP_PX, 2 * side] stay in the processor's cache; whole planes would take twice as long.
    """
    fine_px = round(layer.eosin.shape[0] * UM_PER_PX / STAMP_MPP)
    painted: dict[str, Plane] = {}
    for marks in layer.marks:
        name = KINDS[marks.kind].plane
        if name not in painted:
            painted[name] = np.zeros((fine_px, fine_px), np.float32)
        paint(rng, painted[name], marks.where(at(tissue, marks.xy_um) > 0))
    ground = tissue.astype(np.float32)
    washes = [Image.fromarray(plane * ground) for plane in (layer.haematoxylin, layer.eosin)]
    grain = _grain(rng, fine_px)
    for top in range(0, fine_px, STRIP_PX):
        rows = slice(top, min(top + STRIP_PX, fine_px))
        haematoxylin, eosin = (_strip(wash, rows, fine_px) for wash in washes)
        if "vacuole" in painted:
            clear = 1 - painted["vacuole"][rows]
            haematoxylin, eosin = haematoxylin * clear, eosin * clear
            nucleus = painted["nucleus"][rows] * clear
        else:
            nucleus = painted["nucleus"][rows]
        if "red" in painted:
            eosin = np.maximum(eosin, painted["red"][rows])
        eosin = eosin * (1 - np.float32(0.35) * np.minimum(nucleus, 1))
        texture = grain[: rows.stop - top]
        yield rows, (haematoxylin + nucleus) * texture, eosin * (2 - texture)


def _strip(wash: Image.Image, rows: slice, fine_px: int) -> Plane:
    """Some rows of a wash at the resolution of the stamps, bilinear; neighbouring strips meet without a seam."""
    box = (0, rows.start * wash.height / fine_px, wash.width, rows.stop * wash.height / fine_px)
    return np.asarray(wash.resize((fine_px, rows.stop - rows.start), Image.Resampling.BILINEAR, box=box))


def _grain(rng: np.random.Generator, side_px: int) -> Plane:
    """Fine multiplicative texture around 1, [STRIP_PX, side_px]: chromatin and cytoplasm are never flat."""
    noise = rng.standard_normal((STRIP_PX + 1, side_px + 1), dtype=np.float32)
    grain: Plane = 1 + np.float32(0.045) * (noise[1:, 1:] + noise[:-1, 1:] + noise[1:, :-1] + noise[:-1, :-1])
    return grain
