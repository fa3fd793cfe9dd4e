"""The stain of a slide: one name for what laboratories write in many ways."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pathalign.text.phrases import Mention, Phrases, tokens_of
from pathalign.text.stains.misread import mended, misread


class StainKind(StrEnum):
    """What a stain is for."""

    ROUTINE = "routine"
    """Haematoxylin and eosin: what a diagnosis is made on."""
    SPECIAL = "special"
    """A dye for one thing: mucin, iron, fungi, fibres."""
    IHC = "ihc"
    """An antibody against a marker."""
    ISH = "ish"
    """In-situ hybridisation that is read in bright field."""


@dataclass(frozen=True, slots=True)
class Stain:
    """A stain by the one name that we use for it."""

    name: str
    kind: StainKind


# What a label says beside the stain itself.
_BESIDE = (
    "ihc immuno immunostain immunohistochemistry immunohistochemical immunoperoxidase ish stain stained special slide "
    "anti antibody ab clone monoclonal polyclonal mouse rabbit marker level deeper deep recut re cut frozen permanent "
    "section ffpe l r x of the positive negative initial original repeat substance uv ultraview optiview dab"
)
_FOLDED_BESIDE = frozenset(token.word for token in tokens_of(_BESIDE))
_CONTROL = re.compile(r"\bcontrols?\b", re.IGNORECASE)
_BRACKET = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_LONGEST_JOINT = 9
_LETTERS_IN_CAPITALS = 4
"""Names of at most so many letters, without a digit, are words as well ("iron" is no such name, "KIT" is)."""


def stain_of(label: str) -> Stain | None:
    """The stain that a label column means ("MIB-1 (clone 30-9)" is Ki-67); None when it is not known or names two.

    The label of a control slide is no stain of the patient's: None.
    """
    if _CONTROL.search(label):
        return None
    return _one_stain(label) or _one_stain(_BRACKET.sub(" ", label))


def _one_stain(label: str) -> Stain | None:
    found = _phrases().find(label)
    if len({mention.meaning for mention in found}) != 1:
        return None
    rest = label
    for mention in reversed(found):
        rest = f"{rest[: mention.start]} {rest[mention.end :]}"
    beside = all(
        token.word in _FOLDED_BESIDE or (token.word.isdigit() and len(token.word) < 3) for token in tokens_of(rest)
    )
    return found[0].meaning if beside else None


def stains_in(text: str) -> list[Mention[Stain]]:
    """The stains that running text names, in order; short names count in capitals only ("KIT", not "kit")."""
    found = _phrases().find(text, mended(tokens_of(text)))
    return [
        mention
        for at, mention in enumerate(found)
        if not _IS_NONE.match(text, mention.end)
        and (_is_name(text[mention.start : mention.end], mention.meaning) or _is_beside_a_stain(text, found, at))
    ]


_STAIN_FOLLOWS = re.compile(
    r"[\s.]{1,3}(?:special\s|immuno)?stain|\s?\((?:block|clone|slide|[A-Z]?\d)|\s?[(:]\s?(?:[+-]|posi|nega)",
    re.IGNORECASE,
)
_STAIN_BEFORE = re.compile(r"stains?\s?[(:]\s?$", re.IGNORECASE)
_IS_NONE = re.compile(
    r"(?<=(?i:keratin))[\s-]\d|(?<=SMA)\s(?:margin|groove|tissue|artery|vein|nodes?|and SMV)|(?<=PAS)\s\d"
    r"|(?<=CK)[\s-]?\d"
)
"""What follows a name that is none: "keratin 23", "SMA margin" (an artery), "PAS 9"."""
_LIST_JOINT = re.compile(r"[\s,.&/]{1,4}(?:(?:and|or)\s)?", re.IGNORECASE)


def _is_beside_a_stain(text: str, found: list[Mention[Stain]], at: int) -> bool:
    """Whether a word that is the name of a special stain, too, is one here: "iron stain", "Gram, GMS and AFB"."""
    mention = found[at]
    written = text[mention.start : mention.end]
    if not _is_word(written, mention.meaning) or written.casefold() == "hepatocytes":
        return False
    if _STAIN_FOLLOWS.match(text, mention.end) or _STAIN_BEFORE.search(text, max(0, mention.start - 9), mention.start):
        return True
    pairs = [(found[at - 1], mention)] if at else []
    pairs += [(mention, found[at + 1])] if at + 1 < len(found) else []
    return any(
        one.meaning.kind is not StainKind.ROUTINE
        and other.meaning.kind is not StainKind.ROUTINE
        and other.start - one.end < _LONGEST_JOINT
        and _LIST_JOINT.fullmatch(text, one.end, other.start)
        and not all(_is_word(text[mention.start : mention.end], mention.meaning) for mention in (one, other))
        for one, other in pairs
    )


def _is_name(written: str, stain: Stain) -> bool:
    letters = re.sub(r"[\W_]", "", written)
    if _is_word(written, stain) or letters == "RCC":
        return False  # "clear cell RCC" is a tumour
    if (stain.name == "Pan-cytokeratin" and written[0] in "eE") or (stain.name in _BLOCKS and " " in written):
        return False  # blocks "E1-E3", "C3. D."
    if not letters.isalpha() or len(letters) > _LETTERS_IN_CAPITALS:
        return True
    return (
        sum(map(str.isupper, letters)) >= 2 or letters.casefold() in _ALSO_SMALL or _LGG.fullmatch(letters) is not None
    )


def _is_word(written: str, stain: Stain) -> bool:
    """Whether a name is a word, too, that is a stain only where it stands beside one."""
    word = re.sub(r"[\W_]", "", written).casefold()
    if stain.kind is StainKind.SPECIAL:
        return word in _WORDS or word.removesuffix("s") in _WORDS
    return word.removesuffix("s") in _MARKER_WORDS


_BLOCKS = frozenset({"C3d", "C4d"})
_ALSO_SMALL = frozenset({"ckit", "cmyc", "cmet"})
"""Names of four letters that are no words."""
_LGG = re.compile(r"[lI1]g[GAMD]")
_MARKER_WORDS = frozenset({"hepatocyte", "pcp", "fh", "hp"})

_WORDS = frozenset(
    (
        "iron",
        "melanin",
        "copper",
        "mucin",
        "elastic",
        "elastin",
        "reticulum",
        "congo",
        "jones",
        "gram",
        "acidfastbacilli",
        "steiner",
        "melanin",
        "argyrophil",
    )
)
"""Synonyms that are enough on a label; in running text they are words."""


_TABLES = ("stains.toml", "antibodies.toml", "rare_antibodies.toml")


@cache
def _phrases() -> Phrases[Stain]:
    entries = [
        (phrase, Stain(name, StainKind(kind)))
        for file in _TABLES
        for kind, names in tomllib.loads(files("pathalign.text.stains").joinpath(file).read_text("utf-8")).items()
        for name, synonyms in names.items()
        for phrase in (name, *synonyms)
    ]
    known = {_key(phrase) for phrase, _ in entries}
    for phrase, stain in entries[:]:
        for wrong in misread(phrase):
            if (key := _key(wrong)) not in known:
                known.add(key)
                entries.append((wrong, stain))
    return Phrases(entries)


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(token.word for token in tokens_of(phrase))
