"""A tiny training split on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import SlideText, Split
from pathalign.store.embeddings import embedding_path, write_bag
from pathalign.train.cohort import TrainingCohort
from pathalign.train.recipes import QFormerSize

DIAGNOSES = ["tubular adenoma", "invasive adenocarcinoma", "metastatic carcinoma", "no tumour"]


@pytest.fixture(scope="session")
def put_bag() -> Callable[..., None]:
    """Writes the embeddings of a slide."""

    def put(folder: Path, slide_id: str, patches: int, *, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        cells = random.permutation(400)[:patches]
        grid = PatchGrid(
            spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, tissue_share=np.ones(patches, np.float32),
            xy_px0=(np.stack([cells % 20, cells // 20], axis=1) * 448).astype(np.int32),
        )  # fmt: skip
        embeddings = (2 + 3 * random.standard_normal((patches, 8))).astype(np.float16)
        write_bag(embedding_path(folder, slide_id), slide_id=slide_id, embeddings=embeddings, grid=grid, provenance={})

    return put


@pytest.fixture(scope="session")
def a_text() -> Callable[..., SlideText]:
    """Makes the text of a slide."""

    def make(number: int, *, part: str = "A", case: int | None = None, diagnosis: str | None = None) -> SlideText:
        words = DIAGNOSES[number % 4] if diagnosis is None else diagnosis
        case = number if case is None else case
        return SlideText(
            slide_id=f"s{number}", case_id=f"c{case}", patient_id=f"p{case}", part=part,
            retrieval_text=f"colon {number}: {words}. margins are free.", generation_text=words and f"{words}.",
            retrieval_key=f"r{number}", concept_key=words, malignant=None, split=Split.TRAIN,
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def embeddings(tmp_path_factory: pytest.TempPathFactory, put_bag: Callable[..., None]) -> Path:
    """Six slides of 4 to 9 patches."""
    folder = tmp_path_factory.mktemp("embeddings")
    for number in range(6):
        put_bag(folder, f"s{number}", 4 + number, seed=number)
    return folder


@pytest.fixture
def cohort(embeddings: Path, a_text: Callable[..., SlideText]) -> TrainingCohort:
    """Six slides: 0 and 4, and 1 and 5, have equal diagnoses; 2 and 3 are of one part."""
    return TrainingCohort(
        embeddings, [a_text(0), a_text(1), a_text(2), a_text(3, case=2), a_text(4), a_text(5)]
    )  # fmt: skip


@pytest.fixture
def size() -> QFormerSize:
    """The smallest Q-Former that has every kind of layer."""
    return QFormerSize(
        dim=16, layers=2, heads=2, ffn_dim=24, num_query_tokens=3, projection_dim=8, max_text_tokens=24, vocab=80
    )  # fmt: skip
