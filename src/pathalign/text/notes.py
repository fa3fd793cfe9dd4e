"""Notes on one slide: a line or two without sections, which are a slide's text as they stand."""

from __future__ import annotations

import re

from pathalign.text.diagnoses import SOFT
from pathalign.text.headings import headings
from pathalign.text.sentences import Sentence, sentences
from pathalign.text.statements.classification import classified
from pathalign.text.statements.findings import has_finding
from pathalign.text.statements.statement import Kind

MOST_CHARS = 500
"""A longer text without sections is a report that could not be read, and not a note."""
_TITLE = re.compile(r"\b(?:diagnos[ei]s|dx)\s*(?:[:.;\n]|$)", re.IGNORECASE)
_OF_GLASS = re.compile(
    r"\b(?:pieces?|aliquots?|fragments?|fixation|fixed|preserv\w+|trimmed|dissected|delineated|"
    r"nerve|fibers|vessels?|ok|adequate|clean|holes?|fracture|intim\w+|glomeruli|\w*genesis|\w+thelium|artery|veins?|"
    r"u?n?(?:der)?fix\w*|tube|endometrial|seminal|atelectasis|pneumonia)\b|\d ?piec"
)
_OF_TISSUE = frozenset({Kind.VISIBLE, Kind.MEASURED})


def is_note(text: str) -> bool:
    """Whether a text is a note on a slide: short, without a title, and with words of tissue, sizes or pieces.

    A heading within it may only be "Note:" or "Comment:". Notes on the patient or the report alone are none.
    """
    if len(text) > MOST_CHARS or _TITLE.search(text) or any(one.kind not in SOFT for one in headings(text)):
        return False
    return any(_is_of_tissue(sentence) for sentence in sentences(text))


def _is_of_tissue(sentence: Sentence) -> bool:
    low = sentence.text.lower()
    seen = not _OF_TISSUE.isdisjoint(classified(sentence).kinds)
    return seen or has_finding(low) or _OF_GLASS.search(low) is not None
