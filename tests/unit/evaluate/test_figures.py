from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from pathalign.evaluate.bootstrap import Estimate
from pathalign.evaluate.figures import (
    INK,
    PALETTE,
    confusion_figure,
    histogram,
    length_histogram,
    queue_figure,
    recall_bars,
    roc_figure,
    training_curves,
)
from pathalign.evaluate.report import FIGURE_ELEMENTS, SVG

pytestmark = pytest.mark.unit


def estimate(value, low, high):
    return Estimate(value=value, ci95=(low, high), n=40)


def draw_all(title):
    rng = np.random.default_rng(0)
    is_urgent = rng.random(50) < 0.3
    urgency = rng.random(50) + is_urgent
    ours = {"recall@1": estimate(0.6, 0.5, 0.7), "recall@5": estimate(0.9, 0.85, 0.95)}
    chance = {"recall@1": estimate(0.02, 0.02, 0.02), "recall@5": estimate(0.1, 0.1, 0.1)}
    return {
        "recall": recall_bars({"this system": ours, "chance": chance}, title=title),
        "roc": roc_figure({"urgency": (urgency, is_urgent)}, title=title),
        "confusion": confusion_figure(np.array([[30, 2], [5, 12]]), ["LUAD", "LUSC"], title=title),
        "histogram": histogram(rng.lognormal(3, 0.5, 200), title, "words"),
        "training": training_curves({"itc_loss": [(0.0, 3.0), (1.0, 2.0)], "itm_loss": [(0.0, 0.7)]}, title=title),
        "queue": queue_figure(urgency, is_urgent, title=title),
    }


@pytest.fixture(scope="module")
def figures():
    return draw_all("A <title> & $more$")


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]


@pytest.mark.slow
def test_figures_are_svg_elements_with_their_title(figures):
    """Each figure is one well-formed svg element, named for those who do not see it, with its title as plain text."""
    for svg in figures.values():
        root = ET.fromstring(svg)
        assert svg.startswith("<svg ")
        assert root.get("aria-label") == "A <title> & $more$"
        assert "A <title> & $more$" in texts(svg)


@pytest.mark.slow
def test_equal_input_gives_equal_bytes(figures, monkeypatch):
    """No date, no random identifier and no setting of the user reaches a figure."""
    monkeypatch.setitem(mpl.rcParams, "font.size", 30)
    monkeypatch.setitem(mpl.rcParams, "axes.grid", True)

    assert draw_all("A <title> & $more$") == figures


def test_figures_take_the_colour_of_the_page(figures):
    """Lines and letters are of the page's colour, nothing is black, and there is no background to cover the page."""
    for svg in figures.values():
        assert "currentColor" in svg
        assert INK not in svg
        colours = set(re.findall(r"#[0-9a-f]{6}\b", svg)) - {colour.lower() for colour in PALETTE}
        assert not colours


def test_figures_refer_to_nothing_outside(figures):
    """The only addresses in a figure are the names of the XML languages."""
    for svg in figures.values():
        without_names = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
        assert "http" not in without_names
        assert "<script" not in svg
        assert "<style" not in svg


@pytest.mark.slow
def test_figures_share_no_identifiers_under_different_titles():
    """Two figures with different titles can stand in one page: their clip paths have different names."""
    one, other = draw_all("one"), draw_all("other")

    for name in one:
        first, second = (set(re.findall(r' id="([^"]*)"', page[name])) for page in (one, other))
        assert not first & second


def test_undefined_estimates_leave_their_place_empty():
    """A system without a metric, without an interval or without a value still gets a figure."""
    nan = float("nan")
    svg = recall_bars(
        {"a": {"recall@1": estimate(0.5, nan, nan)}, "b": {"recall@1": estimate(nan, nan, nan)}, "c": {}}, title="t"
    )

    assert {"a", "b", "c"} <= set(texts(svg))


def test_roc_legend_says_the_area_or_why_there_is_none():
    """A curve is named with its AUROC; slides of one class have none."""
    scores = np.array([0.9, 0.8, 0.1])
    curves = {"good": (scores, np.array([True, True, False])), "empty": (scores, np.zeros(3, bool))}

    legend = texts(roc_figure(curves, title="t"))

    assert "good (1.000)" in legend
    assert "empty (one class only)" in legend


def test_confusion_shows_every_count():
    """The counts stand in the cells, row by row."""
    svg = confusion_figure(np.array([[31, 27], [0, 19]]), ["a", "b"], title="t")

    assert [text for text in texts(svg) if text in {"31", "27", "0", "19"}] == ["31", "27", "0", "19"]


def test_histogram_counts_what_it_leaves_out():
    """Values that are not finite are left out, and the title says how many; none at all is no error."""
    svg = histogram(np.array([1.0, 2.0, np.nan, np.inf]), "Lengths", "words")

    assert "Lengths (2 without a value left out)" in texts(svg)
    assert "median 1.5" in texts(svg)
    assert "words" in texts(histogram(np.array([]), "Lengths", "words"))
    assert "median 3" in texts(histogram(np.array([3, 3, 3]), "Lengths", "words"))


def test_empty_inputs_are_drawn():
    """No slide, no curve and a loss of NaN are figures without lines, not errors."""
    assert texts(queue_figure(np.zeros(0), np.zeros(0, bool), title="t"))
    assert texts(training_curves({}, title="t"))
    assert texts(training_curves({"loss": [(0.0, float("nan"))], "none": []}, title="t"))
    assert texts(recall_bars({}, title="t"))


def test_more_systems_than_colours_are_drawn():
    """Colours, hatches and dashes start again after the sixth."""
    system = {"recall@1": estimate(0.5, 0.4, 0.6)}

    assert {f"s{i}" for i in range(8)} <= set(texts(recall_bars({f"s{i}": system for i in range(8)}, title="t")))


@pytest.mark.slow
def test_pyplot_and_torch_are_never_loaded():
    """Drawing keeps no global figure state and opens no window; the other modules load no plotting library."""
    code = (
        "import sys, pathalign.evaluate.bootstrap, pathalign.evaluate.retrieval, pathalign.evaluate.generation, "
        "pathalign.evaluate.triage, pathalign.evaluate.classification, pathalign.evaluate.report\n"
        "assert not {'matplotlib', 'jinja2', 'sacrebleu', 'sklearn', 'torch'} & set(sys.modules)\n"
        "from pathalign.evaluate.figures import training_curves\n"
        "training_curves({'loss': [(0.0, 1.0)]}, title='t')\n"
        "assert not {'matplotlib.pyplot', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_lengths_of_texts() -> None:
    """A bar for each bin, the median in words, plain SVG; no text is a figure too."""
    svg = length_histogram([3, 0, 5, 1], bin_tokens=8, median_tokens=24, title="Length of texts")

    assert "median 24" in svg
    assert 'aria-label="Length of texts"' in svg
    assert svg == length_histogram([3, 0, 5, 1], bin_tokens=8, median_tokens=24, title="Length of texts")
    assert {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()} <= FIGURE_ELEMENTS
    assert "<svg" in length_histogram([], bin_tokens=8, median_tokens=0, title="Length of none")
