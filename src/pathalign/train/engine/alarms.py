"""What a run that learns nothing looks like, as plain functions of its log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Rows = Sequence[Mapping[str, object]]
"""Rows of metrics.jsonl, oldest first."""

ITM_PRIOR = math.log(3) - 2 / 3 * math.log(2)
"""Entropy of one match in three pairs, 0.6365 nats: what image-text matching costs when it looks at nothing."""
WINDOW = 100
"""Steps over which a loss must stand still."""
TOLERANCE = 0.02
LEAST_RANK_SHARE, LEAST_ENTROPY_SHARE = 0.05, 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """Told once in a run, when it has held for the last `window` rows that have the metric."""

    metric: str
    low: float
    """Inclusive; the mean over the window lies between `low` and `high`."""
    high: float
    message: str
    window: int = WINDOW
    after: int = 0
    """Steps that do not count, because a run may begin so."""

    def heard(self, rows: Rows) -> bool:
        """Whether it rings on a log that ends with `rows`."""
        counted = [row[self.metric] for row in rows if self.metric in row and int(str(row["step"])) > self.after]
        values = [value for value in counted[-self.window :] if isinstance(value, int | float)]
        return len(values) == self.window and self.low <= sum(values) / len(values) <= self.high


def itc_stuck(batch: int, *, after: int = 0, window: int = WINDOW, metric: str = "itc_loss") -> Alarm:
    """The contrastive loss stays at ln(batch): every text is as likely as any other for every slide."""
    level = math.log(batch)
    return Alarm(
        metric=metric, low=level * (1 - TOLERANCE), high=level * (1 + TOLERANCE) if batch > 1 else -1.0,
        window=window, after=after,
        message=f"{metric} stays at {level:.4f}, the logarithm of the batch ({batch}): slides and texts have not been "
        "told apart at all so far. Look at a few texts with `pathalign status`, and try another learning rate.",
    )  # fmt: skip


def itm_stuck(*, after: int = 0, window: int = WINDOW, metric: str = "itm_loss") -> Alarm:
    """The matching loss stays at the entropy of its prior of one match in three pairs."""
    return Alarm(
        metric=metric, low=ITM_PRIOR * (1 - TOLERANCE), high=ITM_PRIOR * (1 + TOLERANCE), window=window, after=after,
        message=f"{metric} stays at {ITM_PRIOR:.4f}, the entropy of its prior of one match in three pairs: matching "
        "looks at neither slide nor text. It often follows the contrastive loss; if that falls too, train longer.",
    )  # fmt: skip


def collapsed_rank(dim: int, *, metric: str = "embedding_rank", after: int = 0, window: int = 1) -> Alarm:
    """The effective rank of the embeddings (Roy and Vetterli 2007) is a small share of their width."""
    return Alarm(
        metric=metric, low=-math.inf, high=LEAST_RANK_SHARE * dim, window=window, after=after,
        message=f"{metric} fell below {LEAST_RANK_SHARE * dim:.1f} of {dim} dimensions: the embeddings collapse, "
        "all images look alike to the encoder. Raise the weight of the entropy term, or lower the learning rate.",
    )  # fmt: skip


def collapsed_entropy(prototypes: int, *, metric: str = "prototype_entropy", after: int = 0, window: int = 1) -> Alarm:
    """The mean assignment to prototypes uses few of them; entropy in nats, ln(prototypes) when all are used alike."""
    level = LEAST_ENTROPY_SHARE * math.log(prototypes)
    return Alarm(
        metric=metric, low=-math.inf, high=level, window=window, after=after,
        message=f"{metric} fell below {level:.2f} nats (all {prototypes} alike: {math.log(prototypes):.2f}): the "
        "assignments collapse to a few prototypes. Raise the weight of the entropy term, or lower the learning rate.",
    )  # fmt: skip
