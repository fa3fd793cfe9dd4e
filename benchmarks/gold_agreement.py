"""How well two readings of the same statements agree, which is about what curation can be expected to reach.

    python benchmarks/gold_agreement.py

tests/data/gold_read_again.jsonl has the kinds and flags of a statement as they were, and as they were given again
without them in sight. `fresh`: a random fifth of the fresh gold by its own annotator, before the slips that showed were
mended; on the same day, so this only counts slips. `first`: statements of the first gold, by the annotator of the fresh
one, who had learnt the conventions from other reports of the first: this is how far the two sets mean the same.

tests/data/gold_parts_read_again.jsonl has a sixth of the third set, and forty random reports of the held-out one, by
second annotators, who had not seen what the first ones wrote. Theirs is judged as what curation reads is; some gave two
diagnoses, of which one must be right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from curation_gold import (
    FLAGS,
    GOLD,
    GOLD_PARTS,
    HELD_OUT,
    SCORES,
    THIRD,
    is_one_of,
    parts_right,
    with_interval,
)

AGAIN = GOLD.with_name("gold_read_again.jsonl")
PARTS_AGAIN = GOLD_PARTS.with_name("gold_parts_read_again.jsonl")


def agreement(rows: Sequence[dict]) -> dict[str, object]:
    """Share of statements with equal kinds, and with equal flags, and F1 over kinds; with 95 % intervals."""
    flags, kinds, counts = [], [], []
    for row in rows:
        before, again = set(row["before"]), set(row["again"])
        kinds.append((not (before ^ again) - set(FLAGS), 1))
        flags.append((not (before ^ again) & set(FLAGS), 1))
        before, again = before - set(FLAGS), again - set(FLAGS)
        counts.append((len(before & again), len(again - before), len(before - again)))
    return {
        "statements": len(rows),
        "equal kinds": with_interval(kinds, lambda equal, of: equal / of),
        "equal flags": with_interval(flags, lambda equal, of: equal / of),
        "F1 of kinds": with_interval(counts, SCORES["f1"]),
    }


def agreement_on_parts(first: Sequence[dict], again: Sequence[dict]) -> dict[str, object]:
    """Share of reports with all parts that the first reader listed, and with a diagnosis of theirs; 95 % intervals."""
    before = {row["id"]: row["diagnoses"] for row in first}
    parts, spans = [], []
    for row in again:
        gold, mine = before[row["id"]], row["diagnoses"]
        found, listed = parts_right(gold, [(part["label"], part["start"]) for one in mine for part in one["parts"]])
        if listed > 1:
            parts.append((found == listed, 1))
        right = any(is_one_of(gold, one["start"], one["end"]) for one in mine) if mine else not gold
        spans.append((right, 1))
    return {
        "reports": len(again),
        "that list parts": len(parts),
        "all parts": with_interval(parts, lambda equal, of: equal / of),
        "diagnosis where it should be": with_interval(spans, lambda equal, of: equal / of),
    }


def main() -> None:
    rows = [json.loads(line) for line in AGAIN.read_text(encoding="utf-8").splitlines()]
    for gold in ("fresh", "first"):
        print(gold, json.dumps(agreement([row for row in rows if row["gold"] == gold])))
    first, again = (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for file in (GOLD_PARTS, PARTS_AGAIN)
    )
    for gold in (THIRD, HELD_OUT):
        here = {row["id"] for row in first if row["half"] == gold}
        print(gold, json.dumps(agreement_on_parts(first, [row for row in again if row["id"] in here])))


if __name__ == "__main__":
    main()
