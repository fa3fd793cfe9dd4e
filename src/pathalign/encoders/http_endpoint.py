"""An embedding endpoint as a patch encoder: the weights, and the GPU, are with another process or machine.

    http://127.0.0.1:8000/v1?model=NAME&px=224&mpp=0.5

What else the address may say: `api` (openai or infinity), `format` (float or base64), `batch` (patches per request)
and `licence` (of the weights).
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import urllib.parse
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pathalign.encoders.device import sent
from pathalign.encoders.embedding_client import Api, EmbeddingClient, Format
from pathalign.encoders.encoder import EncoderCard
from pathalign.encoders.outside_torch import OutsideTorch
from pathalign.errors import EndpointFailed, NeedsRepair

Choice = TypeVar("Choice", bound=str)

ALLOW_REMOTE = "PATHALIGN_ALLOW_REMOTE"
"""The environment variable that, as 1, says that patches may leave this machine."""
_DEFAULTS: Mapping[str, str] = {
    "model": "", "px": "224", "mpp": "0.5", "api": "openai", "format": "float", "batch": "32", "licence": "unknown",
}  # fmt: skip
_APIS: Mapping[str, Api] = {"openai": "openai", "infinity": "infinity"}
_FORMATS: Mapping[str, Format] = {"float": "float", "base64": "base64"}
_PROBED = 16
"""Numbers of an embedding, spread over it, that tell weights apart."""


class HttpEndpoint(OutsideTorch):
    """Computes wherever the endpoint does; embeddings are put on the device."""

    def __init__(self, client: EmbeddingClient, card: EncoderCard, *, served: str, batch: int) -> None:
        super().__init__(card)
        self.client = client
        self.batch = batch
        self._served = served

    @property
    def computes(self) -> Mapping[str, str]:
        """How it computes, as far as one knows from here."""
        return {"device": "endpoint", "runtime": f"http {self.client.api}", "precision": "as served"}

    def encode(self, patches: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch dim"]:
        """What the endpoint gives, `batch` patches a request; raises `EndpointFailed` and `NeedsRepair`."""
        pixels = sent(patches, torch.device("cpu")).contiguous().numpy()
        found = [np.zeros((0, self._card.embedding_dim), np.float32)]
        for start in range(0, len(pixels), self.batch):
            embeddings, served = self.client.embed(pixels[start : start + self.batch])
            if served != self._served or embeddings.shape[1] != self._card.embedding_dim:
                raise EndpointFailed(
                    f"The endpoint {self.client.place} must stay with one model, and changed from {self._served} "
                    f"({self._card.embedding_dim} numbers) to {served} ({embeddings.shape[1]}). Serve one, and start "
                    "the command again."
                )
            found.append(embeddings)
        return torch.from_numpy(np.concatenate(found)).to(self._device)


def load_http_endpoint(url: str) -> HttpEndpoint:
    """The encoder at an address, after one blank patch went through it.

    Raises `NeedsRepair` for an address that says too little or too much, for a host elsewhere unless
    `PATHALIGN_ALLOW_REMOTE` is 1, and for a refused request; `EndpointFailed` when there is no proper answer.
    """
    client, options = _client(url)
    px, batch = (_integer(options, key, least) for key, least in (("px", 16), ("batch", 1)))
    mpp = _resolution(options["mpp"])
    blank = np.full((1, px, px, 3), 255, dtype=np.uint8)
    (probe,), served = client.embed(blank)
    given = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    taken = [f"{options[key]} {unit} is taken" for key, unit in (("px", "px"), ("mpp", "mpp")) if key not in given]
    unsaid = f"; the address does not say what it was trained for: {', '.join(taken)}" if taken else ""
    card = EncoderCard(
        name=client.model, embedding_dim=len(probe), patch_px=px, patch_mpp=mpp, licence=options["licence"],
        source=f"{client.place}{unsaid}", weights_digest=_digest(served, probe), mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0), pooling="as the endpoint pools",
    )  # fmt: skip
    return HttpEndpoint(client, card, served=served, batch=batch)


def _client(url: str) -> tuple[EmbeddingClient, dict[str, str]]:
    """And what the address says beside; values of keys that are not known are not repeated, for they may be secret."""
    example = "http://127.0.0.1:8000/v1?model=NAME&px=224&mpp=0.5"
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
        given = urllib.parse.parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise NeedsRepair(f"The address of an endpoint cannot be read. It looks like {example}.") from error
    if parts.hostname is None or parts.username is not None or parts.fragment:
        raise NeedsRepair(
            "The address of an endpoint has a host, and neither a user nor a fragment: it is recorded with the "
            f"embeddings. Give it like {example}, and the key in PATHALIGN_ENDPOINT_KEY."
        )
    if unknown := sorted(set(given) - set(_DEFAULTS)):
        raise NeedsRepair(
            f"The address of an endpoint may say {', '.join(_DEFAULTS)}, and this one says {', '.join(unknown)}. Give "
            f"it like {example}, and the key in PATHALIGN_ENDPOINT_KEY."
        )
    options = {**_DEFAULTS, **{key: values[-1] for key, values in given.items() if values[-1]}}
    if not options["model"]:
        raise NeedsRepair(f"The address of an endpoint names the model, and this one does not. Give {example}.")
    _check_host(parts.hostname)
    client = EmbeddingClient(
        scheme=parts.scheme, host=parts.hostname, port=port, model=options["model"],
        path=parts.path.rstrip("/").removesuffix("/embeddings"), api=_choice(options, "api", _APIS),
        encoding=_choice(options, "format", _FORMATS),
    )  # fmt: skip
    return client, options


def _check_host(host: str) -> None:
    try:
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        is_here = False
    if not is_here and os.environ.get(ALLOW_REMOTE) != "1":
        raise NeedsRepair(
            f"Patches of patients are sent to no other machine unasked, and {host} is not this one. If they may go "
            f"there, set {ALLOW_REMOTE}=1."
        )


def _digest(served: str, probe: Float[np.ndarray, dim]) -> str:
    """Hash of the model's name and a few numbers of the probe, to a thousandth of the largest.

    Other weights under the same name show; last bits, which move with the server's batches and GPU, hardly ever do.
    """
    spread = probe[np.linspace(0, len(probe) - 1, min(_PROBED, len(probe))).astype(int)].astype(np.float64)
    rounded = np.round(1000 * spread / max(float(np.abs(probe).max()), 1e-30)).astype(int)
    return hashlib.sha256(json.dumps([served, len(probe), rounded.tolist()]).encode()).hexdigest()[:16]


def _integer(options: Mapping[str, str], key: str, least: int) -> int:
    if not options[key].isdecimal() or int(options[key]) < least:
        raise NeedsRepair(f"In an endpoint's address, {key} is an integer of at least {least}, not {options[key]!r}.")
    return int(options[key])


def _resolution(text: str) -> float:
    try:
        mpp = float(text)
    except ValueError:
        mpp = 0.0
    if not 0.05 <= mpp <= 20:
        raise NeedsRepair(f"In an endpoint's address, mpp lies within 0.05-20 micrometres per pixel, not {text!r}.")
    return mpp


def _choice(options: Mapping[str, str], key: str, choices: Mapping[str, Choice]) -> Choice:
    if options[key] not in choices:
        raise NeedsRepair(f"In an endpoint's address, {key} is {' or '.join(choices)}, not {options[key]!r}.")
    return choices[options[key]]
