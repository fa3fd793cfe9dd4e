"""Whether something is denied in a sentence, only suspected, or of the past."""

from __future__ import annotations

import re

_NEGATED = re.compile(
    r"\b(?:no(?!\.\s?\d|t\b| special)|not(?! otherwise| (?:specified|applicable|assess|report|record|provided|stated|"
    r"allow|given|submitted|"
    r"examined|known|available|indicated|determin|evaluat|received))|none(?! given)|(?<!with or )without|neg|"
    r"negative(?:ly)?|"
    r"absent|absence|free|"
    r"uninvolved(?= by|\W*$|[,;.])|devoid|lack(?:s|ing)?|neither|nor|never|excluded|non-?(?:involved|contributory)|"
    r"clear of|nil)\b"
    r"|(?<![\d.+])\b(?:0|zero)\s?(?:/|of|out of)\s?(?:the )?\w",
)
_NEGATION_HINT = (
    "no",
    "neg",
    "absen",
    "free",
    "without",
    "uninvol",
    "lack",
    "neither",
    "0",
    "zero",
    "devoid",
    "nev",
    "exclu",
    "clear",
    "nil",
)
_UNCERTAIN_HINT = (
    "suspic", "suspec", "sugges", "cannot", "can not", "not ", "possib", "probabl", "likely", "may ", "might",
    "compatible", "favo", "question", "equivocal", "indeterminate", "concern", "worrisome", "unc", "differential",
    "presum", "rule", "r/o", "versus", "vs", "?",
)  # fmt: skip
_HISTORY_HINT = (
    "history",
    "hx",
    "h/o",
    "status",
    "s/p",
    "previous",
    "prior",
    "original",
    "recurren",
    "form",
    "past",
    "post",
)
_UNCERTAIN = re.compile(
    r"\b(?:suspicious|suspected|suspicion|suggest(?:s|ive|ing)?|cannot (?:be |entirely )*(?:exclude|rule)\w*|"
    r"can not (?:be )?(?:exclude|rule)\w*|"
    r"not (?:be )?(?:entirely )?(?:excluded|ruled out)|possib(?:le(?! (?:lymph )?nodes?)|ly|ility)|probabl[ey]|"
    r"likely|may (?:represent|be)|"
    r"might be|"
    r"compatible with|favou?r(?:s|ed|ing)?|question(?:able|ed)?|equivocal|indeterminate|concern(?:ing)? for|"
    r"worrisome|uncertain|unclear|differential|not definit\w+|presumed|presumably|rule out|"
    r"r/o|versus|vs)\b|\?(?!\W*:)"
)
_HISTORY = re.compile(
    r"\b(?:history|hx|h/o|status[ -]post|s/p|previous(?:ly)?|prior|originally|recurrent|formerly|in the past|"
    r"post-?(?:chemo|radiation|therapy)\w*)\b"
)


def is_negated(low: str) -> bool:
    """Whether something is denied in a sentence, given in small letters; "not specified" denies nothing."""
    return any(map(low.__contains__, _NEGATION_HINT)) and _NEGATED.search(low) is not None


def is_uncertain(low: str) -> bool:
    """Whether something is only suspected or left open in a sentence, given in small letters."""
    return any(map(low.__contains__, _UNCERTAIN_HINT)) and _UNCERTAIN.search(low) is not None


def is_history(low: str) -> bool:
    """Whether a sentence, given in small letters, speaks of what was before."""
    return any(map(low.__contains__, _HISTORY_HINT)) and _HISTORY.search(low) is not None
