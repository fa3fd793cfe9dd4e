"""How well results of stains are read in real reports, against gold. `make proof-stains` runs it.

    python benchmarks/stain_results.py [--sets fresh tuning counted held-out blind "blind again"] [--seed 0]

The gold are statements of TCGA reports with each marker whose result they give: those of the fresh half of
tests/data/gold_reports.jsonl, and those of tests/data/gold_stains.jsonl (`benchmarks/gold_stains.py` says how they were
drawn). Rules are tuned on "fresh", "tuning", "counted" and "blind", the last two after they had been counted once, and
their author annotated "held-out"; the goals are judged by "blind again" alone, which another one annotated. Each report
is read as a whole, as `curate` reads it; a result counts for a statement that its clause lies in, or that its clause
meets and that names its marker. A marker of the gold is the stain that `stain_of` takes its name for, so that "MIB-1"
and "Ki-67" are one; a name that is not known stays as it is written, and is missed. Of each statement are compared the
different pairs of marker and result:

- a marker is found where the statement has a result of it; more of them than the gold has are wrong;
- its result is right where it has the verdict of the gold; or, where the gold has a number and no verdict, that number,
  beside "positive" or alone.

Intervals are the bootstrap's, over reports.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation_gold import FRESH, GOLD, HELD_OUT, NEAR_CHARS, SCORES, real_reports, with_interval
from gold_stains import BLIND, BLIND_AGAIN, COUNTED

from pathalign.text.stains.results import StainResult, results_in
from pathalign.text.stains.stain import stain_of, stains_in

OUT = Path(__file__).parent / "out" / "stain_results.json"
GOLD_STAINS = GOLD.with_name("gold_stains.jsonl")
SETS = {
    FRESH: GOLD,
    "tuning": GOLD_STAINS,
    COUNTED: GOLD_STAINS,
    HELD_OUT: GOLD_STAINS,
    BLIND: GOLD_STAINS,
    BLIND_AGAIN: GOLD_STAINS,
}
LEAST_F1, LEAST_RIGHT = 0.9, 0.95
VERDICTS = frozenset({"positive", "negative", "equivocal", "retained", "lost"})

Pair = tuple[str, str]
"""A marker, and its result as it is compared."""


@dataclass(frozen=True)
class Compared:
    """A statement: the results that it gives, and those that are read in it."""

    gold: frozenset[Pair]
    read: frozenset[Pair]

    @property
    def names(self) -> set[str]:
        """The markers of either."""
        return {name for name, _ in self.gold | self.read}

    def found(self) -> Counter[str]:
        """By marker, of how many gold results there is one that is read."""
        return Counter(name for name, _ in self.gold) & Counter(name for name, _ in self.read)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    options.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    asked = options.parse_args()
    reports = real_reports()
    rows: list[dict] = []
    goals: list[dict] = []
    for name in asked.sets:
        compared = statements_of(name, reports)
        rows += scores(name, compared, asked.seed)
        missed = missed_kinds([one for statements in compared for one in statements])
        rows.append({"set": name, "of": "missed, wrong and too much", "by kind": dict(missed.most_common())})
        if name == BLIND_AGAIN:
            found, right = rows[-3]["f1"], rows[-2]["right"]
            goals += [
                {"goal": f"markers with a result, F1, {name} set", "value": found, "target": LEAST_F1,
                 "holds": found >= LEAST_F1},
                {"goal": f"results right where the marker is found, {name} set", "value": right,
                 "target": LEAST_RIGHT, "holds": right >= LEAST_RIGHT},
            ]  # fmt: skip
    write(rows, goals)


def statements_of(name: str, reports: dict[str, str]) -> list[list[Compared]]:
    """The statements of each report of a set; raises `ValueError` where a text is not the one that was annotated."""
    found = []
    for line in SETS[name].read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["half"] != name:
            continue
        text = reports[row["id"]]
        if hashlib.sha256(text.encode()).hexdigest() != row["sha256"]:
            raise ValueError(f"The report of {row['id']} is not the one that was annotated; see data/README.md.")
        results = results_in(text)
        found.append([compared(text, one, results) for one in row["statements"]])
    return found


def compared(text: str, statement: dict, results: Sequence[StainResult]) -> Compared:
    """A statement of the gold beside the results that are read in it."""
    start, end = statement["start"], statement["end"]
    named = {mention.meaning.name for mention in stains_in(text[start:end])}
    gold = frozenset((normal_marker(one["marker"]), normal(one["result"])) for one in statement.get("markers", []))
    numbers = {(name, result) for name, result in gold if _is_number(result)}
    read = set()
    for one in results:
        is_within = start - NEAR_CHARS <= one.start and one.end <= end + NEAR_CHARS
        if is_within or (one.start < end and one.end > start and one.stain.name in named):
            number = normal(one.detail)
            is_told = one.verdict in ("", "positive") and (one.stain.name, number) in numbers
            read.add((one.stain.name, number if is_told or not one.verdict else normal(one.verdict)))
    return Compared(gold, frozenset(read))


def normal_marker(name: str) -> str:
    """The name that the project uses for a marker; one that it does not know as it is, in small letters."""
    stain = stain_of(name)
    return stain.name if stain else name.casefold()


def normal(result: str) -> str:
    """A result as it is compared: without spaces, the word "pattern", and what says that a number is not exact."""
    return re.sub(r"\s|pattern|approximately|about|up to|~", "", result.casefold())


def _is_number(result: str) -> bool:
    return any(map(str.isdigit, result))


def kind_of(result: str) -> str:
    """A verdict of `VERDICTS`, "number", or "pattern or other"."""
    return "number" if _is_number(result) else result if result in VERDICTS else "pattern or other"


def scores(name: str, reports: Sequence[Sequence[Compared]], seed: int) -> list[dict]:
    """Results by kind, then markers found, then results right given that they are."""
    kinds = sorted({kind_of(result) for report in reports for one in report for _, result in one.gold})
    rows = []
    for kind in kinds:
        counts = [(sum(len({p for p in one.gold & one.read if kind_of(p[1]) == kind}) for one in report),
                   sum(len({p for p in one.read - one.gold if kind_of(p[1]) == kind}) for one in report),
                   sum(len({p for p in one.gold - one.read if kind_of(p[1]) == kind}) for one in report))
                  for report in reports]  # fmt: skip
        rows.append({"set": name, "of": f"result {kind}", **_scored(counts, seed)})
    counts = []
    for report in reports:
        hits = sum(one.found().total() for one in report)
        counts.append((hits, sum(len(one.read) for one in report) - hits, sum(len(one.gold) for one in report) - hits))
    rows.append({"set": name, "of": "marker with a result", **_scored(counts, seed)})
    rights = [
        (sum(len(one.gold & one.read) for one in report), sum(one.found().total() for one in report))
        for report in reports
    ]
    share = with_interval(rights, lambda right, of: right / of if of else 1.0, seed)
    rows.append({"set": name, "of": "result right, of markers found", "results": sum(of for _, of in rights),
                 "right": share[0], "right interval": share[1]})  # fmt: skip
    return rows


def _scored(counts: list[tuple[int, int, int]], seed: int) -> dict:
    row: dict = {"results": sum(hit + missed for hit, _, missed in counts)}
    for score, of in SCORES.items():
        row[score], row[f"{score} interval"] = with_interval(counts, of, seed)
    return row


def missed_kinds(statements: Sequence[Compared]) -> Counter[str]:
    """How often which kind of result is not found, is another, or is read where there is none."""
    kinds: Counter[str] = Counter()
    for one in statements:
        for name in one.names:
            gold = {kind_of(result) for of, result in one.gold - one.read if of == name}
            read = {kind_of(result) for of, result in one.read - one.gold if of == name}
            if gold and read:
                kinds[f"{'/'.join(sorted(gold))} read as {'/'.join(sorted(read))}"] += 1
            elif gold:
                stain = stain_of(name)
                kinds[f"{'/'.join(sorted(gold))} of {stain.kind.value if stain else 'an unknown name'} not read"] += 1
            elif read:
                kinds[f"{'/'.join(sorted(read))} too much"] += 1
    return kinds


def write(rows: list[dict], goals: list[dict]) -> None:
    """The tables, and benchmarks/out/stain_results.json."""
    for row in rows:
        of = f"{row['set']:11} {row['of']:31}"
        if "by kind" in row:
            print(f"{of} {row['by kind']}")
        else:
            names = [score for score in (*SCORES, "right") if score in row]
            told = (f"{s} {row[s]:.3f} [{row[f'{s} interval'][0]:.2f}, {row[f'{s} interval'][1]:.2f}]" for s in names)
            print(f"{of} {row['results']:4}  {'  '.join(told)}")
    for one in goals:
        print(f"{'met   ' if one['holds'] else 'MISSED'} {one['goal']}: {one['value']} (target {one['target']})")
    machine = platform.processor() or platform.machine()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"name": "stain_results", "machine": machine, "rows": rows, "goals": goals}, indent=1))


if __name__ == "__main__":
    main()
