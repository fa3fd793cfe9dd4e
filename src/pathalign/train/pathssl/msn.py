"""The loss of masked siamese networks (MSN; Assran et al. 2022, arXiv 2204.07141), written from the paper.

Anchors, which see part of an image, are to be assigned to the prototypes that the target, which sees all of it, is
assigned to. Everything is in logarithms, so that no temperature can make a probability underflow. The functions know
of no processes: they take the rows of all of them, or give a value per row.

Shapes: `anchor` and `target` views, `prototype`, `dim` of the projections.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def log_assignments(
    projected: Float[Tensor, "view dim"], prototypes: Float[Tensor, "prototype dim"], temperature: float
) -> Float[Tensor, "view prototype"]:
    """Logarithms of the softmax of cosines over a temperature (equation 1 of the paper)."""
    with torch.autocast(projected.device.type, enabled=False):  # bfloat16 errs by 0.004, a sixth of 0.1 times 0.25
        cosines = functional.normalize(projected.float(), dim=1) @ functional.normalize(prototypes.float(), dim=1).T
        return (cosines / temperature).log_softmax(1)


def sharpened(log_p: Float[Tensor, "view prototype"], temperature: float) -> Float[Tensor, "view prototype"]:
    """Logarithms of p^(1 / temperature), normalised: the target's assignments are made more certain (section 3)."""
    return (log_p / temperature).log_softmax(1)


def balanced(log_p: Float[Tensor, "view prototype"], rounds: int) -> Float[Tensor, "view prototype"]:
    """Sinkhorn: scaled, in logarithms, until all prototypes are used about alike; every row sums to 1.

    Needs the views of all processes.
    """
    for _ in range(rounds):
        log_p = log_p - log_p.logsumexp(0, keepdim=True)
        log_p = log_p - log_p.logsumexp(1, keepdim=True)
    return log_p


def cross_entropy(
    log_target: Float[Tensor, "target prototype"], log_anchor: Float[Tensor, "anchor prototype"]
) -> Float[Tensor, " anchor"]:
    """What an anchor's assignment costs against its target's. Anchors come in blocks of one per target."""
    blocks = log_anchor.unflatten(0, (-1, len(log_target)))
    return -(log_target.exp() * blocks).sum(2).flatten()


def mean_entropy(log_p: Float[Tensor, "view prototype"]) -> Float[Tensor, ""]:
    """Entropy, in nats, of the mean assignment over the views of all processes; at most ln(prototypes).

    It is maximised, so that not all images are assigned to one prototype.
    """
    log_mean = log_p.logsumexp(0) - math.log(len(log_p))
    return -(log_mean.exp() * log_mean).sum()


@torch.no_grad()
def follow(followers: list[Tensor], leaders: list[Tensor], momentum: float) -> None:
    """Exponential moving average: what follows keeps `momentum` of itself."""
    torch._foreach_lerp_(followers, leaders, 1 - momentum)
