"""An encoder gives the same embeddings whatever computes them."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest
import torch
from torch import nn

from pathalign.encoders.acceleration import accelerated, verification
from pathalign.encoders.acceleration.accelerated import AcceleratedEncoder, NotExact
from pathalign.encoders.acceleration.choice import Route
from pathalign.encoders.acceleration.graph import NotExportable
from pathalign.encoders.acceleration.onnx_export import write_onnx
from pathalign.encoders.acceleration.onnx_runtime import OnnxSession
from pathalign.encoders.encoder import PatchEncoder
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.errors import BadModelFolder

pytestmark = [pytest.mark.unit, pytest.mark.slow]

PX = 32
ROUTES = {
    "openvino": Route(runtime="openvino"),
    "onnxruntime": Route(runtime="onnxruntime"),
    "bfloat16": Route(precision="bfloat16"),
    "openvino int8": Route(runtime="openvino", precision="int8"),
    "onnxruntime int8": Route(runtime="onnxruntime", precision="int8"),
}


@pytest.fixture(scope="module", params=ROUTES)
def fast(request, make_encoder) -> AcceleratedEncoder:
    """Each way once: setting one up is what takes time."""
    route = ROUTES[request.param]
    calibration = verification.probe_patches(PX) if route.precision == "int8" else None
    return AcceleratedEncoder(make_encoder(), route, patch_px=PX, calibration=calibration)


def test_embeddings_are_those_of_torch(fast, encoder, patches):
    """To rounding in float32; to the cosine that a route is held to in fewer bits."""
    wanted, found = encoder.encode(patches), fast.encode(patches)

    assert isinstance(fast, PatchEncoder)
    assert found.dtype == torch.float32
    if fast.route.precision == "float32":
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    else:
        assert not torch.equal(found, wanted)
        least = 0.9998 if fast.route.precision == "bfloat16" else 0.99
        assert torch.cosine_similarity(found, wanted).min() >= least
    assert fast.cosine == pytest.approx(1, abs=0.01)


def test_a_patch_is_embedded_the_same_alone_and_in_company(fast, patches):
    """Whatever the scale of activations is taken from, it is not a neighbour."""
    together, alone = fast.encode(patches), torch.cat([fast.encode(patch[None]) for patch in patches])

    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-5)


def test_what_computes_is_told(fast):
    """Provenance names the runtime with its version, and the precision."""
    told = fast.computes

    assert told["precision"] == fast.route.precision
    assert told["runtime"].split()[0] == fast.route.runtime
    assert (fast.route.runtime == "torch") == (len(told["runtime"].split()) == 1)
    assert set(fast.identity) == ({"int8"} if fast.route.precision == "int8" else set())


def test_it_travels_unready_and_is_the_same_where_it_arrives(encoder, patches):
    """A cluster pickles encoders; what a runtime compiled stays behind and is made again."""
    fast = AcceleratedEncoder(encoder, Route(precision="bfloat16"), patch_px=PX, tell=lambda _: None)
    wanted = fast.encode(patches)

    arrived = pickle.loads(pickle.dumps(fast))

    assert arrived._run is None
    assert torch.equal(arrived.encode(patches), wanted)


def test_patches_of_another_size_go_through_torch(encoder):
    """A graph is of one size, and the module may take any."""
    larger = torch.zeros(1, 2 * PX, 2 * PX, 3, dtype=torch.uint8)
    fast = AcceleratedEncoder(encoder, Route(precision="bfloat16"), patch_px=PX)

    assert torch.equal(fast.encode(larger), encoder.encode(larger))


def test_a_way_that_is_not_exact_enough_is_left_or_refused(encoder, patches, monkeypatch):
    """Left with a word where nobody asked for it, refused where somebody did."""
    monkeypatch.setattr(accelerated, "least_cosine", lambda *_: 0.9997)
    told: list[str] = []
    asked = AcceleratedEncoder(encoder, Route(precision="bfloat16"), patch_px=PX)
    chosen = AcceleratedEncoder(
        encoder, Route(precision="bfloat16"), patch_px=PX, otherwise=[Route()], tell=told.append
    )

    with pytest.raises(NotExact, match=r"0\.99970"):
        asked.encode(patches)
    assert torch.equal(chosen.encode(patches), encoder.encode(patches))
    assert len(told) == 1
    assert "float32" in told[0]
    assert chosen.computes == encoder.computes


class _Branching(nn.Module):
    """What it computes depends on the pixels, which no graph can say."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, pixels):
        mean = pixels.mean((2, 3)) * self.weight
        return mean if float(mean.sum()) > 0 else mean + 1


def test_a_module_that_cannot_be_exported_is_left_or_refused(encoder):
    """The message says what to use instead."""
    branching = TorchEncoder(_Branching(), encoder.card)
    patches = torch.ones(2, PX, PX, 3, dtype=torch.uint8)
    asked = AcceleratedEncoder(branching, Route(runtime="openvino"), patch_px=PX)
    chosen = AcceleratedEncoder(branching, Route(runtime="openvino"), patch_px=PX, otherwise=[Route()])

    with pytest.raises(NotExportable, match="--runtime torch"):
        asked.encode(patches)
    assert chosen.encode(patches).tolist() == [[1.0] * 3] * 2


def test_an_exported_file_names_no_folder_and_takes_any_batch(encoder, patches, tmp_path):
    """Exporters note the source line of every operator; where the project lies is nobody's business."""
    path = tmp_path / "tiny.onnx"
    write_onnx(encoder.module, path, patch_px=PX)

    session = OnnxSession(path, threads=1)

    assert b"/pathalign/" not in path.read_bytes()
    assert session.inputs == {"pixels": (None, 3, PX, PX)}
    assert session.outputs == {"embedding": (None, 48)}
    assert session.input_type == "tensor(float)"


def test_a_damaged_file_is_refused(tmp_path):
    """With its name, without its folder."""
    path = tmp_path / "encoder.onnx"
    path.write_bytes(b"not a protobuf")

    with pytest.raises(BadModelFolder) as caught:
        OnnxSession(path, threads=1)
    assert str(caught.value).startswith("encoder.onnx ")
    assert str(tmp_path) not in str(caught.value)


def test_the_analytics_of_openvino_are_not_loaded():
    """Neither OpenVINO nor NNCF can report to anybody: their reporter is not importable in a process of ours."""
    script = (
        "import json, sys, torch\n"
        "from pathalign.encoders.acceleration.openvino_runtime import version\n"
        "from pathalign.encoders.acceleration.openvino_int8 import quantiser\n"
        "version(); quantiser(torch.zeros(1, 32, 32, 3, dtype=torch.uint8))\n"
        "loaded = [n for n, m in sys.modules.items() if n.startswith('openvino_telemetry') and m is not None]\n"
        "print(json.dumps([loaded, 'nncf' in sys.modules, 'openvino' in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert json.loads(out) == [[], True, True]
