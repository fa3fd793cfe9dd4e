"""A tiny aligner, language model and describer, and random slides."""

from __future__ import annotations

from collections.abc import Callable

import huggingface_hub.constants
import numpy as np
import pytest
import torch

from pathalign.domain.geometry import Bag
from pathalign.model.aligner import Aligner
from pathalign.model.describer import Describer
from pathalign.model.hub import TextTokenizer, new_causal_model, train_byte_tokenizer, train_word_tokenizer
from pathalign.model.language_model import FrozenLanguageModel
from pathalign.model.qformer import QFormerConfig

TEXTS = [
    "colon: tubular adenoma.",
    "colon: invasive adenocarcinoma, moderately differentiated. negative margins.",
    "lymph node: metastatic carcinoma.",
    "lung: no tumour is seen.",
]


@pytest.fixture(autouse=True)
def hub_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub's client reads its environment once, on import, which may have been before the test."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Four texts of different length."""
    return TEXTS


@pytest.fixture(scope="session")
def make_bag() -> Callable[..., Bag]:
    """Makes a slide of random patches at random places of a grid."""

    def make(patches: int, *, seed: int = 0, dim: int = 12) -> Bag:
        random = np.random.default_rng([seed, patches])
        cells = random.permutation(400)[:patches]
        return Bag(
            slide_id=f"s{seed}", embeddings=random.standard_normal((patches, dim)).astype(np.float16),
            xy_px0=(np.stack([cells % 20, cells // 20], axis=1) * 448).astype(np.int32), slide_mpp=0.5, side_px0=448.0,
        )  # fmt: skip

    return make


@pytest.fixture
def make_aligner() -> Callable[..., Aligner]:
    """Makes a tiny aligner whose weights are large enough for its inputs to matter."""

    def make(**changes: object) -> Aligner:
        torch.manual_seed(0)
        tokenizer = TextTokenizer(train_word_tokenizer(TEXTS, vocab=200), 32)
        size = {
            "embedding_dim": 12, "vocab": len(tokenizer), "dim": 32, "layers": 3, "heads": 4, "ffn_dim": 48,
            "num_query_tokens": 5, "max_text_tokens": 32, "dropout": 0.0,
        }  # fmt: skip
        aligner = Aligner(QFormerConfig(**{**size, **changes}), tokenizer, projection_dim=16)  # type: ignore[arg-type]
        shake(aligner)
        return aligner.eval()

    return make


@pytest.fixture
def aligner(make_aligner: Callable[..., Aligner]) -> Aligner:
    """A tiny aligner."""
    return make_aligner()


@pytest.fixture
def language_model() -> FrozenLanguageModel:
    """A tiny frozen Llama with a byte tokenizer."""
    torch.manual_seed(1)
    tokenizer = train_byte_tokenizer(TEXTS, vocab=300)
    model = new_causal_model(vocab=len(tokenizer), dim=32, layers=2, heads=4, pad=0, bos=1, eos=2)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(std=0.3)
    return FrozenLanguageModel(model, tokenizer, source="folder")


@pytest.fixture
def describer(aligner: Aligner, language_model: FrozenLanguageModel) -> Describer:
    """The tiny aligner before the tiny language model."""
    torch.manual_seed(2)
    describer = Describer(aligner, language_model)
    torch.nn.init.normal_(describer.to_prompt.weight, std=0.2)
    torch.nn.init.normal_(describer.itm_head.weight, std=0.5)
    return describer.eval()


def shake(module: torch.nn.Module) -> None:
    """Random weights so large that attention is not flat and every input can be seen in the output."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim >= 2:
                weight.normal_(std=weight.shape[-1] ** -0.5)
            elif not name.endswith("log_temperature"):
                weight.add_(0.1 * torch.randn(weight.shape))
