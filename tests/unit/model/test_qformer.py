"""The Q-Former beside transformers' BERT and BLIP-2, and beside a plain padded one, with the same weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.testing import assert_close
from transformers import BertConfig, BertModel, Blip2QFormerModel

from pathalign.domain.geometry import Bag
from pathalign.model.bags import BagBatch, collate
from pathalign.model.blip2 import to_blip2
from pathalign.model.cross_attention import Form, Looking
from pathalign.model.qformer import QFormer, QFormerConfig
from pathalign.model.texts import TextBatch

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]
SIZE = {"dim": 32, "layers": 4, "heads": 4, "ffn_dim": 48}
VOCAB, QUERIES = 50, 5
FORMS: list[Form] = ["keys", "absorbed"]


@pytest.fixture
def qformer() -> QFormer:
    """A tiny Q-Former with weights that are all at work."""
    torch.manual_seed(0)
    config = QFormerConfig(embedding_dim=12, vocab=VOCAB, num_query_tokens=QUERIES, max_text_tokens=16, **SIZE)
    qformer = QFormer(config).eval()
    with torch.no_grad():
        for weight in qformer.parameters():
            weight.add_(0.2 * torch.randn(weight.shape))
    return qformer


@pytest.fixture
def texts() -> TextBatch:
    """Three token sequences of length 9, 4 and 1."""
    torch.manual_seed(1)
    return TextBatch.of([torch.randint(1, VOCAB, (length,)).tolist() for length in (9, 4, 1)])


@pytest.fixture
def bags(make_bag: MakeBag) -> BagBatch:
    """Three slides of 7, 2 and 12 patches."""
    return collate([make_bag(7), make_bag(2, seed=1), make_bag(12, seed=2)])


class Plain:
    """The Q-Former as it stands in the paper: padded, masked, softmax written out, nothing shared between passes."""

    def __init__(self, qformer: QFormer, bags: BagBatch) -> None:
        self.q = qformer
        parts = qformer.patch_input(bags).split(list(bags.lengths))
        self.patches = nn.utils.rnn.pad_sequence(list(parts), batch_first=True)
        self.is_patch = torch.arange(self.patches.shape[1]) < torch.tensor(bags.lengths)[:, None]

    def attention(self, block: nn.Module, x: torch.Tensor, source: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Post-norm attention; `seen` is [row, token, source]."""
        q, k, v = (
            f(y).unflatten(-1, (block.heads, -1)).transpose(1, 2)
            for f, y in ((block.query, x), (block.key, source), (block.value, source))
        )
        scores = (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).masked_fill(~seen[:, None], -torch.inf)
        return block.norm(x + block.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)))

    def run(self, slides: torch.Tensor, texts: TextBatch | None, *, queries: int, causal: bool = False) -> torch.Tensor:
        """Output of all tokens [row, query + longest text, dim]; row n is slide `slides[n]` and text n."""
        q, rows = self.q, len(slides)
        x = q.query_norm(q.query_tokens)[:, :queries].expand(rows, -1, -1)
        real = torch.ones(rows, queries, dtype=torch.bool)
        if texts is not None:
            words = q.text_norm(q.word_embeddings(texts.ids) + q.position_embeddings(texts.column))
            x, real = torch.cat([x, texts.padded(words)], 1), torch.cat([real, texts.is_token()], 1)
        seen = real[:, None, :].repeat(1, x.shape[1], 1)
        if causal:
            seen &= torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril() | (torch.arange(x.shape[1]) < queries)
            seen[:, :queries, queries:] = False
        for layer in q.layers:
            x = self.attention(layer.attention, x, x, seen)
            query, text = x[:, :queries], x[:, queries:]
            if queries and layer.crossattention is not None:
                is_patch = self.is_patch[slides][:, None].expand(-1, queries, -1)
                query = self.attention(layer.crossattention, query, self.patches[slides], is_patch)
            x = torch.cat([layer.query_ffn(query), layer.text_ffn(text)], 1)
        return x


def gradients(qformer: QFormer, out: torch.Tensor) -> list[torch.Tensor]:
    """By every weight, of a random projection of an output."""
    torch.manual_seed(5)
    found = torch.autograd.grad((out * torch.randn_like(out)).sum(), list(qformer.parameters()), allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(qformer.parameters(), found, strict=True)]


def assert_same(qformer: QFormer, ours: torch.Tensor, expected: torch.Tensor) -> None:
    """Outputs and all gradients agree to 1e-5."""
    assert_close(ours, expected, atol=1e-5, rtol=1e-5)
    for mine, plain in zip(gradients(qformer, ours), gradients(qformer, expected), strict=True):
        assert_close(mine, plain, atol=1e-5 * max(1.0, float(plain.abs().max())), rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_looking_equals_the_plain_way(qformer: QFormer, bags: BagBatch, form: Form) -> None:
    """Keys made once and keys absorbed give the outputs and gradients of the padded model."""
    ours = qformer.look(qformer.remember(bags, form=form)).states

    assert_same(qformer, ours, Plain(qformer, bags).run(torch.arange(3), None, queries=QUERIES))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("slides", [[0, 1, 2], [2, 0, 2], [1, 1, 1]])
def test_matching_equals_the_plain_way(
    qformer: QFormer, bags: BagBatch, texts: TextBatch, form: Form, slides: list[int]
) -> None:
    """Any text before any slide, also several before one and none before another."""
    at = torch.tensor(slides)

    query, text = qformer.match(qformer.remember(bags, form=form), at, texts)

    plain = Plain(qformer, bags).run(at, texts, queries=QUERIES)
    ours = torch.cat([query.flatten(), text.flatten()])
    expected = torch.cat([plain[:, :QUERIES].flatten(), texts.packed(plain[:, QUERIES:]).flatten()])
    assert_same(qformer, ours, expected)


def test_reading_and_writing_equal_the_plain_way(qformer: QFormer, bags: BagBatch, texts: TextBatch) -> None:
    """Text alone; and text behind the queries of its slide, which are not run again."""
    plain = Plain(qformer, bags)

    assert_same(qformer, qformer.read(texts), texts.packed(plain.run(torch.arange(3), texts, queries=0)))
    written = qformer.write(qformer.look(qformer.remember(bags)), texts)
    expected = plain.run(torch.arange(3), texts, queries=QUERIES, causal=True)[:, QUERIES:]
    assert_same(qformer, written, texts.packed(expected))


def test_only_the_wanted_tokens_are_computed_last(qformer: QFormer, bags: BagBatch, texts: TextBatch) -> None:
    """Each pass gives some tokens of text, or none, as it gives all of them."""
    at, some, none = torch.tensor([2, 0, 2]), ~texts.is_last, torch.zeros_like(texts.is_last)

    def match(wanted: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        return qformer.match(qformer.remember(bags), at, texts, wanted=wanted)

    def write(wanted: torch.Tensor | None) -> torch.Tensor:
        return qformer.write(qformer.look(qformer.remember(bags)), texts, wanted=wanted)

    assert_same(qformer, qformer.read(texts, wanted=texts.is_first), qformer.read(texts)[texts.is_first])
    assert_same(qformer, write(some), write(None)[some])
    assert_same(qformer, match(some)[1], match(None)[1][some])
    assert_same(qformer, match(none)[0], match(None)[0])
    assert match(none)[1].shape == (0, 32)


@pytest.mark.parametrize("form", FORMS)
def test_a_slide_is_the_same_alone_and_beside_others(qformer: QFormer, make_bag: MakeBag, form: Form) -> None:
    """Any grouping of slides into batches gives the same."""
    bags = [make_bag(n, seed=n) for n in (1, 40, 3)]

    together = qformer.look(qformer.remember(collate(bags), form=form)).states

    for row, bag in enumerate(bags):
        alone = qformer.look(qformer.remember(collate([bag]), form=form)).states
        assert_close(together[row], alone[0], atol=1e-5, rtol=1e-5)


def test_keys_are_made_once(qformer: QFormer, bags: BagBatch, texts: TextBatch) -> None:
    """Every pass over the same memory uses the keys and values of the first."""
    memory = qformer.remember(bags)
    qformer.look(memory)
    before = dict(memory.keys)

    qformer.match(memory, torch.tensor([1, 0, 2]), texts)

    assert sorted(before) == [0, 2]
    assert all(memory.keys[layer] is keys for layer, keys in before.items())
    absorbed = qformer.remember(bags, form="absorbed")
    qformer.look(absorbed)
    assert absorbed.keys == {}


def test_queries_equal_blip2(qformer: QFormer, bags: BagBatch) -> None:
    """Self- and cross-attention of the queries equal transformers' BLIP-2 with the same weights, padding included."""
    blip2 = as_blip2(qformer)
    plain = Plain(qformer, bags)

    expected = blip2(
        query_embeds=qformer.query_tokens.expand(3, -1, -1), encoder_hidden_states=plain.patches,
        encoder_attention_mask=plain.is_patch.long(),
    ).last_hidden_state  # fmt: skip

    assert_close(qformer.look(qformer.remember(bags)).states, expected, atol=1e-5, rtol=1e-5)


def test_matching_equals_blip2(qformer: QFormer, make_bag: MakeBag, texts: TextBatch) -> None:
    """Queries and text that see each other equal transformers' BLIP-2 with text input.

    With slides of one size: transformers 5.23 cannot mask patches beside text (its mask has a row for every token).
    """
    qformer.text_norm.load_state_dict(qformer.query_norm.state_dict())  # theirs has one norm for both
    blip2 = as_blip2(qformer)
    bags = collate([make_bag(7, seed=seed) for seed in range(3)])

    queries, text = qformer.match(qformer.remember(bags), torch.arange(3), texts)

    words = texts.padded(qformer.word_embeddings(texts.ids) + qformer.position_embeddings(texts.column))
    expected = blip2(
        query_embeds=torch.cat([qformer.query_tokens.expand(3, -1, -1), words], dim=1), query_length=QUERIES,
        attention_mask=functional.pad(texts.is_token(), (QUERIES, 0), value=True).long(),
        encoder_hidden_states=qformer.patch_input(bags).unflatten(0, (3, 7)),
    ).last_hidden_state  # fmt: skip
    assert_close(queries, expected[:, :QUERIES], atol=1e-5, rtol=1e-5)
    assert_close(text, texts.packed(expected[:, QUERIES:]), atol=1e-5, rtol=1e-5)


def as_blip2(qformer: QFormer) -> Blip2QFormerModel:
    """transformers' Q-Former with our weights."""
    config, weights = to_blip2(qformer)
    model = Blip2QFormerModel(config).eval()
    model.load_state_dict(weights)
    return model


def test_text_equals_bert(qformer: QFormer, texts: TextBatch) -> None:
    """The text branch equals transformers' BERT with the same weights at every token."""
    config = BertConfig(
        vocab_size=VOCAB, hidden_size=32, num_hidden_layers=4, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=16,
    )  # fmt: skip
    bert = BertModel(config, add_pooling_layer=False).eval()
    state = {
        "embeddings.word_embeddings.weight": qformer.word_embeddings.weight,
        "embeddings.position_embeddings.weight": qformer.position_embeddings.weight,
        "embeddings.token_type_embeddings.weight": torch.zeros(2, 32),
        "embeddings.LayerNorm.weight": qformer.text_norm.weight, "embeddings.LayerNorm.bias": qformer.text_norm.bias,
    }  # fmt: skip
    _, weights = to_blip2(qformer)
    for name, value in weights.items():
        if name.startswith("encoder.") and "crossattention" not in name and "_query" not in name:
            state[name.replace("attention.attention.", "attention.self.")] = value
    bert.load_state_dict(state)
    ids = texts.padded(texts.ids[:, None].float())[..., 0].long()

    expected = bert(input_ids=ids, attention_mask=texts.is_token().long()).last_hidden_state

    assert_close(qformer.read(texts), texts.packed(expected), atol=1e-5, rtol=1e-5)


def test_writing_sees_nothing_later(qformer: QFormer, make_bag: MakeBag, texts: TextBatch) -> None:
    """A changed token changes no output before it; when matching it changes all queries."""
    bags, before = collate([make_bag(6)]), texts.select(torch.tensor([0]))
    changed = TextBatch(torch.where(before.column == 5, (before.ids + 1) % VOCAB, before.ids), before.lengths)
    memory = qformer.remember(bags)

    a, b = (qformer.write(qformer.look(memory), text) for text in (before, changed))

    assert torch.equal(a[:5], b[:5])
    assert ((a - b)[5:].abs().amax(-1) > 1e-4).all()
    both = [qformer.match(memory, torch.tensor([0]), text)[0] for text in (before, changed)]
    assert (both[1] - both[0]).abs().max() > 1e-4


def test_written_text_sees_the_slide(qformer: QFormer, make_bag: MakeBag, texts: TextBatch) -> None:
    """Another slide gives other outputs at every token, the first included."""
    text = texts.select(torch.tensor([0]))

    a, b = (qformer.write(qformer.look(qformer.remember(collate([make_bag(6, seed=s)]))), text) for s in (0, 1))

    assert ((a - b).abs().amax(-1) > 1e-4).all()


def test_cross_attention_is_in_every_second_layer(qformer: QFormer) -> None:
    """Layers 0, 2, ... look at patches, as in BLIP-2; text has no query's feed-forward weights."""
    assert [layer.crossattention is not None for layer in qformer.layers] == [True, False, True, False]
    assert not {id(p) for p in qformer.layers[0].query_ffn.parameters()} & {
        id(p) for p in qformer.layers[0].text_ffn.parameters()
    }


def test_nothing_is_trained_before_keys_and_values(qformer: QFormer) -> None:
    """The patches have no weights of their own, so that no gradient by them is ever needed."""
    assert list(qformer.patch_input.parameters()) == []


def test_queries_start_small_and_apart() -> None:
    """Query tokens start with the published standard deviation of 0.02."""
    torch.manual_seed(0)
    qformer = QFormer(QFormerConfig(vocab=100, layers=1, dim=256, heads=4, ffn_dim=64))

    assert float(qformer.query_tokens.detach().std()) == pytest.approx(0.02, rel=0.1)


def test_a_gain_sharpens_where_queries_look_first() -> None:
    """Queries and keys of cross-attention are multiplied by it; all other weights start as without."""
    starts = []
    for gain in (1.0, 3.0):
        torch.manual_seed(0)
        starts.append(QFormer(QFormerConfig(embedding_dim=12, vocab=VOCAB, cross_attention_gain=gain, **SIZE)))
    plain, sharper = (start.state_dict() for start in starts)

    multiplied = {name for name in plain if not torch.equal(sharper[name], plain[name])}
    assert multiplied == {f"layers.{n}.crossattention.{kind}.weight" for n in (0, 2) for kind in ("query", "key")}
    assert all(torch.equal(sharper[name], 3 * plain[name]) for name in multiplied)


def test_the_default_size_is_the_papers() -> None:
    """bert-base, 32 queries, cross-attention in every second layer."""
    config = QFormerConfig()

    assert (config.dim, config.layers, config.heads, config.ffn_dim) == (768, 12, 12, 3072)
    assert (config.num_query_tokens, config.cross_attention_every) == (32, 2)
    assert QFormerConfig(**config.as_json()) == config


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        ({"dim": 30, "heads": 4}, "got 30 and 4 heads"),
        ({"num_query_tokens": 0}, "at least 1"),
        ({"layers": 0}, "at least 1"),
    ],
)
def test_a_senseless_size_is_refused(wrong: dict[str, int], seen: str) -> None:
    """A size that cannot be built is refused where it is made."""
    with pytest.raises(ValueError, match=seen):
        QFormerConfig(**wrong)


def test_dropout_is_for_training_only(qformer: QFormer, bags: BagBatch) -> None:
    """In evaluation the same slide gives the same bytes; in training dropout varies them."""

    def states() -> torch.Tensor:
        return qformer.look(qformer.remember(bags)).states

    assert torch.equal(states(), states())
    qformer.train()
    assert not torch.equal(states(), states())
    assert not any(isinstance(module, nn.BatchNorm1d) for module in qformer.modules())


@pytest.mark.parametrize("form", FORMS)
def test_a_bias_on_a_patch_turns_attention_to_it(qformer: QFormer, make_bag: MakeBag, form: Form) -> None:
    """A bias of minus infinity is as if the patch were not there; an equal bias on all patches is none."""
    bags = collate([make_bag(6)])
    bias = torch.zeros(6)
    bias[5] = -torch.inf
    memory = qformer.remember(bags, form=form, patch_bias=bias)

    without = qformer.look(memory).states

    memory.patches, memory.lengths, memory.patch_bias = memory.patches[:5], (5,), None
    memory.keys.clear()
    assert_close(without, qformer.look(memory).states, atol=1e-5, rtol=1e-5)
    same = qformer.remember(bags, form=form, patch_bias=torch.full((6,), 3.0))
    expected = qformer.look(qformer.remember(bags, form=form)).states
    assert_close(qformer.look(same).states, expected, atol=1e-5, rtol=1e-5)


def test_rows_find_their_slides() -> None:
    """Rows are sorted by slide, stably, and counted."""
    looking = Looking.at(torch.tensor([2, 0, 2]), 4)

    assert looking.counts == (1, 0, 2, 0)
    assert looking.order is not None
    assert looking.order.tolist() == [1, 0, 2]
    assert Looking.one_each(2) == Looking((1, 1), None)
