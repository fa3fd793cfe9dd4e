"""Does reading by urgency bring urgent slides forward, against the order in which they came and a random one?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float

from pathalign.errors import NeedsRepair
from pathalign.evaluate.bootstrap import Estimate, statistic_by_patient
from pathalign.evaluate.roc import auroc, average_precision

RANDOM_ORDERS = 1000
"""Random orders drawn for the range of the mean wait."""


def triage_metrics(
    urgency: Float[np.ndarray, " slide"],
    is_urgent: Bool[np.ndarray, " slide"],
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """`auroc` and `average_precision` of urgency against what was urgent; chance is 0.5 and the share of urgent slides.

    Undefined (NaN) where only one of urgent and not urgent occurs. Refuses a NaN urgency.
    """
    _require_numbers(urgency)
    if len(patients) != len(urgency):
        raise NeedsRepair(
            f"Each slide needs its patient, but there are {len(urgency)} slides and {len(patients)} patients. "
            "Pass one patient name per slide, in the order of the slides."
        )

    def estimate(measure: Callable[[np.ndarray, np.ndarray], float]) -> Estimate:
        return statistic_by_patient(
            lambda slides: measure(urgency[slides], is_urgent[slides]), patients, resamples=resamples, seed=seed
        )

    return {"auroc": estimate(auroc), "average_precision": estimate(average_precision)}


def time_to_urgent(
    urgency: Float[np.ndarray, " slide"],
    is_urgent: Bool[np.ndarray, " slide"],
    *,
    minutes_per_slide: float = 1.0,
    seed: int = 0,
) -> dict[str, object]:
    """Mean position (1 = read first) of urgent slides and the minutes until their reading begins, in three orders.

    The slides are given in the order of arrival. Keys `by_urgency`, `first_in_first_out` and `random`, each with
    `mean_position` and `mean_wait_minutes`; `minutes_saved` per urgent slide against first-in-first-out; and, since
    the order of arrival can be lucky, `wait_minutes_range95` of `random`: the middle 95 % of random orders.
    Equal urgencies count as read in random order (expectation). One reader, one slide after another, all slides there
    at the start. All means are None without an urgent slide.
    """
    _require_numbers(urgency)
    num_slides, num_urgent = len(urgency), int(is_urgent.sum())
    document: dict[str, object] = {
        "slides": num_slides,
        "urgent": num_urgent,
        "minutes_per_slide": minutes_per_slide,
    }
    if num_urgent == 0:
        nothing = {"mean_position": None, "mean_wait_minutes": None}
        return document | {
            "by_urgency": nothing,
            "first_in_first_out": nothing,
            "random": nothing | {"wait_minutes_range95": None},
            "minutes_saved": None,
        }

    positions = np.arange(1, num_slides + 1)
    by_urgency = float(positions @ urgent_share(urgency, is_urgent)) / num_urgent
    in_order = float(positions[is_urgent].mean())
    rng = np.random.default_rng(seed)
    random_waits = [
        rng.choice(num_slides, num_urgent, replace=False).mean() * minutes_per_slide for _ in range(RANDOM_ORDERS)
    ]

    def place(mean_position: float) -> dict[str, object]:
        return {"mean_position": mean_position, "mean_wait_minutes": (mean_position - 1) * minutes_per_slide}

    return document | {
        "by_urgency": place(by_urgency),
        "first_in_first_out": place(in_order),
        "random": place((num_slides + 1) / 2)
        | {"wait_minutes_range95": [float(edge) for edge in np.percentile(random_waits, [2.5, 97.5])]},
        "minutes_saved": (in_order - by_urgency) * minutes_per_slide,
    }


def urgent_share(
    urgency: Float[np.ndarray, " slide"], is_urgent: Bool[np.ndarray, " slide"]
) -> Float[np.ndarray, " slide"]:
    """Probability that the slide read first, second, ... is urgent, most urgent first and ties in random order."""
    order = np.argsort(-urgency, kind="stable")
    starts_tie = np.diff(urgency[order], prepend=np.inf) != 0
    tie_of = np.cumsum(starts_tie) - 1
    tie_sizes = np.bincount(tie_of)
    return (np.bincount(tie_of, weights=is_urgent[order]) / np.maximum(tie_sizes, 1))[tie_of]


def _require_numbers(urgency: Float[np.ndarray, " slide"]) -> None:
    if not np.isfinite(urgency).all():
        raise NeedsRepair(
            f"Urgency must be a finite number, but {int((~np.isfinite(urgency)).sum())} of {len(urgency)} slides have "
            "none. Leave slides without a score out of the evaluation and report their number."
        )
