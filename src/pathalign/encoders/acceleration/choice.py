"""Which runtime and precision: by rules, for a stopwatch would choose now this and now that, and bits would move.

The rules are from what benchmarks/encode.py measures; docs/speed.md has its table.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

from pathalign.encoders.acceleration.processor import Processor
from pathalign.errors import MissingExtra, NeedsRepair

Runtime = Literal["torch", "openvino", "onnxruntime"]
Precision = Literal["float32", "bfloat16", "int8"]
RUNTIMES: tuple[Runtime, ...] = ("torch", "openvino", "onnxruntime")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
EXTRA = {"openvino": "openvino", "onnxruntime": "onnx"}
"""What to install for a runtime: `pip install 'pathalign[...]'`."""
_ASK = {"openvino": ("openvino", "nncf"), "onnxruntime": ("onnxruntime", "onnx", "onnxscript")}
_COPIES = 4
"""Of the weights, at the height of a conversion: torch's, the graph's, the runtime's own layout, and some room."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A way to compute an encoder on a CPU."""

    runtime: Runtime = "torch"
    precision: Precision = "float32"
    why: str = ""
    """For people: what decided."""

    @property
    def is_plain(self) -> bool:
        """Whether it is what a torch encoder does of itself."""
        return self.runtime == "torch" and self.precision == "float32"


def installed_runtimes() -> frozenset[Runtime]:
    """Those of which every package can be found; nothing is imported."""
    found = {name for name, asked in _ASK.items() if all(importlib.util.find_spec(module) for module in asked)}
    return frozenset(name for name in RUNTIMES if name == "torch" or name in found)


def choose(
    processor: Processor, installed: frozenset[Runtime], *, runtime: Runtime | None = None,
    precision: Precision | None = None, weight_bytes: int = 0, memory_bytes: int | None = None,
    has_statistics: bool = False,
) -> Route:  # fmt: skip
    """The fastest way that is exact enough; `runtime` and `precision` fix what the user wants.

    None leaves a choice. int8 is never chosen, only asked for. With `memory_bytes` (of the whole machine, so that the
    answer stays) an encoder too large to be converted stays in torch. So does one that describes patches by statistics
    of texture: they divide by variances that can be nearly nothing, where another order of additions shows and bfloat16
    has no digits for them, and to set a runtime up takes longer than so small an encoder takes for a small cohort.
    Raises `MissingExtra`, and `NeedsRepair` for a pair that does not exist.
    """
    if runtime is not None and runtime not in installed:
        raise MissingExtra(f"--runtime {runtime} needs `pip install 'pathalign[{EXTRA[runtime]}]'`.")
    if precision == "int8":
        return _int8(processor, installed, runtime)
    if runtime == "onnxruntime" and precision == "bfloat16":
        raise NeedsRepair("ONNX Runtime has no bfloat16 on CPUs. Use `--runtime openvino` or `--runtime torch` for it.")
    if precision == "bfloat16" and not processor.has_bfloat16:
        raise NeedsRepair(
            f"--precision bfloat16 needs a CPU with units for it; here it has {processor.bfloat16_speed:.2f} times "
            "the speed of float32. Leave `--precision` out, or use a GPU."
        )
    if has_statistics:
        if precision == "bfloat16":
            raise NeedsRepair(
                "An encoder of texture statistics divides by variances that bfloat16 has no digits for. Leave "
                "`--precision` out; `--runtime onnxruntime` is its faster way."
            )
        if runtime in (None, "torch"):
            return Route(
                why="statistics of texture are exact in torch at once; `--runtime onnxruntime` pays for many slides"
            )
        precision = "float32"
    if precision is None:
        has = processor.has_bfloat16 and runtime != "onnxruntime"
        precision, because = ("bfloat16", "the CPU has units for it") if has else ("float32", "no bfloat16 units")
    else:
        because = "asked for"
    if runtime is not None:
        return Route(runtime=runtime, precision=precision, why=f"{runtime} was asked for; {precision}: {because}")
    if memory_bytes is not None and _COPIES * weight_bytes > memory_bytes:
        return Route(precision=precision, why="too large to be converted in this machine's memory")
    if "openvino" in installed:
        return Route(runtime="openvino", precision=precision, why=f"OpenVINO is installed; {precision}: {because}")
    return Route(precision=precision, why=f"OpenVINO is not installed; {precision}: {because}")


def in_its_place(route: Route, installed: frozenset[Runtime]) -> tuple[Route, ...]:
    """What is tried, in order, where a chosen `route` turns out not to be exact enough or not possible.

    First the same runtime in float32, then ONNX Runtime, then torch.
    """
    others: list[Route] = []
    if route.runtime == "openvino":
        others += [Route(runtime="openvino")] if route.precision != "float32" else []
        others += [Route(runtime="onnxruntime")] if "onnxruntime" in installed else []
    return (*others, Route())


def _int8(processor: Processor, installed: frozenset[Runtime], runtime: Runtime | None) -> Route:
    """With units for bytes calibrated OpenVINO is fastest, without them ONNX Runtime's own products of bytes are."""
    if runtime == "torch":
        raise NeedsRepair("torch has no int8 path here. Use `--runtime openvino` or `--runtime onnxruntime` for it.")
    order: tuple[Runtime, ...] = ("openvino", "onnxruntime") if processor.has_int8 else ("onnxruntime", "openvino")
    units = "the CPU has units for bytes" if processor.has_int8 else "the CPU has no units for bytes"
    for name in order if runtime is None else (runtime,):
        if name in installed:
            return Route(runtime=name, precision="int8", why=f"int8 was asked for, {units}")
    raise MissingExtra(f"--precision int8 needs `pip install 'pathalign[{EXTRA[order[0]]}]'` on this machine.")
