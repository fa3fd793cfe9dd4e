"""Finding the right item among many: recall@k, mean reciprocal rank, median rank, and what chance would give.

A query's rank is the rank of its first hit. Equal similarities are never resolved in favour of the truth: every number
is the exact expectation over random orders of the tied items. Let `better` allowed items score above the best hit, and
`tied` score the same as it, `tied_hits` of them hits. Then the rank is `better + R` with R the position of the first of
`tied_hits` in a shuffle of `tied` (negative hypergeometric):

    P(R = r) = C(tied - r, tied_hits - 1) / C(tied, tied_hits)

Chance is the same formula with every allowed item tied, which is why scores that are all equal give chance exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array

from pathalign.errors import NeedsRepair
from pathalign.evaluate.bootstrap import Estimate, mean_by_patient, patient_codes, percentile_interval, weight_blocks

DEFAULT_KS = (1, 5, 10)
_HALF_TOLERANCE = 1e-9
"""Cumulative probabilities within this of one half count as one half (they are sums of many fractions)."""


def retrieval_metrics(
    similarity: Float[np.ndarray, "query gallery"],
    is_hit: Bool[np.ndarray, "query gallery"],
    query_patients: Sequence[str],
    *,
    ks: Sequence[int] = DEFAULT_KS,
    allowed: Bool[np.ndarray, "query gallery"] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """`recall@k` for each k, `mrr` and `median_rank`, higher similarity first.

    `is_hit` marks every correct item (an equal text is a hit). `allowed` takes gallery items out, such as the query
    slide itself. Queries without an allowed hit are left out; `n` counts the others. `median_rank` is the median over
    queries and over random orders of ties, which without ties is the ordinary median. Refuses NaN similarities.
    """
    if np.isnan(similarity).any():
        raise NeedsRepair(
            f"Similarities must be numbers, but {int(np.isnan(similarity).sum())} of {similarity.size} are NaN, so the "
            "vectors are broken. Look for NaN in the embeddings or for a training that diverged, then index again."
        )
    hit = is_hit if allowed is None else is_hit & allowed
    best_hit = np.where(hit, similarity, -np.inf).max(axis=1, initial=-np.inf)[:, None]
    above = similarity > best_hit
    level = similarity == best_hit
    if allowed is not None:
        above &= allowed
        level &= allowed
    places = np.stack([above.sum(axis=1), level.sum(axis=1), (level & hit).sum(axis=1)], axis=1)
    return _expected_metrics(places.astype(np.int64), query_patients, ks=ks, resamples=resamples, seed=seed)


def chance_metrics(
    is_hit: Bool[np.ndarray, "query gallery"],
    allowed: Bool[np.ndarray, "query gallery"] | None,
    query_patients: Sequence[str],
    ks: Sequence[int] = DEFAULT_KS,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """The metrics of a random order of the allowed gallery: exact expectations, nothing is drawn.

    The interval is over patients: chance differs between queries, because some have more hits than others.
    """
    hit = is_hit if allowed is None else is_hit & allowed
    num_allowed = np.full(len(is_hit), is_hit.shape[1]) if allowed is None else allowed.sum(axis=1)
    places = np.stack([np.zeros_like(num_allowed), num_allowed, hit.sum(axis=1)], axis=1)
    return _expected_metrics(places.astype(np.int64), query_patients, ks=ks, resamples=resamples, seed=seed)


def _expected_metrics(
    places: Int[np.ndarray, "query 3"], query_patients: Sequence[str], *, ks: Sequence[int], resamples: int, seed: int
) -> dict[str, Estimate]:
    """Metrics of queries given as rows (better, tied, tied hits); rows without a hit are left out."""
    if len(places) != len(query_patients):
        raise NeedsRepair(
            f"Each query needs its patient, but there are {len(places)} queries and {len(query_patients)} patients. "
            "Pass one patient name per query, in the order of the queries."
        )
    if any(k < 1 for k in ks):
        raise NeedsRepair(f"Recall is measured at k of 1 or more, but ks is {tuple(ks)}. Leave out what is below 1.")

    has_hit = places[:, 2] > 0
    patients = [patient for patient, keep in zip(query_patients, has_hit, strict=True) if keep]
    # Few kinds of place exist (under chance, one per number of hits), so distributions are computed once per kind.
    kinds, kind_of = np.unique(places[has_hit], axis=0, return_inverse=True)
    kind_of = kind_of.reshape(-1)
    distributions = [_rank_distribution(*map(int, kind)) for kind in kinds]

    by_kind: dict[str, list[float]] = {
        f"recall@{k}": [float(chance[ranks <= k].sum()) for ranks, chance in distributions] for k in ks
    }
    by_kind["mrr"] = [float((chance / ranks).sum()) for ranks, chance in distributions]
    metrics = {
        name: mean_by_patient(np.asarray(expected, dtype=np.float64)[kind_of], patients, resamples=resamples, seed=seed)
        for name, expected in by_kind.items()
    }
    metrics["median_rank"] = _median_rank(distributions, kind_of, patients, resamples=resamples, seed=seed)
    return metrics


def _rank_distribution(better: int, tied: int, tied_hits: int) -> tuple[np.ndarray, np.ndarray]:
    """Possible ranks of the first hit, and the probability of each under a random order of the tied items."""
    misses = tied - tied_hits
    before = np.arange(misses + 1)  # tied misses that come before the first hit
    # No hit in the first j draws without replacement: a product, exact where gamma functions would round.
    no_hit_yet = np.cumprod(np.concatenate([[1.0], (misses - before[:-1]) / (tied - before[:-1])]))
    return better + 1 + before, no_hit_yet * tied_hits / (tied - before)


def _median_rank(
    distributions: Sequence[tuple[np.ndarray, np.ndarray]],
    kind_of: Int[np.ndarray, " query"],
    patients: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> Estimate:
    if len(patients) == 0:
        return Estimate(value=float("nan"), ci95=(float("nan"), float("nan")), n=0)
    patient_of = patient_codes(patients)
    num_patients = int(patient_of.max()) + 1
    lengths = [len(ranks) for ranks, _ in distributions]
    rank_probability = csr_array(
        (
            np.concatenate([chance for _, chance in distributions]),
            (np.repeat(np.arange(len(lengths)), lengths), np.concatenate([ranks for ranks, _ in distributions]) - 1),
        )
    )
    queries = csr_array((np.ones(len(kind_of)), (patient_of, kind_of)), shape=(num_patients, len(distributions)))
    # Kinds before ranks: [resample, kind] stays small where [patient, rank] would be as large as the similarities.
    samples = [
        _median_of(np.asarray((weights @ queries) @ rank_probability))
        for weights in weight_blocks(num_patients, resamples=resamples, seed=seed)
    ]
    value = _median_of(np.asarray(queries.sum(axis=0), dtype=np.float64)[None, :] @ rank_probability)[0]
    return Estimate(
        value=float(value), ci95=percentile_interval(np.concatenate(samples), num_patients), n=len(patients)
    )


def _median_of(mass: Float[np.ndarray, "row rank"]) -> Float[np.ndarray, " row"]:
    """Median of each row's distribution over ranks 1, 2, ...; the middle of the two where half lies on either side."""
    cumulative = np.cumsum(mass, axis=1)
    cumulative /= cumulative[:, -1:]
    lower = np.argmax(cumulative >= 0.5 - _HALF_TOLERANCE, axis=1)
    upper = np.argmax(cumulative > 0.5 + _HALF_TOLERANCE, axis=1)
    return (lower + upper) / 2 + 1
