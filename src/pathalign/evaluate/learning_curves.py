"""How a pre-training went, drawn from its log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_PANELS = (
    ("loss parts", ("msn_loss", "entropy_loss")),
    ("effective rank of embeddings", ("embedding_rank",)),
    ("entropy of prototypes (nat)", ("prototype_entropy", "assignment_entropy")),
    ("nearest-label score", ("nearest_label_score",)),
)


def write_learning_curves(metrics: Path, png: Path) -> list[str]:
    """Draw what a `metrics.jsonl` has of losses, rank, entropy and score; returns the titles of the panels."""
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    panels = [(title, [name for name in names if any(name in row for row in rows)]) for title, names in _PANELS]
    panels = [(title, names) for title, names in panels if names]
    figure = Figure(figsize=(4.2 * max(1, len(panels)), 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, names) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        for name in names:
            points = [(row["step"], row[name]) for row in rows if name in row]
            steps, values = np.array(points, dtype=np.float64).T  # null becomes nan, which breaks the line
            axes.plot(steps, values, label=name, marker="." if len(points) < 20 else "")
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.savefig(png, dpi=110, metadata={"Software": None})
    return [title for title, _ in panels]
