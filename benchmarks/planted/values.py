"""Invented identifiers: names of many origins, numbers, dates, addresses; drawn with a seed, each set its own."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from planted.sets import PlantedSet

PARTICLES = ("van der ", "de la ", "Van ", "De ", "von ", "al-", "El ", "Di ", "dos ", "Ben ")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Values:
    """Draws identifiers of a set."""

    def __init__(self, chosen: PlantedSet, rng: random.Random) -> None:
        self._rng = rng
        self._set = chosen
        self._numbered = any(re.search(r"\d.*\{\}", shape) for shape in chosen.streets)
        self._number = "S24-12345"

    def new_report(self) -> None:
        """Forget the accession number of the report before."""
        self._number = ""

    def draw(self, kind: str) -> str:
        """An identifier of a kind that a template names."""
        return getattr(self, f"_{kind}")()

    def _of(self, values: Sequence[str]) -> str:
        return self._rng.choice(values)

    def _digits(self, shape: str) -> str:
        """A shape with its "#" as digits and its "@" as letters; it does not begin with 0."""
        made = "".join(self._filled(char) for char in shape)
        return made.replace("0", "7", 1) if made[:1] == "0" else made

    def _filled(self, char: str) -> str:
        letter = self._rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        return str(self._rng.randrange(10)) if char == "#" else letter if char == "@" else char

    def _surname(self) -> str:
        name, roll = self._of(self._set.surnames), self._rng.random()
        if roll < 0.1:
            return f"{name}-{self._of(self._set.surnames)}"
        return self._of(PARTICLES) + name if roll < 0.18 else name

    def _last(self) -> str:
        return self._surname()

    def _full(self) -> str:
        given, roll = self._of(self._set.given), self._rng.random()
        if roll < 0.15:
            return f"{given[0]}. {self._surname()}"
        middle = f" {self._rng.choice('ABCDEFGHJKLMNPRSTW')}." if roll < 0.45 else ""
        return f"{given}{middle} {self._surname()}"

    def _listed(self) -> str:
        initial = f" {self._rng.choice('ABCDEFGHJKLMNPRSTW')}" if self._rng.random() < 0.5 else ""
        return f"{self._surname()}, {self._of(self._set.given)}{initial}"

    def _initials(self) -> str:
        return self._rng.choice(("xqz", "JKW", "BQT", "vzd", "RWX", "khq"))

    def _date(self) -> str:
        year, month, day = self._rng.randrange(1960, 2025), self._rng.randrange(1, 13), self._rng.randrange(1, 29)
        name = MONTHS[month - 1]
        makers: tuple[Callable[[], str], ...] = (
            lambda: f"{month:02}/{day:02}/{year}",
            lambda: f"{month}/{day}/{year % 100:02}",
            lambda: f"{name} {day}, {year}",
            lambda: f"{day}-{name[:3]}-{year}",
            lambda: f"{year}-{month:02}-{day:02}",
            lambda: f"{name[:3]} {day}, {year}",
            lambda: f"{day:02}.{month:02}.{year}",
            lambda: f"{day} {name} {year}",
            lambda: f"{month:02}-{day:02}-{year % 100:02}",
            lambda: f"{day:02}{name[:3].upper()}{year}",
            lambda: f"{month}/{day}/{year} {day % 12 + 1}:{year % 60:02} PM",
            lambda: f"{name[:3]}. {day}th, {year}",
        )
        return self._rng.choice(makers)()

    def _age(self) -> str:
        return str(self._rng.randrange(90, 106))

    _oldage = _age

    def _mrn(self) -> str:
        return self._digits(self._rng.choice(("########", "#######", "###-##-##", "@#######", "##-##-##", "### ## ##")))

    def _accession(self) -> str:
        shape = self._of(self._set.accessions)
        self._number = self._digits(shape.replace("S##", f"S{self._rng.randrange(10, 25)}", 1))
        return self._number

    def _tail(self) -> str:
        """The last digits of the accession number drawn before, as the report repeats them."""
        if not self._number:
            return self._accession()
        runs = re.findall(r"\d+(?::\d+)?", self._number)
        return max(reversed(runs), key=len)  # "S-34378-28" is repeated as 34378

    def _phone(self) -> str:
        return self._digits(self._of(self._set.phones))

    _fax = _phone

    def _pager(self) -> str:
        return self._digits("#####")

    def _email(self) -> str:
        name = f"{self._of(self._set.given)}.{self._of(self._set.surnames)}@{self._of(self._set.towns)}".lower()
        return f"{name}.{self._rng.choice(('org', 'edu', 'com', 'nhs.uk'))}"

    def _url(self) -> str:
        return (
            self._rng.choice(("https://", "http://www.", "www."))
            + f"{self._of(self._set.towns).lower()}.org/case/{self._digits('#####')}"
        )

    def _ip(self) -> str:
        return ".".join(str(self._rng.randrange(1, 255)) for _ in range(4))

    def _ssn(self) -> str:
        return self._digits("###-##-####")

    def _account(self) -> str:
        return self._digits(self._rng.choice(("#########", "##-######", "@@######")))

    def _plan(self) -> str:
        return self._digits(self._rng.choice(("@@@#########", "#########A", "W########")))

    def _licence(self) -> str:
        return self._digits(self._rng.choice(("@######", "MD######", "######")))

    def _clia(self) -> str:
        return self._digits("##D#######")

    def _npi(self) -> str:
        return self._digits("1#########")

    def _device(self) -> str:
        return self._digits(self._rng.choice(("@@-#####", "########", "@###-####")))

    def _vin(self) -> str:
        return self._digits("#@@@@##@#########")

    def _institution(self) -> str:
        return self._of(self._set.institutions).format(self._of(self._set.towns))

    def _city(self) -> str:
        return self._of(self._set.towns)

    def _street(self) -> str:
        house = "" if self._numbered else self._digits("###") + " "
        return house + self._of(self._set.streets).format(self._of(self._set.towns))

    def _zip(self) -> str:
        return self._digits(self._rng.choice(("#####", "#####-####")))

    def _field(self) -> str:
        return self._rng.choice(("Quaker", "retired miner", "Lutheran", "school teacher", "Hindu", "unemployed"))
