"""A cohort of drawn slides with reports that agree with them, and the truth to score against.

The tables are planned first from the seed alone; then every slide is drawn from (seed, slide id), so that the number
of workers and the order of completion change no byte.
"""

from __future__ import annotations

import csv
import io
import json
import math
import multiprocessing
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pathalign.errors import NeedsRepair
from pathalign.testing.report_prose import PartFinding, report_text
from pathalign.testing.scene import EXTENTS, draw_scene
from pathalign.testing.slides import write_pyramid
from pathalign.testing.texture import Number
from pathalign.testing.tissue_art import TISSUES, benign_twin, tissue_named

MIN_SIDE_UM = 300.0
USUAL_MPP = 0.5
FINE_MPP = 0.25
FINE_SHARE = 0.16
"""Share of slides stored as a 40x scan, so that a chain which confuses levels with resolutions fails on the demo."""

SLIDE_COLUMNS = ("slide_id", "path", "patient_id", "case_id", "part_id", "block_id", "stain", "mpp", "split")
TRUTH_COLUMNS = ("slide_id", "organ", "diagnosis", "malignant", "lesion_fraction", "split", "lesion_xy_px0")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cohort:
    """The files of a cohort. `slides_csv` and `reports_csv` go to `pathalign add`; `truth_csv` is for scoring."""

    root: Path
    slides_csv: Path
    reports_csv: Path
    truth_csv: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedSlide:
    """Everything about a slide that is settled before it is drawn."""

    slide_id: str
    patient_id: str
    case_id: str
    part_id: str
    block_id: str
    kind: str
    """A key of `TISSUES`."""
    extent: str | None
    split: str
    mpp: float
    tagged: bool
    """False for the one slide whose file does not say its resolution; slides.csv does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnLesion:
    """What drawing a slide settled about its lesion."""

    fraction: float
    xy_px0: list[list[int]]  # [corner][x, y], level-0 pixels


def make_cohort(
    out: Path,
    *,
    patients: int = 48,
    seed: int = 0,
    side_um: Number = 1200.0,
    workers: int = 1,
    on_slide: Callable[[int, int], None] | None = None,
) -> Cohort:
    """Write slides, reports and truth of a cohort under `out`; files of the same names are replaced.

    Writes `slides.csv`, `reports.csv`, `truth.csv`, `slides/<slide_id>.tif` and `lesions/<slide_id>.json` (outlines of
    the lesion in level-0 pixels, x first; an empty list for a benign slide). A slide is `side_um` micrometres square,
    about half of it tissue. Patients are split train and test at about 3 to 1, every tissue that the cohort holds in
    both; 20 patients or more hold all ten. `on_slide(done, total)` is called in this process after every slide, in
    order. With `workers` above 1 slides are drawn in spawned processes, so a script must guard its entry with
    `if __name__ == "__main__"`. Refuses fewer than two patients, sides below 300 um and negative seeds.
    """
    if patients < 2:
        raise NeedsRepair(
            f"A cohort needs a patient to train on and one to test on, but patients={patients}. Ask for 2."
        )
    if not side_um >= MIN_SIDE_UM:
        raise NeedsRepair(f"side_um={side_um} leaves no room for a lesion beside tissue. Use {MIN_SIDE_UM:g} or more.")
    if seed < 0 or workers < 1:
        raise NeedsRepair(f"seed must be 0 or more and workers 1 or more; seen seed={seed}, workers={workers}.")
    out = Path(out)
    for folder in ("slides", "lesions"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    plan, reports = plan_cohort(patients=patients, seed=seed)
    lesions = []
    for lesion in _drawn(out, plan, seed=seed, side_um=round(side_um), workers=min(workers, len(plan))):
        lesions.append(lesion)
        if on_slide is not None:
            on_slide(len(lesions), len(plan))
    cohort = Cohort(
        root=out, slides_csv=out / "slides.csv", reports_csv=out / "reports.csv", truth_csv=out / "truth.csv"
    )
    _write_table(cohort.reports_csv, ("case_id", "report"), [list(pair) for pair in reports.items()])
    _write_table(cohort.truth_csv, TRUTH_COLUMNS, [_truth_row(s, d) for s, d in zip(plan, lesions, strict=True)])
    _write_table(cohort.slides_csv, SLIDE_COLUMNS, [_slide_row(slide) for slide in plan])
    return cohort


def plan_cohort(*, patients: int, seed: int) -> tuple[list[PlannedSlide], dict[str, str]]:
    """Who has which parts, blocks, slides and split, and the report of every case by case id. Draws nothing."""
    rng = np.random.default_rng([seed, 1])
    kinds, splits = _dealt(rng, patients)
    drafts: list[PlannedSlide] = []
    reports = {}
    for p in range(patients):
        tissue = TISSUES[kinds[p]]
        twin = next(name for name, t in TISSUES.items() if t is benign_twin(tissue))
        case_id = f"D{seed % 100:02d}-{10000 + p}"
        findings = []
        for letter, kind in zip("AB"[: 1 + int(rng.random() < 0.35)], (kinds[p], twin), strict=False):
            part = TISSUES[kind]
            extent = str(rng.choice(list(EXTENTS))) if part.malignant else None
            findings.append(PartFinding(letter=letter, organ=part.organ, diagnosis=part.diagnosis, extent=extent))
            drafts += [
                PlannedSlide(
                    slide_id=f"{case_id}-{letter}{block}",
                    patient_id=f"P{p + 1:04d}",
                    case_id=case_id,
                    part_id=letter,
                    block_id=f"{letter}{block}",
                    kind=kind,
                    extent=extent,
                    split=splits[p],
                    mpp=USUAL_MPP,
                    tagged=True,
                )
                for block in range(1, 2 + int(rng.random() < 0.25))
            ]
        reports[case_id] = report_text(rng, findings)
    return _scanned(drafts), reports


def _dealt(rng: np.random.Generator, patients: int) -> tuple[list[str], list[str]]:
    """Tissue and split of every patient: tissues in turn, then shuffled; the second patient of each is a test one.

    Further test patients, up to a quarter of all, are every third later one of a tissue.
    """
    held = list(TISSUES)[: max(1, min(len(TISSUES), patients // 2))]
    turns = [(turn, kind) for turn in range(math.ceil(patients / len(held))) for kind in held][:patients]
    ranked = sorted((pair for pair in turns if pair[0] % 3 == 1), key=lambda pair: pair[0])
    test = set(ranked[: max(len(held), round(patients / 4))])
    dealt = [turns[k] for k in rng.permutation(patients)]
    return [kind for _, kind in dealt], ["test" if pair in test else "train" for pair in dealt]


def _scanned(drafts: list[PlannedSlide]) -> list[PlannedSlide]:
    """The slides with their resolutions: evenly spread ones at 0.25, and the first of the others without a tag."""
    wanted = math.ceil(FINE_SHARE * len(drafts))
    fine = {int((k + 0.5) * len(drafts) / wanted) for k in range(wanted)}
    untagged = next(k for k in range(len(drafts)) if k not in fine)
    return [
        replace(draft, mpp=FINE_MPP if k in fine else USUAL_MPP, tagged=k != untagged) for k, draft in enumerate(drafts)
    ]


def _drawn(out: Path, plan: list[PlannedSlide], *, seed: int, side_um: int, workers: int) -> Iterator[DrawnLesion]:
    """Draw every slide and yield what became of its lesion, in the order of the plan."""
    if workers == 1:
        for slide in plan:
            yield _draw_slide(out, slide, seed, side_um)
        return
    n = len(plan)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_draw_slide, [out] * n, plan, [seed] * n, [side_um] * n)


def _draw_slide(out: Path, slide: PlannedSlide, seed: int, side_um: int) -> DrawnLesion:
    """Draw one slide, write its file and its lesion; the same bytes in whatever process."""
    rng = np.random.default_rng([seed, zlib.crc32(slide.slide_id.encode())])
    scene = draw_scene(rng, tissue_named(slide.kind), slide.extent, side_um=side_um, mpp=slide.mpp)
    path = out / "slides" / f"{slide.slide_id}.tif"
    unfinished = path.with_suffix(".part")
    write_pyramid(unfinished, scene.image, mpp=slide.mpp if slide.tagged else None)
    unfinished.replace(path)
    corners = np.rint(scene.lesion_um / slide.mpp).astype(int).tolist()
    lesion = DrawnLesion(fraction=round(scene.lesion_fraction, 4), xy_px0=corners)
    known = {
        "slide_id": slide.slide_id,
        "frame": "level-0 pixels, x first",
        "mpp": slide.mpp,
        "lesion_fraction": lesion.fraction,
        "regions": [{"type": "polygon", "xy_px0": corners}] if corners else [],
    }
    _write_text(out / "lesions" / f"{slide.slide_id}.json", json.dumps(known) + "\n")
    return lesion


def _slide_row(slide: PlannedSlide) -> list[str]:
    path = f"slides/{slide.slide_id}.tif"
    mpp = "" if slide.tagged else f"{slide.mpp:g}"
    ids = [slide.patient_id, slide.case_id, slide.part_id, slide.block_id]
    return [slide.slide_id, path, *ids, "H&E", mpp, slide.split]


def _truth_row(slide: PlannedSlide, lesion: DrawnLesion) -> list[str]:
    tissue = TISSUES[slide.kind]
    corners = ";".join(f"{x} {y}" for x, y in lesion.xy_px0)
    share = f"{lesion.fraction:.4f}"
    return [slide.slide_id, tissue.organ, tissue.diagnosis, str(int(tissue.malignant)), share, slide.split, corners]


def _write_table(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    _write_text(path, text.getvalue())


def _write_text(path: Path, text: str) -> None:
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8", newline="")
    unfinished.replace(path)
