"""One slide from its path to batches of patches, as events: what a reading process sends to the one that encodes.

Which patches make a batch depends on the slide alone, so the bytes made of it do not depend on who reads it or when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import MissingArtifact, PathAlignError, UnreadableSlide
from pathalign.slides.fingerprint import fingerprint
from pathalign.slides.patch_reading import read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.regions.annotations import Annotations
from pathalign.slides.regions.geojson import read_annotations
from pathalign.slides.slide_reader import SlideReader
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.store.artifact import digest_file


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingConfig:
    """How slides are read; nothing here changes what is read, but `batch` within rounding of the encoder."""

    workers: int = 0
    """Processes that read; 0 reads in the process that encodes, without the protection of another process."""
    batch: int = 32
    """Patches per call of the encoder; on a CPU larger ones are no faster."""
    timeout_s: float = 300.0
    """A reading process that sends nothing for so long is stopped, and its slide is `timed out`."""
    max_broken: float = 0.01
    """Largest share of a slide's patches that may be broken and left out; above it the slide fails."""
    memory_gib: float = 8.0
    """What a reading process may allocate: a malicious file must not take the machine down."""

    def __post_init__(self) -> None:
        if self.workers < 0 or self.batch < 1:
            raise ValueError(f"workers must be at least 0 and batch at least 1, got {self.workers} and {self.batch}.")
        if not self.timeout_s > 0 or not self.memory_gib > 0:
            raise ValueError(f"timeout and memory must be above 0, got {self.timeout_s} and {self.memory_gib}.")
        if not 0 <= self.max_broken < 1:
            raise ValueError(f"max_broken must be a share of at least 0 and below 1, got {self.max_broken}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadRequest:
    """What is asked of one slide."""

    slide_id: str
    path: Path
    given_mpp: float | None
    spec: PatchSpec
    tissue: TissueConfig
    batch: int
    max_broken: float
    icc: bool = False
    """Turn colours into sRGB by the slide's own profile."""
    annotations: Path | None = None
    """GeoJSON of the regions that patches must lie within; None takes all tissue."""
    classes: tuple[str, ...] = ()
    """Only annotations of these classes; empty means all."""
    made_from: Mapping[str, Any] | None = None
    """The `identity` that the embeddings at hand were made from; when it is still true, no pixel is read."""

    @property
    def name(self) -> str:
        """The file's own name, for messages."""
        return self.path.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchanged:
    """The embeddings at hand are of this slide as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """The slide is open and its grid planned; its batches follow."""

    grid: PatchGrid
    identity: dict[str, Any]
    """What the slide is: when this is equal, it need not be read again."""
    facts: dict[str, Any]
    """What was found in the file and is recorded with the embeddings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixels:
    """One batch of patches. The array may be shared memory: it is true until the next event is asked for."""

    rgb: UInt8[np.ndarray, "batch y x 3"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """All batches were sent."""

    is_whole: Bool[np.ndarray, " patch"]
    """False for the patches of the grid that are broken and were not sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The slide ended without embeddings."""

    outcome: Outcome
    reason: str


Event = Unchanged | Planned | Pixels | Finished | Ended


def read_slide(request: ReadRequest) -> Iterator[Event]:
    """`Unchanged`, or `Planned`, `Pixels`..., `Finished`; at any point `Ended` instead, which is the last."""
    try:
        identity = identify(request)
        if request.made_from == identity:
            yield Unchanged()
            return
        with _Reopenable(request) as open_slide:
            slide = open_slide.reader
            grid = plan_patches(slide, request.spec, request.tissue, annotations=_annotations(request))
            facts = {
                "slide_mpp": slide.mpp, "slide_mpp_source": slide.resolution.source, "size_px0": list(slide.size_px0),
                "reader": f"{slide.source.family}/{slide.source.decoder}", "colour": slide.colour,
            }  # fmt: skip
            yield Planned(grid=grid, identity=identity, facts=facts)
            is_whole = np.ones(len(grid), bool)
            for patches in _batches(open_slide, grid, request, is_whole):
                yield Pixels(rgb=patches)
        yield Finished(is_whole=is_whole)
    except MemoryError:
        yield Ended(
            outcome=Outcome.FAILED,
            reason=f"{request.name} needs more memory than a reading process may have. If the file is sound, raise "
            "`--memory`.",
        )
    except (PathAlignError, OSError) as error:
        failed = isinstance(error, UnreadableSlide | OSError)
        reason = f"{request.name}: {error.strerror or error}" if isinstance(error, OSError) else str(error)
        yield Ended(outcome=Outcome.FAILED if failed else Outcome.REFUSED, reason=reason)


def identify(request: ReadRequest) -> dict[str, Any]:
    """What the embeddings of a slide depend on beside the parameters of the set; `OSError` when it cannot be read."""
    if not request.path.exists():
        raise UnreadableSlide(
            f"{request.name} is not there. Correct its `path` in slides.csv; paths are relative to it."
        )
    regions = request.annotations
    return {
        "slide_fingerprint": fingerprint(request.path), "given_mpp": request.given_mpp,
        "annotations": digest_file(regions) if regions is not None and regions.is_file() else None,
    }  # fmt: skip


def _annotations(request: ReadRequest) -> Annotations | None:
    if request.annotations is None:
        return None
    if not request.annotations.is_file():
        raise MissingArtifact(
            f"{request.slide_id} has no annotations: no {request.annotations.name} is in the folder of "
            "`--annotations`. Export them, or run without that option."
        )
    return read_annotations(request.annotations, classes=request.classes)


def _opened(request: ReadRequest) -> SlideReader:
    return SlideReader(request.path, given_mpp=request.given_mpp, icc=request.icc)


class _Reopenable:
    """An open slide that can be opened anew: after its first error an OpenSlide handle refuses whatever is sound."""

    def __init__(self, request: ReadRequest) -> None:
        self._request = request
        self._stack = ExitStack()
        self.reopen()

    def reopen(self) -> None:
        self._stack.close()
        self.reader = self._stack.enter_context(_opened(self._request))

    def __enter__(self) -> _Reopenable:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _batches(
    open_slide: _Reopenable, grid: PatchGrid, request: ReadRequest, is_whole: Bool[np.ndarray, " patch"]
) -> Iterator[UInt8[np.ndarray, "batch y x 3"]]:
    """Batches in the order of the grid; a batch that breaks is read patch by patch and loses only what is broken."""
    start = 0
    while start < len(grid):
        batches = read_patches(open_slide.reader, grid.only(np.arange(start, len(grid))), batch=request.batch)
        while start < len(grid):
            try:
                patches = next(batches)
            except UnreadableSlide:
                break
            yield patches
            start += len(patches)
        else:
            return
        stop = min(start + request.batch, len(grid))
        if found := _one_by_one(open_slide, grid, range(start, stop), request, is_whole):
            yield np.concatenate(found)
        start = stop


def _one_by_one(
    open_slide: _Reopenable, grid: PatchGrid, places: range, request: ReadRequest, is_whole: Bool[np.ndarray, " patch"]
) -> list[UInt8[np.ndarray, "1 y x 3"]]:
    """The whole patches at `places`; raises `UnreadableSlide` when the slide has more broken ones than it may."""
    found = []
    open_slide.reopen()
    for place in places:
        try:
            found.append(next(read_patches(open_slide.reader, grid.only(np.array([place])), batch=1)))
        except UnreadableSlide as error:
            is_whole[place] = False
            broken = int((~is_whole).sum())
            if broken > request.max_broken * len(grid):
                raise UnreadableSlide(
                    f"{error} That is broken patch {broken} of {len(grid)}, and at most {request.max_broken:.1%} may "
                    "be (`--max-broken`)."
                ) from error
            open_slide.reopen()
    return found
