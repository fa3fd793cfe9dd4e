"""What lies around each patch: the mean embedding of a square of tissue."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


@torch.no_grad()
def neighbourhood_means(
    embeddings: Float[Tensor, "patch dim"],
    xy_um: Float[Tensor, "patch 2"],
    lengths: Sequence[int],
    side_um: float,
) -> Float[Tensor, "patch dim"]:
    """The mean over the patches of a slide whose centres are in a square of `side_um` around each, itself among them.

    The plane is cut into cells of a third of the side, and a square is three by three of them, so work is proportional
    to patches and cells. No gradient passes: nothing before it is trained.
    """
    parts = zip(embeddings.split(list(lengths)), xy_um.split(list(lengths)), strict=True)
    return torch.cat([_of_slide(own, xy, side_um / 3) for own, xy in parts])


def _of_slide(
    embeddings: Float[Tensor, "patch dim"], xy_um: Float[Tensor, "patch 2"], cell_um: float
) -> Float[Tensor, "patch dim"]:
    # Rounded, not cut: on a grid of the cells' own pitch, centres are then in the middle of cells, not at their edges.
    column, row = ((xy_um - xy_um.amin(0)) / cell_um).round().long().unbind(1)
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    cell = row * columns + column
    counted = torch.cat([embeddings, embeddings.new_ones(len(embeddings), 1)], dim=1)
    sums = counted.new_zeros(rows * columns, counted.shape[1]).index_add_(0, cell, counted)
    planes = sums.T.reshape(1, -1, rows, columns)
    around = functional.avg_pool2d(planes, 3, stride=1, padding=1, divisor_override=1)[0].flatten(1).T[cell]
    return around[:, :-1] / around[:, -1:]
