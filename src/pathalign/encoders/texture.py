"""A stem that knows stain and texture before it has learnt anything.

A linear projection of pixels needs millions of images before it sees texture; a hospital's first few slides are
thousands. So the pixels of each token are described by fixed, rotation-invariant statistics: how much haematoxylin and
eosin there is (Beer-Lambert, Ruifrok & Johnston 2001), and at four scales the mean magnitude of gradient, dark and
bright blobs, and elongation (first-order scattering: Mallat 2012, Oyallon et al. 2018). A learned projection follows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

SCALES = 4
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_STAINS = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
"""Optical density of haematoxylin, eosin and a residual in R, G, B (Ruifrok & Johnston 2001)."""
STATISTICS = 3 + 3 * 4 * SCALES


class TextureStem(nn.Module):
    """Images to tokens through stain and texture statistics; a drop-in for the linear projection of a ViT."""

    def __init__(self, dim: int, token_px: int) -> None:
        super().__init__()
        if token_px % 2 ** (SCALES - 1):
            raise ValueError(
                f"The texture stem needs a token_px that is a multiple of {2 ** (SCALES - 1)}, got {token_px}."
            )
        self.token_px = token_px
        stains = torch.tensor(_STAINS)
        stains = stains / stains.norm(dim=1, keepdim=True)
        unmix = torch.linalg.inv(stains)[:, :2]
        to_channels = torch.cat([unmix, torch.full((3, 1), 1 / 3)], dim=1).T  # haematoxylin, eosin, mean density
        self.register_buffer("to_channels", to_channels[:, :, None, None].contiguous(), persistent=False)
        self.register_buffer("filters", _derivatives()[:, None].repeat(3, 1, 1, 1), persistent=False)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(_STD)[:, None, None], persistent=False)
        self.register_buffer("statistic_mean", torch.zeros(STATISTICS))
        self.register_buffer("statistic_std", torch.ones(STATISTICS))
        self.proj = nn.Linear(STATISTICS, dim)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim row column"]:
        statistics = self.statistics(images).movedim(1, 3)
        return self.proj((statistics - self.statistic_mean) / self.statistic_std).movedim(3, 1)

    @torch.no_grad()
    def statistics(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch statistic row column"]:
        """What is known of each token; the input is normalised RGB."""
        density = -(images * self.std + self.mean).clamp(1 / 255, 1).log()
        channels = functional.conv2d(density, self.to_channels)
        found = [functional.avg_pool2d(channels, self.token_px)]
        for scale in range(SCALES):
            padded = functional.pad(channels, (2, 2, 2, 2), mode="reflect")
            gx, gy, xx, yy, xy = functional.conv2d(padded, self.filters, groups=3).unflatten(1, (3, 5)).unbind(2)
            blob, skew = xx + yy, xx - yy
            magnitudes = torch.cat(
                [
                    torch.addcmul(gx * gx, gy, gy).add_(1e-8).sqrt_(),
                    blob.relu(),
                    blob.neg().relu_(),
                    torch.addcmul(skew * skew, xy, xy, value=4).add_(1e-8).sqrt_(),
                ],
                dim=1,
            )
            found.append((functional.avg_pool2d(magnitudes, self.token_px >> scale) + 1e-3).log())
            channels = functional.avg_pool2d(channels, 2)
        return torch.cat(found, dim=1)

    @torch.no_grad()
    def calibrate(self, images: Float[Tensor, "batch 3 height width"]) -> None:
        """Set the mean and deviation by which statistics are standardised, from a sample of the cohort's patches."""
        statistics = self.statistics(images).movedim(1, 3).flatten(0, 2)
        self.statistic_mean.copy_(statistics.mean(0))
        self.statistic_std.copy_(statistics.std(0).clamp_min(1e-4))


def _derivatives() -> Float[Tensor, "filter 5 5"]:
    """First and second derivatives of a binomial (near-Gaussian) kernel: x, y, xx, yy, xy."""
    smooth = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    first = torch.tensor([-1.0, -2.0, 0.0, 2.0, 1.0]) / 8
    second = torch.tensor([1.0, 0.0, -2.0, 0.0, 1.0]) / 4
    pairs = [(smooth, first), (first, smooth), (smooth, second), (second, smooth), (first, first)]
    return torch.stack([torch.outer(y, x) for y, x in pairs])
