"""The training split."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pathalign.domain.geometry import Bag
from pathalign.domain.records import Slide, SlideText, Split
from pathalign.errors import MissingArtifact, NeedsRepair
from pathalign.model.bags import BagBatch
from pathalign.store import embedding_file as embedding_file_module
from pathalign.store import mapped_rows as mapped_rows_module
from pathalign.store.catalog import Catalog
from pathalign.store.embeddings import embedding_path, open_bag
from pathalign.store.shard_reader import ShardReader
from pathalign.store.shards import write_shards
from pathalign.train import cohort as cohort_module
from pathalign.train.cohort import BagAugmentation, TrainingCohort
from pathalign.train.engine import Schedule, StepRandom, World
from pathalign.train.retrieval import BatchSampler

pytestmark = pytest.mark.unit

AText = Callable[..., SlideText]
PLAIN = BagAugmentation(least_share=1.0, noise=0.0)
STD = np.ones(8, np.float32)


def test_texts_of_one_part_and_of_one_concept_are_positives(cohort: TrainingCohort) -> None:
    """Slides 2 and 3 share a part, 0 and 4 and 1 and 5 a diagnosis; nothing else is positive but each with itself."""
    positive = cohort.is_positive(range(6))

    expected = torch.eye(6, dtype=torch.bool)
    for a, b in ((2, 3), (0, 4), (1, 5)):
        expected[a, b] = expected[b, a] = True
    assert torch.equal(positive, expected)


def test_positives_follow_the_batch(cohort: TrainingCohort) -> None:
    """A slide that stands twice in a batch is its own positive; order is that of the indices."""
    positive = cohort.is_positive([5, 0, 5, 1])

    assert positive.tolist() == [
        [True, False, True, True], [False, True, False, False], [True, False, True, True], [True, False, True, True],
    ]  # fmt: skip


def test_the_same_part_letter_of_another_case_is_no_positive(embeddings: Path, a_text: AText) -> None:
    """Part A of one case has nothing to do with part A of another, nor part A with part B."""
    texts = [
        a_text(0, part="A", case=1, diagnosis="a"), a_text(1, part="A", case=2, diagnosis="b"),
        a_text(2, part="B", case=1, diagnosis="c"),
    ]  # fmt: skip

    assert torch.equal(TrainingCohort(embeddings, texts).is_positive([0, 1, 2]), torch.eye(3, dtype=torch.bool))


def test_slides_without_tissue_or_text_are_left_out(
    tmp_path: Path, put_bag: Callable[..., None], a_text: AText
) -> None:
    """Empty bags, missing embeddings and empty texts do not reach training."""
    for number, patches in enumerate([3, 0, 4, 5]):
        put_bag(tmp_path, f"s{number}", patches)

    cohort = TrainingCohort(tmp_path, [a_text(n) for n in (0, 1, 2, 9)] + [a_text(3, diagnosis="")])

    assert [text.slide_id for text in cohort.texts] == ["s0", "s2"]
    assert len(cohort) == 2


def test_one_slide_cannot_be_contrasted(embeddings: Path, a_text: AText) -> None:
    """A split with fewer than two usable slides is refused with the number and what to run."""
    with pytest.raises(MissingArtifact, match=r"there are 1\. Run `pathalign curate` and `pathalign embed` first"):
        TrainingCohort(embeddings, [a_text(0)])


def test_only_the_training_split_is_loaded(tmp_path: Path, embeddings: Path, a_text: AText) -> None:
    """Slides of other splits stay out, and a patient in two splits is refused."""
    with Catalog(tmp_path / "c.sqlite") as catalog:
        for number, split in enumerate([Split.TRAIN, Split.TRAIN, Split.TEST, Split.VAL]):
            text = replace(a_text(number), split=split)
            slide = Slide(
                slide_id=text.slide_id, path=None, patient_id=text.patient_id, case_id=text.case_id, split=split
            )  # fmt: skip
            catalog.put_slide(slide)
            catalog.put_text(text)
        assert [text.slide_id for text in TrainingCohort.load(catalog, embeddings).texts] == ["s0", "s1"]

        catalog.put_slide(replace(slide, slide_id="s9", patient_id="p0"))
        with pytest.raises(NeedsRepair, match=r"1 of 4 patients have slides in two or more"):
            TrainingCohort.load(catalog, embeddings)


def test_augmentation_follows_its_generator(cohort: TrainingCohort) -> None:
    """Equal generators give equal bags, the next draw another; the cached bag stays as it was."""
    before = cohort.bag(3).embeddings.copy(), cohort.bag(3).xy_px0.copy()
    random = np.random.default_rng(7)

    first, again, later = (
        cohort.augmented(3, BagAugmentation(), STD, generator)
        for generator in (random, np.random.default_rng(7), random)
    )

    np.testing.assert_array_equal(first.embeddings, again.embeddings)
    np.testing.assert_array_equal(first.xy_px0, again.xy_px0)
    assert first.embeddings.shape != later.embeddings.shape or (first.embeddings != later.embeddings).any()
    np.testing.assert_array_equal(cohort.bag(3).embeddings, before[0])
    np.testing.assert_array_equal(cohort.bag(3).xy_px0, before[1])


def test_augmentation_keeps_the_shape_of_the_tissue(cohort: TrainingCohort) -> None:
    """Turning and mirroring leave the distances between patches; all eight ways of lying occur."""
    bag, random = cohort.bag(5), np.random.default_rng(0)

    def distances(xy: np.ndarray) -> np.ndarray:
        return np.linalg.norm(xy[:, None].astype(float) - xy[None], axis=-1)

    seen = set()
    for _ in range(80):
        turned = cohort.augmented(5, PLAIN, STD, random)
        np.testing.assert_array_equal(turned.embeddings, bag.embeddings.astype(np.float32))
        np.testing.assert_allclose(distances(turned.xy_px0), distances(bag.xy_px0))
        seen.add(tuple((turned.xy_px0[1] - turned.xy_px0[0]).tolist()))
    assert len(seen) == 8


def test_augmentation_thins_patches_out(cohort: TrainingCohort) -> None:
    """Between half and all of 9 patches are kept, never more than the cap and never none; each with its own place."""
    random, bag = np.random.default_rng(0), cohort.bag(5)
    counts = [len(cohort.augmented(5, BagAugmentation(noise=0.0), STD, random)) for _ in range(100)]

    assert (min(counts), max(counts)) == (5, 9)
    assert len(cohort.augmented(5, BagAugmentation(max_patches=2), STD, random)) == 2
    assert len(cohort.augmented(5, BagAugmentation(least_share=0.0), STD, random)) >= 1
    thin = cohort.augmented(5, replace(PLAIN, max_patches=3), STD, random)
    places = {row.tobytes(): i for i, row in enumerate(bag.embeddings)}
    origin = np.abs(bag.xy_px0[[places[row.tobytes()] for row in thin.embeddings]])
    np.testing.assert_array_equal(np.sort(np.abs(thin.xy_px0), axis=1), np.sort(origin, axis=1))


def test_noise_is_in_standard_deviations(cohort: TrainingCohort) -> None:
    """Channel by channel the noise is the stated share of the cohort's spread."""
    std = np.linspace(0, 7, 8).astype(np.float32)
    bag, random = cohort.bag(5).embeddings.astype(np.float32), np.random.default_rng(0)

    noise = [
        cohort.augmented(5, BagAugmentation(least_share=1.0, noise=0.1), std, random).embeddings - bag
        for _ in range(200)
    ]

    np.testing.assert_allclose(np.concatenate(noise).std(0), 0.1 * std, rtol=0.1)


def test_every_slide_counts_the_same_in_the_statistics(cohort: TrainingCohort) -> None:
    """Mean and deviation are those of a patch drawn from a slide drawn at random."""
    mean, std = cohort.statistics()

    bags = [cohort.bag(index).embeddings.astype(np.float64) for index in range(6)]
    weights = np.concatenate([np.full(len(bag), 1 / 6 / len(bag)) for bag in bags])[:, None]
    patches = np.concatenate(bags)
    expected = (weights * patches).sum(0)
    np.testing.assert_allclose(mean.numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(std.numpy(), np.sqrt((weights * (patches - expected) ** 2).sum(0)), rtol=1e-5)


def test_files_are_closed_and_opened_again(cohort: TrainingCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most a few are open, whichever are asked for, and their rows are the same."""
    expected = [np.array(cohort.bag(index).embeddings) for index in range(6)]
    again = TrainingCohort(cohort.source, cohort.texts)
    monkeypatch.setattr(cohort_module, "OPEN_SLIDES", 2)

    for index in [0, 1, 2, 3, 4, 5, 0, 0, 3]:
        np.testing.assert_array_equal(again.bag(index).rows(range(4)), expected[index][:4])
        assert len(again._open) <= 2


def test_statistics_of_many_slides_are_of_some(cohort: TrainingCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cohort is not read whole to standardise it; which slides are taken is the same every time."""
    every = cohort.statistics()[0]
    monkeypatch.setattr(cohort_module, "MEASURED_SLIDES", 3)

    first, again = cohort.statistics(), cohort.statistics()

    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], every)


@pytest.fixture
def large(tmp_path: Path, put_bag: Callable[..., None], a_text: AText) -> TrainingCohort:
    """Two slides of 360 patches on a grid of 20 by 20."""
    for number in range(2):
        put_bag(tmp_path, f"s{number}", 360, seed=number)
    return TrainingCohort(tmp_path, [a_text(0), a_text(1)])


def quarters(xy: np.ndarray) -> np.ndarray:
    """How many patches lie in each of 16 squares of the grid, however it was turned."""
    column, row = (np.abs(xy) // 448 // 5).T
    return np.bincount(row * 4 + column, minlength=16)


def test_above_the_cap_patches_are_spread_over_the_tissue(large: TrainingCohort) -> None:
    """The share that is kept varies less from place to place than that of a random choice does; draws differ."""
    views = [large.augmented(0, replace(PLAIN, max_patches=90), STD, np.random.default_rng(seed)) for seed in range(30)]
    all_of = quarters(np.asarray(large.bag(0).xy_px0))

    def unevenness(found: list[np.ndarray]) -> float:
        shares = [np.sort(counts) / np.sort(all_of) for counts in found]  # turned: squares are told by their size
        return float(np.std(shares))

    random = np.random.default_rng(0)
    chance = [quarters(np.asarray(large.bag(0).xy_px0)[random.permutation(360)[:90]]) for _ in range(30)]
    assert {len(view) for view in views} == {90}
    assert unevenness([quarters(view.xy_px0) for view in views]) < 0.7 * unevenness(chance)
    assert len({view.embeddings.tobytes() for view in views}) == 30


def test_only_what_is_drawn_is_read(large: TrainingCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the cap neither the whole slide is loaded nor all pages of its map; the rows are those of their places."""
    whole = {tuple(xy): row.tobytes() for xy, row in zip(large.bag(1).xy_px0, large.bag(1).embeddings, strict=True)}
    again = TrainingCohort(large.source, large.texts)
    asked: list[int] = []
    rows = mapped_rows_module.mapped_rows

    def noting(array: np.ndarray, indices: np.ndarray) -> np.ndarray:
        asked.extend(np.asarray(indices).tolist())
        return rows(array, indices)

    def refuse(*_: object) -> None:
        raise AssertionError("a whole slide was read")

    monkeypatch.setattr(embedding_file_module, "mapped_rows", noting)
    monkeypatch.setattr(mapped_rows_module, "_read_all", refuse)
    monkeypatch.setattr(embedding_file_module.EmbeddingFile, "_loaded", refuse)

    view = again.augmented(1, replace(PLAIN, max_patches=40), STD, np.random.default_rng(3))

    assert len(asked) == len(view) == 40
    turned = np.abs(view.xy_px0)
    found = [{whole.get((x, y)), whole.get((y, x))} for x, y in turned.tolist()]
    assert all(row.tobytes() in rows for row, rows in zip(view.embeddings, found, strict=True))


def test_a_view_without_noise_keeps_the_stored_type(cohort: TrainingCohort) -> None:
    """Half precision stays so on its way to the device; noise is added in single precision."""
    random = np.random.default_rng(0)

    assert cohort.augmented(5, PLAIN, STD, random).embeddings.dtype == np.float16
    assert cohort.augmented(5, BagAugmentation(), STD, random).embeddings.dtype == np.float32


@pytest.mark.parametrize("cap", [3, 10_240])
def test_processes_draw_what_one_would_have_drawn(cohort: TrainingCohort, cap: int) -> None:
    """The slides of a step are augmented by seed, step and place: two processes have the halves of what one has."""
    schedule = Schedule(steps=9, batch=4, seed=2)
    augmentation = BagAugmentation(max_patches=cap)

    def bags(rank: int, size: int, step: int) -> BagBatch:
        world = World(rank=rank, size=size)
        return BatchSampler(cohort, schedule, augmentation, STD).bags(step, StepRandom.at(2, step), world)[0]

    for step in (0, 8):
        whole, halves = bags(0, 1, step), [bags(rank, 2, step) for rank in (0, 1)]
        assert whole.lengths == halves[0].lengths + halves[1].lengths
        assert max(whole.lengths) <= cap
        assert torch.equal(whole.embeddings, torch.cat([half.embeddings for half in halves]))
        assert torch.equal(whole.xy_um, torch.cat([half.xy_um for half in halves]))
    assert not torch.equal(bags(0, 1, 1).xy_um, bags(0, 1, 7).xy_um)


def test_bags_for_a_gpu_are_pinned_by_the_loading_threads(
    cohort: TrainingCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a GPU a batch is put into pinned memory before it is asked for; for a CPU it is left where it is."""
    threads: list[str] = []

    def pinned(batch: BagBatch) -> BagBatch:
        threads.append(threading.current_thread().name)
        return batch

    monkeypatch.setattr(BagBatch, "pinned", pinned)
    sampler = BatchSampler(cohort, Schedule(steps=2, batch=4, seed=2), PLAIN, STD)

    on_cpu, _ = sampler.bags(0, StepRandom.at(2, 0))
    assert threads == []
    for_gpu, _ = sampler.bags(0, StepRandom.at(2, 0), World(device=torch.device("cuda")))

    assert threads
    assert all(name.startswith("loading") for name in threads)
    assert torch.equal(on_cpu.embeddings, for_gpu.embeddings)


def test_slides_are_read_side_by_side(cohort: TrainingCohort) -> None:
    """Four slides of a step are in the reading threads at once, and come in the order of the step."""
    together = threading.Barrier(4, timeout=20)
    augmented = cohort.augmented

    def waiting(*given: Any) -> Bag:
        together.wait()
        return augmented(*given)

    expected, _ = BatchSampler(cohort, Schedule(steps=1, batch=4), PLAIN, STD).bags(0, StepRandom.at(0, 0))
    cohort.augmented = waiting  # type: ignore[method-assign]
    found, _ = BatchSampler(cohort, Schedule(steps=1, batch=4), PLAIN, STD).bags(0, StepRandom.at(0, 0))

    assert torch.equal(found.embeddings, expected.embeddings)
    assert torch.equal(found.xy_um, expected.xy_um)


@pytest.mark.parametrize("cap", [40, 10_240])
def test_shards_give_the_bags_of_the_files(large: TrainingCohort, tmp_path: Path, cap: int) -> None:
    """A step reads the same rows from a folder of files and from shards, slides that are not there are left out."""
    files = [open_bag(embedding_path(tmp_path, f"s{number}")) for number in range(2)]
    list(write_shards(files, tmp_path / "out", seed=0, config={}, parents={}, licence=""))
    reader = ShardReader.open(tmp_path / "out")
    absent = replace(large.texts[0], slide_id="absent", case_id="another")
    schedule, augmentation = Schedule(steps=3, batch=2), BagAugmentation(max_patches=cap)

    sharded = TrainingCohort(reader, [*large.texts, absent])
    found, expected = (
        BatchSampler(cohort, schedule, augmentation, STD).bags(2, StepRandom.at(0, 2))[0]
        for cohort in (sharded, large)
    )  # fmt: skip

    assert len(sharded) == 2
    assert found.lengths == expected.lengths
    assert max(found.lengths) <= cap
    assert torch.equal(found.embeddings, expected.embeddings)
    assert torch.equal(found.xy_um, expected.xy_um)
    assert torch.equal(sharded.statistics()[0], large.statistics()[0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(sharded)).bag(1).rows([3]), large.bag(1).rows([3]))
