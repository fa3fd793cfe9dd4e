"""What a language model was asked for, what it cost and what was left of its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pathalign.text.support.answer import Accepted
from pathalign.text.support.sentences import Fault


@dataclass(kw_only=True)
class ModelUse:
    """Counts of one run; `language_model` in the document of `curate --json`."""

    model: str
    price_in: float = 0.0
    price_out: float = 0.0
    """Of a million tokens."""
    reports: int = 0
    """Reports that it was to read."""
    asked: int = 0
    cache_hits: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Answered, refused, bad json, rejected, failed, not asked; answers of the cache too."""
    bad_answers: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Of this run alone: an answer of the cache costs nothing."""
    sentences_taken: int = 0
    sentences_dropped: Counter[Fault] = field(default_factory=Counter)
    unknown_parts: int = 0
    reports_read: int = 0
    """Reports of which something was taken; the others stay as rules read them."""

    def add_answer(self, accepted: Accepted) -> None:
        """Count what was left of one answer."""
        self.sentences_taken += accepted.taken
        self.sentences_dropped.update(accepted.dropped)
        self.unknown_parts += accepted.unknown_parts
        self.reports_read += bool(accepted.parts)

    @property
    def cost(self) -> float:
        """In the unit of the prices."""
        return (self.prompt_tokens * self.price_in + self.completion_tokens * self.price_out) / 1e6

    def as_json(self) -> Mapping[str, object]:
        """Everything that was counted, and the cost."""
        plain = {name: value for name, value in vars(self).items() if not name.startswith("price")}
        dropped = {fault.value: count for fault, count in sorted(self.sentences_dropped.items())}
        return {**plain, "outcomes": dict(sorted(self.outcomes.items())), "sentences_dropped": dropped,
                "cost": round(self.cost, 6)}  # fmt: skip
