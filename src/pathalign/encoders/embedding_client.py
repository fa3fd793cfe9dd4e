"""Patches to an OpenAI-style `POST /embeddings` and back: what travels, and what to do when it does not.

Two shapes are spoken: the plain one of OpenAI, `input` a list of strings, here data URIs of lossless PNG; and that of
infinity, which also wants `"modality": "image"`. Redirects and proxies are not followed: patches go to one host.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import io
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from pathalign.errors import EndpointFailed, NeedsRepair

KEY = "PATHALIGN_ENDPOINT_KEY"
"""The environment variable with the endpoint's key; read at each request, kept nowhere."""
TRIES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Before the second try, doubled for each after it; and the most that a server's `Retry-After` is given."""
TIME_OUT_S = 120.0
"""For each answer: the first may load a model."""

Api = Literal["openai", "infinity"]
Format = Literal["float", "base64"]

_HINTS: Mapping[int, str] = {
    400: "Check `model` and `api` in the address (`&api=infinity` for infinity), and that the model takes images",
    401: f"Set {KEY} to the endpoint's key",
    403: f"Set {KEY} to a key that may use this model",
    404: "Check the address (most end in /v1) and `model` in it",
    413: "Send fewer patches at once: `&batch=8`",
    422: "Check `model` and `api` in the address (`&api=infinity` for infinity), and that the model takes images",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddingClient:
    """One model at one endpoint."""

    scheme: str
    host: str
    port: int | None
    path: str
    """Of the base, without `/embeddings`."""
    model: str
    api: Api = "openai"
    encoding: Format = "float"

    @property
    def place(self) -> str:
        """The base address, in which there is no key."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port is None else f':{self.port}'}{self.path}"

    def embed(self, patches: UInt8[np.ndarray, "patch height width 3"]) -> tuple[Float[np.ndarray, "patch dim"], str]:
        """An embedding for each, in order, from one request; and the model that the server says it used.

        Raises `NeedsRepair` when the server refuses the request, and `EndpointFailed` when it does not answer after
        all tries, or answers something else than one finite embedding of one width per patch.
        """
        images = [f"data:image/png;base64,{base64.b64encode(_png(patch)).decode()}" for patch in patches]
        asked: dict[str, Any] = {"model": self.model, "input": images, "encoding_format": self.encoding}
        if self.api == "infinity":
            asked["modality"] = "image"
        return self._read(self._answer(json.dumps(asked).encode()), len(images))

    def _answer(self, body: bytes) -> bytes:
        """The body of the answer, of as many tries as it takes."""
        pause, why = FIRST_PAUSE_S, ""
        for tried in range(TRIES):
            if tried:
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            try:
                status, retry_after, content = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                why = f"the connection failed ({type(error).__name__})"
                continue
            if status == 200:
                return content
            why = f"it answered {status} {http.client.responses.get(status, '')}".strip()
            if status != 429 and status < 500:
                hint = _HINTS.get(status, "Give the address that answers itself; redirects are not followed")
                raise NeedsRepair(f"The endpoint {self.place} must take patches for {self.model}, but {why}. {hint}.")
            if retry_after.isdigit():
                pause = min(max(pause, float(retry_after)), LONGEST_PAUSE_S)
        raise EndpointFailed(
            f"The endpoint {self.place} must answer for each batch, and in {TRIES} tries did not: at last {why}. See "
            "that it runs, then go on with the same command: what is embedded is kept."
        )

    def _post(self, body: bytes) -> tuple[int, str, bytes]:
        kind = http.client.HTTPSConnection if self.scheme == "https" else http.client.HTTPConnection
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := os.environ.get(KEY, "").strip():
            headers["Authorization"] = f"Bearer {key}"
        connection = kind(self.host, self.port, timeout=TIME_OUT_S)
        try:
            connection.request("POST", f"{self.path}/embeddings", body, headers)
            response = connection.getresponse()
            return response.status, response.headers.get("Retry-After", ""), response.read()
        finally:
            connection.close()

    def _read(self, content: bytes, count: int) -> tuple[Float[np.ndarray, "patch dim"], str]:
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise self._wrong("JSON", f"it is no JSON ({len(content)} bytes)") from error
        items = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._wrong("a list `data` of embeddings", "there is none")
        if len(items) != count:
            raise self._wrong(f"{count} embeddings for {count} patches", f"there are {len(items)}")
        numbers = [item.get("index") for item in items]
        if not all(type(number) is int for number in numbers) or sorted(numbers) != list(range(count)):
            raise self._wrong(f"each `index` from 0 to {count - 1} once", "they are others")
        vectors = [self._vector(item.get("embedding")) for item in sorted(items, key=lambda item: item["index"])]
        if len(widths := sorted({len(vector) for vector in vectors})) != 1:
            raise self._wrong("embeddings of one width", f"they have {', '.join(map(str, widths))}")
        found = np.stack(vectors)
        if not np.isfinite(found).all():
            raise self._wrong("finite numbers", "some are not")
        return found, str(answer.get("model") or self.model)

    def _vector(self, given: Any) -> Float[np.ndarray, dim]:
        """From numbers, or from base64 of float32 with the lowest byte first."""
        try:
            if isinstance(given, str):
                return np.frombuffer(base64.b64decode(given, validate=True), "<f4").astype(np.float32)
            if isinstance(given, Sequence) and given and all(type(number) in (int, float) for number in given):
                with np.errstate(over="ignore"):  # what becomes infinite is refused with the rest
                    return np.array(given, dtype=np.float64).astype(np.float32)
        except (binascii.Error, ValueError, OverflowError) as error:
            raise self._wrong(f"embeddings as {self.encoding}", f"one is not ({type(error).__name__})") from error
        raise self._wrong("a list of numbers for each patch", f"one is {type(given).__name__}")

    def _wrong(self, rule: str, seen: str) -> EndpointFailed:
        return EndpointFailed(
            f"The endpoint {self.place} must answer with {rule}, and {seen}. See that {self.model} is served there as "
            "a model of images that gives one embedding for each."
        )


def _png(patch: UInt8[np.ndarray, "height width 3"]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(patch).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
