"""The loss of masked siamese networks against the formula in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from pathalign.train.pathssl.msn import balanced, cross_entropy, follow, log_assignments, mean_entropy, sharpened

pytestmark = pytest.mark.unit


def tensors() -> tuple[Tensor, Tensor, Tensor]:
    """Projections of 2 x 6 anchors and 6 targets, and 5 prototypes."""
    random = torch.Generator().manual_seed(0)
    return tuple(torch.randn(count, 8, generator=random) for count in (12, 6, 5))


def test_loss_is_the_formula_in_float64() -> None:
    """Softmax of cosines over 0.1, targets to the power of 4, Sinkhorn, cross-entropy, entropy of the mean."""
    anchors, targets, prototypes = tensors()

    log_p = log_assignments(anchors, prototypes, 0.1)
    log_q = balanced(sharpened(log_assignments(targets, prototypes, 0.1), 0.25), 3)
    found = cross_entropy(log_q, log_p)

    a, t, q = (x.double().numpy() for x in (anchors, targets, prototypes))
    a, t, q = (x / np.sqrt((x**2).sum(1, keepdims=True)) for x in (a, t, q))
    p_anchor, p_target = np.exp(a @ q.T / 0.1), np.exp(t @ q.T / 0.1)
    p_anchor, p_target = (p / p.sum(1, keepdims=True) for p in (p_anchor, p_target))
    p_target = p_target**4 / (p_target**4).sum(1, keepdims=True)
    for _ in range(3):
        p_target = p_target / p_target.sum(0, keepdims=True)
        p_target = p_target / p_target.sum(1, keepdims=True)
    expected = -(np.concatenate([p_target, p_target]) * np.log(p_anchor)).sum(1)
    mean = p_anchor.mean(0)

    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-5)
    assert mean_entropy(log_p).item() == pytest.approx(-(mean * np.log(mean)).sum(), rel=1e-6)


def test_nothing_underflows() -> None:
    """Temperatures at which probabilities are 0 in float32 give a finite loss and gradient."""
    anchors, targets, prototypes = tensors()
    anchors.requires_grad_()

    log_p = log_assignments(anchors, prototypes, 0.003)
    log_q = balanced(sharpened(log_assignments(targets, prototypes, 0.003), 0.1), 3)
    loss = cross_entropy(log_q, log_p).mean() - mean_entropy(log_p)
    loss.backward()

    assert (log_p.exp() == 0).any()
    assert loss.isfinite()
    assert anchors.grad is not None
    assert anchors.grad.isfinite().all()


def test_balanced_assignments_use_all_prototypes_alike() -> None:
    """After enough rounds columns have equal sums and rows sum to one."""
    _, targets, prototypes = tensors()

    p = balanced(log_assignments(targets, prototypes, 0.5), 50).exp()

    torch.testing.assert_close(p.sum(0), torch.full((5,), 6 / 5), atol=1e-4, rtol=0)
    torch.testing.assert_close(p.sum(1), torch.ones(6))


def test_mean_entropy_is_between_nothing_and_the_logarithm() -> None:
    """One prototype for all: 0. Every view another: ln(5)."""
    same = functional.one_hot(torch.zeros(5, dtype=torch.long), 5).float().log()
    each = torch.eye(5).log()

    assert mean_entropy(same.clamp_min(-1e4)).item() == pytest.approx(0)
    assert mean_entropy(each.clamp_min(-1e4)).item() == pytest.approx(math.log(5))


def test_target_follows() -> None:
    """A tenth of the way with a momentum of 0.9."""
    follower, leader = torch.zeros(3), torch.ones(3)

    follow([follower], [leader], 0.9)

    torch.testing.assert_close(follower, torch.full((3,), 0.1))
