"""`demo`: the whole chain on a generated cohort, offline, on held-out patients."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from pathalign.cli.ask import evaluation_rows, saved_line
from pathalign.cli.console import emit, progress_bar, say, table, with_json
from pathalign.domain.records import Split
from pathalign.errors import NeedsRepair
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace

PRETRAIN_STEPS, RETRIEVAL_STEPS, LANGUAGE_MODEL_STEPS, STAGE1_STEPS, STAGE2_STEPS = 80, 160, 200, 120, 150
"""Fewer steps than the defaults: drawn tissue is easier than real tissue, and the demo is to end in five minutes."""
QUERY = "squamous cell carcinoma of the lung"


@dataclass(kw_only=True)
class Demo:
    """What the demo made and measured."""

    workspace: Workspace
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    hits: list[Any] = field(default_factory=list)
    worklist: Any = None
    description: Any = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Remember how long a stage takes."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - start, 1)

    def as_json(self) -> dict[str, object]:
        """The document of `demo --json`."""
        return {
            "workspace": str(self.workspace.root), "seconds": self.seconds, "counts": self.counts,
            "evaluate": self.results, "search": {"query": QUERY, "hits": [hit.as_json() for hit in self.hits]},
            "describe": self.description.as_json(), "worklist": self.worklist.as_json()["worklist"][:10],
            "evidence": self.evidence, "report": str(self.workspace.run_folder("evaluate-test") / "report.html"),
        }  # fmt: skip


@click.command(short_help="The whole chain on a generated cohort, offline, in five minutes.")
@click.option("--out", default="pathalign-demo", type=click.Path(path_type=Path), metavar="DIR", show_default=True)
@click.option("--patients", type=click.IntRange(20), default=48, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@with_json
def demo(out: Path, patients: int, seed: int, as_json: bool) -> None:
    """Draw a cohort of H&E-like slides with matching reports, learn from most patients, and ask about the others.

    The slides are drawn, not scanned: the figures show that the chain works, not how well it would do on real tissue.
    Killed and run again, it goes on where it was.
    """
    done = run_demo(out, patients=patients, seed=seed)
    emit(as_json, done.as_json(), lambda: _show(done))


def run_demo(out: Path, *, patients: int, seed: int) -> Demo:
    """Every verb of the chain, in one process."""
    from pathalign.tasks import curation, description, evaluation, indexing, registration, search, triage
    from pathalign.tasks.search_filters import Filters

    started = time.perf_counter()
    if out.exists() and not (out / "workspace").is_dir() and any(out.iterdir()):
        raise NeedsRepair(f"{out} is not empty and holds no demo. Name another folder with `--out DIR`.")
    done = Demo(workspace=create_workspace(out / "workspace"))
    with done.timed("draw slides"):
        cohort = _cohort(out / "cohort", patients, seed)
    with done.timed("add, curate"):
        registration.add(done.workspace, cohort.slides_csv, cohort.reports_csv, progress=progress_bar)
        curation.curate(done.workspace, progress=progress_bar)
    _learn(done, seed)
    with done.timed("index"):
        indexing.build_index(done.workspace, progress=progress_bar)
    with done.timed("evaluate"):
        done.results = evaluation.evaluate(done.workspace, progress=progress_bar).results
    with done.timed("search, triage, describe"):
        done.hits = search.search_by_text(done.workspace, QUERY, top=3, where=Filters.of(["split=test"]))
        done.worklist = triage.triage(done.workspace, split=Split.TEST)
        held_out = _malignant_and_held_out(cohort.truth_csv)
        said = {slide_id: description.describe(done.workspace, slide_id) for slide_id in held_out}
        done.evidence = _evidence_in_lesions(said, cohort.truth_csv)
        spoken = [slide_id for slide_id in held_out if not said[slide_id].abstained]
        done.description = said[(spoken or held_out)[0]]
    with Catalog(done.workspace.catalog_path) as catalog:
        done.counts = catalog.counts()
    done.seconds["total"] = round(time.perf_counter() - started, 1)
    return done


def _learn(done: Demo, seed: int) -> None:
    from pathalign.cli.learn import run_pretrain
    from pathalign.domain.geometry import PatchSpec
    from pathalign.encoders.registry import WORKSPACE, load_encoder
    from pathalign.tasks import embedding
    from pathalign.train.recipes import tiny_generation, tiny_retrieval
    from pathalign.train.runs import train_generation, train_retrieval

    workspace, spec = done.workspace, PatchSpec()
    with done.timed("pretrain"):
        run_pretrain(workspace, spec, steps=PRETRAIN_STEPS)
    with done.timed("embed"):
        encoder = load_encoder(WORKSPACE, own_folder=workspace.encoder_folder)
        embedding.embed(workspace, encoder, spec=spec, progress=progress_bar)
    with done.timed("train retrieval"):
        recipe = tiny_retrieval()
        recipe = replace(recipe, schedule=replace(recipe.schedule, steps=RETRIEVAL_STEPS, seed=seed))
        train_retrieval(workspace, recipe, progress=progress_bar)
    with done.timed("train generation"):
        plan = tiny_generation()
        short = replace(plan.language_model.schedule, steps=LANGUAGE_MODEL_STEPS)
        plan = replace(
            plan, stage1=replace(plan.stage1, steps=STAGE1_STEPS, seed=seed),
            stage2=replace(plan.stage2, steps=STAGE2_STEPS, seed=seed),
            language_model=replace(plan.language_model, schedule=short),
        )  # fmt: skip
        train_generation(workspace, plan, progress=progress_bar)


def _cohort(folder: Path, patients: int, seed: int) -> Any:
    """The drawn cohort; slides.csv is written last, so a folder that has the right one is complete."""
    from pathalign.testing.cohort import Cohort, make_cohort, plan_cohort

    planned = [slide.slide_id for slide in plan_cohort(patients=patients, seed=seed)[0]]
    there = Cohort(
        root=folder,
        slides_csv=folder / "slides.csv",
        reports_csv=folder / "reports.csv",
        truth_csv=folder / "truth.csv",
    )
    if there.slides_csv.is_file():
        if [row["slide_id"] for row in _read_csv(there.slides_csv)] == planned:
            return there
        raise NeedsRepair(f"{folder} holds a demo cohort of other patients or another seed. Name another `--out DIR`.")
    with progress_bar("Drawing slides", len(planned)) as advance:
        return make_cohort(folder, patients=patients, seed=seed, workers=2, on_slide=lambda _, __: advance(1))


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def _malignant_and_held_out(truth_csv: Path) -> list[str]:
    rows = [row for row in _read_csv(truth_csv) if row["split"] == "test" and row["malignant"] == "1"]
    return [row["slide_id"] for row in rows]


def _evidence_in_lesions(said: dict[str, Any], truth_csv: Path) -> dict[str, Any]:
    """How much of the evidence for the first sentence lies in the known lesion, beside the lesion's share of tissue.

    Slides whose lesion fills more than half of the tissue are left out: there, anything points at it.
    """
    inside, chance = [], []
    for row in _read_csv(truth_csv):
        described = said.get(row["slide_id"])
        if described is None or described.abstained or float(row["lesion_fraction"]) > 0.5:
            continue
        corners = np.array([point.split() for point in row["lesion_xy_px0"].split(";")], dtype=float)
        evidence = described.sentences[0]["evidence"]
        weights = np.array([patch["weight"] for patch in evidence])
        touches = np.array([_overlaps(corners, patch["xy_px0"], patch["side_px0"]) for patch in evidence])
        if weights.sum() > 0:
            inside.append(float((weights * touches).sum() / weights.sum()))
            chance.append(float(row["lesion_fraction"]))
    if not inside:
        return {"slides": 0}
    return {
        "slides": len(inside),
        "in_lesion": round(float(np.mean(inside)), 3),
        "lesion_share": round(float(np.mean(chance)), 3),
    }


def _overlaps(corners: np.ndarray, xy_px0: list[int], side_px0: float) -> float:
    """Share of a patch that lies inside a polygon, on an 8 x 8 lattice of points."""
    from matplotlib.path import Path as Polygon

    steps = (np.arange(8) + 0.5) / 8 * side_px0
    lattice = np.stack(np.meshgrid(xy_px0[0] + steps, xy_px0[1] + steps), -1).reshape(-1, 2)
    return float(Polygon(corners).contains_points(lattice).mean())


def _show(done: Demo) -> None:
    counts, held_out, said = done.counts, done.results["counts"], done.description
    say(f"\n{counts['slides']} drawn slides of {counts['patients']} patients. Everything below is of the "
        f"{held_out['slides']} slides of {held_out['patients']} patients that no training saw.\n")  # fmt: skip
    table(["", "value", "95 % interval", "baseline", ""], list(evaluation_rows(done.results)), title="Measured")
    say(f'\nSearch: "{QUERY}"')
    table(["rank", "slide", "score", "its text"], [(h.rank, h.slide_id, h.score, h.text) for h in done.hits])
    say(f"\nDescription of slide {said.slide_ids[0]}: " + (said.text or f"none, {said.reason}"))
    for sentence in said.sentences[:1]:
        patch = sentence["evidence"][0]
        place = f"the patch at level-0 pixel {tuple(patch['xy_px0'])} (weight {patch['weight']:.2f})"
        say(f'  "{sentence["text"]}" rests most on {place}.')
    if done.evidence["slides"]:
        inside, share = done.evidence["in_lesion"], done.evidence["lesion_share"]
        slides = done.evidence["slides"]
        say(f"  Over {slides} slides {inside:.0%} of the evidence is in the drawn lesion, {share:.0%} of the tissue.")
    say("\nWorklist, most urgent first")
    listed = enumerate(zip(done.worklist.slides[:5], done.worklist.urgency, strict=False), 1)
    table(["rank", "slide", "urgency"], [(rank, slide.slide_id, urgency) for rank, (slide, urgency) in listed])
    if done.worklist.saved:
        say(saved_line(done.worklist.saved))
    say("\nSeconds: " + ", ".join(f"{stage} {seconds:.0f}" for stage, seconds in done.seconds.items()))
    root = done.workspace.root
    say(f"\nLook at   {root / 'runs' / 'evaluate-test' / 'report.html'}")
    say(f"Go on     cd {root}; pathalign status; pathalign describe {said.slide_ids[0]}")


COMMANDS = (demo,)
