"""The normalisation of pixels folded into the first projection: (x / 255 - mean) / std costs nothing at run time.

w (x / 255 - m) / s + b = (w / 255 s) x + (b - sum w m / s): one pass over the image less, and bytes go in as they are
(bfloat16 holds 0-255 exactly, but not their normalised values).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

NO_PADDING = ((0, 0), "valid")


def projection_of(model: nn.Module) -> nn.Conv2d | None:
    """The patch projection of a ViT, DINOv2, CLIP or like model of transformers, if a shift can be folded into it.

    Padding would be zeros after the normalisation, which no bias makes up for.
    """
    embeddings = getattr(model, "embeddings", None)
    patches = getattr(embeddings, "patch_embeddings", getattr(embeddings, "patch_embedding", None))
    found = getattr(patches, "projection", patches)
    if isinstance(found, nn.Conv2d) and found.in_channels == 3 and found.groups == 1 and found.padding in NO_PADDING:
        return found
    return None


@torch.no_grad()
def fold_normalisation(projection: nn.Conv2d, mean: Sequence[float], std: Sequence[float]) -> None:
    """Have `projection` take grey levels 0-255 and give what it gave for normalised floats, to rounding."""
    assert projection.padding in NO_PADDING, "zeros of a padding are not grey levels"
    weight = projection.weight.double()
    scale = torch.tensor(std, dtype=torch.float64).view(1, 3, 1, 1)
    shift = torch.tensor(mean, dtype=torch.float64).view(1, 3, 1, 1)
    offset = (weight * (shift / scale)).sum((1, 2, 3))
    bias = -offset if projection.bias is None else projection.bias.double() - offset
    projection.weight.copy_(weight / (255 * scale))
    projection.bias = nn.Parameter(bias.to(projection.weight.dtype), requires_grad=projection.weight.requires_grad)
