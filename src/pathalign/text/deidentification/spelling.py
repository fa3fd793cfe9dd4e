"""Whether an unknown word is a known one written wrong, bent, or made of known pieces, so that it is no name."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pathalign.text.deidentification.lexicon import EPONYMS, VOCABULARY, is_medical, word_set

LEAST_LETTERS = 7
"""Of a word that may be a known one with a letter more, less or other; shorter names are too much like words."""
_BENT = re.compile(r"(?:i?es|s|ed|d|ing|ly|er|ers|est|ness|ments?|able|less|like|wise|al|ally)$")
_BEGINS = re.compile(
    r"(?:anti|bronch|cardi|carcin|cerebr|chol[ae]|cholecyst|chondr|chrom|cyst|cyto|dermat|endo|enter|epithel|erythr|fibr|gastr|"
    r"gluc|haem|hemat|hemo|hepat|hist|hydro|hyper|hypo|immun|intra|kerat|laparo|laryng|leuk|lipo|lymph|macro|mega|melan|mening|"
    r"meso|meta|micro|muco|multi|myel|myo|necro|neo|nephr|neur|nucle|oesoph|oligo|onco|osteo|pancrea|papill|para[a-z]{4}|"
    r"peri|phleb|plasm|pleur|pneum|poly|post|prostat|pseudo|pulmon|pyel|radio|retro|sarco|squam|sub[a-z]{4}|super|supra|"
    r"thorac|thromb|thyr|trans|trich|tubul|tumo|ultra|uret|urin|vascul|ventr|vesic|xanth)[a-z]{3}"
)
_ROMAN = re.compile(r"[xvi]{3,8}|[lxvi]{4,8}")
_ENDS = re.compile(
    r"[a-z]{2,}(?:omatous|omata|sarcoma|[a-z]oma|itis|ectomy|osis|oses|emia|uria|plasia|plastic|genic|philic|cytic|cytes?|"
    r"blasts?|pathy|trophic|scopy|scopic|otomy|ostomy|graphy|logic|logical|mycin|cillin|mab|nib|statin|azole|vir|virus|coccus|"
    r"ations?|itions?|isms?|ities|aceous|aneous|ated|ating|ized|izing|ular|ivity|ility|ances?|iveness|fully|ously)"
)
_HALVES = word_set(
    "lymph node nodes tumor margin margins tissue cell cells gland right left breast kidney lung colon liver skin "
    "grade carcinoma positive negative invasion specimen gross final clinical diagnosis nuclear stage type size "
    "site upper lower lobe medial lateral anterior posterior superior inferior not the and with from section "
    "sections noted block blocks fibrous vascular number received formalin cassette primary surgical pathology "
    "procedure report history microscopic description"
)
"""Words that reports run together when a space is lost ("rightbreast"), and no name has for a half."""


@lru_cache(maxsize=20_000)
def is_like_a_known_word(low: str) -> bool:
    """Whether an unknown word in lower case is bent, misspelt, run together or begins as technical words do."""
    return (
        _BEGINS.match(low) is not None
        or _ROMAN.fullmatch(low) is not None
        or _is_bent(low)
        or _is_run_together(low)
        or _is_misspelt(low)
    )


@lru_cache(maxsize=20_000)
def ends_as_technical(low: str) -> bool:
    """Whether a word in lower case ends as technical words do, and some towns ("Tacoma")."""
    return is_medical(low) or _ENDS.fullmatch(low) is not None


def _is_bent(low: str) -> bool:
    """Whether an ending makes it of a known word: "bisected" of "bisect", "slicing" of "slice"."""
    match = _BENT.search(low)
    while match and match.start() > 3:
        stem = low[: match.start()]
        if stem in VOCABULARY or stem + "e" in VOCABULARY or stem + "y" in VOCABULARY:
            return True
        if len(stem) > 4 and stem[-1] == stem[-2] and stem[:-1] in VOCABULARY:
            return True
        match = _BENT.search(low, match.start() + 1)
    return False


def _is_run_together(low: str) -> bool:
    return any(
        (low[:at] in _HALVES and (low[at:] in VOCABULARY or low[at:] in _HALVES))
        or (low[at:] in _HALVES and low[:at] in VOCABULARY)
        for at in range(3, len(low) - 2)
    )


def _is_misspelt(low: str) -> bool:
    """Whether a letter more, less or other, or two in the other order, parts it from a known word."""
    return len(low) >= LEAST_LETTERS and is_a_letter_away(low)


@lru_cache(maxsize=20_000)
def is_a_letter_away(low: str) -> bool:
    """The same for shorter words, where what stands beside says that a word of medicine is due."""
    shorter = _shorter_by_one()
    fewer = {low[:at] + low[at + 1 :] for at in range(len(low))}
    return low in shorter or not fewer.isdisjoint(VOCABULARY) or not fewer.isdisjoint(shorter)


@cache
def _shorter_by_one() -> frozenset[str]:
    """Every known word of some length without one of its letters, and long eponyms."""
    known = [word for word in VOCABULARY if len(word) > 3] + [word for word in EPONYMS if len(word) >= LEAST_LETTERS]
    return frozenset(word[:at] + word[at + 1 :] for word in known for at in range(len(word)))
