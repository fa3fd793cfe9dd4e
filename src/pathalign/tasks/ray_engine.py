"""A Ray cluster: tasks on CPUs read, actors encode, on GPUs where the cluster has any. The only module that loads ray.

A task embeds one slide. It reads in a process of its own, as the local engine does, so that a slide that hangs or kills
its reader ends the same way; what dies beside that (a node, a task, an encoder) is tried again. Files are written by
the process that called, which alone needs the workspace; slides must be readable under the same path everywhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from jaxtyping import Float16, UInt8

from pathalign.domain.records import Outcome
from pathalign.encoders.encoder import PatchEncoder
from pathalign.errors import MissingExtra
from pathalign.slides.slide_reading import ReadingConfig, ReadRequest
from pathalign.slides.workers.pool import ReadingPool
from pathalign.tasks.collection import SlideResult, collect
from pathalign.tasks.local_engine import computed_by, gathered, half_of

_TRIES = 3
"""How often a slide is tried whose task or encoder dies."""
_LOST = ("WorkerCrashedError", "RayActorError", "NodeDiedError", "ObjectLostError", "OutOfMemoryError")
"""Ray's names for what is nobody's fault; an error in an encoder is somebody's, and ends the run as it does locally."""
_IN_FLIGHT = 4
"""Batches of one slide that an encoder may have before it."""


def run_on_ray(
    requests: Iterable[ReadRequest],
    encoder: PatchEncoder,
    reading: ReadingConfig,
    *,
    patch_px: int,  # noqa: ARG001  the signature of every engine; a task takes it from its request
) -> Iterator[SlideResult]:
    """The result of every slide, in the order in which they are done, computed on the cluster at `RAY_ADDRESS`.

    Without that variable a cluster is started on the cores of this machine and ends with the run.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("`--engine ray` needs Ray. Install it with `pip install 'pathalign[ray]'`.") from error
    with redirect_stdout(sys.stderr):  # where Ray's threads print what they have to say, and stdout is for one document
        _connect(ray)
        try:
            yield from _spread(ray, requests, encoder, reading)
        finally:
            ray.shutdown()


def _connect(ray: Any) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about this machine leaves it
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else Ray warns that a default will change
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    here = {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
    ray.init(log_to_driver=False, logging_level="ERROR", **here)


def _spread(
    ray: Any, requests: Iterable[ReadRequest], encoder: PatchEncoder, reading: ReadingConfig
) -> Iterator[SlideResult]:
    """At most as many slides in flight as there are CPUs left to read them."""
    cpus = int(ray.cluster_resources().get("CPU", 1))
    shared = ray.put(encoder)  # kept until the end: an actor that is started again takes it again
    encoders = _encoders(ray, shared, cpus)
    most = max(1, cpus - len(encoders))
    facts = encoder.card.embedding_dim, ray.get(encoders[0].computed.remote(reading))
    task = ray.remote(num_cpus=1, max_retries=_TRIES, retry_exceptions=[ray.exceptions.RayActorError])(_embed_slide)
    lost = tuple(getattr(ray.exceptions, name) for name in _LOST)
    waiting = zip(requests, cycle(encoders))
    running: dict[Any, ReadRequest] = {}
    for request, chosen in islice(waiting, most):
        running[task.remote(request, chosen, replace(reading, workers=1), *facts)] = request
    while running:
        for done in ray.wait(list(running))[0]:
            request = running.pop(done)
            try:
                result = ray.get(done)
            except lost as error:
                told = f"{request.name} was given up after {_TRIES} retries on the cluster ({type(error).__name__})."
                result = SlideResult(request=request, outcome=Outcome.FAILED, reason=told)
            yield result
            for after, chosen in islice(waiting, 1):
                running[task.remote(after, chosen, replace(reading, workers=1), *facts)] = after


def _encoders(ray: Any, shared: Any, cpus: int) -> list[Any]:
    """One encoder for each GPU of the cluster, or one on its CPUs."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    own_cpus = 1 if cpus > max(1, gpus) else 0  # some CPU must be left for reading
    made = ray.remote(num_cpus=own_cpus, num_gpus=1 if gpus else 0, max_restarts=_TRIES, max_task_retries=_TRIES)(
        _Encoder
    )
    return [made.remote(shared, torch.get_num_threads()) for _ in range(max(1, gpus))]


class _Encoder:
    """An encoder in an actor; Ray shows it one GPU, or none."""

    def __init__(self, encoder: PatchEncoder, threads: int) -> None:
        torch.set_num_threads(threads)  # Ray would have one; the number of threads can move the last bit
        self._encoder = encoder
        encoder.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))

    def encode(self, rgb: UInt8[np.ndarray, "batch y x 3"]) -> Float16[np.ndarray, "patch dim"]:
        return gathered([half_of(self._encoder, rgb.copy())], self._encoder)  # Ray's arrays are read-only

    def computed(self, reading: ReadingConfig) -> dict[str, Any]:
        return computed_by(self._encoder, reading)


def _embed_slide(
    request: ReadRequest, encoder: Any, reading: ReadingConfig, embedding_dim: int, computed: dict[str, Any]
) -> SlideResult:
    """A task: read one slide and have its batches encoded, a few ahead of the answers."""
    import ray

    asked: list[Any] = []

    def encode(rgb: UInt8[np.ndarray, "batch y x 3"]) -> Any:
        if len(asked) >= _IN_FLIGHT:
            ray.wait(asked[-_IN_FLIGHT:], num_returns=1)
        asked.append(encoder.encode.remote(rgb))
        return asked[-1]

    def gather(parts: list[Any]) -> Float16[np.ndarray, "patch dim"]:
        return np.concatenate([np.zeros((0, embedding_dim), np.float16), *ray.get(parts)])

    events = _pool(reading, request.spec.patch_px).read([request])
    return next(collect(events, encode=encode, gather=gather, computed=lambda: computed))


@cache
def _pool(reading: ReadingConfig, patch_px: int) -> ReadingPool:
    """One reading process for each process of Ray's, kept for the next slide; it goes when that goes."""
    return ReadingPool(reading, patch_px=patch_px)
