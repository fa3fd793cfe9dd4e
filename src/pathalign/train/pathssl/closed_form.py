"""What is learnt without steps: visual words by k-means, and canonical variates of what several views share."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

LEAST_DEVIATION = 1e-4


def canonical_variates(
    views: Float[Tensor, "item view dim"], count: int, *, ridge: float, random: torch.Generator
) -> Float[Tensor, "dim count"]:
    """The projection to `count` variates that the views of an item share the most (Hotelling 1936).

    Every pair of views counts. Variates are weighted by the root of their correlation and turned at random, so that a
    model which standardises its inputs one by one does not raise the weak ones to the height of the strong. `ridge` is
    added to the standardised variances: directions that hardly vary are noise.
    """
    items, per_item, dim = views.shape
    centre = views.mean((0, 1))
    scale = views.std((0, 1)).clamp_min(LEAST_DEVIATION)
    unit = (views - centre) / scale
    total = unit.flatten(0, 1).T @ unit.flatten(0, 1) / (per_item * items)
    sums = unit.sum(1)
    shared = (sums.T @ sums / items - per_item * total) / (per_item * (per_item - 1))
    values, axes = torch.linalg.eigh((total + ridge * torch.eye(dim)).double())
    whiten = axes * values.rsqrt()
    correlation, turned = torch.linalg.eigh(whiten.T @ shared.double() @ whiten)
    kept = min(count, dim)
    weights = correlation.flip(0)[:kept].clamp_min(0).sqrt()
    turn = torch.linalg.qr(torch.randn(count, count, generator=random, dtype=torch.float64))[0][:kept]
    return ((whiten @ turned.flip(1)[:, :kept] * weights @ turn) / scale[:, None].double()).float()


def invariant_directions(
    one: Float[Tensor, "token statistic"], other: Float[Tensor, "token statistic"], count: int, *, ridge: float
) -> Float[Tensor, "statistic count"]:
    """Directions in which a token differs from others and hardly from itself in another stain, the best first."""
    items = len(one)
    total = (one.T @ one + other.T @ other) / (2 * items)
    shared = (one.T @ other + other.T @ one) / (2 * items)
    values, axes = torch.linalg.eigh((total + ridge * torch.eye(len(total))).double())
    whiten = axes * values.rsqrt()
    correlation, turned = torch.linalg.eigh(whiten.T @ shared.double() @ whiten)
    return (whiten @ turned.flip(1)[:, :count] * correlation.flip(0)[:count].clamp_min(0).sqrt()).float()


def k_means(
    points: Float[Tensor, "point dim"], count: int, *, rounds: int, random: torch.Generator
) -> tuple[Float[Tensor, "count dim"], float]:
    """Lloyd's algorithm from random points: centres, and the mean squared distance to the nearest one.

    A centre that loses all its points moves to a random one; fewer points than centres are used several times.
    """
    places = torch.randint(len(points), (count,), generator=random)
    if len(points) >= count:
        places = torch.randperm(len(points), generator=random)[:count]
    centres = points[places].clone()
    for _ in range(rounds):
        _, nearest = _nearest(points, centres)
        members = torch.zeros(count).index_add_(0, nearest, torch.ones(len(points)))
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        spare = points[torch.randint(len(points), (count,), generator=random)]
        centres = torch.where(members[:, None] > 0, sums / members.clamp_min(1)[:, None], spare)
    return centres, float(_nearest(points, centres)[0].mean())


def _nearest(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distance to the nearest centre, and which it is."""
    half = centres.square().sum(1) / 2
    found = [(half - some @ centres.T).min(1) for some in points.split(4096)]
    nearest = torch.cat([index for _, index in found])
    return (points - centres[nearest]).square().sum(1), nearest
