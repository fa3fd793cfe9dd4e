"""Curated reports as one self-contained page: what was read, what was kept, what was dropped and why."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathalign.text.curation import CuratedReport
from pathalign.text.review.marks import Fate, blocks_of, lines_of
from pathalign.text.review.masking import Mask

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewedSlide:
    """A slide and its two texts; "" for one that it lacks."""

    slide_id: str
    part: str
    retrieval_text: str
    generation_text: str
    is_corrected: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewedCase:
    """One report of the page."""

    case_id: str
    curated: CuratedReport
    slides: tuple[ReviewedSlide, ...]
    problems: tuple[str, ...]


def render_review(
    cases: Sequence[ReviewedCase],
    *,
    title: str,
    total: int,
    tables: Mapping[str, Sequence[tuple[str, object]]],
    figures: Mapping[str, str],
    statistics: Sequence[tuple[str, object]],
) -> str:
    """One HTML page that loads nothing.

    `total` is the number of reports that `cases` were drawn from. `tables` are two columns each, by their caption;
    `figures` are SVG of `pathalign.evaluate.figures`, which enter as they are. Whatever rules take for an identifier in
    a report or text of `cases` is shown as a tag.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    script = (_HERE / "page.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.jinja").render(
        title=title,
        total=total,
        cases=[_case(case) for case in cases],
        tables=tables,
        statistics=statistics,
        figures={name: Markup(svg) for name, svg in figures.items()},  # noqa: S704  made by us, of numbers alone
        script=Markup(script),  # noqa: S704  our own file
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        fates=list(Fate),
    )


def _case(case: ReviewedCase) -> dict[str, Any]:
    """What the template shows of a case, identifiers hidden."""
    mask = Mask(case.curated.text)
    texts: dict[tuple[str, str, str, bool], list[str]] = {}
    for slide in case.slides:
        key = (slide.part, slide.retrieval_text, slide.generation_text, slide.is_corrected)
        texts.setdefault(key, []).append(slide.slide_id)
    shown = {part for part, *_ in texts}
    without_slides = [part for part in case.curated.parts if part.label not in shown and "" not in shown]
    return {
        "case_id": case.case_id,
        "problems": case.problems,
        "blocks": blocks_of(case.curated, mask.hidden),
        "lines": lines_of(case.curated, mask.hidden),
        "slides": len(case.slides),
        "parts": [
            {"label": part, "slides": slides, "retrieval": mask.of(retrieval), "generation": mask.of(generation),
             "is_corrected": is_corrected}
            for (part, retrieval, generation, is_corrected), slides in texts.items()
        ] + [
            {"label": part.label, "slides": [], "retrieval": mask.of(part.retrieval_text),
             "generation": mask.of(part.generation_text), "is_corrected": False}
            for part in without_slides
        ],
    }  # fmt: skip
