"""Whether something is denied in a sentence, only suspected, or of the past."""

from __future__ import annotations

import re

# A count of no nodes denies where it says of what ("0/10 positive"), not in brackets behind a finding nor after "pN0";
# "No IV/XIX" numbers, and what cannot be excluded is in doubt.
_NEGATED = re.compile(
    r"\b(?:(?<!unit )(?<!test )(?<!case )(?<!block )(?<!0 = )no(?!\.?\s?\d|\.?\s[ivx]+\b|t\b| special| (?:more|less|"
    r"longer)"
    r" than)|(?<!or )not(?! otherwise| (?:more|less) than| (?:entirely )?(?:clear|certain) (?:if|whether|what|which)|"
    r" (?:be )?(?:entirely |completely )?(?:excluded|"
    r"ruled)|"
    r" (?:specified|applicable|assess|report|record|provided|stated|allow|given|submitted|examined|known|available|"
    r"indicated|determin|evaluat|received|answered|performed))|none(?! (?:\w{1,2}ven|provided|specified|reported|"
    r"listed|available|submitted|received|stated))|"
    r"(?<!with or )(?<!with and )without|sine|neg|negative(?:ly)?|absent|absence|free|fr[aeco]{2}(?= of\b)|"
    r"uninvolved(?= by| with|\W*$|[,;.])|devoid|lack(?:s|ing)?|neither|nor|never|"
    r"(?<!not )(?<!not be )(?<!cannot be )(?<!entirely )(?<!completely )excluded|non-?involved|"
    r"clear of|nil)\b"
    r"|(?<![\d.+(])\b(?:0|zero)\s?(?:/|of|out of)\s?(?:the )?\w+\s(?:[a-z-]+\s){0,3}?(?:positive|involved|nodes?|"
    r"contain\w*|"
    r"with|show\w*|had|ha[sv]e?)\b"
)
_NEGATION_HINT = (
    "no",
    "neg",
    "absen",
    "fr",
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
    "sine",
)
_UNCERTAIN_HINT = (
    "suspic", "suspec", "sugges", "cannot", "can not", "not ", "possib", "probabl", "likely", "may ", "might",
    "compatible", "favo", "question", "equivocal", "indeterminate", "concern", "worrisome", "unc", "differential",
    "presum", "rule", "r/o", "versus", "vs", "?", "could", "raise", "raising", "conceivabl", "inconclusive", "exclude",
    "indefinite", "tentative", "doubt",
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
    r"\b(?:suspicious|suspected|suspicion|suggest(?:s|ive|ing)?|(?:cannot|can not|can't|"
    r"could not) (?:be )?(?:entirely |completely |"
    r"totally |definitely |reliably )?(?:exclude|rule)\w*|"
    r"not (?:be )?(?:entirely |completely )?(?:excluded|ruled out)|possib(?:le(?! (?:lymph )?nodes?)|ly|ility)|"
    r"probabl[ey]|"
    r"likely|(?:may|might|could) (?:represent|be|reflect|indicate|correspond)|rais(?:es?|ing) (?:the )?(?:possibility|"
    r"question|concern)|"
    r"compatible with|favou?r(?:s|ed|ing|a)?|question(?:able|ed)?|equivocal|indeterminate|concern(?:ing)? for|"
    r"worrisome|uncertain|unclear|differential|not definit\w+|not (?:entirely )?(?:clear|certain) (?:if|whether|what|"
    r"which)|presum(?:ed|ably|ptive(?:ly)?)|rule out|conceivabl[ey]|"
    r"inconclusive|indefinite|tentative(?:ly)?|doubtful|"
    r"r/o|versus|vs)\b|(?:^|[\s(])\?(?!\W*:)"
)
_DEFINED = re.compile(
    r"\b(?:negative|positive) is defined\b|\bnegative:? ?[<>][^a-z]{1,12}\bpositive\b|"
    r"\bpositive:? ?[<>][^a-z]{1,12}\bnegative\b"
)
_HISTORY = re.compile(
    r"\b(?:history(?= of| significant)|(?<!clinical )(?<!results )(?<!result )history(?!\W*(?::|$|is |and |or |"
    r"inquiry))|"
    r"hx(?! ?:)|h/o|status[ -]post|s/p|"
    r"(?<!diagnosed )(?<!per )(?<!with )(?<!to )(?:previous(?:ly)?|prior)(?! (?:\w+ )?(?:site|changes?|cavity|tract|"
    r"versions?|inquiry)\b| to\b| diagnosed\W*$)|"
    r"originally|original (?:report|diagnosis|biopsy|"
    r"tumou?r|"
    r"specimen)|(?<!chronic )recurrent(?! laryng| nerve)|formerly|in the past|post-?(?:chemo|radiation|therapy)\w*)\b"
)


def is_negated(low: str) -> bool:
    """Whether something is denied in a sentence, given in small letters; "not specified" denies nothing."""
    return any(map(low.__contains__, _NEGATION_HINT)) and _NEGATED.search(low) is not None and not _is_definition(low)


def is_uncertain(low: str) -> bool:
    """Whether something is only suspected or left open in a sentence, given in small letters."""
    return (
        any(map(low.__contains__, _UNCERTAIN_HINT)) and _UNCERTAIN.search(low) is not None and not _is_definition(low)
    )


def _is_definition(low: str) -> bool:
    """Whether a sentence says from where on a result is called one: "negative < 5.5, positive >= 5.5"."""
    return ("<" in low or ">" in low or "defined" in low) and _DEFINED.search(low) is not None


def is_history(low: str) -> bool:
    """Whether a sentence, given in small letters, speaks of what was before."""
    return any(map(low.__contains__, _HISTORY_HINT)) and _HISTORY.search(low) is not None
