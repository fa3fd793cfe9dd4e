"""The call of CUDA's variable-length kernel, where there is no CUDA: a stand-in with its signature does its work."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch.nn import functional
from torch.nn.attention import varlen
from torch.testing import assert_close

from pathalign.model.cross_attention import PatchMemory, _attend_at_once, _attend_by_slide

pytestmark = pytest.mark.unit

LENGTHS, COUNTS = (7, 3, 5), (2, 0, 1)
HEADS, HEAD_DIM, QUERIES = 2, 8, 4
SIGNATURE = inspect.signature(varlen.varlen_attn)


def stand_in(*args: Any, **kwargs: Any) -> torch.Tensor:
    """What the documentation of `varlen_attn` says it computes, sequence by sequence."""
    call = SIGNATURE.bind(*args, **kwargs).arguments
    query, key, value, ends_q, ends_k = (call[name] for name in ("query", "key", "value", "cu_seq_q", "cu_seq_k"))
    assert {query.dtype, key.dtype, value.dtype} <= {torch.bfloat16, torch.float16}
    assert ends_q.dtype == ends_k.dtype == torch.int32
    assert int(ends_q.diff().max()) == call["max_q"]
    assert int(ends_k.diff().max()) == call["max_k"]
    found = []
    for (a, b), (c, d) in zip(ends_q.unfold(0, 2, 1).tolist(), ends_k.unfold(0, 2, 1).tolist(), strict=True):
        parts = (query[a:b], key[c:d], value[c:d])
        q, k, v = (part.float().transpose(0, 1)[None] for part in parts)
        found.append(functional.scaled_dot_product_attention(q, k, v)[0].transpose(0, 1))
    return torch.cat(found).to(query.dtype)


def test_the_kernel_is_given_the_slides_one_behind_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call fits the kernel's signature and comes to what attention slide by slide comes to, in half precision."""
    torch.manual_seed(0)
    query = torch.randn(sum(COUNTS), QUERIES, HEADS, HEAD_DIM)
    keys, values = torch.randn(2, sum(LENGTHS), HEADS, HEAD_DIM)
    monkeypatch.setattr(varlen, "varlen_attn", stand_in)

    at_once = _attend_at_once(query, keys, values, LENGTHS, COUNTS)

    memory = PatchMemory(torch.empty(sum(LENGTHS), 1), LENGTHS, "keys")
    assert at_once.dtype == torch.float32
    assert_close(at_once, _attend_by_slide(query, keys, values, memory, COUNTS), atol=0.03, rtol=0.03)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_kernel_takes_what_it_is_given(dtype: torch.dtype) -> None:
    """torch's own shape function of the kernel accepts the call, of tensors without numbers."""
    with torch.no_grad():
        query = torch.empty(sum(COUNTS), QUERIES, HEADS, HEAD_DIM, dtype=dtype, device="meta")
        keys, values = torch.empty(2, sum(LENGTHS), HEADS, HEAD_DIM, dtype=dtype, device="meta")

        mixed = _attend_at_once(query, keys, values, LENGTHS, COUNTS)

        assert (mixed.shape, mixed.dtype, mixed.device.type) == (query.shape, dtype, "meta")
