"""The training split: each slide's bag and texts, and which texts are positives of which slides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from pathalign.domain.geometry import Bag
from pathalign.domain.records import SlideText, Split
from pathalign.domain.splits import check_no_leak
from pathalign.errors import MissingArtifact
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, read_bag

CACHE_BYTES = 2 * 2**30
"""Bags kept in memory; a larger cohort is read again each epoch (a contiguous file costs about 2 ms)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BagAugmentation:
    """What is varied of a slide each time it is seen."""

    max_patches: int = 10_240
    """The paper's cap; more are thinned out at random, anew each time."""
    least_share: float = 0.5
    """Each time a share of patches between this and 1 is kept."""
    noise: float = 0.3
    """Normal noise on every embedding, in standard deviations of the cohort."""


class TrainingCohort:
    """The slides of a split that have both tissue and text."""

    def __init__(self, folder: Path, texts: Sequence[SlideText]) -> None:
        self.folder = folder
        self.texts = [
            text for text in texts if text.generation_text and embedding_path(folder, text.slide_id).is_file()
        ]
        self.texts = [text for text in self.texts if len(self._read(text.slide_id))]
        self._cache: OrderedDict[str, Bag] = OrderedDict()
        self._cached_bytes = 0
        if len(self.texts) < 2:
            raise MissingArtifact(
                "Training needs at least two slides with tissue and text in the training split; "
                f"there are {len(self.texts)}. Run `pathalign curate` and `pathalign embed` first; "
                "`pathalign status --problems` says what was left out."
            )

    @classmethod
    def load(cls, catalog: Catalog, folder: Path) -> TrainingCohort:
        """The training split of a catalog; refuses a cohort that leaks patients between splits."""
        check_no_leak((slide.patient_id, slide.split) for slide in catalog.slides())
        return cls(folder, catalog.texts(split=Split.TRAIN))

    def __len__(self) -> int:
        return len(self.texts)

    def bag(self, index: int) -> Bag:
        """The bag of a slide, from memory when there is room."""
        slide_id = self.texts[index].slide_id
        if slide_id in self._cache:
            self._cache.move_to_end(slide_id)
            return self._cache[slide_id]
        bag = self._cache[slide_id] = self._read(slide_id)
        self._cached_bytes += bag.embeddings.nbytes + bag.xy_px0.nbytes
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            _, old = self._cache.popitem(last=False)
            self._cached_bytes -= old.embeddings.nbytes + old.xy_px0.nbytes
        return bag

    def augmented(self, index: int, augmentation: BagAugmentation, std: np.ndarray, random: np.random.Generator) -> Bag:
        """A bag with some patches left out, noise, and the slide turned and mirrored as it may lie on the glass."""
        bag = self.bag(index)
        keep = max(1, round(len(bag) * random.uniform(augmentation.least_share, 1)))
        chosen = np.sort(random.permutation(len(bag))[: min(keep, augmentation.max_patches)])
        embeddings = bag.embeddings[chosen].astype(np.float32)
        embeddings += augmentation.noise * std * random.standard_normal(embeddings.shape, dtype=np.float32)
        xy = bag.xy_px0[chosen] * random.choice([-1, 1], size=2)
        xy = xy[:, ::-1] if random.random() < 0.5 else xy
        return replace(bag, embeddings=embeddings, xy_px0=np.ascontiguousarray(xy, dtype=np.int32))

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the patch embeddings; every slide counts the same."""
        means, squares = [], []
        for index in range(len(self)):
            embeddings = self.bag(index).embeddings.astype(np.float64)
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

    def _read(self, slide_id: str) -> Bag:
        return read_bag(embedding_path(self.folder, slide_id), slide_id=slide_id)


def _equal(keys: Sequence[object]) -> np.ndarray:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    column = np.array([numbers[key] for key in keys])
    return column[:, None] == column[None, :]
