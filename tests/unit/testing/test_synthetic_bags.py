"""Synthetic bags: their truth is in them, and an oracle that knows the directions reads it."""

from __future__ import annotations

import numpy as np
import pytest

from pathalign.domain.records import Split
from pathalign.testing.synthetic_bags import SyntheticBags, SyntheticSlide, all_diagnoses

pytestmark = pytest.mark.unit

BAGS = SyntheticBags(patches=(500, 2_000))


def test_a_slide_follows_from_seed_and_number() -> None:
    """Equal bytes again; another number, seed or split is another slide."""
    slide, again = BAGS.slide(3), BAGS.slide(3)

    assert np.array_equal(slide.bag.embeddings, again.bag.embeddings)
    assert slide.text == again.text
    others = [BAGS.slide(4), BAGS.slide(3, split=Split.TEST), SyntheticBags(seed=1, patches=(500, 2_000)).slide(3)]
    assert all(other.bag.embeddings.tobytes() != slide.bag.embeddings.tobytes() for other in others)


def test_lesions_have_their_share_and_are_in_one_piece() -> None:
    """Within a patch of what was asked; every lesion patch but the first has one beside it."""
    for number in range(5):
        slide = BAGS.slide(number)
        wanted = max(3, round(slide.lesion_share * len(slide.bag)))
        xy = slide.bag.xy_px0[slide.is_lesion] // 448

        assert slide.is_lesion.sum() == wanted
        assert not (slide.is_lesion & slide.is_finding).any()
        apart = np.abs(xy[:, None] - xy[None]).sum(2)
        np.fill_diagonal(apart, 99)
        assert apart.min(1).max() == 1


def test_an_oracle_reads_the_diagnosis_at_every_share() -> None:
    """The mean of the lesion's patches is nearest to its type and grade; that of a slide with a small one is not."""
    slides = [BAGS.slide(number, split=Split.TEST) for number in range(60)]

    assert all(read(slide, slide.is_lesion) for slide in slides)
    small = [slide for slide in slides if slide.lesion_share <= 0.01]
    assert sum(read(slide, np.ones(len(slide.bag), bool)) for slide in small) < len(small) / 2


def test_texts_say_the_diagnosis_in_several_wordings() -> None:
    """Slides of one diagnosis have one generation text and concept, and retrieval texts that differ."""
    slides = [BAGS.slide(number) for number in range(400)]
    same = [slide for slide in slides if slide.diagnosis == slides[0].diagnosis]

    assert len(same) > 1
    assert {slide.text.concept_key for slide in same} == {slides[0].diagnosis.text}
    assert len({slide.text.retrieval_text for slide in same}) > len(same) / 2
    assert len({one.text for one in all_diagnoses()}) == len(all_diagnoses()) == 128


def read(slide: SyntheticSlide, seen: np.ndarray) -> bool:
    """Whether type and grade are those whose sum is nearest to the mean of some patches."""
    looks = BAGS.directions()
    mean = slide.bag.embeddings[seen].astype(np.float32).mean(0)
    sums = looks["type"][:, None] + looks["grade"][None]
    nearest = np.unravel_index(np.square(sums - mean).sum(-1).argmin(), sums.shape[:2])
    return tuple(map(int, nearest)) == (slide.diagnosis.type, slide.diagnosis.grade)
