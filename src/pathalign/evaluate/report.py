"""The evaluation as one page: what was measured, how sure it is, and what a baseline reaches on the same slides.

The page takes numbers only. A key of the results that is not an estimate is not shown, so report text and identifiers
of patients cannot reach it through the results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from pathalign.errors import NeedsRepair

SECTIONS = {
    "retrieval": "Retrieval",
    "generation": "Generated text",
    "classification": "Classification",
    "triage": "Triage",
}
HEADLINES = (
    ("retrieval", ("slide_to_text",), "recall@1", "Right text first"),
    ("retrieval", ("text_to_slide",), "recall@1", "Right slide first"),
    ("retrieval", ("slide_to_slide",), "recall@1", "Similar slide first"),
    ("generation", (), "rouge_l", "Text overlap (ROUGE-L)"),
    ("classification", (), "balanced_accuracy", "Balanced accuracy"),
    ("triage", (), "auroc", "Triage AUROC"),
)
SHARES = ("recall@", "accuracy", "balanced_accuracy", "exact", "agreement")
LABELS = {
    "slide_to_text": "From a slide to its text",
    "text_to_slide": "From a text to its slides",
    "slide_to_slide": "From a slide to similar slides",
    "mrr": "mean reciprocal rank",
    "median_rank": "median rank (lower is better)",
    "bleu4": "BLEU-4, mean of slides",
    "corpus_bleu": "BLEU-4, all slides together",
    "chrf": "chrF",
    "rouge_l": "ROUGE-L",
    "exact": "equal texts",
    "auroc": "AUROC",
    "macro_auroc": "AUROC, mean of classes",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "ece": "calibration error (ECE; lower is better)",
    "shuffled_images": "shuffled images",
    "constant_text": "constant text",
    "nearest_neighbour": "nearest neighbour",
    "by_urgency": "by urgency",
    "first_in_first_out": "first in, first out",
    "random": "random order",
}
BASELINES = {
    "chance": "a random order of the same gallery, computed exactly.",
    "shuffled_images": "the same model given the image of another slide: what it reaches without looking.",
    "constant_text": "one and the same text for every slide.",
    "nearest_neighbour": "the text of the most similar training slide, copied.",
}
SVG = "{http://www.w3.org/2000/svg}"
FIGURE_ELEMENTS = frozenset(
    {"svg", "defs", "g", "path", "text", "tspan", "use", "clipPath", "rect", "pattern", "title"}
)
"""What a figure may consist of; scripts, images and foreign objects are not among it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One estimate as it is printed; a dash where it is undefined or was not measured."""

    value: str
    interval: str
    n: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Metrics (rows) of the system and of its baselines (columns)."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """One figure of the summary, beside the strongest baseline that was measured for it."""

    label: str
    cell: Cell
    verdict: str
    is_better: bool


def render_report(
    results: Mapping[str, object], figures: Mapping[str, str], *, title: str, provenance: Mapping[str, object]
) -> str:
    """One self-contained HTML page of `results`, in the shape of the JSON of `pathalign evaluate`.

    `figures` are strings of SVG; one whose name starts with a section ("retrieval_bars") stands in that section, the
    others at the end. `provenance` (configuration, versions, hashes) may be nested. A section that is missing is said
    to be. Refuses a figure that is not plain SVG, such as one with a script or with a link out of the page.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    for name, svg in figures.items():
        _require_plain_svg(name, svg)
    baselines = _mapping(results.get("baselines"))
    sections = [
        {
            "key": key,
            "heading": heading,
            "tables": list(_tables(key, _mapping(results.get(key)), baselines)),
            "waits": _waits(_mapping(results.get(key)).get("time_to_urgent")),
            "figures": {name: Markup(svg) for name, svg in figures.items() if name.startswith(key)},  # noqa: S704 checked above
        }
        for key, heading in SECTIONS.items()
    ]
    counts = _mapping(results.get("counts"))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(
        title=title,
        split=results.get("split"),
        counts={name: counts[name] for name in ("slides", "patients") if isinstance(counts.get(name), int)},
        headlines=list(_headlines(results, baselines)),
        sections=sections,
        baselines={_label(name): BASELINES.get(name, "") for name in baselines},
        other_figures={
            name: Markup(svg)  # noqa: S704 checked above
            for name, svg in figures.items()
            if not name.startswith(tuple(SECTIONS))
        },
        provenance=list(_flat(provenance)),
    )


def _require_plain_svg(name: str, svg: str) -> None:
    """Figures enter the page unescaped, so they are read as XML and held to a list of harmless elements."""
    elements: list[ET.Element] = []
    if "<!" not in svg:  # no doctype, so no entities to expand
        with suppress(ET.ParseError):
            elements = list(ET.fromstring(svg).iter())  # noqa: S314 see above
    is_plain = bool(elements)
    for element in elements:
        is_plain &= element.tag.removeprefix(SVG) in FIGURE_ELEMENTS
        for attribute, value in element.attrib.items():
            is_plain &= not attribute.lower().startswith("on")
            is_plain &= not attribute.endswith("href") or value.startswith("#")
            is_plain &= value.count("url(") == value.count("url(#")
    if not is_plain:
        raise NeedsRepair(
            f"A figure of the report is plain SVG without scripts, images and outside links, but {name!r} is not. "
            "Draw it with pathalign.evaluate.figures."
        )


def _tables(
    section: str, results: Mapping[str, object], baselines: Mapping[str, object], path: tuple[str, ...] = ()
) -> Iterator[Table]:
    """A table of the estimates at this level, then those of each level below (a direction, a task)."""
    metrics = [name for name, entry in results.items() if _is_estimate(entry)]
    if metrics:
        beside = [
            name for name in baselines if any(_is_estimate(_at(baselines, name, section, *path, m)) for m in metrics)
        ]
        yield Table(
            caption=" / ".join(map(_label, path)) or "All slides",
            columns=("this system", *map(_label, beside)),
            rows=tuple(
                (
                    _label(metric),
                    (
                        _cell(metric, results[metric]),
                        *(_cell(metric, _at(baselines, name, section, *path, metric)) for name in beside),
                    ),
                )
                for metric in metrics
            ),
        )
    for name, entry in results.items():
        if isinstance(entry, Mapping) and not _is_estimate(entry):
            yield from _tables(section, entry, baselines, (*path, name))


def _headlines(results: Mapping[str, object], baselines: Mapping[str, object]) -> Iterator[Headline]:
    for section, path, metric, label in HEADLINES:
        estimate = _at(results, section, *path, metric)
        if _number(estimate, "value") is None:
            continue
        rivals = {name: _at(baselines, name, section, *path, metric) for name in baselines}
        measured = {name: _mapping(rival) for name, rival in rivals.items() if _number(rival, "value") is not None}
        verdict, is_better = _verdict(metric, _mapping(estimate), measured)
        yield Headline(label=label, cell=_cell(metric, estimate), verdict=verdict, is_better=is_better)


def _verdict(
    metric: str, estimate: Mapping[str, object], rivals: Mapping[str, Mapping[str, object]]
) -> tuple[str, bool]:
    """Against the strongest baseline; better only where the 95 % intervals do not overlap, which is strict.

    Every headline is a number of which more is better.
    """
    if not rivals:
        return "no baseline was measured", False
    strongest = max(rivals, key=lambda name: _number(rivals[name], "value") or 0.0)
    rival = rivals[strongest]
    beside = f"{_label(strongest)}: {_cell(metric, rival).value}"
    own, other = _interval(estimate), _interval(rival)
    if own is None or other is None:
        return f"{beside}; no interval, so not comparable", False
    is_better = own[0] > other[1]
    return (f"better than {beside}" if is_better else f"not clearly better than {beside}"), is_better


def _waits(document: object) -> list[tuple[str, str, str]]:
    """Rows of `triage.time_to_urgent`: order, mean position, mean wait in minutes."""
    orders = _mapping(document)
    rows = []
    for name in ("by_urgency", "first_in_first_out", "random"):
        position, wait = _number(orders.get(name), "mean_position"), _number(orders.get(name), "mean_wait_minutes")
        if position is not None and wait is not None:
            rows.append((_label(name), f"{position:.1f}", f"{wait:.1f}"))
    return rows


def _cell(metric: str, estimate: object) -> Cell:
    value = _number(estimate, "value")
    interval = _interval(estimate)
    n = _mapping(estimate).get("n")
    return Cell(
        value="–" if value is None else _written(metric, value),
        interval="" if interval is None else f"{_written(metric, interval[0])} to {_written(metric, interval[1])}",
        n=str(n) if isinstance(n, int) else "",
    )


def _written(metric: str, value: float) -> str:
    if metric.startswith(SHARES):
        return f"{100 * value:.1f} %"
    return f"{value:.1f}" if metric.endswith("rank") else f"{value:.3f}"


def _interval(estimate: object) -> tuple[float, float] | None:
    edges = _mapping(estimate).get("ci95")
    if not isinstance(edges, Sequence) or len(edges) != 2:
        return None
    low, high = (_finite(edge) for edge in edges)
    return None if low is None or high is None else (low, high)


def _number(document: object, key: str) -> float | None:
    return _finite(_mapping(document).get(key))


def _finite(number: object) -> float | None:
    return float(number) if isinstance(number, int | float) and math.isfinite(number) else None


def _is_estimate(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("value", ""), int | float | None)


def _at(document: object, *path: str) -> object:
    for key in path:
        document = _mapping(document).get(key)
    return document


def _mapping(document: object) -> Mapping[str, object]:
    return document if isinstance(document, Mapping) else {}


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def _flat(document: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in document.items():
        if isinstance(entry, Mapping):
            yield from _flat(entry, f"{prefix}{name}.")
        elif isinstance(entry, Sequence) and not isinstance(entry, str):
            yield f"{prefix}{name}", ", ".join(map(str, entry))
        else:
            yield f"{prefix}{name}", str(entry)
