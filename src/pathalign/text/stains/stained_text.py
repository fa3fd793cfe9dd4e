"""The texts of a slide by its stain: an H&E slide has its part's, others the result of what stains them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pathalign.text.curation import CuratedPart, CuratedReport
from pathalign.text.stains.results import StainResult, agreed, results_in
from pathalign.text.stains.stain import StainKind, stain_of

_FALLBACK = "The slide has the text of H&E"


@dataclass(frozen=True, kw_only=True, slots=True)
class SlideViews:
    """The two texts of a slide, and why they are not those of its stain."""

    retrieval_text: str
    generation_text: str
    problem: str = ""
    """"" when they are what they should be. Names the stain, never words of the report."""


@dataclass(frozen=True)
class StainedTexts:
    """The texts of the slides of one report."""

    report: str
    """What `curated` was made from."""
    curated: CuratedReport

    @cached_property
    def _of_whole(self) -> list[StainResult]:
        return results_in(self.report)

    def views(self, part: CuratedPart, label: str) -> SlideViews:
        """The texts of a slide of a part with a stain as its label column says; "" is taken for H&E.

        The result of a stain is looked for in the part, and in the whole report where it has one part or the slide
        belongs to all. Where the stain is not known, or the report states no one result of it, the texts are the
        part's and `problem` says so.
        """
        stain = stain_of(label) if label else None
        if not label or (stain is not None and stain.kind is StainKind.ROUTINE):
            return _of_part(part)
        if stain is None:
            return _of_part(
                part, f"the stain {label!r} is not known, so the slide has the text of H&E; correct `stain`"
            )
        result, missing = agreed(self._results(part), stain)
        if result is None:
            return _of_part(
                part, f"the result of {stain.name} is {missing} in the report; the slide has the text of H&E"
            )
        return stained_views(part, result)

    def _results(self, part: CuratedPart) -> list[StainResult]:
        if not part.label or len(self.curated.parts) == 1:
            return self._of_whole
        return [result for result in self._of_whole if part.start <= result.start and result.end <= part.end]


def stained_views(part: CuratedPart, result: StainResult) -> SlideViews:
    """The texts of a slide that shows a stain's result: what is found by, with the diagnosis; what it shows alone."""
    diagnosis = part.generation_text or part.retrieval_text
    name = result.stain.name
    return SlideViews(retrieval_text=f"{diagnosis} {name} {result.said}.", generation_text=f"{name}: {result.shown}.")


def _of_part(part: CuratedPart, problem: str = "") -> SlideViews:
    return SlideViews(retrieval_text=part.retrieval_text, generation_text=part.generation_text, problem=problem)
