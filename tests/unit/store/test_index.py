"""The search index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pathalign.errors import MissingArtifact
from pathalign.store.index import Index, read_index, slide_to_slide, slide_to_text, write_index

pytestmark = pytest.mark.unit


def units(*shape: int, seed: int = 0) -> np.ndarray:
    """Random unit vectors."""
    vectors = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture
def index() -> Index:
    """Three slides and two texts."""
    return Index(
        slide_ids=["c", "a", "b"], slides=units(3, 4, 16), text_ids=["a", "b"], texts=units(2, 16, seed=1)
    )  # fmt: skip


def test_an_index_comes_back(tmp_path: Path, index: Index) -> None:
    """Vectors and ids are exact, and the vectors are mapped, not loaded."""
    manifest = write_index(tmp_path, index, config={"a": 1}, parents={"model": "m"}, licence="MIT")

    read, seen = read_index(tmp_path)

    assert seen == manifest
    assert (read.slide_ids, read.text_ids) == (index.slide_ids, index.text_ids)
    np.testing.assert_array_equal(read.slides, index.slides)
    np.testing.assert_array_equal(read.texts, index.texts)
    assert isinstance(read.slides, np.memmap)


def test_without_a_manifest_there_is_no_index(tmp_path: Path, index: Index) -> None:
    """An index whose writing was cut off before the manifest does not exist."""
    write_index(tmp_path, index, config={}, parents={}, licence="")
    (tmp_path / "manifest.json").unlink()

    with pytest.raises(MissingArtifact, match="Run `pathalign index`"):
        read_index(tmp_path)


def test_similarity_to_texts_is_that_of_the_best_query(index: Index) -> None:
    """Equal to the cosine of every query with every text, of which the greatest counts."""
    scores = slide_to_text(index.slides, index.texts)

    expected = [[max(q @ t for q in slide) for t in index.texts] for slide in index.slides]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
    assert slide_to_text(index.slides[:0], index.texts).shape == (0, 2)


def test_similarity_of_slides_is_symmetric_and_one_with_itself(index: Index) -> None:
    """Like queries are compared; a slide is most like itself."""
    scores = slide_to_slide(index.slides, index.slides)

    expected = [[np.mean([(a[q] @ b[q]) for q in range(4)]) for b in index.slides] for a in index.slides]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.diag(scores), 1, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scores, scores.T, rtol=1e-5, atol=1e-6)


def test_rows_follow_the_ids_asked_for(index: Index) -> None:
    """Rows come in the order of the question, not of the index."""
    np.testing.assert_array_equal(index.rows_of(["b", "c"]), [2, 0])
