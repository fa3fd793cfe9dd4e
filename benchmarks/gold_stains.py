"""How the gold of stains was drawn, so that it can be drawn again: its reports, and the mentions in them.

    python benchmarks/gold_stains.py

Prints ids, each with its half and its drawn characters. Reports are a simple random sample of those that mention a
stain, of patients and with texts that no other gold has, each patient and text once. The first draw was a half for
tuning and a half that was held out until it had been counted once ("counted"), and is for tuning since; what is held
out now was drawn and annotated then, before the rules were tuned on that. What counts as a mention is told by `MENTION`
alone, which knows words about stains and the looks of markers' names, and not the table of stains, so that names that
the table lacks are drawn as well. Of each report some mentions were drawn before it was read; the statements are those
that hold them: whole sentences, list items or fields, mended where OCR cut them.
In each, every marker was written down that it gives a result of this patient's tissue for, with that result: positive,
negative, equivocal, retained, lost, or the number where no verdict stands. `history` says that an earlier specimen gave
it. Nothing is written down of a statement that gives none: a stain that was asked for, a control, a method, a scale, a
test of the gene.

One person annotated those, knowing the rules but not what they make of a report, and tuned them afterwards. The sets
"blind" and "blind again" were annotated later by two others who had seen neither rules nor older gold: mentions in 60
random reports of the held-out gold of parts, without patients of the older sets, and in 60 of the fifth set of parts
that have none. The first was for tuning after it had been counted once.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence

from curation_gold import FIFTH, FRESH, GOLD, GOLD_PARTS, HELD_OUT, THIRD, real_reports
from gold_draw import patient

COUNTED, BLIND, BLIND_AGAIN = "counted", "blind", "blind again"
DRAWS = ((20261201, {"tuning": 45, COUNTED: 45}), (20261202, {HELD_OUT: 45}))
"""Seed of each draw, and how many reports of each half it has, in the order of drawing."""
BLIND_SEED, AGAIN_SEED, BLIND_REPORTS = 20261203, 20261204, 60
MENTIONS = 3
MENTION = re.compile(
    r"\b(?:immuno\w+|IHC|(?:special|histochemical) stains?|"
    r"stain(?:s|ed|ing)? (?:for|with|is|are|positive\w*|negative\w*)|"
    r"(?:o?estrogen|progesterone|androgen) receptors?|antibod(?:y|ies)|in situ hybridi[sz]ation|"
    r"(?:cyto)?keratins?|vimentin|desmin|chromogranin|synaptophysin|calretinin|"
    r"mucicarmine|trichrome|GMS|AFB|PAS|EMA|CEA|PSA|AMACR|racemase|thyroglobulin|inhibin|mammaglobin|ER|PR|"
    r"her-?\s?2|ki-?\s?67|mib-?\s?1|(?:CK|CD|MUC|PAX|TTF|WT|S|HMB|BCL|GATA|CDX|MLH|MSH|PMS)-?\d{1,3}|"
    r"p-?(?:16|53|57|63|40|120|504s?))\b",
    re.IGNORECASE,
)


def drawn(reports: dict[str, str], older: Sequence[dict]) -> list[tuple[str, str, list[int]]]:
    """(id, half, characters) in drawing order, of `reports` (text by id) without patients and texts of `older`."""
    patients = {patient(row["id"]) for row in older}
    texts = {row["sha256"] for row in older}
    found = []
    for seed, halves in DRAWS:
        rest = [
            name
            for name, text in reports.items()
            if patient(name) not in patients
            and hashlib.sha256(text.encode()).hexdigest() not in texts
            and MENTION.search(text)
        ]
        names = random.Random(seed).sample(rest, sum(halves.values()))
        for name, half in zip(names, (half for half, size in halves.items() for _ in range(size)), strict=True):
            digest = hashlib.sha256(reports[name].encode()).hexdigest()
            if patient(name) in patients or digest in texts:
                continue
            patients.add(patient(name))
            texts.add(digest)
            found.append((name, half, _some_mentions(reports[name], seed, name)))
    return found


def drawn_blind(reports: dict[str, str], older: Sequence[dict]) -> list[tuple[str, str, list[int]]]:
    """(id, half, characters) of the blind sets in drawing order; `older` are the rows of the stains drawn before."""
    patients = {patient(row["id"]) for row in older}
    rows = [json.loads(line) for line in GOLD_PARTS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if MENTION.search(reports[row["id"]])]
    held_out = [row["id"] for row in rows if row["half"] == HELD_OUT]
    names = random.Random(BLIND_SEED).sample(held_out, BLIND_REPORTS)
    names = [name for name in names if patient(name) not in patients]
    found = [(name, BLIND, _some_mentions(reports[name], BLIND_SEED, name)) for name in names]
    patients |= set(map(patient, names))
    fifth = [row["id"] for row in rows if row["half"] == FIFTH and patient(row["id"]) not in patients]
    names = random.Random(AGAIN_SEED).sample(fifth, BLIND_REPORTS)
    return found + [(name, BLIND_AGAIN, _some_mentions(reports[name], AGAIN_SEED, name)) for name in names]


def _some_mentions(report: str, seed: int, name: str) -> list[int]:
    mentions = [mention.start() for mention in MENTION.finditer(report)]
    return sorted(random.Random(f"{seed} {name}").sample(mentions, min(MENTIONS, len(mentions))))


def older_gold() -> list[dict]:
    """The rows of the gold that was there before, with "id" and "sha256"; later sets of parts were not."""
    rows = [json.loads(line) for file in (GOLD, GOLD_PARTS) for line in file.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["half"] in ("tuning", "test", FRESH, THIRD)]


def main() -> None:
    reports = real_reports()
    found = drawn(reports, older_gold())
    for name, half, characters in found + drawn_blind(reports, [{"id": name} for name, _, _ in found]):
        print(name, half, *characters)


if __name__ == "__main__":
    main()
