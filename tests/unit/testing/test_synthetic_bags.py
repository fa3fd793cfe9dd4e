"""Synthetic bags: their truth is in them, and an oracle that knows the directions reads it."""

from __future__ import annotations

import numpy as np
import pytest

from pathalign.domain.records import Split
from pathalign.testing.synthetic_bags import ADJACENT, APART, SyntheticBags, SyntheticSlide
from pathalign.testing.synthetic_diagnoses import Diagnoses

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
    """Within a patch of what was asked; every lesion patch has another beside it, and no place is taken twice."""
    for number in range(5):
        slide = BAGS.slide(number)
        wanted = max(3, round(slide.lesion_share * len(slide.bag)))
        xy = slide.bag.xy_px0[slide.is_lesion] // 448

        assert slide.is_lesion.sum() == wanted
        assert not (slide.is_lesion & slide.is_finding).any()
        assert slide.is_finding.any() == (slide.diagnosis.finding > 0)
        apart = np.abs(xy[:, None] - xy[None]).sum(2)
        np.fill_diagonal(apart, 99)
        assert apart.min(1).max() == 1
        assert len(np.unique(slide.bag.xy_px0, axis=0)) == len(slide.bag)


def test_an_oracle_reads_the_diagnosis_at_every_share() -> None:
    """The mean of the lesion's patches is nearest to its type and grade; that of a slide with a small one is not."""
    slides = [BAGS.slide(number, split=Split.TEST) for number in range(60)]

    assert all(read(slide, slide.is_lesion) for slide in slides)
    small = [slide for slide in slides if slide.lesion_share <= 0.01]
    assert sum(read(slide, np.ones(len(slide.bag), bool)) for slide in small) < len(small) / 2


def test_an_oracle_reads_the_finding() -> None:
    """The mean of the finding's patches is nearest to the direction of that finding."""
    looks = BAGS.directions()["finding"][1:]
    slides = [slide for number in range(60) if (slide := BAGS.slide(number)).is_finding.any()]

    for slide in slides:
        mean = slide.bag.embeddings[slide.is_finding].astype(np.float32).mean(0)
        assert 1 + np.square(looks - mean).sum(1).argmin() == slide.diagnosis.finding


def test_adjacent_and_apart_differ_in_places_alone() -> None:
    """The same embeddings at the same grid of places; adjacent findings touch the lesion, others are far from it."""
    bags = SyntheticBags(patches=(500, 900), lesion_shares=(0.05, 0.01), diagnoses=Diagnoses(with_relation=True))
    for number in range(20):
        adjacent, apart = bags.slide(number, relation=ADJACENT), bags.slide(number, relation=APART)

        assert adjacent.bag.embeddings.tobytes() == apart.bag.embeddings.tobytes()
        assert sorted(map(tuple, adjacent.bag.xy_px0)) == sorted(map(tuple, apart.bag.xy_px0))
        assert gap(adjacent) <= np.sqrt(2)
        assert gap(apart) > 4
        assert adjacent.text.generation_text.removesuffix("It adjoins the tumour.") == (
            apart.text.generation_text.removesuffix("It lies away from the tumour.")
        )


def test_the_place_of_a_finding_alone_says_nothing_of_the_relation() -> None:
    """Its distance from the middle of the slide has the same mean in both."""
    bags = SyntheticBags(dim=4, patches=(400, 500), lesion_shares=(0.01,), diagnoses=Diagnoses(with_relation=True))

    means = {}
    for relation in (ADJACENT, APART):
        slides = [bags.slide(number, relation=relation) for number in range(200)]
        means[relation] = np.mean([from_middle(slide) for slide in slides])

    assert means[ADJACENT] == pytest.approx(means[APART], rel=0.06)


def test_texts_say_the_diagnosis_in_several_wordings() -> None:
    """Slides of one diagnosis have one generation text and concept; some retrieval texts differ and some are equal."""
    bags = SyntheticBags(dim=4, patches=(10, 20))
    slides = [bags.slide(number) for number in range(400)]
    same = [slide for slide in slides if slide.diagnosis == slides[0].diagnosis]
    said = [slide.text.retrieval_text for slide in slides]

    assert len(same) > 1
    assert {slide.text.concept_key for slide in same} == {slides[0].diagnosis.text}
    assert 200 < len(set(said)) < 400
    every = BAGS.diagnoses.every()
    assert len({one.text for one in every}) == len(every) == 128


def read(slide: SyntheticSlide, seen: np.ndarray) -> bool:
    """Whether type and grade are those whose sum is nearest to the mean of some patches."""
    looks = BAGS.directions()
    mean = slide.bag.embeddings[seen].astype(np.float32).mean(0)
    sums = looks["type"][:, None] + looks["grade"][None]
    nearest = np.unravel_index(np.square(sums - mean).sum(-1).argmin(), sums.shape[:2])
    return tuple(map(int, nearest)) == (slide.diagnosis.type, slide.diagnosis.grade)


def gap(slide: SyntheticSlide) -> float:
    """Least distance from the lesion to the finding, in patches."""
    xy = slide.bag.xy_px0 / 448
    return float(np.linalg.norm(xy[slide.is_lesion][:, None] - xy[slide.is_finding][None], axis=2).min())


def from_middle(slide: SyntheticSlide) -> float:
    """Distance of the finding from the middle of the slide, in sides of it."""
    xy = slide.bag.xy_px0.astype(np.float64)
    return float(np.linalg.norm(xy[slide.is_finding].mean(0) - xy.mean(0)) / np.ptp(xy[:, 0]))
