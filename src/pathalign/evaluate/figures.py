"""Figures of an evaluation as strings of SVG, to stand in a page or to be written to a file as they are.

Text stays text and takes the colour of the page (`currentColor`), so one figure serves light, dark and print. Colours
are those of Okabe and Ito, apart in grey by luminance and told apart without colour by hatch, dash or marker. Equal
input gives equal bytes: no date, fixed identifiers, no settings of the user.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib.style
import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from pathalign.evaluate.bootstrap import Estimate
from pathalign.evaluate.roc import auroc, roc_points
from pathalign.evaluate.triage import urgent_share

INK = "#010203"
"""Stands for the colour of the page's text; no palette colour may be equal to it."""
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
HATCHES = ("", "//", "\\\\", "--", "xx", "||")
DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
CELL_ALPHA = 0.75
"""Opacity of a full cell of a confusion matrix: text keeps a contrast above 4 on it, light and dark."""
ROOT_STYLE = "stroke-linejoin:round;stroke-linecap:butt;font-family:system-ui,'DejaVu Sans',sans-serif"
STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a class may be named "$x$"
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.alpha": 0.15,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK
    ),
    "grid.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


def recall_bars(
    systems: Mapping[str, Mapping[str, Estimate]],
    *,
    title: str,
    metrics: Sequence[str] = ("recall@1", "recall@5", "recall@10"),
) -> str:
    """Bars of shares (0 to 1) with 95 % whiskers: systems by name, the one under test first, its baselines after it.

    A metric that a system lacks, or that is undefined, leaves its place empty.
    """
    with _figure(title, width=7.0, height=3.4) as (axes, drawn):
        width = 0.8 / max(len(systems), 1)
        for place, (name, estimates) in enumerate(systems.items()):
            known = [(i, estimates[m]) for i, m in enumerate(metrics) if m in estimates]
            known = [(i, estimate) for i, estimate in known if np.isfinite(estimate.value)]
            x = np.array([i for i, _ in known]) + (place - (len(systems) - 1) / 2) * width
            values = np.array([estimate.value for _, estimate in known])
            edges = np.array([estimate.ci95 for _, estimate in known]).reshape(-1, 2)
            whiskers = np.nan_to_num(np.maximum([values - edges[:, 0], edges[:, 1] - values], 0))
            axes.bar(x, values, width * 0.92, label=name, **_fill(place))
            axes.errorbar(x, values, yerr=whiskers, fmt="none", color=INK, ecolor=INK, elinewidth=1, capsize=2.5)
        axes.set_xticks(range(len(metrics)), list(metrics))
        axes.tick_params(axis="x", length=0)
        _share_axis(axes, "y")
        axes.grid(axis="y")
        if systems:
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawn[0]


def roc_figure(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, title: str) -> str:
    """Receiver operating characteristic of scores by name: `(scores [slide], is_positive [slide] bool)`.

    A name whose slides are all of one class has no curve; the legend says so.
    """
    with _figure(title, width=4.6, height=4.4) as (axes, drawn):
        axes.plot([0, 1], [0, 1], color=INK, alpha=0.5, linewidth=0.8, linestyle=":", label="chance (0.500)")
        for place, (name, (scores, is_positive)) in enumerate(curves.items()):
            false_rate, true_rate = roc_points(scores, is_positive)
            area = auroc(scores, is_positive)
            label = f"{name} ({area:.3f})" if np.isfinite(area) else f"{name} (one class only)"
            axes.plot(false_rate, true_rate, label=label, **_stroke(place))
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.set(xlabel="false positive rate", ylabel="true positive rate")
        axes.grid()
        axes.legend(loc="lower right", title="AUROC")
    return drawn[0]


def confusion_figure(matrix: Integer[np.ndarray, "class class"], names: Sequence[str], *, title: str) -> str:
    """Slides by true class (rows) and predicted class (columns), shaded by the share of the row."""
    num_classes = len(names)
    side = max(3.2, 0.55 * num_classes + 1.6)
    with _figure(title, width=side + 0.8, height=side) as (axes, drawn):
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        for row, column in np.ndindex(matrix.shape):
            alpha = float(CELL_ALPHA * shares[row, column])
            axes.fill(
                column + np.array([-0.5, 0.5, 0.5, -0.5]),
                row + np.array([-0.5, -0.5, 0.5, 0.5]),
                facecolor=PALETTE[0],
                alpha=alpha,
                edgecolor="none",
            )
            axes.text(column, row, f"{matrix[row, column]:d}", ha="center", va="center")
        axes.set_xticks(range(num_classes), list(names), rotation=35, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(num_classes), list(names))
        axes.set(xlim=(-0.5, num_classes - 0.5), ylim=(num_classes - 0.5, -0.5), aspect="equal")
        axes.set(xlabel="predicted", ylabel="true")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return drawn[0]


def histogram(values: Shaped[np.ndarray, " item"], title: str, xlabel: str) -> str:
    """How often values occur, with their median; values that are not finite are left out and counted in the title."""
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    left_out = len(numbers) - len(finite)
    heading = f"{title} ({left_out} without a value left out)" if left_out else title
    with _figure(heading, width=5.6, height=3.0) as (axes, drawn):
        if len(finite):
            edges = np.histogram_bin_edges(finite, bins=min(40, max(5, round(2 * len(finite) ** (1 / 3)))))
            axes.hist(finite, bins=edges.tolist(), **_fill(0))
            median = float(np.median(finite))
            axes.axvline(median, color=INK, linewidth=1, linestyle="--", label=f"median {median:.4g}")
            axes.legend(loc="upper right")
        axes.set(xlabel=xlabel, ylabel="count")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y")
    return drawn[0]


def training_curves(
    rows: Mapping[str, Sequence[tuple[float, float]]], *, title: str, xlabel: str = "step", ylabel: str = "loss"
) -> str:
    """One line per name through its `(step, value)` rows; a value that is not finite breaks the line."""
    with _figure(title, width=7.0, height=3.4) as (axes, drawn):
        for place, (name, points) in enumerate(rows.items()):
            steps_and_values = np.array(points, dtype=np.float64).reshape(-1, 2)
            steps_and_values[~np.isfinite(steps_and_values[:, 1]), 1] = np.nan
            axes.plot(*steps_and_values.T, label=name, **_stroke(place))
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.grid()
        if rows:
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawn[0]


def queue_figure(urgency: Float[np.ndarray, " slide"], is_urgent: Bool[np.ndarray, " slide"], *, title: str) -> str:
    """Urgent slides found against slides read, by urgency, as they came, and in random order (expectation)."""
    with _figure(title, width=5.6, height=3.6) as (axes, drawn):
        read = np.arange(len(urgency) + 1)
        orders = {
            "by urgency": urgent_share(urgency, is_urgent),
            "first in, first out": is_urgent.astype(np.float64),
            "random order": np.full(len(urgency), is_urgent.mean() if len(urgency) else 0.0),
        }
        for place, (name, share) in enumerate(orders.items()):
            axes.plot(read, np.concatenate([[0.0], np.cumsum(share)]), label=name, **_stroke(place))
        axes.set(xlabel="slides read", ylabel="urgent slides found")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid()
        axes.legend(loc="lower right")
    return drawn[0]


def length_histogram(bins: Sequence[int], *, bin_tokens: int, median_tokens: int, title: str) -> str:
    """How many texts are how long: counts by bins of `bin_tokens` tokens; the last may hold all that are longer."""
    with _figure(title, width=7.0, height=2.6) as (axes, drawn):
        edges = np.arange(len(bins)) * bin_tokens
        axes.bar(edges, bins, width=bin_tokens, align="edge", **_fill(0))
        if bins:
            axes.axvline(median_tokens, color=INK, linestyle="--", linewidth=1.2)
            axes.text(median_tokens, max(bins), f" median {median_tokens}", ha="left", va="bottom")
        axes.set_xlabel("tokens, about")
        axes.set_ylabel("texts")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return drawn[0]


@contextmanager
def _figure(title: str, *, width: float, height: float) -> Iterator[tuple[Axes, list[str]]]:
    """Axes to draw on (inches); on leaving, the list holds the figure as SVG."""
    # The title salts the identifiers, so that figures on one page do not share clip paths.
    with matplotlib.style.context(["default", STYLE | {"svg.hashsalt": f"pathalign {title}"}]):
        figure = Figure(figsize=(width, height))
        axes = figure.add_subplot()
        axes.set_title(title)
        drawn: list[str] = []
        yield axes, drawn
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        drawn.append(_inline(buffer.getvalue(), title))


def _inline(document: str, title: str) -> str:
    """The `<svg>` element alone: no prolog, metadata, global style or names of groups; text takes the page's colour."""
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*|<style.*?</style>|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r" font-family: [^;\"]*;", "", svg).replace(INK, "currentColor")
    label = escape(title)
    head = f'<svg role="img" aria-label="{label}" style="{ROOT_STYLE}"'
    return svg.replace("<svg", head, 1).strip()


def _fill(place: int) -> dict[str, Any]:
    return {
        "facecolor": PALETTE[place % len(PALETTE)],
        "hatch": HATCHES[place % len(HATCHES)],
        "edgecolor": INK,
        "linewidth": 0.6,
    }


def _stroke(place: int) -> dict[str, Any]:
    return {"color": PALETTE[place % len(PALETTE)], "linestyle": DASHES[place % len(DASHES)], "linewidth": 1.8}


def _share_axis(axes: Axes, which: str) -> None:
    axes.set_ylim(0, 1.02)
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(PercentFormatter(1.0))
