"""What tests of several layers share: a model of transformers that labels tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers
import torch

LABELS = ("O", "B-PER", "I-PER", "B-LOC")
NAMED = {"chinwe": 1, "okafor": 2, "adenocarcinoma": 2, "zweibrueck": 3}
"""The words that the model labels: names, and a term that it takes for one."""
ORDINARY = ("the", "colon", "agrees", "seen", "in", "by", ".", ",")


@pytest.fixture
def token_classifier(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with a token classifier that labels `NAMED` by the words alone, with windows of some tokens."""

    def make(window: int = 64) -> Path:
        from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *ORDINARY, *NAMED]
        tokenizer = tokenizers.Tokenizer(
            tokenizers.models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]")
        )
        tokenizer.normalizer = tokenizers.normalizers.Lowercase()
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        size = len(LABELS)
        config = BertConfig(
            vocab_size=len(words), hidden_size=size, num_hidden_layers=0, num_attention_heads=1, intermediate_size=size,
            max_position_embeddings=window, id2label=dict(enumerate(LABELS)),
            label2id={label: at for at, label in enumerate(LABELS)},
        )  # fmt: skip
        model = BertForTokenClassification(config)
        with torch.no_grad():
            for weight in model.parameters():
                weight.zero_()
            model.bert.embeddings.LayerNorm.weight.fill_(1.0)
            model.classifier.weight.copy_(torch.eye(size))
            for at, word in enumerate(words):
                model.bert.embeddings.word_embeddings.weight[at, NAMED.get(word, 0)] = 1.0
        folder = tmp_path / "token_classifier"
        model.save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
            model_max_length=window,
        ).save_pretrained(folder)  # fmt: skip
        return folder

    return make
