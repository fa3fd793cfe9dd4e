"""What it costs to get slides from files into a step, and how long a training waits for them.

    python benchmarks/training_loading.py

Slides of 10,240 patches of 384 numbers are written as `embed` writes them, and taken through the sampler of
PathAlign-R: drawn, read, turned, packed. CPU time of one slide, with the files in memory, beside the rate at which
`training_input` says that a GPU asks for slides: the cores that one GPU keeps busy. Then a tiny PathAlign-R is trained
on them with one thread, and the share of the time is taken that it has waited for slides. `training` prints both too.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import SlideText, Split
from pathalign.store.embeddings import embedding_path, write_bag
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import Schedule, StepRandom, train
from pathalign.train.recipes import tiny_retrieval
from pathalign.train.retrieval import BatchSampler, ContrastiveObjective, new_aligner

SLIDES, PATCHES, VIEW, DIM, BATCH, STEPS = 8, 10_240, 2048, 384, 4, 6
MOST_WAITING = 0.05
HALF, INT8 = "float16", "int8"
PLAIN = BagAugmentation(least_share=1.0, noise=0.0)
WAYS: dict[str, tuple[str, BagAugmentation]] = {
    "float16, all patches": (HALF, PLAIN),
    "float16, all patches, noise": (HALF, replace(PLAIN, noise=0.3)),
    "int8 per row, all patches": (INT8, PLAIN),
    "float16, 2,048 even": (HALF, replace(PLAIN, max_patches=VIEW)),
    "int8 per row, 2,048 even": (INT8, replace(PLAIN, max_patches=VIEW)),
}


def loading_rows(rate: dict[int, float]) -> list[dict]:
    """Each way of reading, by `rate`, the slides of so many patches that a GPU asks for in a second."""
    with tempfile.TemporaryDirectory() as home:
        cohorts = {kind: written(Path(home) / kind, dtype) for kind, dtype in ((HALF, np.float16), (INT8, np.int8))}
        return [row(name, cohorts[kind], augmentation, rate) for name, (kind, augmentation) in WAYS.items()]


def written(folder: Path, dtype: type) -> TrainingCohort:
    """A cohort of slides of noise, with texts."""
    side = 128
    xy_px0 = (np.stack([np.arange(PATCHES) % side, np.arange(PATCHES) // side], axis=1) * 448).astype(np.int32)
    grid = PatchGrid(
        spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, xy_px0=xy_px0, tissue_share=np.ones(PATCHES, np.float32)
    )
    texts = []
    for number in range(SLIDES):
        name = f"slide-{number}"
        embeddings = np.random.default_rng(number).standard_normal((PATCHES, DIM)).astype(np.float16)
        path = embedding_path(folder, name)
        write_bag(path, slide_id=name, embeddings=embeddings, grid=grid, provenance={}, dtype=dtype)
        texts.append(SlideText(
            slide_id=name, case_id=name, patient_id=name, part="A", retrieval_text=f"finding {number}.",
            generation_text=f"finding {number}.", retrieval_key=name, concept_key=name, malignant=None,
            split=Split.TRAIN,
        ))  # fmt: skip
    return TrainingCohort(folder, texts)


def row(name: str, cohort: TrainingCohort, augmentation: BagAugmentation, rate: dict[int, float]) -> dict:
    """Milliseconds of CPU for a slide, cores for a GPU, and the share of a training that was waited."""
    schedule = Schedule(steps=STEPS, batch=BATCH, warmup_steps=1)
    sampler = BatchSampler(cohort, schedule, augmentation, np.ones(DIM, np.float32))
    sampler.bags(0, StepRandom.at(0, 0))  # and the next is begun
    begin = time.process_time()
    for step in range(1, STEPS):
        sampler.bags(step, StepRandom.at(0, step))
    cpu_s = (time.process_time() - begin) / (STEPS - 1) / BATCH
    slides_per_s = rate[min(augmentation.max_patches, PATCHES)]
    return {
        "input": name, "cpu_ms": 1e3 * cpu_s, "cores_per_gpu": cpu_s * slides_per_s,
        "waiting": waiting(cohort, schedule, augmentation),
    }  # fmt: skip


def waiting(cohort: TrainingCohort, schedule: Schedule, augmentation: BagAugmentation) -> float:
    """Share of the time of a training in which it waited for slides, from its second step on."""
    size = replace(tiny_retrieval().size, dropout=0.0)
    aligner = new_aligner(cohort, size, text_encoder=None, seed=0)
    objective = ContrastiveObjective(aligner, cohort, schedule, augmentation)
    moments: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as run:
        train(
            objective, schedule, Path(run), identity={},
            on_step=lambda *_: moments.append((time.monotonic(), objective.waited_s)),
        )  # fmt: skip
    (begin, before), (end, waited) = moments[0], moments[-1]
    return (waited - before) / (end - begin)


def show_loading(rows: list[dict]) -> None:
    print(f"\n{'slides of 10,240 patches from files':36} {'CPU ms/slide':>12} {'cores/GPU':>9} {'waiting':>8}")
    for r in rows:
        print(f"{r['input']:36} {r['cpu_ms']:12.1f} {r['cores_per_gpu']:9.1f} {r['waiting']:8.1%}")


def waiting_goal(rows: list[dict]) -> dict:
    """What must hold of a training on this machine."""
    most = max(row["waiting"] for row in rows)
    return {
        "goal": "share of a training on a CPU that waits for files", "value": round(most, 4),
        "target": f"< {MOST_WAITING}", "holds": most < MOST_WAITING,
    }  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = loading_rows({PATCHES: 460.0, VIEW: 791.0})  # as `training` prints them
    show_loading(found)
    print(waiting_goal(found))
