"""The describer: stage 1, stage 2, evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from pathalign.domain.geometry import Bag
from pathalign.model.bags import BagBatch, collate
from pathalign.model.cross_attention import PatchMemory
from pathalign.model.describer import Describer
from pathalign.model.texts import TextBatch

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]


def stage1(
    describer: Describer, bags: BagBatch, texts: list[str], is_positive: torch.Tensor
) -> dict[str, torch.Tensor]:
    """The losses of stage 1 with a fixed generator."""
    return describer.stage1_losses(bags, texts, texts, is_positive, torch.Generator().manual_seed(0))


def matched(describer: Describer, bags: BagBatch, texts: list[str]) -> torch.Tensor:
    """The logits of text n before slide n."""
    memory = describer.aligner.qformer.remember(bags)
    return describer.match_logits(memory, torch.arange(len(texts)), describer.aligner.tokenizer.encode(texts))


def test_neighbours_change_neither_prompt_nor_matching(
    describer: Describer, make_bag: MakeBag, texts: list[str]
) -> None:
    """A slide alone equals the same slide packed beside a larger one, in its prompt and in its match with a text."""
    bag, larger = make_bag(3), make_bag(30, seed=1)

    beside, alone = collate([larger, bag]), collate([bag])

    assert_close(describer.prompt(beside)[1], describer.prompt(alone)[0], atol=1e-5, rtol=1e-5)
    together = matched(describer, beside, texts[:2])[1]
    assert_close(together, matched(describer, alone, texts[1:2])[0], atol=1e-5, rtol=1e-5)


def test_the_order_of_a_batch_changes_no_loss(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """Stage 2, and ITC and ITG of stage 1, are the same for a batch in another order."""
    bags = [make_bag(4 + seed, seed=seed) for seed in range(4)]
    positive = torch.eye(4, dtype=torch.bool)

    forwards = stage1(describer, collate(bags), texts, positive)
    backwards = stage1(describer, collate(bags[::-1]), texts[::-1], positive)

    for name in ("itc_loss", "itg_loss"):
        assert_close(backwards[name], forwards[name], atol=1e-5, rtol=1e-5)
    assert_close(
        describer.generation_loss(collate(bags[::-1]), texts[::-1]),
        describer.generation_loss(collate(bags), texts),
        atol=1e-5,
        rtol=1e-5,
    )


def test_a_batch_of_one_needs_no_process_group(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """Every loss of both stages is finite and has a gradient at batch size one."""
    assert not torch.distributed.is_initialized()
    describer.train()
    bags = collate([make_bag(3)])

    losses = stage1(describer, bags, texts[:1], torch.tensor([[True]]))
    losses["generation_loss"] = describer.generation_loss(bags, texts[:1])

    assert set(losses) == {"itc_loss", "itm_loss", "itg_loss", "generation_loss"}
    assert all(loss.isfinite() for loss in losses.values())
    for name in ("itm_loss", "itg_loss", "generation_loss"):
        losses[name].backward(retain_graph=True)
        grad = describer.aligner.qformer.query_tokens.grad
        assert grad is not None
        assert grad.abs().sum() > 0
        describer.zero_grad()


def test_a_batch_of_one_patch(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """One patch, the least that a slide can have, gives finite losses."""
    losses = stage1(describer, collate([make_bag(1)]), texts[:1], torch.tensor([[True]]))

    assert all(loss.isfinite() for loss in losses.values())


def test_matching_works_where_all_texts_are_equal(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """A batch of duplicates has no negatives: ITM is then the loss of its matches alone."""
    bags = collate([make_bag(3, seed=seed) for seed in range(3)])
    same = texts[:1] * 3

    loss = stage1(describer, bags, same, torch.ones(3, 3, dtype=torch.bool))["itm_loss"]

    logits = matched(describer, bags, same)
    assert_close(loss, torch.nn.functional.cross_entropy(logits, torch.ones(3, dtype=torch.long)))


def test_matching_counts_one_match_and_two_negatives(
    describer: Describer, make_bag: MakeBag, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each slide meets its own text, a wrong text and a wrong slide; no wrong pair is a positive one."""
    seen: list[tuple[torch.Tensor, TextBatch]] = []
    match_logits = describer.match_logits

    def watched(memory: PatchMemory, slide: torch.Tensor, pairs: TextBatch) -> torch.Tensor:
        seen.append((slide, pairs))
        return match_logits(memory, slide, pairs)

    monkeypatch.setattr(describer, "match_logits", watched)
    bags = collate([make_bag(3, seed=seed) for seed in range(4)])
    known = describer.aligner.tokenizer.encode(texts)
    positive = torch.eye(4, dtype=torch.bool)
    positive[0, 2] = positive[2, 0] = True

    for seed in range(10):
        describer.stage1_losses(bags, texts, texts, positive, torch.Generator().manual_seed(seed))

    of = {tuple(ids.tolist()): row for row, ids in enumerate(known.ids.split(list(known.lengths)))}
    for slides, pairs in seen:
        slide, text = slides.tolist(), [of[tuple(ids.tolist())] for ids in pairs.ids.split(list(pairs.lengths))]
        assert len(slide) == 12
        assert slide[:4] == text[:4] == [0, 1, 2, 3]
        assert not any(positive[s, t] for s, t in zip(slide[4:], text[4:], strict=True))
        assert slide[4:8] == [0, 1, 2, 3]
        assert text[8:] == [0, 1, 2, 3]


def test_generation_loss_is_the_mean_per_token(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """Long texts weigh more: the mean is over tokens of the batch, not over texts."""
    bags = collate([make_bag(3, seed=seed) for seed in range(4)])

    log_p, is_token = describer.language_model.log_likelihood(describer.prompt(bags), texts)

    assert_close(describer.generation_loss(bags, texts), -log_p[is_token].mean())


@pytest.mark.slow
def test_itg_learns_the_next_token(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """A few steps on one pair bring ITG down to its smoothing floor, so targets are shifted by one and no more."""
    bags = collate([make_bag(4)])
    positive = torch.tensor([[True]])
    optimizer = torch.optim.Adam([p for p in describer.parameters() if p.requires_grad], lr=1e-2)
    first = stage1(describer, bags, texts[1:2], positive)["itg_loss"].item()
    for _ in range(40):
        optimizer.zero_grad()
        loss = stage1(describer, bags, texts[1:2], positive)["itg_loss"]
        loss.backward()
        optimizer.step()

    vocab = describer.aligner.qformer.config.vocab
    floor = -0.9 * np.log(0.9 + 0.1 / vocab) - 0.1 * np.log(0.1 / vocab)
    assert loss.item() < min(floor + 0.1, first / 3)


def test_itg_is_a_mean_over_tokens(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """ITG of a batch is the mean over the tokens of each pair alone."""
    bags = [make_bag(3 + seed, seed=seed) for seed in range(4)]
    counts = [describer.aligner.tokenizer.encode([text]).lengths[0] - 1 for text in texts]
    assert len(set(counts)) > 1

    together = stage1(describer, collate(bags), texts, torch.eye(4, dtype=torch.bool))["itg_loss"]

    alone = [
        stage1(describer, collate([bag]), [text], torch.tensor([[True]]))["itg_loss"]
        for bag, text in zip(bags, texts, strict=True)
    ]
    expected = sum(loss * count for loss, count in zip(alone, counts, strict=True)) / sum(counts)
    assert_close(together, expected, atol=1e-5, rtol=1e-5)


def test_positions_reach_the_prompt(describer: Describer, make_bag: MakeBag) -> None:
    """Moving one patch changes what the language model is told."""
    bag = make_bag(6)
    xy = bag.xy_px0.copy()
    xy[0] += 4480

    a, b = (describer.prompt(collate([each])) for each in (bag, replace(bag, xy_px0=xy)))

    assert (a - b).abs().max() > 1e-3


def test_a_description_has_its_confidence(describer: Describer, make_bag: MakeBag) -> None:
    """One text per slide; confidence is the geometric mean of its tokens' probabilities."""
    bags = collate([make_bag(3), make_bag(8, seed=1)])

    found = describer.describe(bags, max_tokens=6, beams=2)

    log_p, is_token = describer.language_model.log_likelihood(describer.prompt(bags), [each.text for each in found])
    for row, each in enumerate(found):
        assert each.confidence == pytest.approx(float(log_p[row][is_token[row]].mean().exp().detach()), rel=1e-4)
        assert 0 < each.confidence < 1


def test_evidence_is_a_share_of_each_patch(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """One row per span; it sums to 1, or is 0 for a span without a token."""
    bags = collate([make_bag(7)])
    text = texts[1]
    cut = text.index(",")

    evidence = describer.evidence(bags, text, [(0, cut), (cut, len(text)), (len(text) + 3, len(text) + 9)])

    assert evidence.shape == (3, 7)
    assert (evidence >= 0).all()
    assert not evidence.requires_grad
    assert_close(evidence[:2].sum(1), torch.ones(2))
    assert (evidence[2] == 0).all()
    assert not torch.equal(evidence[0], evidence[1])


def test_evidence_is_what_the_span_would_lose(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """Equal to the positive finite differences of the span's likelihood by each patch's attention."""
    describer = describer.double()
    single = collate([make_bag(6)])
    bags = BagBatch(single.embeddings.double(), single.xy_um.double(), single.lengths)
    text = texts[1]
    span = (text.index("invasive"), text.index(","))
    offsets = describer.language_model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    inside = [i for i, (a, b) in enumerate(offsets["offset_mapping"]) if a < span[1] and b > span[0]]

    def likelihood(bias: torch.Tensor) -> float:
        log_p, _ = describer.language_model.log_likelihood(describer.prompt(bags, bias), [text])
        return float(log_p[0, inside].sum().detach())

    step = 1e-2
    slopes = []
    for patch in range(6):
        bias = torch.zeros(6, dtype=torch.float64)
        bias[patch] = step
        slopes.append((likelihood(bias) - likelihood(-bias)) / (2 * step))
    gain = torch.tensor(slopes).clamp_min(0)

    evidence = describer.evidence(bags, text, [span])[0]

    assert (gain > 0).any()
    assert_close(evidence.double(), (gain / gain.sum()).double(), atol=2e-3, rtol=2e-2)


def test_evidence_is_asked_of_one_case_at_a_time(describer: Describer, make_bag: MakeBag, texts: list[str]) -> None:
    """Evidence for two cases at once is a bug of the caller."""
    with pytest.raises(AssertionError, match="one slide or case at a time"):
        describer.evidence(collate([make_bag(2), make_bag(2)]), texts[0], [(0, 5)])
