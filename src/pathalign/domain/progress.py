"""How long work tells of itself: a stage says what it does and how much; whoever runs it shows a bar or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable

Advance = Callable[[int], None]
"""Called with how many more items are done."""


@runtime_checkable
class Progress(Protocol):
    """Opens a bar for `total` items of `what`."""

    def __call__(self, what: str, total: int) -> AbstractContextManager[Advance]:
        """A context within which the returned function advances the bar."""


@runtime_checkable
class Notable(Protocol):
    """An `Advance` beside which a few words can stand."""

    def note(self, text: str) -> None:
        """Takes the place of the words before."""


@contextmanager
def silent(what: str, total: int) -> Iterator[Advance]:  # noqa: ARG001  a bar that is not shown
    """No bar."""
    yield lambda _: None
