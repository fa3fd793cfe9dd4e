"""A cohort on one page: a small picture per slide with its numbers, the suspicious ones first. Works offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pathalign.domain.records import Outcome
from pathalign.slides.pictures.quality_picture import INK_RGB, PATCH_RGB, TISSUE_RGB, UNREAD_RGB
from pathalign.slides.tissue.flags import Flag

TEMPLATE = "contact_sheet.html.jinja"
_OUTCOMES = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.REFUSED, Outcome.EMPTY, Outcome.OK)


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetRow:
    """What the page shows of one slide."""

    slide_id: str
    outcome: Outcome
    reason: str = ""
    area_mm2: float = 0.0
    patches: int = 0
    tissue_share: float = 0.0
    """Mean over the patches; 0 without any."""
    flags: tuple[Flag, ...] = ()
    picture: str | None = None
    """Address of the picture, relative to the page."""


def by_suspicion(rows: Sequence[SheetRow]) -> list[SheetRow]:
    """Slides that broke, then those with flags (the worst first, more before fewer), then the rest, by id."""
    order = list(Flag)

    def suspicion(row: SheetRow) -> tuple[object, ...]:
        ranks = sorted(order.index(flag) for flag in row.flags)
        worst = ranks[0] if ranks else len(order)
        return (_OUTCOMES.index(row.outcome), worst, -len(ranks), row.slide_id)

    return sorted(rows, key=suspicion)


def contact_sheet(rows: Sequence[SheetRow], *, title: str = "Tissue of the cohort") -> str:
    """The page. Everything that is shown of a slide is escaped; nothing is loaded from elsewhere."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    ordered = by_suspicion(rows)
    return environment.get_template(TEMPLATE).render(
        title=title,
        rows=ordered,
        suspicious=sum(is_suspicious(row) for row in ordered),
        is_suspicious=is_suspicious,
        findings=findings,
        counts=_counts(ordered),
        colours={
            "tissue": _css(TISSUE_RGB),
            "patches": _css(PATCH_RGB),
            "ink and black": _css(INK_RGB),
            "unreadable": _css(UNREAD_RGB),
        },
        patches=sum(row.patches for row in rows),
        area_mm2=sum(row.area_mm2 for row in rows),
    )


def findings(row: SheetRow) -> list[str]:
    """What is to be looked at on a slide, in words: its outcome when it broke, and its flags."""
    told = [] if row.outcome in (Outcome.OK, Outcome.EMPTY) else [row.outcome.value]
    return [*told, *(flag.value for flag in row.flags)]


def _counts(rows: Sequence[SheetRow]) -> dict[str, int]:
    """How many slides have each finding, those that broke first, then from the worst flag to the mildest."""
    counted = Counter(word for row in rows for word in findings(row))
    order = [*(outcome.value for outcome in _OUTCOMES), *(flag.value for flag in Flag)]
    return {word: counted[word] for word in order if counted[word]}


def _css(rgb: tuple[int, int, int]) -> str:
    return f"rgb{rgb}"


def is_suspicious(row: SheetRow) -> bool:
    """A person should look at it."""
    return row.outcome != Outcome.OK or bool(row.flags)
