"""What a slide's text looks like each time it is seen: whole, short, or with sentences left out.

A cohort of a hundred slides has a hundred texts; a text encoder that always sees them whole learns them by heart.
"""

from __future__ import annotations

import re

import numpy as np

from pathalign.domain.records import SlideText

WHOLE, SHORT = 0.4, 0.7


def text_view(text: SlideText, random: np.random.Generator) -> str:
    """The retrieval text (40 %), the generation text (30 %), or the retrieval text without some sentences (30 %)."""
    draw = random.random()
    if draw < WHOLE:
        return text.retrieval_text
    if draw < SHORT:
        return text.generation_text
    head, colon, body = text.retrieval_text.partition(":")
    sentences = re.split(r"(?<=[.;])\s+", (body if colon else head).strip())
    # The first sentence of a diagnosis names it; the others are what may be left out.
    kept = [s for i, s in enumerate(sentences) if i == 0 or random.random() < 0.5]
    return f"{head}{colon} {' '.join(kept)}" if colon else " ".join(kept)
