"""The Q-Former beside transformers' BERT and BLIP-2 with the same weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from transformers import BertConfig, BertModel, Blip2QFormerConfig, Blip2QFormerModel

from pathalign.domain.geometry import Bag
from pathalign.model.bags import BagBatch, collate
from pathalign.model.qformer import QFormer, QFormerConfig

pytestmark = pytest.mark.unit

MakeBag = Callable[..., Bag]
SIZE = {"dim": 32, "layers": 4, "heads": 4, "ffn_dim": 48}
VOCAB, QUERIES = 50, 5


@pytest.fixture
def qformer() -> QFormer:
    """A tiny Q-Former with weights that are all at work."""
    torch.manual_seed(0)
    config = QFormerConfig(
        embedding_dim=12, vocab=VOCAB, num_query_tokens=QUERIES, max_text_tokens=16, positions=False, **SIZE
    )  # fmt: skip
    qformer = QFormer(config).eval()
    with torch.no_grad():
        for weight in qformer.parameters():
            weight.add_(0.2 * torch.randn(weight.shape))
    return qformer


@pytest.fixture
def ids() -> tuple[torch.Tensor, torch.Tensor]:
    """Three token sequences of length 9, 4 and 1, padded."""
    torch.manual_seed(1)
    ids = torch.randint(1, VOCAB, (3, 9))
    is_token = torch.arange(9) < torch.tensor([[9], [4], [1]])
    return ids.masked_fill(~is_token, 0), is_token


def theirs(name: str) -> str:
    """Our name of a weight within a layer as BERT and BLIP-2 have it."""
    for ours, their in (
        ("attention.query", "attention.attention.query"), ("attention.key", "attention.attention.key"),
        ("attention.value", "attention.attention.value"), ("attention.out", "attention.output.dense"),
        ("attention.norm", "attention.output.LayerNorm"),
        ("query_ffn.fc1", "intermediate_query.dense"), ("query_ffn.fc2", "output_query.dense"),
        ("query_ffn.norm", "output_query.LayerNorm"), ("text_ffn.fc1", "intermediate.dense"),
        ("text_ffn.fc2", "output.dense"), ("text_ffn.norm", "output.LayerNorm"),
    ):  # fmt: skip
        name = name.replace(ours, their)
    return name


@pytest.fixture
def blip2(qformer: QFormer) -> Blip2QFormerModel:
    """transformers' Q-Former with our weights; its one first norm serves queries and text, so ours are made equal."""
    qformer.text_norm.load_state_dict(qformer.query_norm.state_dict())
    config = Blip2QFormerConfig(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=4, intermediate_size=48, encoder_hidden_size=32,
        cross_attention_frequency=2, vocab_size=VOCAB, use_qformer_text_input=True,
    )  # fmt: skip
    model = Blip2QFormerModel(config).eval()
    weights = {
        f"encoder.layer.{name.removeprefix('layers.')}": value
        for name, value in ((theirs(name), value) for name, value in qformer.state_dict().items())
        if name.startswith("layers.")
    }
    weights |= {f"layernorm.{kind}": getattr(qformer.query_norm, kind) for kind in ("weight", "bias")}
    model.load_state_dict(weights)
    return model


def test_queries_equal_blip2(qformer: QFormer, blip2: Blip2QFormerModel, make_bag: MakeBag) -> None:
    """Self- and cross-attention of the queries equal transformers' BLIP-2 with the same weights, padding included."""
    bags = collate([make_bag(7), make_bag(2, seed=1)])

    ours = qformer.queries(bags)

    expected = blip2(
        query_embeds=qformer.query_tokens.expand(2, -1, -1), encoder_hidden_states=qformer.patch_input(bags),
        encoder_attention_mask=bags.is_patch.long(),
    ).last_hidden_state  # fmt: skip
    assert_close(ours, expected, atol=1e-5, rtol=1e-5)


def test_matching_equals_blip2(
    qformer: QFormer, blip2: Blip2QFormerModel, make_bag: MakeBag, ids: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """Queries and text that see each other equal transformers' BLIP-2 with text input.

    Without padded patches: transformers 5.23 cannot mask them beside text (its mask has a row for every token).
    """
    tokens, is_token = ids
    bags = collate([make_bag(7, seed=seed) for seed in range(3)])

    queries, text = qformer.joint(bags, tokens, is_token, causal=False)

    words = qformer.word_embeddings(tokens) + qformer.position_embeddings.weight[:9]
    real = torch.cat([torch.ones(3, QUERIES, dtype=torch.long), is_token.long()], dim=1)
    expected = blip2(
        query_embeds=torch.cat([qformer.query_tokens.expand(3, -1, -1), words], dim=1), query_length=QUERIES,
        attention_mask=real, encoder_hidden_states=qformer.patch_input(bags),
    ).last_hidden_state  # fmt: skip
    assert_close(queries, expected[:, :QUERIES], atol=1e-5, rtol=1e-5)
    assert_close(text[is_token], expected[:, QUERIES:][is_token], atol=1e-5, rtol=1e-5)


def test_text_equals_bert(qformer: QFormer, ids: tuple[torch.Tensor, torch.Tensor]) -> None:
    """The text branch equals transformers' BERT with the same weights at every real token."""
    tokens, is_token = ids
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
    for name, value in qformer.state_dict().items():
        if name.startswith("layers.") and "crossattention" not in name and "query_ffn" not in name:
            their = theirs(name).replace("attention.attention.", "attention.self.")
            state[f"encoder.layer.{their.removeprefix('layers.')}"] = value
    bert.load_state_dict(state)

    expected = bert(input_ids=tokens, attention_mask=is_token.long()).last_hidden_state

    assert_close(qformer.text(tokens, is_token)[is_token], expected[is_token], atol=1e-5, rtol=1e-5)


def test_generation_sees_nothing_later(
    qformer: QFormer, make_bag: MakeBag, ids: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """When generating, a changed token changes no output before it and no query; when matching it changes all."""
    tokens, is_token = ids[0][:1], ids[1][:1]
    changed = tokens.clone()
    changed[0, 5] = (changed[0, 5] + 1) % VOCAB
    bags = collate([make_bag(6)])

    queries, text = qformer.joint(bags, tokens, is_token, causal=True)
    queries_after, text_after = qformer.joint(bags, changed, is_token, causal=True)

    assert torch.equal(queries_after, queries)
    assert_close(text_after[:, :5], text[:, :5], atol=0, rtol=0)
    assert ((text_after - text)[0, 5:].abs().amax(-1) > 1e-4).all()
    both = [qformer.joint(bags, tokens, is_token, causal=False)[0] for tokens in (tokens, changed)]
    assert (both[1] - both[0]).abs().max() > 1e-4


def test_generating_queries_are_the_queries_alone(
    qformer: QFormer, make_bag: MakeBag, ids: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """When generating, the queries see no text: they equal those of the slide without any."""
    bags = collate([make_bag(6), make_bag(2, seed=1), make_bag(3, seed=2)])

    queries, _ = qformer.joint(bags, *ids, causal=True)

    assert_close(queries, qformer.queries(bags), atol=1e-5, rtol=1e-5)


def test_generated_text_sees_the_slide(
    qformer: QFormer, make_bag: MakeBag, ids: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """Another slide gives other outputs at every token, the first included."""
    tokens, is_token = ids[0][:1], ids[1][:1]

    a, b = (qformer.joint(collate([make_bag(6, seed=s)]), tokens, is_token, causal=True)[1] for s in (0, 1))

    assert ((a - b)[0].abs().amax(-1) > 1e-4).all()


@pytest.mark.parametrize("causal", [True, False])
def test_padding_of_a_joint_batch_changes_nothing(
    qformer: QFormer, make_bag: MakeBag, ids: tuple[torch.Tensor, torch.Tensor], causal: bool
) -> None:
    """Padded patches and padded tokens leave queries and text of the smaller pair as they are alone."""
    tokens, is_token = ids
    bags = [make_bag(12), make_bag(2, seed=1), make_bag(3, seed=2)]

    queries, text = qformer.joint(collate(bags), tokens, is_token, causal=causal)

    for row, length in ((1, 4), (2, 1)):
        alone = qformer.joint(
            collate([bags[row]]), tokens[row : row + 1, :length], is_token[row : row + 1, :length], causal=causal
        )
        assert_close(queries[row], alone[0][0], atol=1e-5, rtol=1e-5)
        assert_close(text[row, :length], alone[1][0], atol=1e-5, rtol=1e-5)


def test_cross_attention_is_in_every_second_layer(qformer: QFormer) -> None:
    """Layers 0, 2, ... look at patches, as in BLIP-2; text has no query's feed-forward weights."""
    assert [layer.crossattention is not None for layer in qformer.layers] == [True, False, True, False]
    assert not {id(p) for p in qformer.layers[0].query_ffn.parameters()} & {
        id(p) for p in qformer.layers[0].text_ffn.parameters()
    }


def test_queries_start_small_and_apart() -> None:
    """Query tokens start with the published standard deviation of 0.02."""
    torch.manual_seed(0)
    qformer = QFormer(QFormerConfig(vocab=100, layers=1, dim=256, heads=4, ffn_dim=64))

    assert float(qformer.query_tokens.detach().std()) == pytest.approx(0.02, rel=0.1)


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
        ({"dim": 34, "heads": 17}, "multiple of heads and of 4"),
        ({"num_query_tokens": 0}, "at least 1"),
        ({"layers": 0}, "at least 1"),
    ],
)
def test_a_senseless_size_is_refused(wrong: dict[str, int], seen: str) -> None:
    """A size that cannot be built is refused where it is made."""
    with pytest.raises(ValueError, match=seen):
        QFormerConfig(**wrong)


def test_dropout_is_for_training_only(qformer: QFormer, make_bag: MakeBag) -> None:
    """In evaluation the same slide gives the same bytes; in training dropout varies them."""
    bags = collate([make_bag(6)])

    assert torch.equal(qformer.queries(bags), qformer.queries(bags))
    qformer.train()
    assert not torch.equal(qformer.queries(bags), qformer.queries(bags))
    assert not any(isinstance(module, nn.BatchNorm1d) for module in qformer.modules())


def test_a_bias_on_a_patch_turns_attention_to_it(qformer: QFormer, make_bag: MakeBag) -> None:
    """A bias of minus infinity is as if the patch were not there; an equal bias on all patches is none."""
    bag = make_bag(6)
    bags = collate([bag])
    bias = torch.zeros(1, 6)
    bias[0, 5] = -torch.inf

    without = qformer.queries(bags, bias)

    shorter = BagBatch(bags.embeddings[:, :5], bags.xy_um[:, :5], bags.is_patch[:, :5])
    assert_close(without, qformer.queries(shorter), atol=1e-5, rtol=1e-5)
    assert_close(qformer.queries(bags, torch.full((1, 6), 3.0)), qformer.queries(bags), atol=1e-5, rtol=1e-5)
