"""Curves of a pre-training, from its log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from pathalign.evaluate.learning_curves import write_learning_curves

pytestmark = pytest.mark.unit


def log(path: Path, rows: list[dict[str, float | None]]) -> Path:
    """A metrics.jsonl of these rows, numbered from 1."""
    path.write_text("".join(json.dumps({"step": step, **row}) + "\n" for step, row in enumerate(rows, start=1)))
    return path


def test_a_panel_for_each_thing_that_was_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run did not log has no panel; steps without a value have no point, and a null breaks the line."""
    lines: dict[str, tuple[list[float], list[float]]] = {}

    def plot(axes: Axes, x: np.ndarray, y: np.ndarray, *, label: str, marker: str) -> None:
        lines[label] = x.tolist(), y.tolist()

    monkeypatch.setattr(Axes, "plot", plot)
    monkeypatch.setattr(Axes, "legend", lambda *_, **__: None)
    rows = [
        {"msn_loss": 3.0, "lr": 1.0}, {"msn_loss": None, "embedding_rank": 4.0},
        {"msn_loss": 2.0, "embedding_rank": 9.0},
    ]  # fmt: skip

    titles = write_learning_curves(log(tmp_path / "metrics.jsonl", rows), tmp_path / "curves.png")

    assert titles == ["loss parts", "effective rank of embeddings"]
    assert sorted(lines) == ["embedding_rank", "msn_loss"]
    assert lines["embedding_rank"] == ([2, 3], [4, 9])
    np.testing.assert_array_equal(lines["msn_loss"], ([1, 2, 3], [3, np.nan, 2]))


def test_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    """Equal logs give equal bytes, and what is drawn is no blank sheet; another log gives another picture."""
    metrics = log(tmp_path / "metrics.jsonl", [{"msn_loss": 3.0 - step} for step in range(3)])
    for name in ("one.png", "two.png"):
        write_learning_curves(metrics, tmp_path / name)
    write_learning_curves(log(metrics, [{"msn_loss": step} for step in range(3)]), tmp_path / "other.png")

    one, two, other = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png", "other.png"))
    assert one == two != other
    with Image.open(tmp_path / "one.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 5


def test_a_log_without_curves(tmp_path: Path) -> None:
    """A run that logged nothing of these leaves a picture without panels."""
    assert write_learning_curves(log(tmp_path / "metrics.jsonl", [{"lr": 0.1}]), tmp_path / "curves.png") == []
