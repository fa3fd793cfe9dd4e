"""What is wrongly taken, judged with a vocabulary that owes nothing to the patients judged.

The words that rules take for ordinary were drawn from the same reports on which wrong removals are counted. Here
patients are cut in two halves by a hash, and while the reports of one half are judged, words that stand in those alone
are taken out of the vocabulary, as they would lack of reports that nobody has seen. Words that no report has stay.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pathalign.text.deidentification import lexicon
from pathalign.text.deidentification.words import words_of
from planted.kept import measure_kept

_PACKAGE = "pathalign.text.deidentification"


def measure_crossfitted(patients: list[tuple[str, str]]) -> dict:
    """As `measure_kept`, each half of the (patient, report) judged without the words of its own.

    "known words kept" is the same where the words that were written down from knowledge stay in both halves.
    """
    halves = [[text for patient, text in patients if _half(patient) == half] for half in (0, 1)]
    words = [set().union(*(words_of(text).different for text in half)) for half in halves]
    found = {}
    for name, kept in (("strict", frozenset()), ("known words kept", lexicon.KNOWN_WORDS)):
        counts = Counter[str]()
        for half in (0, 1):
            own = words[half] - words[1 - half] - kept
            with vocabulary_without(frozenset(own)):
                counts += Counter(measure_kept(halves[half]))
        del counts["wrong"]
        counts["words taken out"] = len(((words[0] ^ words[1]) - kept) & lexicon.VOCABULARY)
        wrong = (counts["terms removed"] + counts["eponyms removed"]) / (counts["terms"] + counts["eponyms"])
        found[name] = dict(counts) | {"wrong": round(wrong, 5)}
    return found["strict"] | {"known words kept": found["known words kept"]}


def _half(patient: str) -> int:
    """One of two halves, by another bit than the sets' parts."""
    return hashlib.sha256(b"crossfit" + patient.encode()).digest()[0] % 2


@contextmanager
def vocabulary_without(words: frozenset[str]) -> Iterator[None]:
    """The rules with a vocabulary that lacks some words."""
    whole = lexicon.VOCABULARY
    _set_vocabulary(whole - words)
    try:
        yield
    finally:
        _set_vocabulary(whole)


def _set_vocabulary(words: frozenset[str]) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGE):
            if hasattr(module, "VOCABULARY"):
                module.VOCABULARY = words
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
