"""Bags of patch embeddings with known truth, to ask what a slide model can learn and what it cannot.

A slide's diagnosis is composed of organ, histologic type, grade and a focal finding. Its patches are embeddings: tissue
of the organ in proportions that differ from slide to slide, a lesion that takes a given share of them, and a finding in
fewer still, all with noise, and moved by what a laboratory does to a whole slide. A mean over patches therefore drowns
what is small; whoever finds the patches reads the diagnosis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pathalign.domain.geometry import Bag
from pathalign.domain.records import SlideText, Split

ORGANS = ("Colon", "Lung", "Breast", "Prostate")
TYPES = (
    ("adenocarcinoma", "glandular carcinoma"), ("squamous cell carcinoma", "epidermoid carcinoma"),
    ("small cell carcinoma", "oat cell carcinoma"), ("carcinoid tumour", "neuroendocrine tumour"),
)  # fmt: skip
"""Each in two wordings, of which the first is that of generation texts."""
GRADES = (("low grade", "well differentiated"), ("high grade", "poorly differentiated"))
FINDINGS = ("", "Necrosis is present.", "Perineural invasion is present.", "Lymphovascular invasion is present.")
UNSEEN = (
    "The specimen measures {} mm.", "Margins are free by {} mm.", "History of resection {} years ago.",
    "{} lymph nodes were submitted.",
)  # fmt: skip
"""Facts that no patch shows."""
KINDS = 6
"""Kinds of tissue of an organ."""
TISSUE, LESION, GRADE, FINDING = 3.0, 5.0, 4.0, 5.0
"""Lengths of what tells patches apart, in deviations of a patch's noise."""
LABORATORY = 0.5
"""Deviation of what moves all patches of a slide, in each dimension."""
LEAST_LESION, LEAST_FINDING = 3, 2
"""Patches, however small the share."""
_SIDE_PX0, _MPP = 448, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Places in `ORGANS`, `TYPES`, `GRADES` and `FINDINGS`."""

    organ: int
    type: int
    grade: int
    finding: int

    @property
    def text(self) -> str:
        """The one wording of generation texts."""
        return self.worded(0, 0)

    def worded(self, type_wording: int, grade_wording: int) -> str:
        """With one of the wordings of type and of grade."""
        name = f"{GRADES[self.grade][grade_wording]} {TYPES[self.type][type_wording]}"
        return f"{ORGANS[self.organ]}, biopsy: {name}. {FINDINGS[self.finding]}".strip()


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

    def slide(self, number: int, *, split: Split = Split.TRAIN) -> SyntheticSlide:
        """Slide `number`; slides of another split have other noise and the same meaning of every direction."""
        random = np.random.default_rng([self.seed, 1 + list(Split).index(split), number])
        diagnosis = Diagnosis(
            organ=int(random.integers(len(ORGANS))), type=int(random.integers(len(TYPES))),
            grade=int(random.integers(len(GRADES))), finding=int(random.integers(len(FINDINGS))),
        )  # fmt: skip
        share = self.lesion_shares[number % len(self.lesion_shares)]
        low, high = np.log(self.patches)
        count = round(float(np.exp(random.uniform(low, high))))
        lesion = min(count, max(LEAST_LESION, round(share * count)))
        finding = min(count - lesion, max(LEAST_FINDING, lesion // 4)) if diagnosis.finding else 0
        xy, order = _places(count, random)
        is_lesion, is_finding = np.zeros(count, bool), np.zeros(count, bool)
        is_lesion[order[:lesion]] = True
        is_finding[order[lesion : lesion + finding]] = True
        embeddings = self._embeddings(diagnosis, is_lesion, is_finding, random)
        name = f"{split.value}-{number:05d}"
        bag = Bag(
            slide_id=name, embeddings=embeddings, xy_px0=xy * _SIDE_PX0, slide_mpp=_MPP, side_px0=float(_SIDE_PX0)
        )
        return SyntheticSlide(
            bag=bag, text=_text(name, diagnosis, split, random), diagnosis=diagnosis, lesion_share=share,
            is_lesion=is_lesion, is_finding=is_finding,
        )  # fmt: skip

    def directions(self) -> dict[str, Float[np.ndarray, "*kind dim"]]:
        """What each kind of patch looks like: tissue [organ, kind, dim], type, grade and finding [kind, dim]."""
        random = np.random.default_rng([self.seed, 0])
        shapes = {
            "tissue": (len(ORGANS), KINDS), "type": (len(TYPES),), "grade": (len(GRADES),), "finding": (len(FINDINGS),)
        }  # fmt: skip
        lengths = {"tissue": TISSUE, "type": LESION, "grade": GRADE, "finding": FINDING}
        found = {}
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


def all_diagnoses() -> list[Diagnosis]:
    """Every one that there is."""
    return [
        Diagnosis(organ=organ, type=kind, grade=grade, finding=finding)
        for organ in range(len(ORGANS))
        for kind in range(len(TYPES))
        for grade in range(len(GRADES))
        for finding in range(len(FINDINGS))
    ]


def _places(count: int, random: np.random.Generator) -> tuple[Int[np.ndarray, "patch 2"], Int[np.ndarray, " patch"]]:
    """Places on a square grid, and the patches by their distance from a random one: a lesion is in one piece."""
    columns = int(np.ceil(np.sqrt(count)))
    xy = np.stack([np.arange(count) % columns, np.arange(count) // columns], axis=1).astype(np.int32)
    distance = np.square(xy - xy[random.integers(count)]).sum(1)
    return xy, np.argsort(distance, kind="stable")


def _text(name: str, diagnosis: Diagnosis, split: Split, random: np.random.Generator) -> SlideText:
    unseen = UNSEEN[random.integers(len(UNSEEN))].format(int(random.integers(2, 60)))
    said = diagnosis.worded(int(random.integers(2)), int(random.integers(2)))
    return SlideText(
        slide_id=name, case_id=name, patient_id=name, part="A", retrieval_text=f"{said} {unseen}",
        generation_text=diagnosis.text, retrieval_key=f"{said} {unseen}", concept_key=diagnosis.text, malignant=None,
        split=split,
    )  # fmt: skip
