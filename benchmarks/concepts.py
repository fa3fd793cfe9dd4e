"""Concepts and stains on real reports: coverage, texts that become equal, the cancer type from type and site, speed.

    python benchmarks/concepts.py [--merges N]

Reads the TCGA reports of `PATHALIGN_TEST_DATA` (default `../shared/data`) and prints a table; `--merges N` prints N of
the texts that became equal, to be looked at by a person. Writes benchmarks/out/concepts.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

from pathalign.text.concepts.concepts import Concepts, concepts_of
from pathalign.text.concepts.key import concept_key
from pathalign.text.curation import CuratedReport, curate_report
from pathalign.text.normalise import text_key
from pathalign.text.stains.results import StainResult, results_in

DATA = Path(os.environ.get("PATHALIGN_TEST_DATA", "../shared/data")) / "reports"
OUT = Path(__file__).parent / "out" / "concepts.json"

# Cancer types of TCGA by morphology (four digits, from-to), and for those that many organs share by site.
BY_TYPE = (
    ("ACC", 8370, 8375), ("PCPG", 8680, 8700), ("THYM", 8580, 8586), ("MESO", 9050, 9053), ("UVM", 8771, 8772),
    ("TGCT", 9060, 9085), ("SARC", 8800, 8932), ("SARC", 9040, 9044), ("SARC", 9540, 9581), ("UCS", 8980, 8980),
    ("SKCM", 8720, 8780), ("DLBC", 9590, 9699), ("KICH", 8317, 8317), ("LIHC", 8170, 8175), ("CHOL", 8160, 8160),
    ("GBM", 9440, 9442), ("LGG", 9380, 9451), ("THCA", 8330, 8345), ("SARC", 9120, 9133),
)  # fmt: skip
BY_SITE = {
    "C02": ("HNSC",), "C06": ("HNSC",), "C08": ("HNSC",), "C14": ("HNSC",), "C32": ("HNSC",), "C30": ("HNSC",),
    "C15": ("ESCA",), "C16": ("STAD", "ESCA"), "C18": ("COAD", "READ"), "C20": ("READ", "COAD"),
    "C22": ("LIHC", "CHOL"),
    "C23": ("CHOL",), "C24": ("CHOL", "PAAD"), "C25": ("PAAD",), "C50": ("BRCA",), "C53": ("CESC",),
    "C54": ("UCEC",), "C56": ("OV",), "C57": ("OV",), "C48": ("OV", "SARC"), "C61": ("PRAD",), "C62": ("TGCT",),
    "C64": ("KIRC",),
    "C65": ("BLCA",), "C66": ("BLCA",), "C67": ("BLCA",), "C68": ("BLCA",), "C69": ("UVM",),
    "C71": ("GBM", "LGG"), "C73": ("THCA",),
    "C74": ("ACC", "PCPG"), "C37": ("THYM",), "C44": ("SKCM",), "C49": ("SARC",),
}  # fmt: skip


def cancer_types(found: Concepts) -> list[str]:
    """The TCGA cancer types that a report's concepts allow, the likeliest first; none when nothing is told."""
    code = found.histology
    if not code or found.behaviour not in ("2", "3"):
        return []
    number = int(code[:4])
    if code == "8260/3 renal":
        return ["KIRP"]
    if code == "8310/3 renal":
        return ["KIRC"]
    if code == "8260/3 thyroid":
        return ["THCA"]
    for kind, first, last in BY_TYPE:
        if first <= number <= last:
            if kind == "SKCM" and "C69" in found.sites:
                return ["UVM"]
            return [kind]
    if "C34" in found.sites and found.site not in BY_SITE:
        return ["LUSC"] if 8050 <= number <= 8083 else ["LUAD"]
    if number in range(8120, 8132):
        return ["BLCA"]
    if number in range(8500, 8525) and "C25" not in found.sites:
        return ["BRCA"]
    if number in (8312, 8319, 8318):
        return ["KIRC", "KIRP", "KICH"]
    if "C53" in found.sites and (number < 8100 or number in (8384, 8482)):
        return ["CESC"]
    for site in found.sites:
        if site == "C34":
            return ["LUSC"] if 8050 <= number <= 8083 else ["LUAD"]
        if site in BY_SITE:
            return list(BY_SITE[site])
    return ["UCEC"] if number == 8380 else ["OV"] if number in (8441, 8461, 8460) else []


def cancer_types_of_report(report: CuratedReport) -> list[str]:
    """The types of the parts that state a malignant tumour: what most of them say."""
    found = [concepts_of(part.retrieval_text) for part in report.parts if part.malignant]
    for spread in (False, True):  # nodes and peritoneum speak only where no other part does
        votes = Counter(
            types for concepts in found
            if (concepts.site in ("C77", "C48")) == spread and (types := tuple(cancer_types(concepts)))
        )  # fmt: skip
        if votes:
            return list(votes.most_common(1)[0][0])
    whole = concepts_of(" ".join(part.retrieval_text for part in report.parts))
    return cancer_types(whole)


def verdicts_by_stain(results: list[StainResult]) -> dict[str, set[str]]:
    """Stain -> the verdicts that one report gives of it."""
    verdicts: dict[str, set[str]] = defaultdict(set)
    for result in results:
        if result.verdict:
            verdicts[result.stain.name].add(result.verdict)
    return verdicts


def reports() -> list[tuple[str, str]]:
    """(patient, report)."""
    csv.field_size_limit(10**7)
    found = []
    for name, key in (("tcga_reports_t14.csv", "patient_filename"), ("tcga_reports_val.csv", "bcr_patient_barcode")):
        with (DATA / name).open(newline="", encoding="utf-8") as file:
            found += [(row[key][:12], row["text"]) for row in csv.DictReader(file)]
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--merges", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    cases = reports()
    with (DATA / "tcga_patient_to_cancer_type.csv").open(newline="") as file:
        label = {row["patient_id"]: row["cancer_type"] for row in csv.DictReader(file)}
    curated = [(patient, curate_report(text)) for patient, text in cases]
    parts = [part for _, report in curated for part in report.parts if part.generation_text]
    texts = [part.generation_text for part in parts]
    begun = time.perf_counter()
    concepts = [concepts_of(text) for text in texts]
    spent = time.perf_counter() - begun
    keys = [concept_key(text) for text in texts]
    joined: dict[str, dict[str, str]] = defaultdict(dict)
    for key, text in zip(keys, texts, strict=True):
        joined[key].setdefault(text_key(text), text)
    merges = [list(group.values()) for group in joined.values() if len(group) > 1]

    first = right = told = 0
    wrong: Counter[tuple[str, str]] = Counter()
    for patient, report in curated:
        if patient not in label:
            continue
        types = cancer_types_of_report(report)
        told += bool(types)
        first += types[:1] == [label[patient]]
        right += label[patient] in types
        if label[patient] not in types:
            wrong[label[patient], types[0] if types else "none"] += 1
    labelled = sum(patient in label for patient, _ in curated)
    malignant = [bool(c.histology) for c, part in zip(concepts, parts, strict=True) if part.malignant]
    results = [results_in(text) for _, text in cases]
    two_ways = sum(len(verdicts) > 1 for found in results for verdicts in verdicts_by_stain(found).values())
    rows = [
        {"what": "generation texts", "value": len(texts)},
        {"what": "with a histologic type", "value": sum(bool(c.histology) for c in concepts) / len(texts)},
        {"what": "malignant ones with a histologic type", "value": sum(malignant) / len(malignant)},
        {"what": "distinct by words", "value": len({text_key(text) for text in texts})},
        {"what": "distinct by concepts", "value": len(set(keys))},
        {"what": "keys that join several wordings", "value": len(merges)},
        {"what": "reports with a cancer type", "value": labelled},
        {"what": "a type told by histology and site", "value": told / labelled},
        {"what": "the first type is right", "value": first / labelled},
        {"what": "the type is among those allowed", "value": right / labelled},
        {"what": "texts per second", "value": len(texts) / spent},
        {"what": "reports with a result of a stain", "value": sum(bool(found) for found in results)},
        {"what": "results of stains", "value": sum(map(len, results))},
        {"what": "stains of a report stated in two ways", "value": two_ways},
    ]
    for row in rows:
        print(f"{row['what']:42} {row['value']:.4g}")
    print("most frequent misses:", ", ".join(f"{a} as {b} {n}" for (a, b), n in wrong.most_common(12)))
    for group in random.Random(asked.seed).sample(merges, min(asked.merges, len(merges))):
        print("  --", *(f"\n     {text[:300]}" for text in group[:5]))
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    OUT.write_text(json.dumps({"name": "concepts", "machine": machine, "rows": rows, "goals": []}, indent=1))


if __name__ == "__main__":
    main()
