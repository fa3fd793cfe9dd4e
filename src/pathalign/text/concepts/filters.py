"""Conditions on what a text states: `morphology=8140/3`, `topography=C18`, `behaviour=malignant`, `grade=2`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pathalign.errors import UnknownName
from pathalign.text.concepts.concepts import Concepts
from pathalign.text.concepts.lexicon import names_of_kind, terms_in

_MORPHOLOGY = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?(?:/([0-369]))?( [a-z]+)?")
_TOPOGRAPHY = re.compile(r"[Cc](\d{1,2})(?:-[Cc]?(\d{2}))?")
_GRADED = re.compile(r"(?:^| )grade (\d)(?:-(\d))?$")
_BEHAVIOURS = {
    "0": "0", "benign": "0", "1": "1", "uncertain": "1", "borderline": "1", "2": "2", "in situ": "2", "3": "3",
    "malignant": "3",
}  # fmt: skip

Test = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConceptFilter:
    """One condition: a text fits that states what any of the values says."""

    key: str
    value: str
    """As the user wrote it, values apart by commas."""
    tests: tuple[Test, ...]
    """Of one code or name each."""

    def fits(self, concepts: Concepts) -> bool:
        """Whether concepts meet the condition."""
        return any(test(said) for said in _SAID[self.key](concepts) for test in self.tests)


def concept_filter(key: str, value: str) -> ConceptFilter:
    """The condition that a key of `CONCEPT_KEYS` and a value say; raises `UnknownName` for a value that means nothing.

    - `morphology`: an ICD-O-3 code (`8140/3`), one without behaviour (`8140`), its first digits (`814`), a range
      (`8140-8389`, also `8140-8389/3`), or a name ("tubular adenoma");
    - `topography`: a code of three characters (`C18`), a range (`C18-C20`), or an organ ("colon");
    - `behaviour`: of the most malignant type that is stated: 0 to 3, benign, uncertain, in situ, malignant;
    - `grade`: a number, of whatever system ("2" is "grade 2" and "Nottingham grade 2"), or a grade in words
      ("Gleason 3+4", "poorly differentiated");
    - `finding`, `procedure`: a name, such as "perineural invasion" or "lobectomy".
    """
    values = [one.strip() for one in value.split(",")]
    return ConceptFilter(key=key, value=value, tests=tuple(_READ[key](one) for one in values))


def _morphology(value: str) -> Test:
    found = _MORPHOLOGY.fullmatch(value)
    code = value if found else _named("histology", value)
    found = found or _MORPHOLOGY.fullmatch(code)
    if found is None or (found[2] and len(found[2]) != len(found[1])):
        raise _unknown("morphology", value, "an ICD-O-3 code such as 8140/3, 8140, 814 or 8140-8389/3", "histology")
    first, last, behaviour, kind = found[1], found[2] or found[1], found[3] or "", found[4] or ""
    digits = len(first)

    def test(said: str) -> bool:
        return (
            first <= said[:digits] <= last
            and (not behaviour or said[5:6] == behaviour)
            and (not kind or said[6:] == kind)
        )

    return test


def _topography(value: str) -> Test:
    found = _TOPOGRAPHY.fullmatch(value)
    code = value if found else _named("site", value)
    found = found or _TOPOGRAPHY.fullmatch(code)
    if found is None or (found[2] and len(found[1]) != 2):
        raise _unknown("topography", value, "an ICD-O-3 code of three characters such as C18, or C18-C20", "site")
    first, last = found[1], found[2] or found[1]
    return lambda said: first <= said[1 : 1 + len(first)] <= last


def _behaviour(value: str) -> Test:
    code = _BEHAVIOURS.get(value.casefold())
    if code is None:
        raise UnknownName(f"The behaviour {value!r} is none of {', '.join(_BEHAVIOURS)}. Write one of them.")
    return lambda said: said == code


def _grade(value: str) -> Test:
    number = re.fullmatch(r"(?:grade )?([1-5])", value.casefold())
    if number is not None:
        wanted = number[1]
        return lambda said: any(low <= wanted <= (high or low) for low, high in _GRADED.findall(said))
    name = _named("grade", value)
    if not name:
        raise _unknown("grade", value, 'a number, or a grade such as "Gleason 3+4"', "grade")
    return lambda said: said == name


def _name_of(kind: str) -> Callable[[str], Test]:
    def read(value: str) -> Test:
        name = _named(kind, value)
        if not name:
            raise _unknown(kind, value, f"the name of a {kind}", kind)
        return lambda said: said == name

    return read


def _named(kind: str, words: str) -> str:
    """What words mean that are one term of a kind and nothing else; "" where they are not."""
    found = terms_in(words)
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(words))
    return found[0].meaning.value if whole and found[0].meaning.kind == kind else ""


def _unknown(key: str, value: str, wanted: str, kind: str) -> UnknownName:
    near = difflib.get_close_matches(value.casefold()[:60], names_of_kind(kind), n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    return UnknownName(
        f"The {key} {value!r} is not known. Write {wanted}, or a name that PathAlign has a code for.{hint}"
    )


_READ: dict[str, Callable[[str], Test]] = {
    "morphology": _morphology, "topography": _topography, "behaviour": _behaviour, "grade": _grade,
    "finding": _name_of("finding"), "procedure": _name_of("procedure"),
}  # fmt: skip
_SAID: dict[str, Callable[[Concepts], Iterable[str]]] = {
    "morphology": lambda concepts: concepts.histologies, "topography": lambda concepts: concepts.sites,
    "behaviour": lambda concepts: (concepts.behaviour,), "grade": lambda concepts: concepts.grades,
    "finding": lambda concepts: concepts.findings, "procedure": lambda concepts: concepts.procedures,
}  # fmt: skip
CONCEPT_KEYS = tuple(_READ)
