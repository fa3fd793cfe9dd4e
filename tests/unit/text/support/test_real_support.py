"""Sentences of real reports: true ones are taken, altered ones are not."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from pathalign.store.tables import read_rows
from pathalign.text.curation import curate_report
from pathalign.text.support.sentences import Source
from pathalign.text.support.wording import OF_GRAMMAR, Meant, words_of

pytestmark = [pytest.mark.unit, pytest.mark.slow]

NEGATION = re.compile(r"\b(?:no evidence of|no|not|without|negative for|free of)\s+", re.IGNORECASE)
SIDE = re.compile(r"\b(?:right|left)\b", re.IGNORECASE)
INVENTED = ("melanoma", "hepatocellular", "necrotizing", "sarcoma", "cribriform", "granulomatous")


def altered(text: str, rng: random.Random) -> dict[str, str]:
    """What may become of a sentence in the hands of a model, by what was done to it."""
    found = {}
    words = text.split()
    words.insert(rng.randrange(len(words) + 1), rng.choice(INVENTED))
    found["word"] = " ".join(words)
    if denial := NEGATION.search(text):
        without = text[: denial.start()] + text[denial.end() :]
        left = words_of(without)
        # Another denial may be left ("negative (0/3)"), and then the sentence says the same.
        if any(word.text not in OF_GRAMMAR for word in left) and not any(Meant.DENIED in word.meant for word in left):
            found["denial taken out"] = without
    elif not any(Meant.DENIED in word.meant for word in words_of(text)):
        found["denial put in"] = f"No {text}"
    if numbers := re.findall(r"(?<![\d.])\d+(?![\d.])", text):
        one = rng.choice(numbers)
        found["number"] = re.sub(rf"(?<![\d.]){one}(?![\d.])", str(int(one) + 1), text, count=1)
    if SIDE.search(text):
        found["side"] = SIDE.sub(lambda side: "left" if side[0].lower() == "right" else "right", text)
    return found


def test_true_sentences_stand_and_altered_ones_fall(real_data: Path) -> None:
    """Of all statements of the diagnoses of 80 reports, each drawn from its own place."""
    rng = random.Random(0)
    texts = [row.cells["text"] for row in read_rows(real_data / "reports" / "tcga_reports_t14.csv", required=("text",))]
    taken: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for report in rng.sample(texts, 80):
        source = Source(report)
        for statement in (one for part in curate_report(report).parts for one in part.statements):
            span = [(statement.start, statement.end)]
            if source.fault(statement.text, span) is None:
                for kind, text in altered(statement.text, rng).items():
                    tried[kind] += 1
                    taken[kind] += source.fault(text, span) is None
                taken["true"] += 1
            tried["true"] += 1

    shares = {kind: taken[kind] / count for kind, count in tried.items()}
    assert min(tried.values()) >= 100, tried
    assert shares.pop("true") >= 0.94
    assert shares.pop("side") <= 0.03  # "left lobe, right lobe" has the same neighbours turned around
    assert max(shares.values()) <= 0.01, shares
