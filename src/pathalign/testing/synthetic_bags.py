"""Bags of patch embeddings with known truth, to ask what a slide model can learn and what it cannot.

A slide's diagnosis is composed of organ, histologic type, grade and a focal finding. Its patches are embeddings: tissue
of the organ in proportions that differ from slide to slide, a lesion that takes a given share of them, and a finding in
fewer still, all with noise, and moved by what a laboratory does to a whole slide. A mean over patches therefore drowns
what is small; whoever finds the patches reads the diagnosis. Where the finding lies, beside the lesion or far from it,
changes nothing but the places of patches; with `Diagnoses.with_relation` the text says it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from pathalign.domain.geometry import Bag
from pathalign.domain.records import SlideText, Split
from pathalign.testing.synthetic_diagnoses import Diagnoses, Diagnosis, diagnosis_text

KINDS = 6
"""Kinds of tissue of an organ."""
TISSUE, LESION, GRADE, FINDING = 3.0, 5.0, 4.0, 5.0
"""Lengths of what tells patches apart, in deviations of a patch's noise in each dimension."""
LABORATORY = 0.5
"""Deviation of what moves all patches of a slide, in each dimension."""
LEAST_LESION, LEAST_FINDING = 3, 2
"""Patches, however small the share."""
ADJACENT, APART = 0, 1
_SIDE_PX0, _MPP = 448, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntheticSlide:
    """A slide with its text, and what is true of it."""

    bag: Bag
    text: SlideText
    diagnosis: Diagnosis
    lesion_share: float
    """Asked for; in patches at least `LEAST_LESION`."""
    is_lesion: Bool[np.ndarray, " patch"]
    is_finding: Bool[np.ndarray, " patch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntheticBags:
    """Slides as a pure function of the seed and their number."""

    seed: int = 0
    dim: int = 64
    patches: tuple[int, int] = (500, 10_000)
    """Fewest and most of a slide; drawn evenly by logarithm."""
    lesion_shares: tuple[float, ...] = (0.6, 0.2, 0.05, 0.01, 0.003)
    """Taken in turns."""
    diagnoses: Diagnoses = field(default_factory=Diagnoses)

    def slide(self, number: int, *, split: Split = Split.TRAIN, relation: int | None = None) -> SyntheticSlide:
        """Slide `number`; slides of another split have other noise and the same meaning of every direction.

        With a `relation` the finding lies there, and all else is as without.
        """
        random = np.random.default_rng([self.seed, 1 + list(Split).index(split), number])
        every = self.diagnoses.every()
        diagnosis = every[random.integers(len(every))]
        drawn = int(random.integers(2))
        where = relation if relation is not None else drawn if diagnosis.relation is None else diagnosis.relation
        if diagnosis.relation is not None:
            diagnosis = replace(diagnosis, relation=where)
        share = self.lesion_shares[number % len(self.lesion_shares)]
        low, high = np.log(self.patches)
        count = round(float(np.exp(random.uniform(low, high))))
        lesion = min(count, max(LEAST_LESION, round(share * count)))
        finding = min(count - lesion, max(LEAST_FINDING, lesion // 2)) if diagnosis.finding else 0
        name = f"{split.value}-{number:05d}"
        text = diagnosis_text(name, diagnosis, split, random)

        order = random.permutation(count)  # of roles: the lesion's patches come first in `_places`
        is_lesion, is_finding = order < lesion, (order >= lesion) & (order < lesion + finding)
        xy = _places(count, lesion, finding, where, random)[order]
        embeddings = self._embeddings(diagnosis, is_lesion, is_finding, random)
        bag = Bag(
            slide_id=name, embeddings=embeddings, xy_px0=xy * _SIDE_PX0, slide_mpp=_MPP, side_px0=float(_SIDE_PX0)
        )
        return SyntheticSlide(
            bag=bag, text=text, diagnosis=diagnosis, lesion_share=share, is_lesion=is_lesion, is_finding=is_finding
        )

    def directions(self) -> dict[str, Float[np.ndarray, "*kind dim"]]:
        """What each kind of patch looks like: tissue [organ, kind, dim], type, grade and finding [kind, dim]."""
        sizes = Diagnoses()
        shapes = {
            "tissue": (sizes.organs, KINDS), "type": (sizes.types,), "grade": (sizes.grades,),
            "finding": (sizes.findings,),
        }  # fmt: skip
        lengths = {"tissue": TISSUE, "type": LESION, "grade": GRADE, "finding": FINDING}
        random, found = np.random.default_rng([self.seed, 0]), {}
        for name, shape in shapes.items():
            drawn = random.standard_normal((*shape, self.dim))
            found[name] = lengths[name] * drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)
        return found

    def _embeddings(
        self, diagnosis: Diagnosis, is_lesion: np.ndarray, is_finding: np.ndarray, random: np.random.Generator
    ) -> Float[np.ndarray, "patch dim"]:
        looks = self.directions()
        kinds = random.choice(KINDS, size=len(is_lesion), p=random.dirichlet(np.full(KINDS, 0.7)))
        embeddings = looks["tissue"][diagnosis.organ, kinds]
        embeddings[is_lesion] = looks["type"][diagnosis.type] + looks["grade"][diagnosis.grade]
        embeddings[is_finding] = looks["finding"][diagnosis.finding]
        embeddings += LABORATORY * random.standard_normal(self.dim)
        return (embeddings + random.standard_normal(embeddings.shape)).astype(np.float16)


def _places(
    count: int, lesion: int, finding: int, relation: int, random: np.random.Generator
) -> Int[np.ndarray, "patch 2"]:
    """Columns and rows of a square grid: first those of the lesion, then those of the finding, each in one piece.

    Two sites are drawn alike, at least half the grid's side apart where there are such. The lesion is at the first, the
    finding at its border or at the second, so where the finding is tells by itself nothing of the relation.
    """
    columns = int(np.ceil(np.sqrt(count)))
    xy = np.stack([np.arange(count) % columns, np.arange(count) // columns], axis=1).astype(np.int32)
    pairs = random.integers(count, size=(64, 2))
    gaps = np.linalg.norm(xy[pairs[:, 0]] - xy[pairs[:, 1]], axis=1)
    first, second = pairs[np.argmax(np.minimum(gaps, columns / 2))]
    near = _by_distance(xy, xy[first])
    rest = near[lesion:]
    site = second if relation == APART or not len(rest) else rest[0]
    rest = rest[_by_distance(xy[rest], xy[site])]
    return xy[np.concatenate([near[:lesion], rest[:finding], np.sort(rest[finding:])])]


def _by_distance(xy: Int[np.ndarray, "place 2"], site: Int[np.ndarray, " 2"]) -> Int[np.ndarray, " place"]:
    return np.argsort(np.square(xy - site).sum(1), kind="stable")
