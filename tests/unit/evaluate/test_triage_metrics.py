from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from pathalign.errors import NeedsRepair
from pathalign.evaluate.roc import auroc, average_precision, roc_points
from pathalign.evaluate.triage import time_to_urgent, triage_metrics, urgent_share

pytestmark = pytest.mark.unit


@pytest.fixture(params=[0, 1, 2])
def worklist(request):
    """Urgencies with ties, and which of 90 slides are urgent."""
    rng = np.random.default_rng(request.param)
    is_urgent = rng.random(90) < 0.25
    return np.round(rng.normal(size=90) + is_urgent, 1), is_urgent


def test_separation_equals_scikit_learn(worklist):
    """AUROC, average precision and the area under the drawn curve are those of scikit-learn, ties included."""
    urgency, is_urgent = worklist
    false_rate, true_rate = roc_points(urgency, is_urgent)

    assert auroc(urgency, is_urgent) == pytest.approx(roc_auc_score(is_urgent, urgency))
    assert average_precision(urgency, is_urgent) == pytest.approx(average_precision_score(is_urgent, urgency))
    assert np.trapezoid(true_rate, false_rate) == pytest.approx(roc_auc_score(is_urgent, urgency))
    expected = roc_curve(is_urgent, urgency, drop_intermediate=False)
    np.testing.assert_allclose([false_rate, true_rate], expected[:2])


def test_one_class_is_undefined():
    """Without an urgent slide, or with nothing else, there is nothing to separate."""
    scores, nobody = np.array([0.1, 0.2]), np.array([False, False])

    assert np.isnan([auroc(scores, nobody), auroc(scores, ~nobody), average_precision(scores, nobody)]).all()
    assert np.isnan(roc_points(scores, nobody)[1]).all()
    assert np.isnan(auroc(np.array([]), np.array([], bool)))
    assert np.isnan(average_precision(np.array([]), np.array([], bool)))
    assert triage_metrics(scores, nobody, ["a", "b"])["auroc"].as_json()["value"] is None


def test_shuffled_urgency_falls_to_chance():
    """Urgency that knows nothing has an AUROC of one half within its interval."""
    rng = np.random.default_rng(0)
    is_urgent = rng.random(400) < 0.3

    metrics = triage_metrics(rng.random(400), is_urgent, [f"p{i}" for i in range(400)], resamples=200)

    low, high = metrics["auroc"].ci95
    assert low < 0.5 < high
    assert metrics["average_precision"].value == pytest.approx(is_urgent.mean(), abs=0.08)


def test_a_rare_urgent_patient_is_counted_as_left_out():
    """Resamples that miss the only urgent patient have no AUROC and are counted."""
    metrics = triage_metrics(np.array([0.9, 0.1, 0.2]), np.array([True, False, False]), ["a", "b", "c"], resamples=500)

    assert metrics["auroc"].value == 1.0
    assert metrics["auroc"].resamples_left_out > 100


def test_mean_position_equals_the_mean_over_orders_of_ties():
    """Ties count as read in random order: the mean over every permitted order."""
    urgency = np.array([0.5, 0.9, 0.5, 0.1, 0.5])
    is_urgent = np.array([True, False, False, True, True])
    orders = [o for o in itertools.permutations(range(5)) if (np.diff(urgency[list(o)]) <= 0).all()]
    expected = np.mean([[1 + o.index(i) for i in np.flatnonzero(is_urgent)] for o in orders])

    document = time_to_urgent(urgency, is_urgent, minutes_per_slide=4.0)

    assert document["by_urgency"]["mean_position"] == pytest.approx(expected)
    assert document["first_in_first_out"] == {
        "mean_position": pytest.approx(10 / 3),
        "mean_wait_minutes": pytest.approx(28 / 3),
    }
    assert document["random"]["mean_position"] == 3.0
    assert document["minutes_saved"] == pytest.approx((10 / 3 - expected) * 4)


def test_equal_urgency_reads_in_random_order():
    """A model that says nothing is neither better nor worse than a random order, however lucky the arrival."""
    is_urgent = np.array([True, True, False, False, False, False])

    document = time_to_urgent(np.zeros(6), is_urgent)

    assert document["by_urgency"]["mean_position"] == document["random"]["mean_position"] == 3.5
    np.testing.assert_allclose(urgent_share(np.zeros(6), is_urgent), 1 / 3)


def test_range_of_random_orders_holds_their_expectation():
    """Random orders spread around their expectation, and equally so for an equal seed."""
    rng = np.random.default_rng(0)
    is_urgent = rng.random(200) < 0.1

    first, again = (time_to_urgent(rng.random(200), is_urgent, seed=3)["random"] for _ in range(2))

    low, high = first["wait_minutes_range95"]
    assert low < first["mean_wait_minutes"] < high
    assert first == again


def test_perfect_urgency_puts_urgent_slides_first():
    """Three urgent slides out of nine are read at places 1, 2 and 3."""
    is_urgent = np.arange(9) >= 6

    document = time_to_urgent(is_urgent.astype(np.float64), is_urgent)

    assert document["by_urgency"] == {"mean_position": 2.0, "mean_wait_minutes": 1.0}
    assert document["minutes_saved"] == 6.0


def test_no_urgent_slide_has_no_wait():
    """Without an urgent slide the means are None, also with no slide at all."""
    for count in (0, 3):
        document = time_to_urgent(np.zeros(count), np.zeros(count, bool))
        assert document["by_urgency"]["mean_position"] is document["minutes_saved"] is None
        assert document["slides"] == count


def test_a_missing_urgency_is_refused():
    """NaN has no place in a queue, and each slide needs a patient."""
    with pytest.raises(NeedsRepair, match="1 of 2 slides"):
        time_to_urgent(np.array([np.nan, 1.0]), np.array([True, False]))
    with pytest.raises(NeedsRepair, match="2 slides and 1 patients"):
        triage_metrics(np.array([0.5, 1.0]), np.array([True, False]), ["a"])
