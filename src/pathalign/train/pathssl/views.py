"""Views of patches for self-supervision: whole batches at once, in plain torch.

Every random number comes from outside, one row per patch, uniform in [0, 1); so a view is a pure function of patch and
numbers, whichever process makes it. Pixels are RGB between 0 and 1, channel first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

STAIN_NUMBERS, CROP_NUMBERS = 5, 6
"""Random numbers that a view takes per patch."""
_STAINS = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
"""Optical density of haematoxylin, eosin and a residual in R, G, B (Ruifrok & Johnston 2001)."""
_DARKEST = 1 / 255


@dataclass(frozen=True, kw_only=True, slots=True)
class StainJitter:
    """How far stain may change; the defaults are about what laboratories and scanners differ by."""

    amount: float = 0.35
    """Largest change of the logarithm of the amount of haematoxylin, and of eosin."""
    hue: float = 0.05
    """Largest rotation about the grey axis, in turns: purple to blue or to pink, never to green."""
    saturation: float = 0.3
    """Largest change of the logarithm of the distance from grey."""
    blur: float = 1.0
    """Largest share of a 5-tap binomial blur (deviation of one pixel)."""

    def __post_init__(self) -> None:
        if not 0 <= self.hue <= 0.1 or not 0 <= self.blur <= 1 or self.amount < 0 or self.saturation < 0:
            raise ValueError(
                "Stain jitter needs amount and saturation of at least 0, hue within 0-0.1 turns and blur within 0-1, "
                f"got {self.amount}, {self.saturation}, {self.hue} and {self.blur}."
            )


def restained(
    pixels: Float[Tensor, "patch 3 height width"], numbers: Float[Tensor, "patch 5"], jitter: StainJitter
) -> Float[Tensor, "patch 3 height width"]:
    """The same tissue with other amounts of stain, other dyes and another focus; glass stays about as it is."""
    change = 2 * numbers - 1
    stains = functional.normalize(torch.tensor(_STAINS, device=pixels.device), dim=1)
    gain = functional.pad((jitter.amount * change[:, :2]).exp(), (0, 1), value=1.0)
    mix = torch.einsum("ji,bj,kj->bik", stains, gain, torch.linalg.inv(stains))
    density = -pixels.clamp_min(_DARKEST).log()
    density = (mix @ density.flatten(2)).view_as(density)
    turn = _turned(jitter.hue * change[:, 2], (jitter.saturation * change[:, 3]).exp())
    coloured = turn @ density.neg().exp().clamp(0, 1).flatten(2)
    return _blurred(coloured.view_as(pixels).clamp(0, 1), jitter.blur * numbers[:, 4])


def _turned(turns: Float[Tensor, " patch"], gain: Float[Tensor, " patch"]) -> Float[Tensor, "patch 3 3"]:
    """Rotation about the grey axis (Rodrigues) and scaling away from it."""
    angle = 2 * math.pi * turns
    grey = torch.full((3, 3), 1 / 3, device=turns.device)
    k = 1 / math.sqrt(3)
    cross = torch.tensor([[0, -k, k], [k, 0, -k], [-k, k, 0]], device=turns.device)
    across = (
        angle.cos()[:, None, None] * (torch.eye(3, device=turns.device) - grey) + angle.sin()[:, None, None] * cross
    )
    return grey + gain[:, None, None] * across


def _blurred(
    pixels: Float[Tensor, "patch 3 height width"], share: Float[Tensor, " patch"]
) -> Float[Tensor, "patch 3 height width"]:
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=pixels.device) / 16
    kernel = torch.outer(line, line).expand(3, 1, 5, 5)
    soft = functional.conv2d(functional.pad(pixels, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)
    return torch.lerp(pixels, soft, share[:, None, None, None])


def crops(
    pixels: Float[Tensor, "patch 3 height width"],
    numbers: Float[Tensor, "patch 6"],
    *,
    side_px: int,
    area: tuple[float, float],
) -> Float[Tensor, "patch 3 side side"]:
    """Random parts of patches, resized to `side_px`, flipped and turned by quarters.

    `area` is the least and the largest share of the patch. Sides differ by a third at most: tissue may be seen larger
    or smaller, hardly stretched.
    """
    share = area[0] + (area[1] - area[0]) * numbers[:, 0]
    stretch = (math.log(4 / 3) * (numbers[:, 1] - 0.5)).exp()
    half = torch.stack([share.sqrt() * stretch, share.sqrt() / stretch], dim=1).clamp_max(1)  # x, y, of the whole
    middle = (1 - half) * (2 * numbers[:, 2:4] - 1)
    quarter = (numbers[:, 4] * 4).floor() * (math.pi / 2)
    flip = torch.where(numbers[:, 5] < 0.5, -1.0, 1.0)
    cos, sin = quarter.cos(), quarter.sin()
    rows = [
        torch.stack([half[:, 0] * flip * cos, -half[:, 0] * flip * sin, middle[:, 0]], dim=1),
        torch.stack([half[:, 1] * sin, half[:, 1] * cos, middle[:, 1]], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), [len(pixels), 3, side_px, side_px], align_corners=False)
    return functional.grid_sample(pixels, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def kept_tokens(numbers: Float[Tensor, "patch token"], share: float) -> Int[Tensor, "patch kept"]:
    """Which tokens an anchor sees: `share` of them, at least one, drawn without replacement, in their order."""
    count = max(1, round(numbers.shape[1] * share))
    return numbers.argsort(1)[:, :count].sort(1).values
