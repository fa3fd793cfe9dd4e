"""Rounds of patches from slides: a visit reads some patches of one slide at one resolution.

Every epoch visits each slide once at each resolution, in an order drawn from (seed, epoch), and takes other patches
each time, spread evenly over the tissue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from pathalign.domain.geometry import PatchSpec
from pathalign.domain.records import Outcome, Slide
from pathalign.errors import MissingArtifact
from pathalign.slides.slide_reader import COARSEST
from pathalign.slides.slide_reading import Ended, Pixels, ReadingConfig, ReadRequest
from pathalign.slides.tissue.mask import TissueConfig
from pathalign.slides.workers.pool import ReadingPool
from pathalign.train.pathssl.rounds import Lane, PatchSupply


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One reading of one slide."""

    number: int
    """Of all visits since the start."""
    slide: Slide
    mpp: float
    patches: int
    """At most so many."""


class SlidePatches:
    """Reads rounds from slides. One that cannot be read is noted, and the round goes on without it."""

    def __init__(
        self, slides: Sequence[Slide], supply: PatchSupply, *, seed: int, reading: ReadingConfig,
        tissue: TissueConfig | None = None,
    ) -> None:  # fmt: skip
        """Nothing is read yet. Raises `MissingArtifact` when there is no slide for any of the resolutions."""
        self._supply, self._seed = supply, seed
        self._reading, self._tissue = reading, tissue or TissueConfig()
        self._pairs = [(slide, mpp) for slide in slides for mpp in supply.mpps if _is_fine_enough(slide, mpp)]
        self._seen: set[str] = set()
        self._ended: dict[str, Ended] = {}
        if not self._pairs:
            raise MissingArtifact(
                f"The training split holds no slide that can be read at {' or '.join(map(str, supply.mpps))} "
                "micrometres per pixel. Run `pathalign add slides.csv` first, or name coarser ones with `--mpp`."
            )

    @property
    def outcomes(self) -> dict[str, tuple[Outcome, str]]:
        """Slide -> what became of it; ok when it gave a patch at one resolution, though it may be refused at others."""
        ended = {name: (end.outcome, end.reason) for name, end in self._ended.items()}
        return ended | dict.fromkeys(self._seen, (Outcome.OK, ""))

    def visits(self, number: int, *, lanes: int) -> list[Visit]:
        """The visits of a round, at least one per lane."""
        supply, pairs = self._supply, len(self._pairs)
        count = max(lanes, min(supply.round_patches // supply.patches_per_visit, pairs))
        places = range(number * count, (number + 1) * count)
        orders = {
            epoch: np.random.default_rng([self._seed, epoch]).permutation(pairs)
            for epoch in {place // pairs for place in places}
        }
        chosen = [self._pairs[orders[place // pairs][place % pairs]] for place in places]
        patches = max(1, supply.round_patches // count)
        return [
            Visit(number=place, slide=slide, mpp=mpp, patches=patches)
            for place, (slide, mpp) in zip(places, chosen, strict=True)
        ]

    def read(self, number: int, *, lanes: range, of: int) -> dict[int, Lane]:
        """The lanes of a round, every visit in its place whatever the order in which the processes read."""
        mine = {str(v.number): v for v in self.visits(number, lanes=of) if v.number % of in lanes}
        found: dict[str, list[UInt8[np.ndarray, "patch y x 3"]]] = {key: [] for key in mine}
        with ReadingPool(self._reading, patch_px=self._supply.patch_px) as pool:
            for request, event in pool.read(self._request(visit) for visit in mine.values()):
                if isinstance(event, Pixels):
                    found[request.slide_id].append(event.rgb.copy())
                elif isinstance(event, Ended):
                    found[request.slide_id].clear()  # which batches came before it ended is chance
                    self._ended[mine[request.slide_id].slide.slide_id] = event
        dealt = {lane: Lane() for lane in lanes}
        for key, visit in mine.items():
            for part in found[key]:
                dealt[visit.number % of].add(part)
                self._seen.add(visit.slide.slide_id)
        return dealt

    def _request(self, visit: Visit) -> ReadRequest:
        assert visit.slide.path is not None
        seed = int(np.random.SeedSequence([self._seed, visit.number, 1]).generate_state(1)[0])
        spec = PatchSpec(
            patch_px=self._supply.patch_px, patch_mpp=visit.mpp, min_tissue=self._supply.min_tissue,
            max_patches=visit.patches, seed=seed,
        )  # fmt: skip
        return ReadRequest(
            slide_id=str(visit.number), path=visit.slide.path, given_mpp=visit.slide.mpp, spec=spec,
            tissue=self._tissue, batch=self._reading.batch, max_broken=self._reading.max_broken,
        )  # fmt: skip


def _is_fine_enough(slide: Slide, mpp: float) -> bool:
    return slide.path is not None and (slide.mpp is None or slide.mpp <= mpp * COARSEST)
