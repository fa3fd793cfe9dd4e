"""How far a name reaches: words, initials, particles, "LAST, FIRST M", from one end or the other."""

from __future__ import annotations

import re

from pathalign.text.deidentification.lexicon import (
    EPONYM_SURNAMES,
    EPONYMS,
    GIVEN_NAMES,
    NAME_WORDS,
    NAMED_AFTER,
    PARTICLES,
    VOCABULARY,
    is_medical,
    read_as_name,
    read_through,
    word_set,
)
from pathalign.text.deidentification.words import Words

CREDENTIALS = word_set(
    "md do phd rn pa np aprn crnp mbbs mbchb frcpath frcpc mrcpath fcap facs facog dds dmd dpm dvm mph msc bsc "
    "ascp htl mls sct cytotech fascp fasco mscr scd dsc drph lpn pac mba edd esq fiac"
)
DOUBTFUL_CREDENTIALS = word_set("do pa np msc")
"""Those that are words or codes too: a credential only after a comma."""
SUFFIXES = word_set("jr sr ii iii iv")
_PREDICATES = word_set(
    "has had is was reports states who and underwent presented presents agrees concurs on at by for in"
)
LONGEST = 6
"""Words of a name, initials counted."""

_SPACE = re.compile(r"[ \t]{1,3}|[ \t]{0,2}\n[ \t]{0,3}|[ \t]?[-‐–][ \t]?")
_AFTER_SHORT = re.compile(r"\.[ \t]{0,2}\n?|\.?-")
_COMMA = re.compile(r"[ \t]?,[ \t]{0,3}\n?|\.,[ \t]{0,2}")


def name_like(words: Words, index: int, *, sure: bool) -> bool:
    """Whether a word may be part of a name.

    `sure` says that what stands beside the word announces a name (a title, "signed by"): then words that are names and
    ordinary words both count, and so do eponyms.
    """
    raw, low = words.raw[index], words.lower[index]
    if len(raw) < 2:
        return False
    if not raw[0].isupper() or not _cased_as_name(raw):
        return False
    if low in GIVEN_NAMES:
        return not _names_a_thing(words, index)
    if low in NAME_WORDS:
        return sure
    low = read_as_name(low, titled=raw.istitle()) if sure else read_through(low)
    if not low or low in VOCABULARY or low in SUFFIXES or (low in CREDENTIALS and raw.isupper()):
        return False
    if low in EPONYMS:
        return sure and not _names_a_thing(words, index)
    if low in EPONYM_SURNAMES:
        return not _names_a_thing(words, index)
    if len(low) == 2:
        return raw.istitle() or sure
    return sure or not is_medical(low)


def name_forward(words: Words, first: int, *, sure: bool) -> int:
    """One past the last word of the name that begins with word `first`; `first` when none does."""
    end, found, commas, index = first, 0, 0, first
    while index < len(words) and index - first < LONGEST:
        comma = False
        if index > first:
            joint = words.gap(index - 1)
            comma = _COMMA.fullmatch(joint) is not None
            if not (
                _SPACE.fullmatch(joint) or comma or (_is_short(words, index - 1) and _AFTER_SHORT.fullmatch(joint))
            ):
                break
            if comma and (commas or not found):
                break
        raw, low = words.raw[index], words.lower[index]
        if low in SUFFIXES and found:
            end = index + 1
        elif len(raw) == 1:
            if (
                not raw.isupper()
                or (found and is_credential(words, index))
                or (comma and not _ends_initial(words, index))
            ):
                break
            if found and (not comma or words.gap(index)[:1] != ")"):
                end = index + 1
        elif _continues(words, first, index, found=found, sure=sure, comma=comma):
            found, end = found + 1, index + 1
            commas += comma
        elif found and _second_half(words, index):
            end = index + 1
        elif low not in PARTICLES or index + 1 >= len(words):
            break
        index += 1
    return end if found else first


def name_backward(words: Words, last: int) -> int:
    """The first word of the name that ends with word `last`, as before a credential; `last + 1` when none does."""
    start, found, commas, index = last + 1, 0, 0, last
    while index >= 0 and last - index < LONGEST:
        comma = False
        if index < last:
            joint = words.gap(index)
            comma = _COMMA.fullmatch(joint) is not None
            if not (_SPACE.fullmatch(joint) or comma or (_is_short(words, index) and _AFTER_SHORT.fullmatch(joint))):
                break
            if comma and (commas or words.lower[index] in CREDENTIALS):
                break
        raw, low = words.raw[index], words.lower[index]
        if len(raw) == 1 and raw.isupper():
            start = index if found else start
        elif low in SUFFIXES:
            pass
        elif raw[0].isupper() and name_like(words, index, sure=not comma):
            found, start = found + 1, index
            commas += comma
        elif not _second_half(words, index) and (low not in PARTICLES or not found):
            break
        index -= 1
    return start if found else last + 1


def _continues(words: Words, first: int, index: int, *, found: int, sure: bool, comma: bool) -> bool:
    """Whether a word goes on with a name: an ordinary word only after a given name, an initial, or in a known place."""
    if not found:
        initial = index - 1
        while initial > first and words.lower[initial] in PARTICLES:
            initial -= 1
        after_initial = initial >= 0 and len(words.raw[initial]) == 1 and words.gap(initial).strip() == "."
        return name_like(words, index, sure=sure or (after_initial and first < index))
    if comma:
        return given_after_comma(words, index, sure=sure)
    before = words.lower[index - 1]
    gap = words.gap(index)
    ends = gap[:1] in ("", *",.;)\n-\t") or gap[:2] == "  "  # "OLUWASEUN LEE, was informed"
    ends = ends or (index + 1 < len(words) and words.lower[index + 1] in _PREDICATES)
    known = before in GIVEN_NAMES or len(before) == 1 or before in PARTICLES or ends or words.gap(index - 1) == "-"
    return name_like(words, index, sure=(known or words.raw[index].istitle()) and words.raw[index][0].isupper())


def _second_half(words: Words, index: int) -> bool:
    """Whether a word in small letters ends a given name that begins with a capital: "Hye-jin"."""
    raw, low = words.raw[index], words.lower[index]
    return (
        raw.islower()
        and 1 < len(raw) < 6
        and index > 0
        and words.gap(index - 1) == "-"
        and low not in VOCABULARY
        and name_like(words, index - 1, sure=False)
    )


def given_after_comma(words: Words, index: int, *, sure: bool) -> bool:
    """Whether a word after a comma may be a given name; an ordinary one only with an initial or the end after it.

    `sure` is that of `name_like`.
    """
    if name_like(words, index, sure=False) or not sure:
        return name_like(words, index, sure=False)
    low, gap = words.lower[index], words.gap(index)
    initial = index + 1 < len(words) and len(words.raw[index + 1]) == 1 and gap == " "
    ends = initial or gap[:1] in ("", *"\"'”’)\n") or gap[:2] == "  "
    return name_like(words, index, sure=(ends and low in NAME_WORDS) or not read_through(low))


def is_credential(words: Words, index: int) -> bool:
    """Whether "M.D.", "D.O." or "P.A." begins with this letter, "Ph.D." with this word."""
    pair = (words.lower[index], words.lower[index + 1] if index + 1 < len(words) else "")
    return pair in (("m", "d"), ("ph", "d"), ("d", "o"), ("p", "a")) and words.gap(index).strip() in (".", "")


def small_name(words: Words, index: int) -> bool:
    """Whether a word in small letters can only be a name; to be asked after a title ("dr. okafor")."""
    low = words.lower[index]
    known = low in VOCABULARY or low in NAME_WORDS or low in EPONYMS or low in PARTICLES
    ordinary = low.endswith(("ed", "ing", "ly")) or is_medical(low)
    return words.raw[index].islower() and len(low) > 2 and low.isalpha() and not known and not ordinary


def _cased_as_name(raw: str) -> bool:
    """Capital first, or all capitals, or a capital within as in "McKay" and "DeLuca"; not "JobID", not "XXX"."""
    if raw.isupper():
        return len(set(raw)) > 1
    return raw[1:].islower() or "'" in raw or "’" in raw or (raw[-2:].islower() and sum(map(str.isupper, raw)) == 2)


def _is_short(words: Words, index: int) -> bool:
    """An initial, "Jr" or "St", after which a full stop ends no sentence."""
    return len(words.raw[index]) == 1 or words.lower[index] in SUFFIXES or words.lower[index] == "st"


def _ends_initial(words: Words, index: int) -> bool:
    return words.gap(index)[:1] in (".", ",", " ", "", "\n", ")")


def _names_a_thing(words: Words, index: int) -> bool:
    """Whether the word, an eponym, stands before what is named after it ("Lewis antigen", "Warthin-Starry stain")."""
    low = words.lower[index]
    if low not in EPONYMS and low not in EPONYM_SURNAMES:
        return False
    reach = 1 if words.gap(index).strip() in ("", "-", "/") else 0
    reach += reach and words.gap(index + 1).strip() in ("", "-", "/")
    after = words.lower[index + 1 : index + 1 + reach]
    if after and after[0] in _PREDICATES:
        return False
    if low != "lewis" or words.gap(index + 1)[:1] == ".":
        after = [word for word in after if len(word) > 1]
    elif len(after) > 1 and len(after[1]) == 1:
        after.pop()  # "Lewis a" is an antigen, "Lewis requested a" and "Lewis B. Okafor" are none
    before = words.lower[index - 1] if index and words.gap(index - 1) == "-" else ""
    beside = after[0] if after and words.gap(index) in ("-", "/") else ""
    return (
        any(word in NAMED_AFTER for word in after)
        or beside in EPONYMS
        or before in EPONYMS
        or (low, after[:1]) == ("ivor", ["lewis"])
    )
