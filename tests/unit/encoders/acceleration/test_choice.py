"""Which way an encoder takes on which CPU, with which packages."""

from __future__ import annotations

import pytest

from pathalign.encoders.acceleration.choice import Route, choose, in_its_place
from pathalign.encoders.acceleration.processor import Processor, listed_features
from pathalign.errors import MissingExtra, NeedsRepair

pytestmark = pytest.mark.unit

AVX2 = Processor(features=frozenset({"avx2"}), bfloat16_speed=0.006)
VNNI = Processor(features=frozenset({"avx2", "avx512f", "avx512_vnni"}), bfloat16_speed=0.01)
AMX = Processor(
    features=frozenset({"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8"}), bfloat16_speed=6.0
)
BARE = frozenset({"torch"})
OPENVINO = frozenset({"torch", "openvino"})
ONNX = frozenset({"torch", "onnxruntime"})
ALL = OPENVINO | ONNX


@pytest.mark.parametrize(
    ("processor", "installed", "asked", "runtime", "precision"),
    [
        (AVX2, BARE, {}, "torch", "float32"),
        (AVX2, ONNX, {}, "torch", "float32"),
        (AVX2, ALL, {}, "openvino", "float32"),
        (AMX, BARE, {}, "torch", "bfloat16"),
        (AMX, ALL, {}, "openvino", "bfloat16"),
        (AMX, ALL, {"runtime": "torch"}, "torch", "bfloat16"),
        (AMX, ALL, {"runtime": "onnxruntime"}, "onnxruntime", "float32"),
        (AMX, ALL, {"precision": "float32"}, "openvino", "float32"),
        (AVX2, ALL, {"runtime": "torch"}, "torch", "float32"),
        (AVX2, ALL, {"precision": "int8"}, "onnxruntime", "int8"),
        (AVX2, OPENVINO, {"precision": "int8"}, "openvino", "int8"),
        (VNNI, ALL, {"precision": "int8"}, "openvino", "int8"),
        (VNNI, ONNX, {"precision": "int8"}, "onnxruntime", "int8"),
        (AMX, ALL, {"precision": "int8", "runtime": "onnxruntime"}, "onnxruntime", "int8"),
    ],
)
def test_the_choice_by_cpu_and_packages(processor, installed, asked, runtime, precision):
    """The table of docs/speed.md; int8 is taken only where it is asked for."""
    route = choose(processor, installed, **asked)

    assert (route.runtime, route.precision) == (runtime, precision)
    assert route.is_plain == ((runtime, precision) == ("torch", "float32"))


@pytest.mark.parametrize(
    ("installed", "asked", "extra"),
    [
        (BARE, {"runtime": "openvino"}, "pathalign[openvino]"),
        (BARE, {"runtime": "onnxruntime"}, "pathalign[onnx]"),
        (BARE, {"precision": "int8"}, "pathalign[onnx]"),
    ],
)
def test_what_is_not_installed_is_named(installed, asked, extra):
    """The message holds the pip command."""
    with pytest.raises(MissingExtra) as caught:
        choose(AVX2, installed, **asked)

    assert f"pip install '{extra}'" in str(caught.value)


@pytest.mark.parametrize(
    "asked",
    [
        {"runtime": "onnxruntime", "precision": "bfloat16"},
        {"runtime": "torch", "precision": "int8"},
    ],
)
def test_a_pair_that_does_not_exist_is_refused(asked):
    """ONNX Runtime has no bfloat16 on CPUs, and torch no int8 that we use."""
    with pytest.raises(NeedsRepair, match="--runtime openvino"):
        choose(AMX, ALL, **asked)


@pytest.mark.parametrize("runtime", [None, "torch", "openvino"])
def test_bfloat16_without_units_is_refused(runtime):
    """It would be a hundred times slower in torch, and float32 under another name in OpenVINO."""
    with pytest.raises(NeedsRepair, match="units"):
        choose(AVX2, ALL, runtime=runtime, precision="bfloat16")


def test_an_encoder_that_may_not_fit_twice_is_not_converted():
    """Four times the weights is what a conversion needs at its height."""
    gib = 1 << 30

    assert choose(AVX2, ALL, weight_bytes=5 * gib, memory_bytes=19 * gib).runtime == "torch"
    assert choose(AVX2, ALL, weight_bytes=5 * gib, memory_bytes=21 * gib).runtime == "openvino"
    assert choose(AVX2, ALL, weight_bytes=5 * gib, memory_bytes=19 * gib, runtime="openvino").runtime == "openvino"


def test_what_is_tried_after_a_way_that_fails():
    """torch in float32 is the last of each, and nothing is tried twice."""
    assert in_its_place(Route(runtime="openvino"), ALL) == (Route(runtime="onnxruntime"), Route())
    assert in_its_place(Route(runtime="openvino"), OPENVINO) == (Route(),)
    assert in_its_place(Route(precision="bfloat16"), ALL) == (Route(),)


def test_units_are_believed_when_they_are_listed_and_fast():
    """A listed unit that a virtual machine emulates is not used, nor a fast product that no list explains."""
    listed = frozenset({"avx512_bf16"})

    assert Processor(features=listed, bfloat16_speed=2.0).has_bfloat16
    assert not Processor(features=listed, bfloat16_speed=0.1).has_bfloat16
    assert not Processor(features=frozenset({"avx2"}), bfloat16_speed=2.0).has_bfloat16
    assert Processor(features=frozenset(), bfloat16_speed=2.0).has_bfloat16, "where the system lists none"


def test_features_are_read_from_what_the_kernel_lists():
    """x86 says `flags`, ARM says `Features`; what does not matter here is left out."""
    x86 = "processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni amx_bf16\n\nprocessor\t: 1\nflags\t\t: fpu sse\n"

    assert listed_features(x86) == {"avx2", "avx512_vnni", "amx_bf16"}
    assert listed_features("Features\t: fp asimddp bf16 i8mm\n") == {"asimddp", "bf16", "i8mm"}
    assert listed_features("") == frozenset()


def test_a_reason_does_not_make_a_route_another():
    """What is plain is so whatever decided it."""
    assert Route(why="OpenVINO is not installed").is_plain


def test_statistics_of_texture_stay_in_torch_unless_something_is_asked_for() -> None:
    """Another runtime needs longer to be set up than a small cohort takes, and no precision below single suits them."""
    assert choose(AMX, ALL, has_statistics=True).is_plain
    assert choose(AMX, ALL, has_statistics=True, precision="float32").is_plain
    assert choose(AVX2, ALL, has_statistics=True, runtime="onnxruntime").runtime == "onnxruntime"
    assert choose(AMX, ALL, has_statistics=True, runtime="torch").is_plain
    assert choose(AMX, ALL, has_statistics=True, runtime="openvino").precision == "float32"
    with pytest.raises(NeedsRepair, match="Leave `--precision` out"):
        choose(AMX, ALL, has_statistics=True, precision="bfloat16")
