"""From options to an encoder that follows them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from pathalign.encoders.acceleration import asking
from pathalign.encoders.acceleration.accelerated import AcceleratedEncoder
from pathalign.encoders.acceleration.asking import accelerated, weight_bytes
from pathalign.encoders.acceleration.gpu import GpuEncoder, batch_by_memory
from pathalign.encoders.acceleration.processor import Processor
from pathalign.encoders.acceleration.verification import probe_patches
from pathalign.errors import NeedsRepair

pytestmark = pytest.mark.unit

PX = 32


@pytest.fixture
def machine(monkeypatch):
    """A CPU with units for bfloat16 and all packages."""
    processor = Processor(features=frozenset({"avx512_bf16", "avx512_vnni"}), bfloat16_speed=4.0)
    monkeypatch.setattr(asking, "this_processor", lambda: processor)
    # Python 3.11 asks every property of what it checks against a protocol, and `computes` would set the encoder up.
    monkeypatch.setattr(AcceleratedEncoder, "_ready", lambda _: None)
    monkeypatch.setattr(asking, "installed_runtimes", lambda: frozenset({"torch", "openvino", "onnxruntime"}))


class _Endpoint:
    """An encoder that is no torch module."""

    def __init__(self, card) -> None:
        self.card = card
        self.device = torch.device("cpu")
        self.computes: Mapping[str, str] = {"runtime": "http"}

    def to(self, device) -> None: ...

    def encode(self, patches):
        return patches


def test_what_nobody_asked_for_may_be_left(encoder, machine):
    """The default may fall back; what was asked for raises instead."""
    chosen, asked = accelerated(encoder, patch_px=PX), accelerated(encoder, patch_px=PX, runtime="onnxruntime")

    assert isinstance(chosen, AcceleratedEncoder)
    assert isinstance(asked, AcceleratedEncoder)
    assert (chosen.route.runtime, chosen.route.precision) == ("openvino", "bfloat16")
    assert [(way.runtime, way.precision) for way in chosen._otherwise] == [
        ("openvino", "float32"), ("onnxruntime", "float32"), ("torch", "float32")
    ]  # fmt: skip
    assert asked._otherwise == ()


def test_the_plain_way_is_the_encoder_itself(encoder, machine):
    """Nothing stands between."""
    assert accelerated(encoder, patch_px=PX, runtime="torch", precision="float32") is encoder


def test_scales_make_another_set(encoder, machine):
    """Other patches to calibrate on are other embeddings; no calibration is asked for where none is needed."""
    first, second = (
        accelerated(encoder, patch_px=PX, precision="int8", calibrate=lambda some=some: some)
        for some in (probe_patches(PX), probe_patches(PX)[:4])
    )
    uncalibrated = accelerated(encoder, patch_px=PX, precision="int8", runtime="onnxruntime")

    assert first.identity["int8"]["runtime"] == "openvino"
    assert first.identity != second.identity
    assert uncalibrated.identity == {"int8": {"runtime": "onnxruntime", "calibration": None}}
    with pytest.raises(NeedsRepair, match="calibrate"):
        accelerated(encoder, patch_px=PX, precision="int8")


def test_an_encoder_with_a_runtime_of_its_own_keeps_it(encoder, machine):
    """The default leaves it alone; an option that it cannot follow is refused with its name."""
    endpoint = _Endpoint(encoder.card)

    assert accelerated(endpoint, patch_px=PX) is endpoint
    with pytest.raises(NeedsRepair, match="tiny brings its own runtime"):
        accelerated(endpoint, patch_px=PX, precision="float32")


def test_compiling_is_for_gpus(encoder, machine):
    """Measured, it gains nothing on a CPU."""
    with pytest.raises(NeedsRepair, match="--compile"):
        accelerated(encoder, patch_px=PX, compiled=True)


def test_on_a_gpu_torch_computes(encoder, monkeypatch):
    """bfloat16 is the torch encoder's own way there; float32 is one that can be asked for."""
    monkeypatch.setattr(type(encoder), "device", property(lambda _: torch.device("cuda")))

    assert accelerated(encoder, patch_px=PX) is encoder
    assert accelerated(encoder, patch_px=PX, precision="bfloat16") is encoder
    plain = accelerated(encoder, patch_px=PX, precision="float32")
    assert isinstance(plain, GpuEncoder)
    assert plain.computes["precision"] == "float32"
    for refused in ({"runtime": "openvino"}, {"precision": "int8"}):
        with pytest.raises(NeedsRepair, match="On a GPU torch computes"):
            accelerated(encoder, patch_px=PX, **refused)


def test_precision_is_that_of_the_autocast(encoder, patches):
    """The GPU's encoder in float32 gives what torch gives, and in bfloat16 nearly."""
    wanted = encoder.encode(patches)

    plain = GpuEncoder(encoder, precision="float32", compiled=False).encode(patches)
    half = GpuEncoder(encoder, precision="bfloat16", compiled=False).encode(patches)

    assert torch.equal(plain, wanted)
    assert not torch.equal(half, wanted)
    assert torch.cosine_similarity(half, wanted).min() > 0.999


@pytest.mark.parametrize(
    ("total", "batch"), [(10, 1), (154, 1), (155, 2), (164, 2), (165, 4), (785, 128), (10**9, 128)]
)
def test_the_batch_that_memory_holds(total, batch):
    """116 for the weights and 4 a patch: the largest power of two that needs at most 0.8 of the whole, at least 1."""
    tried: list[int] = []

    def peak(size: int) -> int:
        tried.append(size)
        return 116 + 4 * size

    assert batch_by_memory(peak, total) == batch
    assert tried == [1, 2], "two trials, both small"


def test_weights_are_counted_in_bytes(encoder):
    """Four to a float, two to a bfloat16."""
    count = sum(weight.numel() for weight in encoder.module.parameters())

    assert weight_bytes(encoder.module) == 4 * count
    assert weight_bytes(encoder.module.bfloat16()) == 2 * count
