"""The training split: each slide's bag and texts, and which texts are positives of which slides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from pathalign.domain.even_subset import even_subset
from pathalign.domain.geometry import Bag
from pathalign.domain.records import SlideText, Split
from pathalign.domain.splits import check_no_leak
from pathalign.errors import MissingArtifact
from pathalign.store.catalog import Catalog
from pathalign.store.stored_bag import BagFolder, BagSource, StoredBag

OPEN_SLIDES = 64
"""Slides whose files stay mapped; opening one again costs far less than reading it, and what was read is cached."""
MEASURED_SLIDES = 4096
"""Most slides that the statistics of embeddings are taken from."""
_LOOKING = Lock()
"""Held while an open slide is looked up, not while one is opened. Not of a cohort, which may be pickled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BagAugmentation:
    """What is varied of a slide each time it is seen."""

    max_patches: int = 10_240
    """The paper's cap. A slide with more is thinned evenly over its tissue, anew each time, and only what is drawn is
    read."""
    least_share: float = 0.5
    """Each time a share of patches between this and 1 is kept."""
    noise: float = 0.3
    """Normal noise on every embedding, in standard deviations of the cohort."""

    def __post_init__(self) -> None:
        if self.max_patches < 1 or not 0 <= self.least_share <= 1 or self.noise < 0:
            raise ValueError(
                f"max_patches must be at least 1, least_share within 0-1 and noise at least 0; got "
                f"{self.max_patches}, {self.least_share} and {self.noise}."
            )


class TrainingCohort:
    """The slides of a split that have both tissue and text."""

    def __init__(self, source: BagSource | Path, texts: Sequence[SlideText]) -> None:
        """`source` is a folder of embeddings, or shards."""
        self.source = BagFolder(source) if isinstance(source, Path) else source
        self.texts = [text for text in texts if text.generation_text and self._has_tissue(text.slide_id)]
        self._open: OrderedDict[str, StoredBag] = OrderedDict()
        if len(self.texts) < 2:
            raise MissingArtifact(
                "Training needs at least two slides with tissue and text in the training split; "
                f"there are {len(self.texts)}. Run `pathalign curate` and `pathalign embed` first; "
                "`pathalign status --problems` says what was left out."
            )

    @classmethod
    def load(cls, catalog: Catalog, source: BagSource | Path) -> TrainingCohort:
        """The training split of a catalog; refuses a cohort that leaks patients between splits."""
        check_no_leak((slide.patient_id, slide.split) for slide in catalog.slides())
        return cls(source, catalog.texts(split=Split.TRAIN))

    def __len__(self) -> int:
        return len(self.texts)

    def bag(self, index: int) -> StoredBag:
        """A slide's patches, unread: `rows` reads some, `embeddings` all. May be called by several threads."""
        slide_id = self.texts[index].slide_id
        with _LOOKING:
            bag = self._open.get(slide_id)
        if bag is None:
            bag = self.source.stored(slide_id)
        with _LOOKING:
            self._open[slide_id] = bag
            self._open.move_to_end(slide_id)
            if len(self._open) > OPEN_SLIDES:
                self._open.popitem(last=False)
        return bag

    def augmented(self, index: int, augmentation: BagAugmentation, std: np.ndarray, random: np.random.Generator) -> Bag:
        """A bag with some patches left out, noise, and the slide turned and mirrored as it may lie on the glass.

        Embeddings are in the type that they are read in, or float32 where there is noise on them.
        """
        bag = self.bag(index)
        chosen = _drawn(bag.xy_px0, augmentation, random)
        embeddings = bag.rows(chosen)
        if augmentation.noise:
            embeddings = embeddings.astype(np.float32)
            embeddings += augmentation.noise * std * random.standard_normal(embeddings.shape, dtype=np.float32)
        xy = np.asarray(bag.xy_px0)[chosen] * random.choice([-1, 1], size=2)
        xy = xy[:, ::-1] if random.random() < 0.5 else xy
        return Bag(
            slide_id=bag.slide_id, embeddings=embeddings, xy_px0=np.ascontiguousarray(xy, dtype=np.int32),
            slide_mpp=bag.slide_mpp, side_px0=bag.side_px0,
        )  # fmt: skip

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the patch embeddings; every slide counts the same.

        Of a larger cohort, `MEASURED_SLIDES` slides that are drawn once and for all.
        """
        slides = np.arange(len(self))
        if len(slides) > MEASURED_SLIDES:
            slides = np.sort(np.random.default_rng(len(slides)).permutation(slides)[:MEASURED_SLIDES])
        means, squares = [], []
        for index in slides:
            embeddings = self.bag(int(index)).embeddings.astype(np.float64)
            means.append(embeddings.mean(0))
            squares.append((embeddings**2).mean(0))
        mean = np.mean(means, 0)
        std = np.sqrt(np.maximum(np.mean(squares, 0) - mean**2, 1e-12))
        return torch.from_numpy(mean).float(), torch.from_numpy(std).float()

    def is_positive(self, indices: Sequence[int]) -> Bool[Tensor, "slide text"]:
        """Which texts of a batch fit which slides: the same part, or texts that say the same of what can be seen."""
        texts = [self.texts[i] for i in indices]
        parts = _equal([(text.case_id, text.part) for text in texts])
        concepts = _equal([text.concept_key for text in texts])
        return torch.from_numpy(parts | concepts)

    def _has_tissue(self, slide_id: str) -> bool:
        return slide_id in self.source and len(self.source.stored(slide_id)) > 0


def _drawn(xy_px0: np.ndarray, augmentation: BagAugmentation, random: np.random.Generator) -> np.ndarray:
    """Indices, rising, of the patches that are seen this time: any, or above the cap spread evenly over the tissue."""
    patches = len(xy_px0)
    keep = max(1, round(patches * random.uniform(augmentation.least_share, 1)))
    if patches > augmentation.max_patches:
        return even_subset(np.asarray(xy_px0), min(keep, augmentation.max_patches), int(random.integers(2**63)))
    return np.sort(random.permutation(patches)[:keep])


def _equal(keys: Sequence[object]) -> np.ndarray:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    column = np.array([numbers[key] for key in keys])
    return column[:, None] == column[None, :]
