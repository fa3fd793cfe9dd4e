"""Curated reports as one self-contained page: what was read, what was kept, what was dropped and why."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pathalign.domain.provenance import Provenance
from pathalign.text.curation import CuratedPart, CuratedReport
from pathalign.text.provenance import places_of
from pathalign.text.review.marks import Fate, blocks_of, lines_of, told_by
from pathalign.text.review.masking import Mask

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewedSlide:
    """A slide and its two texts; "" for one that it lacks."""

    slide_id: str
    part: str
    retrieval_text: str
    generation_text: str
    places: Provenance = field(default_factory=Provenance)
    """Of their sentences; offsets of the report are those of the case's `curated`."""
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

    def told(retrieval: str, generation: str, places: Provenance) -> dict[str, object]:
        return {
            "retrieval": told_by(case.curated, retrieval, places.retrieval, mask),
            "generation": told_by(case.curated, generation, places.generation, mask),
        }

    slides: dict[tuple[str, str, str, Provenance, bool], list[str]] = {}
    for slide in case.slides:
        key = (slide.part, slide.retrieval_text, slide.generation_text, slide.places, slide.is_corrected)
        slides.setdefault(key, []).append(slide.slide_id)
    seen = {part for part, *_ in slides}
    without_slides = [part for part in case.curated.parts if part.label not in seen and "" not in seen]
    return {
        "case_id": case.case_id,
        "problems": case.problems,
        "blocks": blocks_of(case.curated, mask.hidden),
        "lines": lines_of(case.curated, mask.hidden),
        "slides": len(case.slides),
        "parts": [
            {"label": label, "slides": ids, "is_corrected": is_corrected, **told(retrieval, generation, places)}
            for (label, retrieval, generation, places, is_corrected), ids in slides.items()
        ] + [
            {"label": part.label, "slides": [], "is_corrected": False,
             **told(part.retrieval_text, part.generation_text, _provenance(part))}
            for part in without_slides
        ],
    }  # fmt: skip


def _provenance(part: CuratedPart) -> Provenance:
    return Provenance(retrieval=places_of(part.retrieval_sentences), generation=places_of(part.generation_sentences))
