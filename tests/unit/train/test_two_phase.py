"""Stage 1 in two phases beside stage 1 of the whole batch."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from pathalign.model.bags import collate
from pathalign.model.describer import Describer
from pathalign.train.cohort import TrainingCohort
from pathalign.train.language_model import LanguageModelObjective
from pathalign.train.recipes import LanguageModelRecipe, QFormerSize
from pathalign.train.retrieval import new_aligner
from pathalign.train.two_phase import Stage1Batch, two_phase_step

pytestmark = pytest.mark.unit


@pytest.fixture
def describer(cohort: TrainingCohort, size: QFormerSize) -> Describer:
    """An untrained describer."""
    texts = [text.generation_text for text in cohort.texts]
    aligner = new_aligner(cohort, size, text_encoder=None, seed=0)
    return Describer(aligner, LanguageModelObjective(texts, LanguageModelRecipe(dim=16, layers=1, heads=2)).frozen())


def parts_of(cohort: TrainingCohort, cuts: list[int]) -> list[Stage1Batch]:
    """The cohort's six slides in batches of the given sizes."""
    texts = [text.generation_text for text in cohort.texts]
    views = [text.retrieval_text for text in cohort.texts]
    batches, first = [], 0
    for count in cuts:
        own = range(first, first + count)
        bags = collate([cohort.bag(index) for index in own])
        batches.append(Stage1Batch(bags, [views[i] for i in own], [texts[i] for i in own]))
        first += count
    return batches


def gradient(describer: Describer) -> dict[str, torch.Tensor]:
    """Of every weight that has one; the weights are then ready for the next."""
    found = {name: p.grad.clone() for name, p in describer.named_parameters() if p.grad is not None}
    describer.zero_grad(set_to_none=True)
    return found


@pytest.mark.parametrize("cuts", [[6], [3, 3], [1, 2, 3], [1] * 6])
def test_two_phases_equal_the_whole_batch(describer: Describer, cohort: TrainingCohort, cuts: list[int]) -> None:
    """Losses and gradients agree to 4e-6, however the slides are divided, singly included."""
    describer.eval()  # without dropout
    whole, is_positive = parts_of(cohort, [6])[0], cohort.is_positive(range(6))
    generator = torch.Generator().manual_seed(3)
    torch.randint(2**62, (len(cuts),), generator=generator)  # the seeds of the batches, drawn first
    expected = describer.stage1_losses(whole.bags, whole.views, whole.texts, is_positive, generator)
    torch.stack(list(expected.values())).sum().backward()
    wanted = gradient(describer)

    found = two_phase_step(describer, parts_of(cohort, cuts), is_positive, torch.Generator().manual_seed(3))

    for name, loss in expected.items():
        assert_close(found[name], loss.detach(), atol=4e-6, rtol=4e-6)
    ours = gradient(describer)
    assert ours.keys() == wanted.keys()
    for name, value in wanted.items():
        assert_close(ours[name], value, atol=4e-6 * max(1.0, float(value.abs().max())), rtol=1e-4)


def test_both_phases_drop_the_same(describer: Describer, cohort: TrainingCohort) -> None:
    """With dropout the contrast's gradient is that of the vectors which the second phase makes again."""
    describer.train()
    batches, is_positive = parts_of(cohort, [3, 3]), cohort.is_positive(range(6))
    seen: list[torch.Tensor] = []
    project = describer.aligner.project_slides

    def watched(states: torch.Tensor) -> torch.Tensor:
        seen.append(project(states))
        return seen[-1]

    describer.aligner.project_slides = watched  # type: ignore[method-assign]
    two_phase_step(describer, batches, is_positive, torch.Generator().manual_seed(0))

    assert len(seen) == 4
    for first, second in zip(seen[:2], seen[2:], strict=True):
        assert not first.requires_grad
        assert_close(first, second.detach(), atol=1e-5, rtol=1e-5)
