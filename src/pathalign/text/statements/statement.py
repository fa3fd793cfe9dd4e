"""What a statement is: a sentence of a report with its place, its kinds and its certainty."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pathalign.domain.provenance import TextSource
from pathalign.text.statements import staging
from pathalign.text.statements.certainty import is_history, is_negated, is_uncertain

_POINTS = re.compile(r"\W*(?:please )?(?:see|refer to)\b", re.IGNORECASE)


class Kind(StrEnum):
    """What can support a statement; a statement may be of several kinds, and a bare heading is of none."""

    VISIBLE = "visible"
    """A slide stained with haematoxylin and eosin shows it."""
    IHC = "ihc"
    """An immunohistochemical or a special stain."""
    MOLECULAR = "molecular"
    CLINICAL = "clinical"
    """The patient, what led to the operation, values of blood and urine."""
    MEASURED = "measured"
    """Sizes, weights, counts, shares, and what was received."""
    POSITION = "position"
    """Margins, sides, sites."""
    STAGING = "staging"
    RECOMMENDATION = "recommendation"
    ADMINISTRATIVE = "administrative"
    """About the report: what was not assessed, where to look, who reviewed, codes."""


class Dropped(StrEnum):
    """Why a statement has no words in the generation text."""

    ELSEWHERE = "outside the diagnosis that holds"
    HEADER = "a header: only the organ is kept of it"
    DETAIL = "a comment, a note or a table below the findings"
    UNSEEN = "no slide shows it"
    CLAUSES = "no clause of it can stand alone"
    REPEATED = "said before"


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One sentence of a report; `start` and `end` are characters of the report as given to curation."""

    start: int
    end: int
    text: str
    """The sentence on one line, line breaks within it mended, without bullet and final full stop."""
    kinds: tuple[Kind, ...]
    """In the order of `Kind`; empty for headings and for words that state nothing."""
    part: str = ""
    """Label of the part whose text it stands in; "" outside labelled parts."""
    dropped: Dropped | None = None
    """None when the generation text holds words of it."""

    # Read on demand: no text of a slide depends on them.
    @property
    def negated(self) -> bool:
        """Something is denied in it."""
        return self._claims and is_negated(self._low())

    @property
    def uncertain(self) -> bool:
        """Something is only suspected in it."""
        return self._claims and is_uncertain(self._low())

    @property
    def history(self) -> bool:
        """It speaks of what was before."""
        stated = bool(self.kinds) and Kind.MOLECULAR not in self.kinds
        return stated and _POINTS.match(self.text) is None and is_history(self._low())

    @property
    def _claims(self) -> bool:
        """Whether it can deny or doubt: a header states nothing, and what was not examined is not denied."""
        return self.dropped is not Dropped.HEADER and self.kinds != (Kind.ADMINISTRATIVE,)

    def _low(self) -> str:
        """The text in small letters, without codes of stages: "pNO" denies nothing."""
        return (staging.without_codes(self.text) if Kind.STAGING in self.kinds else self.text).lower()


@dataclass(frozen=True, slots=True)
class ViewSentence:
    """A sentence of a retrieval or generation text, and the span of the report that it says again."""

    text: str
    """As in the text: joined by single spaces the sentences are the text."""
    start: int
    end: int
    kinds: tuple[Kind, ...]
    """The kinds of the statement that it came from; of a header none."""
    source: TextSource = TextSource.RULES
