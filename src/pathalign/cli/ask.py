"""Verbs that use what was learnt: search, describe, classify, triage, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pathalign.cli.console import emit, progress_bar, say, table, with_device, with_json, with_workspace
from pathalign.domain.records import Split
from pathalign.errors import NeedsRepair
from pathalign.store.workspace import Workspace

_SPLITS = click.Choice([split.value for split in Split])


@click.command(short_help="Find slides by text or by slide, and texts by slide.")
@click.argument("text", required=False)
@click.option("--slide", "slide_id", metavar="ID", help="Search by this slide instead of by text.")
@click.option(
    "--to", type=click.Choice(["slides", "texts"]), default="slides", show_default=True, help="What --slide looks for."
)
@click.option("--top", type=click.IntRange(1), default=10, show_default=True)
@click.option(
    "--where", multiple=True, metavar="KEY=VALUE",
    help="Only hits with this value of a column, such as split=test, or whose text states it: morphology=8140/3 (or "
    "8140, 814, 8140-8389/3), topography=C18, behaviour=malignant, grade=2, finding, procedure. Repeatable: all hold.",
)  # fmt: skip
@with_workspace
@with_json
def search(
    text: str | None,
    slide_id: str | None,
    to: str,
    top: int,
    where: tuple[str, ...],
    workspace: Workspace,
    as_json: bool,
) -> None:
    r"""Find slides that fit TEXT, or slides or texts that fit a slide.

    \b
    pathalign search "keratinizing squamous cell carcinoma"
    pathalign search --slide S24-1234-A1
    pathalign search --slide S24-1234-A1 --to texts
    pathalign search "invasive carcinoma" --where topography=C50 --where grade=3
    """
    from pathalign.tasks import search as searching
    from pathalign.tasks.search_filters import Filters

    if (text is None) == (slide_id is None):
        raise NeedsRepair("Search by a text or by a slide: give either TEXT or `--slide ID`.")
    filters = Filters.of(where)
    if text is not None:
        hits, query = searching.search_by_text(workspace, text, top=top, where=filters), text
    else:
        hits, query = (
            searching.search_by_slide(workspace, slide_id or "", to=to, top=top, where=filters),
            slide_id or "",
        )
    document: dict[str, object] = {"query": query, "hits": [hit.as_json() for hit in hits]}
    emit(as_json, document, lambda: table(
        ["rank", "slide", "case", "score", "text"], [(h.rank, h.slide_id, h.case_id, h.score, h.text) for h in hits]
    ))  # fmt: skip


@click.command(short_help="Diagnostic text of a slide or case, with the evidence for each sentence.")
@click.argument("identifier", metavar="SLIDE_OR_CASE")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.3, show_default=True, help="Abstain below.")
@with_device
@with_workspace
@with_json
def describe(identifier: str, min_confidence: float, device: str, workspace: Workspace, as_json: bool) -> None:
    """Write the diagnostic text of a slide, or of all slides of a case together.

    Each sentence comes with the patches that it rests on (level-0 pixels) and with similar cases of other patients. Not
    for clinical use.
    """
    from pathalign.tasks import description

    said = description.describe(workspace, identifier, least_confidence=min_confidence, device=device)
    emit(as_json, said.as_json(), lambda: _show_description(said))


def _show_description(said: Any) -> None:
    if said.abstained:
        say(f"No description: {said.reason}.")
        return
    say(f"{said.text}   (confidence {said.confidence:.2f})")
    for sentence in said.sentences:
        say(f"\n{sentence['text']}")
        rows = [(e["slide_id"], *e["xy_px0"], e["side_px0"], e["weight"]) for e in sentence["evidence"]]
        table(["evidence in slide", "x_px0", "y_px0", "side_px0", "weight"], rows)
        if sentence["support"]:
            table(
                ["similar case", "score", "its text"],
                [(s["slide_id"], s["score"], s["text"]) for s in sentence["support"]],
            )


@click.command(short_help="Zero-shot classes with probabilities.")
@click.argument("slide_ids", nargs=-1, metavar="[ID]...")
@click.option("--classes", "classes_file", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="A class on each line, or JSON: class -> sentences.")  # fmt: skip
@click.option("--calibrate", type=click.Path(path_type=Path), metavar="LABELS.csv",
              help="slide_id, label of slides that were not trained on: sets the temperature.")  # fmt: skip
@with_workspace
@with_json
def classify(
    slide_ids: tuple[str, ...], classes_file: Path, calibrate: Path | None, workspace: Workspace, as_json: bool
) -> None:
    """Probabilities of classes that you name in words, for some slides or for all that are indexed."""
    from pathalign.tasks import classification

    classes = classification.read_classes(classes_file)
    result = classification.classify(workspace, classes, slide_ids=slide_ids, labels=calibrate)

    def show() -> None:
        rows = [(i, *map(float, p)) for i, p in zip(result.slide_ids, result.probabilities, strict=True)]
        table(["slide", *result.classes], rows)
        if not result.calibrated_on:
            say("Not calibrated: give labelled slides with --calibrate before believing the probabilities.")

    emit(as_json, result.as_json(), show)


@click.command(short_help="Worklist, most urgent slide first.")
@click.option("--split", type=_SPLITS, help="Only slides of this split.")
@click.option("--urgent", multiple=True, metavar="TEXT", help="What is urgent, in your words; repeatable.")
@click.option("--routine", multiple=True, metavar="TEXT", help="What is not; repeatable.")
@click.option("--minutes", type=click.FloatRange(0.01), default=1.0, show_default=True, help="Reading time of a slide.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows shown; JSON has all.")
@with_workspace
@with_json
def triage(
    split: str | None, urgent: tuple[str, ...], routine: tuple[str, ...], minutes: float, top: int,
    workspace: Workspace, as_json: bool,
) -> None:  # fmt: skip
    """Order slides by urgency, and say what that would have saved against first-in-first-out.

    What is urgent is learnt from the training texts that state a malignancy, or said by you. Not for clinical use.
    """
    from pathalign.tasks import triage as triaging

    chosen = Split(split) if split else None
    worklist = triaging.triage(workspace, split=chosen, urgent=urgent, routine=routine, minutes_per_slide=minutes)

    def show() -> None:
        listed = zip(worklist.slides[:top], worklist.urgency, strict=False)
        table(
            ["rank", "slide", "case", "urgency"], [(n, s.slide_id, s.case_id, u) for n, (s, u) in enumerate(listed, 1)]
        )
        if worklist.saved:
            say(saved_line(worklist.saved))

    emit(as_json, worklist.as_json(), show)


def saved_line(saved: Any) -> str:
    """What the order saves, in a sentence."""
    ours, fifo = saved["by_urgency"]["mean_wait_minutes"], saved["first_in_first_out"]["mean_wait_minutes"]
    return f"A malignant slide waits {ours:.1f} minutes on average, {fifo:.1f} when first come is first read."


@click.command(short_help="Every metric with confidence intervals and baselines; one HTML report.")
@click.option("--split", type=_SPLITS, default="test", show_default=True)
@with_device
@with_workspace
@with_json
def evaluate(split: str, device: str, workspace: Workspace, as_json: bool) -> None:
    """Measure retrieval, generation, classification and triage on held-out patients.

    Each figure has a 95 % confidence interval (bootstrap over patients) and stands beside chance, constant text,
    nearest neighbour and shuffled images. Writes runs/evaluate-SPLIT/report.html, results.json and slides.csv.
    """
    from pathalign.tasks import evaluation

    done = evaluation.evaluate(workspace, split=Split(split), device=device, progress=progress_bar)
    emit(as_json, done.as_json(), lambda: show_evaluation(done))


def show_evaluation(done: Any) -> None:
    """The figures beside their baselines."""
    counts = done.results["counts"]
    say(f"{counts['slides']} slides of {counts['patients']} patients in the {done.results['split']} split")
    table(["", "value", "95 % interval", "baseline", ""], list(evaluation_rows(done.results)))
    say(f"Report: {done.folder / 'report.html'}")


def evaluation_rows(results: Any) -> Any:
    """(figure, value, interval, value of its baseline, which baseline)."""
    base = results["baselines"]
    for direction, metrics in results.get("retrieval", {}).items():
        chance, name = base["chance"]["retrieval"][direction], direction.replace("_", " ")
        if not metrics["recall@1"]["n"]:
            yield f"{name} recall", "-", "no two patients of this split have equal texts", "-", "chance"
            continue
        for metric in ("recall@1", "recall@5", "recall@10"):
            yield _row(f"{name} {metric}", metrics[metric], chance[metric], "chance")
    for metric in ("organ_right", "malignancy_right", "rouge_l", "bleu4"):
        if "generation" in results:
            rival = base["constant_text"]["generation"][metric]
            yield _row(f"generated text {metric}", results["generation"][metric], rival, "constant text")
    if "triage" in results:
        yield _row(
            "triage auroc", results["triage"]["auroc"], base["shuffled_images"]["triage"]["auroc"], "shuffled images"
        )


def _row(name: str, estimate: Any, baseline: Any, which: str) -> tuple[str, str, str, str, str]:
    low, high = estimate["ci95"]
    interval = "" if low is None else f"{low:.2f} to {high:.2f}"
    return name, _number(estimate["value"]), interval, _number(baseline["value"]), which


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


COMMANDS = (search, describe, classify, triage, evaluate)
