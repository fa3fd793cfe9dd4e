"""Proof on real pixels: the whole chain with its defaults on a composite cohort, scored against its truth.csv.

    python benchmarks/composites.py --cohort COHORT --workspace WORKSPACE

COHORT holds slides.csv, reports.csv and truth.csv (slide_id, organ, diagnosis, malignant, split) as a composite cohort
of real patches has them. Everything is asked of the command line, as a user would ask; of the truth it is shown the
splits and nothing else. Prints a table and writes benchmarks/out/composites.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

OUT = Path(__file__).parent / "out" / "composites.json"
CHAIN = (
    ["curate"], ["embed"], ["train", "retrieval"], ["train", "generation"], ["index"], ["evaluate", "--split", "test"],
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    args = parser.parse_args()

    slides = merge_splits(args.cohort)
    pathalign("init", str(args.workspace))
    run = Runner(args.workspace)
    run("add", str(slides), "--reports", str(args.cohort / "reports.csv"))
    results = {}
    for verb in CHAIN:
        results = run(*verb)
    truth = {row["slide_id"]: row for row in read_csv(args.cohort / "truth.csv")}
    measured = score(run, truth, results)
    report(measured, run.seconds)


def merge_splits(cohort: Path) -> Path:
    """slides.csv with the split column of truth.csv, beside the original."""
    split = {row["slide_id"]: row["split"] for row in read_csv(cohort / "truth.csv")}
    rows = [{**row, "split": split[row["slide_id"]]} for row in read_csv(cohort / "slides.csv")]
    path = cohort / "slides_with_split.csv"
    with path.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


class Runner:
    """Runs verbs in a workspace and remembers how long each took."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.seconds: dict[str, float] = {}

    def __call__(self, *verb: str) -> dict:
        """The JSON document of a verb."""
        start = time.perf_counter()
        document = pathalign(*verb, "-w", str(self.workspace), "--json")
        name = " ".join(word for word in verb[:2] if word.isalpha())
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        return document


def pathalign(*arguments: str) -> dict:
    """One verb; its JSON document (or nothing)."""
    command = [sys.executable, "-m", "pathalign", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout) if "--json" in arguments else {}


def score(run: Runner, truth: dict[str, dict[str, str]], results: dict) -> list[dict]:
    """What the chain must get right, each beside what shuffled images or chance give."""
    test = sorted(slide_id for slide_id, row in truth.items() if row["split"] == "test")
    said = {row["slide_id"]: row for row in read_csv(run.workspace / "runs" / "evaluate-test" / "slides.csv")}
    first = {i: first_text(run, i, "--where", "split=test") for i in test}
    first_of_all = {i: first_text(run, i) for i in test}
    written = {i: said[i]["generated_text"] for i in test}
    urgency = {i: float(said[i]["urgency"]) for i in test}
    other = another_patient(test)

    def judged(goal: str, texts: dict[str, str], right, target: float) -> dict:
        value = np.mean([right(texts[i], truth[i]) for i in test])
        shuffled = np.mean([right(texts[other[i]], truth[i]) for i in test])
        return row(goal, float(value), float(shuffled), target)

    malignant = [int(truth[i]["malignant"]) for i in test]
    recall = results["retrieval"]["slide_to_text"]["recall@5"]["value"]
    chance = results["baselines"]["chance"]["retrieval"]["slide_to_text"]["recall@5"]["value"]
    blind_recall = results["baselines"]["shuffled_images"]["retrieval"]["slide_to_text"]["recall@5"]["value"]
    return [
        judged("first text names organ and diagnosis (of test texts)", first, names_both, 0.90),
        judged("first text names organ and diagnosis (of all texts)", first_of_all, names_both, 0.90),
        row("recall@5, times chance", recall / chance, blind_recall / chance, 3.0),
        judged("organ right in generated text", written, names_organ, 0.95),
        judged("benign or malignant right in generated text", written, names_behaviour, 0.90),
        row("triage AUROC", roc_auc_score(malignant, [urgency[i] for i in test]),
            roc_auc_score(malignant, [urgency[other[i]] for i in test]), 0.95),
    ]  # fmt: skip


def first_text(run: Runner, slide_id: str, *options: str) -> str:
    """The text that fits a slide best."""
    return run("search", "--slide", slide_id, "--to", "texts", "--top", "1", *options)["hits"][0]["text"]


def row(goal: str, value: float, shuffled: float, target: float) -> dict:
    return {
        "goal": goal,
        "value": round(value, 4),
        "shuffled": round(shuffled, 4),
        "target": target,
        "holds": value >= target,
    }


def another_patient(test: list[str]) -> dict[str, str]:
    """For each slide a slide of another case, drawn at random: what shuffled images would show."""
    random = np.random.default_rng(0)
    return {i: str(random.choice([j for j in test if j.rsplit("-", 1)[0] != i.rsplit("-", 1)[0]])) for i in test}


def names_organ(text: str, truth: dict[str, str]) -> bool:
    text = text.lower()
    return {"lung": "lung" in text or "pulmon" in text, "colon": "colon" in text}[truth["organ"]]


def diagnosis_in(text: str) -> str:
    """What a text says, judged by words: none of the benign phrases of these reports affirms a carcinoma."""
    text = text.lower()
    if "squamous cell carcinoma" in text:
        return "squamous cell carcinoma"
    return "adenocarcinoma" if "adenocarcinoma" in text else "benign"


def names_both(text: str, truth: dict[str, str]) -> bool:
    return names_organ(text, truth) and diagnosis_in(text) == truth["diagnosis"]


def names_behaviour(text: str, truth: dict[str, str]) -> bool:
    return bool(text) and (diagnosis_in(text) != "benign") == bool(int(truth["malignant"]))


def report(measured: list[dict], seconds: dict[str, float]) -> None:
    print(f"{'':58} {'value':>7} {'shuffled':>9} {'target':>7}")
    for line in measured:
        mark = "" if line["holds"] else "   MISSED"
        print(f"{line['goal']:58} {line['value']:7.3f} {line['shuffled']:9.3f} {line['target']:7.2f}{mark}")
    print("seconds: " + ", ".join(f"{verb} {time_:.0f}" for verb, time_ in seconds.items()))
    OUT.parent.mkdir(exist_ok=True)
    rows = [{"verb": verb, "seconds": round(time_, 1)} for verb, time_ in seconds.items()]
    machine = f"{platform.machine()}, {platform.python_version()}"
    OUT.write_text(json.dumps({"name": "composites", "machine": machine, "rows": rows, "goals": measured}, indent=2))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


if __name__ == "__main__":
    main()
