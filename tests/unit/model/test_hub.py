"""The door to transformers, without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

from pathalign.errors import UnknownName
from pathalign.model.hub import (
    TextTokenizer,
    load_causal_model,
    load_text_encoder,
    load_tokenizer,
    train_byte_tokenizer,
    train_word_tokenizer,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def tokenizer(texts: list[str]) -> TextTokenizer:
    """A word tokenizer cut at 12 tokens."""
    return TextTokenizer(train_word_tokenizer(texts, vocab=200), 12)


def test_texts_open_with_cls_and_end_with_sep(tokenizer: TextTokenizer, texts: list[str]) -> None:
    """As BERT has it: [CLS] text [SEP], and no padding; generation opens with [DEC]."""
    raw = train_word_tokenizer(texts, vocab=200)
    read, written = tokenizer.encode(texts), tokenizer.encode(texts, generating=True)

    assert read.lengths == written.lengths
    assert (read.ids[read.is_first] == raw.cls_token_id).all()
    assert (written.ids[written.is_first] == raw.bos_token_id).all()
    assert torch.equal(read.ids[~read.is_first], written.ids[~written.is_first])
    assert (read.ids[read.is_last] == raw.sep_token_id).all()
    assert (read.ids != raw.pad_token_id).all()


def test_long_texts_are_cut_and_closed(tokenizer: TextTokenizer) -> None:
    """A text beyond the limit keeps its [SEP]."""
    cut = tokenizer.encode(["carcinoma " * 60])

    assert cut.lengths == (12,)
    assert cut.ids[-1] == tokenizer.encode(["a"]).ids[-1]


@pytest.mark.parametrize("train", [train_word_tokenizer, train_byte_tokenizer])
def test_equal_texts_in_any_order_give_an_equal_vocabulary(train: Callable[..., Any], texts: list[str]) -> None:
    """Training a tokenizer depends neither on the order of rows nor on chance, or no run could be resumed."""
    orders = [texts, texts[::-1], texts[1:] + texts[:1]] * 3

    vocabularies = [train(order, vocab=300).get_vocab() for order in orders]

    assert all(vocabulary == vocabularies[0] for vocabulary in vocabularies)


def test_the_word_tokenizer_knows_pieces_and_words(texts: list[str]) -> None:
    """Frequent words are one token, unseen ones are pieces, case means nothing, and pieces are no special tokens."""
    tokenizer = train_word_tokenizer([*texts, "carcinoma " * 9], vocab=200)

    assert tokenizer.tokenize("Carcinoma") == ["carcinoma"]
    assert tokenizer.tokenize("carcinomas")[0] == "carcinoma"
    assert set(tokenizer.all_special_tokens) == {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]"}
    ids = tokenizer("tumours in colon", add_special_tokens=False).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == "tumours in colon"
    assert tokenizer.tokenize("\N{SNOWMAN}") == ["[UNK]"]


def test_the_byte_tokenizer_writes_what_it_read(texts: list[str]) -> None:
    """Any text, also with letters never seen, comes back to the byte."""
    tokenizer = train_byte_tokenizer(texts, vocab=300)

    for text in [*texts, "Größe ≥ 5 µm:  Naïve — 病理"]:
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text


def test_a_saved_tokenizer_is_the_same(tokenizer: TextTokenizer, texts: list[str], tmp_path: Path) -> None:
    """Written to a folder and loaded it encodes the same and knows [DEC]."""
    tokenizer.save(tmp_path)

    again = TextTokenizer(load_tokenizer(tmp_path), 12)

    assert len(again) == len(tokenizer)
    for generating in (False, True):
        expected = tokenizer.encode(texts, generating=generating)
        assert torch.equal(again.encode(texts, generating=generating).ids, expected.ids)


def test_a_bert_s_weights_get_our_names(tmp_path: Path, texts: list[str]) -> None:
    """Size, tokenizer and every weight of the encoder come along; the segment is added to the words."""
    tokenizer = train_word_tokenizer(texts, vocab=120)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=40,
    )  # fmt: skip
    bert = BertModel(config)
    torch.nn.init.normal_(bert.embeddings.token_type_embeddings.weight)
    bert.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)

    size, weights, raw = load_text_encoder(str(tmp_path))

    assert size == {"dim": 16, "layers": 2, "heads": 2, "ffn_dim": 24, "max_text_tokens": 40}
    assert raw.get_vocab() == tokenizer.get_vocab()
    assert_close(
        weights["word_embeddings.weight"],
        bert.embeddings.word_embeddings.weight + bert.embeddings.token_type_embeddings.weight[0],
    )
    assert_close(weights["layers.1.query_ffn.fc1.weight"], weights["layers.1.text_ffn.fc1.weight"])
    assert len(weights) == 2 + 4 + 2 * (16 + 6)


def test_another_architecture_is_no_text_encoder(tmp_path: Path, texts: list[str]) -> None:
    """A GPT-2 cannot start the Q-Former; the message says what can."""
    GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=2)).save_pretrained(tmp_path)

    with pytest.raises(UnknownName, match=r"is a gpt2; .*Name a BERT such as"):
        load_text_encoder(str(tmp_path))


@pytest.mark.parametrize(
    ("load", "what"),
    [(load_tokenizer, "tokenizer"), (load_text_encoder, "text encoder"), (load_causal_model, "language model")],
)
@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder", "two words"])
def test_a_name_that_nobody_has(load: Callable[[str], object], what: str, name: str) -> None:
    """Without network a name is refused with what can be given instead, not with a traceback of the client."""
    with pytest.raises(UnknownName, match=rf"There is no {what} called {name}: .*with network access"):
        load(name)


def test_a_language_model_without_padding_token(tmp_path: Path, texts: list[str]) -> None:
    """Many causal models have none; the end serves, for padding is masked anyway."""
    tokenizer = train_byte_tokenizer(texts, vocab=300)
    tokenizer.pad_token = None
    GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=8, n_layer=1, n_head=2)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)

    model, loaded = load_causal_model(tmp_path)

    assert loaded.pad_token == loaded.eos_token
    assert next(model.parameters()).dtype == torch.float32
