"""Probabilities of classes against true classes: how often right, how well ranked, how well calibrated."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, Integer
from scipy.stats import rankdata

from pathalign.errors import NeedsRepair
from pathalign.evaluate.bootstrap import Estimate, mean_by_patient, statistic_by_patient

ECE_BINS = 15
"""Equal-width bins of confidence, as Guo et al. 2017 (arXiv 1706.04599) use."""
TEMPERATURE_BOUNDS = (0.01, 100.0)
SUM_TOLERANCE = 1e-3
"""How far from 1 the probabilities of a slide may add up: float16 sums of some tens of classes stay within."""


def classification_metrics(
    probabilities: Float[np.ndarray, "slide class"],
    labels: Integer[np.ndarray, " slide"],
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """`accuracy`, `balanced_accuracy`, `macro_auroc` and `ece` of one set of exclusive classes.

    `labels` are columns of `probabilities`. Balanced accuracy is the mean recall of the classes that occur. Macro AUROC
    is the mean of one-against-rest over the classes that occur beside others. ECE is the expected calibration error of
    the top class (15 bins); it is 0 at best, and on few slides even a calibrated model shows some. Refuses labels
    outside the columns and rows that are not probabilities.
    """
    _require_probabilities(probabilities)
    _require_labels(labels, probabilities.shape[1])
    predicted = _predicted(probabilities)
    is_right = predicted == labels
    confidence = probabilities.max(axis=1, initial=0.0).astype(np.float64)
    scores = probabilities.astype(np.float64)
    is_label = labels[:, None] == np.arange(probabilities.shape[1])

    def balanced_accuracy(slides: np.ndarray) -> float:
        present = np.bincount(labels[slides])
        right = np.bincount(labels[slides], weights=is_right[slides])
        return float((right[present > 0] / present[present > 0]).mean())

    def macro_auroc_of(slides: np.ndarray) -> float:
        return macro_auroc(scores[slides], is_label[slides])

    def ece_of(slides: np.ndarray) -> float:
        return expected_calibration_error(confidence[slides], is_right[slides])

    metrics = {"accuracy": mean_by_patient(is_right, patients, resamples=resamples, seed=seed)}
    for name, statistic in (
        ("balanced_accuracy", balanced_accuracy),
        ("macro_auroc", macro_auroc_of),
        ("ece", ece_of),
    ):
        metrics[name] = statistic_by_patient(statistic, patients, resamples=resamples, seed=seed)
    return metrics


def confusion(
    probabilities: Float[np.ndarray, "slide class"], labels: Integer[np.ndarray, " slide"]
) -> Int[np.ndarray, "class class"]:
    """Slides by true class (rows) and most probable class (columns); of equal probabilities the first column wins."""
    num_classes = probabilities.shape[1]
    _require_labels(labels, num_classes)
    cells = labels.astype(np.int64) * num_classes + _predicted(probabilities)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes).astype(np.int64)


def macro_auroc(scores: Float[np.ndarray, "slide class"], is_label: Bool[np.ndarray, "slide class"]) -> float:
    """Mean AUROC of one class against the rest, over classes that have both; NaN where none has."""
    positives = is_label.sum(axis=0)
    negatives = len(is_label) - positives
    both = (positives > 0) & (negatives > 0)
    if not both.any():
        return math.nan
    positives, negatives = positives[both], negatives[both]
    rank_sums = (rankdata(scores[:, both], axis=0) * is_label[:, both]).sum(axis=0)
    return float(((rank_sums - positives * (positives + 1) / 2) / (positives * negatives)).mean())


def expected_calibration_error(
    confidence: Float[np.ndarray, " slide"], is_right: Bool[np.ndarray, " slide"], *, bins: int = ECE_BINS
) -> float:
    """Mean distance, over slides, between the mean confidence of a bin and the share that is right in it."""
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - is_right, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def fit_temperature(logits: Float[np.ndarray, "slide class"], labels: Integer[np.ndarray, " slide"]) -> float:
    """Temperature T that minimises the mean negative log-likelihood of softmax(logits / T), within 0.01 to 100.

    One number, so it calibrates without changing any decision (Guo et al. 2017). Fit it on the validation split.
    Refuses an empty set, logits that are not finite and labels outside the columns.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    if len(logits) == 0 or not np.isfinite(logits).all():
        raise NeedsRepair(
            f"A temperature needs finite logits of at least one labelled slide, but of {len(logits)} slides "
            f"{int((~np.isfinite(logits)).any(axis=1).sum())} have logits that are not finite. "
            "Label slides of the validation split, or leave out those without a score."
        )
    _require_labels(labels, logits.shape[1])
    wide = logits.astype(np.float64)
    rows = np.arange(len(labels))

    def mean_nll(log_temperature: float) -> float:
        return -float(log_softmax(wide / math.exp(log_temperature), axis=1)[rows, labels].mean())

    low, high = (math.log(bound) for bound in TEMPERATURE_BOUNDS)
    return math.exp(float(minimize_scalar(mean_nll, bounds=(low, high), method="bounded").x))


def _predicted(probabilities: Float[np.ndarray, "slide class"]) -> Int[np.ndarray, " slide"]:
    return probabilities.argmax(axis=1).astype(np.int64)


def _require_probabilities(probabilities: Float[np.ndarray, "slide class"]) -> None:
    sums = probabilities.astype(np.float64).sum(axis=1)
    wrong = ~((probabilities >= 0).all(axis=1) & (np.abs(sums - 1) <= SUM_TOLERANCE))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise NeedsRepair(
            f"Probabilities of a slide are not negative and add up to 1, but {int(wrong.sum())} of {len(sums)} rows do "
            f"not (row {first} adds up to {sums[first]:.4g}). Apply softmax to the logits first."
        )


def _require_labels(labels: Integer[np.ndarray, " slide"], num_classes: int) -> None:
    if len(labels) and (labels.min() < 0 or labels.max() >= num_classes):
        raise NeedsRepair(
            f"Labels are columns 0 to {num_classes - 1} of the probabilities, but they run from {labels.min()} to "
            f"{labels.max()}. Leave out slides whose class is not among those asked for."
        )
