from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, log_loss, roc_auc_score

from pathalign.errors import NeedsRepair
from pathalign.evaluate.classification import (
    classification_metrics,
    confusion,
    expected_calibration_error,
    fit_temperature,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def slides():
    """Probabilities of 300 slides over four classes, drawn so that they are calibrated, and their classes."""
    rng = np.random.default_rng(0)
    logits = 1.5 * rng.normal(size=(300, 4))
    probabilities = softmax(logits, axis=1)
    labels = np.array([rng.choice(4, p=row) for row in probabilities])
    return logits, probabilities, labels, [f"p{i // 2}" for i in range(300)]


def test_metrics_equal_scikit_learn(slides):
    """Accuracy, balanced accuracy and macro AUROC are those of scikit-learn."""
    _, probabilities, labels, patients = slides
    predicted = probabilities.argmax(axis=1)

    metrics = classification_metrics(probabilities, labels, patients, resamples=50)

    assert set(metrics) == {"accuracy", "balanced_accuracy", "macro_auroc", "ece"}
    assert metrics["accuracy"].value == pytest.approx((predicted == labels).mean())
    assert metrics["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert metrics["macro_auroc"].value == pytest.approx(roc_auc_score(labels, probabilities, multi_class="ovr"))
    assert all(
        low <= metrics[name].value <= high for name in ("accuracy", "macro_auroc") for low, high in [metrics[name].ci95]
    )


def test_confusion_equals_scikit_learn(slides):
    """Rows are true classes and columns predicted ones."""
    _, probabilities, labels, _ = slides

    np.testing.assert_array_equal(
        confusion(probabilities, labels), confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(4))
    )


def test_calibration_error_equals_a_loop_over_bins(slides):
    """The error is the sum over bins of their share times the gap between confidence and accuracy."""
    _, probabilities, labels, _ = slides
    confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence >= low) & (confidence < low + 1 / 15)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - is_right[inside].mean())

    assert expected_calibration_error(confidence, is_right) == pytest.approx(expected)


def test_calibration_error_tells_calibrated_from_overconfident(slides):
    """Probabilities that hold show a small error; the same ones sharpened show a large one."""
    logits, probabilities, labels, patients = slides
    sharpened = softmax(5 * logits, axis=1)

    held = classification_metrics(probabilities, labels, patients, resamples=20)["ece"]
    broken = classification_metrics(sharpened, labels, patients, resamples=20)["ece"]

    assert held.value < 0.08
    assert broken.value > 0.2


def test_certainty_falls_into_the_last_bin():
    """A confidence of exactly 1 is counted."""
    assert expected_calibration_error(np.array([1.0, 1.0]), np.array([True, False])) == 0.5


def test_shuffled_labels_fall_to_chance(slides):
    """Labels of other slides leave an AUROC of one half and a balanced accuracy of one in four."""
    _, probabilities, labels, patients = slides
    shuffled = np.random.default_rng(1).permutation(labels)

    metrics = classification_metrics(probabilities, shuffled, patients, resamples=20)

    assert metrics["macro_auroc"].value == pytest.approx(0.5, abs=0.06)
    assert metrics["balanced_accuracy"].value == pytest.approx(0.25, abs=0.08)


def test_classes_that_do_not_occur_are_left_out():
    """A class asked for but never true is in no mean; one class alone has no AUROC."""
    probabilities = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]])

    two = classification_metrics(probabilities, np.array([0, 1]), ["a", "b"], resamples=20)
    one = classification_metrics(probabilities, np.array([0, 0]), ["a", "b"], resamples=20)

    assert two["balanced_accuracy"].value == two["macro_auroc"].value == 1.0
    assert one["balanced_accuracy"].value == 0.5
    assert np.isnan(one["macro_auroc"].value)


def test_no_slides_are_undefined():
    """Nothing to classify gives undefined estimates."""
    metrics = classification_metrics(np.zeros((0, 2)), np.zeros(0, int), [])

    assert all(estimate.n == 0 for estimate in metrics.values())


@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
def test_temperature_undoes_a_scale(slides, scale):
    """Logits of a calibrated model times a scale need that scale as their temperature."""
    logits, _, labels, _ = slides

    assert fit_temperature(logits * scale, labels) == pytest.approx(scale * fit_temperature(logits, labels), rel=1e-3)
    assert fit_temperature(logits, labels) == pytest.approx(1.0, abs=0.25)


@pytest.mark.slow
def test_temperature_is_the_minimum_of_the_log_loss(slides):
    """No temperature of a fine grid has a smaller log-loss."""
    logits, _, labels, _ = slides
    logits = (3 * logits).astype(np.float32)

    def loss(temperature):
        return log_loss(labels, softmax(logits.astype(np.float64) / temperature, axis=1))

    fitted = fit_temperature(logits, labels)

    assert all(loss(fitted) <= loss(t) + 1e-9 for t in np.geomspace(0.01, 100, 400))


def test_temperature_stays_within_its_bounds():
    """Perfectly separated logits would like a temperature of zero and get at least 0.01."""
    logits = np.array([[1.0, 0.0], [0.0, 1.0]])

    assert 0.01 <= fit_temperature(logits, np.array([0, 1])) < 0.2
    assert 20 < fit_temperature(logits, np.array([1, 0])) <= 100


def test_what_is_no_probability_or_class_is_refused():
    """Logits in place of probabilities, labels without a column and missing logits are errors with a repair."""
    with pytest.raises(NeedsRepair, match="Apply softmax"):
        classification_metrics(np.array([[2.0, -1.0]]), np.array([0]), ["a"])
    with pytest.raises(NeedsRepair, match="run from 2 to 2"):
        classification_metrics(np.array([[0.5, 0.5]]), np.array([2]), ["a"])
    with pytest.raises(NeedsRepair, match="1 have logits that are not finite"):
        fit_temperature(np.array([[np.inf, 0.0]]), np.array([0]))
    with pytest.raises(NeedsRepair, match="of 0 slides"):
        fit_temperature(np.zeros((0, 2)), np.zeros(0, int))
