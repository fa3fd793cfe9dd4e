"""The losses as functions of tensors."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from pathalign.model.losses import (
    draw_hard_negatives,
    itc_loss,
    itg_losses,
    itm_losses,
    sigmoid_loss,
    slide_text_similarity,
)

pytestmark = pytest.mark.unit

TEMPERATURE = torch.tensor(0.07)


def units(*shape: int, seed: int = 0) -> torch.Tensor:
    """Random unit vectors."""
    return functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_similarity_is_that_of_the_best_query() -> None:
    """Equal to the greatest cosine over queries, written out."""
    slides, texts = units(3, 4, 8), units(5, 8, seed=1)

    expected = [[max(float(query @ text) for query in slide) for text in texts] for slide in slides]

    assert_close(slide_text_similarity(slides, texts), torch.tensor(expected))


def test_itc_with_one_positive_each_is_infonce() -> None:
    """With single positives it is the mean of two cross-entropies on the diagonal."""
    similarity = units(6, 8) @ units(6, 8, seed=1).T
    diagonal = torch.arange(6)
    logits = similarity / TEMPERATURE

    expected = (functional.cross_entropy(logits, diagonal) + functional.cross_entropy(logits.T, diagonal)) / 2

    assert_close(itc_loss(similarity, torch.eye(6, dtype=torch.bool), TEMPERATURE), expected)


def test_itc_of_random_vectors_is_about_ln_batch() -> None:
    """What knows nothing pays ln(batch)."""
    loss = itc_loss(units(256, 512) @ units(256, 512, seed=1).T, torch.eye(256, dtype=torch.bool), torch.tensor(0.5))

    assert float(loss) == pytest.approx(math.log(256), abs=0.1)


def test_duplicates_are_drawn_together() -> None:
    """A duplicate's logit is pushed up as that of the pair itself is, where plain InfoNCE would push it down."""
    is_positive = torch.eye(4, dtype=torch.bool)
    is_positive[0, 1] = is_positive[1, 0] = True

    def gradient(positive: torch.Tensor) -> torch.Tensor:
        similarity = torch.zeros(4, 4, requires_grad=True)
        itc_loss(similarity, positive, TEMPERATURE).backward()
        assert similarity.grad is not None
        return similarity.grad

    ours, plain = gradient(is_positive), gradient(torch.eye(4, dtype=torch.bool))
    assert plain[0, 1] > 0
    assert ours[0, 1] < 0
    assert_close(ours[0, 1], ours[0, 0])
    assert ours[0, 2] > 0


def test_itc_is_least_when_positives_share_the_probability() -> None:
    """With two equal texts the least loss is ln 2, reached at equal logits; no gradient is left there."""
    is_positive = torch.block_diag(torch.ones(2, 2), torch.ones(2, 2)).bool()
    similarity = (is_positive.float() * 2 - 1).requires_grad_()

    loss = itc_loss(similarity, is_positive, torch.tensor(0.02))
    loss.backward()

    assert float(loss.detach()) == pytest.approx(math.log(2), abs=1e-4)
    assert similarity.grad is not None
    assert similarity.grad.abs().max() < 1e-5


def test_itc_does_not_depend_on_the_order() -> None:
    """A batch in another order has the same loss."""
    similarity, is_positive = units(5, 8) @ units(5, 8, seed=1).T, torch.eye(5, dtype=torch.bool)
    is_positive[1, 3] = is_positive[3, 1] = True
    order = torch.tensor([3, 0, 4, 1, 2])

    assert_close(
        itc_loss(similarity[order][:, order], is_positive[order][:, order], TEMPERATURE),
        itc_loss(similarity, is_positive, TEMPERATURE),
    )


def test_itc_of_one_pair_is_zero() -> None:
    """A batch of one needs no process group and has nothing to tell apart."""
    similarity = torch.tensor([[0.3]], requires_grad=True)

    loss = itc_loss(similarity, torch.tensor([[True]]), TEMPERATURE)
    loss.backward()

    assert float(loss.detach()) == 0
    assert similarity.grad is not None
    assert similarity.grad.item() == 0


def test_the_sigmoid_loss_judges_every_pair() -> None:
    """Equal to the binary cross-entropy of every slide and text, summed over texts; a batch has no say in a pair."""
    similarity, is_positive = units(3, 8) @ units(5, 8, seed=1).T, torch.rand(3, 5) > 0.6
    bias = torch.tensor(-2.0)

    loss = sigmoid_loss(similarity, is_positive, TEMPERATURE, bias)

    each = functional.binary_cross_entropy_with_logits(
        similarity / TEMPERATURE + bias, is_positive.float(), reduction="none"
    )
    assert_close(loss, each.sum(1).mean())


def test_hard_negatives_are_never_positives() -> None:
    """In 300 draws with near-certain positives no positive is drawn, and every row that can has a negative."""
    is_positive = torch.eye(6, dtype=torch.bool)
    is_positive[0, 3] = is_positive[3, 0] = True
    is_positive[5] = True
    similarity = torch.where(is_positive, 1.0, -1.0)
    generator = torch.Generator().manual_seed(0)

    for _ in range(300):
        rows, columns = draw_hard_negatives(similarity, is_positive, torch.tensor(0.01), generator)
        assert rows.tolist() == [0, 1, 2, 3, 4]
        assert not is_positive[rows, columns].any()


def test_negatives_are_drawn_in_proportion_to_their_softmax() -> None:
    """Frequencies of 4,000 draws equal the softmax over negatives."""
    similarity = torch.tensor([[0.9, 0.1, 0.0, -0.1]]).expand(4000, -1)
    is_positive = torch.tensor([[True, False, False, False]]).expand(4000, -1)
    generator = torch.Generator().manual_seed(0)

    _, drawn = draw_hard_negatives(similarity, is_positive, TEMPERATURE, generator)

    expected = (similarity[0, 1:] / TEMPERATURE).softmax(0)
    seen = torch.bincount(drawn, minlength=4)[1:] / 4000
    assert_close(seen, expected, atol=0.025, rtol=0)


def test_a_draw_follows_its_generator() -> None:
    """Equal seeds draw equal negatives."""
    similarity, is_positive = units(8, 4) @ units(8, 4, seed=1).T, torch.eye(8, dtype=torch.bool)

    a, b = (
        draw_hard_negatives(similarity, is_positive, TEMPERATURE, torch.Generator().manual_seed(5))[1] for _ in range(2)
    )

    assert torch.equal(a, b)


def test_where_everything_is_positive_nothing_is_drawn() -> None:
    """A batch of one, or of one text only, has no negative at all."""
    for size in (1, 3):
        rows, columns = draw_hard_negatives(
            torch.zeros(size, size), torch.ones(size, size, dtype=torch.bool), TEMPERATURE, torch.Generator()
        )
        assert len(rows) == len(columns) == 0


def test_itm_knows_which_index_is_a_match() -> None:
    """Logits for index 1 on matches and 0 elsewhere cost next to nothing; the reverse costs all."""
    logits = torch.tensor([[-9.0, 9.0], [9.0, -9.0]])

    assert itm_losses(logits, torch.tensor([True, False])).amax() < 1e-6
    assert itm_losses(logits, torch.tensor([False, True])).amin() > 17


def test_itg_is_smoothed_cross_entropy() -> None:
    """Equal to the smoothed cross-entropy of each token, written out."""
    torch.manual_seed(0)
    logits, targets = torch.randn(5, 7), torch.randint(0, 7, (5,))

    log_p = logits.log_softmax(-1)
    each = -0.9 * log_p.gather(-1, targets[:, None])[:, 0] - 0.1 * log_p.mean(-1)
    assert_close(itg_losses(logits, targets), each)
