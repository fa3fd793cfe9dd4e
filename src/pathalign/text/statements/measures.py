"""Sizes, weights, counts and shares; what was received, and what was done with it at the bench.

All patterns are for text in small letters.
"""

from __future__ import annotations

import re

UNIT = r"(?:cms?|mms?|centimet\w+|millimet\w+|microns?|µm|grams?|gms?|g|ml|cc)"
_NUMBER = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|single|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif)ty(?:[- ]\w+)?)"
)
_MEASURED = re.compile(
    rf"\b(?:measur(?:es|ed|ing|ement)\b|diam[ae]t[ae]r\b|dimensions?\b|weigh\w*"
    rf"|(?<!level )(?<!station ){_NUMBER}(?! of the \w+ nodules) (?:(?:\(\d+\)\s)?(?:[\w-]+\s){{0,3}}?"
    r"(?:nodes?|fragments?|foci|nodules?|pieces|metastas[ei]s|stones?)\b"
    rf"|(?:of|out of) (?:\w+ ){{0,3}}?(?:{_NUMBER}|lymph nodes?)\b)|(?:multiple|single) \((?:of )?#?\d+\)|"
    rf"multiple, \(?#?\d|"
    r"nodes? \(\d+|number (?:of(?! \w+ cells?\b| cells?\b| mito)|with|examined|involved|positive|submitted|"
    r"identified)\b|"
    r"greatest extent\b|depth\b|"
    r"(?:ischemi[ac]|formalin|fixation)\b.{0,40}\d ?(?:minutes?|mins?|hours?|hrs?)\b)"
)
_MULTIPLE = re.compile(
    r"\bmultiple (?:[\w-]+ ){0,3}?(?:nodes?|fragments?|foci|nodules?|pieces|metastas[ei]s|lesions)\b"
)
_NO_NODES = re.compile(
    r"^\W*(?:there (?:is|are) )?no (?:\w+ ){0,4}(?:nodes?|lymphoid tissue)(?: (?:is|are|was|were))?"
    r"(?: grossly)? (?:identified|found|present|seen|included|recovered)\W*$"
)
# What was done at the bench and what was seen there: received, cut, inked, put into cassettes.
_BENCH = re.compile(
    r"\b(?:received (?:fresh|in (?:formalin|saline)|unfixed)|(?:entirely|representatively|totally|all) (?:submitted|"
    r"embedded)|submitted (?:entirely|representatively|in (?:toto|total|(?:\w+ ){0,3}cassettes?))|"
    r"representative sections?(?![^.;]{0,200}\b(?:show|demonstrat|exhibit))|(?:tissue|nodes?|specimens?) (?:is|are|was|"
    r"were|has been) submitted|(?<![a-z] )(?:all|entire) (?:\w+ ){1,3}submitted|in toto|cassettes?|serially sectioned|"
    r"(?:is|are|was|were) inked|inked (?:black|blue|green|red|orange|yellow)|specimen consists? of|bisected)\b"
)
_SHOWS = re.compile(r"\bshow(?:s|ed|ing)?\b")
_BENCH_HINTS = (
    "received", "submitted", "section", "toto", "cassette", "inked", "specimen con", "bisected",
    "embedded",
)  # fmt: skip
# Stones and how often a tumour occurs, which no slide shows.
_UNSHOWN = re.compile(
    r"\b(?:\w*lithiasis|stones?|calculi|calculus|multi(?:focal|centric)\w*|uni(?:focal|centric)\w*|solitary|"
    r"multiple satellite (?:lesions?|nodules?))\b"
)
_UNSHOWN_ALONE = re.compile(
    r"^(?:(?:other |additional |significant |pathologic(?:al)? ){0,3}findings\W+)?(?:\b(?:tumou?rs?|is|are|of|no|"
    r"evidence|yes|not|identified|presents?|absent|disease|"
    r"and|with|gallbladder|renal|solitary|multiple|satellite|lesions?|nodules?|also|stones?|calculi|calculus|"
    r"(?:multi|uni)(?:focal|centric)\w*|(?:chole|nephro|uro|choledocho)lithiasis)\b\W*)+$"
)
_DIGIT = re.compile(r"\d")
_COUNTED = re.compile(
    rf"\d(?:\s?-?{UNIT}\b|\s?[x×]\s?\d|(?<![\d.+/]\d)\d*\s?(?:/|of|out of)\s?\d+\b(?!\s?(?:hpf|high)))"
)
_MEASURING = (
    "measur", "diam", "dimension", "weigh", "greatest extent", "depth", "gross", "one", "two", "three",
    "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thir", "fif", "twen", "for", "single",
    "number ",
)  # fmt: skip
"""Without one of these or a digit nothing is measured."""
_VOLUME = re.compile(
    r"\d ?%[^.]{0,60}\b(?:volume|prostate|gland|specimen|sampled|examined|"
    r"tumou?r mass)\b|\bstenosis\W{0,3}\d+ ?%|\b(?:grossly|gross) (?:measured|size)"
)
# Numbers of grades are no counts.
_GRADED = re.compile(
    r"\b(?:grade|gleason|score|nottingham|fuhrman|figo|isup|edmondson|ishak|pattern|nuclear|mitotic|tubul\w+|"
    r"architectural|fibrosis)\b[^,;.]{0,24}?\d ?(?:/|of|out of|\(of|\+|to|-) ?(?:\d+|[iv]+)\b|"
    r"\bstage \(?\d(?:\s?-\s?\d)? (?:of|out of) \d|"
    r"\b\d ?\+ ?\d(?: ?= ?\d+)?|\b[mtp]?-?\d{4,5}/\d"
)
_OPERATION = re.compile(
    r"^\W*(?:x\W+)?(?:(?:surgical|total|partial|core|needle|wedge|excisional|incisional|local|wide|radical|simple|"
    r"laparoscopic|robotic|completion|near|subtotal|modified|segmental|marginal|skin[- ]sparing) ){0,2}"
    r"(?:resection|excision|enucleation|[a-z]{2,20}ectomy)(?: specimen)?$"
)
_OPERATIONS = ("ectomy", "resection", "excision", "enucleation", "specimen")
_OPENING_CHARS = 8


def is_measured(low: str) -> bool:
    """Whether a size, a weight or a count is stated; grades are none."""
    digit = has_digit(low)
    if not digit and not any(map(low.__contains__, _MEASURING)):
        return False
    counts = _GRADED.sub(" ", low) if digit else low
    found = (digit and _COUNTED.search(counts)) or _MEASURED.search(counts) or is_volume(low)
    return bool(found)


def has_digit(low: str) -> bool:
    """Whether a stretch of text holds a digit."""
    return _DIGIT.search(low) is not None


def is_volume(low: str) -> bool:
    """Whether a share of an organ or of a tumour is stated."""
    return ("%" in low or "gross" in low) and _VOLUME.search(low) is not None


def is_of_many(low: str) -> bool:
    """Whether several pieces or foci are spoken of, without their number."""
    return "multiple" in low and _MULTIPLE.search(low) is not None


def is_received(low: str) -> bool:
    """Whether a sentence states the operation alone, stones, whether a tumour is multifocal, or that no node came."""
    if (low.endswith(_OPERATIONS) and _OPERATION.match(low)) or (_UNSHOWN_ALONE.match(low) and _UNSHOWN.search(low)):
        return True
    return "no " in low[:_OPENING_CHARS] and _NO_NODES.match(low) is not None


def is_of_bench(low: str) -> bool:
    """Whether a sentence says how tissue was received, cut, inked or submitted, and nothing that sections show."""
    return any(map(low.__contains__, _BENCH_HINTS)) and _BENCH.search(low) is not None and not _SHOWS.search(low)
