"""What stands in the place of an identifier: a numbered tag, or something of the same shape that is nobody's.

Surrogates come from a keyed hash (HMAC-SHA-256), so that one key gives one patient's reports the same names and the
same shift of dates, and without the key nobody can go back.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from pathalign.text.deidentification.identifiers import Kind

_GIVEN = [
    "Alex",
    "Casey",
    "Drew",
    "Jamie",
    "Jordan",
    "Kelly",
    "Lee",
    "Morgan",
    "Pat",
    "Quinn",
    "Robin",
    "Sam",
    "Taylor",
    "Terry",
]
_SURNAMES = [
    "Alderton",
    "Birchall",
    "Carrow",
    "Denholm",
    "Elsworth",
    "Fairley",
    "Garrick",
    "Holloway",
    "Inglewood",
    "Jarrow",
    "Kelsall",
    "Larkham",
    "Merrow",
    "Norbury",
    "Ormsby",
    "Penhale",
    "Quarrington",
    "Rushden",
    "Selwick",
    "Thornbury",
    "Ullswater",
    "Varley",
    "Westerdale",
    "Yarrow",
]
_TOWNS = [
    "Ashford",
    "Brookfield",
    "Clearwater",
    "Eastwick",
    "Fairhaven",
    "Glenwood",
    "Lakeview",
    "Northfield",
    "Riverton",
    "Westbrook",
]
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_FULL = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
LARGEST_SHIFT_DAYS = 364


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags such as "[NAME 1]", numbered as their originals first appear in the report."""

    def make(self, kind: Kind, text: str, number: int) -> str:  # noqa: ARG002  the same call as for surrogates
        """The tag of an identifier; an age says its class, which HIPAA lets stand."""
        return "[AGE 90+]" if kind is Kind.AGE else f"[{kind.upper()} {number}]"


@dataclass(frozen=True, slots=True)
class Surrogates:
    """Invented values of the same shape."""

    key: bytes
    """Secret; whoever has it can link the reports of a patient to their originals' dates."""
    patient: str

    def make(self, kind: Kind, text: str, number: int) -> str:  # noqa: ARG002  the same call as for tags
        """The surrogate of an identifier; equal for equal text of one patient, in capitals where the text is."""
        maker = _MAKERS.get(kind)
        made = maker(self, text) if maker else self._digits(text)
        return made.upper() if text.isupper() and kind not in (Kind.EMAIL, Kind.URL) else made

    def shift_days(self) -> int:
        """How far the patient's dates move: 1 to 364 days back."""
        return 1 + int.from_bytes(self._hash("shift", "")[:4], "big") % LARGEST_SHIFT_DAYS

    def _hash(self, purpose: str, text: str) -> bytes:
        message = "\0".join((purpose, self.patient, " ".join(text.casefold().split())))
        return hmac.new(self.key, message.encode(), hashlib.sha256).digest()

    def _pick(self, purpose: str, text: str, names: list[str]) -> str:
        return names[int.from_bytes(self._hash(purpose, text)[:4], "big") % len(names)]

    def _name(self, text: str) -> str:
        words = re.findall(r"[^\W\d_]{2,}", text)
        surname, given = (words[0] if "," in text else words[-1], len(words) > 1) if words else ("", False)
        family = self._pick("surname", surname, _SURNAMES)
        if not given:
            return family
        first = self._pick("given", words[1] if "," in text else words[0], _GIVEN)
        return f"{family}, {first}" if "," in text else f"{first} {family}"

    def _town(self, text: str) -> str:
        return self._pick("place", text, _TOWNS)

    def _institution(self, text: str) -> str:
        return f"{self._pick('institution', text, _TOWNS)} Hospital"

    def _digits(self, text: str) -> str:
        """The same shape with other digits."""
        stream = self._hash("digits", text)
        made = (str(stream[i % len(stream)] % 10) if char.isdigit() else char for i, char in enumerate(text))
        return "".join(made)

    def _date(self, text: str) -> str:
        """The date moved, in the shape that it had; one that cannot be read loses everything but its year."""
        return shifted_date(text, self.shift_days())


def shifted_date(text: str, days: int) -> str:
    """A date moved back by days, written as before; month first where both orders could be meant.

    Of a date that cannot be read its year is left, or "some time".
    """
    numbers = re.findall(r"\d+", text)
    word = re.search(r"[^\W\d_]{3,}", text)
    month = next((i + 1 for i, name in enumerate(_MONTHS) if word and word[0].lower().startswith(name)), 0)
    try:
        if word and month and len(numbers) >= 2:
            return _spelled(word[0], month, numbers, days)
        if not word and len(numbers) >= 3:
            return _numeric(text, [int(n) for n in numbers[:3]], days)
    except (ValueError, StopIteration):
        pass  # no such day
    year = re.search(r"(?:19|20)\d\d", text)
    return year[0] if year else "some time"


def _spelled(word: str, month: int, numbers: list[str], days: int) -> str:
    year = next((int(n) for n in numbers if len(n) == 4), 2000 + int(numbers[1]) % 100)
    day = next(int(n) for n in numbers if len(n) <= 2)
    moved = date(year, month, day) - timedelta(days=days)
    name = _FULL[moved.month - 1] if len(word) > 3 else _FULL[moved.month - 1][:3]
    return f"{name} {moved.day}, {moved.year}"


def _numeric(text: str, numbers: list[int], days: int) -> str:
    mark = re.search(r"\D+", text)
    joint = mark[0] if mark else "/"
    if numbers[0] > 31:
        return (date(*numbers) - timedelta(days=days)).strftime(f"%Y{joint}%m{joint}%d")
    first, second, year = numbers
    year += 0 if year > 99 else 2000 if year < 50 else 1900
    day_first = first > 12 or "." in joint
    moved = date(year, second, first) if day_first else date(year, first, second)
    moved -= timedelta(days=days)
    return moved.strftime(f"%d{joint}%m{joint}%Y" if day_first else f"%m{joint}%d{joint}%Y")


_MAKERS: dict[Kind, Callable[[Surrogates, str], str]] = {
    Kind.NAME: Surrogates._name,
    Kind.PLACE: Surrogates._town,
    Kind.INSTITUTION: Surrogates._institution,
    Kind.DATE: Surrogates._date,
    Kind.AGE: lambda _, __: "90",
    Kind.EMAIL: lambda _, __: "somebody@example.org",
    Kind.URL: lambda _, __: "https://example.org",
    Kind.IP: lambda _, __: "192.0.2.1",
    Kind.FIELD: lambda _, __: "(removed)",
}
