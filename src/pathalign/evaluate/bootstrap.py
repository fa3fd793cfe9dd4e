"""Confidence intervals that respect patients.

Slides of one patient are not independent, so patients are what is resampled (cluster bootstrap, percentile interval;
Davison and Hinkley 1997, section 3.8). Equal patients and an equal seed give equal resamples, so intervals of a system
and of its baselines are computed on the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from pathalign.errors import NeedsRepair

BLOCK_ENTRIES = 2_000_000
"""Entries of one block of bootstrap weights (16 MB), so that memory does not grow with the number of resamples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """One number of an evaluation, with its 95 % interval and the number of items behind it."""

    value: float
    """NaN where the statistic is undefined (no items, or one class only)."""
    ci95: tuple[float, float]
    """2.5 and 97.5 percentiles over resamples of patients; NaN with fewer than two patients."""
    n: int
    """Items that count (slides or queries), without those that were left out."""
    resamples_left_out: int = 0
    """Resamples on which the statistic was undefined; the interval comes from the others."""

    def as_json(self) -> dict[str, object]:
        """`{"value", "ci95", "n"}` with None for what is undefined; names the resamples left out, if there are any."""
        low, high = self.ci95
        document: dict[str, object] = {
            "value": _number_or_none(self.value),
            "ci95": [_number_or_none(low), _number_or_none(high)],
            "n": self.n,
        }
        if self.resamples_left_out:
            document["resamples_left_out"] = self.resamples_left_out
        return document


def mean_by_patient(
    values: Shaped[np.ndarray, " item"], patients: Sequence[str], *, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """Mean over items, with an interval over resamples of patients.

    `values` are numbers or booleans; a NaN is an item without a value and is left out (`n` counts the others).
    `patients` names the patient of each item; an item without a known patient must bring a name of its own, or all such
    items would count as one patient. Refuses lengths that differ.
    """
    _require_one_patient_each(len(values), patients)
    numbers = values.astype(np.float64)
    has_value = ~np.isnan(numbers)
    numbers = numbers[has_value]
    if len(numbers) == 0:
        return Estimate(value=math.nan, ci95=(math.nan, math.nan), n=0)

    patient_of = patient_codes([patient for patient, keep in zip(patients, has_value, strict=True) if keep])
    sums = np.bincount(patient_of, weights=numbers)
    counts = np.bincount(patient_of).astype(np.float64)
    means = [
        (weights @ sums) / (weights @ counts) for weights in weight_blocks(len(sums), resamples=resamples, seed=seed)
    ]
    return Estimate(
        value=float(numbers.mean()), ci95=percentile_interval(np.concatenate(means), len(sums)), n=len(numbers)
    )


def statistic_by_patient(
    statistic: Callable[[Int[np.ndarray, " drawn"]], float],
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Any statistic of a selection of items, with an interval over resamples of patients.

    `statistic` gets item indices in ascending order, each as often as its patient was drawn, and returns NaN where it
    is undefined (an AUROC of one class); such resamples are left out of the interval and counted.
    """
    num_items = len(patients)
    if num_items == 0:
        return Estimate(value=math.nan, ci95=(math.nan, math.nan), n=0)

    patient_of = patient_codes(patients)
    num_patients = int(patient_of.max()) + 1
    items = np.arange(num_items)
    value = float(statistic(items))
    samples = np.array(
        [
            statistic(np.repeat(items, drawn[patient_of]))
            for weights in weight_blocks(num_patients, resamples=resamples, seed=seed)
            for drawn in weights.astype(np.int64)
        ],
        dtype=np.float64,
    )
    return Estimate(
        value=value,
        ci95=percentile_interval(samples, num_patients),
        n=num_items,
        resamples_left_out=int(np.isnan(samples).sum()),
    )


def patient_codes(patients: Sequence[str]) -> Int[np.ndarray, " item"]:
    """Position of each item's patient among the sorted patients, so that the order of items does not matter."""
    return np.unique(np.asarray(patients, dtype=str), return_inverse=True)[1].astype(np.int64).reshape(-1)


def weight_blocks(num_patients: int, *, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Blocks `[resample, patient]` of how often each patient is drawn; float64, for matrix products."""
    rng = np.random.default_rng(seed)
    rows_at_once = max(1, BLOCK_ENTRIES // num_patients)
    for start in range(0, resamples, rows_at_once):
        rows = min(rows_at_once, resamples - start)
        drawn = rng.integers(num_patients, size=(rows, num_patients))
        cells = drawn + num_patients * np.arange(rows)[:, None]
        yield np.bincount(cells.ravel(), minlength=cells.size).reshape(rows, num_patients).astype(np.float64)


def percentile_interval(samples: Float[np.ndarray, " resample"], num_patients: int) -> tuple[float, float]:
    """2.5 and 97.5 percentiles of the defined samples.

    NaN with fewer than two patients: every resample would be the same, and a width of zero would claim certainty.
    """
    defined = samples[~np.isnan(samples)]
    if num_patients < 2 or len(defined) == 0:
        return (math.nan, math.nan)
    low, high = np.percentile(defined, [2.5, 97.5])
    return (float(low), float(high))


def _require_one_patient_each(num_items: int, patients: Sequence[str]) -> None:
    if num_items != len(patients):
        raise NeedsRepair(
            f"Each item needs the patient it comes from, but there are {num_items} items and {len(patients)} patients. "
            "Pass one patient name per item, in the order of the items."
        )


def _number_or_none(number: float) -> float | None:
    return None if math.isnan(number) else number
