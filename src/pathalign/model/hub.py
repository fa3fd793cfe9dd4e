"""The door to transformers: tokenizers, text encoders and causal language models, from a folder or the Hub.

The only module of `model` that imports transformers. Nothing here runs remote code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tokenizers
import torch
from torch import Tensor

from pathalign.errors import BadModelFolder, UnknownName
from pathalign.model.texts import TextBatch

PAD, UNKNOWN, CLS, SEP, DEC = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]"


class TextTokenizer:
    """Texts to ids for the Q-Former, in BERT's manner: [CLS] text [SEP]; generation opens with [DEC] instead."""

    def __init__(self, tokenizer: Any, max_tokens: int) -> None:
        self._tokenizer = tokenizer
        self.max_tokens = max_tokens
        if tokenizer.bos_token != DEC:
            tokenizer.add_special_tokens({"bos_token": DEC})

    def __len__(self) -> int:
        return len(self._tokenizer)

    def encode(self, texts: Sequence[str], *, generating: bool = False) -> TextBatch:
        """Ids of each text, cut at `max_tokens`."""
        sequences = self._tokenizer(list(texts), truncation=True, max_length=self.max_tokens)["input_ids"]
        if generating:
            sequences = [[self._tokenizer.bos_token_id, *sequence[1:]] for sequence in sequences]
        return TextBatch.of(sequences)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files, without the padding and cut of the last call: these are no part of it."""
        if (backend := getattr(self._tokenizer, "backend_tokenizer", None)) is not None:
            backend.no_padding()
            backend.no_truncation()
        self._tokenizer.save_pretrained(folder)


def train_word_tokenizer(texts: Iterable[str], *, vocab: int) -> Any:
    """A small WordPiece tokenizer in BERT's manner, trained on texts; equal texts give an equal vocabulary."""
    from transformers import PreTrainedTokenizerFast

    texts = sorted(texts)
    trained = _word_tokenizer(None)
    # The trainer numbers "##a" as it meets it in a map of random order; named beforehand, they have a fixed number.
    letters = sorted({letter for text in texts for letter in trained.normalizer.normalize_str(text)} - {" "})
    special = [PAD, UNKNOWN, CLS, SEP, DEC, *(f"##{letter}" for letter in letters)]
    trainer = tokenizers.trainers.WordPieceTrainer(vocab_size=vocab, special_tokens=special, show_progress=False)
    trained.train_from_iterator(texts, trainer)
    tokenizer = _word_tokenizer(trained.get_vocab())  # in which "##a" is an ordinary token
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}", special_tokens=[(name, tokenizer.token_to_id(name)) for name in (CLS, SEP)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, unk_token=UNKNOWN, bos_token=DEC, cls_token=CLS, sep_token=SEP
    )


def _word_tokenizer(vocabulary: dict[str, int] | None) -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = tokenizers.decoders.WordPiece()
    return tokenizer


def train_byte_tokenizer(texts: Iterable[str], *, vocab: int) -> Any:
    """A small byte-level BPE tokenizer for a causal language model: what it writes reads as it was written."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=[PAD, DEC, SEP], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(sorted(texts), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, bos_token=DEC, eos_token=SEP)


def load_tokenizer(name: str | Path) -> Any:
    """A tokenizer from a folder or the Hub; raises `UnknownName` when it cannot be had."""
    from transformers import AutoTokenizer

    return _from_pretrained(AutoTokenizer, name, "tokenizer")


def load_text_encoder(name: str) -> tuple[dict[str, Any], dict[str, Tensor], Any]:
    """Size, weights (in the Q-Former's names) and tokenizer of a BERT from a folder or the Hub.

    Raises `UnknownName` when it cannot be had or is not a BERT.
    """
    from transformers import AutoModel

    bert = _from_pretrained(AutoModel, name, "text encoder", dtype=torch.float32)
    if bert.config.model_type != "bert":
        raise UnknownName(
            f"{name} is a {bert.config.model_type}; a text encoder starts the Q-Former, which is a BERT. "
            "Name a BERT such as bert-base-uncased or microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract."
        )
    config = bert.config
    size = {
        "dim": config.hidden_size, "layers": config.num_hidden_layers, "heads": config.num_attention_heads,
        "ffn_dim": config.intermediate_size, "max_text_tokens": config.max_position_embeddings,
    }  # fmt: skip
    return size, dict(_renamed_bert(bert.state_dict())), load_tokenizer(name)


def _renamed_bert(state: dict[str, Tensor]) -> Iterable[tuple[str, Tensor]]:
    """BERT's weights under the Q-Former's names; queries start from the text's feed-forward block, as in BLIP-2."""
    start = "embeddings."
    # Every text is one segment, so the segment's embedding is part of the word's.
    words = state[start + "word_embeddings.weight"] + state[start + "token_type_embeddings.weight"][0]
    yield "word_embeddings.weight", words
    yield "position_embeddings.weight", state[start + "position_embeddings.weight"]
    for kind in ("weight", "bias"):
        yield f"text_norm.{kind}", state[f"{start}LayerNorm.{kind}"]
        yield f"query_norm.{kind}", state[f"{start}LayerNorm.{kind}"]
    names = {
        "attention.self.query": ["attention.query"], "attention.self.key": ["attention.key"],
        "attention.self.value": ["attention.value"], "attention.output.dense": ["attention.out"],
        "attention.output.LayerNorm": ["attention.norm"], "intermediate.dense": ["text_ffn.fc1", "query_ffn.fc1"],
        "output.dense": ["text_ffn.fc2", "query_ffn.fc2"], "output.LayerNorm": ["text_ffn.norm", "query_ffn.norm"],
    }  # fmt: skip
    for key, value in state.items():
        if not key.startswith("encoder.layer."):
            continue
        index, name = key.removeprefix("encoder.layer.").split(".", 1)
        name, kind = name.rsplit(".", 1)
        for ours in names[name]:
            yield f"layers.{index}.{ours}.{kind}", value.clone()


def new_causal_model(*, vocab: int, dim: int, layers: int, heads: int, pad: int, bos: int, eos: int) -> Any:
    """A small Llama with random weights: the offline default before it is trained."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocab, hidden_size=dim, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=3 * dim, max_position_embeddings=1024, tie_word_embeddings=True,
        pad_token_id=pad, bos_token_id=bos, eos_token_id=eos,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def load_causal_model(name: str | Path, *, as_stored: bool = False) -> tuple[Any, Any]:
    """A causal language model and its tokenizer, from a folder or the Hub; raises `UnknownName`.

    In float32, or `as_stored`: most large ones are in bfloat16, which takes half the memory.
    """
    from transformers import AutoModelForCausalLM

    model = _from_pretrained(AutoModelForCausalLM, name, "language model", dtype="auto" if as_stored else torch.float32)
    tokenizer = load_tokenizer(name)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def load_token_classifier(folder: Path) -> tuple[Any, Any]:
    """A model that labels tokens, and its tokenizer, from a folder alone.

    Raises `UnknownName` where there is no model, and `BadModelFolder` where it cannot be read.
    """
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    if not (folder / "config.json").is_file():
        raise UnknownName(
            f"{folder} is no folder of a model: it has no config.json. Nothing is loaded from a network while reports "
            "are at hand; download a token classifier beforehand (`hf download NAME --local-dir FOLDER`) and name the "
            "folder."
        )
    quiet()
    try:
        model = AutoModelForTokenClassification.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise BadModelFolder(
            f"transformers reads no token classifier from {folder} ({type(error).__name__}): it needs a config.json, "
            "weights in model.safetensors and a tokenizer.json. Download it again."
        ) from error
    return model.eval().requires_grad_(False), tokenizer


def count_causal_weights(name: str | Path) -> int:
    """How many weights a causal language model has, by its configuration alone; raises `UnknownName`."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = _from_pretrained(AutoConfig, name, "language model")
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return sum(weight.numel() for weight in model.parameters())


def blip2_config(config: Any) -> Any:
    """The `Blip2QFormerConfig` of a Q-Former of ours."""
    from transformers import Blip2QFormerConfig

    return Blip2QFormerConfig(
        hidden_size=config.dim, num_hidden_layers=config.layers, num_attention_heads=config.heads,
        intermediate_size=config.ffn_dim, encoder_hidden_size=config.patch_width, vocab_size=config.vocab,
        cross_attention_frequency=config.cross_attention_every, use_qformer_text_input=True,
        hidden_dropout_prob=config.dropout, attention_probs_dropout_prob=config.dropout,
    )  # fmt: skip


def quiet() -> None:
    """No bars and warnings from transformers: stderr has our own, and stdout may be one JSON document."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def _from_pretrained(kind: Any, name: str | Path, what: str, **how: Any) -> Any:
    quiet()
    try:
        return kind.from_pretrained(name, **how)
    except (OSError, ValueError) as error:
        raise UnknownName(
            f"There is no {what} called {name}: neither a folder here nor one that the Hugging Face Hub gives "
            f"({type(error).__name__}). Give a folder in Hugging Face's format, or a Hub name with network access; "
            "a gated one needs `hf auth login` after its owner has granted access."
        ) from error
