from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pathalign.errors import NeedsRepair
from pathalign.evaluate.figures import histogram, recall_bars
from pathalign.evaluate.report import render_report
from pathalign.evaluate.retrieval import chance_metrics, retrieval_metrics
from pathalign.evaluate.triage import time_to_urgent, triage_metrics

pytestmark = pytest.mark.unit

VOID = {"meta", "link", "br", "hr", "img", "input"}


def estimate(value, low, high, n=40):
    return {"value": value, "ci95": [low, high], "n": n}


class Page(HTMLParser):
    """What a browser would see: text, tags and attributes; unbalanced tags are an error."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.pieces = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.pieces))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "title"}:
            self.pieces.append(data.strip())


@pytest.fixture(scope="module")
def evaluation():
    """Results and figures as the `evaluate` verb puts them together."""
    rng = np.random.default_rng(0)
    patients = [f"SECRET-{i // 2}" for i in range(60)]
    is_hit = np.eye(60, dtype=bool)
    ours = retrieval_metrics(rng.random((60, 60)) + 0.8 * is_hit, is_hit, patients, resamples=50)
    chance = chance_metrics(is_hit, None, patients, resamples=50)
    is_urgent = rng.random(60) < 0.3
    urgency = rng.random(60) + is_urgent
    triage = {k: v.as_json() for k, v in triage_metrics(urgency, is_urgent, patients, resamples=50).items()}
    results = {
        "split": "test",
        "counts": {"slides": 60, "patients": 30},
        "retrieval": {"slide_to_text": {k: v.as_json() for k, v in ours.items()}},
        "generation": {"rouge_l": estimate(0.41, 0.35, 0.47), "examples": ["SECRET text of a report"]},
        "classification": {"balanced_accuracy": estimate(0.8, 0.7, 0.9), "ece": estimate(0.05, 0.02, 0.09)},
        "triage": triage | {"time_to_urgent": time_to_urgent(urgency, is_urgent)},
        "baselines": {
            "chance": {"retrieval": {"slide_to_text": {k: v.as_json() for k, v in chance.items()}}},
            "constant_text": {"generation": {"rouge_l": estimate(0.38, 0.33, 0.44)}},
            "nearest_neighbour": {"generation": {"rouge_l": estimate(0.40, 0.34, 0.46)}},
        },
    }
    figures = {
        "retrieval_bars": recall_bars({"this system": ours, "chance": chance}, title="Recall"),
        "lengths": histogram(rng.integers(5, 60, size=60), "Lengths of texts", "words"),
    }
    return results, figures


@pytest.fixture(scope="module")
def html(evaluation):
    results, figures = evaluation
    provenance = {"version": "0.1.0", "config": {"train": {"lr": 1e-4}}, "encoders": ["vit", "phikon"]}
    return render_report(results, figures, title="Evaluation", provenance=provenance)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_page_says_what_was_measured(page):
    """Cohort, sections, directions, numbers with intervals, and provenance are on the page."""
    for expected in (
        "60 slides of 30 patients",
        "Split: test",
        "From a slide to its text",
        "0.410",
        "0.350 to 0.470",
        "80.0 %",
        "How long urgent slides wait",
        "config.train.lr",
        "0.0001",
        "vit, phikon",
    ):
        assert expected in page.text


def test_page_refers_to_nothing_outside(html, page):
    """No attribute and no style fetches anything: links stay on the page and there is no script."""
    assert "script" not in page.tags
    assert not {"link", "img", "iframe", "image"} & set(page.tags)
    for name, value in page.attributes:
        if not name.startswith("xmlns"):
            assert not re.search(r"https?:|//", value or ""), (name, value)
        if name.endswith("href") or name == "src":
            assert value.startswith("#")
    assert "@import" not in html
    assert html.count("url(") == html.count("url(#")


def test_links_on_the_page_have_targets(page):
    """Each link of the navigation and each reference of a figure points at an identifier that exists."""
    identifiers = {value for name, value in page.attributes if name == "id"}

    assert {value[1:] for name, value in page.attributes if name.endswith("href")} <= identifiers


def test_results_are_put_beside_their_strongest_baseline(page):
    """Retrieval is better than chance; text within the interval of a baseline is not called better."""
    assert re.search(r"better than chance: 1\.\d %", page.text)
    assert "not clearly better than nearest neighbour: 0.400" in page.text
    assert "no baseline was measured" in page.text


@pytest.mark.parametrize(
    ("rival", "verdict"),
    [
        (estimate(0.5, 0.4, 0.69), "better than shuffled images: 0.500"),
        (estimate(0.5, 0.4, 0.71), "not clearly better than shuffled images: 0.500"),
        (estimate(0.9, 0.8, 0.95), "not clearly better than shuffled images: 0.900"),
        (estimate(0.5, None, None), "shuffled images: 0.500; no interval, so not comparable"),
        (estimate(None, None, None), "no baseline was measured"),
    ],
)
def test_better_means_that_intervals_do_not_overlap(rival, verdict):
    """An AUROC of 0.8 (0.7 to 0.9) is better than a baseline only where the baseline's interval ends below 0.7."""
    results = {
        "triage": {"auroc": estimate(0.8, 0.7, 0.9)},
        "baselines": {"shuffled_images": {"triage": {"auroc": rival}}},
    }

    text = Page(render_report(results, {}, title="t", provenance={})).text

    assert f"n = 40 {verdict} Retrieval" in text


def test_no_report_text_and_no_patient_on_the_page(html):
    """What is not an estimate is not shown, so texts and identifiers in the results stay out."""
    assert "SECRET" not in html


def test_html_in_names_and_values_is_escaped(evaluation):
    """A title, a split, a metric, a baseline or a setting cannot inject markup."""
    evil = "<script>alert('x')</script>"
    results = {
        "split": evil,
        "generation": {evil: estimate(0.5, 0.4, 0.6), "rouge_l": estimate(0.5, 0.4, 0.6)},
        "baselines": {evil: {"generation": {"rouge_l": estimate(0.6, 0.5, 0.7)}}},
    }

    html = render_report(results, {}, title=evil, provenance={evil: evil, "nested": {"list": [evil]}})

    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 7
    Page(html)


@pytest.mark.parametrize(
    "section", ["retrieval", "generation", "classification", "triage", "baselines", "counts", "split"]
)
def test_a_missing_section_is_said_to_be_missing(evaluation, section):
    """The page renders without any one part, and says what was not evaluated."""
    results, figures = evaluation

    text = Page(
        render_report({k: v for k, v in results.items() if k != section}, figures, title="t", provenance={})
    ).text

    said = {"baselines": "No baseline was measured in this run", "counts": "was not recorded", "split": "60 slides of"}
    assert said.get(section, "Not evaluated: this run has no results for") in text
    assert "Not recorded." in text


def test_an_empty_evaluation_is_a_page():
    """Nothing at all gives a page that says so four times."""
    text = Page(render_report({}, {}, title="Nothing", provenance={})).text

    assert text.count("Not evaluated") == 4
    assert "no headline figure" in text


@pytest.mark.parametrize("undefined", [None, math.nan])
def test_undefined_numbers_are_dashes(undefined):
    """An estimate without value or interval is a dash, never "nan" or "None"."""
    results = {"triage": {"auroc": {"value": undefined, "ci95": [undefined, undefined], "n": 0}}}

    text = Page(render_report(results, {}, title="t", provenance={})).text

    assert "AUROC –" in text
    assert "nan" not in text.split("How to read")[0].lower()
    assert "None" not in text


def test_tasks_of_a_section_get_a_table_each():
    """Classification of several tasks is a table per task, beside the same task of a baseline."""
    results = {
        "classification": {
            "subtype": {"accuracy": estimate(0.9, 0.8, 1.0)},
            "procedure": {"accuracy": estimate(0.7, 0.6, 0.8)},
        },
        "baselines": {"shuffled_images": {"classification": {"subtype": {"accuracy": estimate(0.33, 0.2, 0.5)}}}},
    }

    text = Page(render_report(results, {}, title="t", provenance={})).text

    assert "subtype metric this system shuffled images n accuracy 90.0 %" in text
    assert "procedure metric this system n accuracy 70.0 %" in text


def test_results_may_come_from_a_json_file(evaluation):
    """The page of results read back from JSON is the page of the results."""
    results, figures = evaluation
    again = json.loads(json.dumps(results))

    assert render_report(again, figures, title="t", provenance={}) == render_report(
        results, figures, title="t", provenance={}
    )


@pytest.mark.parametrize(
    "figure",
    [
        "<p>no figure</p>",
        "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        "<svg xmlns='http://www.w3.org/2000/svg'><use href='https://example.org/a#b'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><path style='fill:url(https://example.org/a)'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject/></svg>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>",
        "<svg xmlns='http://www.w3.org/2000/svg'>",
    ],
)
def test_what_is_no_plain_figure_is_refused(figure):
    """Figures enter the page as they are, so scripts, handlers, outside links and broken markup are refused."""
    with pytest.raises(NeedsRepair, match="'lengths' is not"):
        render_report({}, {"lengths": figure}, title="t", provenance={})
