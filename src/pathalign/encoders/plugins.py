"""Encoders of other packages: entry points of the group `pathalign.encoders`.

An entry point's name is what people type; its object is called without arguments and returns a `PatchEncoder`. What a
package does when it is imported is its own affair: a broken one is named in the error, and harms no other encoder.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from pathalign.errors import BrokenPlugin

if TYPE_CHECKING:
    from pathalign.encoders.encoder import PatchEncoder

GROUP = "pathalign.encoders"

_WHAT_IMPORTS_RAISE = (
    ImportError, AttributeError, NameError, SyntaxError, TypeError, ValueError, LookupError, OSError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugin:
    """An encoder that another package offers."""

    name: str
    distribution: str
    """Name and version of the package."""
    entry: EntryPoint

    @property
    def problem(self) -> str:
        """Why it cannot work, as far as that shows without importing it; empty when nothing is seen."""
        try:
            found = importlib.util.find_spec(self.entry.module)
        except _WHAT_IMPORTS_RAISE as error:  # of the packages above the module
            return f"{self.entry.module} cannot be imported ({type(error).__name__})"
        return "" if found else f"there is no module {self.entry.module}"

    def load(self) -> PatchEncoder:
        """The encoder; raises `BrokenPlugin` when its package does not give one."""
        from pathalign.encoders.encoder import PatchEncoder

        try:
            encoder = self.entry.load()()
        except _WHAT_IMPORTS_RAISE as error:
            raise BrokenPlugin(
                f"The encoder {self.name} of {self.distribution} cannot be loaded ({type(error).__name__}: {error}). "
                f"Repair or update that package, or leave it out: `pip uninstall {self.distribution.split()[0]}`."
            ) from error
        if not isinstance(encoder, PatchEncoder):
            raise BrokenPlugin(
                f"The entry point {self.name} of {self.distribution} gave a {type(encoder).__name__}, which is no "
                "PatchEncoder: it needs card, device, computes, to and encode. Tell its authors; "
                "`pathalign.testing.encoder_contract` checks them."
            )
        return encoder


def plugins() -> dict[str, Plugin]:
    """What is installed, by name; nothing is imported. Of two packages with one name the first by package counts."""
    by_package = sorted(_all(), key=lambda plugin: plugin.distribution, reverse=True)
    return {plugin.name: plugin for plugin in by_package}


def _all() -> Iterable[Plugin]:
    for entry in entry_points(group=GROUP):
        package = entry.dist
        yield Plugin(
            name=entry.name, distribution=f"{package.name} {package.version}" if package else "a package", entry=entry
        )
