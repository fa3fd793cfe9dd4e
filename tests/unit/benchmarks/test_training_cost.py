"""What the bench of training relies on: equal models, and a counter that counts right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

pytestmark = pytest.mark.unit

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scripts of `benchmarks/` can be imported, as they import one another."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in ("counting", "plain_blip2", "training", "training_cases", "training_input"):
        if name not in before:
            sys.modules.pop(name, None)


def test_both_ways_have_the_same_losses() -> None:
    """BLIP-2 as it stands and ours agree on all losses, and on the gradient of the queries."""
    from training import check_losses

    check_losses()


def test_the_plain_way_masks_its_padding() -> None:
    """What a padded place holds, a patch or a word, changes no loss."""
    from plain_blip2 import plain_like
    from training import shake, small
    from training_cases import Case, new_describer, plain_losses

    plain = plain_like(new_describer(small())).eval()
    shake(plain)
    case = Case((7, 2), (9, 4))
    bags, texts = case.bags(dim=12), case.texts(vocab=50)
    expected = plain_losses(plain, bags, texts)

    def dirty(parts: list[torch.Tensor], batch_first: bool) -> torch.Tensor:
        assert batch_first
        longest = max(map(len, parts))
        noise = [torch.full((longest - len(x), *x.shape[1:]), 3, dtype=x.dtype) for x in parts]
        return torch.stack([torch.cat(pair) for pair in zip(parts, noise, strict=True)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.utils.rnn, "pad_sequence", dirty)
        found = plain_losses(plain, bags, texts)

    for name, loss in expected.items():
        torch.testing.assert_close(found[name], loss, atol=1e-6, rtol=1e-6)


def test_operations_and_bytes_of_a_linear_layer() -> None:
    """Forwards one product, backwards two; the input and the rounded weight are kept until then."""
    from counting import Counter, fakes

    with fakes():
        layer = nn.Linear(64, 32, bias=False)
        x = torch.empty(100, 64, dtype=torch.bfloat16, requires_grad=True)
        with Counter() as counter, torch.autocast("cpu", torch.bfloat16):
            loss = layer(x).sum()
            counter.mark()
            loss.backward()

    assert counter.cost.flops == 3 * 2 * 100 * 64 * 32
    assert counter.cost.held == 64 * 32 * 2 + 2  # and the loss
    assert counter.cost.peak > counter.cost.held


def test_attention_is_seven_products_and_keeps_no_scores() -> None:
    """Two forwards, five backwards, with dropout asked for and a mask given as well."""
    from counting import Counter, fakes

    with fakes():
        q, k = (torch.empty(1, 4, length, 16, requires_grad=True) for length in (64, 512))
        mask = torch.ones(1, 1, 1, 512, dtype=torch.bool)
        with Counter() as counter:
            out = functional.scaled_dot_product_attention(q, k, k, attn_mask=mask, dropout_p=0.1)
            counter.mark()
            out.sum().backward()

    assert counter.cost.flops == 7 * 2 * 4 * 64 * 512 * 16
    assert counter.cost.held < 4 * 64 * 512


def test_whole_numbers_are_kept_and_others_are_not() -> None:
    """Places follow from lengths, and a mask decides a shape; what is computed from embeddings has no numbers."""
    from counting import fakes

    with fakes():
        lengths = torch.tensor([2, 1])
        row = torch.arange(2).repeat_interleave(lengths)
        chosen = torch.empty(3, 5)[row == 0]

    assert row.tolist() == [0, 0, 1]
    assert tuple(chosen.shape) == (2, 5)
    assert type(chosen).__name__ == "FakeTensor"


def test_a_slide_of_a_million_patches_takes_no_memory() -> None:
    """Its operations by hand: the absorbed form grows with the patches by their two products alone."""
    from counting import Counter, fakes

    from pathalign.model.bags import BagBatch
    from pathalign.model.qformer import QFormer, QFormerConfig

    config = QFormerConfig(dim=64, layers=2, heads=4, ffn_dim=64, num_query_tokens=8, vocab=50)
    found = []
    for patches in (1_000_000, 2_000_000):
        with fakes(), torch.no_grad():
            qformer = QFormer(config)
            bags = BagBatch(torch.empty(patches, 384), torch.empty(patches, 2, dtype=torch.float64), (patches,))
            with Counter() as counter:
                qformer.look(qformer.remember(bags, form="absorbed"))
        found.append(counter.cost.flops)

    assert found[1] - found[0] == 2 * 2 * 8 * 4 * 1_000_000 * config.patch_width


def test_input_follows_from_operations() -> None:
    """Half the operations are twice the slides and twice the bytes; random rows lie on most pages."""
    from training_input import input_rows, pages_touched

    slow, fast = (input_rows({10_240: x, 2048: x})[0] for x in (0.5, 0.25))

    assert fast["gb_per_s"] == pytest.approx(2 * slow["gb_per_s"])
    assert slow["gb_per_s"] == pytest.approx(989 / 4 / 0.5 * 10_240 * 776 / 1e9)
    assert 0.6 < pages_touched(776) < 1
