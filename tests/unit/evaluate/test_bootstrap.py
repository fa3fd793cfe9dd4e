from __future__ import annotations

import math

import numpy as np
import pytest

from pathalign.errors import NeedsRepair
from pathalign.evaluate import bootstrap
from pathalign.evaluate.bootstrap import Estimate, mean_by_patient, statistic_by_patient

pytestmark = pytest.mark.unit


def width(estimate):
    return estimate.ci95[1] - estimate.ci95[0]


@pytest.fixture
def cohort():
    """Values of 60 slides of 17 patients with unequal numbers of slides."""
    rng = np.random.default_rng(1)
    return rng.normal(size=60), [f"p{i}" for i in rng.integers(17, size=60)]


def naive_interval(values, patients, *, resamples, seed):
    """A loop over resamples that gathers the slides of each drawn patient, as a textbook would."""
    names = sorted(set(patients))
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(resamples):
        drawn = [names[i] for i in rng.integers(len(names), size=len(names))]
        means.append(np.mean([v for name in drawn for v, p in zip(values, patients, strict=True) if p == name]))
    return np.percentile(means, [2.5, 97.5])


def test_interval_equals_a_naive_loop_over_resamples(cohort):
    """The matrix form draws the same patients and gets the same interval as a loop."""
    values, patients = cohort

    estimate = mean_by_patient(values, patients, resamples=200, seed=5)

    assert estimate.value == pytest.approx(values.mean())
    assert estimate.n == 60
    np.testing.assert_allclose(estimate.ci95, naive_interval(values, patients, resamples=200, seed=5))


def test_any_statistic_and_the_mean_share_their_resamples(cohort):
    """The mean as a statistic of indices has the interval of the mean."""
    values, patients = cohort

    by_index = statistic_by_patient(lambda items: float(values[items].mean()), patients, resamples=200, seed=5)

    np.testing.assert_allclose(by_index.ci95, mean_by_patient(values, patients, resamples=200, seed=5).ci95)


def test_the_size_of_a_block_changes_nothing(cohort, monkeypatch):
    """Resamples computed in many blocks are the resamples computed in one."""
    values, patients = cohort
    whole = mean_by_patient(values, patients, resamples=100, seed=2)

    monkeypatch.setattr(bootstrap, "BLOCK_ENTRIES", 40)

    assert mean_by_patient(values, patients, resamples=100, seed=2) == whole


def test_order_of_items_changes_nothing(cohort):
    """The interval does not depend on the order in which slides are listed."""
    values, patients = cohort
    order = np.random.default_rng(0).permutation(60)

    shuffled = mean_by_patient(values[order], [patients[i] for i in order])

    np.testing.assert_allclose(shuffled.ci95, mean_by_patient(values, patients).ci95)


def test_interval_shrinks_with_more_patients():
    """Four times the patients halve the interval."""
    values = np.random.default_rng(3).normal(size=400)
    few = mean_by_patient(values[:100], [f"p{i}" for i in range(100)])
    many = mean_by_patient(values, [f"p{i}" for i in range(400)])

    assert width(many) == pytest.approx(width(few) / 2, rel=0.25)


def test_repeated_slides_of_one_patient_do_not_shrink_the_interval():
    """Ten equal slides per patient say no more than one."""
    values = np.random.default_rng(3).normal(size=50)
    patients = [f"p{i}" for i in range(50)]
    once = mean_by_patient(values, patients)

    ten_times = mean_by_patient(np.repeat(values, 10), [p for p in patients for _ in range(10)])

    assert ten_times.n == 500
    assert width(ten_times) == pytest.approx(width(once))


def test_interval_covers_the_truth_about_nineteen_times_in_twenty():
    """Over 200 cohorts with correlated slides, 95 % intervals hold the true mean in 90 to 98 % of cases."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        of_patient = rng.normal(size=40)
        values = np.repeat(of_patient, 3) + 0.3 * rng.normal(size=120)
        low, high = mean_by_patient(values, [f"p{i // 3}" for i in range(120)], resamples=300).ci95
        covered += low <= 0 <= high
    assert 180 <= covered <= 196


def test_an_item_without_value_is_left_out(cohort):
    """A NaN changes the count and nothing else."""
    values, patients = cohort

    estimate = mean_by_patient(np.append(values, np.nan), [*patients, "p1"])

    assert estimate == mean_by_patient(values, patients)


def test_one_patient_has_no_interval():
    """A single patient gives a value but no interval, because resampling it would claim certainty."""
    estimate = mean_by_patient(np.array([0.0, 1.0]), ["p1", "p1"])

    assert estimate.value == 0.5
    assert estimate.as_json() == {"value": 0.5, "ci95": [None, None], "n": 2}


def test_no_items_is_undefined_in_json():
    """Nothing to average gives None, which JSON can say, not NaN, which it cannot."""
    assert mean_by_patient(np.array([]), []).as_json() == {"value": None, "ci95": [None, None], "n": 0}
    assert statistic_by_patient(lambda items: 1.0, []).as_json() == {"value": None, "ci95": [None, None], "n": 0}


def test_undefined_resamples_are_left_out_and_counted():
    """A statistic that needs patient a is undefined in the resamples without it: (4/5)^5, a third."""
    estimate = statistic_by_patient(
        lambda items: 1.0 if 0 in items else math.nan, ["a", "b", "c", "d", "e"], resamples=2000
    )

    assert estimate.ci95 == (1.0, 1.0)
    assert estimate.resamples_left_out == pytest.approx(2000 * 0.8**5, rel=0.1)
    assert estimate.as_json()["resamples_left_out"] == estimate.resamples_left_out


def test_booleans_and_integers_are_averaged():
    """Values may be of any real type."""
    assert mean_by_patient(np.array([True, False]), ["a", "b"]).value == 0.5
    assert mean_by_patient(np.array([1, 2], dtype=np.int32), ["a", "b"]).value == 1.5


def test_missing_patients_are_refused():
    """Fewer patients than items is an error that gives both counts."""
    with pytest.raises(NeedsRepair, match="2 items and 1 patients"):
        mean_by_patient(np.array([0.0, 1.0]), ["a"])


def test_estimates_are_values():
    """Equal estimates compare equal, so that results can be compared between runs."""
    assert Estimate(value=0.5, ci95=(0.4, 0.6), n=3) == Estimate(value=0.5, ci95=(0.4, 0.6), n=3)
