"""What curation found in a cohort, in counters whose size does not grow with the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pathalign.domain.records import SlideText
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
    sections: Counter[str] = field(default_factory=Counter)
    """Reports by the kinds of section that they have."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Statements of parts by kind; one may be of several."""
    statements: int = 0
    texts_from: Counter[str] = field(default_factory=Counter)
    """Slides with text by who made it."""
    retrieval_length: LengthHistogram = field(default_factory=LengthHistogram)
    generation_length: LengthHistogram = field(default_factory=LengthHistogram)
    """Of the texts of slides."""
    most_repeated: list[int] = field(default_factory=list)
    """Slides that show the same, for the most frequent statements."""

    def add_report(self, curated: CuratedReport) -> None:
        """Count one report."""
        self.parts_of_reports[min(len(curated.parts), _MOST_PARTS)] += 1
        self.without_diagnosis += not curated.parts
        self.sections.update({section.kind.value for section in curated.sections})
        for part in curated.parts:
            self.statements += len(part.statements)
            self.kinds.update(kind.value for one in part.statements for kind in one.kinds)

    def add_text(self, text: SlideText) -> None:
        """Count the two texts of one slide."""
        self.texts_from[text.source.value] += 1
        self.retrieval_length.add(text.retrieval_text)
        self.generation_length.add(text.generation_text)

    def tables(self) -> dict[str, Sequence[tuple[str, object]]]:
        """What the review page shows as tables, by caption."""
        lengths = {"retrieval text": self.retrieval_length, "generation text": self.generation_length}
        return {
            "Reports by number of parts": [
                (f"{parts}{'+' if parts == _MOST_PARTS else ''}", count)
                for parts, count in sorted(self.parts_of_reports.items())
            ],
            "Sections found": self.sections.most_common(),
            "Kinds of statements": self.kinds.most_common(),
            "Texts of slides, by who made them": self.texts_from.most_common(),
            "Tokens of a text, about": [
                (f"{name}, {what}", value)
                for name, length in lengths.items()
                for what, value in (
                    ("median", length.quantile(0.5)), ("95 of 100 below", length.quantile(0.95)),
                    ("longest", length.longest),
                )
            ],
            "Slides that show the same": [
                (f"most frequent statement, number {place}", count)
                for place, count in enumerate(self.most_repeated[:5], start=1)
            ],
        }  # fmt: skip

    def close(self, catalog: Catalog) -> None:
        """Count what only all texts together show."""
        self.most_repeated = catalog.most_repeated(_SHOWN_REPEATS)

    def as_json(self) -> Mapping[str, object]:
        """`statistics` in the document of `curate --json`."""
        return {
            "parts_of_reports": {str(parts): count for parts, count in sorted(self.parts_of_reports.items())},
            "reports_without_diagnosis": self.without_diagnosis,
            "reports_with_section": dict(sorted(self.sections.items())),
            "statements": self.statements,
            "statements_of_kind": dict(sorted(self.kinds.items())),
            "texts_from": dict(sorted(self.texts_from.items())),
            "retrieval_length": self.retrieval_length.as_json(),
            "generation_length": self.generation_length.as_json(),
            "slides_of_most_repeated_texts": self.most_repeated,
        }
