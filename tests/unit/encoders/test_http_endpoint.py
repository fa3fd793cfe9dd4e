"""Encoders over HTTP: a server on this machine that speaks the protocol, and one that misbehaves."""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import json
import pickle
import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from pathalign.encoders import embedding_client
from pathalign.encoders.encoder import EncoderCard, PatchEncoder
from pathalign.encoders.http_endpoint import load_http_endpoint
from pathalign.encoders.torch_encoder import TorchEncoder
from pathalign.errors import EndpointFailed, NeedsRepair
from pathalign.testing.encoder_contract import EncoderContract

pytestmark = pytest.mark.unit

REAL_CONNECT = socket.socket.connect
CARD = EncoderCard(
    name="conv", embedding_dim=6, patch_px=32, patch_mpp=0.5, licence="CC0", source="test", weights_digest="0"
)  # fmt: skip


class Conv(nn.Module):
    """Means of a strided convolution."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.conv = nn.Conv2d(3, 6, 8, stride=8)

    def forward(self, pixels: Tensor) -> Tensor:
        """One row per patch."""
        return self.conv(pixels).mean((2, 3))


class Service:
    """What the server does, and what it saw."""

    def __init__(self) -> None:
        self.encoder = TorchEncoder(Conv(0), CARD)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.failures: list[int] = []
        """Status of the next answers, in turn; 0 drops the connection."""
        self.turn: Any = lambda answer: answer
        """What is made of a proper answer: another document, or bytes."""
        self.url = ""

    def answer(self, asked: dict[str, Any]) -> Any:
        """The embeddings of PNGs; of a server that batches, in any order."""
        images = [Image.open(io.BytesIO(base64.b64decode(text.split(",", 1)[1]))) for text in asked["input"]]
        assert all(text.startswith("data:image/png;base64,") for text in asked["input"])
        vectors = self.encoder.encode(torch.from_numpy(np.stack([np.array(image) for image in images]))).numpy()
        is_text = asked["encoding_format"] == "base64"
        data = [
            {"object": "embedding", "index": index,
             "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode() if is_text else vector.tolist()}
            for index, vector in enumerate(vectors)
        ]  # fmt: skip
        return self.turn({"object": "list", "model": asked["model"], "data": data[::-1]})


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A server on this machine; connections to anywhere else stay forbidden, and pauses are short."""

    def loopback_only(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] == "127.0.0.1", "a test tried to open a network connection"
        REAL_CONNECT(self, address)

    found = Service()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.keys.append(self.headers["Authorization"])
            found.paths.append(self.path)
            found.asked.append(body)
            status = found.failures.pop(0) if found.failures else 200
            if status == 0:
                return
            content = found.answer(body) if status == 200 else {"error": {"message": f"{self.headers} {body}"}}
            content = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 307:
                self.send_header("Location", "http://127.0.0.1:1/")
            with contextlib.suppress(ConnectionError):  # who does not wait is gone
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    monkeypatch.setattr(socket.socket, "connect", loopback_only)
    monkeypatch.setattr(embedding_client, "FIRST_PAUSE_S", 0.001)
    monkeypatch.delenv("PATHALIGN_ENDPOINT_KEY", raising=False)
    monkeypatch.delenv("PATHALIGN_ALLOW_REMOTE", raising=False)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/v1?model=conv&px=32"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def patches() -> Tensor:
    """Seven random ones."""
    return torch.randint(0, 256, (7, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


class TestEndpoint(EncoderContract):
    """An endpoint keeps the contract."""

    @pytest.fixture(autouse=True)
    def address(self, service: Service) -> None:
        """Where it answers."""
        self.url = service.url

    def encoder(self) -> PatchEncoder:
        """Loaded anew."""
        return load_http_endpoint(self.url)


@pytest.mark.parametrize("how", ["", "&format=base64", "&api=infinity", "&batch=3"])
def test_embeddings_are_those_of_the_served_module(how: str, service: Service, patches: Tensor) -> None:
    """In the order of the patches, though the server answers in another; pixels travel without loss."""
    encoder = load_http_endpoint(service.url + how)

    found = encoder.encode(patches)

    expected = service.encoder.encode(patches)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)
    assert torch.equal(pickle.loads(pickle.dumps(encoder)).encode(patches), found)
    sizes = [3, 3, 1] if how == "&batch=3" else [7]
    assert [len(asked["input"]) for asked in service.asked] == [1, *sizes, *sizes]
    assert all(asked.get("modality") == ("image" if how == "&api=infinity" else None) for asked in service.asked)
    assert set(service.paths) == {"/v1/embeddings"}


def test_the_card_says_what_is_known(service: Service) -> None:
    """The width is probed; what the address leaves open is said. The path may be given whole."""
    card = load_http_endpoint(service.url.replace("/v1", "/v1/embeddings") + "&licence=MIT").card

    assert (card.name, card.embedding_dim, card.patch_px, card.patch_mpp) == ("conv", 6, 32, 0.5)
    assert card.licence == "MIT"
    assert card.source.endswith("/v1; the address does not say what it was trained for: 0.5 mpp is taken")


def test_other_weights_behind_the_name_are_another_digest(service: Service) -> None:
    """And the last bits of the same weights are not."""
    first = load_http_endpoint(service.url).card.weights_digest
    service.encoder.module.conv.weight.data *= 1 + 1e-7
    same = load_http_endpoint(service.url).card.weights_digest
    service.encoder = TorchEncoder(Conv(1), CARD)

    assert same == first != load_http_endpoint(service.url).card.weights_digest


def test_the_key_is_sent_and_shown_nowhere(service: Service, patches: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the card, nor in what is pickled, nor in an error, though the server repeats it."""
    monkeypatch.setenv("PATHALIGN_ENDPOINT_KEY", "s3cret")
    encoder = load_http_endpoint(service.url)
    service.failures = [401]

    with pytest.raises(NeedsRepair, match=r"401 Unauthorized\. Set PATHALIGN_ENDPOINT_KEY") as error:
        encoder.encode(patches)

    assert service.keys == ["Bearer s3cret"] * 2
    shown = (error.value, error.value.__cause__, encoder.card, dict(encoder.computes), pickle.dumps(encoder))
    assert "s3cret" not in repr(shown)


def test_what_passes_is_tried_again(service: Service, patches: Tensor) -> None:
    """A busy server, one that restarts, a dropped connection."""
    encoder = load_http_endpoint(service.url)
    service.failures = [429, 503, 0, 500]

    found = encoder.encode(patches)

    torch.testing.assert_close(found, service.encoder.encode(patches), rtol=1e-5, atol=1e-4)
    assert len(service.asked) == 1 + 5


@pytest.mark.parametrize(
    ("failures", "told"), [([503] * 5, "503 Service Unavailable"), ([0] * 5, "RemoteDisconnected")]
)
def test_what_does_not_pass_ends(failures: list[int], told: str, service: Service, patches: Tensor) -> None:
    """After five tries, with the last reason."""
    encoder = load_http_endpoint(service.url)
    service.failures = list(failures)

    with pytest.raises(EndpointFailed, match=f"in 5 tries did not: at last .*{told}"):
        encoder.encode(patches)

    assert len(service.asked) == 1 + 5


def test_an_answer_that_does_not_come_ends(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try has an end."""
    waiting = threading.Event()
    service.turn = lambda answer: (waiting.wait(5), answer)[1]
    monkeypatch.setattr(embedding_client, "TIME_OUT_S", 0.05)
    monkeypatch.setattr(embedding_client, "TRIES", 2)

    with pytest.raises(EndpointFailed, match=r"at last the connection failed \(TimeoutError\)"):
        load_http_endpoint(service.url)

    waiting.set()


@pytest.mark.parametrize(
    ("status", "told"),
    [(400, "api=infinity"), (404, "most end in /v1"), (413, "batch=8"), (307, "redirects are not followed")],
)
def test_what_is_refused_is_not_tried_again(status: int, told: str, service: Service) -> None:
    """The message says what to change; a redirect could lead patches elsewhere."""
    service.failures = [status]

    with pytest.raises(NeedsRepair, match=f"it answered {status} .*{told}"):
        load_http_endpoint(service.url)

    assert len(service.asked) == 1


def changed(answer: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The answer with other values in its first item."""
    return {**answer, "data": [{**answer["data"][0], **values}, *answer["data"][1:]]}


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        (lambda answer: b"<html>", "with JSON, and it is no JSON"),
        (lambda answer: [answer], "a list `data`"),
        (lambda answer: {**answer, "data": answer["data"][:-1]}, "7 embeddings for 7 patches, and there are 6"),
        (lambda answer: changed(answer, index=0), "each `index` from 0 to 6 once"),
        (lambda answer: changed(answer, index=None), "each `index` from 0 to 6 once"),
        (lambda answer: changed(answer, embedding=[1.0] * 5), "one width, and they have 5, 6"),
        (lambda answer: changed(answer, embedding=[float("nan")] * 6), "finite numbers"),
        (lambda answer: changed(answer, embedding=[1e300] * 6), "finite numbers"),
        (lambda answer: changed(answer, embedding=[[1.0] * 6]), "a list of numbers for each patch, and one is list"),
        (lambda answer: changed(answer, embedding="no base64"), r"one is not \(Error\)"),
        (lambda answer: changed(answer, embedding=None), "one is NoneType"),
        (
            lambda answer: {**answer, "model": "other"},
            r"stay with one model, and changed from conv \(6 numbers\) to other",
        ),
    ],
)
def test_an_answer_that_is_none_is_refused(turn: Any, told: str, service: Service, patches: Tensor) -> None:
    """Nothing is padded, reordered by guess or made finite."""
    encoder = load_http_endpoint(service.url)
    service.turn = turn

    with pytest.raises(EndpointFailed, match=told):
        encoder.encode(patches)


@pytest.mark.parametrize("host", ["inference.hospital.org", "10.0.0.7", "localhost.example.org"])
def test_patches_leave_the_machine_only_when_allowed(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is tried before that."""
    monkeypatch.setattr(embedding_client, "TRIES", 1)
    monkeypatch.delenv("PATHALIGN_ALLOW_REMOTE", raising=False)
    with pytest.raises(NeedsRepair, match=f"{host} is not this one.*PATHALIGN_ALLOW_REMOTE=1"):
        load_http_endpoint(f"https://{host}/v1?model=m")

    asked: list[str] = []

    def post(self: embedding_client.EmbeddingClient, body: bytes) -> Any:
        asked.append(self.host)
        return 404, "", b""

    monkeypatch.setattr(embedding_client.EmbeddingClient, "_post", post)
    monkeypatch.setenv("PATHALIGN_ALLOW_REMOTE", "1")
    with pytest.raises(NeedsRepair, match="404"):
        load_http_endpoint(f"https://{host}/v1?model=m")
    assert asked == [host]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:8000/v1", "names the model"),
        ("http://127.0.0.1:8000/v1?model=m&px=8", "px is an integer of at least 16, not '8'"),
        ("http://127.0.0.1:8000/v1?model=m&mpp=nan", "mpp lies within 0.05-20"),
        ("http://127.0.0.1:8000/v1?model=m&api=tei", "api is openai or infinity, not 'tei'"),
        ("http://127.0.0.1:8000/v1?model=m&api_key=s3cret", "this one says api_key"),
        ("http://me:s3cret@127.0.0.1/v1?model=m", "neither a user nor a fragment"),
        ("http://127.0.0.1:x/v1?model=m", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str, told: str) -> None:
    """And nothing that may be secret is repeated."""
    with pytest.raises(NeedsRepair, match=told) as error:
        load_http_endpoint(url)

    assert "s3cret" not in str(error.value)
