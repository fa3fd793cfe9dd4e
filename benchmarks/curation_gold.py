"""The gold of curation, and how what is read compares with it: diagnosis spans, parts, kinds of statements."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathalign.text.curation import CuratedReport, curate_report
from pathalign.text.statements.statement import Kind, Statement

GOLD = Path(__file__).parents[1] / "tests" / "data" / "gold_reports.jsonl"
DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
SOURCES = (("tcga_reports_t14.csv", "patient_filename"), ("tcga_reports_val.csv", "bcr_patient_barcode"))
GOLD_PARTS = GOLD.with_name("gold_parts.jsonl")
"""Reports of which the diagnosis and its parts were annotated, and no statements: the sets `OF_PARTS`."""
FRESH, THIRD, FOURTH, FIFTH, HELD_OUT = "fresh", "third", "fourth", "fifth", "held-out"
OF_PARTS = (THIRD, FOURTH, FIFTH, HELD_OUT)
SETS = {
    "tuning": "tuning", "former test": "test", "second test": FRESH, "third test": THIRD, "fourth test": FOURTH,
    "fifth test": FIFTH, HELD_OUT: HELD_OUT,
}  # fmt: skip
"""The sets of the gold, each with what its rows bear as "half". The rules may be tuned on all but the held-out one: the
others were test sets, each until it was looked into."""
FLAGS = ("negated", "uncertain", "history")
NEAR_CHARS, LEAST_OVERLAP = 3, 0.9
RESAMPLES = 1000


@dataclass(frozen=True)
class Judged:
    """A gold report, and what curation reads in it."""

    gold: dict
    text: str
    curated: CuratedReport


def real_reports() -> dict[str, str]:
    """Report by its id in the files."""
    csv.field_size_limit(10**7)
    found = {}
    for name, column in SOURCES:
        with (DATA / "reports" / name).open(newline="", encoding="utf-8") as file:
            found.update({row[column]: row["text"] for row in csv.DictReader(file)})
    return found


def judged(name: str, reports: dict[str, str]) -> list[Judged]:
    """The gold reports of a set of `SETS`; raises `ValueError` where a text is not the one that was annotated."""
    found = []
    file = GOLD_PARTS if SETS[name] in OF_PARTS else GOLD
    for line in file.read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        if gold["half"] != SETS[name]:
            continue
        text = reports[gold["id"]]
        if hashlib.sha256(text.encode()).hexdigest() != gold["sha256"]:
            raise ValueError(f"The report of {gold['id']} is not the one that was annotated; see data/README.md.")
        found.append(Judged(gold, text, curate_report(text)))
    return found


def is_span_right(one: Judged) -> bool:
    """Whether the diagnosis overlaps one of the right ones; comments and tables at its end may be in it or not."""
    if not one.curated.parts:
        return not one.gold["diagnoses"]
    return is_one_of(one.gold["diagnoses"], one.curated.diagnosis_start, one.curated.diagnosis_end)


def is_one_of(diagnoses: Sequence[dict], start: int, end: int) -> bool:
    """Whether a span overlaps one of the diagnoses by `LEAST_OVERLAP`."""
    for gold in diagnoses:
        last = min(max(end, gold["end"]), gold["tail"])
        shared = min(end, last) - max(start, gold["start"])
        if shared >= LEAST_OVERLAP * (max(end, last) - min(start, gold["start"])):
            return True
    return False


def parts_found(one: Judged) -> tuple[int, int]:
    """(found, listed) parts of the diagnosis that is listed in most of them; found at the right place and label."""
    return parts_right(one.gold["diagnoses"], [(part.label, part.start) for part in one.curated.parts])


def parts_right(diagnoses: Sequence[dict], mine: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """(found, listed) parts of one of the diagnoses among those with a label and a start."""
    best = (0, 0)
    for diagnosis in diagnoses:
        listed = diagnosis["parts"]
        found = sum(
            any(part["label"] == label and abs(part["start"] - start) <= NEAR_CHARS for label, start in mine)
            for part in listed
        )
        best = max(best, (found, len(listed)))
    return best


def overlapping(gold: dict, statements: Sequence[Statement]) -> list[Statement]:
    """The statements of which half lies in a gold one, or that cover half of it."""
    found = []
    for mine in statements:
        shared = min(mine.end, gold["end"]) - max(mine.start, gold["start"])
        if shared > 0 and 2 * shared >= min(mine.end - mine.start, gold["end"] - gold["start"]):
            found.append(mine)
    return found


def kinds_of(gold: dict, statements: Sequence[Statement]) -> tuple[frozenset[str], frozenset[str]]:
    """(gold, read) kinds and flags of a gold statement."""
    mine = overlapping(gold, statements)
    read = {kind.value for one in mine for kind in one.kinds} | {
        flag for flag in FLAGS if any(getattr(one, flag) for one in mine)
    }
    right = set(gold["kinds"]) | {flag for flag in FLAGS if gold.get(flag)}
    return frozenset(right), frozenset(read)


def kind_rows(name: str, reports: Sequence[Judged], seed: int = 0) -> list[dict]:
    """Precision, recall and F1 by kind and flag, with the bootstrap's 95 % intervals over reports."""
    counted: dict[str, list[tuple[int, int, int]]] = {
        kind: [] for kind in [*(k.value for k in Kind), *FLAGS, "all kinds"]
    }
    for one in reports:
        pairs = [kinds_of(gold, one.curated.statements) for gold in one.gold["statements"]]
        for kind in counted:
            names = {one.value for one in Kind} if kind == "all kinds" else {kind}
            counted[kind].append((
                sum(len(right & read & names) for right, read in pairs),
                sum(len((read - right) & names) for right, read in pairs),
                sum(len((right - read) & names) for right, read in pairs),
            ))  # fmt: skip
    return [_row(name, kind, counts, seed) for kind, counts in counted.items()]


def _row(name: str, kind: str, counts: list[tuple[int, int, int]], seed: int) -> dict:
    row: dict = {"set": name, "kind": kind, "statements": sum(hit + missed for hit, _, missed in counts)}
    for score, of in SCORES.items():
        row[score], row[f"{score} interval"] = with_interval(counts, of, seed)
    return row


def _share(hits: int, of: int) -> float:
    return hits / of if of else 1.0


SCORES: dict[str, Callable[[int, int, int], float]] = {
    "precision": lambda hit, wrong, _: _share(hit, hit + wrong),
    "recall": lambda hit, _, missed: _share(hit, hit + missed),
    "f1": lambda hit, wrong, missed: _share(2 * hit, 2 * hit + wrong + missed),
}


def with_interval(
    counts: Sequence[tuple[int, ...]], score: Callable[..., float], seed: int = 0
) -> tuple[float, list[float]]:
    """A score of summed counts by report, with the bootstrap's 95 % interval."""
    rng = random.Random(seed)
    drawn = sorted(score(*map(sum, zip(*rng.choices(counts, k=len(counts)), strict=True))) for _ in range(RESAMPLES))
    edges = [drawn[int(RESAMPLES * 0.025)], drawn[int(RESAMPLES * 0.975) - 1]]
    return round(score(*map(sum, zip(*counts, strict=True))), 4), [round(edge, 4) for edge in edges]


def exact_share(reports: Sequence[Judged]) -> float:
    """Share of gold statements that begin and end where one of ours does, or where two meet."""
    hits = Counter()
    for one in reports:
        starts = {mine.start for mine in one.curated.statements}
        ends = {mine.end for mine in one.curated.statements}
        for gold in one.gold["statements"]:
            begins = any(abs(gold["start"] - at) <= NEAR_CHARS for at in starts)
            hits[begins and any(abs(gold["end"] - at) <= NEAR_CHARS for at in ends)] += 1
    return round(hits[True] / sum(hits.values()), 4)
