"""`search --where`: conditions on columns of a slide, and on what its text states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pathalign.domain.records import Slide, SlideText
from pathalign.errors import UnknownName
from pathalign.text.concepts.concepts import Concepts, concepts_of
from pathalign.text.concepts.filters import CONCEPT_KEYS, ConceptFilter, concept_filter

COLUMNS = ("slide_id", "case_id", "patient_id", "part_id", "block_id", "stain", "split")


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that all have to hold."""

    columns: tuple[tuple[str, str], ...] = ()
    concepts: tuple[ConceptFilter, ...] = ()

    @classmethod
    def of(cls, conditions: Iterable[str]) -> Filters:
        """`KEY=VALUE` conditions; raises `UnknownName` for a key or a code that does not exist."""
        columns: list[tuple[str, str]] = []
        concepts: list[ConceptFilter] = []
        for condition in conditions:
            key, equals, value = condition.partition("=")
            if not equals or key not in COLUMNS + CONCEPT_KEYS:
                raise UnknownName(
                    f"The filter {condition!r} is not KEY=VALUE with a column ({', '.join(COLUMNS)}) or a concept "
                    f"({', '.join(CONCEPT_KEYS)}) as key."
                )
            if key in COLUMNS:
                columns.append((key, value))
            else:
                concepts.append(concept_filter(key, value))
        return cls(tuple(columns), tuple(concepts))

    def fit_slide(self, slide: Slide) -> bool:
        """Whether the columns hold, whatever its case."""
        return all(str(getattr(slide, column)).lower() == value.lower() for column, value in self.columns)

    def fit_text(self, text: SlideText | None) -> bool:
        """Whether the retrieval text of a slide states what is asked for; a slide without text states nothing."""
        if not self.concepts:
            return True
        return text is not None and all(one.fits(_concepts(text.retrieval_text)) for one in self.concepts)


@lru_cache(maxsize=4096)  # reports repeat
def _concepts(text: str) -> Concepts:
    return concepts_of(text)
