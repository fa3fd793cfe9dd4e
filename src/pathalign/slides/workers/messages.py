"""What a reading process and its owner say to one another; the events of `slide_reading` go as they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """The process is up and waits for a slide."""


@dataclass(frozen=True, slots=True)
class InSlot:
    """A batch lies in a slot of the ring; the slot is the owner's until it is released."""

    slot: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """The owner has done with a slot."""

    slot: int
