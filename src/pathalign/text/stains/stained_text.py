"""The texts of a slide by its stain: an H&E slide has its part's, others the result of what stains them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

from pathalign.text.curation import CuratedPart, CuratedReport
from pathalign.text.labels import labels_within, normal_label
from pathalign.text.stains.results import StainResult, agreed, results_in
from pathalign.text.stains.stain import StainKind, stain_of
from pathalign.text.statements.statement import Kind, ViewSentence
from pathalign.text.views import text_of

_FALLBACK = "The slide has the text of H&E"


@dataclass(frozen=True, kw_only=True, slots=True)
class SlideViews:
    """The two texts of a slide, and why they are not those of its stain."""

    retrieval: tuple[ViewSentence, ...]
    generation: tuple[ViewSentence, ...]
    problem: str = ""
    """"" when they are what they should be. Names the stain, never words of the report."""

    @property
    def retrieval_text(self) -> str:
        """What the slide is found by."""
        return text_of(self.retrieval)

    @property
    def generation_text(self) -> str:
        """What is to be written of it; "" for nothing."""
        return text_of(self.generation)


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

        The result of a stain is looked for in the part and in what else of the report names the part ("block A1: ER
        positive"), or in the whole report where it has one part or the slide belongs to all. Where the stain is not
        known, or the report states no one result of it, the texts are the part's and `problem` says so.
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
        parts = self.curated.parts
        if not part.label or len(parts) == 1:
            return self._of_whole
        within = [result for result in self._of_whole if part.start <= result.start and result.end <= part.end]
        labels = labels_within(part.label)
        return within + [
            result
            for result, named in zip(self._of_whole, _named_parts(self.report, self._of_whole), strict=True)
            if named in labels and not any(other.start <= result.start < other.end for other in parts)
        ]


_NAMED = re.compile(
    r"\b(?i:parts?|specimens?|blocks?|cassettes?)\s?[#:]?\s?\(?"
    r"(?P<part>[A-Z]{2}(?=\d)|[A-Z](?=\d|\b)|\d{1,2}(?=[A-Z]?\b))(?:\d{1,2})?[A-Z]?\b"
    r"(?!\s?(?:-|,|and|&|to)\s?[A-Z]?\d{0,2}\b)"
)
_HEADING = re.compile(r"[^.;\n]*$")
_HEADING_CHARS, _ADJACENT_CHARS = 100, 4


def _named_parts(report: str, results: list[StainResult]) -> list[str]:
    """The part that each statement is of, as its clause, the clause above, or the statements just before say; or ""."""
    named: list[str] = []
    end = -_ADJACENT_CHARS - 1
    for result in results:
        own = _NAMED.search(report, result.start, result.end)
        if own is None and result.start - end <= _ADJACENT_CHARS:
            named.append(named[-1])
        else:
            above = report[max(0, result.start - _HEADING_CHARS) : result.start].rstrip(" .;:\n")
            heading = _HEADING.search(above)
            found = own or (_NAMED.search(heading[0]) if heading else None)
            named.append(normal_label(found["part"]) if found else "")
        end = result.end
    return named


def stained_views(part: CuratedPart, result: StainResult) -> SlideViews:
    """The texts of a slide that shows a stain's result: what is found by, with the diagnosis; what it shows alone."""
    diagnosis = part.generation_sentences or part.retrieval_sentences
    name = result.stain.name
    said = ViewSentence(f"{name} {result.said}.", result.start, result.end, (Kind.IHC,))
    shown = replace(said, text=f"{name}: {result.shown}.")
    return SlideViews(retrieval=(*diagnosis, said), generation=(shown,))


def _of_part(part: CuratedPart, problem: str = "") -> SlideViews:
    return SlideViews(retrieval=part.retrieval_sentences, generation=part.generation_sentences, problem=problem)
