from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import hypergeom

from pathalign.errors import NeedsRepair
from pathalign.evaluate.retrieval import chance_metrics, retrieval_metrics

pytestmark = pytest.mark.unit

KEYS = {"recall@1", "recall@5", "recall@10", "mrr", "median_rank"}


def own_patients(count):
    return [f"p{i}" for i in range(count)]


def values(metrics):
    return {name: estimate.value for name, estimate in metrics.items()}


def permuted_first_hit_ranks(similarity, is_hit, allowed):
    """Rank of the first hit in every order of the gallery that respects the similarities."""
    gallery = np.flatnonzero(allowed)
    ranks = []
    for order in itertools.permutations(gallery):
        scores = similarity[list(order)]
        if (np.diff(scores) <= 0).all():
            ranks.append(1 + int(np.flatnonzero(is_hit[list(order)])[0]))
    return np.array(ranks)


def test_without_ties_the_textbook_definitions_hold():
    """Ranks 1, 3 and 7 of one hit each give the known recall, reciprocal rank and median."""
    similarity = -np.tile(np.arange(12.0), (3, 1))
    is_hit = np.zeros((3, 12), bool)
    is_hit[[0, 1, 2], [0, 2, 6]] = True

    metrics = retrieval_metrics(similarity, is_hit, own_patients(3))

    assert set(metrics) == KEYS
    assert values(metrics) == pytest.approx(
        {"recall@1": 1 / 3, "recall@5": 2 / 3, "recall@10": 1.0, "mrr": (1 + 1 / 3 + 1 / 7) / 3, "median_rank": 3.0}
    )


def test_best_of_several_hits_counts():
    """With many hits the rank is that of the first, and the median of two ranks lies between them."""
    similarity = np.array([[0.9, 0.5, 0.8, 0.1], [0.2, 0.3, 0.4, 0.5]])
    is_hit = np.array([[False, True, True, False], [True, False, False, False]])

    metrics = retrieval_metrics(similarity, is_hit, own_patients(2), ks=(2,))

    assert metrics["recall@2"].value == 0.5
    assert metrics["median_rank"].value == 3.0


@pytest.mark.parametrize("seed", range(8))
def test_ties_equal_the_mean_over_all_permutations(seed):
    """With heavy ties, several hits and a masked gallery, every number is the exact mean over random tie-breaking."""
    rng = np.random.default_rng(seed)
    similarity = rng.integers(3, size=(4, 7)).astype(np.float64)
    is_hit, allowed = rng.random((4, 7)) < 0.4, rng.random((4, 7)) < 0.8
    is_hit[:, 0] = allowed[:, 0] = True
    ranks = [permuted_first_hit_ranks(*row) for row in zip(similarity, is_hit, allowed, strict=True)]

    metrics = retrieval_metrics(similarity, is_hit, own_patients(4), ks=(1, 2, 5), allowed=allowed)

    assert values(metrics) == pytest.approx(
        {
            **{f"recall@{k}": np.mean([(r <= k).mean() for r in ranks]) for k in (1, 2, 5)},
            "mrr": np.mean([(1 / r).mean() for r in ranks]),
            "median_rank": np.median(np.concatenate([np.resize(r, 5040) for r in ranks])),
        }
    )


def test_chance_equals_the_hypergeometric():
    """Chance recall@k is one minus the probability of no hit among k drawn without replacement."""
    rng = np.random.default_rng(0)
    is_hit, allowed = rng.random((30, 40)) < 0.1, rng.random((30, 40)) < 0.9
    is_hit &= allowed
    possible = is_hit.any(axis=1)

    metrics = chance_metrics(is_hit, allowed, own_patients(30), (1, 5, 10))

    for k in (1, 5, 10):
        expected = 1 - hypergeom.pmf(0, allowed.sum(1), is_hit.sum(1), k)
        assert metrics[f"recall@{k}"].value == pytest.approx(expected[possible].mean())
    assert set(metrics) == KEYS
    assert metrics["mrr"].n == possible.sum()


def test_equal_scores_give_chance():
    """A model that scores everything the same gets chance on every metric, never the truth."""
    is_hit = np.random.default_rng(0).random((25, 60)) < 0.05

    flat = retrieval_metrics(np.zeros((25, 60)), is_hit, own_patients(25))

    assert flat == chance_metrics(is_hit, None, own_patients(25))


def test_shuffled_scores_fall_to_chance():
    """Random scores give chance within the noise, for several hits per query as well."""
    rng = np.random.default_rng(0)
    is_hit = rng.random((1500, 80)) < 0.06

    drawn = retrieval_metrics(rng.random((1500, 80)), is_hit, own_patients(1500), resamples=50)
    chance = chance_metrics(is_hit, None, own_patients(1500), resamples=50)

    for name in ("recall@1", "recall@5", "recall@10", "mrr"):
        assert drawn[name].value == pytest.approx(chance[name].value, abs=0.03)
    assert drawn["median_rank"].value == pytest.approx(chance["median_rank"].value, abs=1)


def test_perfect_scores_are_perfect():
    """Hits above everything else are all found first."""
    is_hit = np.eye(20, dtype=bool)

    metrics = retrieval_metrics(is_hit.astype(np.float32), is_hit, own_patients(20))

    assert values(metrics) == {"recall@1": 1.0, "recall@5": 1.0, "recall@10": 1.0, "mrr": 1.0, "median_rank": 1.0}
    assert metrics["recall@1"].ci95 == (1.0, 1.0)


def test_what_is_not_allowed_is_not_there():
    """Masking gallery items equals deleting their columns."""
    rng = np.random.default_rng(4)
    similarity, is_hit = rng.random((10, 30)), rng.random((10, 30)) < 0.2
    keep = np.arange(30) % 3 != 0

    masked = retrieval_metrics(similarity, is_hit, own_patients(10), allowed=np.tile(keep, (10, 1)))

    assert masked == retrieval_metrics(similarity[:, keep], is_hit[:, keep], own_patients(10))


def test_a_slide_does_not_find_itself():
    """With the diagonal masked out, a slide's own vector is no hit and ranks nothing."""
    similarity = np.eye(4) + np.array([[0, 0.5, 0, 0], [0.5, 0, 0, 0], [0, 0, 0, 0.5], [0.1, 0.2, 0.05, 0]])
    same_diagnosis = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], bool)

    metrics = retrieval_metrics(similarity, same_diagnosis, own_patients(4), allowed=~np.eye(4, dtype=bool), ks=(1,))

    assert metrics["recall@1"].value == 0.75


def test_queries_without_a_hit_are_left_out():
    """A query whose answer is not in the gallery is no failure of the model; n tells how many count."""
    is_hit = np.array([[True, False], [False, False]])

    metrics = retrieval_metrics(np.array([[1.0, 0.0], [1.0, 0.0]]), is_hit, own_patients(2))

    assert metrics["recall@1"].value == 1.0
    assert metrics["median_rank"].n == metrics["recall@1"].n == 1


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (3, 5)])
def test_no_query_to_score_is_undefined(shape):
    """An empty gallery, no query, or no hit at all gives undefined numbers, not an error."""
    metrics = retrieval_metrics(np.zeros(shape), np.zeros(shape, bool), own_patients(shape[0]))

    assert all(estimate.n == 0 and np.isnan(estimate.value) for estimate in metrics.values())


def test_interval_of_the_median_rank_equals_a_naive_loop():
    """The interval of the median rank is that of the medians of resampled patients' queries."""
    rng = np.random.default_rng(2)
    similarity, is_hit = rng.random((40, 25)), np.zeros((40, 25), bool)
    is_hit[np.arange(40), rng.integers(25, size=40)] = True
    patients = [f"p{i:02}" for i in rng.integers(12, size=40)]
    ranks = 1 + (similarity > similarity[is_hit][:, None]).sum(axis=1)
    names, draws = sorted(set(patients)), np.random.default_rng(7)
    medians = []
    for _ in range(150):
        drawn = draws.integers(len(names), size=len(names))
        medians.append(np.median([r for d in drawn for r, p in zip(ranks, patients, strict=True) if p == names[d]]))

    estimate = retrieval_metrics(similarity, is_hit, patients, resamples=150, seed=7)["median_rank"]

    assert estimate.value == np.median(ranks)
    np.testing.assert_allclose(estimate.ci95, np.percentile(medians, [2.5, 97.5]))


def test_a_similarity_of_minus_infinity_ranks_last():
    """Items scored minus infinity are in the gallery, behind all others."""
    similarity = np.array([[-np.inf, 0.3, -np.inf]])

    metrics = retrieval_metrics(similarity, np.array([[True, False, False]]), ["p"], ks=(2,))

    assert metrics["recall@2"].value == 0.5


def test_nan_is_refused():
    """Broken vectors are an error that says how many, not a rank."""
    with pytest.raises(NeedsRepair, match="1 of 2 are NaN"):
        retrieval_metrics(np.array([[np.nan, 1.0]]), np.array([[True, False]]), ["p"])


def test_wrong_counts_are_refused():
    """Too few patients and a k below one are errors."""
    with pytest.raises(NeedsRepair, match="2 queries and 1 patients"):
        retrieval_metrics(np.zeros((2, 2)), np.eye(2, dtype=bool), ["p"])
    with pytest.raises(NeedsRepair, match=r"ks is \(0, 1\)"):
        chance_metrics(np.eye(2, dtype=bool), None, ["p", "q"], (0, 1))
