"""Random textures that tissue is made of: smooth noise, collagen fibres, soft thresholds.

Frame: a *plane* is a square float32 array [side, side], y first, whose pixels measure `UM_PER_PX` micrometres, so that
a length in micrometres is a length in plane pixels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Number = float | int
"""A length or a share. Spelled out because beartype, which checks our tests, does not take an int for a float."""

UM_PER_PX = 1.0
"""Pixel of a plane: architecture (glands, stroma) has no detail below it; nuclei are painted at 0.5."""


def smooth_noise(rng: np.random.Generator, side_px: int, scale_px: Number) -> Plane:
    """Noise of mean 0 and spread of about 1 whose bumps are `scale_px` apart: [side_px, side_px]."""
    knots = math.ceil(side_px / scale_px) + 3
    coarse = Image.fromarray(rng.standard_normal((knots, knots), dtype=np.float32))
    reach = 1 + side_px / scale_px
    fine = coarse.resize((side_px, side_px), Image.Resampling.BICUBIC, box=(1, 1, reach, reach))
    return np.asarray(fine) * np.float32(1.35)


def fibres(rng: np.random.Generator, side_px: int, pitch_px: Number) -> Plane:
    """Wavy, roughly parallel strands `pitch_px` apart, as collagen has: values in -1..1, [side_px, side_px]."""
    angle = rng.uniform(0, np.pi)
    along = np.arange(side_px, dtype=np.float32)
    phase = along[None, :] * np.float32(np.cos(angle)) + along[:, None] * np.float32(np.sin(angle))
    phase = phase + 40 * smooth_noise(rng, side_px, 220) + 7 * smooth_noise(rng, side_px, 45)
    phase += 1.5 * smooth_noise(rng, side_px, 10)
    wave: Plane = np.sin(phase * np.float32(2 * np.pi / pitch_px))
    return wave


def soft_step(plane: Plane, width: Number) -> Plane:
    """0 below zero, 1 above it, and a linear ramp of `width` between: the antialiased form of `plane > 0`."""
    ramp: Plane = np.clip(plane / np.float32(width) + np.float32(0.5), 0, 1)
    return ramp
