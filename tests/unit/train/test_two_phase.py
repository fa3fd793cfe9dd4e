"""Stage 1 in two phases beside stage 1 of the whole batch."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from pathalign.model.bags import collate
from pathalign.model.describer import Describer
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import Schedule
from pathalign.train.generation import Stage1Objective
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


def whole_batch(cohort: TrainingCohort) -> Stage1Batch:
    """The cohort's six slides with both views of their texts."""
    bags = collate([cohort.bag(index) for index in range(6)])
    views = [text.retrieval_text for text in cohort.texts]
    return Stage1Batch(bags, views, [text.generation_text for text in cohort.texts])


def two_phases(describer: Describer, cohort: TrainingCohort, slides_at_once: int) -> dict[str, torch.Tensor]:
    """The losses; the gradient is added to the weights."""
    whole = whole_batch(cohort)
    return two_phase_step(
        describer, whole.split(slides_at_once), texts=whole.texts, is_positive=cohort.is_positive(range(6)),
        generator=torch.Generator().manual_seed(3), seed_dropout=lambda number: torch.manual_seed(100 + number),
    )  # fmt: skip


def gradient(describer: Describer) -> dict[str, torch.Tensor]:
    """Of every weight that has one; the weights are then ready for the next."""
    found = {name: p.grad.clone() for name, p in describer.named_parameters() if p.grad is not None}
    describer.zero_grad(set_to_none=True)
    return found


@pytest.mark.parametrize("slides_at_once", [1, 2, 4, 6])
def test_two_phases_equal_the_whole_batch(describer: Describer, cohort: TrainingCohort, slides_at_once: int) -> None:
    """Losses and gradients agree to 4e-6, however the slides are divided, singly included."""
    describer.eval()  # without dropout
    whole = whole_batch(cohort)
    expected = describer.stage1_losses(
        whole.bags, whole.views, whole.texts, cohort.is_positive(range(6)), torch.Generator().manual_seed(3)
    )
    torch.stack(list(expected.values())).sum().backward()
    wanted = gradient(describer)

    found = two_phases(describer, cohort, slides_at_once)

    for name, loss in expected.items():
        assert_close(found[name], loss.detach(), atol=4e-6, rtol=4e-6)
    ours = gradient(describer)
    assert ours.keys() == wanted.keys()
    for name, value in wanted.items():
        assert_close(ours[name], value, atol=4e-6 * max(1.0, float(value.abs().max())), rtol=1e-4)


def test_both_phases_drop_the_same(
    describer: Describer, cohort: TrainingCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dropout the contrast's gradient is that of the vectors which the second phase makes again."""
    describer.train()
    seen: list[torch.Tensor] = []
    project = describer.aligner.project_slides

    def watched(states: torch.Tensor) -> torch.Tensor:
        seen.append(project(states))
        return seen[-1]

    monkeypatch.setattr(describer.aligner, "project_slides", watched)
    two_phases(describer, cohort, 3)

    assert len(seen) == 4
    for first, second in zip(seen[:2], seen[2:], strict=True):
        assert not first.requires_grad
        assert_close(first, second.detach(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("slides_at_once", "accumulate"), [(0, 1), (2, 2)])
def test_phases_that_cannot_be(
    describer: Describer, cohort: TrainingCohort, slides_at_once: int, accumulate: int
) -> None:
    """No slides at a time, or micro-batches besides, are refused where the objective is made."""
    schedule = Schedule(steps=1, batch=4, accumulate=accumulate)

    with pytest.raises(ValueError, match=f"got {slides_at_once} and {accumulate}"):
        Stage1Objective(describer, cohort, schedule, BagAugmentation(), slides_at_once)
