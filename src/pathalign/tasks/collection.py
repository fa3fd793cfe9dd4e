"""From the events of many slides, interleaved as they come, to one result per slide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float16, UInt8

from pathalign.domain.geometry import PatchGrid
from pathalign.domain.records import Outcome
from pathalign.slides.slide_reading import Ended, Event, Finished, Pixels, Planned, ReadRequest, Unchanged


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """The embeddings of one slide and what they were made from."""

    grid: PatchGrid
    """Without the broken patches."""
    embeddings: Float16[np.ndarray, "patch dim"]
    identity: dict[str, Any]
    facts: dict[str, Any]
    computed: Mapping[str, Any]
    """Device, precision and batch: recorded, and may differ within a set."""
    broken: int
    """How many patches were broken and left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlideResult:
    """What became of one slide: embeddings, or a reason why not, or neither where those at hand are still true."""

    request: ReadRequest
    made: Made | None = None
    outcome: Outcome | None = None
    reason: str = ""

    @property
    def is_unchanged(self) -> bool:
        """The embeddings at hand are of this slide as it is."""
        return self.made is None and self.outcome is None


@dataclass(slots=True)
class _UnderWay:
    planned: Planned
    parts: list[Any] = field(default_factory=list)


def collect(
    events: Iterable[tuple[ReadRequest, Event]],
    *,
    encode: Callable[[UInt8[np.ndarray, "batch y x 3"]], Any],
    gather: Callable[[list[Any]], Float16[np.ndarray, "patch dim"]],
    computed: Callable[[], Mapping[str, Any]],
) -> Iterator[SlideResult]:
    """Encode every batch as it comes; `gather` turns what `encode` gave for one slide into its embeddings.

    `computed` is asked when the first slide is done: an encoder may be set up on its first batch.
    `encode` may return before it is done (a GPU, another machine), as long as it has taken its copy of the pixels.
    """
    under_way: dict[str, _UnderWay] = {}
    for request, event in events:
        match event:
            case Planned():
                under_way[request.slide_id] = _UnderWay(event)
            case Pixels():
                under_way[request.slide_id].parts.append(encode(event.rgb))
            case Finished():
                slide = under_way.pop(request.slide_id)
                made = Made(
                    grid=slide.planned.grid.only(np.flatnonzero(event.is_whole)), embeddings=gather(slide.parts),
                    identity=slide.planned.identity, facts=slide.planned.facts, computed=computed(),
                    broken=int((~event.is_whole).sum()),
                )  # fmt: skip
                yield SlideResult(request=request, made=made)
            case Ended():
                under_way.pop(request.slide_id, None)
                yield SlideResult(request=request, outcome=event.outcome, reason=event.reason)
            case Unchanged():
                yield SlideResult(request=request)
