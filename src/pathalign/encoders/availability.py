"""Which encoders can be used right here, and what to do about the others; loads no encoder and asks no network."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pathalign.encoders.cards import PublicCard, public_cards
from pathalign.encoders.hub_weights import cached_weights, steps
from pathalign.encoders.plugins import Plugin, plugins

State = Literal["ready", "download", "access", "extra", "broken"]

_EXTRAS: Mapping[str, tuple[str, str]] = {"path_foundation": ("openvino", "openvino")}
"""Of adapters that need one: the module to be there, and the extra that brings it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """Whether a public encoder can be used on this machine."""

    card: PublicCard
    state: State
    steps: tuple[str, ...]
    """What to do, in order; empty when it is ready."""

    @property
    def told(self) -> str:
        """The state, in a word or two."""
        return {
            "ready": "yes", "download": "after a download", "access": "ask for access first",
            "extra": f"install extra `{_EXTRAS.get(self.card.adapter, ('', ''))[1]}`", "broken": "no",
        }[self.state]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The card, the state and the steps."""
        return {**self.card.as_json(), "kind": "public", "state": self.state, "steps": list(self.steps)}


def availability(card: PublicCard) -> Availability:
    """What is missing for a public encoder, by what is installed and what is in the Hub's cache."""
    missing = _missing_extra(card)
    cached = cached_weights(card) is not None
    state: State = "extra" if missing else "ready" if cached else "access" if card.gated else "download"
    todo = [*([f"Run `pip install 'pathalign[{missing}]'`."] if missing else []), *([] if cached else steps(card))]
    return Availability(card=card, state=state, steps=tuple(todo))


def all_availabilities() -> list[Availability]:
    """Of every card, in the order of the cards."""
    return [availability(card) for card in public_cards().values()]


def plugin_as_json(plugin: Plugin) -> dict[str, Any]:
    """What a plug-in shows before it is loaded."""
    problem = plugin.problem
    repair = [f"Repair or update {plugin.distribution}: {problem}."] if problem else []
    return {
        "name": plugin.name, "kind": "plug-in", "source": plugin.distribution,
        "state": "broken" if problem else "ready", "steps": repair,
    }  # fmt: skip


def installed_plugins() -> list[Plugin]:
    """Plug-ins by name."""
    return sorted(plugins().values(), key=lambda plugin: plugin.name)


def _missing_extra(card: PublicCard) -> str:
    module, extra = _EXTRAS.get(card.adapter, ("", ""))
    return extra if module and importlib.util.find_spec(module) is None else ""
