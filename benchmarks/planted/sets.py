"""The sets by their names, in the order in which they were written."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from planted import (
    eighth,
    eleventh,
    fifth,
    fourth,
    ninth,
    second,
    seventh,
    sixth,
    tenth,
    third,
    tuning,
    twelfth,
)


@dataclass(frozen=True)
class PlantedSet:
    """Lines with the kind of an identifier in braces, and what identifiers are made of.

    In shapes "{}" is a town, "#" a digit, "@" a capital letter.
    """

    headers: tuple[str, ...]
    bodies: tuple[str, ...]
    signatures: tuple[str, ...]
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    towns: tuple[str, ...]
    institutions: tuple[str, ...]
    streets: tuple[str, ...]
    """With house numbers of their own, or all without."""
    accessions: tuple[str, ...]
    phones: tuple[str, ...]


def _set(module: ModuleType) -> PlantedSet:
    return PlantedSet(
        headers=module.HEADERS,
        bodies=module.BODIES,
        signatures=module.SIGNATURES,
        surnames=tuple(module.SURNAMES.split()),
        given=tuple(module.GIVEN.split()),
        towns=tuple(module.TOWNS.split()),
        institutions=module.INSTITUTIONS,
        streets=module.STREETS,
        accessions=module.ACCESSIONS,
        phones=module.PHONES,
    )


SETS = {
    module.__name__.removeprefix("planted."): _set(module)
    for module in (tuning, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth)
}
