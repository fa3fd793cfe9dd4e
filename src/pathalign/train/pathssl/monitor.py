"""How an encoder is doing while it is pre-trained, and whether it collapses: metrics, and alarms on them."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from pathalign.train.engine.alarms import Alarm, collapsed_entropy, collapsed_rank
from pathalign.train.pathssl.msn import mean_entropy

NEIGHBOURS, NEIGHBOUR_TEMPERATURE = 10, 0.1


def effective_rank(embeddings: Float[Tensor, "item dim"]) -> float:
    """Exponential of the entropy of the singular values (Roy and Vetterli 2007; RankMe, Garrido et al. 2023), centred.

    Between 1, all items on a line, and `dim`; 0 when all items are the same.
    """
    centred = (embeddings - embeddings.mean(0)).double()
    values = torch.linalg.svdvals(centred)
    if values[0] <= 1e-6 * embeddings.double().norm() or not values[0]:
        return 0.0
    share = values / values.sum()
    return float(torch.special.entr(share).sum().exp())


def nearest_label(
    known: Float[Tensor, "item dim"],
    labels: Int[Tensor, " item"],
    asked: Float[Tensor, "other dim"],
    *,
    neighbours: int = NEIGHBOURS,
) -> Int[Tensor, " other"]:
    """The label that weighs most among the nearest `neighbours` by cosine, each weighing exp(cosine / 0.1).

    Embeddings are standardised by those that are known, so that no dimension counts for its scale.
    """
    mean, deviation = known.mean(0), known.std(0).clamp_min(1e-6)
    known, asked = (functional.normalize((some - mean) / deviation, dim=1) for some in (known, asked))
    cosine, place = (asked @ known.T).topk(min(neighbours, len(known)), dim=1)
    votes = torch.zeros(len(asked), int(labels.max()) + 1)
    return votes.scatter_add_(1, labels[place], (cosine / NEIGHBOUR_TEMPERATURE).exp()).argmax(1)


def leaving_one_out(embeddings: Float[Tensor, "item dim"], labels: Int[Tensor, " item"]) -> float:
    """Share of the items that have the label of their nearest neighbour by cosine, standardised as above."""
    unit = functional.normalize((embeddings - embeddings.mean(0)) / embeddings.std(0).clamp_min(1e-6), dim=1)
    cosine = (unit @ unit.T).fill_diagonal_(-2)
    return float((labels[cosine.argmax(1)] == labels).float().mean())


@torch.no_grad()
def state_of(
    embeddings: Float[Tensor, "item dim"], log_assignments: Float[Tensor, "item prototype"]
) -> dict[str, float]:
    """What goes into metrics.jsonl at checkpoints."""
    return {
        "embedding_rank": effective_rank(embeddings),
        "prototype_entropy": float(mean_entropy(log_assignments)),
        "assignment_entropy": float(torch.special.entr(log_assignments.exp()).sum(1).mean()),
    }


def alarms(dim: int, prototypes: int, *, after: int) -> list[Alarm]:
    """Told when embeddings, or the use of prototypes, collapse."""
    return [collapsed_rank(dim, after=after), collapsed_entropy(prototypes, after=after)]
