"""How well identifiers are found, and how much else is taken. `make proof-deidentification` runs it.

    python benchmarks/deidentification.py [--half eleventh|tenth|...] [--reports 200] [--seed 0] [--misses]

Invented identifiers of all kinds are planted in real TCGA reports (which are free of most of their own): a header, in
sentences between the report's, in signatures; with line breaks, flat or run together, some in capitals, some misread
as OCR misreads. An identifier is found when all its letters and digits are. There are twelve sets of lines and names
(`planted/`); docs/deidentification.md tells what each was to the rules. The figures are of the eleventh and the twelfth
together, of which nobody who changes the rules sees more than the counts: their misses are refused. What is wrongly
taken is counted on all reports as they are: medical terms and eponyms within anything removed, with the words that the
rules have, and without those that they owe to the patients judged (`planted/crossfit.py`).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import os
import platform
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from planted.crossfit import measure_crossfitted
from planted.kept import NAMESAKES, measure_kept
from planted.sets import SETS
from planted.values import Values

from pathalign.text.deidentification.deidentifier import deidentify, find_identifiers

OUT = Path(__file__).parent / "out" / "deidentification.json"
DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
HELD_OUT = ("eleventh", "twelfth")
"""The sets of which nobody who changes the rules sees more than the counts."""
LEAST_RECALL, MOST_WRONG, LEAST_SPEED = 0.99, 0.005, 500
REPORTS_OF = {
    "fifth": "third", "sixth": "fourth", "seventh": "fourth", "eighth": "second", "ninth": "third", "tenth": "fourth",
    "eleventh": "second", "twelfth": "third",
}  # fmt: skip
"""The sets that have no reports of their own."""
MISREAD = {"o": "0", "l": "1", "i": "l", "s": "5", "0": "O", "1": "l", "5": "S"}
EPONYMS = (
    "Gleason score 3+4=7, Nottingham grade 2, Fuhrman nuclear grade 3, Breslow thickness 1.1 mm, Clark level III.",
    "Barrett esophagus; Paget disease; Hodgkin lymphoma; Reed-Sternberg cells; Burkitt lymphoma.",
    "Langerhans cells.",
    "Lynch syndrome; Ewing sarcoma; Kaposi sarcoma; Warthin tumor; Krukenberg tumor; Brenner tumor; Wilms tumor.",
    "Sertoli-Leydig cell tumor; Schwann cells; Merkel cell carcinoma; Bowen disease; Spitz nevus.",
    "Bloom-Richardson grade.",
    "Crohn disease; Hashimoto thyroiditis; Graves disease; Cushing syndrome; Whipple procedure; Hartmann pouch.",
    "Mohs surgery; Pap smear; Ki-67; Masson trichrome; Giemsa; Congo red.",
    "Ziehl-Neelsen; Gomori; Warthin-Starry; Grocott.",
    "Bartholin gland; Cowper gland; Peyer patches; Brunner glands; Paneth cells; Kupffer cells.",
    "Gerota fascia; Glisson capsule.",
    "Wilson disease; Lewis y; Ivor Lewis; Epstein-Barr virus; Li-Fraumeni; Peutz-Jeghers polyp.",
    "Cowden syndrome; Gardner syndrome.",
)  # fmt: skip
"""What must stay, planted beside what must go."""


@dataclass(frozen=True)
class Planted:
    """An identifier in a report."""

    start: int
    end: int
    kind: str


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--half", choices=tuple(SETS), help="one set in the place of those held out")
    options.add_argument("--reports", type=int, default=200, help="of each set")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--misses", action="store_true", help="print the invented identifiers that were missed")
    chosen = options.parse_args()
    halves = (chosen.half,) if chosen.half else HELD_OUT
    if chosen.misses and set(halves) & set(HELD_OUT):
        options.error(
            f"{' and '.join(HELD_OUT)} are held out: their misses are never shown. Look at those of another set"
        )
    patients = real_reports()
    counts = Counter[tuple[str, str]]()
    for half in halves:
        reports = reports_of(patients, half)
        one = measure_recall(reports, half, chosen.reports, chosen.seed, chosen.misses)
        print(f"{half}: {one['found', 'all']} of {one['planted', 'all']}")
        counts += one
    reports = [text for _, text in patients]
    write(
        halves,
        recall_rows(counts),
        measure_kept(reports),
        measure_crossfitted(patients),
        measure_eponyms(),
        measure_speed(reports),
    )


def real_reports() -> list[tuple[str, str]]:
    """(Patient, report) of every report."""
    csv.field_size_limit(10**7)
    texts = []
    for name, column in (("tcga_reports_t14.csv", "patient_filename"), ("tcga_reports_val.csv", "bcr_patient_barcode")):
        with (DATA / "reports" / name).open(newline="", encoding="utf-8") as file:
            texts += [(row[column].split(".")[0], row["text"]) for row in csv.DictReader(file)]
    return texts


def reports_of(patients: list[tuple[str, str]], half: str) -> list[str]:
    """The reports of the patients of one set."""
    return [text for patient, text in patients if half_of(patient) == REPORTS_OF.get(half, half)]


def half_of(patient: str) -> str:
    """The set of a patient: the half that rules were tuned on, or one of three parts of the other half."""
    first, second = hashlib.sha256(patient.encode()).digest()[:2]
    return "tuning" if first % 2 == 0 else ("second", "fourth", "third")[second % 3]


def planted_reports(reports: list[str], half: str, count: int, seed: int) -> Iterator[tuple[str, list[Planted]]]:
    """Reports with identifiers in them, each in one of three layouts."""
    chosen, rng = SETS[half], random.Random(seed)
    values = Values(chosen, rng)
    for text in rng.sample(reports, count):
        layout = rng.choice(("lines", "flat", "run"))
        joint = {"lines": "\n", "flat": ". ", "run": "  "}[layout]
        capitals = rng.random() < 0.3
        sentences = text.split(". ")
        for line in rng.sample(chosen.bodies, 6):
            sentences.insert(rng.randrange(len(sentences) + 1), line.rstrip("."))
        header = rng.sample(chosen.headers, 5)
        signature = rng.sample(chosen.signatures, 3)
        body = (".\n" if layout == "lines" else ". ").join(sentences)
        template = joint.join([*header, "GROSS DESCRIPTION: " + body, *signature])
        yield filled(template, values, rng, capitals=capitals)


def filled(template: str, values: Values, rng: random.Random, *, capitals: bool) -> tuple[str, list[Planted]]:
    """The template with identifiers in the place of its words in braces."""
    pieces, planted, at = [], [], 0
    values.new_report()
    for i, piece in enumerate(re.split(r"\{(listed|full|last|[a-z]+)\}", template)):
        if i % 2 and not hasattr(values, f"_{piece}"):
            piece = "{" + piece + "}"  # a brace of the report itself
        elif i % 2:
            value = values.draw(piece)
            value = (
                misread(value, rng)
                if rng.random() < 0.1 and piece not in ("url", "email", "ip", "vin", "clia")
                else value
            )
            value = value.upper() if capitals and piece not in ("url", "email", "initials") else value
            article = len(value) - len(value.removeprefix("The ").removeprefix("THE "))
            planted.append(Planted(at + article, at + len(value), piece))
            piece = value
        elif capitals:
            piece = piece.upper()
        pieces.append(piece)
        at += len(piece)
    return "".join(pieces), planted


def misread(value: str, rng: random.Random) -> str:
    """One letter or digit, never the first, as OCR may read it."""
    places = [i for i, char in enumerate(value) if i and char in MISREAD]
    if not places:
        return value
    at = rng.choice(places)
    return value[:at] + MISREAD[value[at]] + value[at + 1 :]


def measure_recall(reports: list[str], half: str, count: int, seed: int, show: bool) -> Counter[tuple[str, str]]:
    """How many were ("found" or "planted", kind); names by their shape."""
    counts = Counter[tuple[str, str]]()
    for text, planted in planted_reports(reports, half, count, seed):
        covered = bytearray(len(text))
        for finding in find_identifiers(text):
            covered[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
        for one in planted:
            whole = all(covered[i] or not text[i].isalnum() for i in range(one.start, one.end))
            for kind in (one.kind, "all"):
                counts["planted", kind] += 1
                counts["found", kind] += whole
            if show and not whole:
                before, after = text[max(0, one.start - 45) : one.start], text[one.end : one.end + 25]
                print(one.kind, "|", repr(before), "<<", text[one.start : one.end], ">>", repr(after))
    return counts


def recall_rows(counts: Counter[tuple[str, str]]) -> list[dict]:
    """A row of each kind, all together last."""
    kinds = sorted(kind for which, kind in counts if which == "planted" and kind != "all")
    rows = [
        {"kind": kind, "planted": counts["planted", kind], "found": counts["found", kind]} for kind in (*kinds, "all")
    ]
    for row in rows:
        row["recall"] = round(row["found"] / row["planted"], 5)
        row["interval"] = [round(edge, 4) for edge in wilson(row["found"], row["planted"])]
    return rows


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share = hits / trials
    middle = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return (middle - spread) / (1 + z * z / trials), (middle + spread) / (1 + z * z / trials)


def measure_eponyms() -> dict:
    """Eponyms in a report that names persons: how many are taken for one of them."""
    text = "Seen by Dr. Okonkwo. " + " ".join(EPONYMS) + " " + " ".join(EPONYMS).upper() + " Signed by Maria Lewis, MD."
    kept = deidentify(text).text
    total = len(NAMESAKES.findall(text)) - 1
    return {"planted": total, "removed": total - len(NAMESAKES.findall(kept))}


def measure_speed(reports: list[str]) -> dict:
    """Reports per second of one core, and the seconds that a megabyte without a line break takes."""
    start = time.process_time()
    for text in reports:
        deidentify(text)
    seconds = time.process_time() - start
    long = " ".join(reports)[:1_000_000]
    start = time.process_time()
    deidentify(long)
    return {
        "reports_per_s": round(len(reports) / seconds),
        "characters_per_s": round(sum(map(len, reports)) / seconds),
        "megabyte_s": round(time.process_time() - start, 2),
    }


def goal(name: str, value: float, target: float, holds: bool) -> dict:
    return {"goal": name, "value": value, "target": target, "holds": holds}


def write(
    halves: tuple[str, ...], recall: list[dict], kept: dict, crossfitted: dict, eponyms: dict, speed: dict
) -> None:
    """The table, and benchmarks/out/deidentification.json."""
    worst = min(recall[:-1], key=lambda row: row["recall"])
    planted = recall[-1]["planted"]
    lowest = f"recall, the lowest kind ({worst['kind']})"
    goals = [
        goal("identifiers planted", planted, 1000, planted >= 1000),
        goal("recall, all", recall[-1]["recall"], LEAST_RECALL, recall[-1]["found"] >= LEAST_RECALL * planted),
        goal(lowest, worst["recall"], LEAST_RECALL, worst["found"] >= LEAST_RECALL * worst["planted"]),
        goal(
            "medical terms and eponyms removed, cross-fitted",
            crossfitted["wrong"],
            MOST_WRONG,
            crossfitted["wrong"] <= MOST_WRONG,
        ),
        goal("planted eponyms removed", eponyms["removed"], 0, eponyms["removed"] == 0),
        goal("reports per CPU second", speed["reports_per_s"], LEAST_SPEED, speed["reports_per_s"] >= LEAST_SPEED),
    ]
    for row in recall:
        low, high = row["interval"]
        print(f"{row['kind']:12} {row['found']:5} of {row['planted']:5}  {row['recall']:.4f}  [{low:.3f}, {high:.3f}]")
    print(json.dumps({"kept": kept, "kept, cross-fitted": crossfitted, "eponyms": eponyms, "speed": speed}, indent=1))
    for one in goals:
        print(f"{'met   ' if one['holds'] else 'MISSED'} {one['goal']}: {one['value']} (target {one['target']})")
    document = {
        "name": "deidentification", "machine": platform.processor() or platform.machine(), "halves": halves,
        "rows": [*recall, {"kind": "kept", **kept}, {"kind": "kept, cross-fitted", **crossfitted},
                 {"kind": "eponyms", **eponyms}, {"kind": "speed", **speed}],
        "goals": goals,
    }  # fmt: skip
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
