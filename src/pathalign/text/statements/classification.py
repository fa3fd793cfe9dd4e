"""What can support a statement, told by its words, its field and the section that it stands in."""

from __future__ import annotations

from pathalign.text.headings import SectionKind
from pathalign.text.sentences import Sentence
from pathalign.text.statements.certainty import is_history, is_negated, is_uncertain
from pathalign.text.statements.cues import kinds_of
from pathalign.text.statements.statement import Dropped, Statement


def classified(
    sentence: Sentence, *, section: SectionKind | None = None, part: str = "", dropped: Dropped | None = None
) -> Statement:
    """A sentence as a statement; `section` is the kind of section that it stands in, None for a part's findings."""
    low = sentence.text.lower()
    return Statement(
        start=sentence.start, end=sentence.end, text=sentence.text, kinds=kinds_of(sentence.text, low, section),
        negated=is_negated(low), uncertain=is_uncertain(low), history=is_history(low), part=part, dropped=dropped,
    )  # fmt: skip
