"""What curation found in a cohort, in counters whose size does not grow with the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pathalign.store.catalog import Catalog
from pathalign.text.curation import CuratedReport
from pathalign.text.lengths import LengthHistogram

_MOST_PARTS = 30
_SHOWN_REPEATS = 20


@dataclass(kw_only=True)
class CohortStatistics:
    """Counts of reports, parts and texts."""

    parts_of_reports: Counter[int] = field(default_factory=Counter)
    """Reports by their number of parts; 30 stands for 30 and more."""
    without_diagnosis: int = 0
    retrieval_length: LengthHistogram = field(default_factory=LengthHistogram)
    generation_length: LengthHistogram = field(default_factory=LengthHistogram)
    """Of the texts of slides."""
    most_repeated: list[int] = field(default_factory=list)
    """Slides that show the same, for the most frequent statements."""

    def add_report(self, curated: CuratedReport) -> None:
        """Count one report."""
        self.parts_of_reports[min(len(curated.parts), _MOST_PARTS)] += 1
        self.without_diagnosis += not curated.parts

    def add_text(self, retrieval: str, generation: str) -> None:
        """Count the two texts of one slide."""
        self.retrieval_length.add(retrieval)
        self.generation_length.add(generation)

    def close(self, catalog: Catalog) -> None:
        """Count what only all texts together show."""
        self.most_repeated = catalog.most_repeated(_SHOWN_REPEATS)

    def as_json(self) -> Mapping[str, object]:
        """`statistics` in the document of `curate --json`."""
        return {
            "parts_of_reports": {str(parts): count for parts, count in sorted(self.parts_of_reports.items())},
            "reports_without_diagnosis": self.without_diagnosis,
            "retrieval_length": self.retrieval_length.as_json(),
            "generation_length": self.generation_length.as_json(),
            "slides_of_most_repeated_texts": self.most_repeated,
        }
