"""A stem that knows stain and texture before it has learnt anything.

A linear projection of pixels needs millions of images before it sees texture; a hospital's first few slides are
thousands. So the pixels of each token are described by fixed, rotation-invariant statistics: how much haematoxylin and
eosin there is for that patch (`stain`), how it is spread (deviation, skewness, correlation), at four scales the mean
magnitude of gradient, dark and bright blobs, and elongation, and how the first two vary over coarser scales (scattering
of first and second order: Mallat 2012, Oyallon et al. 2018). Amounts by fixed dyes (Ruifrok & Johnston 2001) come last,
for what is dense in every patch of a slide is no matter of staining. A learned projection follows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from pathalign.encoders.stain import stain_amounts

SCALES = 4
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_DYES = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
"""Optical density of haematoxylin, eosin and a residual in R, G, B (Ruifrok & Johnston 2001)."""
MOMENTS = 3 + 3 + 3 + 1
SECOND_ORDER = (0, 2, 6, 8)
"""Of a scale's 12 magnitudes: gradient and dark blobs, of haematoxylin and of mean density."""
FARTHEST = 6.0
"""Deviations at which a statistic is cut off: a token of glass or ink is unusual, not more."""
FAINT = 1e-2
"""Added to magnitudes before their logarithm: what is fainter is noise of the scanner and of JPEG."""
STATISTICS = MOMENTS + 3 * 4 * SCALES + len(SECOND_ORDER) * (SCALES * (SCALES - 1) // 2) + MOMENTS


class TextureStatistics(nn.Module):
    """What is known of each square of `token_px` pixels, standardised over a cohort."""

    by_fixed_dyes: Tensor
    filters: Tensor
    mean: Tensor
    std: Tensor
    statistic_mean: Tensor
    statistic_std: Tensor

    def __init__(self, token_px: int) -> None:
        super().__init__()
        if token_px % 2 ** (SCALES - 1):
            raise ValueError(
                f"The texture stem needs a token_px that is a multiple of {2 ** (SCALES - 1)}, got {token_px}."
            )
        self.token_px = token_px
        unmix = torch.linalg.inv(functional.normalize(torch.tensor(_DYES), dim=1))[:, :2]
        fixed = torch.cat([unmix, torch.full((3, 1), 1 / 3)], dim=1).T  # haematoxylin, eosin, mean density
        self.register_buffer("by_fixed_dyes", fixed[:, :, None, None].contiguous(), persistent=False)
        self.register_buffer("filters", _derivatives()[:, None], persistent=False)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(_STD)[:, None, None], persistent=False)
        self.register_buffer("statistic_mean", torch.zeros(STATISTICS))
        self.register_buffer("statistic_std", torch.ones(STATISTICS))

    @torch.no_grad()
    def statistics(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch statistic row column"]:
        """What is known of each token; the input is normalised RGB."""
        density = -(images * self.std + self.mean).clamp(1 / 255, 1.0).log()
        channels = stain_amounts(density)
        found = [self._moments(channels)]
        for scale in range(SCALES):
            magnitudes = self._magnitudes(channels)
            found.append((functional.avg_pool2d(magnitudes, self.token_px >> scale) + FAINT).log())
            coarse = magnitudes[:, SECOND_ORDER]
            for coarser in range(scale + 1, SCALES):
                coarse = functional.avg_pool2d(coarse, 2)
                gx, gy = self._filtered(coarse, 2).unbind(2)
                gradient = torch.addcmul(gx * gx, gy, gy).add_(1e-8).sqrt_()
                found.append((functional.avg_pool2d(gradient, self.token_px >> coarser) + FAINT).log())
            channels = functional.avg_pool2d(channels, 2)
        found.append(self._moments(functional.conv2d(density, self.by_fixed_dyes)))
        return torch.cat(found, dim=1)

    def standardised(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch row column statistic"]:
        """Statistics as the projection takes them."""
        found = (self.statistics(images).movedim(1, 3) - self.statistic_mean) / self.statistic_std
        return found.clamp(-FARTHEST, FARTHEST)

    def _moments(self, channels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch moment row column"]:
        """Mean, log-deviation and skewness of each channel, and the correlation of haematoxylin and eosin."""
        mean = functional.avg_pool2d(channels, self.token_px)
        squares = channels * channels
        square = functional.avg_pool2d(squares, self.token_px)
        variance = (square - mean**2).clamp_min(1e-6)
        third = functional.avg_pool2d(squares * channels, self.token_px) - 3 * mean * square + 2 * mean**3
        skewness = (third / (variance**1.5 + 1e-6)).clamp(-5, 5)
        product = functional.avg_pool2d(channels[:, :1] * channels[:, 1:2], self.token_px) - mean[:, :1] * mean[:, 1:2]
        correlation = (product / (variance[:, :1] * variance[:, 1:2]).sqrt()).clamp(-1, 1)
        return torch.cat([mean, variance.log() / 2, skewness, correlation], dim=1)

    def _magnitudes(self, channels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 12 height width"]:
        gx, gy, xx, yy, xy = self._filtered(channels, 5).unbind(2)
        blob, skew = xx + yy, xx - yy
        return torch.cat(
            [
                torch.addcmul(gx * gx, gy, gy).add_(1e-8).sqrt_(),
                blob.relu(),
                blob.neg().relu_(),
                torch.addcmul(skew * skew, xy, xy, value=4).add_(1e-8).sqrt_(),
            ],
            dim=1,
        )

    def _filtered(self, maps: Float[Tensor, "batch map height width"], filters: int) -> Tensor:
        """The first `filters` derivatives of each map: [batch, map, filter, height, width]."""
        padded = functional.pad(maps, (2, 2, 2, 2), mode="reflect")
        count = maps.shape[1]
        kernels = self.filters[:filters].repeat(count, 1, 1, 1)
        return functional.conv2d(padded, kernels, groups=count).unflatten(1, (count, filters))

    @torch.no_grad()
    def calibrate(self, images: Float[Tensor, "batch 3 height width"]) -> None:
        """Set the mean and deviation by which statistics are standardised, from a sample of the cohort's patches."""
        found = [self.statistics(some) for some in images.split(32)]
        statistics = torch.cat(found).movedim(1, 3).flatten(0, 2)
        self.statistic_mean.copy_(statistics.mean(0))
        self.statistic_std.copy_(statistics.std(0).clamp_min(1e-4))


class TextureStem(TextureStatistics):
    """Images to tokens through stain and texture statistics; a drop-in for the linear projection of a ViT."""

    def __init__(self, dim: int, token_px: int) -> None:
        super().__init__(token_px)
        self.proj = nn.Linear(STATISTICS, dim)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim row column"]:
        return self.proj(self.standardised(images)).movedim(3, 1)


def _derivatives() -> Float[Tensor, "filter 5 5"]:
    """First and second derivatives of a binomial (near-Gaussian) kernel: x, y, xx, yy, xy."""
    smooth = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    first = torch.tensor([-1.0, -2.0, 0.0, 2.0, 1.0]) / 8
    second = torch.tensor([1.0, 0.0, -2.0, 0.0, 1.0]) / 4
    pairs = [(smooth, first), (first, smooth), (smooth, second), (second, smooth), (first, first)]
    return torch.stack([torch.outer(y, x) for y, x in pairs])
