"""How the later gold of curation was drawn, so that it can be drawn again: its reports, and its statements.

    python benchmarks/gold_draw.py [fresh | third | fourth | fifth | held-out]

Prints the ids in drawing order. The third set and those after it are reports of patients and with texts that no gold
before them has; only their diagnoses and parts were annotated, and of 80 of the held-out set, by two annotators, the
first six statements that hold a drawn character (those of a space, or within 12 of one drawn before, were passed over).
What follows is of the fresh set. The reports are a
simple random sample, as the first 150 were, of those whose patient and whose text the first 150 do not have. Of each
report characters were drawn before it was read; the statements are those that hold the first of them. Characters
within `skipped` were passed over: what identifies the report, lists of specimens and blocks, codes, and the gross
description outside the diagnosis. Up to two statements more (`added`) are those that hold the next characters within
`ancillary`, the results of stains and of molecular tests. Long statements are thus drawn more often than short ones,
and statements are whole sentences, list items or fields, mended where OCR cut them: that is where this set differs
from the first one, whose statements were pieces of a plain splitter.

A part whose label the report lost is no part of `parts`, as in the first gold; it is in `lost`. Statements that give
the results of stains name them in `markers`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections.abc import Iterator, Sequence

from curation_gold import FIFTH, FOURTH, FRESH, GOLD, GOLD_PARTS, HELD_OUT, THIRD, real_reports

SEED = 20261129
STATEMENTS, ADDED, CHARACTERS = 7, 2, 400
HELD_OUT_STATEMENTS = 6
DRAWS = {
    FRESH: (SEED, 75), THIRD: (20261130, 120), FOURTH: (20261201, 120), FIFTH: (20261202, 240),
    HELD_OUT: (20261203, 240),
}  # fmt: skip
"""Seed and number of reports of each drawn set, in the order of drawing."""


def drawn_reports(reports: dict[str, str], gold: Sequence[dict], drawn: str) -> list[str]:
    """Ids of a set of `DRAWS` in drawing order, from `reports` (text by id) without the gold of before."""
    seed, size = DRAWS[drawn]
    older = [row for row in gold if row["half"] not in list(DRAWS)[list(DRAWS).index(drawn) :]]
    patients = {patient(row["id"]) for row in older}
    texts = {row["sha256"] for row in older}
    rest = [
        name
        for name, text in reports.items()
        if patient(name) not in patients and hashlib.sha256(text.encode()).hexdigest() not in texts
    ]
    return random.Random(seed).sample(rest, size)


def patient(name: str) -> str:
    """The patient's barcode of a report's id."""
    return name.split(".")[0]


def drawn_characters(name: str, chars: int) -> Iterator[int]:
    """Characters of a report of `chars` characters, in drawing order, with repetition."""
    rng = random.Random(f"{SEED} {name}")
    for _ in range(CHARACTERS):
        yield rng.randrange(chars)


def is_within(character: int, spans: Sequence[Sequence[int]]) -> bool:
    """Whether a character lies in one of the spans (start, end), the space behind each counted in."""
    return any(start <= character <= end for start, end in spans)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("drawn", choices=DRAWS, nargs="?", default=HELD_OUT)
    gold = [json.loads(line) for file in (GOLD, GOLD_PARTS) for line in file.read_text(encoding="utf-8").splitlines()]
    print(*drawn_reports(real_reports(), gold, options.parse_args().drawn), sep="\n")


if __name__ == "__main__":
    main()
