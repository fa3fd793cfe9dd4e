"""What a computation costs, counted without computing it: floating-point operations, and bytes held at a time.

Tensors are fakes, with shapes and types but no numbers, so a step at full size is counted in seconds on any machine;
whole numbers that are made from whole numbers (lengths, places, orders) are kept, since shapes depend on them.
Rounding and kernels are those of CUDA under autocast, as far as memory goes: normalisations in float32, a byte for each
element that dropout may drop, attention that keeps no probabilities.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

aten = torch.ops.aten


@contextmanager
def fakes() -> Iterator[None]:
    """Within, new tensors have no numbers, but for whole ones that follow from whole ones."""
    with FakeTensorMode(allow_non_fake_inputs=True), _WholeNumbersAreReal():
        yield


class _WholeNumbersAreReal(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        whole = not any(isinstance(x, FakeTensor) or x.is_floating_point() for x in tensors)
        made = kwargs.get("dtype")
        if made is not None:
            whole &= not made.is_floating_point
        elif not tensors:
            whole = func.overloadpacket is aten.arange and all(isinstance(x, int) for x in args)
        if whole:
            with unset_fake_temporarily():
                return func(*args, **kwargs)
        if func.overloadpacket in _INDEXING:
            args = (args[0], [part for index in args[1] for part in self._places(index)], *args[2:])
        return func(*args, **kwargs)

    @staticmethod
    def _places(index: Tensor | None) -> list[Tensor | None]:
        """Where a mask is true, for how many places that is decides a shape."""
        if index is None or index.dtype != torch.bool:
            return [index]
        with unset_fake_temporarily():
            return list(index.nonzero().unbind(1))


_INDEXING = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_}


class _AsOnCuda(TorchFunctionMode):
    """With bfloat16 autocast of the CPU around it, keeps what CUDA would keep."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _IN_FLOAT32 and torch.is_autocast_enabled("cpu"):
            args = tuple(x.float() if isinstance(x, Tensor) and x.is_floating_point() else x for x in args)
            with torch.autocast("cpu", enabled=False):
                return func(*args, **kwargs)
        if func is functional.dropout:
            x, p, training = (*args, *(kwargs.get(name) for name in ("p", "training")[len(args) - 1 :]))
            return torch.native_dropout(x, p, True)[0] if training and p else x
        if func is functional.scaled_dot_product_attention:
            kwargs["dropout_p"] = 0.0  # the kernels of CUDA keep a seed, not what they dropped
        return func(*args, **kwargs)


_IN_FLOAT32 = {
    torch.layer_norm, functional.layer_norm, Tensor.softmax, functional.softmax, functional.cross_entropy,
    functional.normalize,
}  # fmt: skip
"""What CUDA's autocast computes in float32 and the CPU's does not."""


@dataclass(slots=True)
class Cost:
    """What happened between the start and the end of `counted`."""

    flops: int = 0
    """A multiplication and an addition are two."""
    held: int = 0
    """Bytes that `mark` found alive, less those before."""
    peak: int = 0
    """Most bytes alive at a time, less those before."""


class _LiveBytes(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: dict[int, tuple[weakref.ref, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # A result that shares its memory with an argument (a view, an operation in place) is not new.
        old = {self._key(x) for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)}
        out = func(*args, **(kwargs or {}))
        for x in tree_leaves(out):
            if isinstance(x, Tensor) and self._key(x) not in old:
                self._add(x)
        return out

    def _key(self, x: Tensor) -> int:
        return x.untyped_storage()._cdata

    def _add(self, x: Tensor) -> None:
        storage, key = x.untyped_storage(), self._key(x)
        if key in self._known:
            return
        size = storage.nbytes()

        def gone(_: weakref.ref) -> None:
            del self._known[key]
            self.now -= size

        self._known[key] = weakref.ref(storage, gone), size
        self.now += size
        self.peak = max(self.peak, self.now)


class Counter:
    """Counts while it is entered."""

    def __init__(self) -> None:
        self.cost = Cost()

    def __enter__(self) -> Counter:
        self._stack = ExitStack()
        self._stack.enter_context(_AsOnCuda())
        self._live = self._stack.enter_context(_LiveBytes())
        self._flops = self._stack.enter_context(FlopCounterMode(display=False, custom_mapping=_FUSED))
        return self

    def __exit__(self, *error: object) -> None:
        self.cost.flops, self.cost.peak = self._flops.get_total_flops(), self._live.peak
        self._stack.close()

    def mark(self) -> None:
        """Note what is alive now, such as what a forward pass left for the backward pass."""
        self.cost.held = self._live.now


def _attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    return sdpa_flop_count(query, key, value)


def _attention_backward(gradient: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    """Five products: the scores are made again."""
    return sdpa_backward_flop_count(gradient, query, key, value)


_FUSED = {
    aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}
"""The counter of torch 2.13 does not know the fused kernels of the CPU."""
