"""Which dyes a patch was stained with, and how much of them there is at each pixel: so that laboratories look alike.

The plane of the two dyes is that of the largest two axes of optical density (Macenko et al. 2009). There the angles of
tissue spread from eosin to haematoxylin; the dyes are put two deviations from the mean, where Macenko takes quantiles.
That is plain arithmetic, which any runtime can execute, and a dye's estimate moves smoothly with the pixels.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

SPREAD = 2.0
"""Deviations of the angle between the mean of tissue and a pure dye."""
GLASS, GLASS_WIDTH = 0.15, 0.03
"""Mean optical density below which a pixel counts as glass, and how gradually."""
_EVERY = 4
"""Dyes are estimated at a quarter of the resolution."""
_ROUNDS = 12
"""Of power iteration; the two axes differ a lot in size."""


def stain_amounts(density: Float[Tensor, "patch 3 height width"]) -> Float[Tensor, "patch 3 height width"]:
    """Haematoxylin, eosin and mean density of each pixel of a patch, in units of twice their root mean square there.

    `density` is optical density, -ln(RGB). Other dyes, other amounts of them and another scanner change the result
    little, as each multiplies densities by a matrix.
    """
    coarse = functional.avg_pool2d(density, _EVERY).flatten(2)
    tissue = torch.sigmoid((coarse.mean(1) - GLASS) / GLASS_WIDTH) + 1e-3
    weight = (tissue / tissue.sum(1, keepdim=True))[:, None]  # [patch, 1, pixel]
    haematoxylin, eosin = _dyes(coarse, weight)
    shared = (haematoxylin * eosin).sum(1, keepdim=True)
    left = (1 - shared**2).clamp_min(1e-3)
    unmix = torch.stack(
        [
            (haematoxylin - shared * eosin) / left,
            (eosin - shared * haematoxylin) / left,
            torch.full_like(eosin, 1 / 3),
        ],
        dim=1,
    )
    scale = 2 * (((unmix @ coarse) ** 2 * weight).sum(2, keepdim=True) + 1e-4).sqrt()
    return ((unmix / scale) @ density.flatten(2)).view_as(density)


def _dyes(
    coarse: Float[Tensor, "patch 3 pixel"], weight: Float[Tensor, "patch 1 pixel"]
) -> tuple[Float[Tensor, "patch 3"], Float[Tensor, "patch 3"]]:
    """Optical density of haematoxylin and of eosin in R, G, B, at length one."""
    square = (coarse * weight) @ coarse.transpose(1, 2)
    first = torch.ones_like(square[:, :, :1])
    for _ in range(_ROUNDS):
        first = _unit(square @ first)
    rest = square - first @ (first.transpose(1, 2) @ square @ first) @ first.transpose(1, 2)
    second = torch.tensor([[1.0], [-1.0], [0.3]], device=coarse.device).expand_as(first)  # blue against pink
    for _ in range(_ROUNDS):
        second = rest @ second + 1e-7 * second
        second = _unit(second - first * (first * second).sum(1, keepdim=True))
    second = second * torch.where(second[:, :1] > second[:, 1:2], 1.0, -1.0)  # haematoxylin absorbs more red
    along = (first.transpose(1, 2) @ coarse).clamp_min(1e-3)
    slope = (second.transpose(1, 2) @ coarse) / along
    mean = (slope * weight).sum(2, keepdim=True)
    deviation = (((slope - mean) ** 2 * weight).sum(2, keepdim=True) + 1e-6).sqrt()
    haematoxylin, eosin = (_unit(first + (mean + way * SPREAD * deviation) * second) for way in (1, -1))
    return haematoxylin[:, :, 0], eosin[:, :, 0]


def _unit(x: Float[Tensor, "patch 3 1"]) -> Float[Tensor, "patch 3 1"]:
    return x / (x.norm(dim=1, keepdim=True) + 1e-9)
