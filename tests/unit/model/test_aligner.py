"""What the aligner sees and what it must not see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from pathalign.domain.geometry import Bag
from pathalign.model.aligner import Aligner
from pathalign.model.bags import BagBatch, collate

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]
MakeAligner = Callable[..., Aligner]


def moved(bag: Bag, xy_px0: np.ndarray) -> Bag:
    """The same patches at other places."""
    return replace(bag, xy_px0=xy_px0.astype(np.int32))


@pytest.mark.parametrize("patches", [1, 2, 9])
def test_neighbours_in_a_batch_change_nothing(aligner: Aligner, make_bag: MakeBag, patches: int) -> None:
    """A slide embeds the same alone and packed behind a larger one."""
    bag = make_bag(patches)

    alone = aligner.embed_slides(collate([bag]))[0]
    beside = aligner.embed_slides(collate([make_bag(40, seed=1), bag]))[1]

    assert_close(beside, alone, atol=1e-5, rtol=1e-5)


def test_no_gradient_crosses_from_slide_to_slide(aligner: Aligner, make_bag: MakeBag) -> None:
    """A slide's vectors depend on its own patches alone, and on every one of them, its bias included."""
    batch = collate([make_bag(3), make_bag(20, seed=1)])
    embeddings = batch.embeddings.clone().requires_grad_()
    bias = torch.zeros(23, requires_grad=True)

    out = aligner.embed_slides(BagBatch(embeddings, batch.xy_um, batch.lengths), bias)[0]
    (out * torch.randn(out.shape)).sum().backward()

    assert embeddings.grad is not None
    assert bias.grad is not None
    assert (embeddings.grad[3:] == 0).all()
    assert (bias.grad[3:] == 0).all()
    assert (embeddings.grad[:3].abs().sum(-1) > 0).all()
    assert (bias.grad[:3] != 0).all()


def test_the_order_of_a_batch_changes_nothing(aligner: Aligner, make_bag: MakeBag) -> None:
    """Slides in another order are embedded the same."""
    bags = [make_bag(5, seed=seed) for seed in range(4)]

    forwards, backwards = (aligner.embed_slides(collate(order)) for order in (bags, bags[::-1]))

    assert_close(backwards.flip(0), forwards, atol=1e-6, rtol=1e-5)


def test_the_order_of_patches_changes_nothing(aligner: Aligner, make_bag: MakeBag) -> None:
    """A slide is a set of patches at places, not a sequence."""
    bag = make_bag(9)
    order = np.random.default_rng(0).permutation(9)
    shuffled = replace(bag, embeddings=bag.embeddings[order], xy_px0=bag.xy_px0[order])

    assert_close(
        aligner.embed_slides(collate([shuffled])), aligner.embed_slides(collate([bag])), atol=1e-5, rtol=1e-5
    )  # fmt: skip


@pytest.mark.parametrize("positions", ["fourier", "sinusoidal", "none"])
def test_positions_reach_the_model(make_aligner: MakeAligner, make_bag: MakeBag, positions: str) -> None:
    """Moving one patch changes the output by far more than rounding, and without positions not at all."""
    bag = make_bag(6)
    xy = bag.xy_px0.copy()
    xy[2] += [4480, -2240]

    aligner = make_aligner(positions=positions)
    before, after = (aligner.embed_slides(collate([b])) for b in (bag, moved(bag, xy)))

    if positions == "none":
        assert torch.equal(after, before)
    else:
        assert (after - before).abs().max() > 1e-2


def test_sinusoidal_positions_take_no_width_of_their_own(make_aligner: MakeAligner) -> None:
    """They are added, so keys are as wide as embeddings, whose width must be a multiple of four."""
    assert make_aligner(positions="sinusoidal").qformer.config.patch_width == 12
    assert make_aligner(positions="fourier").qformer.config.patch_width == 44
    with pytest.raises(ValueError, match="multiple of 4, got 10"):
        make_aligner(positions="sinusoidal", embedding_dim=10)


def test_an_untrained_model_hears_positions(make_bag: MakeBag, make_aligner: MakeAligner) -> None:
    """Positions are heard from the first step on: their share of the key matrix has a gradient."""
    aligner = make_aligner()
    key = aligner.qformer.layers[0].crossattention.key.weight

    (aligner.embed_slides(collate([make_bag(6)])) * torch.randn(5, 16)).sum().backward()

    assert key.grad is not None
    assert (key.grad[:, 12:].abs().amax(0) > 1e-6).all()


@pytest.mark.parametrize("shift", [(100_000, 0), (-12_345, 54_321)])
def test_where_on_the_glass_means_nothing(aligner: Aligner, make_bag: MakeBag, shift: tuple[int, int]) -> None:
    """The whole tissue moved on the glass embeds the same, also when it is padded."""
    bag, other = make_bag(6), make_bag(15, seed=3)
    there = moved(bag, bag.xy_px0 + np.array(shift))

    before, after = (aligner.embed_slides(collate([b, other]))[0] for b in (bag, there))

    assert_close(after, before, atol=1e-3, rtol=1e-3)


def test_positions_are_micrometres(aligner: Aligner, make_bag: MakeBag) -> None:
    """The same tissue scanned at another resolution embeds the same."""
    bag = make_bag(6)
    fine = replace(bag, xy_px0=bag.xy_px0 * 2, slide_mpp=0.25, side_px0=896.0)

    assert_close(
        aligner.embed_slides(collate([fine])), aligner.embed_slides(collate([bag])), atol=1e-5, rtol=1e-5
    )  # fmt: skip


def test_slides_and_texts_are_unit_vectors(aligner: Aligner, make_bag: MakeBag, texts: list[str]) -> None:
    """One vector per query and slide and one per text, all of length one."""
    slides, vectors = aligner.embed_slides(collate([make_bag(3)])), aligner.embed_texts(texts)

    assert (slides.shape, vectors.shape) == ((1, 5, 16), (4, 16))
    assert_close(slides.norm(dim=-1), torch.ones(1, 5))
    assert_close(vectors.norm(dim=-1), torch.ones(4))


def test_padding_of_texts_changes_nothing(aligner: Aligner, texts: list[str]) -> None:
    """A text embeds the same alone and beside a longer one."""
    together = aligner.embed_texts(texts)

    for row, text in enumerate(texts):
        assert_close(aligner.embed_texts([text])[0], together[row], atol=1e-6, rtol=1e-5)


def test_the_temperature_stays_within_bounds(aligner: Aligner) -> None:
    """It starts at 0.07 and can neither vanish nor run away."""
    assert float(aligner.temperature.detach()) == pytest.approx(0.07)
    for value, bound in ((-50.0, 0.01), (50.0, 0.5)):
        aligner.log_temperature.data.fill_(value)
        assert float(aligner.temperature.detach()) == pytest.approx(bound)


def test_embeddings_are_standardised(aligner: Aligner, make_bag: MakeBag) -> None:
    """An encoder that speaks ten times louder and off centre embeds the same once its statistics are set."""
    bag = make_bag(6)
    loud = replace(bag, embeddings=(bag.embeddings.astype(np.float32) * 10 + 3))
    before = aligner.embed_slides(collate([bag]))

    aligner.qformer.patch_input.standardise_by(torch.full((12,), 3.0), torch.full((12,), 10.0))

    assert_close(aligner.embed_slides(collate([loud])), before, atol=1e-4, rtol=1e-4)


def test_a_channel_that_never_varies_does_no_harm(aligner: Aligner, make_bag: MakeBag) -> None:
    """A standard deviation of zero gives finite numbers."""
    aligner.qformer.patch_input.standardise_by(torch.zeros(12), torch.zeros(12))

    assert aligner.embed_slides(collate([make_bag(3)])).isfinite().all()


def test_a_text_may_be_the_mean_of_its_tokens(make_aligner: MakeAligner) -> None:
    """Every token counts the same, and a longer text beside it changes nothing."""
    aligner = make_aligner(text_pooling="mean").eval()
    short, long = "colon biopsy", "lung biopsy showing carcinoma with necrosis"
    tokens = aligner.tokenizer.encode([short])

    beside = aligner.embed_texts([long, short])[1]

    mean = aligner.text_proj(aligner.qformer.read(tokens).mean(0))
    assert_close(beside, mean / mean.norm(), atol=1e-5, rtol=1e-5)
