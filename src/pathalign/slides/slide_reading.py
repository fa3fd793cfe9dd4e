"""One slide from its path to batches of patches, as events: what a reading process sends to the one that encodes.

Which patches make a batch depends on the slide alone, so the bytes made of it do not depend on who reads it or when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import Outcome
from pathalign.errors import PathAlignError, UnreadableSlide
from pathalign.slides.fingerprint import fingerprint
from pathalign.slides.patch_reading import Room, new_memory, read_patches
from pathalign.slides.patches import plan_patches
from pathalign.slides.regions.geojson import annotations_of_slide
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
    scaled_decode: bool = False
    """Let the JPEG decoder halve."""
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


def read_slide(request: ReadRequest, into: Room = new_memory) -> Iterator[Event]:
    """`Unchanged`, or `Planned`, `Pixels`..., `Finished`; at any point `Ended` instead, which is the last.

    Batches begin where the memory begins that `into` gives. It may be asked again before a batch comes of it: what was
    given before is not used then.
    """
    try:
        identity = identify(request)
        if request.made_from == identity:
            yield Unchanged()
            return
        regions = annotations_of_slide(request.annotations, request.slide_id, classes=request.classes)
        with SlideReader(
            request.path, given_mpp=request.given_mpp, icc=request.icc, scaled_decode=request.scaled_decode
        ) as slide:
            grid = plan_patches(slide, request.spec, request.tissue, annotations=regions)
            facts = {
                "slide_mpp": slide.mpp, "slide_mpp_source": slide.resolution.source, "size_px0": list(slide.size_px0),
                "reader": f"{slide.source.family}/{slide.source.decoder}", "colour": slide.colour,
            }  # fmt: skip
            if slide.resolution.disagrees_with:
                facts["slide_mpp_disagrees_with"] = slide.resolution.disagrees_with
            yield Planned(grid=grid, identity=identity, facts=facts)
            is_whole = np.ones(len(grid), bool)
            for patches in _batches(slide, grid, request, is_whole, into):
                yield Pixels(rgb=patches)
        yield Finished(is_whole=is_whole)
    except (PathAlignError, OSError, MemoryError) as error:
        yield ended_by(error, request.name)


def ended_by(error: PathAlignError | OSError | MemoryError, name: str) -> Ended:
    """How a slide called `name` ends when reading it raises: refused when the user must change something."""
    if isinstance(error, MemoryError):
        reason = (
            f"{name} needs more memory than a reading process may have. If the file is sound, raise `--memory` of "
            "`pathalign embed`."
        )
        return Ended(outcome=Outcome.FAILED, reason=reason)
    if isinstance(error, OSError):
        reason = f"{name}: {error.strerror or error}. Check that the file can be read here, and its disk."
        return Ended(outcome=Outcome.FAILED, reason=reason)
    failed = isinstance(error, UnreadableSlide)
    return Ended(outcome=Outcome.FAILED if failed else Outcome.REFUSED, reason=str(error))


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


def _batches(
    slide: SlideReader, grid: PatchGrid, request: ReadRequest, is_whole: Bool[np.ndarray, " patch"], into: Room
) -> Iterator[UInt8[np.ndarray, "batch y x 3"]]:
    """Batches in the order of the grid; a batch that breaks is read patch by patch and loses only what is broken."""
    start = 0
    while start < len(grid):
        batches = read_patches(slide, grid.only(np.arange(start, len(grid))), batch=request.batch, into=into)
        while start < len(grid):
            try:
                patches = next(batches)
            except UnreadableSlide:
                break
            yield patches
            start += len(patches)
        else:
            return
        places = range(start, min(start + request.batch, len(grid)))
        if len(found := _one_by_one(slide, grid, places, request, is_whole, into)):
            yield found
        start = places.stop


def _one_by_one(
    slide: SlideReader, grid: PatchGrid, places: range, request: ReadRequest, is_whole: Bool[np.ndarray, " patch"],
    into: Room,
) -> UInt8[np.ndarray, "batch y x 3"]:  # fmt: skip
    """The whole patches at `places`; raises `UnreadableSlide` when the slide has more broken ones than it may."""
    px, count = grid.spec.patch_px, 0
    out = into((len(places), px, px, 3))
    for place in places:
        try:
            out[count : count + 1] = next(read_patches(slide, grid.only(np.array([place])), batch=1))
            count += 1
        except UnreadableSlide as error:
            is_whole[place] = False
            broken = int((~is_whole).sum())
            if broken > request.max_broken * len(grid):
                raise UnreadableSlide(
                    f"{error} That is broken patch {broken} of {len(grid)}, and at most {request.max_broken:.1%} may "
                    "be (`--max-broken`)."
                ) from error
    return out[:count]
