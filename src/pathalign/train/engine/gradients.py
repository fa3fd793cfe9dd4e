"""Gradients of all processes, added: a few flat buffers instead of one message per parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

from pathalign.train.engine.world import World

BUCKET_BYTES = 25 * 2**20
"""Large enough that bandwidth and not latency decides, small enough that no second copy of all gradients is made."""


@torch.no_grad()
def add_over_processes(parameters: Sequence[nn.Parameter], world: World) -> None:
    """Replace every gradient by its sum over processes. One that no process has stays absent."""
    if world.size == 1:
        return
    here = torch.tensor([p.grad is not None for p in parameters], dtype=torch.float32, device=world.device)
    anywhere = world.sum(here).tolist()
    for p, count in zip(parameters, anywhere, strict=True):
        if count and p.grad is None:
            p.grad = torch.zeros_like(p)
    # The last layers' first, whose gradients have lain ready the longest.
    gradients = [p.grad for p in reversed(parameters) if p.grad is not None]
    for bucket in _buckets(gradients):
        flat = torch.cat([gradient.flatten() for gradient in bucket])
        dist.all_reduce(flat)
        for gradient, part in zip(bucket, flat.split([g.numel() for g in bucket]), strict=True):
            gradient.copy_(part.view_as(gradient))


def _buckets(gradients: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Neighbours of one dtype, up to `BUCKET_BYTES` together; a larger one is a bucket of its own."""
    bucket: list[Tensor] = []
    size = 0
    for gradient in gradients:
        if bucket and (size + gradient.nbytes > BUCKET_BYTES or gradient.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(gradient)
        size += gradient.nbytes
    if bucket:
        yield bucket
