"""Names of stains as OCR and typists misspell them: "CD1O", "TTF-l", "chromogrnin", "cylokeratin"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pathalign.text.phrases import Token, fold

_SWAPS = (("1", "1lI"), ("0", "0O"))
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z].*[01]")
_ROMAN = re.compile(r"\bIg(?=[GAMD])|(?<=[A-Z])IX\b|(?<=-)IX\b")
_SHORT, _LONG = 7, 10
"""Letters that a word has to have to be mended with one letter wrong, and with two."""

_NAMES = (
    "chromogranin synaptophysin cytokeratin pancytokeratin pankeratin keratin calretinin thyroglobulin vimentin "
    "mammaglobin estrogen oestrogen progesterone receptor racemase caldesmon podoplanin mesothelin glypican arginase "
    "myogenin tyrosinase calcitonin galectin mucicarmine trichrome reticulin glucagon somatostatin serotonin "
    "neurofilament myeloperoxidase uroplakin catenin cadherin methenamine mesothelial hepatocyte synuclein "
    "transthyretin desmin calponin colloidal androgen monoclonal polyclonal "
)
_MENDED = frozenset(map(fold, _NAMES.split()))
_NEAR_WORDS = (
    "estrogenic keratinized keratinize keratinizing keratinous keratinising progestogen progestin hepatocytic "
    "reception receptive keratosi keratose monoclonally polyclonally mesothelium cadaverin creatinin colloid "
    "receptacle androgenic mesotheliomata keratotic reticulation "
)
_WORDS = frozenset(_NEAR_WORDS.split())
"""Words that are near to one of those, and are not it."""


def misread(name: str) -> Iterator[str]:
    """A name with its digits misread as letters ("CD1O", "MLHl"), where it has letters before them."""
    found = [name]
    if _LETTERS_AND_DIGITS.match(name):
        for right, wrong in _SWAPS:
            if right in name:
                found = [one.replace(right, letter) for one in found for letter in wrong]
    roman = _ROMAN.search(name)
    if roman:
        found += [name[: roman.start()] + name[roman.start() :].replace("I", letter, 1) for letter in "l1"]
    yield from found[1:]


def mended(tokens: list[Token]) -> list[Token]:
    """The tokens, with long words that are all but the name of a stain spelled as it is."""
    return [
        token._replace(word=_mended(token[0])) if len(token[0]) >= _SHORT and _mended(token[0]) else token
        for token in tokens
    ]


@lru_cache(maxsize=50_000)
def _mended(word: str) -> str:
    """The word of a stain's name that a word is meant for; "" for none, and for the name itself."""
    if word in _MENDED or word in _WORDS or not word.isalpha():
        return ""
    near = _near().get(word) or next(
        (found for one in _without_one(word) if (found := _near().get(one)) and _is_one_off(word, found)), ""
    )
    if not near and len(word) >= _LONG:
        near = next(
            (name for name in _MENDED if name[:2] == word[:2] and len(name) >= _LONG and _is_two_off(word, name)), ""
        )
    return near if near and (near[0] == word[0] or near[-2:] == word[-2:]) else ""


@lru_cache(maxsize=1)
def _near() -> dict[str, str]:
    """The names, and the names without any one letter, each with its name."""
    return {short: name for name in sorted(_MENDED) for short in (name, *_without_one(name))}


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _is_one_off(word: str, name: str) -> bool:
    """Whether words that are alike without one letter each have it at one place, or at two that are neighbours."""
    wrong = [at for at, pair in enumerate(zip(word, name, strict=False)) if pair[0] != pair[1]]
    return len(word) != len(name) or wrong[-1] - wrong[0] <= 1


def _is_two_off(word: str, name: str) -> bool:
    """Whether two letters too many, too few or wrong part a word from a name."""
    if abs(len(word) - len(name)) > 2:
        return False
    row = list(range(len(name) + 1))
    for at, letter in enumerate(word, 1):
        before, row = row, [at]
        for to, other in enumerate(name, 1):
            row.append(min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other)))
        if min(row) > 2:
            return False
    return row[-1] <= 2
